package site

import (
	"fmt"
	"os"
	"strings"
)

// firstGroups is how /proc names the first namespace of control groups (the kernel's
// PROC_CGROUP_INIT_INO, include/linux/proc_ns.h): there paths are those of its log.
const firstGroups = "cgroup:[4026531835]"

// concerns says of control groups, as the kernel's log names them, whether these processes
// are in them or they within a process's own. Where that cannot be told, in a container or
// of a service that does not run, a group does concern them.
func concerns(pids []int) func(group string) bool {
	namespace, err := os.Readlink("/proc/self/ns/cgroup")
	known := err == nil && namespace == firstGroups
	var own []string
	for _, pid := range pids {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
		g := memoryGroup(string(b))
		known = known && err == nil && g != ""
		own = append(own, g)
	}
	return func(group string) bool {
		if group == "" || !known {
			return true
		}
		for _, g := range own {
			if within(g, group) || within(group, g) && g != "/" {
				return true
			}
		}
		return false
	}
}

func within(group, of string) bool {
	return group == of || strings.HasPrefix(group, strings.TrimSuffix(of, "/")+"/")
}

// memoryGroup is the group that limits a process's memory, from its /proc/PID/cgroup; ""
// if it names none.
func memoryGroup(groups string) (path string) {
	for line := range strings.Lines(groups) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		if strings.Contains(","+f[1]+",", ",memory,") {
			return f[2]
		}
		if f[1] == "" {
			path = f[2]
		}
	}
	return path
}
