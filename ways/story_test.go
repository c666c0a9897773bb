package ways_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/links/claim"
	"github.com/omamori-guard/omamori/support"
	"github.com/omamori-guard/omamori/ways"
)

const day = 24 * time.Hour

// The story's own configuration gives the story's own figures.
func TestTheStorysConfiguration(t *testing.T) {
	const path = "../doc/examples/story.yaml"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, problems := config.Parse(path, b, config.Options{
		Kinds:    []chain.Kind{claim.Kind()},
		Sections: []config.Section{{Name: "support", Settings: func() any { return &support.Settings{} }}},
	})
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	g := ways.New(file.Chain.Model())
	stand := func(lost ...string) ways.State { return ways.State{Lost: lost} }
	for _, c := range []struct {
		lost   string
		margin int
		back   time.Duration // -1 for no way back
		steps  string
	}{
		{"", 1, 0, ""},
		{"phone", 0, 0, ""},
		{"vpn-company", 0, 30 * time.Minute, "open-security-group"},
		{"vpn-company phone", -1, 7*day + 35*time.Minute, "support-case new-mfa-device open-security-group"},
		{"vpn-company phone phone-number", -1, -1, ""},
	} {
		s := stand(strings.Fields(c.lost)...)
		if m := g.Margins("shell", s); m.Now.Survives != c.margin || m.IfAllWell.Survives != c.margin || m.Now.None || m.Now.More {
			t.Errorf("lost %q: margins %+v, want %d", c.lost, m, c.margin)
		}
		plan := g.Back("shell", s)
		var steps []string
		for _, step := range plan.Steps {
			steps = append(steps, step.Mend.Name)
		}
		if plan.Reached != (c.back >= 0) || plan.Reached && plan.Takes != c.back || strings.Join(steps, " ") != c.steps {
			t.Errorf("lost %q: %+v", c.lost, plan)
		}
	}
	// The blog itself hangs on the shell: a week and some minutes, when mysqld stops.
	p := g.Back("blog", stand("mysqld", "vpn-company", "phone"))
	if p.Takes != 7*day+36*time.Minute || p.Steps[len(p.Steps)-1].Mend.Name != "restart-mysqld" {
		t.Errorf("%+v", p)
	}
	// No single point of failure at first; once the phone is gone, the VPN is one.
	has := func(c ways.Cuts, set ...string) bool {
		return slices.ContainsFunc(c.Sets, func(o []string) bool { return slices.Equal(o, set) })
	}
	if c := g.Cuts("shell", stand(), 3); c.Complete != 3 || c.Counts[1] != 0 || !has(c, "phone", "vpn-company") {
		t.Errorf("%+v", c)
	}
	if c := g.Cuts("shell", stand("phone"), 1); !has(c, "vpn-company") {
		t.Errorf("%+v", c)
	}
}
