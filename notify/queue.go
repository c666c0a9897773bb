package notify

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// Bounds of the queue.
const (
	// maxWaiting is how many messages may wait for one channel.
	maxWaiting = 100
	// keepTrying is after how long a message is given up.
	keepTrying = 24 * time.Hour
	// handOnAfter is after how many tries, some minutes, the spare channels are told too.
	handOnAfter = 6
	firstPause  = time.Second
	lastPause   = 10 * time.Minute
	// lastSave bounds the saving when the queue stops.
	lastSave = 5 * time.Second
	stateKey = "notify"
)

// Store keeps what waits over a restart.
type Store interface {
	SaveState(ctx context.Context, key string, value []byte) error
	LoadState(ctx context.Context, key string) ([]byte, error)
}

// Send delivers one message to one channel, once.
type Send func(ctx context.Context, c Channel, m Message) error

// Queue delivers messages. A channel gets them in their order, and a channel that
// fails keeps no other waiting.
type Queue struct {
	store Store
	send  Send
	log   *slog.Logger
	wake  chan struct{} // has room for one

	// mu protects the fields below.
	mu       sync.Mutex
	channels []Channel
	waiting  map[string]*line // by channel
	busy     map[string]bool
	handed   []handed // the newest last
}

// handed is a message that the spare channels were given, at At.
type handed struct {
	event string
	at    time.Time
}

// mostHanded bounds how many of these are remembered.
const mostHanded = 100

// line is what waits for one channel.
type line struct {
	Items []item `json:"items,omitempty"`
	// Dropped is how many messages were given up that the channel was not told of yet.
	Dropped int `json:"dropped,omitempty"`
}

// item is a message that waits.
type item struct {
	Message Message   `json:"message"`
	Since   time.Time `json:"since"`
	Tries   int       `json:"tries,omitempty"`
	Next    time.Time `json:"next,omitzero"`
}

// NewQueue makes a queue, with what an earlier one has left in the store.
func NewQueue(ctx context.Context, store Store, send Send, log *slog.Logger) *Queue {
	q := &Queue{store: store, send: send, log: log, wake: make(chan struct{}, 1), waiting: map[string]*line{}, busy: map[string]bool{}}
	b, err := store.LoadState(ctx, stateKey)
	if err == nil && len(b) > 0 {
		err = json.Unmarshal(b, &q.waiting)
	}
	if err != nil || q.waiting == nil {
		log.Warn("read the messages that wait", "error", err)
		q.waiting = map[string]*line{}
	}
	maps.DeleteFunc(q.waiting, func(_ string, l *line) bool { return l == nil })
	return q
}

// Use sets the channels. What waits for one that is gone is given up; what waits for
// another is tried at once, as the owner may have mended it.
func (q *Queue) Use(channels []Channel) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.channels = slices.Clone(channels)
	maps.DeleteFunc(q.waiting, func(name string, _ *line) bool {
		return !slices.ContainsFunc(channels, func(c Channel) bool { return c.Name == name })
	})
	for _, c := range channels {
		if q.waiting[c.Name] == nil {
			q.waiting[c.Name] = &line{}
		}
		for i := range q.waiting[c.Name].Items {
			q.waiting[c.Name].Items[i].Next = time.Time{}
		}
	}
	q.poke()
}

// Tell puts a message into every channel's queue; say puts it into a language. It
// does not block.
func (q *Queue) Tell(say func(c Channel) Message) {
	q.TellTo(func(Channel) bool { return true }, say)
}

// TellTo is Tell for the channels that are picked.
func (q *Queue) TellTo(pick func(c Channel) bool, say func(c Channel) Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range q.channels {
		if pick(c) {
			q.add(c, say(c))
		}
	}
	q.poke()
}

// add puts a message into a channel's queue; mu is held.
func (q *Queue) add(c Channel, m Message) {
	l := q.waiting[c.Name]
	if len(l.Items) >= maxWaiting { // the newest says most of how things are
		oldest := 0
		if q.busy[c.Name] { // the first is on its way, and may well arrive
			oldest = 1
		}
		l.giveUp(oldest)
	}
	l.Items = append(l.Items, item{Message: m.bounded(), Since: time.Now()})
}

