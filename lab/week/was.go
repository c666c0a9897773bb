package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vault/otp"
)

// asItWas plays the story with guards that only watch. Begin waits for the other act.
func (s *stage) asItWas(begin func()) {
	s.vpn(true)
	s.buildBlog()
	s.guardServer(false)
	s.configure(laptop{OS: oldSystem})
	s.guardLaptop()
	s.showPage()
	begin()

	s.chapter("start")
	s.blow("week.was_start")
	s.margin("shell", func(n int) bool { return n == 1 })
	s.chapter("june")
	s.blow("week.was_june")

	s.chapter("october")
	s.blow("week.blow_phone")
	s.typed("laptop", "omamori lost phone")
	s.sure("laptop", "", "lost", "phone")
	s.await("laptop", "the margin", fallen("shell"))
	s.margin("shell", func(n int) bool { return n == 0 })
	s.next("shell")

	s.chapter("november")
	s.blow("week.was_november")
	s.happened("warning", s.lang.Text("week.happened_warning"))

	s.chapter("winter")
	s.blow("week.blow_upgrade")
	s.upgrade(false)
	s.await("laptop", "the client", caused("client"))
	s.wait("the way in breaks", func() bool { return s.goal("laptop", "shell").Verdict.String() == "broken" })
	s.wait("the guard tells of it", func() bool {
		return slices.ContainsFunc(s.status("laptop").Incidents, func(i guard.IncidentStatus) bool { return i.Goal == "shell" && i.To != nil && *i.To < 0 })
	})
	s.records("laptop")
	way := s.margin("shell", func(n int) bool { return n < 0 })
	s.next("shell")
	if way.Back == nil {
		s.must("way back", errors.New("there is none"))
	}
	s.happened("vpn", s.lang.Text("week.happened_vpn", "back", s.during(way.Back.Seconds)))

	s.chapter("night")
	s.wasDown()
	s.chapter("end")
	s.wasWeek()
}

// wasDown is the night on which mysqld ends, and nothing lets him in.
func (s *stage) wasDown() {
	s.blow("week.blow_killed")
	s.kill(s.mysqld())
	s.wait("the blog breaks", func() bool {
		return s.read() != nil && s.goal("laptop", "blog").Verdict.String() == "broken" && len(s.status("server").Incidents) > 0
	})
	s.wait("the cause is found", func() bool { i := s.status("server").Incidents; return i[0].Cause != "" })
	s.records("server", "laptop")
	s.typed("laptop", "ssh server")
	if out, err := s.do("laptop", "", "ssh", "-o", "ConnectTimeout=2", "server", "true"); err == nil {
		s.must("the firewall", errors.New("SSH is open from an address that nobody named"))
	} else {
		s.said("laptop", firstLine(out))
	}
	s.typed("laptop", "omamori door open --cloud group "+atHome+" --mfa")
	said, ok := s.openCloud(atHome, "000000")
	if ok {
		s.must("AWS", fmt.Errorf("took a code that nobody had: %s", said))
	}
	s.said("laptop", said)
	s.happened("address", s.lang.Text("week.happened_address"))
	s.happened("phone", s.lang.Text("week.happened_phone"))
	s.happened("report", s.lang.Text("week.happened_report"))
	s.happened("mysqld", s.lang.Text("week.happened_mysqld"))
}

// wasWeek is how he came in at last. Of support's days the plan of the guard is the witness;
// all else is done.
func (s *stage) wasWeek() {
	began := time.Now()
	s.typed("laptop", "omamori rescue blog --dry-run")
	plan, _ := s.omamori("laptop", "", "rescue", "blog", "--dry-run")
	for line := range strings.Lines(plan) {
		if line = strings.TrimRight(line, "\n "); line != "" {
			s.said("laptop", line)
		}
	}
	back := s.goal("laptop", "blog").WayBack
	if back == nil {
		s.must("way back", errors.New("there is none"))
	}
	s.blow("week.was_support")
	s.typed("laptop", "omamori due letter aws --out letters")
	s.said("desk", s.askDesk())
	s.typed("laptop", "omamori due case aws --number 4649")
	s.sure("laptop", "", "due", "case", "aws", "--number", "4649")
	s.records("laptop")
	s.blow("week.was_device")
	s.sure("laptop", "", "due", "case", "aws", "--solved")
	const fresh = "the new phone of the story"
	s.device("new-phone", fresh)
	s.typed("laptop", "omamori door open --cloud group "+atHome+" --mfa")
	said, ok := s.openCloud(atHome, otp.Account{Secret: otp.Secret(fresh)}.Code(time.Now()))
	if !ok {
		s.must("AWS", errors.New(said))
	}
	s.said("laptop", said)
	s.typed("laptop", "ssh server omamori rescue blog --yes")
	s.sh("laptop", "ssh server omamori --lang "+string(s.lang)+" rescue blog --yes")
	s.wait("the blog is back", func() bool { return s.read() == nil && s.goal("laptop", "blog").Verdict.String() == "holds" })
	s.records("server", "laptop")
	s.tell(event{Is: isSum, Sum: &sum{CountedS: *back, MachineS: time.Since(began).Seconds()}})
	s.happened("support", s.lang.Text("week.happened_support", "back", s.during(*back)))
}

func firstLine(s string) string { first, _, _ := strings.Cut(strings.TrimSpace(s), "\n"); return first }
