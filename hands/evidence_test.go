package hands

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

func TestEvidence(t *testing.T) {
	dir := t.TempDir()
	log := dir + "/log"
	spec := sh("echo now >> " + log + "; exec sleep 1000")
	spec.Logs, spec.Writes = []string{log, dir + "/none"}, []string{dir, "/nonexistent"}
	write(t, log, "long ago\n", 0o600)
	c, _ := serve(t, dir, File{Services: []Service{spec}})
	see := func() chain.Evidence {
		t.Helper()
		e, err := c.Evidence(t.Context(), "it")
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := see(); len(e.Log) != 1 || e.Log[0] != "long ago" || e.Manager != "hands" || e.Process.Running {
		t.Errorf("before the start: %+v", e)
	}
	p := do(t, c, chain.Start)
	eventually(t, "it has spoken", func() bool { return len(see().Log) > 0 })
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is dead", func() bool { return !alive(p.PID) })
	e := see()
	if len(e.Log) != 1 || e.Log[0] != "now" {
		t.Errorf("log since the start: %q", e.Log)
	}
	if q := e.Process; q.Running || q.PID != p.PID || !q.KnownExit || q.Signal != int(syscall.SIGKILL) || q.Asked {
		t.Errorf("%+v", q)
	}
	if len(e.Disks) != 1 || e.Disks[0].Path != dir || e.Disks[0].Size < e.Disks[0].Free || e.Disks[0].Size == 0 || e.Disks[0].ReadOnly {
		t.Errorf("%+v", e.Disks)
	}
	if e.Service != "it" || e.At.IsZero() || e.OnPurpose || e.OOMKills != 0 {
		t.Errorf("%+v", e)
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var all strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&all, "line %d\n", i)
	}
	write(t, path, all.String(), 0o600)
	b, err := tail(path, mark{}, maxTail)
	if err != nil || len(b) > maxTail || !strings.HasPrefix(string(b), "line ") || !strings.HasSuffix(string(b), "line 99999\n") {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	v := &service{Service: Service{Logs: []string{path}}}
	if lines := v.tails(); len(lines) != maxLines || lines[0] != "line 99950" {
		t.Errorf("%d lines from %q", len(lines), lines[0])
	}
	v.markLogs()
	if lines := v.tails(); len(lines) != 0 {
		t.Errorf("%q", lines)
	}
	write(t, path, "turned over\n", 0o600) // shorter than it was
	if lines := v.tails(); len(lines) != 1 || lines[0] != "turned over" {
		t.Errorf("%q", lines)
	}
	write(t, path, strings.Repeat("x", 1<<20), 0o600) // one endless line
	if lines := v.tails(); len(lines) > 1 || len(lines) == 1 && len(lines[0]) > maxLine+4 {
		t.Errorf("%d lines", len(lines))
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if lines := v.tails(); lines != nil { // and does not hang
		t.Errorf("%q", lines)
	}
}

func TestOOMCounter(t *testing.T) {
	mount := t.TempDir()
	for path, text := range map[string]string{
		"system.slice/mariadb.service/memory.events": "low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 0\n",
		"memory/db/memory.oom_control":               "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n",
		"memory/memory.oom_control":                  "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(mount, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(mount, path), text, 0o600)
	}
	for cgroups, want := range map[string]int{
		"0::/system.slice/mariadb.service\n":       2,
		"9:name=systemd:/\n4:memory:/db\n0::/\n":   5,
		"4:memory:/not/seen/from/here\n0::/\n":     1,
		"12:cpu,cpuacct:/db\n":                     -1,
		"":                                         -1,
		"0::/system.slice/nginx.service\nnonsense": -1,
	} {
		n, ok := oomCounterIn(mount, cgroups).read()
		if !ok {
			n = -1
		}
		if n != want {
			t.Errorf("%q: %d, want %d", cgroups, n, want)
		}
	}
}

func TestKernelLines(t *testing.T) {
	k := &kernelLog{fd: -1}
	for _, b := range []string{
		"6,1,1000000,-;Linux version 6.1",
		"6,2,2000000,-;oom-kill:constraint=CONSTRAINT_NONE,task=mariadbd,pid=77,uid=110",
		"3,3,9000000,-;Out of memory: Killed process 77 (mariadbd) total-vm:1kB\n SUBSYSTEM=x",
		"3,4,9000001,-;Out of memory: Killed process 770 (other) total-vm:1kB",
		"6,5,9000002,-;sh[8]: segfault at 0 ip 0 sp 0 error 4",
		"nonsense",
	} {
		if l, ok := parseKernel([]byte(b)); ok {
			k.lines = append(k.lines, l)
		}
	}
	for name, c := range map[string]struct {
		pid   int
		comm  string
		since time.Duration
		want  int
	}{
		"by number":       {77, "", 0, 2},
		"since its start": {77, "", 3 * time.Second, 1},
		"by name":         {5, "mariadbd", 0, 2},
		"nobody":          {7, "", 0, 0},
	} {
		if got := k.of(c.pid, c.comm, c.since); len(got) != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// The kernel's killer, in a cgroup of the test's own, of version 1 or 2.
func TestKilledForMemory(t *testing.T) {
	needRoot(t)
	root, limit := "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
	if _, err := os.Stat(root); err != nil {
		root, limit = "/sys/fs/cgroup", "memory.max"
		_ = os.WriteFile(root+"/cgroup.subtree_control", []byte("+memory"), 0o644) // it may be so already
	}
	dir, err := os.MkdirTemp(root, "omamori-test")
	if err == nil {
		_, err = os.Stat(dir + "/" + limit)
	}
	if err != nil {
		t.Skip("cannot make a cgroup with a limit:", err)
	}
	t.Cleanup(func() { eventually(t, "the cgroup is removed", func() bool { return os.Remove(dir) == nil }) })
	write(t, dir+"/"+limit, "20000000", 0o644)
	_ = os.WriteFile(dir+"/memory.swap.max", []byte("0"), 0o644) // of version 2
	spec := sh("echo $$ > " + dir + "/cgroup.procs; sleep 0.2; exec tail /dev/zero")
	c, _ := serve(t, t.TempDir(), File{Services: []Service{spec}})
	do(t, c, chain.Start)
	eventually(t, "it is killed", func() bool { return !look(t, c).Running })
	e, err := c.Evidence(t.Context(), "it")
	if err != nil {
		t.Fatal(err)
	}
	if e.Process.Signal != int(syscall.SIGKILL) {
		t.Errorf("%+v", e.Process)
	}
	t.Logf("kernel: %q, kills: %d", e.Kernel, e.OOMKills)
	if len(e.Kernel) == 0 && exec.Command("dmesg").Run() == nil {
		t.Error("the kernel's lines were not seen")
	}
}

func TestSystemdIsNotThere(t *testing.T) {
	if _, err := os.Stat("/run/systemd/private"); err == nil {
		t.Skip("systemd runs here")
	}
	spec := Service{Name: "it", Systemd: "omamori-test.service"}
	c, _ := serve(t, t.TempDir(), File{Services: []Service{spec}})
	for _, verb := range []chain.Verb{chain.Start, chain.Stop, chain.Restart, chain.Kill} {
		done, err := c.Do(t.Context(), chain.Deed{Verb: verb, Service: "it"})
		if err != nil || !strings.Contains(done.Error, "connect to systemd") {
			t.Errorf("%s: %+v, %v", verb, done, err)
		}
	}
	if _, err := c.Process(t.Context(), "it"); err == nil || !strings.Contains(err.Error(), "connect to systemd") {
		t.Errorf("%v", err)
	}
	if e, err := c.Evidence(t.Context(), "it"); err != nil || e.Manager != "systemd" || !strings.Contains(e.ManagerOf, "connect to systemd") {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestStoppedOnPurpose(t *testing.T) {
	unit := func(state string, left, ended uint64) map[string]any {
		return map[string]any{"ActiveState": state, "ActiveExitTimestampMonotonic": left, "ExecMainExitTimestampMonotonic": ended}
	}
	for name, c := range map[string]struct {
		unit map[string]any
		want bool
	}{
		"by systemctl":   {unit("inactive", 100, 150), true},
		"being stopped":  {unit("deactivating", 100, 150), true},
		"ended first":    {unit("inactive", 150, 100), false},
		"failed":         {unit("failed", 100, 150), false},
		"runs":           {unit("active", 100, 150), false},
		"never ran":      {unit("inactive", 0, 0), false},
		"of another bus": {map[string]any{"ActiveState": 7}, false},
	} {
		if got := stoppedOnPurpose(c.unit); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
