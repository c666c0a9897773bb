package main

import (
	"strings"
	"time"

	"github.com/omamori-guard/omamori/aws/awstest"
)

// asItWas plays the story with guards that only watch.
func (s *stage) asItWas() {
	s.say("\n1. As it was: omamori watches, and mends nothing")
	began := time.Now()
	s.buildLaptop()
	s.configure(was, "macos-10.11")
	s.vpn(true)
	onServer := s.guardServer(false)
	onLaptop := s.guardLaptop()
	s.journal("server", true)
	s.journal("laptop", true)
	s.margin("shell", 1)

	s.blow("October", "the phone is replaced; the codes were on the old one")
	s.sure("laptop", "", "lost", "phone")
	s.margin("shell", 0)
	s.journal("laptop", false)

	s.blow("half a year before", "the laptop's new system has no PPTP: the fixed address is gone")
	s.upgrade(was)
	s.wait("the way in breaks", func() bool { return s.link("laptop", "sshd").Verdict.String() == "broken" })
	way := s.margin("shell", -1)
	s.journal("laptop", false)
	s.rows = append(s.rows, row{What: "the VPN's protocol", Was: "SSH shut; margin of the shell -1, way back " + way})

	s.blow("the day", "mysqld is killed for memory")
	s.kill()
	s.wait("the blog breaks", func() bool {
		return s.blog() != nil && s.goal("laptop", "blog").Verdict.String() == "broken" && s.goal("server", "blog").Verdict.String() == "broken"
	})
	s.journal("server", false)
	s.journal("laptop", false)
	out, code := s.omamori("laptop", "000000\n", "door", "open", "--cloud", "group", atHome, "--mfa="+s.serial)
	if code == 0 {
		s.must("AWS", errorf("took a code that nobody had: %s", out))
	}
	s.blow("", "he opens the door in the cloud with a guessed code: "+firstLine(out))
	back := s.goal("laptop", "blog").WayBack
	plan, _ := s.omamori("laptop", "", "rescue", "blog", "--dry-run")
	s.say("    omamori rescue blog --dry-run, on the laptop:")
	for line := range strings.Lines(plan) {
		s.say("    laptop %s", strings.TrimRight(line, "\n"))
	}
	if back == nil {
		s.must("way back", errorf("there is none"))
	}
	s.weekS = *back

	s.blow("about a week later", "support has taken the device off (its days are the plan's, not waited for); he names his new address")
	s.cloud.SetRules(group, web, ssh, awstest.Rule{Protocol: "tcp", From: 22, To: 22, Source: atHome + "/32", Description: "my new address"})
	s.sh("laptop", "ssh server omamori --lang en reload >/dev/null; ssh server omamori --lang en rescue blog --yes")
	s.wait("the blog is back", func() bool { return s.blog() == nil && s.goal("laptop", "blog").Verdict.String() == "holds" })
	s.journal("server", false)
	s.journal("laptop", false)
	s.wasS = time.Since(began).Seconds()
	onLaptop.stop()
	onServer.stop()
	s.sh("laptop", "rm -r "+s.path("laptop/state"))
	s.sh("server", "rm -r "+s.path("server/state"))
	clear(s.shown)
	s.cloud.SetRules(group, web, ssh)
	s.rows = append(s.rows,
		row{What: "the phone", Was: "console refuses the code: " + during(s.weekS) + " by support (counted)"},
		row{What: "mysqld", Was: "down until SSH worked again"})
}

// blow says what the story does now; all that is indented below is of journals, or what
// omamori answers.
func (s *stage) blow(when, what string) {
	if when != "" {
		what = when + ": " + what
	}
	s.say("  ▸ %s", what)
}
