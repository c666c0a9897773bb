package mysql

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

func TestDeathAndHang(t *testing.T) {
	s := newServer(t)
	p := s.link(settings{Service: "mariadb"})
	expect(t, probetest.Prove(p, 2*time.Second), chain.Holds, "")

	s.signal(syscall.SIGSTOP)
	proof := probetest.Prove(p, 300*time.Millisecond)
	expect(t, proof, chain.Broken, "hung")
	if proof.Because.Key != "mysql.stopped" {
		t.Errorf("the first silence of a stopped server is told apart by %s", proof.Because.Key)
	}
	plan := p.Plan(proof, chain.Evidence{Service: "mariadb", Process: chain.Process{PID: s.cmd.Process.Pid, Running: true, State: "T"}})
	if got := probetest.Verbs(plan); plan.Cause != "hung" || got != "kill start" {
		t.Errorf("planned %s for %s", got, plan.Cause)
	}

	// Without knowing the process, one silence is only a timeout, a second a hang.
	blind := s.link(settings{Service: "mariadb", Socket: relay(t, s.sock)})
	expect(t, probetest.Prove(blind, 300*time.Millisecond), chain.Broken, "timeout")
	expect(t, probetest.Prove(blind, 300*time.Millisecond), chain.Broken, "hung")
	s.signal(syscall.SIGCONT)
	expect(t, probetest.Prove(blind, 2*time.Second), chain.Holds, "")
	if blind.silent != 0 {
		t.Error("an answer does not end the silence")
	}

	s.kill()
	proof = probetest.Prove(p, 2*time.Second)
	expect(t, proof, chain.Broken, "refused")
	if proof.Because.Key != "mysql.stale_socket" {
		t.Errorf("a stale socket is %s", proof.Because.Key)
	}
	plan = p.Plan(proof, chain.Evidence{Service: "mariadb", Process: chain.Process{PID: 1, KnownExit: true, Signal: 9}})
	if got := probetest.Verbs(plan); plan.Cause != "killed" || got != "start" {
		t.Errorf("planned %s for %s", got, plan.Cause)
	}
	if err := os.Remove(s.sock); err != nil {
		t.Fatal(err)
	}
	expect(t, probetest.Prove(p, 2*time.Second), chain.Broken, "refused")
}

func TestBacklogFull(t *testing.T) {
	s := newServer(t, "--back-log=1")
	p := s.link(settings{})
	expect(t, probetest.Prove(p, 2*time.Second), chain.Holds, "")
	s.signal(syscall.SIGSTOP)
	for range 4 { // more than its backlog takes
		if c, err := net.Dial("unix", s.sock); err == nil {
			t.Cleanup(func() { _ = c.Close() })
		}
	}
	expect(t, probetest.Prove(p, 300*time.Millisecond), chain.Broken, "hung")
}

func TestWhatTheServerTells(t *testing.T) {
	s := newServer(t, "--max-connections=10", "--extra-max-connections=1")
	s.posts()
	secret := filepath.Join(s.dir, "secret")
	write(t, secret, "sesame7\n")
	good := settings{User: "blogger", Password: chain.Secret("file:" + secret), Database: "blog", Posts: true, Service: "mariadb"}
	proof := probetest.Prove(s.link(good), 2*time.Second)
	expect(t, proof, chain.Holds, "")
	if len(proof.Figures) != 1 || proof.Figures[0].Value != 42 {
		t.Errorf("the newest post is %v", proof.Figures)
	}

	bad := filepath.Join(s.dir, "bad")
	write(t, bad, "wrong-password")
	broken := func(want string, change func(*settings)) {
		t.Helper()
		set := good
		change(&set)
		p := s.link(set)
		proof := probetest.Prove(p, 2*time.Second)
		expect(t, proof, chain.Broken, want)
		// A living server is not started again for what it says.
		plan := p.Plan(proof, chain.Evidence{Service: "mariadb", Process: chain.Process{PID: 1, Running: true, State: "S"}})
		if len(plan.Deeds) > 0 || plan.Cause != want || plan.Next.IsZero() || plan.Why.IsZero() {
			t.Errorf("%s: planned %+v", want, plan)
		}
	}
	broken("wrong_password", func(s *settings) { s.Password = chain.Secret("file:" + bad) })
	broken("wrong_password", func(s *settings) { s.User, s.Password = "nobody-here", "" })
	s.sql("CREATE DATABASE other; GRANT SELECT ON `b2`.* TO blogger@localhost")
	broken("unknown_database", func(s *settings) { s.User, s.Password, s.Database, s.Posts = "root", "", "gone", false })
	broken("access_denied", func(s *settings) { s.Database = "other" })
	broken("missing_table", func(s *settings) { s.Table = "blog.gone" })
	broken("missing_table", func(s *settings) { s.Prefix = "wq_" })

	s.sql("SET GLOBAL read_only = 1")
	broken("read_only", func(*settings) {})
	replica := good
	replica.Replica = true
	expect(t, probetest.Prove(s.link(replica), 2*time.Second), chain.Holds, "")
	s.sql("SET GLOBAL read_only = 0")

	held := exhaust(t, s)
	broken("too_many_connections", func(*settings) {})
	held()
	probetest.Until(t, "a connection is free", func() bool { return probetest.Prove(s.link(good), time.Second).Verdict == chain.Holds })
}

