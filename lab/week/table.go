package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/report"
	"github.com/omamori-guard/omamori/words"
)

// row is one system of the story, and what came of it in each act.
type row struct {
	What  string `json:"what"`
	Was   string `json:"as_it_was,omitempty"`
	Would string `json:"as_it_would_have_been,omitempty"`
	Proof string `json:"proved_by,omitempty"`
	Good  bool   `json:"good"`
}

// row notes what came of a system in act two, beside what act one says of it.
func (s *stage) row(what, would, proof string, good bool) {
	for i := range s.rows {
		if s.rows[i].What == what {
			s.rows[i].Would, s.rows[i].Proof, s.rows[i].Good = would, proof, good
			return
		}
	}
	s.rows = append(s.rows, row{What: what, Would: would, Proof: proof, Good: good})
}

// outcome is what -json prints.
type outcome struct {
	Rows     []row    `json:"rows"`
	WeekS    float64  `json:"week_s"`   // what the guard reckoned in act one
	RescueS  float64  `json:"rescue_s"` // of the machine, in act two; 0 if it failed
	Acts     int      `json:"acts"`
	MachineS float64  `json:"machine_s"`
	Left     []string `json:"left_out"`
}

// left is what cannot run here, or is not played: it is in no sum.
func left() []string {
	all := []string{
		"the days of AWS support: taken from the plan of the guard, not waited for",
		"what macOS has: the guard's own table says it; the laptop here is Linux",
		"mysqld's end for want of memory: a SIGKILL stands for the kernel's",
		"the load balancer of the story: visitors come to the server itself",
	}
	if _, err := os.Stat("/dev/ppp"); err != nil {
		all = append(all, "PPP: this kernel has none (/dev/ppp). pptpd is real and is asked; what the tunnel would carry goes by a wire to the same host")
	}
	return all
}

// end prints the table and the sums.
func (s *stage) end(asJSON bool) error {
	s.say("\nWhat came of it")
	for _, r := range s.rows {
		mark := "✓"
		if !r.Good {
			mark = "✗"
		}
		s.say("  %s %s", mark, r.What)
		for _, p := range [][2]string{{"as it was", r.Was}, {"would have", r.Would}, {"proved by", r.Proof}} {
			if p[1] != "" {
				s.say("      %-10s  %s", p[0], p[1])
			}
		}
	}
	s.say("\n  as it was             about a week: %s, of which the machine's part is %.0f s", during(s.weekS), s.wasS)
	if s.rescueS > 0 {
		s.say("  as it would have been %.1f s, and %d acts of a person", s.rescueS, s.acts)
	} else {
		s.say("  as it would have been a week too, without the part that was left out: %s", s.broken)
	}
	s.say("\nNot played, and in no sum")
	for _, l := range left() {
		s.say("  - %s", l)
	}
	s.say("\nIt took %.0f s; nothing of it is left on this machine.", time.Since(s.began).Seconds())
	if asJSON {
		return json.NewEncoder(os.Stdout).Encode(outcome{s.rows, s.weekS, s.rescueS, s.acts, time.Since(s.began).Seconds(), left()})
	}
	return nil
}

// draft writes the post-mortem of the incident into the blog that was saved.
func (s *stage) draft() {
	for _, i := range s.status("server").Incidents {
		if i.Link != "mariadb" {
			continue
		}
		r := report.Incident{About: i.Link, Began: i.Began, Cause: i.Cause, Why: i.Why, Next: i.Next, Evidence: i.Evidence, Fell: i.Fell}
		if i.Ended != nil {
			r.Ended = *i.Ended
		}
		for _, d := range i.Deeds {
			r.Timeline = append(r.Timeline, report.Event{At: d.At, Said: d.Said})
		}
		// On the server, to itself: the password does not leave it.
		transport := http.DefaultTransport.(*http.Transport)
		transport.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) { return dial(ctx, "server", address) }
		w := report.WordPress{URL: "http://" + server, User: "owner", PasswordFile: s.path("site/secrets/application-password")}
		edit, err := w.Draft(s.ctx, r.Title(words.English), r.HTML(words.English))
		if err != nil {
			s.row("the post-mortem", "not drafted: "+err.Error(), "WordPress's answer", false)
			return
		}
		title, _, _ := strings.Cut(r.Title(words.English), "\n")
		s.row("the post-mortem", fmt.Sprintf("drafted to the blog: %q", title), "WordPress answers with "+edit, true)
		return
	}
	s.row("the post-mortem", "there is no incident to write of", "the server's journal", false)
}
