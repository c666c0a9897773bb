package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// journalOf is the journal of a host's guard, by the number of each record.
func journalOf(t *testing.T, events []event, act, host string) map[int64]guard.JournalLine {
	t.Helper()
	all := map[int64]guard.JournalLine{}
	for _, e := range events {
		if e.Is != isJournal || e.Act != act || e.Host != host {
			continue
		}
		for d := json.NewDecoder(strings.NewReader(e.Text)); d.More(); {
			var l guard.JournalLine
			if err := d.Decode(&l); err != nil {
				t.Fatalf("%s's journal: %v", host, err)
			}
			all[l.Seq] = l
		}
	}
	return all
}

var (
	// aRecord is a line of the screen that says to be a record; aLaterLine goes on with it.
	aRecord    = regexp.MustCompile(`^  (\d\d:\d\d:\d\d) (laptop|server) ([✗✓→!·]) (.*)$`)
	aLaterLine = regexp.MustCompile(`^ {20}\s*(\S.*)$`)
)

// madeUp lists what the screen of an act says that no journal has, and what the guards did
// that it does not show. It reads the screen as it is printed, not what it was printed from.
func madeUp(t *testing.T, events []event, act string) (wrong []string) {
	t.Helper()
	var out bytes.Buffer
	s := newScreen(&out, options{lang: words.English, columns: widest, act: act})
	journals := map[string]map[int64]guard.JournalLine{}
	for _, host := range []string{"laptop", "server"} {
		if journals[host] = journalOf(t, events, act, host); len(journals[host]) == 0 {
			t.Fatalf("%s has no journal of the %s", act, host)
		}
	}
	for _, e := range events {
		if e.Act == act {
			s.take(e)
		}
	}
	s.flush(true)
	type shown struct{ host, at, text string }
	var lines []shown
	open := false
	for line := range strings.Lines(out.String()) {
		line = strings.TrimRight(line, "\n")
		if m := aRecord.FindStringSubmatch(line); m != nil {
			lines, open = append(lines, shown{m[2], m[1], m[4]}), true
		} else if m := aLaterLine.FindStringSubmatch(line); m != nil && open {
			lines[len(lines)-1].text += " " + m[1]
		} else {
			open = false
		}
	}
	squeezed := func(text string) string { return strings.Join(strings.Fields(text), "") } // as words are broken to fit
	for _, l := range lines {
		found := false
		for seq, r := range journals[l.host] {
			if r.At.Local().Format(time.TimeOnly) == l.at && squeezed(r.Said) == squeezed(l.text) {
				found = true
				delete(journals[l.host], seq) // one record is no two lines
				break
			}
		}
		if !found {
			wrong = append(wrong, fmt.Sprintf("the journal of the %s has no %q at %s", l.host, l.text, l.at))
		}
	}
	if len(lines) < 5 {
		wrong = append(wrong, fmt.Sprintf("only %d records in\n%s", len(lines), out.String()))
	}
	// What a guard has done is shown, all of it.
	for host, left := range journals {
		for _, r := range left {
			if r.What == "deed" {
				wrong = append(wrong, fmt.Sprintf("not shown of the %s: %s", host, r.Said))
			}
		}
	}
	return wrong
}

// notAFilm holds what is shown against the journals, and sees that a film would be found out.
func (p played) notAFilm(t *testing.T) {
	t.Helper()
	for _, act := range []string{asItWas, asItWould} {
		for _, wrong := range madeUp(t, p.events, act) {
			t.Errorf("%s: %s", act, wrong)
		}
	}
	at := slices.IndexFunc(p.events, func(e event) bool { return e.Act == asItWould && e.Is == isRecord })
	film := func(change func(e *event)) []event {
		events := slices.Clone(p.events)
		change(&events[at])
		return events
	}
	for name, events := range map[string][]event{
		"another text": film(func(e *event) { e.Text += " at once" }),
		"another time": film(func(e *event) { e.At = e.At.Add(-time.Second) }),
		"another host": film(func(e *event) { e.Host = "server" }),
		"twice":        slices.Insert(slices.Clone(p.events), at, p.events[at]),
	} {
		if len(madeUp(t, events, asItWould)) == 0 {
			t.Errorf("%s: a film is not found out", name)
		}
	}
}
