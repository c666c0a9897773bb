package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/ways/waystest"
)

// reckon measures margins and cut sets, each beside the plainer method in the same
// run. aralia is a folder of the Aralia fault trees in the Open-PSA format, "" for
// none.
func reckon(ctx context.Context, runs int, aralia string) error {
	hosting(runs)
	if err := trees(ctx, runs); err != nil {
		return err
	}
	if aralia == "" {
		return nil
	}
	return published(ctx, aralia, runs)
}

// timed is the median time of several runs of f.
func timed(runs int, f func()) time.Duration {
	var took []time.Duration
	for range runs {
		began := time.Now()
		f()
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// hosting measures the state and margins of a hosting company of a thousand sites.
func hosting(runs int) {
	m := waystest.Hosting(1000)
	c, bad := chain.New(m)
	if bad != nil {
		panic(bad[0])
	}
	fmt.Printf("\nA hosting company: 1,000 sites, %d links, %d things, %d goals, %d mends. Medians of %d.\n\n",
		len(m.Links), len(m.Things), len(m.Goals), len(m.Mends), runs)
	fmt.Println("| state and margins of all goals, from the proofs | time |")
	fmt.Println("|---|---|")
	at := time.Now()
	margins := func(r *ways.Reckoner) {
		for _, o := range m.Goals {
			r.Margins(o.Name)
		}
	}
	prove := func() *chain.State {
		s := chain.NewState(c)
		for _, l := range m.Links {
			s.Fold(l.Name, chain.Proof{Verdict: chain.Holds, At: at})
		}
		return s
	}
	fmt.Printf("| from nothing | %v |\n", timed(runs, func() {
		margins(ways.New(m).Reckoner(stand(m, prove().Look(at))))
	}).Round(time.Microsecond))
	for _, link := range []string{"certificate.site-7", "nginx@host-3", "uplink@host-3"} {
		state := prove()
		r := ways.New(m).Reckoner(stand(m, state.Look(at)))
		margins(r)
		verdict, goals := chain.Holds, 0
		took := timed(2*runs, func() { // half of them find it broken, half holding again
			verdict = chain.Broken + chain.Holds - verdict
			state.Fold(link, chain.Proof{Verdict: verdict, At: at})
			goals = len(r.Change(stand(m, state.Look(at))))
			margins(r)
		})
		fmt.Printf("| after one proof, of %s, has changed (%d goals rest on it) | %v |\n", link, goals, took.Round(time.Microsecond))
	}
	g := ways.New(m)
	fmt.Println("\n| minimal cut sets of one goal to order 3 | diagrams | hitting sets |\n|---|---|---|")
	for _, goal := range []string{"seen: site-7", "in: site-7"} {
		fmt.Printf("| %s: %v |", goal, g.Cuts(goal, ways.State{}, 3).Counts)
		for _, by := range []ways.Method{ways.Diagrams, ways.HittingSets} {
			fmt.Printf(" %v |", timed(runs, func() { g.CutsBy(by, goal, ways.State{}, 3) }).Round(time.Microsecond))
		}
		fmt.Println()
	}
}

// stand is how things stand by a view, as the guard sees it.
func stand(m chain.Model, v *chain.View) ways.State {
	s := ways.State{Waived: v.Odd()}
	for _, l := range m.Links {
		switch verdict := v.Verdict(l.Name); {
		case verdict == chain.Holds || !v.ByItself(l.Name):
		case verdict == chain.Broken:
			s.Lost = append(s.Lost, l.Name)
		default:
			s.Unproven = append(s.Unproven, l.Name)
		}
	}
	return s
}

// trees measures coherent fault trees whose numbers of cuts follow from their form.
func trees(ctx context.Context, runs int) error {
	numbered := func(prefix string, n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprint(prefix, i))
		}
		return all
	}
	vote := func(name string, least int, of ...string) waystest.Gate {
		return waystest.Gate{Name: name, Least: least, Of: of}
	}
	nested := []waystest.Gate{vote("top", 2, numbered("v", 100)...)}
	for i := range 100 {
		nested = append(nested, vote(fmt.Sprint("v", i), 2, numbered(fmt.Sprintf("e%d.", i), 3)...))
	}
	trains := []waystest.Gate{waystest.Or("top", append(numbered("s", 100), "all")...), waystest.And("all", numbered("t", 4)...)}
	for i := range 4 {
		trains = append(trains, waystest.Or(fmt.Sprint("t", i), numbered(fmt.Sprintf("p%d.", i), 18)...))
	}
	fmt.Printf("\nCoherent fault trees, all minimal cut sets to order 4. Medians of %d.\n\n", runs)
	heading()
	for _, t := range []struct {
		name  string
		gates []waystest.Gate
	}{
		{"2 of 3 of 20", []waystest.Gate{waystest.Or("top", "a", "b"), vote("a", 2, numbered("e", 20)...), vote("b", 3, numbered("f", 20)...)}},
		{"4 of 40", []waystest.Gate{vote("top", 4, numbered("e", 40)...)}},
		{"2 of 100, each 2 of 3", nested},
		{"4 trains of 18 parts, 100 single points", trains},
	} {
		if err := compare(ctx, t.name, t.gates, runs, -1); err != nil {
			return err
		}
	}
	return nil
}

