package main

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/control"
	"github.com/omamori-guard/omamori/guard"
)

// guard asks the guard of a host, by its control socket.
func (s *stage) guard(host string) *control.Client {
	return control.NewClient(s.path(host+"/state/control.sock"), s.lang)
}

// status is how things stand; one that nobody answers is empty.
func (s *stage) status(host string) guard.Status {
	st, err := s.guard(host).Status(s.ctx)
	if err != nil {
		return guard.Status{}
	}
	return st
}

func (s *stage) goal(host, name string) (found guard.GoalStatus) {
	for _, g := range s.status(host).Goals {
		if g.Name == name {
			found = g
		}
	}
	return found
}

func (s *stage) link(host, name string) (found guard.LinkStatus) {
	for _, l := range s.status(host).Links {
		if l.Name == name {
			found = l
		}
	}
	return found
}

// told are the sorts of records that are shown: all but verdicts of single links, which
// an incident tells, and what the guard says of itself.
var told = []string{"incident", "plan", "deed", "gave_up", "margin", "rescue", "thing", "due", "case", "chore", "page", "tune"}

// records shows what the journals of hosts' guards have anew, as it came about.
func (s *stage) records(hosts ...string) (fresh []guard.JournalLine) {
	var events []event
	for _, host := range hosts {
		lines, err := s.guard(host).Journal(s.ctx, time.Time{}, "", s.seen[host], false, 1000)
		s.must(host+"'s journal", err)
		for _, l := range lines {
			s.seen[host] = l.Seq
			if !slices.Contains(told, l.What) || l.What == "margin" && l.Link != "shell" { // the blog's follows from it
				continue
			}
			fresh = append(fresh, l)
			events = append(events, event{Is: isRecord, Host: host, At: l.At, Mark: markOf(l), Text: l.Said, Seq: l.Seq})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.At.Compare(b.At) })
	for _, e := range events {
		s.tell(e)
	}
	return fresh
}

// journals tells all that the guards' journals have, so that it can be held against what
// was shown.
func (s *stage) journals() {
	for _, host := range []string{"laptop", "server"} {
		s.tell(event{Is: isJournal, Host: host, Text: s.sure(host, "", "journal", "--json", "-n", "100000")})
	}
}

// await shows what the journal of a host's guard has anew, until a record is there that is
// awaited.
func (s *stage) await(host, what string, is func(l guard.JournalLine) bool) {
	s.wait(host+"'s journal tells of "+what, func() bool { return slices.ContainsFunc(s.records(host), is) })
}

// fallen is the record of a goal whose margin is not what it was.
func fallen(goal string) func(l guard.JournalLine) bool {
	return func(l guard.JournalLine) bool { return l.What == "margin" && l.Link == goal }
}

// caused is the record of why a link broke.
func caused(link string) func(l guard.JournalLine) bool {
	return func(l guard.JournalLine) bool { return l.What == "plan" && l.Link == link }
}

// skip passes over what a journal has anew: it belongs to what was before the story.
func (s *stage) skip(host string) {
	lines, err := s.guard(host).Journal(s.ctx, time.Time{}, "", 0, true, 1)
	s.must(host+"'s journal", err)
	for _, l := range lines {
		s.seen[host] = l.Seq
	}
}

// markOf is the mark of a record, as omamori journal has it.
func markOf(l guard.JournalLine) string {
	var body struct {
		What chain.What `json:"what"`
	}
	_ = json.Unmarshal(l.Body, &body) // a record of another kind has none
	switch l.What {
	case "incident":
		if body.What == chain.Ended {
			return "✓"
		}
		return "✗"
	case "gave_up", "margin":
		return "!"
	case "deed", "plan":
		return "→"
	}
	return "·"
}

// margin shows how far the owner is from being locked out, as the laptop's guard reckons;
// it waits until that is what it comes to.
func (s *stage) margin(goal string, want func(n int) bool) guard.GoalWays {
	var now guard.GoalWays
	s.wait("margin of "+goal, func() bool {
		all, err := s.guard("laptop").Ways(s.ctx, goal, guard.Supposed{})
		if err != nil || len(all) != 1 || all[0].Margin.Now == nil {
			return false
		}
		now = all[0]
		return want(*now.Margin.Now)
	})
	e := event{Is: isMargin, Host: "laptop", Text: now.Title, Margin: now.Margin.Now}
	if now.Back != nil {
		e.WayBack = &now.Back.Seconds
	}
	s.tell(e)
	return now
}

// next shows the one best next step, in the words of omamori ways.
func (s *stage) next(goal string) {
	s.typed("laptop", "omamori ways "+goal)
	out, _ := s.omamori("laptop", "", "ways", goal)
	label := s.lang.Text("cli.ways_next")
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, label) {
			s.said("laptop", line)
		}
	}
}

// during is a time as people say it.
func (s *stage) during(seconds float64) string {
	return s.lang.Duration(roundly(time.Duration(seconds * float64(time.Second))))
}

func roundly(d time.Duration) time.Duration {
	switch {
	case d > time.Hour:
		return d.Round(time.Hour)
	case d > time.Minute:
		return d.Round(time.Minute)
	}
	return d.Round(100 * time.Millisecond)
}
