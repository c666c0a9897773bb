package chain

import (
	"fmt"
	"slices"
	"strings"
)

// Chain is a model that has been checked. It does not change.
type Chain struct {
	model  Model
	things map[string]int
	links  map[string]int
	goals  map[string]int
	// Links and goals are numbered, links first. needs and users are the edges among
	// them: what each names, and who names it. Things are left out: they are not
	// proved.
	needs  [][]int32
	users  [][]int32
	ways   [][][]int32 // of each goal, each way's links
	sorted []int32     // so that each comes after all that it needs
	order  []string    // the same by name
}

// Mistake is one thing wrong with a model.
type Mistake struct {
	// At names the link, goal, thing or mend.
	At string
	// Name is the word that is wrong, if one is.
	Name string
	Text Text
}

func (m Mistake) Error() string {
	return fmt.Sprintf("%s: %s %v", m.At, m.Text.Key, m.Text.Args)
}

// New checks m and makes a chain of it. On mistakes it returns all of them and
// no chain: names given twice or not at all, needs that do not exist, goals
// without a way, circles among needs.
func New(m Model) (*Chain, []Mistake) {
	c := &Chain{
		model: m, things: make(map[string]int, len(m.Things)), links: make(map[string]int, len(m.Links)),
		goals: make(map[string]int, len(m.Goals)),
	}
	bad := c.index()
	bad = append(bad, c.check()...)
	if len(bad) > 0 {
		return nil, bad
	}
	order, circle := sortByNeeds(c.connect())
	if circle != nil {
		return nil, []Mistake{{At: c.name(circle[0]), Text: Say("chain.circle", "circle", c.drawn(circle))}}
	}
	for _, n := range order {
		if c.provable(n) {
			c.sorted = append(c.sorted, n)
			c.order = append(c.order, c.name(n))
		}
	}
	return c, nil
}

// number is that of a link, a goal or, after them, a thing.
func (c *Chain) number(name string) (n int32, ok bool) {
	if i, ok := c.links[name]; ok {
		return int32(i), true
	}
	if i, ok := c.goals[name]; ok {
		return int32(len(c.links) + i), true
	}
	i, ok := c.things[name]
	return int32(len(c.links) + len(c.goals) + i), ok
}

func (c *Chain) name(n int32) string {
	i := int(n)
	if i < len(c.links) {
		return c.model.Links[i].Name
	}
	if i -= len(c.links); i < len(c.goals) {
		return c.model.Goals[i].Name
	}
	return c.model.Things[i-len(c.goals)].Name
}

// provable reports whether a number is that of a link or a goal.
func (c *Chain) provable(n int32) bool { return int(n) < len(c.links)+len(c.goals) }

// drawn is a circle in words; of a very long one the beginning and the end.
func (c *Chain) drawn(circle []int32) string {
	const most = 20
	var names []string
	for i, n := range circle {
		if len(circle) > most && i == most/2 {
			names = append(names, "…")
		}
		if len(circle) <= most || i < most/2 || i >= len(circle)-most/2 {
			names = append(names, c.name(n))
		}
	}
	return strings.Join(names, " → ")
}

func (c *Chain) index() (bad []Mistake) {
	what := map[string]string{}
	add := func(kind, name string, into map[string]int, i int) {
		switch {
		case name == "":
			bad = append(bad, Mistake{At: kind, Text: Say("chain.no_name", "what", kind)})
		case what[name] != "":
			bad = append(bad, Mistake{At: name, Name: name, Text: Say("chain.name_twice",
				"name", name, "first", what[name], "second", kind)})
		default:
			what[name] = kind
			into[name] = i
		}
	}
	for i, t := range c.model.Things {
		add("thing", t.Name, c.things, i)
	}
	for i, l := range c.model.Links {
		add("link", l.Name, c.links, i)
	}
	for i, g := range c.model.Goals {
		add("goal", g.Name, c.goals, i)
	}
	return bad
}

// check finds names that do not exist, goals without a way, and mends that cannot be.
func (c *Chain) check() (bad []Mistake) {
	all := c.AllNames()
	// Looking for the nearest of a million names takes a second: a few will do.
	suggestions := max(1, 2_000_000/(len(all)+1))
	known := func(at, name string) bool {
		if c.Has(name) {
			return true
		}
		nearest := ""
		if suggestions--; suggestions >= 0 {
			nearest = Nearest(name, all)
		}
		bad = append(bad, Mistake{At: at, Name: name, Text: Say("chain.unknown_name", "name", name, "nearest", nearest)})
		return false
	}
	for _, l := range c.model.Links {
		for _, n := range l.Needs {
			known(l.Name, n)
		}
	}
	for _, g := range c.model.Goals {
		if g.Within < 0 {
			bad = append(bad, Mistake{At: g.Name, Text: Say("chain.negative_within", "goal", g.Name)})
		}
		if len(g.Ways) == 0 {
			bad = append(bad, Mistake{At: g.Name, Text: Say("chain.no_way", "goal", g.Name)})
		}
		for _, w := range g.Ways {
			if len(w.Links) == 0 {
				bad = append(bad, Mistake{At: g.Name, Text: Say("chain.empty_way", "goal", g.Name, "way", w.Name)})
			}
			for _, n := range w.Links {
				if _, thing := c.things[n]; thing {
					bad = append(bad, Mistake{At: g.Name, Name: n, Text: Say("chain.thing_in_way", "goal", g.Name, "name", n)})
				} else {
					known(g.Name, n)
				}
			}
		}
	}
	for _, t := range c.model.Things {
		for _, n := range t.Needs {
			known(t.Name, n)
		}
	}
	return append(bad, c.checkMends(known)...)
}

