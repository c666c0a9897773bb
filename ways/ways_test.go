package ways

import (
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

const day = 24 * time.Hour

// story is the owner's chain as it stood before anything rotted.
func story() chain.Model {
	person := func(name, what string, takes time.Duration, needs ...string) chain.Mend {
		return chain.Mend{Name: name, For: what, Takes: takes, Needs: needs}
	}
	return chain.Model{
		Things: []chain.Thing{
			{Name: "phone"}, {Name: "laptop", Given: true}, {Name: "vpn-company"}, {Name: "mailbox"},
			{Name: "phone-number"}, {Name: "aws-account", Given: true},
		},
		Links: []chain.Link{
			{Name: "vpn", Needs: []string{"laptop", "vpn-company"}},
			{Name: "firewall", Needs: []string{"vpn"}},
			{Name: "sshd", Needs: []string{"firewall"}},
			{Name: "codes", Needs: []string{"phone"}},
			{Name: "console", Needs: []string{"laptop", "codes", "aws-account"}},
			{Name: "mysqld"}, {Name: "front", Needs: []string{"mysqld"}},
		},
		Goals: []chain.Goal{
			{Name: "shell", Within: day, Ways: []chain.Way{{Name: "vpn", Links: []string{"sshd"}}}},
			{Name: "blog", Within: day, Ways: []chain.Way{{Name: "web", Links: []string{"front"}}}},
		},
		Mends: []chain.Mend{
			person("security-group", "firewall", 30*time.Minute, "console"),
			person("new-mfa", "codes", 10*time.Minute, "support"),
			person("restart", "mysqld", time.Minute, "shell"),
		},
	}
}

func graph(t testing.TB, m chain.Model) *Graph {
	t.Helper()
	if _, bad := chain.New(m); bad != nil {
		t.Fatal(bad)
	}
	return New(m)
}

// withSupport adds what the week took: a support case, for which the phone number
// must still be his.
func withSupport() chain.Model {
	m := story()
	m.Things = append(m.Things, chain.Thing{Name: "support", Needs: []string{"mailbox", "phone-number"}})
	m.Mends[1].Takes = 7 * day
	return m
}

func TestTheStory(t *testing.T) {
	g := graph(t, withSupport())
	for _, c := range []struct {
		lost   string
		margin int
		back   time.Duration // -1 for no way back
		steps  string
	}{
		// sshd, firewall, the shell's own links, can fail by themselves too.
		{"", 0, 0, ""},
		{"vpn-company", 0, 30 * time.Minute, "security-group"},
		{"phone", 0, 0, ""},
		{"phone vpn-company", -1, 7*day + 30*time.Minute, "new-mfa security-group"},
		{"phone vpn-company phone-number", -1, -1, ""},
	} {
		s := State{Lost: strings.Fields(c.lost)}
		p := g.Back("shell", s)
		var steps []string
		for _, step := range p.Steps {
			steps = append(steps, step.Mend.Name)
		}
		if p.Reached != (c.back >= 0) || p.Reached && p.Takes != c.back || strings.Join(steps, " ") != c.steps {
			t.Errorf("lost %q: %+v", c.lost, p)
		}
		if m := g.Margins("shell", s).Now; m.Survives != c.margin {
			t.Errorf("lost %q: margin %d by %v, want %d", c.lost, m.Survives, m.Cut, c.margin)
		}
	}
}

func TestMarginOfTheStoryInThings(t *testing.T) {
	m := withSupport()
	m.Mends = append(m.Mends, chain.Mend{Name: "start-sshd", For: "sshd", Takes: time.Minute, By: chain.Machine, Needs: []string{"firewall"}})
	g := graph(t, m)
	for _, c := range []struct {
		lost   []string
		margin int
	}{{nil, 1}, {[]string{"phone"}, 0}, {[]string{"phone", "vpn-company"}, -1}} {
		if got := g.Margins("shell", State{Lost: c.lost}).Now; got.Survives != c.margin {
			t.Errorf("lost %v: margin %d by %v, want %d", c.lost, got.Survives, got.Cut, c.margin)
		}
	}
	if b := g.Back("blog", State{Lost: []string{"mysqld", "vpn-company", "phone"}}); b.Takes != 7*day+31*time.Minute || len(b.Steps) != 3 {
		t.Errorf("%+v", b)
	}
}

func TestUnprovenIsCountedBothWays(t *testing.T) {
	g := graph(t, withSupport())
	got := g.Margins("shell", State{Unproven: []string{"sshd"}})
	if got.Now.Survives != -1 || got.IfAllWell.Survives != 0 {
		t.Errorf("%+v", got)
	}
}

func TestWaivedNeeds(t *testing.T) {
	g := graph(t, withSupport())
	s := State{Lost: []string{"vpn"}}
	if p := g.Back("shell", s); len(p.Steps) != 1 {
		t.Errorf("%+v", p)
	}
	s.Waived = []chain.Oddity{{Link: "firewall", Need: "vpn"}}
	if p := g.Back("shell", s); !p.Reached || len(p.Steps) != 0 {
		t.Errorf("%+v", p)
	}
}

// A circle of mends, a shell to mend the firewall and the firewall to get a shell,
// gives nothing.
func TestCirclesGiveNothing(t *testing.T) {
	g := graph(t, chain.Model{
		Links: []chain.Link{{Name: "firewall"}},
		Goals: []chain.Goal{{Name: "shell", Within: day, Ways: []chain.Way{{Name: "ssh", Links: []string{"firewall"}}}}},
		Mends: []chain.Mend{{Name: "open", For: "firewall", Needs: []string{"shell"}}},
	})
	if p := g.Back("shell", State{Lost: []string{"firewall"}}); p.Reached {
		t.Errorf("%+v", p)
	}
}

func TestPersonsWorkInSeries(t *testing.T) {
	m := chain.Model{
		Links: []chain.Link{{Name: "a"}, {Name: "b"}, {Name: "c"}},
		Goals: []chain.Goal{{Name: "g", Within: day, Ways: []chain.Way{{Name: "w", Links: []string{"a", "b", "c"}}}}},
		Mends: []chain.Mend{
			{Name: "ma", For: "a", Takes: time.Hour}, {Name: "mb", For: "b", Takes: 2 * time.Hour},
			{Name: "mc", For: "c", Takes: 150 * time.Minute, By: chain.Machine},
		},
	}
	p := graph(t, m).Back("g", State{Lost: []string{"a", "b", "c"}})
	if p.Takes != 3*time.Hour || len(p.Steps) != 3 {
		t.Errorf("%+v", p)
	}
}

func TestNoSetOfLossesTakesIt(t *testing.T) {
	m := chain.Model{
		Links: []chain.Link{{Name: "a"}},
		Goals: []chain.Goal{{Name: "g", Within: day, Ways: []chain.Way{{Name: "w", Links: []string{"a"}}}}},
		Mends: []chain.Mend{{Name: "m", For: "a", Takes: time.Hour}},
	}
	if got := graph(t, m).Margins("g", State{}).Now; !got.None {
		t.Errorf("%+v", got)
	}
}

func TestImportance(t *testing.T) {
	got := Importance([][]string{{"a"}, {"b", "c"}, {"b", "d"}})
	if len(got) != 4 || got[0].Name != "a" && got[0].Name != "b" || got[0].Weight != 1 || got[2].Weight != 0.5 {
		t.Errorf("%+v", got)
	}
}
