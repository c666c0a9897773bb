package guard

import (
	"context"
	"sync"
)

// changes tells whoever listens that something has changed. It waits for nobody.
type changes struct {
	mu        sync.Mutex // protects listening
	listening map[chan struct{}]bool
}

func (c *changes) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ch := range c.listening {
		select {
		case ch <- struct{}{}:
		default: // it has not yet looked at what it was told before
		}
	}
}

// Changes has something to receive whenever a verdict has changed or anything was recorded
// since it was last received from, until ctx is done. It is never closed. Of proofs that
// say the same as the last it does not tell: who wants their times looks from time to time.
func (g *Guard) Changes(ctx context.Context) <-chan struct{} {
	ch := make(chan struct{}, 1)
	c := &g.changes
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listening == nil {
		c.listening = map[chan struct{}]bool{}
	}
	c.listening[ch] = true
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.listening, ch)
	})
	return ch
}
