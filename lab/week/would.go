package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }

func firstLine(s string) string { first, _, _ := strings.Cut(strings.TrimSpace(s), "\n"); return first }

// asItWouldHaveBeen plays the same blows with all that omamori has.
func (s *stage) asItWouldHaveBeen() {
	s.say("\n2. As it would have been: from the same start, the same blows")
	s.moveHome()
	s.vpn(true)
	s.configure(would, "macos-10.11")
	s.guardServer(true)
	s.cloud.SetRules(group, web, ssh, hear)
	s.buildDoor()
	s.buildVault()
	s.guardLaptop()
	s.journal("server", true)
	s.journal("laptop", true)
	s.margin("shell", whichever)

	s.blow("June", "the system to come has no PPTP: omamori what-if --change laptop.os=macos-10.12")
	out, _ := s.omamori("laptop", "", "what-if", "shell", "--change", "laptop.os=macos-10.12")
	for line := range strings.Lines(out) {
		s.say("    laptop %s", strings.TrimRight(line, "\n"))
	}
	s.blow("October", "the phone is replaced; the codes are in the vault too")
	s.sure("laptop", "", "lost", "phone")
	s.blow("half a year before", "the laptop's new system has no PPTP")
	s.upgrade(would)
	s.wait("the shell's way is told", func() bool { return s.goal("laptop", "shell").Verdict.String() != "holds" })
	back := s.goal("laptop", "shell").WayBack
	if back == nil {
		s.must("way back", errorf("there is none"))
	}
	s.journal("laptop", false)
	s.say("    laptop way back to a shell: %s", during(*back))
	s.row("the VPN's protocol", "the same, told the same hour; way back "+during(*back), "the laptop's journal", true)

	s.healed()
	s.worst()
}

// healed kills mysqld, and lets the guard see to it.
func (s *stage) healed() {
	s.blow("some night", "mysqld is killed for memory")
	if s.broken == "mend" {
		s.withoutHands()
	}
	began := time.Now()
	s.kill()
	took, limit := 0.0, time.Minute
	if s.broken == "mend" {
		limit = 20 * time.Second
	}
	s.wait("the break is found", func() bool { return len(s.status("server").Incidents) > 0 })
	ok := s.soon(limit, func() bool {
		i := s.status("server").Incidents
		return s.blog() == nil && i[0].Ended != nil
	})
	lines := s.journal("server", false)
	if ok {
		took = s.status("server").Incidents[0].Ended.Sub(began).Seconds()
		s.row("mysqld", fmt.Sprintf("back by itself after %.1f s, no act of a person", took), over(lines), true)
		return
	}
	s.row("mysqld", fmt.Sprintf("still down after %.0f s", limit.Seconds()), "the visitor, and the server's journal", false)
}

// over is the line of a journal by which an incident is over.
func over(lines []string) string {
	for _, line := range lines {
		if _, said, ok := strings.Cut(line, "✓ the incident"); ok {
			return "the incident" + said
		}
	}
	return "no line"
}

// withoutHands ends the half that starts services.
func (s *stage) withoutHands() {
	s.sh("server", "for p in /proc/[0-9]*; do if tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q '^[^ ]*omamori-hands --listen "+s.path("site/run/hands.sock")+"'; then kill -9 ${p#/proc/}; fi; done")
}

// worst is the worst case: VPN and phone gone, at a café, mysqld down, mending switched off.
func (s *stage) worst() {
	s.blow("the worst case", "VPN gone, phone gone, in a café; automatic mending switched off, and mysqld is killed")
	s.moveToCafe()
	path := s.path("server/omamori.yaml")
	b, err := os.ReadFile(path)
	s.must("configuration", err)
	off := regexp.MustCompile(`(?m)^    kind: .*$`).ReplaceAll(b, []byte("$0\n    mend: no"))
	s.must("configuration", os.WriteFile(path, off, 0o644))
	s.sure("server", "", "reload")
	if s.broken != "mend" {
		s.kill()
	}
	s.wait("the blog breaks", func() bool { return s.blog() != nil && s.goal("server", "blog").Verdict.String() == "broken" })
	switch s.broken {
	case "knock":
		s.door[1].stop()
	case "vault":
		s.must("vault", os.RemoveAll(s.path("laptop/state/vault")))
		s.must("vault", os.Remove(s.path("laptop/key")))
		s.sure("laptop", "", "lost", "vault")
	}
	if s.sshs() == nil {
		s.must("the café", errors.New("SSH is open before anything was done"))
	}
	began, acts := time.Now(), 0
	act := func(what string) { acts++; s.say("  ▸ act %d of a person: %s", acts, what) }
	fell := s.rescue(act)
	took := time.Since(began).Seconds()
	s.journal("laptop", false)
	s.journal("server", false)
	if fell != "" {
		s.row("the worst case", fell+": the week is back", "exit code of the command, and the visitor", false)
		return
	}
	s.rescueS, s.acts = took, acts
	s.row("the worst case", fmt.Sprintf("rescued by %d acts of a person, %.1f s of machine time", acts, took), "the visitor reads the post", true)
	s.draft()
}

// sshs logs in without a door.
func (s *stage) sshs() error {
	_, err := s.do("laptop", "", "ssh", "-o", "ConnectTimeout=2", "server", "true")
	return err
}

// rescue is what the owner does; "" if the blog is back, else where he is stuck.
func (s *stage) rescue(act func(string)) (stuck string) {
	act("omamori vault code aws")
	out, code := s.omamori("laptop", "", "vault", "code", "aws", "--json", "--identity", s.path("laptop/key"))
	digits := regexp.MustCompile(`"code": ?"([0-9]{6})"`).FindStringSubmatch(out)
	if code != 0 || digits == nil {
		s.say("    laptop %s", firstLine(out))
		s.row("the phone", "the code is gone with it", "the vault does not open", false)
		return "no code, so the console stays shut"
	}
	s.row("the phone", "the vault shows the code in its place", "AWS takes the code (below)", true)
	act("omamori door open --cloud group " + atCafe + " --mfa, and the code")
	out, code = s.omamori("laptop", digits[1]+"\n", "door", "open", "--cloud", "group", atCafe, "--mfa="+s.serial)
	s.say("    laptop %s", firstLine(out))
	if code != 0 {
		return "AWS does not open"
	}
	act("omamori ssh server omamori rescue blog --yes")
	out, code = s.omamori("laptop", "", "ssh", "server", "omamori", "--lang", "en", "rescue", "blog", "--yes")
	for line := range strings.Lines(out) {
		if strings.TrimSpace(line) != "" {
			s.say("    server %s", strings.TrimRight(line, "\n"))
		}
	}
	switch {
	case code == 255:
		return "the door hears no knock, so SSH stays shut"
	case code != 0:
		return "the server cannot start mysqld"
	}
	if err := s.blog(); err != nil {
		return "the visitor does not read the post: " + err.Error()
	}
	return ""
}
