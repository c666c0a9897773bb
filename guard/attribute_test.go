package guard

import (
	"context"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
)

// hasSystem proves for the system that the laptop had when it was made.
type hasSystem struct{ standsAlways }

func (hasSystem) Suppose(p chain.Proof, _ chain.Supposition) chain.Proof { return p }

// A link that can say how it would be on another system is made anew once the laptop has
// another; one that does not ask for it is not.
func TestNewAttribute(t *testing.T) {
	fileOf := func(system string) *config.File {
		m := chain.Model{Things: []chain.Thing{{Name: "laptop", Attrs: map[string]string{"os": system}}}}
		file := &config.File{}
		for name, p := range map[string]chain.Prover{"client": hasSystem{}, "web": standsAlways{}} {
			m.Links = append(m.Links, chain.Link{Name: name, Kind: name, Fresh: time.Hour})
			file.Links = append(file.Links, config.Link{Name: name, Every: time.Minute, Timeout: time.Second, Fresh: time.Hour,
				Kind: chain.Kind{Name: name, New: func(any, chain.Place) (chain.Prover, error) { return p, nil }}})
		}
		c, bad := chain.New(m)
		if bad != nil {
			t.Fatal(bad)
		}
		file.Chain = c
		return file
	}
	g := New(Options{Config: fileOf("macos-10.11"), Journal: nowhere{}})
	g.ctx = context.Background()
	build := func(system string) map[string]*link {
		file := fileOf(system)
		links, err := g.build(file)
		if err != nil {
			t.Fatal(err)
		}
		g.file, g.links = file, links
		return links
	}
	first := build("macos-10.11")
	same, other := build("macos-10.11"), build("macos-10.12")
	if same["client"] != first["client"] || same["web"] != first["web"] {
		t.Error("made anew, though nothing has changed")
	}
	if other["client"] == first["client"] {
		t.Error("the client is still proved for the system that the laptop had")
	}
	if other["web"] != first["web"] {
		t.Error("what does not ask for the system was made anew")
	}
}
