package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	ical "github.com/emersion/go-ical"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// ending is a guard that knows of some ends.
type endingGuard struct {
	Guard
	status guard.Status
	all    []guard.Deadline
}

func (g endingGuard) Status(context.Context) (guard.Status, error)        { return g.status, nil }
func (g endingGuard) Deadlines(context.Context) ([]guard.Deadline, error) { return g.all, nil }

func number(n int) *int { return &n }

// someEnds are a certificate that takes the blog, one that is over, a contract far away,
// and a drill.
func someEnds(now time.Time) endingGuard {
	days := func(n int) time.Time { return now.AddDate(0, 0, n) }
	return endingGuard{
		status: guard.Status{At: now, Links: []guard.LinkStatus{{Name: "codes", Person: true, Verdict: chain.Holds, FreshUntil: days(40)}}},
		all: []guard.Deadline{
			{ID: "card", Link: "card", At: days(-3), What: "the card card expires", Hint: "Enter the new card", Ended: true, LeadS: []float64{86400}},
			{ID: "cert/blog.example.jp", Link: "cert", At: days(21), What: "the certificate of blog.example.jp ends", Hint: "Renew it, then; reload, \\n and look", Near: true,
				LeadS: []float64{30 * 86400, 7 * 86400, 8 * 3600}, Stops: []string{"blog"}, Falls: []string{"front", "blog"},
				Moves: []guard.MarginMove{{Goal: "blog", From: guard.Margin{Now: number(1)}, To: guard.Margin{Now: number(-1)}}}},
			{ID: "vps", Link: "vps", At: days(120), What: "サーバーの契約が終わります。更新の手続きは管理画面から行い、支払い方法と名義を確かめてください", Hint: "Renew", LeadS: []float64{86400}},
		},
	}
}

func showing(t *testing.T, g endingGuard, lang string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	a := &App{In: strings.NewReader(""), Out: &out, Err: &errs, Dial: func(string, words.Lang) Guard { return g }}
	if code := a.Main(t.Context(), append([]string{"--lang", lang, "--state", t.TempDir(), "due"}, args...)); code != exitOK {
		t.Fatalf("%d: %s", code, &errs)
	}
	return out.String()
}

func TestDueAll(t *testing.T) {
	g := someEnds(time.Now().Truncate(time.Second))
	out := showing(t, g, "en", "--all")
	last := -1
	for _, want := range []string{"over", "the card card expires", "→ Enter the new card", "in 21 days", "certificate of blog", "goal blog stops", "margin of blog: 1 → −1", "falls with it: front", "the drill of codes falls due", "in 120 days"} {
		i := strings.Index(out, want)
		if i <= last {
			t.Errorf("%q does not come in its turn:\n%s", want, out)
		}
		last = i
	}
	if out = showing(t, g, "ja", "--all"); !strings.Contains(out, "あと21日") || !strings.Contains(out, "目標 1 件（blog）が止まります") || !strings.Contains(out, "codes の訓練の期限") {
		t.Error(out)
	}
	if out = showing(t, endingGuard{}, "en", "--all"); !strings.Contains(out, "nothing is known to end") {
		t.Error(out)
	}
}

// TestCalendar reads the calendar with a library that did not write it.
func TestCalendar(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	g := someEnds(now)
	out := showing(t, g, "en", "--all", "--ics")
	for line := range strings.SplitSeq(out, "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
	}
	read := func(out string) map[string]ical.Event {
		t.Helper()
		c, err := ical.NewDecoder(strings.NewReader(out)).Decode()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		all := map[string]ical.Event{}
		for _, e := range c.Events() {
			uid, err := e.Props.Text(ical.PropUID)
			if err != nil {
				t.Fatal(err)
			}
			all[uid] = e
		}
		return all
	}
	first := read(out)
	if len(first) != 3 { // what is over is in no calendar
		t.Fatalf("%d events:\n%s", len(first), out)
	}
	found := 0
	for _, e := range first {
		summary, _ := e.Props.Text(ical.PropSummary)
		text, _ := e.Props.Text(ical.PropDescription)
		var alarms []string
		for _, c := range e.Children {
			alarms = append(alarms, c.Props.Get(ical.PropTrigger).Value)
			if _, err := c.Props.Get(ical.PropTrigger).Duration(); err != nil {
				t.Error(err)
			}
		}
		start, err := e.DateTimeStart(time.Local)
		if err != nil {
			t.Error(err)
		}
		switch {
		case summary == g.all[1].What:
			found++
			day := g.all[1].At.Add(-time.Second).Local()
			if !start.Equal(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.Local)) || !strings.Contains(text, g.all[1].Hint) || strings.Join(alarms, " ") != "-P29DT15H0M -P6DT15H0M -P0DT8H0M" {
				t.Errorf("%v %q %q", start, text, alarms)
			}
		case summary == g.all[2].What, strings.Contains(summary, "drill of codes"):
			found++
		}
	}
	if found != 3 {
		t.Errorf("texts are not what they were:\n%s", out)
	}
	// It moves, and stays itself.
	for i := range g.all {
		g.all[i].At = g.all[i].At.AddDate(1, 0, 0)
	}
	g.all[0].Ended = false
	again := read(showing(t, g, "ja", "--ics"))
	for uid := range first {
		if _, there := again[uid]; !there {
			t.Errorf("%s is another", uid)
		}
	}
	if len(again) != 4 {
		t.Errorf("%d events", len(again))
	}
}
