package mysql

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// What WordPress cannot do without, and what is in nobody's way.
func TestTables(t *testing.T) {
	s := newServer(t)
	s.start()
	s.posts()
	l := s.link(settings{Database: "blog", Posts: true, Prefix: "wp_"})
	expect(t, probetest.Prove(l, 2*time.Second), chain.Holds, "")

	lock := s.hold("LOCK TABLES blog.wp_posts WRITE")
	p := probetest.Prove(l, time.Second)
	expect(t, p, chain.Broken, "locked") // at once, and not as a hang
	if len(p.Evidence) == 0 || !strings.Contains(p.Evidence[0], "lock") {
		t.Errorf("evidence %q", p.Evidence)
	}
	if plan := l.Plan(p, chain.Evidence{Service: "mariadb", Process: chain.Process{PID: 7, Running: true}}); len(plan.Deeds) > 0 {
		t.Errorf("a lock is answered by %+v", plan.Deeds)
	}
	lock()
	expect(t, probetest.Prove(l, 2*time.Second), chain.Holds, "")

	s.sql("DROP TABLE blog.wp_options")
	expect(t, probetest.Prove(l, 2*time.Second), chain.Broken, "missing_table")
	s.sql("DROP DATABASE blog; CREATE DATABASE blog")
	expect(t, probetest.Prove(l, 2*time.Second), chain.Broken, "empty_database")
}

// hold has another client run a statement and stay connected until end is called.
func (s *server) hold(statement string) (end func()) {
	s.t.Helper()
	cmd := exec.Command("mariadb", "--no-defaults", "--unbuffered", "-N", "-S", s.sock)
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	_, err = in.Write([]byte(statement + "; SELECT 'done';\n"))
	if line, err2 := bufio.NewReader(out).ReadString('\n'); err != nil || err2 != nil || line != "done\n" {
		s.t.Fatalf("%q, %v, %v", line, err, err2)
	}
	return func() {
		_ = in.Close() // it ends with its input
		_ = cmd.Wait()
	}
}

func TestTooManyBy(t *testing.T) {
	l := &link{}
	p := chain.Broke("too_many_connections", chain.Say("mysql.too_many"), chain.Say("mysql.too_many_hint"))
	for _, c := range []struct {
		clients []chain.Client
		why     string
	}{
		{nil, "mysql.too_many"},
		{[]chain.Client{{PID: 7, Name: "backup", User: "root", Count: 140}, {PID: 8, Name: "php-fpm8.2", User: "www-data", Count: 5}}, "mysql.too_many_by"},
		{[]chain.Client{{Name: "192.0.2.7", Count: 151}}, "mysql.too_many_from"},
	} {
		plan := l.Plan(p, chain.Evidence{Service: "mariadb", Clients: c.clients})
		if plan.Why.Key != c.why || plan.Cause != p.Cause || len(plan.Deeds) > 0 || plan.Next.IsZero() {
			t.Errorf("%+v", plan)
		}
	}
}
