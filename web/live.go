package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/web/signin"
	"github.com/omamori-guard/omamori/words"
)

// Bounds of watching.
const (
	mostWatchers = 1000
	// soon is how long changes are gathered before they are sent, renew how often a proof
	// that only says the same again is.
	soon  = 40 * time.Millisecond
	renew = 5 * time.Second
	// each is how often the parts are made anew while no verdict changes.
	each = time.Second
	// lookTime is for how long the guard is asked how things stand.
	lookTime = 10 * time.Second
	// sendTime is how long a browser may take to read one event.
	sendTime = 10 * time.Second
	// quiet is how often something is sent though nothing has changed, so that whoever
	// has gone is noticed.
	quiet = 25 * time.Second
)

// event is what watchers are told: made once, and shared.
type event struct {
	n     int64
	bytes map[words.Lang][]byte
}

// nodeNow is a node of the drawing in an event: its state, when it was proved and until
// when that counts, in milliseconds, and whether it is to blame (1) or a break goes along
// it (2).
type nodeNow [4]any

// news is the content of an event.
type news struct {
	Nodes map[string]nodeNow `json:"nodes,omitempty"`
	// Parts are pieces of the first view, by the names of their places.
	Parts map[string]string `json:"parts,omitempty"`
	// Moved says that more than the time of proofs has changed.
	Moved bool `json:"moved,omitempty"`
}

// hub tells all watchers of changes. It works only while there are any: it asks the
// guard once for all of them, and waits for none.
type hub struct {
	p *page

	mu       sync.Mutex // protects the fields below
	watchers map[*watcher]bool
	stop     context.CancelFunc
	now      *standing // what was last told, nil while nobody watches
}

type watcher struct {
	lang   words.Lang
	events chan *event
}

// standing is what watchers know.
type standing struct {
	n     int64
	nodes map[string]nodeNow
	parts map[words.Lang]map[string]string
}

// join adds a watcher, who first hears everything. It reports false if there are too many.
func (h *hub) join(lang words.Lang) (*watcher, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) >= mostWatchers {
		return nil, false
	}
	w := &watcher{lang: lang, events: make(chan *event, 8)}
	if h.watchers == nil {
		h.watchers = map[*watcher]bool{}
	}
	h.watchers[w] = true
	if h.stop == nil {
		ctx, cancel := context.WithCancel(context.Background())
		h.stop = cancel
		go h.work(ctx)
	} else if h.now != nil {
		w.events <- h.whole(h.now)
	}
	return w, true
}

func (h *hub) leave(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[w] {
		delete(h.watchers, w)
		close(w.events)
	}
	if len(h.watchers) == 0 && h.stop != nil {
		h.stop()
		h.stop, h.now = nil, nil
	}
}

// work follows the guard until nobody watches any more.
func (h *hub) work(ctx context.Context) {
	changes := h.p.o.Guard.Changes(ctx)
	var last *standing
	var sent, made time.Time
	tick := time.NewTicker(renew)
	defer tick.Stop()
	send := func(next *standing) bool {
		old, moved := last, last == nil || differs(last, next)
		if !moved && time.Since(sent) < renew {
			return true
		}
		last, sent = next, time.Now()
		return h.tell(ctx, old, next, moved)
	}
	// Margins take long to reckon: that is done beside, and breaks are told meanwhile.
	var beside sync.WaitGroup
	defer beside.Wait()
	ready := make(chan map[words.Lang]map[string]string)
	making, again := false, false
	for {
		var later <-chan time.Time
		if next, err := h.look(ctx, last); err == nil {
			again = again || last == nil || differs(last, next)
			if !send(next) {
				return
			}
			switch wait := each - time.Since(made); {
			case making:
			case again || wait <= 0:
				making, again, made = true, false, time.Now()
				beside.Go(func() {
					parts, _ := h.parts(ctx) // where the guard does not answer, they stay as they are
					select {
					case ready <- parts:
					case <-ctx.Done():
					}
				})
			default:
				later = time.After(wait)
			}
		}
		select {
		case <-ctx.Done():
			return
		case parts := <-ready:
			making = false
			if parts != nil && last != nil && !send(&standing{n: last.n + 1, nodes: last.nodes, parts: parts}) {
				return
			}
			continue
		case <-changes:
		case <-tick.C:
		case <-later:
		}
		select { // what comes together is told together
		case <-ctx.Done():
			return
		case <-time.After(soon):
		}
	}
}

