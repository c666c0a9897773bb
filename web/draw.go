package web

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

// Measures of the drawing, in its own units; a unit is about a pixel.
const (
	nodeWidth, nodeHeight = 224, 44
	pillHeight            = 26
	columnGap, rowGap     = 52, 16
	drawMargin, drawHead  = 16, 44
	sweeps                = 6
)

// drawing is the chain as it is drawn: from what the owner has, on the left, through the
// links, to the goals on the right.
type drawing struct {
	Width, Height int
	Nodes         []*node
	Edges         []edge
	Heads         []head
}

// head stands above the columns of one sort.
type head struct {
	X    int
	Sort string // "thing", "link" or "goal"
}

// node is a thing, a link, a way or a goal.
type node struct {
	Sort        string // "thing", "link", "way" or "goal"
	Name, Title string
	Label       string // the title, cut to fit
	State       string // a verdict's word; of a thing "there", "given", "absent", "lost"
	Blamed      bool   // it is what is to blame
	X, Y, W, H  int
	// Proved and Fresh bound, in milliseconds, for how long the proof counts; 0 for none.
	Proved, Fresh int64
	// Faded is how much of that is over, in tenths.
	Faded int
	Falls bool // it would fall by what is supposed
	Href  string

	column int
	row    float64
	order  int
	from   []*node
	to     []*node
}

// edge leads from what is needed to what needs it.
type edge struct {
	From, To string
	Path     string
	Lit      bool // a break goes along it
}

// draw lays the chain out.
func draw(m guard.ModelStatus, s guard.Status, falls map[string]bool) *drawing {
	l := newLayout(m, s)
	l.columns()
	l.rows()
	return l.drawing(s, falls)
}

type layout struct {
	nodes  []*node
	named  map[string]*node // things, links, goals
	status map[string]guard.LinkStatus
}

func newLayout(m guard.ModelStatus, s guard.Status) *layout {
	l := &layout{named: map[string]*node{}, status: map[string]guard.LinkStatus{}}
	for _, link := range s.Links {
		l.status[link.Name] = link
	}
	add := func(sort string, n guard.ModelNode) {
		one := &node{Sort: sort, Name: n.Name, Title: called(n.Title, n.Name), State: n.State, W: nodeWidth, H: nodeHeight, Href: "/link/" + escape(n.Name)}
		switch sort {
		case "thing":
			one.Href = "/?lose=" + url.QueryEscape(n.Name)
		case "goal":
			one.Href = "/goal/" + escape(n.Name)
		case "link":
			if st, ok := l.status[n.Name]; ok {
				one.State = st.Verdict.String()
				if !st.ProvedAt.IsZero() {
					one.Proved, one.Fresh = st.ProvedAt.UnixMilli(), st.FreshUntil.UnixMilli()
					one.Faded = faded(st, s.At)
				}
			}
		}
		l.nodes, l.named[n.Name] = append(l.nodes, one), one
	}
	for _, n := range m.Things {
		add("thing", n)
	}
	for _, n := range m.Links {
		add("link", n)
	}
	for _, n := range m.Goals {
		add("goal", n)
	}
	join := func(from, to *node) {
		if from == nil || to == nil {
			return
		}
		from.to, to.from = append(from.to, to), append(to.from, from)
	}
	for _, n := range m.Links {
		for _, need := range n.Needs {
			join(l.named[need], l.named[n.Name])
		}
	}
	for _, g := range m.Goals {
		goal := l.named[g.Name]
		for i, w := range g.Ways {
			to := goal
			if len(g.Ways) > 1 {
				to = &node{Sort: "way", Name: fmt.Sprintf("%s/%d", g.Name, i), Title: foreign(w.Name), W: nodeWidth, H: pillHeight, Href: goal.Href}
				to.State = wayState(w, l.named)
				l.nodes = append(l.nodes, to)
				join(to, goal)
			}
			for _, name := range w.Links {
				join(l.named[name], to)
			}
		}
	}
	return l
}

// wayState is how a way stands: broken if one of its links is, as a chain is.
func wayState(w guard.WayLinks, named map[string]*node) string {
	state := chain.Holds
	for _, name := range w.Links {
		n := named[name]
		switch {
		case n == nil || n.State == chain.Broken.String():
			return chain.Broken.String()
		case n.State != chain.Holds.String():
			state = chain.Unproven
		}
	}
	return state.String()
}

