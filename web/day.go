package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/guard"
)

// dayData is how things stand on a day to come, if nobody answers or renews anything.
type dayData struct {
	// On is the day as the form has it; Wrong says what is wrong with what was asked.
	On, Wrong string
	Day       time.Time // zero if none was asked
	Goals     []dayGoal
	Falls     []dayFall
	Ends      []dayEnd
}

// dayGoal is what becomes of a goal.
type dayGoal struct {
	Name, Called, Said string
	Stops, Moves       bool
}

// dayFall is what is not there any more, and why.
type dayFall struct{ Called, Because string }

// dayEnd is something that ends; Over says that it has by the day that was asked.
type dayEnd struct {
	guard.EndStatus
	On, Link, Called string
	Over             bool
}

// day supposes that it is a day to come.
func (p *page) day(r *http.Request, s *screen) error {
	ctx := r.Context()
	st, err := p.o.Guard.Status(ctx, s.Lang)
	if err != nil {
		return err
	}
	now := st.At.Local()
	d := dayData{On: r.URL.Query().Get("on")}
	s.View, s.Title, s.Data = "day", s.Lang.Text("web.day"), &d
	titles := titlesOf(st)
	if d.On != "" {
		day, err := time.ParseInLocation(time.DateOnly, d.On, now.Location())
		d.Day = day.AddDate(0, 0, 1).Add(-time.Second) // all of that day is over
		if err != nil || d.Day.Before(now) || day.Year() > 9999 {
			d.On, d.Day, d.Wrong, s.Status = "", time.Time{}, s.Lang.Text("web.day_bad"), http.StatusBadRequest
		}
	}
	if !d.Day.IsZero() {
		all, err := p.o.Guard.Ways(ctx, "", guard.Supposed{On: d.Day}, s.Lang)
		if err != nil {
			return err
		}
		out := map[string]bool{}
		for i, g := range all {
			for _, f := range g.Falls {
				if out[f.Name] = true; i > 0 { // the same of all
					continue
				}
				why := f.Because
				for n, need := range f.Needs {
					if n > 0 {
						why += s.Lang.Text("web.comma")
					}
					why += nameOf(titles, need)
				}
				if f.Because == "" {
					why = s.Lang.Text("web.day_needs", "names", why)
				}
				if !slices.ContainsFunc(all, func(o guard.GoalWays) bool { return o.Name == f.Name }) {
					d.Falls = append(d.Falls, dayFall{nameOf(titles, f.Name), why})
				}
			}
		}
		for _, g := range all {
			one := dayGoal{Name: g.Name, Called: called(g.Title, g.Name), Stops: out[g.Name], Moves: figureOf(g.Before) != figureOf(&g.Margin)}
			_, one.Said, _ = marginSaid(g.Margin, s.Lang)
			if one.Moves {
				one.Said = s.Lang.Text("web.day_margin", "from", figureOf(g.Before), "to", figureOf(&g.Margin), "means", one.Said)
			}
			if one.Stops {
				one.Said = s.Lang.Text("web.day_stops", "then", one.Said)
			}
			d.Goals = append(d.Goals, one)
		}
	}
	for _, l := range st.Links {
		for _, e := range l.Ends {
			if e.At.After(now) {
				d.Ends = append(d.Ends, dayEnd{e, e.At.Local().Format(time.DateOnly), l.Name, called(l.Title, l.Name), !d.Day.IsZero() && !e.At.After(d.Day)})
			}
		}
	}
	slices.SortStableFunc(d.Ends, func(a, b dayEnd) int { return a.At.Compare(b.At) })
	return nil
}
