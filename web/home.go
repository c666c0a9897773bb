package web

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// homeData is the first view.
type homeData struct {
	Parts   partsData
	Drawing *drawing
	Links   []linkRow
	Things  []guard.ThingStatus
	Lose    string // what is supposed to be lost, and what it is called
	Without string
	Said    []string
	First   *firstData // in place of all, where there are no goals yet
}

// partsData is what of the first view is sent anew when it changes.
type partsData struct {
	Lang      words.Lang
	Troubles  []string
	Incidents []incidentRow
	Goals     []goalCard
	Due       int
	// Live leaves out the times, which a browser fills in: they would change always.
	Live bool
}

// linkRow is a link in the list.
type linkRow struct {
	guard.LinkStatus
	Called  string
	Blaming string // whom it blames, if not itself
}

func rowOfLink(l guard.LinkStatus, titles map[string]string, lang words.Lang) linkRow {
	return linkRow{l, called(l.Title, l.Name), blaming(l.Blame, l.Name, titles, lang)}
}

// goalCard is a goal at the top.
type goalCard struct {
	guard.GoalStatus
	Called string
	// Figure is the margin, Means what that says, Sets what would take the goal.
	Figure, Means string
	Sets          []string
	More          int
	Back          string
	Blaming       string
	// Proof names the links that show it, ProvedAt when the oldest of them was proved.
	Proof    string
	ProvedAt time.Time
	Low      bool // the margin is nothing to be calm about
	// Next says what becomes of it next, as things end; nothing if nothing is known to.
	Next []string
}

func (p *page) home(r *http.Request, s *screen) error {
	ctx := r.Context()
	st, err := p.o.Guard.Status(ctx, s.Lang)
	if err != nil {
		return err
	}
	s.View, s.Title = "home", s.Lang.Text("web.home")
	d := homeData{Things: st.Things}
	s.Data = &d
	if len(st.Goals) == 0 {
		d.First = firstVisit(st, r.URL.Query(), s.Lang)
		s.Title, s.Live = s.Lang.Text("web.first"), true
		return nil
	}
	m, err := p.o.Guard.Model(ctx)
	if err != nil {
		return err
	}
	d.Parts = p.partsOf(ctx, st, s.Lang)
	falls := map[string]bool{}
	if lose := r.URL.Query().Get("lose"); lose != "" {
		w, err := p.without(ctx, lose, s.Lang)
		if err != nil {
			return err
		}
		d.Lose, d.Without, d.Said = lose, w.Name, w.Said
		for _, f := range w.Falls {
			falls[f] = true
		}
	}
	d.Drawing = draw(m, st, falls)
	titles := titlesOf(st)
	for _, l := range st.Links {
		d.Links = append(d.Links, rowOfLink(l, titles, s.Lang))
	}
	slices.SortStableFunc(d.Links, func(a, b linkRow) int { return weigh(b.Verdict) - weigh(a.Verdict) })
	return nil
}

// weigh puts what is broken first.
func weigh(v chain.Verdict) int {
	switch v {
	case chain.Broken:
		return 2
	case chain.Unproven:
		return 1
	}
	return 0
}

func titlesOf(s guard.Status) map[string]string {
	titles := map[string]string{}
	for _, t := range s.Things {
		titles[t.Name] = called(t.Title, t.Name)
	}
	for _, l := range s.Links {
		titles[l.Name] = called(l.Title, l.Name)
	}
	for _, g := range s.Goals {
		titles[g.Name] = called(g.Title, g.Name)
	}
	return titles
}

func nameOf(titles map[string]string, name string) string {
	if t := titles[name]; t != "" {
		return t
	}
	return foreign(name)
}

// blaming names those to blame, apart from self.
func blaming(names []string, self string, titles map[string]string, lang words.Lang) string {
	var all []string
	for _, n := range names {
		if n != self {
			all = append(all, nameOf(titles, n))
		}
	}
	return strings.Join(all[:min(len(all), 5)], lang.Text("web.comma"))
}

