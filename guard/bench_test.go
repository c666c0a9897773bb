package guard

import (
	"context"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/ways/waystest"
	"github.com/omamori-guard/omamori/words"
)

// nowhere is a journal that keeps nothing.
type nowhere struct{}

func (nowhere) Append(context.Context, journal.Entry) error       { return nil }
func (nowhere) Note(journal.Entry)                                {}
func (nowhere) Proof(string, chain.Proof)                         {}
func (nowhere) Trouble() (chain.Text, bool)                       { return chain.Text{}, false }
func (nowhere) Prune(context.Context) error                       { return nil }
func (nowhere) NoteState(string, []byte)                          {}
func (nowhere) LoadState(context.Context, string) ([]byte, error) { return nil, nil }

func BenchmarkOneProofChanged(b *testing.B) {
	c, bad := chain.New(waystest.Hosting(1000))
	if bad != nil {
		b.Fatal(bad)
	}
	for _, name := range []string{"certificate.site-7", "nginx@host-3", "uplink@host-3"} {
		b.Run(name, func(b *testing.B) {
			g := New(Options{Config: &config.File{Chain: c}, Journal: nowhere{}})
			g.ctx = b.Context()
			for _, l := range c.Model().Links {
				g.state.Fold(l.Name, chain.Proof{Verdict: chain.Holds, At: time.Now()})
			}
			known := func() {
				if g.reckoning != nil { // an alarm is being reckoned
					(<-g.calls)()
				}
				g.outlooks.of(b.Context(), g.standing(g.state.Look(time.Now())))
			}
			g.look()
			known()
			verdict := chain.Holds
			for b.Loop() {
				verdict = chain.Broken + chain.Holds - verdict
				g.take(name, chain.Proof{Verdict: verdict, At: time.Now()})
				known()
			}
		})
	}
}

// The loop waits while the status is made, but not for its margins.
func BenchmarkStatusInLoop(b *testing.B) {
	c, _ := chain.New(waystest.Hosting(1000))
	g := New(Options{Config: &config.File{Chain: c}, Journal: nowhere{}})
	for _, l := range c.Model().Links {
		g.state.Fold(l.Name, chain.Proof{Verdict: chain.Holds, At: time.Now(), Because: chain.Say("guard.stopped")})
	}
	for b.Loop() {
		view := g.state.Look(time.Now())
		g.status(view, words.English)
		g.standing(view)
	}
}
