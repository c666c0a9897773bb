package notify

import (
	"context"
	"encoding/json"
	"log/slog"
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
	firstPause = time.Second
	lastPause  = 10 * time.Minute
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
	waiting  map[string][]item // by channel
	busy     map[string]bool
}

// item is a message that waits for one channel.
type item struct {
	Message Message   `json:"message"`
	Since   time.Time `json:"since"`
	Tries   int       `json:"tries,omitempty"`
	Next    time.Time `json:"next,omitzero"`
	// Dropped is how many messages before this one were given up.
	Dropped int `json:"dropped,omitempty"`
}

// NewQueue makes a queue, with what an earlier one has left in the store.
func NewQueue(ctx context.Context, store Store, send Send, log *slog.Logger) *Queue {
	q := &Queue{store: store, send: send, log: log, wake: make(chan struct{}, 1), waiting: map[string][]item{}, busy: map[string]bool{}}
	b, err := store.LoadState(ctx, stateKey)
	if err == nil && len(b) > 0 {
		err = json.Unmarshal(b, &q.waiting)
	}
	if err != nil || q.waiting == nil {
		log.Warn("read the messages that wait", "error", err)
		q.waiting = map[string][]item{}
	}
	return q
}

// Use sets the channels. What waits for one that is gone is given up.
func (q *Queue) Use(channels []Channel) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.channels = slices.Clone(channels)
	for name := range q.waiting {
		if !slices.ContainsFunc(channels, func(c Channel) bool { return c.Name == name }) {
			delete(q.waiting, name)
		}
	}
	q.poke()
}

// Tell puts a message into every channel's queue; say puts it into a language. It
// does not block.
func (q *Queue) Tell(say func(c Channel) Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range q.channels {
		all := q.waiting[c.Name]
		if len(all) >= maxWaiting { // the newest says most of how things are
			oldest := 0
			if q.busy[c.Name] { // the first is on its way, and may well arrive
				oldest = 1
			}
			all = giveUp(all, oldest)
		}
		q.waiting[c.Name] = append(all, item{Message: say(c), Since: time.Now()})
	}
	q.poke()
}

// giveUp takes the message at i away. The next one, if there is one, will say so.
func giveUp(all []item, i int) []item {
	if i+1 < len(all) {
		all[i+1].Dropped += all[i].Dropped + 1
	}
	return slices.Delete(all, i, i+1)
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
		all := q.waiting[c.Name]
		switch {
		case len(all) == 0 || q.busy[c.Name]:
		case all[0].Next.After(now):
			if all[0].Next.Before(next) {
				next = all[0].Next
			}
		default:
			q.busy[c.Name] = true
			it := all[0]
			work.Go(func() { q.deliver(ctx, c, it) })
		}
	}
	return next
}

func (q *Queue) deliver(ctx context.Context, c Channel, it item) {
	m := it.Message
	err := q.send(ctx, c, withDropped(m, it.Dropped))
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy[c.Name] = false
	defer q.poke()
	all := q.waiting[c.Name]
	at := slices.IndexFunc(all, func(o item) bool { return o.Since.Equal(it.Since) && o.Message == it.Message })
	if at < 0 { // its channel has gone meanwhile
		return
	}
	switch {
	case err == nil:
		all = slices.Delete(all, at, at+1)
	case ctx.Err() != nil: // we are stopping: it stays for the next time
	case time.Since(it.Since) > keepTrying:
		q.log.Error("give a message up", "channel", c.Name, "tries", it.Tries+1, "error", err)
		all = giveUp(all, at)
	default:
		q.log.Warn("send message", "channel", c.Name, "tries", it.Tries+1, "error", err)
		all[at].Tries++
		all[at].Next = time.Now().Add(min(lastPause, firstPause<<min(2*it.Tries, 20)))
	}
	q.waiting[c.Name] = all
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
