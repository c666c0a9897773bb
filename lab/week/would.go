package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/guard"
)

// stillDown is for how long it is waited for a mend that nobody can do.
const stillDown = 15 * time.Second

// asItWouldHaveBeen plays the same blows with all that omamori has. Begin waits for the
// other act.
func (s *stage) asItWouldHaveBeen(begin func()) {
	s.vpn(true)
	s.cloud.SetRules(group, web, ssh, hear)
	s.buildVault()
	s.buildBlog()
	s.guardServer(true)
	s.buildDoor() // it wants the guard to know of a second way in
	s.configure(laptop{Ready: true, OS: oldSystem})
	s.guardLaptop()
	s.showPage()
	begin()

	s.chapter("start")
	s.blow("week.would_start")
	s.margin("shell", func(int) bool { return true })

	s.chapter("june")
	s.blow("week.would_june")
	s.reload(laptop{Ready: true, OS: oldSystem, Upgrade: newSystem})
	s.omamori("laptop", "", "prove", "client")
	s.await("laptop", "the margin", fallen("shell"))
	s.margin("shell", func(n int) bool { return n >= 0 })

	s.chapter("october")
	s.blow("week.blow_phone")
	s.typed("laptop", "omamori lost phone")
	s.sure("laptop", "", "lost", "phone")
	s.await("laptop", "the margin", fallen("shell"))
	s.margin("shell", func(n int) bool { return n >= 0 })

	s.chapter("november")
	s.blow("week.would_november")
	s.mail()

	s.chapter("winter")
	s.blow("week.blow_upgrade")
	s.upgrade(true)
	s.await("laptop", "the client", caused("client"))
	s.wait("the way in breaks", func() bool { return s.goal("laptop", "shell").Verdict.String() == "broken" })
	way := s.margin("shell", func(n int) bool { return n >= 0 })
	if way.Back == nil {
		s.must("way back", errors.New("there is none"))
	}
	s.did("vpn", s.lang.Text("week.did_vpn", "back", s.during(way.Back.Seconds)), s.lang.Text("week.proof_journal"), true)

	s.chapter("night")
	s.healed()
	s.chapter("end")
	s.worst()
}

// mail is November's: what the VPN company wrote, handed to omamori as it came.
func (s *stage) mail() {
	day := time.Now().AddDate(0, 0, 40)
	mail, err := files.ReadFile("files/mail." + string(s.lang) + ".eml")
	s.must("mail", err)
	text := strings.NewReplacer("DATE", time.Now().Format(time.RFC1123Z), "DAY-EN", day.Format("January 2, 2006"), "DAY-JA", day.Format("2006年1月2日")).Replace(string(mail))
	s.typed("laptop", "omamori due add < mail.eml")
	s.sure("laptop", text, "due", "add")
	var found []guard.DueItem
	s.wait("the notice is known", func() bool {
		all, err := s.guard("laptop").Due(s.ctx)
		s.must("due", err)
		found = found[:0]
		for _, i := range all {
			if strings.HasPrefix(i.ID, "notice-") {
				found = append(found, i)
			}
		}
		return len(found) == 1
	})
	s.said("laptop", found[0].When+"  "+found[0].What)
	s.records("laptop")
	s.did("warning", s.lang.Text("week.did_warning", "when", found[0].When), s.lang.Text("week.proof_due"), true)
}

// healed kills mysqld, and lets the guard see to it.
func (s *stage) healed() {
	s.blow("week.blow_killed")
	limit, mysqld := patience, s.mysqld()
	if s.broken == "mend" { // without hands, the guard may not know the process any more
		s.withoutHands()
		limit = stillDown
	}
	began := time.Now()
	s.kill(mysqld)
	s.wait("the break is found", func() bool { return len(s.status("server").Incidents) > 0 })
	back := 0.0
	ok := s.soon(limit, func() bool {
		if back == 0 && s.read() == nil {
			back = time.Since(began).Seconds()
		}
		i := s.status("server").Incidents
		return back > 0 && len(i) > 0 && i[0].Ended != nil
	})
	s.records("server", "laptop")
	if ok {
		s.did("mysqld", s.lang.Text("week.did_mysqld", "took", s.during(back)), s.lang.Text("week.proof_visitor"), true)
		return
	}
	s.did("mysqld", s.lang.Text("week.did_not_mysqld", "took", s.during(limit.Seconds())), s.lang.Text("week.proof_visitor"), false)
}