// connect sets needs and users. It returns what all need, things too.
func (c *Chain) connect() (needs [][]int32) {
	proved := len(c.model.Links) + len(c.model.Goals)
	needs = make([][]int32, 0, proved+len(c.model.Things))
	add := func(lists ...[]string) {
		var numbers []int32
		for _, names := range lists {
			for _, name := range names {
				n, _ := c.number(name)
				numbers = append(numbers, n)
			}
		}
		needs = append(needs, once(numbers))
	}
	for _, l := range c.model.Links {
		add(l.Needs)
	}
	for _, g := range c.model.Goals {
		lists, ways := make([][]string, len(g.Ways)), make([][]int32, len(g.Ways))
		for i, w := range g.Ways {
			lists[i] = w.Links
			for _, name := range w.Links {
				n, _ := c.number(name)
				ways[i] = append(ways[i], n)
			}
		}
		c.ways = append(c.ways, ways)
		add(lists...)
	}
	for _, t := range c.model.Things {
		add(t.Needs)
	}
	c.needs, c.users = make([][]int32, proved), make([][]int32, proved)
	for from := range int32(proved) {
		for _, to := range needs[from] {
			if c.provable(to) {
				c.needs[from] = append(c.needs[from], to)
				c.users[to] = append(c.users[to], from)
			}
		}
	}
	return needs
}

// once drops what comes twice.
func once(numbers []int32) []int32 {
	if len(numbers) < 2 {
		return numbers
	}
	seen := make(map[int32]bool, len(numbers))
	return slices.DeleteFunc(numbers, func(n int32) bool {
		twice := seen[n]
		seen[n] = true
		return twice
	})
}

func (c *Chain) checkMends(known func(at, name string) bool) (bad []Mistake) {
	for _, m := range c.model.Mends {
		_, goal := c.goals[m.For]
		switch {
		case goal:
			bad = append(bad, Mistake{At: m.Name, Name: m.For, Text: Say("chain.mend_for_goal", "mend", m.Name, "goal", m.For)})
		case known(m.Name, m.For) && m.Takes < 0:
			bad = append(bad, Mistake{At: m.Name, Text: Say("chain.negative_time", "mend", m.Name)})
		}
		for _, n := range m.Needs {
			known(m.Name, n)
		}
	}
	return bad
}

// Model returns what the chain was made of. It must not be changed.
func (c *Chain) Model() Model { return c.model }

// Has reports whether name is a thing, a link or a goal.
func (c *Chain) Has(name string) bool {
	_, t := c.things[name]
	_, l := c.links[name]
	_, g := c.goals[name]
	return t || l || g
}

// AllNames lists things, links and goals.
func (c *Chain) AllNames() []string {
	names := make([]string, 0, len(c.model.Things)+len(c.model.Links)+len(c.model.Goals))
	for _, t := range c.model.Things {
		names = append(names, t.Name)
	}
	for _, l := range c.model.Links {
		names = append(names, l.Name)
	}
	for _, g := range c.model.Goals {
		names = append(names, g.Name)
	}
	return names
}

// Thing returns the thing of that name.
func (c *Chain) Thing(name string) (Thing, bool) {
	i, ok := c.things[name]
	if !ok {
		return Thing{}, false
	}
	return c.model.Things[i], true
}

// Link returns the link of that name.
func (c *Chain) Link(name string) (Link, bool) {
	i, ok := c.links[name]
	if !ok {
		return Link{}, false
	}
	return c.model.Links[i], true
}

// Goal returns the goal of that name.
func (c *Chain) Goal(name string) (Goal, bool) {
	i, ok := c.goals[name]
	if !ok {
		return Goal{}, false
	}
	return c.model.Goals[i], true
}

// Order lists links and goals so that each comes after all that it needs.
func (c *Chain) Order() []string { return c.order }

// Below lists every link and goal that name needs, directly or not.
func (c *Chain) Below(name string) []string { return c.reach(name, c.needs) }

// Above lists every link and goal that needs name, directly or not.
func (c *Chain) Above(name string) []string { return c.reach(name, c.users) }

func (c *Chain) reach(name string, edges [][]int32) []string {
	from, ok := c.number(name)
	if !ok || !c.provable(from) {
		return nil
	}
	var out []string
	numbers, _ := c.walk(from, edges)
	for _, n := range numbers {
		out = append(out, c.name(n))
	}
	return out
}

// walk lists all that is reached from a number, itself left out; and whether each
// number was, itself too.
func (c *Chain) walk(from int32, edges [][]int32) (out []int32, seen []bool) {
	seen = make([]bool, len(c.needs))
	seen[from] = true
	for at := -1; at < len(out); at++ {
		n := from
		if at >= 0 {
			n = out[at]
		}
		for _, n := range edges[n] {
			if !seen[n] {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	return out, seen
}
