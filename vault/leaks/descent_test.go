package main

import (
	"math"
	"os"
	"os/exec"
	"testing"
)

// What another run of tests writes is not searched; all else is, also what has ended.
func TestOthers(t *testing.T) {
	var pids []int
	for range 2 {
		c := exec.Command("sleep", "3600")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
		pids = append(pids, c.Process.Pid)
	}
	us, err := newDescent()
	if err != nil || len(us.above) == 0 || us.began == 0 {
		t.Fatalf("%+v, %v", us, err)
	}
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	stranger := descent{self: pids[0], above: map[int]bool{}, began: math.MaxUint64}
	before := stranger
	before.began = 0
	apart := stranger
	apart.above = map[int]bool{os.Getpid(): true}
	for name, c := range map[string]struct {
		d    descent
		pid  int
		want bool
	}{
		"a child of ours": {us, pids[1], false}, "ourselves": {us, os.Getpid(), false}, "our parent": {us, os.Getppid(), false},
		"of a test that is not ours": {stranger, pids[1], true}, "that test": {stranger, os.Getpid(), true},
		"begun after us, without parents": {before, pids[1], false}, "no test's": {apart, pids[1], false},
		"ended": {stranger, ended.Process.Pid, false}, "of another world": {stranger, 0, false},
	} {
		if got := c.d.others(c.pid); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
