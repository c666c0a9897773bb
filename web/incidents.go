package web

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/report"
	"github.com/omamori-guard/omamori/words"
)

// Bounds of what is shown of incidents.
const (
	// mostRecords is how far back in the journal the list goes.
	mostRecords = 1000
	// shownEvidence is how many lines of evidence a view has.
	shownEvidence = 200
)

// incidentRow is an incident in a list.
type incidentRow struct {
	guard.IncidentStatus
	// About is what it is about, Why its cause, Now what is being done, Without for how
	// long what was out of reach, Took for how long it lasted.
	About, Why, Now, Without, Took string
}

func rowOf(i guard.IncidentStatus, titles map[string]string, lang words.Lang) incidentRow {
	r := incidentRow{IncidentStatus: i, About: nameOf(titles, i.Link), Why: foreign(i.Why)}
	if i.Link == "" {
		r.About = lang.Text("web.margin_fell", "goal", nameOf(titles, i.Goal))
	}
	if i.Mending != "" && i.Ended == nil {
		r.Now = lang.Text("web.phase_" + i.Mending)
	}
	r.Without = strings.Join(outagesSaid(i, titles, lang), " ")
	if i.Ended != nil {
		r.Took = i.Ended.Sub(i.Began).Round(10 * time.Millisecond).String()
	}
	return r
}

func outagesSaid(i guard.IncidentStatus, titles map[string]string, lang words.Lang) (said []string) {
	for _, o := range i.Outages {
		key := "web.without_still"
		if o.Over {
			key = "web.without_was"
		}
		took := time.Duration(o.Seconds * float64(time.Second)).Round(10 * time.Millisecond)
		said = append(said, lang.Text(key, "goal", nameOf(titles, o.Goal), "took", took.String()))
	}
	return said
}

