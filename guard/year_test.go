package guard_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/due/notice"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/links/claim"
	"github.com/omamori-guard/omamori/links/presence"
	"github.com/omamori-guard/omamori/notify"
	"github.com/omamori-guard/omamori/words"
)

const aDay = 24 * time.Hour

// year is the owner's year: what he was told, by which channel, on which day.
type year struct {
	*world
	said []string    // "DAY EVENT CHANNEL: TITLE | BODY"
	mail notice.Mail // arrives when it says
}

func (y *year) tell(m guard.Message) {
	y.world.tell(m)
	title, body := m.Say(words.English)
	for _, to := range m.To {
		y.set(func() {
			y.said = append(y.said, fmt.Sprintf("%s %s %s: %s | %s", m.At.UTC().Format("01-02 15:04"), m.Event, to, title, strings.ReplaceAll(body, "\n", " / ")))
		})
	}
}

// days are those on which an event of which the text speaks was told by a channel.
func (y *year) days(event, channel, text string) (days []string) {
	y.set(func() {
		for _, s := range y.said {
			if strings.HasPrefix(s[len("01-02 15:04"):], " "+event+" "+channel+": ") && strings.Contains(s, text) {
				days = append(days, s[:len("01-02")])
			}
		}
	})
	return slices.Compact(days)
}

// readMail finds the mail in the mailbox once its day has come.
func (y *year) readMail(_ context.Context, j due.MailJob) (a due.MailAnswer, err error) {
	if !time.Now().Before(y.mail.Date) && len(j.Cursors) == 0 {
		if f, ok := notice.Find(y.mail, j.Senders, false, time.Now()); ok {
			a.Found = append(a.Found, f)
		}
		a.Cursors = map[string]due.Cursor{"INBOX": {Validity: 1, UID: 1}}
	}
	return a, nil
}

func (y *year) options(protocol string) func(*guard.Options) {
	m := chain.Model{
		Things: []chain.Thing{{Name: "phone"}, {Name: "vpn", Title: "the VPN company", Attrs: map[string]string{"protocol": protocol, "mail": "fixed-ip.example.net"}}},
		Goals:  []chain.Goal{{Name: "shell", Title: "I get a shell", Ways: []chain.Way{{Name: "vpn", Links: []string{"tunnel"}}, {Name: "console", Links: []string{"codes"}}}}},
	}
	f := &config.File{Path: "omamori.yaml", Sections: map[string]any{
		"notify": &notify.Settings{Channels: []notify.Channel{{Name: "line", URL: "line://t@u"}, {Name: "mail", URL: "smtp://x/?to=a@b"}, {Name: "pager", Webhook: "http://x", Spare: true}, {Name: "hanako", Webhook: "http://y"}}},
		"due": &due.Settings{Zone: "UTC", Digest: "08:00", Letter: "monday", Mail: []due.Box{{IMAP: "mail.example.jp:993", User: "owner", Password: "file:/x"}},
			Others: []due.Other{{Name: "Hanako", Channel: "hanako", After: 150 * aDay, May: []string{"Restart the blog: omamori rescue blog", "Nothing else"}}}},
	}}
	add := func(k chain.Kind, name, yaml string, fresh, every time.Duration, needs ...string) {
		s, problems := config.DecodeSettings(k, []byte(yaml))
		if len(problems) > 0 {
			y.t.Fatal(problems)
		}
		f.Links = append(f.Links, config.Link{Name: name, Kind: k, Settings: s, Every: every, Timeout: time.Second, Fresh: fresh})
		m.Links = append(m.Links, chain.Link{Name: name, Kind: k.Name, Needs: needs, Fresh: fresh, Person: k.Person})
	}
	add(claim.Kind(), "codes", "question: Does your phone still show the codes?\n", 90*aDay, time.Hour, "phone")
	add(claim.Kind(), "tunnel", "question: Does the VPN connect?\n", 360*aDay, time.Hour, "vpn")
	add(presence.Kind(), "presence", "within: 120d\n", 6*time.Hour, 2*time.Hour)
	c, bad := chain.New(m)
	if bad != nil {
		y.t.Fatal(bad)
	}
	f.Chain = c
	return func(o *guard.Options) {
		o.Config, o.Tell, o.Hands, o.ReadMail = f, y.tell, nil, y.readMail
		o.Load = func() (*config.File, error) { return f, nil }
	}
}

