package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"

	"github.com/omamori-guard/omamori/guard"
)

// shellGoal is what the server's guard watches besides the site.
const shellGoal = `  sshd: {kind: tcp, title: "sshd listens", address: "127.0.0.1:22", every: 5s}
  serial: {kind: claim, title: "I reach the serial console", question: "Can you reach the serial console?"}

goals:
  shell: {title: "a shell on the server", ways: {ssh: [sshd], serial: [serial]}}
`

// buildServer brings up sshd, and the blog by omamori site up.
func (s *stage) buildServer() {
	for _, key := range []string{"host", "owner"} {
		s.sh("server", "ssh-keygen -q -t ed25519 -N '' -C owner -f "+s.path(key))
	}
	s.sh("server", "cp "+s.path("owner.pub")+" "+s.path("authorized_keys"))
	conf := s.write("server/sshd_config", fmt.Sprintf("HostKey %[1]s/host\nAuthorizedKeysFile %[1]s/authorized_keys\nPidFile none\nStrictModes no\nUsePAM no\n"+
		"PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nSetEnv PATH=%[1]s/bin:/usr/bin:/bin OMAMORI_STATE=%[1]s/server/state LC_ALL=C.UTF-8\n", s.dir))
	s.start("server", "/usr/sbin/sshd", "-D", "-f", conf)
	s.sure("server", "", "site", "up", s.path("site"), "--sample", "--address", server+":80", "--guard-user", "nobody")
	s.must("site", os.MkdirAll(s.path("server"), 0o755))
}

// guardServer starts the server's guard; without mend it watches only.
func (s *stage) guardServer(mend bool) *process {
	b, err := os.ReadFile(s.path("site/omamori.yaml"))
	s.must("read the site's configuration", err)
	text := strings.Replace(string(b), "\ngoals:\n", shellGoal, 1)
	if !mend {
		text = regexp.MustCompile(`(?m)^    kind: .*$`).ReplaceAllString(text, "$0\n    mend: no")
	}
	s.must("write", os.WriteFile(s.path("server/omamori.yaml"), []byte(text), 0o644))
	p := s.start("server", "omamori", "--lang", "en", "run", "-c", s.path("server/omamori.yaml"), "--user", "nobody")
	s.up("server", p)
	s.wait("the server's guard proves the blog", func() bool { return s.goal("server", "blog").Verdict.String() == "holds" })
	s.sure("server", "y\ny\n", "due", "drill")
	return p
}

// up waits until a guard answers.
func (s *stage) up(host string, p *process) {
	s.wait(host+"'s guard: "+p.String(), func() bool {
		select {
		case <-p.done:
			s.must(host+"'s guard", errors.New(p.String()))
		default:
		}
		return s.status(host).Guard.PID != 0
	})
}

func (s *stage) status(host string) (st guard.Status) {
	s.read(host, &st, "status")
	return st
}

func (s *stage) goal(host, name string) (found guard.GoalStatus) {
	for _, g := range s.status(host).Goals {
		if g.Name == name {
			found = g
		}
	}
	return found
}

func (s *stage) link(host, name string) (found guard.LinkStatus) {
	for _, l := range s.status(host).Links {
		if l.Name == name {
			found = l
		}
	}
	return found
}

// kill ends mysqld as the kernel does when memory is out.
func (s *stage) kill() {
	for _, l := range s.status("server").Links {
		for _, f := range l.Figures {
			if l.Name == "mariadb" && f.Name == "pid" {
				s.must("kill mysqld", syscall.Kill(int(f.Value), syscall.SIGKILL))
				return
			}
		}
	}
	s.must("kill mysqld", errors.New("the guard names no process"))
}

// blog asks as a visitor does: nil if he reads the post.
func (s *stage) blog() error {
	c, err := dial(s.ctx, "visitor", server+":80")
	if err != nil {
		return err
	}
	defer c.Close()
	r, err := http.NewRequestWithContext(s.ctx, "GET", "http://"+server+"/2017/08/02/diary20170802/", nil)
	s.must("ask", err)
	answer, body, err := roundTrip(c, r)
	if err == nil && (answer != http.StatusOK || !strings.Contains(body, "Every number has the same four parts")) {
		err = fmt.Errorf("status %d, without the post", answer)
	}
	return err
}