// faded is how much of the time for which a proof counts is over, in tenths.
func faded(l guard.LinkStatus, now time.Time) int {
	whole, over := l.FreshUntil.Sub(l.ProvedAt), now.Sub(l.ProvedAt)
	if whole <= 0 {
		return 10
	}
	return max(0, min(10, int(10*over/whole)))
}

// columns gives each node its column: a thing the first, a link that after the last of
// what it needs, all goals the last.
func (l *layout) columns() {
	done := map[*node]bool{}
	var deep func(n *node, within int) int
	deep = func(n *node, within int) int {
		if done[n] || within > len(l.nodes) { // the core refuses circles; a drawing survives them
			return n.column
		}
		done[n] = true
		if n.Sort != "thing" {
			n.column = 1
		}
		for _, f := range n.from {
			n.column = max(n.column, deep(f, within+1)+1)
		}
		return n.column
	}
	last := 0
	for _, n := range l.nodes {
		last = max(last, deep(n, 0))
	}
	for _, n := range l.nodes {
		if n.Sort == "goal" && len(n.to) == 0 {
			n.column = last
		}
	}
	// What only one far thing needs stands beside it, not far away.
	for range 3 {
		for _, n := range l.nodes {
			if n.Sort == "goal" || n.Sort == "thing" || len(n.to) == 0 {
				continue
			}
			first := n.to[0].column
			for _, t := range n.to {
				first = min(first, t.column)
			}
			n.column = max(n.column, first-1)
		}
	}
}

func (l *layout) drawing(s guard.Status, falls map[string]bool) *drawing {
	d := &drawing{Nodes: l.nodes}
	top := 0.0
	for i, n := range l.nodes {
		if i == 0 || n.row-float64(n.H)/2 < top {
			top = n.row - float64(n.H)/2
		}
	}
	l.blame(s)
	heads := map[string]int{}
	for _, n := range l.nodes {
		n.X = drawMargin + n.column*(nodeWidth+columnGap)
		n.Y = drawHead + int(n.row-top) - n.H/2
		d.Width = max(d.Width, n.X+n.W+drawMargin)
		d.Height = max(d.Height, n.Y+n.H+drawMargin)
		n.Label = fit(n.Title, 22)
		if n.Sort == "goal" { // in bold letters
			n.Label = fit(n.Title, 20)
		}
		n.Falls = falls[n.Name]
		if x, ok := heads[n.Sort]; !ok || n.X < x {
			heads[n.Sort] = n.X
		}
	}
	for _, sort := range []string{"thing", "link", "goal"} {
		if x, ok := heads[sort]; ok {
			d.Heads = append(d.Heads, head{x, sort})
		}
	}
	lit := litNodes(l.nodes)
	for _, n := range l.nodes {
		for _, t := range n.to {
			x1, y1, x2, y2 := n.X+n.W, n.Y+n.H/2, t.X, t.Y+t.H/2
			bend := max(24, (x2-x1)/2)
			d.Edges = append(d.Edges, edge{From: n.Name, To: t.Name, Lit: lit[n] && lit[t],
				Path: fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)})
		}
	}
	// What is lit lies above what is not.
	slices.SortStableFunc(d.Edges, func(a, b edge) int {
		if a.Lit == b.Lit {
			return 0
		}
		if a.Lit {
			return 1
		}
		return -1
	})
	return d
}

// blame marks what is to blame for what does not hold.
func (l *layout) blame(s guard.Status) {
	blamed := map[string]bool{}
	for _, g := range s.Goals {
		for _, b := range g.Blame {
			blamed[b] = true
		}
	}
	for _, i := range s.Incidents {
		if i.Ended == nil {
			blamed[i.Link] = true
		}
	}
	for _, n := range l.nodes {
		n.Blamed = n.Sort == "link" && blamed[n.Name] && n.State != "holds"
	}
}

// litNodes are those along which a break goes: what is to blame, and what fell by it.
func litNodes(nodes []*node) map[*node]bool {
	lit := map[*node]bool{}
	var up func(n *node)
	up = func(n *node) {
		if lit[n] {
			return
		}
		lit[n] = true
		for _, t := range n.to {
			if t.State == "broken" || t.State == "out" {
				up(t)
			}
		}
	}
	for _, n := range nodes {
		if n.Blamed || n.Sort == "thing" && n.State == "lost" {
			up(n)
		}
	}
	return lit
}

// fit cuts a text to so many narrow letters; a wide one counts for two.
func fit(s string, columns int) string {
	n := 0
	for i, r := range s {
		w := 1
		if r >= 0x1100 {
			w = 2
		}
		if n+w > columns && i > 0 {
			return s[:i] + "…"
		}
		n += w
	}
	return s
}
