package due

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// noon is a day on which nothing else happens.
var noon = time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC)

// The schedule of doc/due.md, as days after the first telling.
func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		name     string
		deadline int // days after the first telling, 0 for none
		until    int // the last day that is looked at
		want     string
	}{
		{"no day is known", 0, 130, "0 1 3 7 14 30 60 90 120"},
		{"a day far away", 100, 122, "0 1 3 7 14 30 60 70 86 93 97 98 99 100 101 102 103 104 105 106 107 114 121"},
		{"a day a month away", 30, 31, "0 16 23 27 28 29 30 31"},
		{"a day in five weeks", 35, 36, "0 1 3 5 21 28 32 33 34 35 36"},
		{"a day in five days", 5, 6, "0 2 3 4 5 6"},
		{"tomorrow", 1, 3, "0 1 2 3"},
		{"a day that has passed", -3, 12, "0 1 2 3 4 11"},
		{"a day that passed long ago", -40, 12, "0 2 9"},
	} {
		deadline := noon.AddDate(0, 0, c.deadline)
		if c.deadline == 0 {
			deadline = time.Time{}
		}
		var days []string
		last := time.Time{}
		for at := Next(noon, deadline, last); at.Before(noon.AddDate(0, 0, c.until+1)); at = Next(noon, deadline, last) {
			if !at.After(last) {
				t.Fatalf("%s: told at %v, and then at %v", c.name, last, at)
			}
			days = append(days, fmt.Sprint(int(at.Sub(noon)/day)))
			last = at
		}
		if got := strings.Join(days, " "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// Whatever was told last, and however late, the next moment is later.
func TestScheduleGoesOn(t *testing.T) {
	for deadline := -50; deadline < 50; deadline++ {
		for hours := 0; hours < 24*120; hours += 7 {
			last := noon.Add(time.Duration(hours) * time.Hour)
			if next := Next(noon, noon.AddDate(0, 0, deadline), last); !next.After(last) || next.Sub(last) > thenEvery {
				t.Fatalf("a deadline %d days away, told after %d hours, is told next at %v after %v", deadline, hours, next, last)
			}
		}
	}
}

func days(all []time.Duration) string {
	var b strings.Builder
	for i, d := range all {
		switch {
		case i == len(all)-1:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprint(&b, int(d/day))
	}
	return b.String()
}

// The document says what the program does.
func TestScheduleIsWrittenDown(t *testing.T) {
	b, err := os.ReadFile("../doc/due.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Join(strings.Fields(string(b)), " ")
	for _, want := range []string{
		fmt.Sprintf("at once if its day is within %d days", urgentWithin/day),
		fmt.Sprintf("after %s days, then every %d days", days(widening[1:]), thenEvery/day),
		fmt.Sprintf("| %s days before, and on the day |", days(narrowing[:len(narrowing)-1])),
		fmt.Sprintf("every day for %s, then every week", map[time.Duration]string{7 * day: "a week"}[dailyAfter]),
		fmt.Sprintf("| %s days before the first of `others` |", days(warnBefore)),
		fmt.Sprintf("(at least %d days)", FirstAfter/day),
		fmt.Sprintf("(at least %d days more)", BetweenOthers/day),
		"between 22:00 and 07:00",
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("doc/due.md does not say %q", want)
		}
	}
}

func TestHours(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	if h := (*Settings)(nil).Hours(); h.Digest != 8*time.Hour || h.Letter != time.Monday || h.From != 22*time.Hour || h.To != 7*time.Hour {
		t.Errorf("unless set: %+v", h)
	}
	h := (&Settings{Zone: "Asia/Tokyo", Digest: "07:30", Letter: "friday", Quiet: "23:00-06:30"}).Hours()
	at := func(d, hour, minute int) time.Time { return time.Date(2026, 11, d, hour, minute, 0, 0, tokyo) }
	for _, c := range []struct {
		now, last, next, letter, morning time.Time
	}{
		{at(18, 7, 29), at(17, 7, 30), at(18, 7, 30), at(13, 7, 30), at(18, 7, 29)},
		{at(18, 7, 30), at(18, 7, 30), at(19, 7, 30), at(13, 7, 30), at(18, 7, 30)},
		{at(20, 7, 29), at(19, 7, 30), at(20, 7, 30), at(13, 7, 30), at(20, 7, 29)},
		{at(20, 7, 30), at(20, 7, 30), at(21, 7, 30), at(20, 7, 30), at(20, 7, 30)},
		{at(20, 23, 0), at(20, 7, 30), at(21, 7, 30), at(20, 7, 30), at(21, 6, 30)},
		{at(21, 3, 0), at(20, 7, 30), at(21, 7, 30), at(20, 7, 30), at(21, 6, 30)},
	} {
		now := c.now.UTC() // where the clock is does not matter
		for what, got := range map[string][2]time.Time{
			"last digest": {h.LastDigest(now), c.last}, "next digest": {h.NextDigest(now), c.next},
			"letter": {h.LastLetter(now), c.letter}, "morning": {h.Morning(now), c.morning},
		} {
			if !got[0].Equal(got[1]) {
				t.Errorf("at %v: %s is %v, want %v", c.now, what, got[0], got[1])
			}
		}
	}
	// A day on which the clocks change has one digest, at the hour that the clock shows.
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	h = (&Settings{Zone: "Europe/Berlin"}).Hours()
	if got := h.NextDigest(time.Date(2027, 3, 27, 12, 0, 0, 0, berlin)); got.Hour() != 8 || got.Day() != 28 {
		t.Errorf("the digest of the day on which summer time begins: %v", got)
	}
	if (&Settings{Quiet: "none"}).Hours().Quiet(noon.Add(12 * time.Hour)) {
		t.Error("no quiet hours were wanted")
	}
	if lunch := (&Settings{Zone: "UTC", Quiet: "12:00-13:00"}).Hours(); !lunch.Quiet(noon) || lunch.Quiet(noon.Add(time.Hour)) {
		t.Error("quiet hours within a day")
	}
}