// exhaust takes every connection, the administrator's too.
func exhaust(t *testing.T, s *server) (release func()) {
	t.Helper()
	var conns []net.Conn
	for range 14 {
		c, err := net.Dial("unix", s.sock)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	release = func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}
	t.Cleanup(release)
	return release
}

func TestTablesLost(t *testing.T) {
	s := newServer(t)
	s.posts()
	s.sql("CREATE TABLE blog.w2_posts LIKE blog.wp_posts; CREATE TABLE blog.w3_posts LIKE blog.wp_posts; CREATE TABLE blog.w2_options LIKE blog.wp_options; CREATE TABLE blog.w3_options LIKE blog.wp_options; INSERT INTO blog.w2_posts SELECT * FROM blog.wp_posts; INSERT INTO blog.w3_posts SELECT * FROM blog.wp_posts; FLUSH TABLES blog.w2_posts FOR EXPORT; UNLOCK TABLES")
	posts := func(prefix string) *link { return s.link(settings{Database: "blog", Posts: true, Prefix: prefix}) }
	expect(t, probetest.Prove(posts("w2_"), 2*time.Second), chain.Holds, "")
	s.sql("SET GLOBAL innodb_fast_shutdown = 0; SHUTDOWN")
	<-s.done
	fill(t, filepath.Join(s.data, "blog", "w2_posts.ibd"))
	if err := os.Remove(filepath.Join(s.data, "blog", "w3_posts.ibd")); err != nil {
		t.Fatal(err)
	}
	s.start()
	expect(t, probetest.Prove(posts("wp_"), 2*time.Second), chain.Holds, "")
	expect(t, probetest.Prove(posts("w2_"), 2*time.Second), chain.Broken, "crashed_table")
	p := probetest.Prove(posts("w3_"), 2*time.Second)
	if p.Cause != "missing_table" && p.Cause != "crashed_table" {
		t.Errorf("a table without its file is %s", p.Cause)
	}
	// All the while SELECT 1 is answered.
	expect(t, probetest.Prove(s.link(settings{}), 2*time.Second), chain.Holds, "")
}

func TestReadOnlyEngine(t *testing.T) {
	s := newServer(t)
	s.sql("SET GLOBAL innodb_fast_shutdown = 0; SHUTDOWN")
	<-s.done
	s.start("--innodb-read-only=1")
	expect(t, probetest.Prove(s.link(settings{}), 2*time.Second), chain.Broken, "read_only")
}

func TestWPConfig(t *testing.T) {
	s := newServer(t)
	s.posts()
	file := filepath.Join(s.dir, "wp-config.php")
	config := func(password string) string {
		return "<?php define('DB_NAME','blog'); define('DB_USER','blogger'); define('DB_PASSWORD'," + password +
			"); define('DB_HOST','localhost:" + s.sock + "'); $table_prefix='wp_';\n"
	}
	write(t, file, config("'sesame7'"))
	p := s.link(settings{WPConfig: file, Posts: true})
	expect(t, probetest.Prove(p, 2*time.Second), chain.Holds, "")
	write(t, file, config("'sesame8'")) // the same size, within the same second
	proof := probetest.Prove(p, 2*time.Second)
	expect(t, proof, chain.Broken, "wrong_password")
	if proof.Because.Args["file"] != file {
		t.Errorf("the file is not named: %v", proof.Because)
	}
	write(t, file, config("getenv('P')"))
	expect(t, probetest.Prove(p, 2*time.Second), chain.Unproven, "")
	write(t, file, "DB_NAME=blog")
	expect(t, probetest.Prove(p, 2*time.Second), chain.Unproven, "")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	expect(t, probetest.Prove(p, 2*time.Second), chain.Unproven, "")
	write(t, file, config("'sesame7'"))
	expect(t, probetest.Prove(p, 2*time.Second), chain.Holds, "")
}

func TestSettings(t *testing.T) {
	for field, s := range map[string]settings{
		"user":    {WPConfig: "/x", User: "u"},
		"address": {Address: "localhost"},
		"table":   {Table: "a; DROP"},
		"prefix":  {Prefix: "`"},
		"posts":   {Posts: true},
	} {
		_, err := build(s, chain.Place{})
		var wrong *chain.SettingError
		if !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestCancelled(t *testing.T) {
	silent, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	p, err := build(settings{Socket: silent.Addr().String(), User: "u"}, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	began := time.Now()
	expect(t, p.Prove(ctx), chain.Unproven, "")
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

// relay listens in this process, so that the one behind it is not known.
func relay(t *testing.T, to string) string {
	t.Helper()
	return probetest.Serve(t, "unix", func(c net.Conn) {
		back, err := net.Dial("unix", to)
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(back, c); _ = back.Close() }()
		_, _ = io.Copy(c, back)
	})
}
