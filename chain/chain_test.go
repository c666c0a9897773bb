package chain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// draw makes a chain of lines such as "blog -> sql nginx" (a link and its needs)
// and "= shell: vpn+ssh | console" (a goal and its ways).
func draw(text string) chain.Model {
	var m chain.Model
	seen := map[string]bool{}
	add := func(name string, needs []string) {
		if i := slices.IndexFunc(m.Links, func(l chain.Link) bool { return l.Name == name }); i >= 0 {
			m.Links[i].Needs = append(m.Links[i].Needs, needs...)
		} else if !seen[name] {
			m.Links = append(m.Links, chain.Link{Name: name, Needs: needs, Fresh: fresh})
		}
		seen[name] = true
	}
	for line := range strings.Lines(text) {
		if goal, ok := strings.CutPrefix(strings.TrimSpace(line), "= "); ok {
			name, ways, _ := strings.Cut(goal, ":")
			g := chain.Goal{Name: name}
			for w := range strings.SplitSeq(ways, "|") {
				g.Ways = append(g.Ways, chain.Way{Name: strings.TrimSpace(w), Links: strings.Split(strings.TrimSpace(w), "+")})
			}
			m.Goals = append(m.Goals, g)
			seen[name] = true
			continue
		}
		name, needs, _ := strings.Cut(line, "->")
		if name = strings.TrimSpace(name); name != "" {
			add(name, strings.Fields(needs))
		}
	}
	return m
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, key, says string }{
		{"circle", "a -> b\nb -> c\nc -> a", "chain.circle", "a → b → c → a"},
		{"circle of one", "a -> a", "chain.circle", "a → a"},
		{"circle through a goal", "a -> g\nb -> a\n= g: b", "chain.circle", "a → g → b → a"},
		{"unknown need", "sshd\nlogin -> shsd", "chain.unknown_name", "shsd"},
		{"unknown in a way", "sshd\n= shell: sshd+vnp", "chain.unknown_name", "vnp"},
		{"name twice", "a\n= a: a", "chain.name_twice", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, bad := chain.New(draw(c.text))
			if len(bad) != 1 || bad[0].Text.Key != c.key {
				t.Fatalf("got %v, want one %s", bad, c.key)
			}
			for _, v := range bad[0].Text.Args {
				if v == c.says {
					return
				}
			}
			t.Errorf("%v does not name %q", bad[0], c.says)
		})
	}
}

func TestMistakesComeTogether(t *testing.T) {
	m := draw("a -> nobody\nb -> noone")
	m.Goals = []chain.Goal{{Name: "empty"}}
	m.Mends = []chain.Mend{{Name: "mend", For: "a", Takes: -time.Second}}
	if _, bad := chain.New(m); len(bad) != 4 {
		t.Errorf("got %d mistakes, want 4: %v", len(bad), bad)
	}
}

func TestLongChain(t *testing.T) {
	var m chain.Model
	name := func(i int) string {
		return "l" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + time.Duration(i).String()
	}
	const n = 200_000
	for i := range n {
		l := chain.Link{Name: name(i)}
		if i+1 < n {
			l.Needs = []string{name(i + 1)}
		}
		m.Links = append(m.Links, l)
	}
	c, bad := chain.New(m)
	if bad != nil {
		t.Fatal(bad[0])
	}
	if c.Order()[0] != name(n-1) {
		t.Error("the deepest need does not come first")
	}
}

func TestNearest(t *testing.T) {
	words := []string{"mysql", "phpfpm", "process", "tls"}
	for in, want := range map[string]string{"mysqll": "mysql", "msyql": "mysql", "proces": "process", "x": "", "completely": ""} {
		if got := chain.Nearest(in, words); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestOdd(t *testing.T) {
	c, _ := chain.New(draw("vpn\nblog -> vpn"))
	s := chain.NewState(c)
	now := time.Now()
	s.Fold("vpn", chain.Proof{Verdict: chain.Broken, At: now})
	s.Fold("blog", chain.Proof{Verdict: chain.Holds, At: now})
	if odd := s.Look(now).Odd(); len(odd) != 1 || odd[0] != (chain.Oddity{Link: "blog", Need: "vpn"}) {
		t.Errorf("got %v", odd)
	}
}

// What is proved aside says nothing of its needs: who goes by it does, and blames them.
func TestAside(t *testing.T) {
	m := draw("vpn\ngroup -> vpn\nlist -> group\nsshd -> list")
	m.Links[1].Aside, m.Links[2].Aside = true, true
	c, _ := chain.New(m)
	s := chain.NewState(c)
	now := time.Now()
	fold := func(name string, v chain.Verdict) {
		now = now.Add(time.Millisecond)
		s.Fold(name, chain.Proof{Verdict: v, At: now})
	}
	fold("vpn", chain.Broken)
	fold("group", chain.Holds)
	fold("list", chain.Holds)
	v := s.Look(now)
	if odd := v.Odd(); len(odd) > 0 || v.Verdict("group") != chain.Holds {
		t.Errorf("nobody has come by it, and yet %v", odd)
	}
	fold("sshd", chain.Broken)
	v = s.Look(now)
	if blame := v.Blame("sshd"); !slices.Equal(blame, []string{"vpn"}) || v.ByItself("sshd") || len(v.Odd()) > 0 {
		t.Errorf("blamed is %v, odd %v", blame, v.Odd())
	}
	fold("sshd", chain.Holds)
	o := chain.Oddity{Link: "group", Need: "vpn"}
	v = s.Look(now)
	if odd := v.Odd(); !slices.Equal(odd, []chain.Oddity{o}) || !slices.Equal(v.Shown(o), []string{"sshd"}) {
		t.Errorf("sshd holds: %v, shown by %v", odd, v.Shown(o))
	}
	fold("vpn", chain.Holds)
	fold("sshd", chain.Broken)
	if blame := s.Look(now).Blame("sshd"); !slices.Equal(blame, []string{"sshd"}) {
		t.Errorf("with the vpn: %v", blame)
	}
}

func TestOlderProofChangesNothing(t *testing.T) {
	c, _ := chain.New(draw("a"))
	s := chain.NewState(c)
	now := time.Now()
	s.Fold("a", chain.Proof{Verdict: chain.Broken, At: now})
	if s.Fold("a", chain.Proof{Verdict: chain.Holds, At: now.Add(-time.Second)}) {
		t.Error("a proof that began earlier changed the verdict")
	}
	if v := s.Look(now).Verdict("a"); v != chain.Broken {
		t.Errorf("got %v", v)
	}
}
