package hands

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Who is connected is asked of a process that really has connections: our own.
func TestClients(t *testing.T) {
	needRoot(t)
	path := filepath.Join(t.TempDir(), "s")
	for _, l := range [][2]string{{"unix", path}, {"tcp", "127.0.0.1:0"}} {
		listener, err := net.Listen(l[0], l[1])
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		for range 3 {
			c, err := net.Dial(l[0], listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			served, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer served.Close()
		}
	}
	self, err := track(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer self.pidfd.Close()
	var here, distant int
	for _, c := range clients(self) {
		switch {
		case c.PID == os.Getpid() && c.User == "root" && c.Name != "?":
			here += c.Count
		case c.Name == "127.0.0.1" && c.PID == 0:
			distant += c.Count
		}
	}
	if here < 3 || distant < 3 {
		t.Errorf("%+v", clients(self))
	}
}

func TestTogether(t *testing.T) {
	got := together(map[chain.Client]int{
		{PID: 7, Name: "php", User: "www-data"}: 2, {PID: 8, Name: "php", User: "www-data"}: 5, {PID: 9, Name: "cron", User: "root"}: 6,
	})
	if len(got) != 2 || got[0] != (chain.Client{PID: 8, Name: "php", User: "www-data", Count: 7}) || got[1].PID != 9 {
		t.Errorf("%+v", got)
	}
}

func TestStoppedWorkers(t *testing.T) {
	cmd := exec.Command("sh", "-c", "sh -c 'sleep 1000; :' & sh -c 'sleep 1000; :' & sleep 1000 & wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	eventually(t, "it has workers", func() bool {
		return len(children(cmd.Process.Pid)) == 3 && len(sameName(cmd.Process.Pid)) == 2
	})
	for _, pid := range children(cmd.Process.Pid) {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	master, err := track(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer master.pidfd.Close()
	var e chain.Evidence
	eventually(t, "they are stopped", func() bool {
		e = chain.Evidence{}
		(&service{}).alive(t.Context(), master, &e)
		return len(e.Stopped) == 2 // what has another name is no worker
	})
}

func TestWaited(t *testing.T) {
	const second = int64(time.Second)
	idle, runs := thread{}, thread{ran: second / 2, waited: second / 10}
	for name, c := range map[string]struct {
		after      thread
		processors int
		want       int
	}{
		"idle":               {idle, 1, 0},
		"runs":               {runs, 1, 16},
		"waits":              {thread{ran: second / 10, waited: 9 * second / 10}, 1, 90},
		"hardly wants it":    {thread{ran: second / 100, waited: second / 20}, 1, 0},
		"gets none at all":   {thread{wants: true}, 1, 100},
		"counted in between": {thread{ran: second, waited: 0, wants: true}, 1, 0},
		// Ten that never rest, counted as one: alone on one processor, or on one of four.
		"takes it all itself":   {thread{ran: second, waited: 9 * second}, 1, 0},
		"takes most of it":      {thread{ran: 6 * second / 10, waited: 9 * second}, 1, 0},
		"others have the three": {thread{ran: second, waited: 9 * second}, 4, 90},
	} {
		before := map[string]thread{"1": {wants: c.after.wants}}
		if got := share(before, map[string]thread{"1": c.after, "2": runs}, time.Second, c.processors); got != c.want {
			t.Errorf("%s: %d, not %d", name, got, c.want)
		}
	}
	if len(threads([]int{os.Getpid()})) == 0 {
		t.Error("none of our own threads")
	}
}

func TestContained(t *testing.T) {
	dir := t.TempDir()
	for to, want := range map[string]bool{"pid:[4026531836]": false, "pid:[4026532257]": true} {
		link := filepath.Join(dir, to[5:15])
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
		if got := contained(link); got != want {
			t.Errorf("%s: %v", to, got)
		}
	}
	// Its number is a stranger's there: the name counts alone.
	k := &kernelLog{fd: -1, contained: true, lines: []kernelLine{{0, "Killed process 77 (mariadbd)"}, {0, "Killed process 7 (other)"}}}
	if got := k.of(7, "mariadbd", 0); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
