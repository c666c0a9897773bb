package mysql

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// base is a fresh data directory, made once for all tests: it takes seconds.
var base string

func TestMain(m *testing.M) {
	code := m.Run()
	if base != "" {
		_ = os.RemoveAll(base)
	}
	os.Exit(code)
}

// server is a real mariadbd on a socket of its own.
type server struct {
	t                    *testing.T
	dir, data, sock, log string
	args                 []string
	cmd                  *exec.Cmd
	done                 chan struct{}
}

func newServer(t *testing.T, args ...string) *server {
	t.Helper()
	for _, name := range []string{"mariadbd", "mariadb-install-db"} {
		if _, err := exec.LookPath(name); err != nil {
			probetest.Needs(t, "Debian's package mariadb-server: "+err.Error())
		}
	}
	if os.Getuid() != 0 {
		probetest.Needs(t, "root: it logs in as root over the socket")
	}
	if base == "" {
		dir, err := os.MkdirTemp("", "omamori-mysql-base-")
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("mariadb-install-db", "--no-defaults", "--user=root", "--skip-test-db",
			"--auth-root-authentication-method=socket", "--innodb-log-file-size=4M", "--datadir="+dir).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		base = dir
	}
	dir, err := os.MkdirTemp("", "omamori-mysql-") // t.TempDir is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &server{t: t, dir: dir, data: filepath.Join(dir, "data"), sock: filepath.Join(dir, "s"), log: filepath.Join(dir, "log"), args: args}
	if out, err := exec.Command("cp", "-a", "--reflink=auto", base, s.data).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.start()
	return s
}

// start starts it and waits until it answers.
func (s *server) start(more ...string) {
	s.t.Helper()
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	args := append([]string{"--no-defaults", "--user=root", "--skip-networking", "--datadir=" + s.data,
		"--socket=" + s.sock, "--pid-file=" + s.dir + "/pid", "--innodb-log-file-size=4M",
		"--innodb-buffer-pool-size=16M", "--performance-schema=0"}, append(s.args, more...)...)
	s.cmd = exec.Command("mariadbd", args...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	s.done = done
	go func(c *exec.Cmd) {
		defer close(done)
		_ = c.Wait()
		_ = log.Close()
	}(s.cmd)
	s.t.Cleanup(s.kill)
	p := s.link(settings{})
	probetest.Until(s.t, "mariadbd answers", func() bool { return probetest.Prove(p, time.Second).Verdict == chain.Holds || len(more) > 0 && s.up(p) })
}

// up is for a server that answers, but not as it should.
func (s *server) up(p chain.Prover) bool { return probetest.Prove(p, time.Second).Cause == "read_only" }

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
	stat := fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid)
	for deadline := time.Now().Add(10 * time.Second); sig == syscall.SIGSTOP; time.Sleep(time.Millisecond) {
		b, err := os.ReadFile(stat) // a busy one stops when the kernel comes to it
		if err != nil {
			s.t.Fatal(err)
		}
		if _, state, _ := strings.Cut(string(b), ") "); strings.HasPrefix(state, "T") {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("it does not stop: %s", b)
		}
	}
}

// link makes a prover that logs in as root, unless the settings say otherwise.
func (s *server) link(set settings) *link {
	s.t.Helper()
	if set.Socket == "" && set.WPConfig == "" {
		set.Socket = s.sock
	}
	if set.Prefix == "" {
		set.Prefix = "wp_"
	}
	p, err := build(set, chain.Place{Link: "sql"})
	if err != nil {
		s.t.Fatal(err)
	}
	return p.(*link)
}

func (s *server) sql(query string) {
	s.t.Helper()
	out, err := exec.Command("mariadb", "--no-defaults", "-S", s.sock, "-e", query).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v: %s", query, err, out)
	}
}

// posts makes a blog's table with one post in it.
func (s *server) posts() {
	s.sql(`CREATE DATABASE blog; CREATE TABLE blog.wp_posts (ID BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT,
		post_date DATETIME NOT NULL, post_status VARCHAR(20), post_type VARCHAR(20), post_content LONGTEXT,
		KEY type_status_date (post_type, post_status, post_date, ID));
		CREATE TABLE blog.wp_options (option_name VARCHAR(191) PRIMARY KEY, option_value LONGTEXT);
		INSERT INTO blog.wp_posts VALUES (41, '2017-08-01', 'publish', 'post', 'a'), (42, '2017-08-02', 'publish', 'post', 'b');
		CREATE USER blogger@localhost IDENTIFIED BY 'sesame7'; GRANT SELECT ON blog.* TO blogger@localhost;`)
}

// expect is a proof as it should be, and without the password.
func expect(t *testing.T, p chain.Proof, v chain.Verdict, cause string) {
	t.Helper()
	probetest.Expect(t, p, v, cause, "sesame7")
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func fill(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// The first page stays: it is what names the table.
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xA5}, int(info.Size())-16384), 16384); err != nil {
		t.Fatal(err)
	}
}
