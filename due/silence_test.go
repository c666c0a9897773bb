package due

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

var three = []Other{
	{Name: "Hanako", Channel: "hanako", After: 60 * day, May: []string{"restart the blog"}},
	{Name: "Taro", Channel: "taro", After: 75 * day, May: []string{"pay the bill"}},
	{Name: "Jiro", Channel: "jiro", After: 90 * day, May: []string{"close it down"}},
}

// timetable plays a silence that began at noon, looked at each hour from a day on, and lists
// who was told on which day of it. Each look is by a guard that has just been restarted.
func timetable(t *testing.T, s *Silence, others []Other, from, to int) string {
	t.Helper()
	var said []string
	for h := from * 24; h <= to*24; h++ {
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		*s = Silence{}
		if err := json.Unmarshal(raw, s); err != nil {
			t.Fatal(err)
		}
		m, ok := s.Follow(others, noon, noon.Add(time.Duration(h)*time.Hour))
		if !ok {
			continue
		}
		what := m.Other.Name
		if m.Warn {
			what = "warned of " + what + " on " + fmt.Sprint(int(m.At.Sub(noon)/day))
		}
		said = append(said, fmt.Sprintf("%d %s", h/24, what))
	}
	return strings.Join(said, "; ")
}

func TestTimetable(t *testing.T) {
	var s Silence
	want := "46 warned of Hanako on 60; 53 warned of Hanako on 60; 57 warned of Hanako on 60; 59 warned of Hanako on 60; 60 Hanako; 75 Taro; 90 Jiro"
	if got := timetable(t, &s, three, 0, 365); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	told := s.Cancel()
	if len(told) != 3 || told[0].Channel != "hanako" || s.Warnings != 0 || len(s.Told) != 0 {
		t.Errorf("cancelled: %+v, left %+v", told, s)
	}
	if got := timetable(t, &s, nil, 0, 365); got != "" {
		t.Errorf("nobody is named, and told: %s", got)
	}
}

// A guard that was away for months warns first, and then tells one after the other.
func TestTimetableAfterAbsence(t *testing.T) {
	var s Silence
	want := "200 warned of Hanako on 207; 204 warned of Hanako on 207; 206 warned of Hanako on 207; 207 Hanako; 214 Taro; 221 Jiro"
	if got := timetable(t, &s, three, 200, 300); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// It was away between the warnings and the telling.
	s = Silence{}
	if got := timetable(t, &s, three, 0, 47); got != "46 warned of Hanako on 60" {
		t.Errorf("at first: %s", got)
	}
	if got := timetable(t, &s, three, 61, 62); got != "61 Hanako" {
		t.Errorf("the owner was warned 15 days before; then: %s", got)
	}
}

// Whatever the settings, nobody else is told before the owner was warned a week before.
func TestNobodyIsToldInHaste(t *testing.T) {
	for _, after := range []int{1, 8, 21, 40} {
		for from := 0; from < 60; from += 13 {
			var s Silence
			got := timetable(t, &s, []Other{{Name: "Hanako", Channel: "h", After: time.Duration(after) * day}}, from, from+60)
			var warned, told int
			if _, err := fmt.Sscanf(got, "%d warned", &warned); err != nil {
				t.Fatalf("after %d from %d: %s", after, from, got)
			}
			last := got[strings.LastIndex(got, "; ")+2:]
			if _, err := fmt.Sscanf(last, "%d Hanako", &told); err != nil || told-warned < 7 || told < after {
				t.Errorf("after %d from %d: %s", after, from, got)
			}
		}
	}
}
