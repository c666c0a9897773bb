package web

import (
	"testing"

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
