package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door/knock"
)

// buildDoor closes SSH on the server by omamori door install, which the owner confirms by
// coming in anew.
func (s *stage) buildDoor() {
	socket := s.path("door.sock")
	install := s.start("server", "omamori", "--lang", "en", "door", "--socket", socket, "install", "--dir", s.path("door"), "--keys", s.path("authorized_keys"))
	goesOn := func() {
		if install.ended() {
			s.must("door install", fmt.Errorf("ended: %s", install))
		}
	}
	file := s.path("door/door.json")
	s.wait("the door's file is written", func() bool {
		goesOn()
		b, err := os.ReadFile(file)
		return err == nil && strings.HasSuffix(strings.TrimSpace(string(b)), "}")
	})
	b, err := os.ReadFile(file)
	s.must("door", err)
	// Its state in the play's own folder.
	s.must("door", os.WriteFile(file, []byte(strings.Replace(string(b), "{", `{"state": "`+s.path("door/state")+`",`, 1)), 0o644))
	s.door = []*process{
		s.start("server", "omamori-hands", "--door", "--file", file, "--listen", socket),
		s.start("server", "omamori-knock", "-key", s.path("door/door.key"), "-signers", s.path("door/allowed_signers"), "-door", socket),
	}
	s.wait("the door's trial begins", func() bool { goesOn(); return strings.Contains(install.String(), "come in anew") })
	line := regexp.MustCompile(`omamori-door1:[^@\s]+@`).FindString(install.String())
	s.pass = line + server + ":4649"
	s.must("doors", os.MkdirAll("/root/.config/omamori/doors", 0o700))
	s.must("doors", os.WriteFile("/root/.config/omamori/doors/"+server, []byte(s.pass+"\n"), 0o600))
	s.wait("the door hears", func() bool { goesOn(); return s.knock() == nil })
	came := s.start("laptop", "ssh", "server", "sleep 100") // the owner stays while the door looks
	select {
	case <-install.done:
	case <-time.After(patience):
		s.must("door install", fmt.Errorf("does not end: %s, %s", install, came))
	}
	came.stop()
	if code := install.cmd.ProcessState.ExitCode(); code != 0 {
		s.must("door install", fmt.Errorf("exit %d: %s", code, install))
	}
	s.sure("server", "", "door", "--socket", socket, "close") // as the guard finds it: shut
}

// knock opens the door for the laptop, as omamori ssh does.
func (s *stage) knock() error {
	pass, err := knock.ParsePass(s.pass)
	if err != nil {
		return err
	}
	b, err := os.ReadFile("/root/.ssh/id_ed25519")
	if err != nil {
		return err
	}
	signer, err := gossh.ParsePrivateKey(b)
	if err != nil {
		return err
	}
	return inside("laptop", func() error {
		ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
		defer cancel()
		client := &knock.Client{Pass: pass, Signer: signer}
		_, err := client.Knock(ctx, netip.AddrPortFrom(netip.MustParseAddr(server), pass.Port), knock.Ask{Ports: []uint16{22}, For: time.Minute})
		return err
	})
}
