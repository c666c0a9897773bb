package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// blogURL is the post that visitors read.
const blogURL = "http://blog.example/2017/08/02/diary20170802/"

// guarded is what the server's guard watches besides the site, and where its post-mortems go.
const guarded = `  sshd: {kind: tcp, title: %q, address: "127.0.0.1:22", every: 5s}
  serial: {kind: claim, title: %q, question: %q}

goals:
  shell: {title: %q, ways: {ssh: [sshd], serial: [serial]}}
`

const written = `
report: {wordpress: {url: "http://127.0.0.1", user: owner, password_file: %s}}
`

// buildSSH starts the server's sshd, which knows the owner's key.
func (s *stage) buildSSH() {
	for _, key := range []string{"host", "owner"} {
		s.sh("server", "ssh-keygen -q -t ed25519 -N '' -C owner -f "+s.path(key))
	}
	s.sh("server", "cp "+s.path("owner.pub")+" "+s.path("authorized_keys"))
	conf := s.write("server/sshd_config", fmt.Sprintf("HostKey %[1]s/host\nAuthorizedKeysFile %[1]s/authorized_keys\nPidFile none\nStrictModes no\nUsePAM no\n"+
		"PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nSetEnv PATH=%[2]s:/usr/bin:/bin OMAMORI_STATE=%[1]s/server/state LC_ALL=C.UTF-8\n", s.dir, s.bin))
	s.must("server", os.Chmod(s.path("server"), 0o755)) // the guard's user reads in it
	s.start("server", "/usr/sbin/sshd", "-D", "-f", conf)
}

// buildBlog copies the installed blog, and starts it.
func (s *stage) buildBlog() {
	s.wait("the blog is installed", func() bool { _, err := os.Stat(baseReady); return err == nil })
	out, err := exec.CommandContext(s.ctx, "cp", "-a", baseSite, siteDir).CombinedOutput()
	if err != nil {
		s.must("copy the blog", fmt.Errorf("%w: %s", err, out))
	}
	s.sure("server", "", "site", "up", siteDir)
	s.sh("server", "install -o nobody -m 600 "+siteDir+"/secrets/application-password "+s.path("password"))
}

// guardServer starts the server's guard; without mend it watches only.
func (s *stage) guardServer(mend bool) {
	b, err := os.ReadFile(siteDir + "/omamori.yaml")
	s.must("read the site's configuration", err)
	text := strings.Replace(string(b), "\ngoals:\n", fmt.Sprintf(guarded, s.lang.Text("week.yaml_listens"), s.lang.Text("week.yaml_serial"), s.lang.Text("week.yaml_serial_asked"), s.lang.Text("week.yaml_shell")), 1) + fmt.Sprintf(written, s.path("password"))
	text = regexp.MustCompile(`(?m)^lang: .*$`).ReplaceAllString(text, "lang: "+string(s.lang))
	text = strings.NewReplacer("every: 10s", "every: 5s", "every: 30s", "every: 15s").Replace(text)
	if !mend {
		text = withoutMending(text)
	}
	s.must("write", os.WriteFile(s.path("server/omamori.yaml"), []byte(text), 0o644))
	p := s.start("server", "omamori", "run", "-c", s.path("server/omamori.yaml"), "--user", "nobody")
	s.up("server", p)
	s.wait("the server's guard proves the blog", func() bool { return s.goal("server", "blog").Verdict.String() == "holds" })
	s.sure("server", "y\n", "due", "drill")
	s.skip("server")
}

// withoutMending is a configuration in which omamori watches only.
func withoutMending(text string) string {
	return regexp.MustCompile(`(?m)^    kind: .*$`).ReplaceAllString(text, "$0\n    mend: no")
}

// up waits until a guard answers.
func (s *stage) up(host string, p *process) {
	s.wait(host+"'s guard", func() bool {
		if p.ended() {
			s.must(host+"'s guard", errors.New(p.String()))
		}
		return s.status(host).Guard.PID != 0
	})
}

// kill ends mysqld as the kernel does when memory is out.
func (s *stage) kill() {
	pid := 0
	s.wait("the guard names mysqld's process", func() bool {
		l := s.link("server", "mariadb")
		for _, f := range l.Figures {
			if f.Name == "pid" && l.Verdict.String() == "holds" {
				pid = int(f.Value)
			}
		}
		return pid > 0
	})
	s.must("kill mysqld", syscall.Kill(pid, syscall.SIGKILL))
}

// read asks as a visitor does: nil if he reads the post.
func (s *stage) read() error {
	c, err := dial(s.ctx, "visitor", server+":80")
	if err != nil {
		return err
	}
	defer c.Close()
	r, err := http.NewRequestWithContext(s.ctx, "GET", blogURL, nil)
	s.must("ask", err)
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	r.Close = true
	if err := r.Write(c); err != nil {
		return err
	}
	a, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(io.LimitReader(a.Body, 1<<20))
	if err == nil && (a.StatusCode != http.StatusOK || !strings.Contains(string(body), s.lang.Text("site.sample_phrase"))) {
		err = fmt.Errorf("status %d, without the post", a.StatusCode)
	}
	return err
}
