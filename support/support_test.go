package support

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/words"
)

func desk() Desk {
	return Desk{Name: "aws", Title: "AWS Support", Account: "1234-5678-9012", Holder: "Owner of the blog",
		Email: "owner@blog.example", Phone: "+81 90 0000 0000"}
}

// TestHours: in both zones, and by the summer time that there is on that day.
func TestHours(t *testing.T) {
	for day, want := range map[string]string{
		"2026-11-25": "09:00 - 21:00 JST, 16:00 - 04:00 PST",
		"2026-07-01": "09:00 - 21:00 JST, 17:00 - 05:00 PDT",
	} {
		on, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if mine, theirs := desk().Hours(on); mine+", "+theirs != want {
			t.Errorf("%s: %s, %s", day, mine, theirs)
		}
	}
}

func TestParseMoment(t *testing.T) {
	now := time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC) // 03:00 in Tokyo on the 25th, 10:00 in Seattle
	for _, c := range []struct {
		typed  string
		theirs bool
		want   string
	}{
		{"2026-11-26 02:00", false, "2026-11-26 02:00 JST = 2026-11-25 09:00 PST"},
		{" 2026-11-25T09:00", true, "2026-11-26 02:00 JST = 2026-11-25 09:00 PST"},
		{"02:00", false, "2026-11-26 02:00 JST = 2026-11-25 09:00 PST"},
		{"04:00", false, "2026-11-25 04:00 JST = 2026-11-24 11:00 PST"},
		{"tomorrow", false, ""}, {"25:00", false, ""}, {"", true, ""},
	} {
		at, err := desk().ParseMoment(c.typed, c.theirs, now)
		got := ""
		if err == nil {
			got = desk().Both(at)
		}
		if got != c.want {
			t.Errorf("%q: %s, %v", c.typed, got, err)
		}
	}
}

// TestDue: before the promised call, half an hour after it, and each day from then on,
// once each.
func TestDue(t *testing.T) {
	opened := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	play := func(c Case, days int) (said []string) {
		for now := opened; now.Before(opened.AddDate(0, 0, days)); now = now.Add(time.Minute) {
			if due := c.Due(now); due != "" {
				said = append(said, due+" "+now.Format("02T15:04"))
				c.Asked = now
			}
		}
		return said
	}
	if got := strings.Join(play(Case{Opened: opened, Promised: opened.Add(26 * time.Hour)}, 4), ", "); got != "soon 25T01:30, ask 25T02:30, ask 26T02:30, ask 27T02:30" {
		t.Error(got)
	}
	if got := strings.Join(play(Case{Opened: opened}, 3), ", "); got != "ask 25T00:00, ask 26T00:00" {
		t.Error(got)
	}
	// Nobody ran at the hour: it is asked as soon as somebody does.
	if due := (Case{Opened: opened, Promised: opened.Add(time.Hour)}).Due(opened.Add(5 * 24 * time.Hour)); due != "ask" {
		t.Errorf("after five days: %q", due)
	}
}

func TestCheck(t *testing.T) {
	if bad := (&Settings{[]Desk{desk()}}).Check(); len(bad) > 0 {
		t.Errorf("a good desk: %v", bad[0])
	}
	for field, change := range map[string]func(*Desk){
		"name": func(d *Desk) { d.Name = "no name" }, "account": func(d *Desk) { d.Account = " " },
		"phone": func(d *Desk) { d.Phone = "" }, "email": func(d *Desk) { d.Email = strings.Repeat("x", 201) },
		"zone": func(d *Desk) { d.Zone = "Tokyo" }, "desk_zone": func(d *Desk) { d.Theirs = "../etc/passwd" },
		"from": func(d *Desk) { d.From = "9" }, "until": func(d *Desk) { d.Until = "24:30" }, "holder": func(d *Desk) { d.Holder = "" },
	} {
		d := desk()
		change(&d)
		bad := (&Settings{[]Desk{d}}).Check()
		if len(bad) != 1 || bad[0].Field != "desks[0]."+field || !words.Has(bad[0].Text.Key) {
			t.Errorf("%s: %v", field, bad)
		}
	}
	if bad := (&Settings{[]Desk{desk(), desk()}}).Check(); len(bad) != 1 || bad[0].Field != "desks[1].name" {
		t.Errorf("twice: %v", bad)
	}
}

// TestPapers: both languages stand beside each other, with all that a desk needs, and
// the script fits on one page.
func TestPapers(t *testing.T) {
	s := Status{Desk: desk(), Lost: []string{"my phone"}}
	now := time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)
	request, script := Request(s, now), Script(s, now)
	var text strings.Builder
	for _, p := range []Paper{request, script} {
		if err := p.WriteText(&text, 120); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"1234-5678-9012", "owner@blog.example", "+81 90 0000 0000", "call me back in Japanese", "日本語で折り返し",
		"09:00 - 21:00 JST", "16:00 - 04:00 PST", "my phone", "1 2 3 4 - 5 6 7 8", "What they will ask", "尋ねられること", "下 4 桁"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the papers do not have %q", want)
		}
	}
	if strings.Contains(text.String(), "{") || strings.ContainsFunc(request.Plain(), func(r rune) bool { return r > 0x7f }) {
		t.Errorf("not filled in, or not English:\n%s", request.Plain())
	}
	for name, p := range map[string]Paper{"request": request, "script": script} {
		pdf, err := p.PDF()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name+".pdf")
		if err := os.WriteFile(path, pdf, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := exec.LookPath("pdftotext"); err != nil {
			t.Skip("needs poppler-utils:", err)
		}
		out, err := exec.Command("pdftotext", "-layout", path, "-").Output()
		if err != nil || strings.Count(string(out), "\f") != 1 {
			t.Errorf("%s: %v, %d pages", name, err, strings.Count(string(out), "\f"))
		}
	}
}
