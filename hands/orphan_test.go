package hands

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/omamori-guard/omamori/chain"
)

// workers lists the processes of a session besides its leader.
func workers(leader int) (list []int) {
	for _, pid := range pids() {
		if st, err := readStat(pid); err == nil && st.session == leader && pid != leader && st.state != "Z" {
			list = append(list, pid)
		}
	}
	return list
}

// fpm is a service that runs a php-fpm with workers.
func fpm(t *testing.T, dir string) Service {
	t.Helper()
	const program = "/usr/sbin/php-fpm8.2"
	need(t, program)
	user := ""
	if os.Geteuid() == 0 {
		user = "user = www-data\ngroup = www-data\n"
	}
	write(t, dir+"/fpm.conf", fmt.Sprintf("[global]\nerror_log = %s/fpm.log\npid = %s/fpm.pid\ndaemonize = no\n"+
		"[www]\n%slisten = %s/fpm.sock\npm = static\npm.max_children = 2\n", dir, dir, user, dir), 0o644)
	spec := ofChild(program, "-F", "-y", dir+"/fpm.conf")
	spec.Child.StopSignal = "QUIT"
	spec.Child.StopTimeout = "5s"
	spec.PIDFile, spec.Logs, spec.Writes = dir+"/fpm.pid", []string{dir + "/fpm.log"}, []string{dir}
	return spec
}

func ready(t *testing.T, dir string, times int) {
	t.Helper()
	eventually(t, "php-fpm is ready", func() bool {
		b, _ := os.ReadFile(dir + "/fpm.log")
		return strings.Count(string(b), "ready to handle connections") == times
	})
}

func TestOrphansOfAKilledMaster(t *testing.T) {
	dir := t.TempDir()
	spec := fpm(t, dir)
	c, _ := serve(t, dir, File{Services: []Service{spec}})
	p := do(t, c, chain.Start)
	ready(t, dir, 1)
	left := workers(p.PID)
	if len(left) != 2 {
		t.Fatalf("workers: %v", left)
	}
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the master is dead", func() bool { return !look(t, c).Running })
	if !alive(left[0]) {
		t.Fatal("the workers died with their master: nothing is tested")
	}
	q := do(t, c, chain.Start)
	ready(t, dir, 2)
	for _, pid := range left {
		if alive(pid) {
			t.Errorf("orphan %d is left", pid)
		}
	}
	if !look(t, c).Running || q.PID == p.PID {
		t.Error("the new master does not run")
	}
	e, err := c.Evidence(t.Context(), "it")
	if err != nil {
		t.Fatal(err)
	}
	if log := strings.Join(e.Log, "\n"); strings.Count(log, "fpm is running") != 1 {
		t.Errorf("the log is not that since the last start:\n%s", log)
	}
	if q = do(t, c, chain.Stop); len(workers(q.PID)) > 0 {
		t.Error("workers are left after the stop")
	}
}

// The master was killed while no hands was there to see it.
func TestOrphansOfAMasterThatAnEarlierHandsStarted(t *testing.T) {
	dir := t.TempDir()
	spec := sh("sleep 1000 & echo $! > " + dir + "/worker; wait")
	c, end := serve(t, dir, File{Services: []Service{spec}})
	p := do(t, c, chain.Start)
	eventually(t, "it has a worker", func() bool { return len(workers(p.PID)) == 1 })
	worker := workers(p.PID)[0]
	end()
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is dead", func() bool { return !alive(p.PID) })
	c, _ = serve(t, dir, File{Services: []Service{spec}})
	if q := do(t, c, chain.Start); !q.Running || q.PID == p.PID {
		t.Errorf("%+v", q)
	}
	if alive(worker) {
		t.Error("the orphan is left")
	}
	do(t, c, chain.Kill)
}

func TestSysV(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/script", `#!/bin/sh
case $1 in
start) setsid sh -c 'sleep 1000 & echo $$ > `+dir+`/pid; wait' >/dev/null 2>&1 & 
	while ! [ -s `+dir+`/pid ]; do sleep 0.01; done ;;
stop) kill "$(cat `+dir+`/pid)" ;;
*) echo "what is that?"; exit 3 ;;
esac
`, 0o755)
	s := &script{command: []string{filepath.Join(dir, "script")}, pidFile: dir + "/pid"}
	if err := s.start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	p, err := s.find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v := &service{Service: Service{Name: "it"}, watchers: map[*conn]struct{}{}}
	v.log = quiet()
	v.take(p)
	defer v.close()
	left := workers(p.pid)
	if len(left) != 1 {
		t.Fatalf("workers: %v", left)
	}
	if err := s.stop(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if p.alive() || alive(left[0]) {
		t.Error("something is left")
	}
	if _, err := s.find(t.Context()); err == nil {
		t.Error("a stale pid file was believed")
	}
	if err := s.run(t.Context(), "dance"); err == nil || !strings.Contains(err.Error(), "exit status 3: what is that?") {
		t.Errorf("%v", err)
	}
}
