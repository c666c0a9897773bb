package main

import (
	"fmt"
	"strings"
	"time"
)

func (s *stage) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// journal shows what a guard's journal has anew, or with quiet passes over it.
func (s *stage) journal(host string, quiet bool) (fresh []string) {
	all := strings.Split(strings.TrimSpace(s.sure(host, "", "journal", "-n", "5000")), "\n")
	seen := s.shown[host]
	s.shown[host] = len(all)
	for _, line := range all[min(seen, len(all)):] {
		fresh = append(fresh, line)
		if !quiet {
			if _, at, ok := strings.Cut(line, " "); ok { // without the day, which is today
				line = at
			}
			s.say("    %-6s %s", host, strings.TrimSpace(line))
		}
	}
	return fresh
}

// whichever is a margin that is only asked for.
const whichever = -99

// margin is a goal's margin now, as the laptop's guard reckons it; it waits until the guard
// has come to want.
func (s *stage) margin(goal string, want int) (way string) {
	now := 99
	if !s.soon(patience, func() bool {
		m := s.goal("laptop", goal).Margin
		if m.Now != nil {
			now = *m.Now
		}
		return now == want || want == whichever && now != 99
	}) {
		s.must("margin of "+goal, fmt.Errorf("%d, not %d: %s", now, want, s.sure("laptop", "", "status")))
	}
	back := "none"
	if b := s.goal("laptop", goal).WayBack; b != nil {
		back = during(*b)
	}
	s.say("    laptop the margin of %s is %d; way back: %s", goal, now, back)
	text, _ := s.omamori("laptop", "", "ways", goal)
	for line := range strings.Lines(text) {
		if _, step, ok := strings.Cut(strings.TrimSpace(line), "Best next step"); ok {
			s.say("    laptop best next step: %s", strings.TrimSpace(step))
		}
	}
	return back
}

// during is a time as people say it.
func during(seconds float64) string {
	switch d := time.Duration(seconds * float64(time.Second)); {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}