// handOn gives a message that a channel does not take to the spare ones; mu is held.
func (q *Queue) handOn(from Channel, m Message) {
	h := handed{m.Event, m.At}
	if from.Spare || m.Only || slices.ContainsFunc(q.handed, func(o handed) bool { return o.event == h.event && o.at.Equal(h.at) }) {
		return
	}
	if q.handed = append(q.handed, h); len(q.handed) > mostHanded {
		q.handed = q.handed[1:]
	}
	for _, c := range q.channels {
		told := slices.ContainsFunc(q.waiting[c.Name].Items, func(i item) bool { return i.Message.At.Equal(m.At) && i.Message.Event == m.Event })
		if c.Spare && !told {
			q.add(c, m)
		}
	}
}

// giveUp takes the message at i away. The next that arrives will say so.
func (l *line) giveUp(i int) {
	l.Items = slices.Delete(l.Items, i, i+1)
	l.Dropped++
}

func (q *Queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Run delivers until ctx is done, and returns when what was under way has ended.
func (q *Queue) Run(ctx context.Context) {
	var work sync.WaitGroup
	defer func() {
		work.Wait()
		// What came last is kept too, and what has arrived is not told again.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSave)
		defer cancel()
		q.save(ctx)
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.wake:
			q.save(ctx)
		case <-timer.C:
		}
		next := q.begin(ctx, &work)
		timer.Reset(time.Until(next))
	}
}

// begin starts a delivery on each channel that has one due, and says when to look
// again.
func (q *Queue) begin(ctx context.Context, work *sync.WaitGroup) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	next := now.Add(lastPause)
	for _, c := range q.channels {
		l := q.waiting[c.Name]
		switch {
		case len(l.Items) == 0 || q.busy[c.Name]:
		case l.Items[0].Next.After(now):
			if l.Items[0].Next.Before(next) {
				next = l.Items[0].Next
			}
		default:
			q.busy[c.Name] = true
			it, dropped := l.Items[0], l.Dropped
			work.Go(func() { q.deliver(ctx, c, it, dropped) })
		}
	}
	return next
}

func (q *Queue) deliver(ctx context.Context, c Channel, it item, dropped int) {
	err := q.send(ctx, c, withDropped(it.Message, dropped))
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy[c.Name] = false
	defer q.poke()
	l := q.waiting[c.Name]
	if l == nil { // its channel has gone meanwhile
		return
	}
	at := slices.IndexFunc(l.Items, func(o item) bool { return o.Since.Equal(it.Since) && o.Message == it.Message })
	if at < 0 { // gone, and come back
		return
	}
	switch {
	case err == nil:
		l.Items = slices.Delete(l.Items, at, at+1)
		l.Dropped -= dropped
	case ctx.Err() != nil: // we are stopping: it stays for the next time
	case time.Since(it.Since) > keepTrying:
		q.log.Error("give a message up", "channel", c.Name, "tries", it.Tries+1, "error", err)
		l.giveUp(at)
	default:
		q.log.Warn("send message", "channel", c.Name, "tries", it.Tries+1, "error", err)
		if l.Items[at].Tries++; l.Items[at].Tries == handOnAfter {
			q.handOn(c, it.Message)
		}
		l.Items[at].Next = time.Now().Add(min(lastPause, firstPause<<min(2*max(it.Tries, 0), 20)))
	}
}

// save keeps what waits.
func (q *Queue) save(ctx context.Context) {
	q.mu.Lock()
	b, err := json.Marshal(q.waiting)
	q.mu.Unlock()
	if err == nil {
		err = q.store.SaveState(ctx, stateKey, b)
	}
	if err != nil {
		q.log.Warn("keep the messages that wait", "error", err)
	}
}

// Test sends a message to every channel at once, each once, and returns what came of
// it, by the order of the channels.
func (q *Queue) Test(ctx context.Context, say func(c Channel) Message) (channels []Channel, errs []error) {
	q.mu.Lock()
	channels = slices.Clone(q.channels)
	q.mu.Unlock()
	errs = make([]error, len(channels))
	var work sync.WaitGroup
	for i, c := range channels {
		work.Go(func() { errs[i] = q.send(ctx, c, say(c)) })
	}
	work.Wait()
	return channels, errs
}