func heading() {
	fmt.Println("| tree | basic events | cut sets by order | diagrams | hitting sets | MOCUS |")
	fmt.Println("|---|---|---|---|---|---|")
}

// compare measures one tree by all methods. If all is not negative, it is the
// published number of its minimal cut sets of every order.
func compare(ctx context.Context, name string, gates []waystest.Gate, runs, all int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	top := topOf(gates)
	m := waystest.Tree(gates...)
	g := ways.New(m)
	cuts := g.Cuts(top, ways.State{}, 4)
	total := fmt.Sprint(cuts.Counts[1:])
	if all >= 0 {
		whole := g.CutsBy(ways.Diagrams, top, ways.State{}, 20)
		sum := 0
		for _, n := range whole.Counts {
			sum += n
		}
		switch {
		case whole.Complete < 20:
			total += fmt.Sprintf(" (%d published of all orders, too many to list)", all)
		case sum == all:
			total += fmt.Sprintf(" (%d of all orders, as published)", sum)
		default:
			total += fmt.Sprintf(" (**%d of all orders, %d published**)", sum, all)
		}
	}
	row := []string{name, fmt.Sprint(len(m.Links)), total}
	for _, by := range []ways.Method{ways.Diagrams, ways.HittingSets} {
		done := ways.Cuts{}
		n := runs
		if by == ways.HittingSets {
			n = 1 // it may take long
		}
		took := timed(n, func() { done = g.CutsBy(by, top, ways.State{}, 4) }).Round(10 * time.Microsecond)
		row = append(row, bounded(took, done.Complete))
	}
	began := time.Now()
	found, order := mocus(ctx, top, gates, 4)
	if order == 4 && cuts.Complete == 4 && len(found) != len(cuts.Sets) {
		return fmt.Errorf("%s: MOCUS finds %d cut sets, diagrams %d", name, len(found), len(cuts.Sets))
	}
	row = append(row, bounded(time.Since(began).Round(10*time.Microsecond), order))
	fmt.Println("| " + strings.Join(row, " | ") + " |")
	return nil
}

// bounded is a time, and how far it led if not to the end.
func bounded(took time.Duration, order int) string {
	if order < 4 {
		return fmt.Sprintf("gave up after %v, listed to order %d", took, order)
	}
	return took.String()
}

// topOf is the gate that is no other's input.
func topOf(gates []waystest.Gate) string {
	used := map[string]bool{}
	for _, g := range gates {
		for _, in := range g.Of {
			used[in] = true
		}
	}
	for _, g := range gates {
		if !used[g.Name] {
			return g.Name
		}
	}
	return ""
}

// mocus is the plain method that others are measured by (J. B. Fussell and W. E.
// Vesely, 1972): rows of gates and events, in which an or-gate makes a row of each
// input, an and-gate adds all to its row; at the end rows that hold another are
// dropped. Rows of more than order events are cut off. It gives up at five million
// rows or after twenty seconds, and then returns order 0.
func mocus(ctx context.Context, top string, gates []waystest.Gate, order int) ([][]string, int) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	by := map[string]waystest.Gate{}
	for _, g := range gates {
		by[g.Name] = g
	}
	seen := map[string]bool{}
	var sets [][]string
	rows := 0
	for todo := [][]string{{top}}; len(todo) > 0; {
		row := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if rows++; rows > 5_000_000 || len(todo) > 5_000_000 || rows%1024 == 0 && ctx.Err() != nil {
			return nil, 0
		}
		at := slices.IndexFunc(row, func(n string) bool { return by[n].Of != nil })
		if at < 0 {
			if key := strings.Join(row, " "); !seen[key] {
				seen[key] = true
				sets = append(sets, row)
			}
			continue
		}
		g := by[row[at]]
		rest := slices.Delete(slices.Clone(row), at, at+1)
		combinations(g.Of, g.Least, func(some []string) bool {
			next := slices.Concat(rest, some)
			slices.Sort(next)
			next = slices.Compact(next)
			events := 0
			for _, n := range next {
				if by[n].Of == nil {
					events++
				}
			}
			if events <= order {
				todo = append(todo, next)
			}
			return len(todo) <= 5_000_000
		})
	}
	slices.SortFunc(sets, func(a, b []string) int { return cmp.Compare(len(a), len(b)) })
	var minimal [][]string
	for i, s := range sets {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, 0
		}
		if !slices.ContainsFunc(minimal, func(m []string) bool {
			return len(m) < len(s) && !slices.ContainsFunc(m, func(n string) bool { return !slices.Contains(s, n) })
		}) {
			minimal = append(minimal, s)
		}
	}
	return minimal, order
}

// combinations calls f with every choice of k of names, until it says false.
func combinations(names []string, k int, f func([]string) bool) {
	var some []string
	var pick func(from int) bool
	pick = func(from int) bool {
		if len(some) == k {
			return f(some)
		}
		for i := from; i <= len(names)-(k-len(some)); i++ {
			some = append(some, names[i])
			ok := pick(i + 1)
			some = some[:len(some)-1]
			if !ok {
				return false
			}
		}
		return true
	}
	pick(0)
}
