package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("CI must run this as root")
	}
	t.Skip("gives up root: needs it")
}

var nobody = account{name: "nobody", uid: 65534, gid: 65534, become: true}

// A guard that was taken over could put names of other files into its folder, and wait
// for root to start it anew. The kernel may forbid that, or not.
func TestOwnStateGivesNoFileOfOthers(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	if err := ownState(state, nobody); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir + "/shadow", dir + "/passwd", state + "/journal.db"} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(dir+"/shadow", state+"/lock"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir+"/passwd", state+"/vantage.json"); err != nil {
		t.Fatal(err)
	}
	if err := ownState(state, nobody); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{dir + "/shadow": 0, dir + "/passwd": 0, state: nobody.uid, state + "/journal.db": nobody.uid} {
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if uid := int(st.Sys().(*syscall.Stat_t).Uid); uid != want {
			t.Errorf("%s belongs to user %d, want %d", path, uid, want)
		}
	}
}

// What becomes of a process that root starts in a terminal, thread by thread.
func TestBecomeUser(t *testing.T) {
	needRoot(t)
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	// A shell leads the session, as it does where somebody types.
	cmd := exec.Command("/bin/sh", "-c", `"$0" -test.run '^TestBecomeUserThere$' -test.v; exit $?`, os.Args[0])
	state, err := os.MkdirTemp("", "omamori-state-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(state)
	cmd.Env = append(os.Environ(), "OMAMORI_BECOME_TEST="+state)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "PASS: TestBecomeUserThere") {
		t.Errorf("%v: %s", err, out.String())
	}
}

// TestBecomeUserThere is what TestBecomeUser runs.
func TestBecomeUserThere(t *testing.T) {
	state := os.Getenv("OMAMORI_BECOME_TEST")
	if state == "" {
		return
	}
	if err := ownState(state, nobody); err != nil {
		t.Fatal(err)
	}
	if err := becomeUser(nobody, state); err != nil {
		t.Fatal(err)
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		b, err := os.ReadFile("/proc/self/task/" + thread.Name() + "/status")
		if err != nil {
			continue // it has ended
		}
		for _, want := range []string{
			"Uid:\t65534\t65534\t65534\t65534", "Gid:\t65534\t65534\t65534\t65534", "Groups:\t65534",
			"CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1",
		} {
			if !strings.Contains(string(b), want) {
				t.Errorf("thread %s lacks %q: %s", thread.Name(), want, b)
			}
		}
	}
	if tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0); err == nil {
		tty.Close()
		t.Error("it can type into the terminal of root")
	}
	if err := unix.IoctlSetPointerInt(0, unix.TIOCSTI, 'x'); err == nil {
		t.Error("it typed into the terminal of root")
	}
}