// TestYear plays the owner's year, from the July before to the August in which mysqld
// stopped: a new phone in October, the mail on PPTP in November, and then silence. It says
// on which day he is told what, and that he would have known in October, in November and in
// June. The clock of the test begins in 2000: the years of the mail are moved there.
func TestYear(t *testing.T) {
	mail, err := os.ReadFile("../due/notice/testdata/pptp-en.eml")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		y := &year{world: newWorld(t)}
		if y.mail, err = notice.Parse(strings.NewReader(strings.ReplaceAll(string(mail), "2016", "2000"))); err != nil {
			t.Fatal(err)
		}
		until := func(m time.Month, d, hour int) {
			year := 2000
			if m < time.July {
				year++
			}
			if m == time.August {
				year = 2001
			}
			time.Sleep(time.Until(time.Date(year, m, d, hour, 0, 0, 0, time.UTC)))
			synctest.Wait()
		}
		time.Sleep(time.Until(time.Date(2000, time.July, 9, 9, 0, 0, 0, time.UTC)))
		var code string
		y.live(y.options("pptp"), func(g *guard.Guard) {
			for _, link := range []string{"codes", "tunnel"} {
				if err := g.Answer(t.Context(), link, true, "owner"); err != nil {
					t.Error(err)
				}
			}
			after(time.Hour)
			// Each channel asks for its code; he gives back those of line, and of Hanako.
			for _, channel := range []string{"line", "mail", "pager", "hanako"} {
				if days := y.days("confirm", channel, "code"); len(days)+len(y.days("confirm", channel, "type this")) == 0 {
					t.Errorf("%s was not asked", channel)
				}
			}
			for _, channel := range []string{"line", "hanako"} {
				code = y.codeOf(channel)
				if err := g.Acknowledge(t.Context(), guard.DueAck{ID: strings.ToLower(code[:4]) + "-" + code[4:], Who: "owner"}); err != nil {
					t.Error(err)
				}
			}
			until(time.October, 31, 12)
		})
		// October: the codes were proved in July; whether the new phone has them is asked, at
		// widening intervals.
		if got := y.days("digest", "line", "Does your phone still show the codes?"); fmt.Sprint(got) != "[10-08 10-09 10-11 10-15 10-22]" {
			t.Errorf("asked after the codes on %v", got)
		}
		// The mail channel was never confirmed: it broke after two weeks, and that was told.
		if got := y.days("begin", "line", "channel-mail"); fmt.Sprint(got) != "[07-23]" {
			t.Errorf("told that nobody reads the mails on %v", got)
		}
		var id string
		y.live(y.options("pptp"), func(g *guard.Guard) { // the guard was restarted
			until(time.November, 19, 12)
			items, err := g.Due(t.Context(), words.English)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range items {
				if i.Sort == "notice" {
					id = i.ID
				}
			}
			if s := status(t, g); verdict(s, id) != chain.Broken {
				t.Errorf("the notice is no broken link: %+v", items)
			}
			if d := deadlines(t, g, words.English)[id]; !strings.Contains(d.What, "PPTP is ended") || d.At.Add(-time.Second).Format(time.DateOnly) != "2000-12-31" {
				t.Errorf("the notice does not say when it comes: %+v", d)
			}
			if err := g.Acknowledge(t.Context(), guard.DueAck{ID: id, Who: "owner", Because: "moving in December"}); err == nil {
				t.Error("silent without a day")
			}
			if err := g.Acknowledge(t.Context(), guard.DueAck{ID: id, Who: "owner", Until: "2000-12-20"}); err == nil {
				t.Error("silent without a reason")
			}
			if err := g.Acknowledge(t.Context(), guard.DueAck{ID: id, Who: "owner", Until: "2000-12-20", Because: "moving in December"}); err != nil {
				t.Fatal(err)
			}
			after(time.Minute)
			if s := status(t, g); verdict(s, id) != chain.Holds {
				t.Error("the notice is known, and its link does not hold")
			}
			until(time.December, 20, 7)
		})
		// November: told in the digest of the next morning, and silent once it is known.
		if got := y.days("digest", "line", "PPTP is ended"); fmt.Sprint(got) != "[11-15 11-16 11-18]" {
			t.Errorf("told of PPTP on %v", got)
		}
		y.said = nil
		y.live(y.options("pptp"), func(*guard.Guard) { until(time.January, 20, 12) })
		// Its day has come, and he is told anew: narrowing, then late.
		if got := y.days("digest", "line", "PPTP is ended"); fmt.Sprint(got) != "[12-20 12-24 12-28 12-29 12-31 01-01 01-02 01-03 01-04 01-05 01-06 01-07 01-14]" {
			t.Errorf("told of PPTP again on %v", got)
		}
		if got := y.days("due", "line", "PPTP is ended"); fmt.Sprint(got) != "[12-30]" {
			t.Errorf("told of PPTP at once on %v", got)
		}
		y.said = nil
		y.live(y.options("wireguard"), func(g *guard.Guard) { // he has moved to another protocol
			until(time.February, 10, 9)
			if items, err := g.Due(t.Context(), words.English); err != nil || slices.ContainsFunc(items, func(i guard.DueItem) bool { return i.ID == id }) {
				t.Errorf("what was announced is dealt with, and is due still: %v %v", items, err)
			}
			if err := g.Here(t.Context(), "owner"); err != nil { // the last that is heard of him
				t.Error(err)
			}
			until(time.June, 28, 12)
		})
		if got := y.days("digest", "line", "PPTP is ended"); len(got) > 0 {
			t.Errorf("told of what is dealt with on %v", got)
		}
		// June: nobody has been there for 120 days, and he is warned before others are told.
		if got := y.days("begin", "line", "presence"); fmt.Sprint(got) != "[06-10]" {
			t.Errorf("told of the silence on %v", got)
		}
		if got := y.days("silence", "line", "Hanako"); fmt.Sprint(got) != "[06-26]" {
			t.Errorf("warned on %v", got)
		}
		if got := y.days("other", "hanako", ""); len(got) > 0 {
			t.Errorf("Hanako was told on %v", got)
		}
		y.live(y.options("wireguard"), func(g *guard.Guard) { // restarted once more
			until(time.August, 2, 8)
			if err := g.Answer(t.Context(), "codes", true, "owner"); err != nil {
				t.Error(err)
			}
			after(time.Minute)
		})
		if got := y.days("silence", "line", "Hanako"); fmt.Sprint(got) != "[06-26 07-03 07-07 07-09]" {
			t.Errorf("warned on %v", got)
		}
		if got := y.days("other", "hanako", "/ - Restart the blog: omamori rescue blog / - Nothing else /"); fmt.Sprint(got) != "[07-10]" {
			t.Errorf("Hanako was told what she may do on %v", got)
		}
		if got := y.days("back", "hanako", "an answer"); fmt.Sprint(got) != "[08-02]" {
			t.Errorf("Hanako was told that he is back on %v", got)
		}
		// A letter each Monday, by mail alone.
		letters := y.days("letter", "mail", "HOW THINGS STAND")
		if len(letters) != 28 || letters[0] != "01-22" || letters[27] != "07-30" || len(y.days("letter", "line", "")) > 0 {
			t.Errorf("%d letters: %v", len(letters), letters)
		}
		// Hanako was told nothing that is not hers.
		for _, event := range []string{"begin", "digest", "due", "letter", "silence"} {
			if got := y.days(event, "hanako", ""); len(got) > 0 {
				t.Errorf("Hanako was told of %s on %v", event, got)
			}
		}
		// At most one digest a day.
		seen := map[string]int{}
		for _, s := range y.said {
			if strings.Contains(s, " digest line: ") {
				seen[s[:5]]++
				if s[6:11] != "08:00" {
					t.Errorf("a digest at another hour: %s", s)
				}
			}
		}
		for day, n := range seen {
			if n > 1 {
				t.Errorf("%d digests on %s", n, day)
			}
		}
	})
}
