package web

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/web/gallery"
	"github.com/omamori-guard/omamori/words"
)

// Who does not read is let go, at once; the others hear everything, and nobody waits.
func TestWhoDoesNotReadIsLetGo(t *testing.T) {
	slow, quick := &watcher{lang: words.English, events: make(chan *event, 8)}, &watcher{lang: words.Japanese, events: make(chan *event, 8)}
	h := &hub{watchers: map[*watcher]bool{slow: true, quick: true}}
	var last *standing
	for i := range 50 {
		next := &standing{n: int64(i), nodes: map[string]nodeNow{"sql": {"holds", int64(i), int64(i + 1), 0}},
			parts: map[words.Lang]map[string]string{words.English: {}, words.Japanese: {}}}
		if !h.tell(t.Context(), last, next, true) {
			t.Fatal("it has ended")
		}
		last = next
		if e := <-quick.events; e == nil || e.n != int64(i) || len(e.bytes[words.Japanese]) == 0 {
			t.Fatalf("%d: %+v", i, e)
		}
	}
	heard := 0
	for range slow.events { // it is closed
		heard++
	}
	if heard != cap(slow.events) || h.watchers[slow] || !h.watchers[quick] {
		t.Errorf("heard %d, %v", heard, h.watchers)
	}
}

// slow is a guard that takes its time to reckon ways.
type slow struct {
	*guard.Guard
	open chan struct{}
}

func (s slow) Ways(ctx context.Context, goal string, q guard.Supposed, lang words.Lang) ([]guard.GoalWays, error) {
	<-s.open
	return s.Guard.Ways(ctx, goal, q, lang)
}

// A break is told while margins are being reckoned, however long that takes.
func TestABreakIsToldAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w, wait, err := gallery.Start(ctx, t.TempDir(), "calm", words.English)
	if err != nil {
		t.Fatal(err)
	}
	g := slow{w.Guard, make(chan struct{})}
	p := New(Options{Guard: g, Journal: w.Journal}).(*page)
	me, _ := p.hub.join(words.English)
	next := func(what string, told func(n news) bool) {
		t.Helper()
		limit := time.After(time.Minute)
		for {
			select {
			case e, ok := <-me.events:
				if !ok {
					t.Fatal("let go")
				}
				_, data, _ := strings.Cut(string(e.bytes[words.English]), "data: ")
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
	state := func(want string) func(n news) bool {
		return func(n news) bool { return n.Nodes["blog-page"][0] == want && len(n.Parts) == 0 }
	}
	next("how it stands", state("holds"))
	w.Break("blog-page", "refused", "it does not answer", true)
	next("the break", state("broken"))
	close(g.open)
	next("the goals", func(n news) bool { return strings.Contains(n.Parts["goals"], "goal card broken") })
	p.hub.leave(me)
	cancel()
	if err := wait(); err != nil {
		t.Error(err)
	}
}
