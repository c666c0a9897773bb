package web

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/web/gallery"
	"github.com/omamori-guard/omamori/words"
)

// Who does not read is let go, at once; the others hear everything, and nobody waits.
func TestWhoDoesNotReadIsLetGo(t *testing.T) {
	slow, quick, other := &watcher{lang: words.English, events: make(chan *event, 8)}, &watcher{lang: words.Japanese, events: make(chan *event, 8)}, &watcher{lang: words.Japanese, events: make(chan *event, 8)}
	h := &hub{watchers: map[*watcher]bool{slow: true, quick: true, other: true}}
	var last *standing
	for i := range 50 {
		next := &standing{n: int64(i), nodes: map[string]nodeNow{"sql": {"holds", int64(i), int64(i + 1), 0}}}
		if !h.tell(t.Context(), last, next, true) {
			t.Fatal("it has ended")
		}
		last = next
		e := <-quick.events
		if e == nil || e.n != int64(i) || len(e.bytes[words.Japanese]()) == 0 {
			t.Fatalf("%d: %+v", i, e)
		}
		// What is sent is made once for all who read a language.
		if again := <-other.events; &again.bytes[words.Japanese]()[0] != &e.bytes[words.Japanese]()[0] {
			t.Fatalf("%d: made anew for each", i)
		}
	}
	heard := 0
	for range slow.events { // it is closed
		heard++
	}
	if heard != cap(slow.events) || h.watchers[slow] || !h.watchers[quick] {
		t.Errorf("heard %d, %v", heard, h.watchers)
	}
	// That nothing at all has changed is not told.
	if !h.tell(t.Context(), last, &standing{n: 50, nodes: last.nodes}, false) || len(quick.events) != 0 {
		t.Errorf("%d events", len(quick.events))
	}
}

// counting is a guard that counts how often it is looked at.
type counting struct {
	*guard.Guard
	changes       chan struct{}
	glances, made atomic.Int32
}

func (c *counting) Changes(context.Context) <-chan struct{} { return c.changes }

func (c *counting) Glance(context.Context, words.Lang) (guard.ModelStatus, guard.Status, error) {
	c.glances.Add(1)
	return guard.ModelStatus{}, guard.Status{}, nil
}

func (c *counting) Status(ctx context.Context, _ words.Lang) (guard.Status, error) {
	c.made.Add(1)
	select { // it takes long to reckon
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
	return guard.Status{}, ctx.Err()
}

func (c *counting) Ways(context.Context, string, guard.Supposed, words.Lang) ([]guard.GoalWays, error) {
	return nil, nil
}

// However many watch and whatever changes, the guard is looked at only so often.
func TestTheGuardIsLookedAtOnlySoOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &counting{changes: make(chan struct{}, 1)}
		p := New(Options{Guard: g}).(*page)
		var all []*watcher
		for range 200 {
			w, ok := p.hub.join(words.English)
			if !ok {
				t.Fatal("too many")
			}
			go func() {
				for range w.events {
				}
			}()
			all = append(all, w)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := g.glances.Load(); n > 13 {
			t.Errorf("%d looks in a minute in which nothing has changed", n)
		}
		g.glances.Store(0)
		g.made.Store(0)
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
			select {
			case g.changes <- struct{}{}:
			default:
			}
		}
		if n := g.glances.Load(); n > 620 || n < 500 {
			t.Errorf("%d looks in a minute in which everything changes", n)
		}
		if n := g.made.Load(); n > 22 { // two languages, a second each, and twice that of rest
			t.Errorf("%d times reckoned in a minute", n)
		}
		for _, w := range all {
			p.hub.leave(w)
		}
	})
}

// slow is a guard that takes its time to reckon.
type slow struct {
	*guard.Guard
	open chan struct{}
}

func (s slow) Status(ctx context.Context, lang words.Lang) (guard.Status, error) {
	<-s.open
	return s.Guard.Status(ctx, lang)
}

// A break is told while margins are being reckoned, however long that takes; what the list
// says of it comes after, in the reader's language, and again once it holds.
func TestABreakIsToldAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w, wait, err := gallery.Start(ctx, t.TempDir(), "calm", words.English)
	if err != nil {
		t.Fatal(err)
	}
	g := slow{w.Guard, make(chan struct{})}
	p := New(Options{Guard: g, Journal: w.Journal}).(*page)
	me, _ := p.hub.join(words.Japanese)
	next := func(what string, told func(n news) bool) {
		t.Helper()
		limit := time.After(time.Minute)
		for {
			select {
			case e, ok := <-me.events:
				if !ok {
					t.Fatal("let go")
				}
				_, data, _ := strings.Cut(string(e.bytes[words.Japanese]()), "data: ")
				var n news
				if err := json.Unmarshal([]byte(data), &n); err != nil {
					t.Fatal(err)
				}
				if told(n) {
					return
				}
			case <-limit:
				t.Fatal("never told: " + what)
			}
		}
	}
	state := func(want chain.Verdict) func(n news) bool {
		return func(n news) bool { return n.Nodes["blog-page"][0] == want.String() && len(n.Parts) == 0 }
	}
	next("how it stands", state(chain.Holds))
	w.Break("blog-page", "refused", "it does not answer <b>", true)
	next("the break", state(chain.Broken))
	close(g.open)
	next("the goals", func(n news) bool {
		return strings.Contains(n.Parts["goals"], "goal card broken") && strings.Contains(n.Rows["blog-page"], "it does not answer &lt;b&gt;")
	})
	w.Mend("blog-page")
	next("the mend", func(n news) bool { return strings.Contains(n.Rows["blog-page"], "it answers as it should") })
	p.hub.leave(me)
	cancel()
	if err := wait(); err != nil {
		t.Error(err)
	}
}
