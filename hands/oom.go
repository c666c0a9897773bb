package hands

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// oomCounter is the file in which the kernel counts the kills for memory in one
// cgroup. "" counts nothing.
type oomCounter string

// findOOMCounter finds the counter of a process's cgroup, be it of version 2
// (memory.events) or 1 (memory.oom_control).
func findOOMCounter(pid int) oomCounter {
	b, err := readShort(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return ""
	}
	return oomCounterIn("/sys/fs/cgroup", string(b))
}

func oomCounterIn(mount, cgroups string) oomCounter {
	for line := range strings.Lines(cgroups) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 {
			continue
		}
		var tries []string
		switch {
		case f[0] == "0" && f[1] == "":
			tries = []string{filepath.Join(mount, f[2], "memory.events")}
		case f[1] == "memory":
			// In a container the cgroup that the kernel names may be the root that we see.
			tries = []string{filepath.Join(mount, "memory", f[2], "memory.oom_control"),
				filepath.Join(mount, "memory", "memory.oom_control")}
		}
		for _, path := range tries {
			if _, err := os.Stat(path); err == nil {
				return oomCounter(path)
			}
		}
	}
	return ""
}

// read is the count so far.
func (c oomCounter) read() (kills int, ok bool) {
	if c == "" {
		return 0, false
	}
	b, err := readShort(string(c))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(b)) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == "oom_kill" {
			n, err := strconv.Atoi(value)
			return n, err == nil
		}
	}
	return 0, false
}