// partsOf makes what of the first view changes.
func (p *page) partsOf(ctx context.Context, s guard.Status, lang words.Lang) partsData {
	d := partsData{Lang: lang, Troubles: s.Guard.Troubles}
	titles := titlesOf(s)
	for _, i := range s.Incidents {
		if i.Ended == nil {
			d.Incidents = append(d.Incidents, rowOf(i, titles, lang))
		}
	}
	for _, l := range s.Links {
		if l.Person && l.Verdict != chain.Holds {
			d.Due++
		}
	}
	all := p.waysOf(ctx, s, words.English) // what is taken of it has no language
	proved := map[string]time.Time{}
	for _, l := range s.Links {
		proved[l.Name] = l.ProvedAt
	}
	for _, g := range s.Goals {
		c := goalCard{GoalStatus: g, Called: called(g.Title, g.Name), Blaming: blaming(g.Blame, "", titles, lang)}
		c.Figure, c.Means, c.Low = marginSaid(g.Margin, lang)
		if g.WayBack != nil && *g.WayBack > 0 {
			c.Back = lang.Duration(time.Duration(*g.WayBack * float64(time.Second)))
		}
		if len(g.Ahead) > 0 {
			c.Next = []string{g.Ahead[0].Said}
		}
		if w := all[g.Name]; w != nil {
			c.Sets, c.More = setsOf(w, lang)
			var names []string
			for _, n := range proofOf(w) {
				at, link := proved[n]
				if !link {
					continue
				}
				names = append(names, n)
				if c.ProvedAt.IsZero() || !at.IsZero() && at.Before(c.ProvedAt) {
					c.ProvedAt = at
				}
			}
			c.Proof = strings.Join(names, " ")
		}
		d.Goals = append(d.Goals, c)
	}
	return d
}

// proofOf names the links of the way that holds, or of the first.
func proofOf(w *guard.GoalWays) []string {
	for _, way := range w.Ways {
		if way.Verdict == chain.Holds {
			return way.Links
		}
	}
	if len(w.Ways) > 0 {
		return w.Ways[0].Links
	}
	return nil
}

// marginSaid says a margin as a figure and what it means; low if it is nothing to be
// calm about.
func marginSaid(m guard.Margin, lang words.Lang) (figure, means string, low bool) {
	say := func(key string, n int) string { return lang.Say(chain.Say(key, "n", n)) }
	switch {
	case m.Unknown:
		return "?", lang.Text("web.margin_unknown"), false
	case m.Now == nil && m.IfAllWell == nil:
		return "∞", lang.Text("web.margin_none"), false
	case m.Now == nil:
		return "∞", lang.Text("web.margin_none"), false
	case m.IfAllWell == nil || *m.Now < *m.IfAllWell:
		best := "∞"
		if m.IfAllWell != nil {
			best = signed(*m.IfAllWell)
		}
		return signed(*m.Now), lang.Text("web.margin_unproven", "best", best), *m.Now <= 0
	case *m.Now < 0:
		return signed(*m.Now), lang.Text("web.margin_out"), true
	case *m.Now == 0:
		return "0", lang.Text("web.margin_zero"), true
	}
	return signed(*m.Now), say("web.margin_n", *m.Now), false
}

func signed(n int) string {
	if n < 0 {
		return "−" + strconv.Itoa(-n)
	}
	return strconv.Itoa(n)
}

// shownSets is how many sets of losses a card names.
const shownSets = 2

// setsOf says the smallest sets of losses that would take a goal.
func setsOf(w *guard.GoalWays, lang words.Lang) (said []string, more int) {
	said = allSets(w, lang)
	return said[:min(len(said), shownSets)], max(0, len(said)-shownSets)
}

// mostSets is how many the view of a goal names.
const mostSets = 100

// allSets are the sets of losses of the smallest size that there is.
func allSets(w *guard.GoalWays, lang words.Lang) (said []string) {
	var sets [][]string
	for _, n := range w.Singles {
		sets = append(sets, []string{n})
	}
	if len(sets) == 0 {
		sets = w.Pairs
	}
	if len(sets) == 0 {
		sets = w.Triples
	}
	for _, set := range sets[:min(len(sets), mostSets)] {
		var names []string
		for _, n := range set {
			names = append(names, called(w.Names[n].Title, n))
		}
		said = append(said, strings.Join(names, lang.Text("web.and")))
	}
	return said
}

// parts makes the pieces of the first view that are sent when they change. The rows are those
// of links that do not hold, or stand in before because they did not.
func (p *page) parts(ctx context.Context, s guard.Status, lang words.Lang, before map[string]string) (parts, error) {
	d := p.partsOf(ctx, s, lang)
	d.Live = true
	made := parts{map[string]string{}, map[string]string{}}
	put := func(to map[string]string, place, name string, d any) error {
		var b bytes.Buffer
		err := p.sets[lang]().ExecuteTemplate(&b, name, d)
		to[place] = b.String()
		return err
	}
	for _, name := range []string{"now", "goals"} {
		if err := put(made.pieces, name, name, d); err != nil {
			return parts{}, err
		}
	}
	titles := titlesOf(s)
	for _, l := range s.Links {
		if _, known := before[l.Name]; known || l.Verdict != chain.Holds {
			if err := put(made.rows, l.Name, "why", rowOfLink(l, titles, lang)); err != nil {
				return parts{}, err
			}
		}
	}
	return made, nil
}

func escape(name string) string { return url.PathEscape(name) }
