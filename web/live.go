package web

import (
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
	// soon is how long what comes together is gathered before it is told, apart what lies at
	// least between two looks, however much changes.
	soon  = 10 * time.Millisecond
	apart = 100 * time.Millisecond
	// renew is how often the times of proofs are told that only say the same again.
	renew = 5 * time.Second
	// lookTime is for how long the guard is asked how things stand.
	lookTime = 10 * time.Second
	// sendTime is how long a browser may take to read one event.
	sendTime = 10 * time.Second
	// quiet is how often something is sent though nothing has changed, so that whoever
	// has gone is noticed.
	quiet = 25 * time.Second
)

// event is what watchers are told. Each language's bytes are made once, for all who read it,
// when the first of them is told.
type event struct {
	n     int64
	bytes map[words.Lang]func() []byte
}

func newEvent(old, next *standing, moved bool) *event {
	e := &event{n: next.n, bytes: map[words.Lang]func() []byte{}}
	for _, lang := range words.Langs {
		e.bytes[lang] = sync.OnceValue(func() []byte { return difference(old, next, moved, lang) })
	}
	return e
}

// nodeNow is a node of the drawing in an event: its state, when it was proved and until
// when that counts, in milliseconds, and whether it is to blame (1) or a break goes along
// it (2).
type nodeNow [4]any

// news is the content of an event.
type news struct {
	Nodes map[string]nodeNow `json:"nodes,omitempty"`
	// Parts are pieces of the first view, by the names of their places, Rows what the list
	// says of links, by their names.
	Parts map[string]string `json:"parts,omitempty"`
	Rows  map[string]string `json:"rows,omitempty"`
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
	whole    *event    // all of that, for who joins; nil if nobody has since
}

type watcher struct {
	lang   words.Lang
	events chan *event
}

// standing is what watchers know.
type standing struct {
	n     int64
	nodes map[string]nodeNow
	parts map[words.Lang]parts
}

// parts are made of HTML, see news; rows are those of the links that do not hold, or did not
// when parts were last made.
type parts struct{ pieces, rows map[string]string }

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
		if h.whole == nil {
			h.whole = newEvent(&standing{}, h.now, true)
		}
		w.events <- h.whole
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
		h.stop, h.now, h.whole = nil, nil, nil
	}
}

// made is what came of making parts: nil where the guard did not answer.
type made struct {
	parts map[words.Lang]parts
	took  time.Duration
}

// work follows the guard until nobody watches any more.
func (h *hub) work(ctx context.Context) {
	changes := h.p.o.Guard.Changes(ctx)
	tick := time.NewTicker(renew)
	defer tick.Stop()
	// Margins take long to reckon: that is done beside, and breaks are told meanwhile. After
	// it there is a rest of twice its length, so that it never takes all of a processor.
	var beside sync.WaitGroup
	defer beside.Wait()
	ready := make(chan made)
	var rest <-chan time.Time
	var last *standing
	var looked time.Time
	for look, told, wanted := true, true, false; ; {
		if look {
			looked = time.Now()
			if next, err := h.look(ctx, last); err == nil {
				if !h.tell(ctx, last, next, told) {
					return
				}
				last, wanted = next, true
			}
		}
		look, told = false, false
		if wanted && rest == nil {
			wanted, rest = false, make(chan time.Time) // which says nothing until they are made
			before := last.parts
			beside.Go(func() {
				began := time.Now()
				all, _ := h.parts(ctx, before) // where the guard does not answer, they stay as they are
				select {
				case ready <- made{all, time.Since(began)}:
				case <-ctx.Done():
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case m := <-ready:
			rest = time.After(2 * m.took)
			if m.parts != nil {
				next := &standing{n: last.n + 1, nodes: last.nodes, parts: m.parts}
				if !h.tell(ctx, last, next, false) {
					return
				}
				last = next
			}
		case <-rest:
			rest = nil
		case <-tick.C:
			look = true
		case <-changes:
			select { // what comes together is told together
			case <-ctx.Done():
				return
			case <-time.After(max(soon, apart-time.Since(looked))):
			}
			look, told = true, true
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
	m, s, err := h.p.o.Guard.Glance(ctx, words.English)
	if err != nil {
		return nil, err
	}
	next.nodes = nodesNow(m, s)
	return next, nil
}

// parts makes the parts of the first view; before are the last.
func (h *hub) parts(ctx context.Context, before map[words.Lang]parts) (map[words.Lang]parts, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	all := map[words.Lang]parts{}
	for _, lang := range words.Langs {
		s, err := h.p.o.Guard.Status(ctx, lang)
		if err == nil {
			all[lang], err = h.p.parts(ctx, s, lang, before[lang].rows)
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
	for lang, now := range b.parts {
		old := a.parts[lang]
		if !maps.Equal(now.pieces, old.pieces) || len(changedOf(old.rows, now.rows)) > 0 {
			return true
		}
	}
	return false
}

// changedOf is what of next is not so in old.
func changedOf(old, next map[string]string) map[string]string {
	changed := map[string]string{}
	for name, s := range next {
		if was, ok := old[name]; !ok || was != s {
			changed[name] = s
		}
	}
	return changed
}

// tell sends what has changed to all who watch; moved says that something has, though it may
// not be seen here. Who has not read what he was sent before is let go: his browser comes
// back, and hears everything. It reports false if nobody watches any more.
func (h *hub) tell(ctx context.Context, old, next *standing, moved bool) bool {
	if old == nil {
		old = &standing{}
	}
	moved = moved || differs(old, next)
	nothing := !moved && maps.Equal(old.nodes, next.nodes)
	e := newEvent(old, next, moved)
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	h.now, h.whole = next, nil
	if nothing {
		return true
	}
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

// difference is an event as it is sent to readers of a language.
func difference(old, next *standing, moved bool, lang words.Lang) []byte {
	told := news{Nodes: map[string]nodeNow{}, Moved: moved}
	for name, l := range next.nodes {
		if old.nodes[name] != l {
			told.Nodes[name] = l
		}
	}
	told.Parts = changedOf(old.parts[lang].pieces, next.parts[lang].pieces)
	told.Rows = changedOf(old.parts[lang].rows, next.parts[lang].rows)
	b, err := json.Marshal(told)
	if err != nil { // strings, numbers and truths: cannot fail
		panic(err)
	}
	return fmt.Appendf(nil, "id: %d\ndata: %s\n\n", next.n, b)
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
			if !ok || !write(e.bytes[me.lang]()) {
				return
			}
		}
	}
}
