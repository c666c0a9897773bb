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
	// needs and users are the edges among links and goals: what each names, and
	// who names it. Things are left out: they are not proved.
	needs map[string][]string
	users map[string][]string
	order []string
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
		model: m, things: map[string]int{}, links: map[string]int{}, goals: map[string]int{},
		needs: map[string][]string{}, users: map[string][]string{},
	}
	bad := c.index()
	bad = append(bad, c.connect()...)
	if len(bad) > 0 {
		return nil, bad
	}
	order, circle := sortByNeeds(c.names(), c.needs)
	if circle != nil {
		return nil, []Mistake{{
			At: circle[0], Text: Say("chain.circle", "circle", strings.Join(circle, " → ")),
		}}
	}
	c.order = order
	return c, nil
}

// names lists links, then goals, in the model's order.
func (c *Chain) names() []string {
	names := make([]string, 0, len(c.model.Links)+len(c.model.Goals))
	for _, l := range c.model.Links {
		names = append(names, l.Name)
	}
	for _, g := range c.model.Goals {
		names = append(names, g.Name)
	}
	return names
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

func (c *Chain) connect() (bad []Mistake) {
	known := func(at, name string) bool {
		if c.Has(name) {
			return true
		}
		bad = append(bad, Mistake{At: at, Name: name, Text: Say("chain.unknown_name",
			"name", name, "nearest", Nearest(name, c.AllNames()))})
		return false
	}
	edge := func(from, to string) {
		if _, thing := c.things[to]; thing || slices.Contains(c.needs[from], to) {
			return
		}
		c.needs[from] = append(c.needs[from], to)
		c.users[to] = append(c.users[to], from)
	}
	for _, l := range c.model.Links {
		for _, n := range l.Needs {
			if known(l.Name, n) {
				edge(l.Name, n)
			}
		}
	}
	for _, g := range c.model.Goals {
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
				} else if known(g.Name, n) {
					edge(g.Name, n)
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
	var names []string
	for _, t := range c.model.Things {
		names = append(names, t.Name)
	}
	return append(names, c.names()...)
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
func (c *Chain) Below(name string) []string { return reach(name, c.needs) }

// Above lists every link and goal that needs name, directly or not.
func (c *Chain) Above(name string) []string { return reach(name, c.users) }

func reach(from string, edges map[string][]string) []string {
	seen := map[string]bool{from: true}
	var out []string
	for todo := []string{from}; len(todo) > 0; {
		at := todo[0]
		todo = todo[1:]
		for _, n := range edges[at] {
			if !seen[n] {
				seen[n] = true
				out = append(out, n)
				todo = append(todo, n)
			}
		}
	}
	return out
}