// allIncidents are those of the status, and older ones from the journal; open ones first,
// then the newest.
func (p *page) allIncidents(ctx context.Context, st guard.Status, lang words.Lang) []guard.IncidentStatus {
	all := slices.Clone(st.Incidents)
	known := map[string]bool{}
	for _, i := range all {
		known[i.ID] = true
	}
	open := 0
	for _, i := range all {
		if i.Ended == nil {
			open++ // they come first
		}
	}
	records, err := p.o.Journal.Records(ctx, journal.Filter{What: "incident", Newest: true, Limit: mostRecords})
	if err != nil {
		p.o.Log.Warn("read incidents", "error", err)
	}
	for _, rec := range slices.Backward(records) { // the newest of each tells most
		if known[rec.Incident] || rec.Incident == "" {
			continue
		}
		known[rec.Incident] = true
		if i, ok := incidentOf(rec, lang); ok {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all[min(open, len(all)):], func(a, b guard.IncidentStatus) int { return b.Began.Compare(a.Began) })
	return all
}

// incidentOf reads an incident from a record of the journal. One that neither ended nor
// is known to the guard any more became part of another.
func incidentOf(rec journal.Record, lang words.Lang) (s guard.IncidentStatus, ok bool) {
	var i struct {
		chain.Incident
		Goal string `json:"goal"`
		From *int   `json:"from"`
		To   *int   `json:"to"`
	}
	if json.Unmarshal(rec.Body, &i) != nil || i.ID == "" || i.Into != "" || i.Ended.IsZero() {
		return s, false
	}
	s = guard.IncidentStatus{
		ID: i.ID, Link: i.Link, Goal: i.Goal, From: i.From, To: i.To, Began: i.Began, Ended: &i.Ended, Cause: i.Cause,
		Why: lang.Say(i.Why), Evidence: i.Evidence, Fell: i.Fell,
	}
	for _, d := range i.Deeds {
		s.Deeds = append(s.Deeds, guard.DeedStatus{At: d.At, Verb: string(d.Verb), Service: d.Service, Said: guard.DeedSaid(d, lang), TookMS: d.Took.Seconds() * 1000, Error: d.Error})
	}
	without := map[string]time.Duration{}
	var goals []string
	for _, o := range i.Outages {
		if _, seen := without[o.Goal]; !seen {
			goals = append(goals, o.Goal)
		}
		to := o.To
		if to.IsZero() {
			to = i.Ended
		}
		without[o.Goal] += to.Sub(o.From)
	}
	for _, g := range goals {
		s.Outages = append(s.Outages, guard.OutageStatus{Goal: g, Seconds: without[g].Seconds(), Over: true})
	}
	return s, true
}

func (p *page) incidents(r *http.Request, s *screen) error {
	st, err := p.o.Guard.Status(r.Context(), s.Lang)
	if err != nil {
		return err
	}
	titles := titlesOf(st)
	var rows []incidentRow
	for _, i := range p.allIncidents(r.Context(), st, s.Lang) {
		rows = append(rows, rowOf(i, titles, s.Lang))
	}
	s.View, s.Title, s.Data, s.Live = "incidents", s.Lang.Text("web.nav_incidents"), rows, true
	return nil
}

// moment is an entry of a timeline; Over says that with it the incident was.
type moment struct {
	guard.JournalLine
	Over bool
}

// incidentData is the view of an incident.
type incidentData struct {
	Row      incidentRow
	Incident guard.IncidentStatus
	Evidence []string
	Cut      int
	Outages  []string
	Fell     []string
	Timeline []moment
	// Drafts are where drafts of its post-mortem can be edited.
	Drafts  []string
	Publish bool
}

func (p *page) incidentData(r *http.Request, s *screen) (d incidentData, err error) {
	st, err := p.o.Guard.Status(r.Context(), s.Lang)
	if err != nil {
		return d, err
	}
	all := p.allIncidents(r.Context(), st, s.Lang)
	n := slices.IndexFunc(all, func(i guard.IncidentStatus) bool { return i.ID == r.PathValue("id") })
	if n < 0 {
		return d, errNotFound
	}
	titles := titlesOf(st)
	d = incidentData{Incident: all[n], Row: rowOf(all[n], titles, s.Lang), Outages: outagesSaid(all[n], titles, s.Lang), Publish: p.o.Publish != nil}
	d.Evidence, d.Cut = cutEvidence(all[n].Evidence)
	for _, f := range all[n].Fell {
		d.Fell = append(d.Fell, nameOf(titles, f))
	}
	records, err := p.o.Journal.Records(r.Context(), journal.Filter{Incident: all[n].ID, Since: all[n].Began.Add(-time.Minute), Limit: mostRecords})
	if err != nil {
		p.o.Log.Warn("read an incident's records", "incident", all[n].ID, "error", err)
	}
	for _, rec := range records {
		if rec.Text.Key == "web.did_draft" {
			d.Drafts = append(d.Drafts, rec.Text.Args["url"])
		}
		var i chain.Incident
		over := rec.What == "incident" && json.Unmarshal(rec.Body, &i) == nil && !i.Ended.IsZero()
		d.Timeline = append(d.Timeline, moment{guard.Line(rec, s.Lang), over})
	}
	return d, nil
}

// cutEvidence leaves the last lines: what comes last in a log is nearest to the end.
func cutEvidence(lines []string) (shown []string, cut int) {
	cut = max(0, len(lines)-shownEvidence)
	for _, l := range lines[cut:] {
		shown = append(shown, foreign(l))
	}
	return shown, cut
}

func (p *page) incident(r *http.Request, s *screen) error {
	d, err := p.incidentData(r, s)
	if err != nil {
		return err
	}
	s.View, s.Title, s.Data, s.Live = "incident", s.Lang.Text("web.incident_title", "about", d.Row.About), d, d.Incident.Ended == nil
	return nil
}

// reportOf drafts the post-mortem of an incident.
func reportOf(d incidentData) report.Incident {
	i := d.Incident
	out := report.Incident{
		About: d.Row.About, Began: i.Began, Cause: i.Cause, Why: i.Why, Next: i.Next,
		Evidence: d.Evidence, Cut: d.Cut, Outages: d.Outages, Fell: d.Fell,
	}
	if i.Ended != nil {
		out.Ended = *i.Ended
	}
	for _, line := range d.Timeline {
		out.Timeline = append(out.Timeline, report.Event{At: line.At, Said: line.Said})
	}
	if len(d.Timeline) == 0 {
		for _, deed := range i.Deeds {
			out.Timeline = append(out.Timeline, report.Event{At: deed.At, Said: deed.Said})
		}
	}
	return out
}

func (p *page) reportMarkdown(w http.ResponseWriter, r *http.Request) {
	s := p.screenOf(r)
	var d incidentData
	err := errForbidden
	if s.Visitor.Read {
		d, err = p.incidentData(r, s)
	}
	if err != nil {
		p.fail(r, s, err)
		p.show(w, r, s)
		return
	}
	w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	send(w, r, http.StatusOK, []byte(reportOf(d).Markdown(s.Lang)), true)
}

// draft asks whether a post is to be drafted.
func (p *page) draft(r *http.Request, s *screen) error {
	switch d, err := p.incidentData(r, s); {
	case err != nil:
		return err
	case !s.Visitor.Act:
		return errMayNotAct
	case p.o.Publish == nil:
		return errNotFound
	default:
		here := "/incident/" + escape(d.Incident.ID)
		s.View, s.Title, s.Forms = "confirm", s.Lang.Text("web.sure"), true
		c := confirm{Action: here + "/draft", Back: here, Question: s.Lang.Text("web.report_draft_sure"), Do: s.Lang.Text("web.do_it"),
			Plan: []string{reportOf(d).Title(s.Lang)}, Notes: []string{s.Lang.Text("web.report_draft_note")}}
		p.asked.ask(s.Visitor, r.URL.Path, &c)
		s.Data = c
	}
	return nil
}

func (p *page) publish(r *http.Request, s *screen) (*deed, error) {
	d, err := p.incidentData(r, s)
	if err != nil {
		return nil, err
	}
	if p.o.Publish == nil {
		return nil, errNotFound
	}
	rep := reportOf(d)
	return &deed{
		then: "/incident/" + escape(d.Incident.ID), ask: confirm{Question: s.Lang.Text("web.report_draft_sure"), Do: s.Lang.Text("web.do_it")},
		do: func(ctx context.Context) error {
			edit, err := p.o.Publish(ctx, rep.Title(s.Lang), rep.HTML(s.Lang))
			if err != nil {
				return err
			}
			// It is waited for: the view that comes next shows where the draft is. A journal that
			// cannot write says so itself.
			_ = p.o.Journal.Append(ctx, journal.Entry{At: time.Now(), What: "page", Link: d.Incident.Link, Incident: d.Incident.ID,
				Text: chain.Say("web.did_draft", "who", s.Visitor.Name, "url", edit)})
			return nil
		},
	}, nil
}
