package chain_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways/waystest"
)

func TestCirclesThroughThings(t *testing.T) {
	m := draw("sshd -> phone\ncodes -> sshd")
	m.Things = []chain.Thing{{Name: "phone", Needs: []string{"sim"}}, {Name: "sim", Needs: []string{"codes"}}}
	_, bad := chain.New(m)
	if len(bad) != 1 || bad[0].Text.Key != "chain.circle" || bad[0].Text.Args["circle"] != "sshd → phone → sim → codes → sshd" {
		t.Errorf("%v", bad)
	}
}

// Very many links are refused or taken without work that grows faster than they do:
// with the square of their number, this test would take hours. BenchmarkNewMillion has
// a million.
func TestVeryManyLinks(t *testing.T) {
	const n = 200_000
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("link-", i)
	}
	name := func(i int) string { return names[i] }
	row := func(n int) (m chain.Model) {
		m.Links = make([]chain.Link, n)
		for i := range n {
			m.Links[i] = chain.Link{Name: name(i)}
			if i > 0 {
				m.Links[i].Needs = []string{name(i - 1)}
			}
		}
		return m
	}
	t.Run("row, and circle", func(t *testing.T) {
		m := row(n)
		c, bad := chain.New(m)
		if bad != nil || len(c.Order()) != n || len(c.Above(name(0))) != n-1 {
			t.Errorf("%v", bad)
		}
		m.Links[0].Needs = []string{name(n - 1)}
		_, bad = chain.New(m)
		if len(bad) != 1 || bad[0].Text.Key != "chain.circle" {
			t.Fatalf("%v", bad)
		}
		if drawn := bad[0].Text.Args["circle"]; len(drawn) > 1000 || !strings.HasPrefix(drawn, "link-0 → link-199999 → ") || !strings.HasSuffix(drawn, " → link-0") {
			t.Errorf("%s", drawn)
		}
	})
	t.Run("one that needs all", func(t *testing.T) {
		const n = n / 4
		m := row(n)
		all := chain.Link{Name: "all"}
		for i := range n {
			m.Links[i].Needs = nil
			all.Needs = append(all.Needs, name(i), name(i))
		}
		m.Links = append(m.Links, all)
		c, bad := chain.New(m)
		if bad != nil {
			t.Fatal(bad)
		}
		s := chain.NewState(c)
		at := time.Unix(1e9, 0)
		s.Fold(name(7), chain.Proof{Verdict: chain.Broken, At: at})
		s.Fold("all", chain.Proof{Verdict: chain.Broken, At: at})
		if blame := s.Look(at).Blame("all"); len(blame) != 0 && blame[0] != name(7) {
			t.Errorf("%v", blame)
		}
	})
	t.Run("names that do not exist", func(t *testing.T) {
		const n = n / 4
		m := row(n)
		for i := range n {
			m.Links[i].Needs = []string{fmt.Sprint("lnik-", i)}
		}
		if _, bad := chain.New(m); len(bad) != n || bad[0].Text.Args["nearest"] != "link-0" {
			t.Errorf("%d mistakes, the first %v", len(bad), bad[0])
		}
	})
}

func BenchmarkNewMillion(b *testing.B) {
	var m chain.Model
	for i := range 1_000_000 {
		m.Links = append(m.Links, chain.Link{Name: fmt.Sprint(i), Needs: []string{fmt.Sprint(i / 2)}})
	}
	m.Links[0].Needs = nil
	for b.Loop() {
		if _, bad := chain.New(m); bad != nil {
			b.Fatal(bad)
		}
	}
}

func BenchmarkNewHosting(b *testing.B) {
	m := waystest.Hosting(1000)
	for b.Loop() {
		chain.New(m)
	}
}

// What the guard does when a proof has changed: fold it in, and look.
func BenchmarkLookHosting(b *testing.B) {
	m := waystest.Hosting(1000)
	c, _ := chain.New(m)
	s := chain.NewState(c)
	at := time.Unix(1e9, 0)
	for _, l := range m.Links {
		s.Fold(l.Name, chain.Proof{Verdict: chain.Holds, At: at})
	}
	for b.Loop() {
		s.Fold("nginx@host-3", chain.Proof{Verdict: chain.Broken, At: at})
		s.Look(at.Add(time.Second)).Odd()
	}
}

// A break under very many links is one incident, found in time that grows with them
// and not with their square.
func TestVeryManyFall(t *testing.T) {
	const n = 50_000
	m := chain.Model{Links: make([]chain.Link, n)}
	for i := range n {
		m.Links[i] = chain.Link{Name: fmt.Sprint(i), Fresh: time.Hour}
		if i > 0 {
			m.Links[i].Needs = []string{fmt.Sprint(i - 1)}
		}
	}
	c, bad := chain.New(m)
	if bad != nil {
		t.Fatal(bad)
	}
	s, at := chain.NewState(c), time.Unix(1e9, 0)
	for _, l := range m.Links {
		s.Fold(l.Name, chain.Proof{Verdict: chain.Broken, At: at})
	}
	changes := (&chain.Incidents{}).Fold(s, s.Look(at), nil)
	if len(changes) != 1 || changes[0].Incident.Link != "0" || len(changes[0].Incident.Fell) != n-1 {
		t.Errorf("%d changes", len(changes))
	}
}
