package guard

import (
	"context"
	"errors"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vantage"
)

const (
	// exchangeEvery is the time between two calls of a peer, exchangeSoon the least
	// when there is news; exchangeRarely between calls of one that does not answer.
	exchangeEvery  = time.Minute
	exchangeSoon   = 5 * time.Second
	exchangeRarely = 5 * time.Minute
	// exchangeTime is how long a call may take.
	exchangeTime = 30 * time.Second
	// pairingTime leaves the first call of a new peer to the command that paired it.
	pairingTime = 30 * time.Second
)

// course is when a peer is called next.
type course struct {
	last, due time.Time
	fails     int
}

// exchange calls the peers that have a route, one after the other, until ctx is done.
func (g *Guard) exchange(ctx context.Context) {
	courses := map[string]*course{}
	for {
		if err := g.o.Vantage.Flush(); err != nil {
			g.o.Log.Warn("keep proofs for peers", "error", err)
		}
		now := time.Now()
		next := now.Add(exchangeEvery)
		for _, p := range g.o.Vantage.Peers(now) {
			if p.Route.Host == "" {
				continue
			}
			c := courses[p.Name]
			if c == nil {
				c = &course{}
				courses[p.Name] = c
				if p.Heard.IsZero() {
					c.due = p.Paired.Add(pairingTime)
				}
			}
			if !c.due.After(now) {
				c.last = now
				if g.meet(ctx, p.Name) == nil {
					c.fails = 0
				} else {
					c.fails = min(c.fails+1, 10)
				}
				c.due = time.Now().Add(min(exchangeEvery<<c.fails, exchangeRarely))
			}
			if c.due.Before(next) {
				next = c.due
			}
		}
		g.later(ctx, func() { g.sumRefusals(refusalQuiet) })
		timer := time.NewTimer(max(0, time.Until(next)))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-g.soon:
			for _, c := range courses {
				if news := c.last.Add(exchangeSoon); c.fails == 0 && news.Before(c.due) {
					c.due = news
				}
			}
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// meet calls one peer: our letter, and its answer. Only one call is under way at a
// time, so that letters arrive in their order.
func (g *Guard) meet(ctx context.Context, name string) error {
	select {
	case g.calling <- struct{}{}:
		defer func() { <-g.calling }()
	case <-ctx.Done():
		return ctx.Err()
	}
	err := g.meeting(ctx, name)
	if ctx.Err() != nil {
		return err
	}
	_ = g.call(ctx, func() { // fails only when the guard stops
		delete(g.unreached, name)
		var refused *vantage.Refusal
		switch {
		case errors.As(err, &refused) && refused.There:
			refused.Peer = name
			g.o.Vantage.Answered(name, refused)
			g.refuse(refused)
		case err != nil:
			g.unreached[name] = chain.ErrorText(err)
		}
	})
	if err != nil {
		g.o.Log.Debug("exchange letters", "peer", name, "error", err)
	}
	return err
}

func (g *Guard) meeting(ctx context.Context, name string) error {
	peer, ok := g.o.Vantage.Peer(name, time.Now())
	if !ok {
		return vantage.ErrUnknown
	}
	ours, err := g.PairLetter(ctx, name)
	if err != nil {
		return err
	}
	out, cancel := context.WithTimeout(ctx, exchangeTime)
	defer cancel()
	theirs, err := g.o.Call(out, peer, ours)
	if err != nil {
		return err
	}
	_, err = g.Letter(ctx, theirs)
	return err
}

// Letter takes a letter from anywhere, and returns the answer to it. The error is a
// *vantage.Refusal if it was refused; that is written down.
func (g *Guard) Letter(ctx context.Context, raw []byte) (answer []byte, err error) {
	if g.o.Vantage == nil {
		return nil, &vantage.Refusal{Code: vantage.Stranger}
	}
	// Whether a letter deserves the loop's time is found out beside it, and so is the
	// disk waited for.
	var wishes map[string]vantage.Claim
	l, bad := g.o.Vantage.Read(raw, time.Now())
	if e := g.call(ctx, func() {
		if bad != nil {
			g.refuse(bad)
			return
		}
		wishes = g.wishes(l.Peer)
	}); e != nil {
		return nil, e
	}
	if bad != nil {
		return nil, bad
	}
	t, bad := g.o.Vantage.Take(l, wishes, time.Now())
	if e := g.call(ctx, func() {
		if bad != nil {
			g.refuse(bad)
			return
		}
		g.heard(t)
		answer, err = g.write(t.Peer)
	}); e != nil {
		return nil, e
	}
	if bad != nil {
		return nil, bad
	}
	return answer, err
}
