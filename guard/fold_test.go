package guard

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
)

type standsAlways struct{}

func (standsAlways) Prove(context.Context) chain.Proof { return chain.Held(chain.Say("guard.stopped")) }

// However many proofs come at once, none is lost: all links are proved, again and again.
func TestManyProofsAtOnce(t *testing.T) {
	var m chain.Model
	file := &config.File{}
	for i := range 10 * foldsAtOnce {
		name := fmt.Sprintf("link-%d", i)
		m.Links = append(m.Links, chain.Link{Name: name, Kind: "stands", Fresh: time.Hour})
		file.Links = append(file.Links, config.Link{Name: name, Every: time.Minute, Timeout: time.Second, Fresh: time.Hour,
			Kind: chain.Kind{Name: "stands", New: func(any, chain.Place) (chain.Prover, error) { return standsAlways{}, nil }}})
	}
	c, bad := chain.New(m)
	if bad != nil {
		t.Fatal(bad)
	}
	file.Chain = c
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := New(Options{Config: file, Journal: nowhere{}})
		// As busy as a loop may be: all proofs wait for it.
		g.results = make(chan result, len(m.Links))
		done := make(chan error)
		go func() { done <- g.Run(ctx) }()
		for range 3 {
			within, stop := context.WithTimeout(ctx, time.Minute)
			if err := g.Prove(within, nil); err != nil {
				t.Error(err)
			}
			stop()
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
