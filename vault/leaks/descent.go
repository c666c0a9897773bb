package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// descent tells what the run writes from what another run of tests does on the same
// machine, which knows the same secrets. Everybody else is searched too: a journal that
// took a secret in is a find.
type descent struct {
	self  int
	above map[int]bool // what we descend from
	began uint64       // when we did, in ticks since the machine's start
}

func newDescent() (d descent, err error) {
	d = descent{self: os.Getpid(), above: map[int]bool{}}
	parent, began, err := process(d.self)
	d.began = began
	for err == nil && parent > 0 && !d.above[parent] {
		d.above[parent] = true
		parent, _, err = process(parent)
	}
	return d, err
}

// others reports whether a process surely belongs to another run of tests: it descends from
// a test that we have not started, and from something that was there before us. What has
// ended, or has lost its parents, may be ours.
func (d descent) others(pid int) bool {
	const deepest = 100
	test, oldest := false, d.began
	for range deepest {
		switch {
		case pid == d.self:
			return false
		case pid <= 1 || d.above[pid]:
			return test && oldest < d.began
		}
		parent, began, err := process(pid)
		if err != nil {
			return false
		}
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) // of a kernel's thread there is none
		test = test || strings.HasSuffix(strings.TrimSuffix(exe, " (deleted)"), ".test")
		pid, oldest = parent, began
	}
	return false
}

// process is whose child a process is, and when it began.
func process(pid int) (parent int, began uint64, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	// The name stands in parentheses and may hold anything, also parentheses.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	const parentAt, beganAt = 1, 19
	if len(fields) <= beganAt {
		return 0, 0, fmt.Errorf("process %d: not as proc(5) says", pid)
	}
	if parent, err = strconv.Atoi(fields[parentAt]); err == nil {
		began, err = strconv.ParseUint(fields[beganAt], 10, 64)
	}
	return parent, began, err
}