// look asks the guard how the nodes stand. The parts stay as they were: margins take long
// to reckon, and a break is to be seen at once.
func (h *hub) look(ctx context.Context, last *standing) (*standing, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	next := &standing{}
	if last != nil {
		next.n, next.parts = last.n+1, last.parts
	}
	m, err := h.p.o.Guard.Model(ctx)
	if err != nil {
		return nil, err
	}
	s, err := h.p.o.Guard.Status(ctx, words.English)
	if err != nil {
		return nil, err
	}
	next.nodes = nodesNow(m, s)
	return next, nil
}

// parts makes the parts of the first view.
func (h *hub) parts(ctx context.Context) (map[words.Lang]map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	all := map[words.Lang]map[string]string{}
	for _, lang := range words.Langs {
		s, err := h.p.o.Guard.Status(ctx, lang)
		if err == nil {
			all[lang], err = h.p.parts(ctx, s, lang)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func nodesNow(m guard.ModelStatus, s guard.Status) map[string]nodeNow {
	l := newLayout(m, s)
	l.blame(s)
	lit := litNodes(l.nodes)
	all := make(map[string]nodeNow, len(l.nodes))
	for _, n := range l.nodes {
		flags := 0
		if n.Blamed {
			flags |= 1
		}
		if lit[n] {
			flags |= 2
		}
		all[n.Name] = nodeNow{n.State, n.Proved, n.Fresh, flags}
	}
	return all
}

// differs reports whether more than the time of proofs has changed.
func differs(a, b *standing) bool {
	if len(a.nodes) != len(b.nodes) {
		return true
	}
	for name, l := range b.nodes {
		if old, ok := a.nodes[name]; !ok || old[0] != l[0] || old[3] != l[3] {
			return true
		}
	}
	for lang, parts := range b.parts {
		if !maps.Equal(parts, a.parts[lang]) {
			return true
		}
	}
	return false
}

// tell sends what has changed to all who watch. Who has not read what he was sent before
// is let go: his browser comes back, and hears everything.
func (h *hub) tell(ctx context.Context, old, next *standing, moved bool) bool {
	if old == nil {
		old = &standing{}
	}
	e := difference(old, next, moved)
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	h.now = next
	for w := range h.watchers {
		select {
		case w.events <- e:
		default:
			delete(h.watchers, w)
			close(w.events)
		}
	}
	return true
}

func (h *hub) whole(s *standing) *event {
	return difference(&standing{}, s, true)
}

func difference(old, next *standing, moved bool) *event {
	e := &event{n: next.n, bytes: map[words.Lang][]byte{}}
	nodes := map[string]nodeNow{}
	for name, l := range next.nodes {
		if old.nodes[name] != l {
			nodes[name] = l
		}
	}
	for _, lang := range words.Langs {
		changed := map[string]string{}
		for name, part := range next.parts[lang] {
			if old.parts[lang][name] != part {
				changed[name] = part
			}
		}
		b, err := json.Marshal(news{Nodes: nodes, Parts: changed, Moved: moved})
		if err != nil { // strings, numbers and truths: cannot fail
			panic(err)
		}
		var out bytes.Buffer
		fmt.Fprintf(&out, "id: %d\ndata: %s\n\n", e.n, b)
		e.bytes[lang] = out.Bytes()
	}
	return e
}

// Streams reports whether a request is answered for as long as somebody watches.
func Streams(r *http.Request) bool { return r.URL.Path == "/events" }

// events is the stream of what changes.
func (p *page) events(w http.ResponseWriter, r *http.Request) {
	if !signin.From(r.Context()).Read {
		http.Error(w, signin.Lang(r).Text("web.forbidden"), http.StatusForbidden)
		return
	}
	me, ok := p.hub.join(signin.Lang(r))
	if !ok {
		w.Header().Set("Retry-After", "30")
		http.Error(w, signin.Lang(r).Text("web.too_many"), http.StatusServiceUnavailable)
		return
	}
	defer p.hub.leave(me)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	write := func(b []byte) bool {
		_ = out.SetWriteDeadline(time.Now().Add(sendTime)) // without it, the listener's own bound counts
		_, err := w.Write(b)
		return err == nil && out.Flush() == nil
	}
	if !write([]byte("retry: 2000\n\n")) {
		return
	}
	alive := time.NewTicker(quiet)
	defer alive.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-alive.C:
			if !write([]byte(":\n\n")) {
				return
			}
		case e, ok := <-me.events:
			if !ok || !write(e.bytes[me.lang]) {
				return
			}
		}
	}
}
