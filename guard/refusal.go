package guard

import (
	"errors"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/vantage"
)

// refusalQuiet is for how long refusals of one kind are counted after the first was
// written down: a flood must not fill the journal.
const refusalQuiet = 10 * time.Minute

// refusalKind is what refusals are counted by.
type refusalKind struct {
	peer  string
	code  vantage.Code
	there bool
}

type refusalCount struct {
	first time.Time
	more  int
}

// refuse writes down that a letter, or a proof of one, was refused.
func (g *Guard) refuse(err error) {
	var r *vantage.Refusal
	if !errors.As(err, &r) {
		g.o.Log.Warn("take a letter", "error", err)
		return
	}
	kind, now := refusalKind{r.Peer, r.Code, r.There}, time.Now()
	if c := g.refusals[kind]; c != nil && now.Sub(c.first) < refusalQuiet {
		c.more++
		return
	}
	g.sumRefusals(refusalQuiet)
	g.refusals[kind] = &refusalCount{first: now}
	g.append(journal.Entry{At: now, What: "refused", Link: r.Link, Text: r.Text()})
}

// sumRefusals writes down how many more came of each kind whose first is older than
// age, and forgets it.
func (g *Guard) sumRefusals(age time.Duration) {
	now := time.Now()
	for kind, c := range g.refusals {
		if now.Sub(c.first) < age {
			continue
		}
		delete(g.refusals, kind)
		if c.more > 0 {
			r := vantage.Refusal{Code: kind.code, Peer: kind.peer, There: kind.there}
			g.append(journal.Entry{At: now, What: "refused", Text: chain.Say("vantage.refused_more", "n", c.more, "why", r.Text())})
		}
	}
}
