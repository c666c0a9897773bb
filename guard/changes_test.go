package guard_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/guard"
)

func TestChanges(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, nil, func(g *guard.Guard) {
		ctx, cancel := context.WithCancel(context.Background()) // of the bubble
		defer cancel()
		ch := g.Changes(ctx)
		told := func() bool {
			select {
			case <-ch:
				return true
			default:
				return false
			}
		}
		for told() {
		}
		status(w.t, g) // whoever looks changes nothing
		synctest.Wait()
		if told() {
			t.Error("looking is told as a change")
		}
		after(time.Minute)
		if told() {
			t.Error("proofs that say the same are told as a change")
		}
		w.kill()
		synctest.Wait()
		if !told() {
			t.Error("a break is not told")
		}
		after(time.Hour) // nobody receives: the guard goes on
		if !told() || told() {
			t.Error("who did not look is to be told once")
		}
	})
}
