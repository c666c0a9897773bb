package ways_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/links/claim"
	"github.com/omamori-guard/omamori/ways"
)

// A knock and a tunnel share no failure if they are on two machines; on one they do.
func TestKnockAndTunnel(t *testing.T) {
	const path = "../doc/examples/two-ways.yaml"
	two, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	one := bytes.Replace(two, []byte("needs: [laptop, relay]"), []byte("needs: [laptop, uplink]"), 1)
	for _, c := range []struct {
		yaml   []byte
		single int
		margin int
	}{{two, 0, 1}, {one, 1, 0}} {
		file, problems := config.Parse(path, c.yaml, config.Options{Kinds: []chain.Kind{claim.Kind()}})
		if len(problems) > 0 {
			t.Fatalf("%+v", problems)
		}
		g := ways.New(file.Chain.Model())
		if cuts := g.Cuts("shell", ways.State{}, 2); cuts.Counts[1] != c.single {
			t.Errorf("%d single losses lock him out, not %d: %+v", cuts.Counts[1], c.single, cuts)
		}
		if m := g.Margins("shell", ways.State{}); m.IfAllWell.Survives != c.margin {
			t.Errorf("%+v, want %d", m, c.margin)
		}
	}
}
