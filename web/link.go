package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/words"
)

// shownRecords is how many of a link's records its view has.
const shownRecords = 20

// linkData is the view of a link.
type linkData struct {
	Link          guard.LinkStatus
	Blaming       string
	Spans         []span
	Plot          plot
	Needs, Needed []named
	Records       []guard.JournalLine
}

// named is something with its state, and where to look at it.
type named struct{ Title, State, Href string }

// span is how far back a plot goes.
type span struct {
	Name, Title string
	Current     bool
	Back        time.Duration
}

func spans(chosen string, lang words.Lang) (all []span, current span) {
	all = []span{
		{Name: "hours", Title: lang.Text("web.span_hours"), Back: 6 * time.Hour},
		{Name: "days", Title: lang.Text("web.span_days"), Back: 3 * 24 * time.Hour},
		{Name: "weeks", Title: lang.Text("web.span_weeks"), Back: 4 * 7 * 24 * time.Hour},
	}
	i := max(0, slices.IndexFunc(all, func(s span) bool { return s.Name == chosen }))
	all[i].Current = true
	return all, all[i]
}

func (p *page) link(r *http.Request, s *screen) error {
	ctx, name := r.Context(), r.PathValue("name")
	st, err := p.o.Guard.Status(ctx, s.Lang)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(st.Links, func(l guard.LinkStatus) bool { return l.Name == name })
	if i < 0 {
		return errNotFound
	}
	m, err := p.o.Guard.Model(ctx)
	if err != nil {
		return err
	}
	titles := titlesOf(st)
	l := st.Links[i]
	d := linkData{Link: l, Blaming: blaming(l.Blame, name, titles, s.Lang)}
	all := map[string]named{}
	for _, n := range newLayout(m, st).nodes {
		all[n.Name] = named{n.Title, n.State, n.Href}
	}
	for _, n := range l.Needs {
		d.Needs = append(d.Needs, all[n])
	}
	for _, o := range m.Links {
		if slices.Contains(o.Needs, name) {
			d.Needed = append(d.Needed, all[o.Name])
		}
	}
	for _, o := range m.Goals {
		if slices.ContainsFunc(o.Ways, func(w guard.WayLinks) bool { return slices.Contains(w.Links, name) }) {
			d.Needed = append(d.Needed, all[o.Name])
		}
	}
	var back span
	d.Spans, back = spans(r.URL.Query().Get("span"), s.Lang)
	points, err := p.o.Journal.Plot(ctx, name, st.At.Add(-back.Back))
	if err != nil { // the rest is worth showing all the same
		p.o.Log.Warn("plot a link", "link", name, "error", err)
	}
	d.Plot = plotOf(points, st.At.Add(-back.Back), st.At, s.Lang)
	records, err := p.o.Journal.Records(ctx, journal.Filter{Link: name, Newest: true, Limit: shownRecords})
	if err != nil {
		p.o.Log.Warn("read a link's records", "link", name, "error", err)
	}
	for _, rec := range slices.Backward(records) {
		d.Records = append(d.Records, guard.Line(rec, s.Lang))
	}
	s.View, s.Title, s.Data, s.Live, s.Forms = "link", called(l.Title, l.Name), d, true, true
	return nil
}

// goalData is the view of a goal.
type goalData struct {
	Card goalCard
	Ways *guard.GoalWays
	Sets []string
}

func (p *page) goal(r *http.Request, s *screen) error {
	st, err := p.o.Guard.Status(r.Context(), s.Lang)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	cards := p.partsOf(r.Context(), st, s.Lang).Goals
	i := slices.IndexFunc(cards, func(g goalCard) bool { return g.Name == name })
	if i < 0 {
		return errNotFound
	}
	d := goalData{Card: cards[i], Ways: p.waysOf(r.Context(), st, s.Lang)[name]}
	if d.Ways != nil {
		d.Sets = allSets(d.Ways, s.Lang)
	}
	s.View, s.Title, s.Data, s.Live = "goal", d.Card.Called, d, true
	return nil
}

// Measures of a plot, in its own units.
const (
	plotWidth, plotHeight = 720, 170
	plotBars              = 180
	plotFoot              = 40 // below the latency: the verdicts
)

