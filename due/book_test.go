package due

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// told plays days of a book: each hour it is looked, and the items are those that items
// gives. It lists what was told: "day hour digest|once: ids".
func told(t *testing.T, b *Book, from time.Time, hours int, h Hours, items func(at time.Time) []Item) (said []string) {
	t.Helper()
	for i := range hours {
		at := from.Add(time.Duration(i) * time.Hour)
		// What is kept outlives a restart, at any hour.
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		*b = Book{}
		if err := json.Unmarshal(raw, b); err != nil {
			t.Fatal(err)
		}
		b.Init()
		once, digest := b.Tell(items(at), at, h)
		for what, list := range map[string][]Item{"once": once, "digest": digest} {
			var ids []string
			for _, i := range list {
				ids = append(ids, i.ID)
			}
			if len(ids) > 0 {
				said = append(said, fmt.Sprintf("%s %s: %s", at.Format("02 15h"), what, strings.Join(ids, " ")))
			}
		}
	}
	return said
}

func compare(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

var (
	utc   = (&Settings{Zone: "UTC"}).Hours()
	first = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
)

func on(d, hour int) time.Time { return first.AddDate(0, 0, d-1).Add(time.Duration(hour) * time.Hour) }

func TestOneDigestADay(t *testing.T) {
	var b Book
	b.Init()
	got := told(t, &b, first, 24*8, utc, func(at time.Time) (items []Item) {
		items = append(items, Item{ID: "codes", Sort: "drill", Since: first})
		if at.After(on(3, 9)) {
			items = append(items, Item{ID: "pptp", Sort: "notice", Since: on(3, 9), Deadline: on(30, 0)})
		}
		return items
	})
	// The most pressing first; on a day on which nothing is to be told there is none.
	compare(t, got, "01 08h digest: codes", "02 08h digest: codes", "04 08h digest: pptp codes", "08 08h digest: codes")
}

func TestUrgentAtOnceButNotAtNight(t *testing.T) {
	var b Book
	b.Init()
	got := told(t, &b, first, 24*6, utc, func(at time.Time) (items []Item) {
		if !at.Before(on(2, 13)) {
			items = append(items, Item{ID: "day", Sort: "notice", Deadline: on(5, 0)})
		}
		if !at.Before(on(2, 23)) {
			items = append(items, Item{ID: "night", Sort: "notice", Deadline: on(8, 0)})
		}
		if !at.Before(on(2, 23)) && at.Before(on(4, 0)) {
			items = append(items, Item{ID: "cannot-wait", Sort: "end", Deadline: on(3, 4)})
		}
		return items
	})
	compare(t, got,
		"02 13h once: day",
		"02 23h once: cannot-wait",
		"03 07h once: night",
		"03 08h digest: cannot-wait day",
		"04 07h once: day", // its last call, which came at midnight
		"05 08h digest: day night",
		"06 08h digest: day night",
	)
}

func TestAcknowledgedIsSilentUntilItsDay(t *testing.T) {
	var b Book
	b.Init()
	item := func(time.Time) []Item { return []Item{{ID: "pptp", Sort: "notice", Deadline: on(200, 0)}} }
	compare(t, told(t, &b, first, 24, utc, item), "01 08h digest: pptp")
	b.Acks["pptp"] = Ack{Until: on(20, 0), Because: "we move then"}
	compare(t, told(t, &b, on(2, 0), 24*17, utc, item))
	compare(t, told(t, &b, on(19, 0), 24*6, utc, item), "20 08h digest: pptp", "21 08h digest: pptp", "23 08h digest: pptp")
	if len(b.Acks) > 0 {
		t.Errorf("what is over is kept: %v", b.Acks)
	}
}

func TestWhatIsRenewedIsCalledAgain(t *testing.T) {
	var b Book
	b.Init()
	got := told(t, &b, first, 24*9, utc, func(at time.Time) []Item {
		deadline := on(3, 12)
		if !at.Before(on(3, 0)) { // put off by five days
			deadline = on(8, 12)
		}
		return []Item{{ID: "cert", Sort: "end", Deadline: deadline}}
	})
	compare(t, got, "01 07h once: cert", "02 08h digest: cert", "02 12h once: cert", "06 08h digest: cert", "07 08h digest: cert", "07 12h once: cert", "09 08h digest: cert")
}

// What flaps is not new each time; what has been gone for days is.
func TestWhatFlapsIsNotNew(t *testing.T) {
	var b Book
	b.Init()
	got := told(t, &b, first, 24*12, utc, func(at time.Time) []Item {
		if at.Hour()%2 == 1 || at.After(on(4, 9)) && at.Before(on(8, 0)) {
			return nil
		}
		return []Item{{ID: "site", Sort: "drill"}}
	})
	compare(t, got, "01 08h digest: site", "02 08h digest: site", "04 08h digest: site", "08 08h digest: site", "09 08h digest: site", "11 08h digest: site")
}

// A break is told by its incident; from then on it is told of again until it is mended.
func TestBreakIsToldAgain(t *testing.T) {
	var b Book
	b.Init()
	got := told(t, &b, first, 24*9, utc, func(at time.Time) []Item {
		return []Item{{ID: "site", Sort: "broken", Since: first, Told: true}}
	})
	compare(t, got, "02 08h digest: site", "04 08h digest: site", "08 08h digest: site")
}

func TestSort(t *testing.T) {
	items := []Item{
		{ID: "drill", Sort: "drill", Since: on(1, 0)},
		{ID: "far", Sort: "notice", Deadline: on(90, 0)},
		{ID: "soon", Sort: "notice", Deadline: on(12, 0)},
		{ID: "late", Sort: "end", Deadline: on(2, 0)},
		{ID: "b-drill", Sort: "drill", Since: on(1, 0)},
		{ID: "broken", Sort: "broken", Since: on(9, 0)},
	}
	Sort(items, on(10, 0))
	var ids []string
	for _, i := range items {
		ids = append(ids, i.ID)
	}
	if got := strings.Join(ids, " "); got != "late broken soon b-drill drill far" {
		t.Errorf("got %s", got)
	}
}

func TestFresh(t *testing.T) {
	var b Book
	for i := range 2 * mostRead {
		if !b.Fresh(fmt.Sprint(i)) || b.Fresh(fmt.Sprint(i)) {
			t.Fatalf("mail %d is looked at twice, or never", i)
		}
	}
	if len(b.Read) != mostRead {
		t.Errorf("%d mails are remembered", len(b.Read))
	}
}

// A book that was tampered with, or is older, is none to stumble over.
func TestOddBook(t *testing.T) {
	var b Book
	if err := json.Unmarshal([]byte(`{"notices":{"notice-x":null},"channels":{"line":null},"acks":null}`), &b); err != nil {
		t.Fatal(err)
	}
	b.Init()
	b.Tell([]Item{{ID: "x"}}, noon, utc)
	if len(b.Notices)+len(b.Channels) > 0 {
		t.Errorf("nothing was kept as something: %+v", b)
	}
}