// withoutHands ends the half that starts services.
func (s *stage) withoutHands() {
	s.sh("server", "for p in /proc/[0-9]*; do if tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q '^[^ ]*omamori-hands --listen "+siteDir+"'; then kill -9 ${p#/proc/}; fi; done")
}

// worst is the worst case: VPN and phone gone, at a café, mysqld down, mending switched off.
func (s *stage) worst() {
	s.blow("week.would_worst")
	s.moveToCafe()
	path := s.path("server/omamori.yaml")
	b, err := os.ReadFile(path)
	s.must("configuration", err)
	s.must("configuration", os.WriteFile(path, []byte(withoutMending(string(b))), 0o644))
	s.sure("server", "", "reload")
	if s.broken != "mend" { // else it is still down
		s.kill(s.mysqld())
	}
	s.wait("the blog breaks", func() bool {
		return s.read() != nil && s.goal("server", "blog").Verdict.String() == "broken" && s.goal("laptop", "blog").Verdict.String() == "broken"
	})
	s.records("server", "laptop")
	s.takeAway()
	if c, err := dial(s.ctx, "laptop", net.JoinHostPort(server, "22")); err == nil {
		_ = c.Close()
		s.must("the café", errors.New("SSH is open before anything was done"))
	}
	began := time.Now()
	stuck := s.rescue()
	took := time.Since(began)
	s.records("server", "laptop")
	if stuck != "" {
		total := sum{Acts: s.acts}
		if back := s.goal("laptop", "blog").WayBack; back != nil {
			total.WayBackS = *back
		}
		s.did("address", s.lang.Text(stuck), s.lang.Text("week.proof_command"), false)
		s.tell(event{Is: isSum, Sum: &total})
		return
	}
	s.did("address", s.lang.Text("week.did_address", "acts", fmt.Sprint(s.acts), "took", s.during(took.Seconds())), s.lang.Text("week.proof_visitor"), true)
	s.did("support", s.lang.Text("week.did_support"), s.lang.Text("week.proof_acts"), true)
	s.tell(event{Is: isSum, Sum: &sum{MachineS: took.Seconds(), Acts: s.acts}})
	s.postMortem()
}

// takeAway leaves out the part that is to be left out.
func (s *stage) takeAway() {
	switch s.broken {
	case "knock":
		s.door[1].stop()
	case "vault":
		s.must("vault", os.RemoveAll(filepath.Join(s.path("laptop/state"), "vault")))
		s.must("vault", os.Remove(s.path("laptop/given.key")))
		s.sure("laptop", "", "lost", "vault")
	}
}

// rescue is what the owner does; "" if the blog is back, else where he is stuck.
func (s *stage) rescue() (stuck string) {
	s.act("laptop", "omamori rescue blog")
	t := s.sit("laptop", "rescue", "blog")
	word := s.lang.Text("cli.vault_passphrase")
	question := s.lang.Text("rescue.ask_run")
	question = question[strings.LastIndex(question, "["):] // how each question ends
	number := s.lang.Text("rescue.ask_number")
	yes := false
	for asked := t.asks(word, question, number); asked != ""; asked = t.asks(word, question, number) {
		text := t.fresh()
		t.shown()
		switch {
		case asked == word:
			s.act("laptop", s.lang.Text("week.typed_word"))
			t.types(passphrase)
		case asked == number: // no request is sent at night
			t.types("")
		case !yes && strings.Contains(text, s.lang.Text("rescue.ask_runs", "n", "1")):
			yes = true // to all that the plan has for omamori
			s.act("laptop", "y")
			t.types("y")
		default: // it goes on elsewhere than at a café at night
			s.typed("laptop", "s")
			t.types("s")
		}
	}
	code := t.end()
	if !yes {
		s.did("phone", s.lang.Text("week.did_not_phone"), s.lang.Text("week.proof_command"), false)
		return "week.stuck_vault"
	}
	if !strings.Contains(t.said.String(), atCafe) {
		s.must("AWS", errors.New(t.said.String()))
	}
	s.did("phone", s.lang.Text("week.did_phone"), s.lang.Text("week.proof_aws"), true)
	switch {
	case s.broken == "knock" && code != 0:
		return "week.stuck_knock"
	case code != 0 && s.broken == "mend":
		return "week.stuck_mend"
	case code != 0:
		s.must("omamori rescue", fmt.Errorf("exit %d: %s", code, t.said.String()))
	}
	if err := s.read(); err != nil {
		s.must("the visitor reads the post", err)
	}
	return ""
}
