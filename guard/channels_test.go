package guard_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/guard"
)

var aCode = regexp.MustCompile(`\(([A-Z2-7]{8})\)`)

// codeOf is the code that a channel was last sent.
func (y *year) codeOf(channel string) (code string) {
	y.set(func() {
		for _, s := range y.said {
			if m := aCode.FindStringSubmatch(s); m != nil && strings.Contains(s, " confirm "+channel+": ") {
				code = m[1]
			}
		}
	})
	if code == "" {
		y.t.Fatalf("%s was sent no code", channel)
	}
	return code
}

// TestASecondChannelIsUsed: a channel whose messages nobody confirms is broken after two
// weeks, and the spare one is used beside it, until an answer by mail, or a click, shows that
// somebody reads there again.
func TestASecondChannelIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := &year{world: newWorld(t)}
		var answered string // the code that stands in the subject of an answer
		var waiting []string
		y.live(func(o *guard.Options) {
			y.options("pptp")(o)
			tell := o.Tell
			o.Tell = func(m guard.Message) {
				tell(m)
				if m.Event == "confirm" && (len(m.Boxes) != 1 || m.Boxes[0] != "owner" || !strings.Contains(m.Answer("en"), "answer this mail")) {
					t.Errorf("how it is answered is not said: %v", m.Boxes)
				}
			}
			o.ConfirmAt = func(code string) string { return "https://guard.example.jp/confirm?code=" + code }
			o.ReadMail = func(_ context.Context, j due.MailJob) (a due.MailAnswer, err error) {
				y.set(func() {
					waiting = j.Codes
					if answered != "" {
						a.Confirmed = []due.Confirmed{{Code: answered, From: "owner@example.jp", Date: time.Now().Add(-time.Minute)}}
					}
				})
				return a, nil
			}
		}, func(g *guard.Guard) {
			after(12 * time.Hour) // the hours of the night are over
			if len(y.days("confirm", "line", "https://guard.example.jp/confirm?code="+y.codeOf("line"))) != 1 {
				t.Errorf("no link stands in %q", y.said)
			}
			if !slices.Contains(waiting, y.codeOf("mail")) || len(waiting) != 4 {
				t.Errorf("answers are looked for with %q", waiting)
			}
			// The spare one is confirmed by a click: a wrong code is none.
			if channel, err := g.Confirm(t.Context(), "ABCDEFGH"); err != nil || channel != "" {
				t.Errorf("a wrong code: %q %v", channel, err)
			}
			if channel, err := g.Confirm(t.Context(), y.codeOf("pager")); err != nil || channel != "pager" {
				t.Errorf("the click: %q %v", channel, err)
			}
			after(13 * aDay)
			if got := y.days("digest", "pager", ""); len(got) > 0 || len(y.days("digest", "line", "")) == 0 {
				t.Errorf("the spare one was used too early, on %v", got)
			}
			after(4 * aDay)
			s := status(t, g)
			for channel, want := range map[string]chain.Verdict{"line": chain.Broken, "mail": chain.Broken, "pager": chain.Holds, "hanako": chain.Broken} {
				if v := verdict(s, "channel-"+channel); v != want {
					t.Errorf("%s is %v", channel, v)
				}
			}
			if got := y.days("begin", "pager", "channel-line"); fmt.Sprint(got) != "[01-15]" {
				t.Errorf("that line is not read was told by the spare one on %v", got)
			}
			if got := y.days("digest", "pager", ""); len(got) == 0 {
				t.Error("the spare one is not used")
			}
			// He answers the mail.
			code := y.codeOf("mail")
			y.set(func() { answered, y.said = code, nil })
			after(30 * time.Hour)
			if v := verdict(status(t, g), "channel-mail"); v != chain.Holds {
				t.Errorf("answered, and the channel is %v", v)
			}
			y.set(func() { y.said = nil })
			after(20 * aDay)
			if got := y.days("digest", "pager", ""); len(got) > 0 || len(y.days("digest", "mail", "")) == 0 {
				t.Errorf("the spare one was used again on %v", got)
			}
			for _, s := range y.said {
				if strings.Contains(s, " confirm mail: ") || strings.Contains(s, " confirm pager: ") {
					t.Errorf("asked again too early: %s", s)
				}
			}
		})
		// Nothing that is written down holds a code.
		for _, e := range y.entries {
			if said := fmt.Sprint(e.Text, e.Body); strings.Contains(said, answered) {
				t.Errorf("a code stands in the journal: %s", said)
			}
		}
	})
}