// plot is the history of a link: how long its proofs took, and their verdicts below.
type plot struct {
	Width, Height int
	Bars          []bar
	Lines         []rule
	Took, Slowest string // paths
	From, To      string
	Said          string
}

type bar struct {
	State      string
	X, Y, W, H float64
}

type rule struct {
	At, Y int
	Label string
}

// plotOf draws points in as many columns as can be told apart. A column shows the worst
// verdict of its time.
func plotOf(points []journal.Point, from, to time.Time, lang words.Lang) plot {
	d := plot{Width: plotWidth, Height: plotHeight, From: clock(from), To: clock(to)}
	if len(points) == 0 {
		return d
	}
	columns := make([]journal.Point, plotBars)
	whole := to.Sub(from)
	var holds, broken, unproven int
	var slowest, sum time.Duration
	for _, p := range points {
		i := min(plotBars-1, max(0, int(int64(p.At.Sub(from))*plotBars/int64(whole))))
		c := &columns[i]
		n, m := p.Holds+p.Broken+p.Unproven, c.Holds+c.Broken+c.Unproven
		c.Took = (c.Took*time.Duration(m) + p.Took*time.Duration(n)) / time.Duration(max(1, m+n))
		c.Slowest = max(c.Slowest, p.Slowest)
		c.Holds, c.Broken, c.Unproven = c.Holds+p.Holds, c.Broken+p.Broken, c.Unproven+p.Unproven
		holds, broken, unproven = holds+p.Holds, broken+p.Broken, unproven+p.Unproven
		slowest, sum = max(slowest, p.Slowest), sum+p.Took*time.Duration(n)
	}
	top := nice(slowest)
	height := func(took time.Duration) float64 {
		return 8 + float64(plotHeight-plotFoot-8)*(1-float64(took)/float64(top))
	}
	width := float64(plotWidth) / plotBars
	pen := "M"
	var took, slow []byte
	for i, c := range columns {
		x := float64(i) * width
		if c.Holds+c.Broken+c.Unproven == 0 {
			pen = "M"
			continue
		}
		// Verdicts differ in height as well as in colour.
		b := bar{State: "holds", X: x, W: width, Y: plotHeight - 8, H: 8}
		switch {
		case c.Broken > 0:
			b = bar{State: "broken", X: x, W: width, Y: plotHeight - 32, H: 32}
		case c.Holds == 0:
			b = bar{State: "unproven", X: x, W: width, Y: plotHeight - 18, H: 18}
		}
		d.Bars = append(d.Bars, b)
		add := func(to []byte, took time.Duration) []byte {
			to = strconv.AppendFloat(append(to, pen...), x+width/2, 'f', 1, 64)
			to = strconv.AppendFloat(append(to, ' '), height(took), 'f', 1, 64)
			if pen == "M" { // one point alone is seen too
				to = append(to, "h.01"...)
			}
			return to
		}
		took, slow = add(took, c.Took), add(slow, c.Slowest)
		pen = "L"
	}
	d.Took, d.Slowest = string(took), string(slow)
	d.Lines = []rule{{0, 8, short(top, lang)}, {1, (plotHeight - plotFoot + 8) / 2, short(top/2, lang)}}
	all := holds + broken + unproven
	d.Said = lang.Say(chain.Say("web.plot_said", "n", all, "broken", broken, "unproven", unproven,
		"mean", short(sum/time.Duration(max(1, all)), lang), "slowest", short(slowest, lang)))
	return d
}

// short is how long a proof took: many take less than what words.Lang tells apart.
func short(d time.Duration, lang words.Lang) string {
	if d >= time.Second {
		return lang.Duration(d)
	}
	if d > 0 && d < 50*time.Microsecond {
		return "< 0.1 ms"
	}
	digits := 0
	if d < 10*time.Millisecond {
		digits = 1
	}
	return strconv.FormatFloat(d.Seconds()*1000, 'f', digits, 64) + " ms"
}

// nice is a round time that is no less than d.
func nice(d time.Duration) time.Duration {
	for step := time.Millisecond; ; step *= 10 {
		for _, n := range []time.Duration{1, 2, 5} {
			if n*step >= d || step > 24*time.Hour {
				return n * step
			}
		}
	}
}

func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
