package memory

import (
	"path"
	"path/filepath"
	"strings"
)

// group is a control group that may have a limit.
type group struct {
	dir  string // where its files are
	path string // as people call it
	v1   bool
}

// groups lists the control group at path, or our own for "", and those above it.
func (s system) groups(at string) []group {
	b, err := readShort(filepath.Join(s.proc, "self/cgroup"))
	if err != nil {
		return nil
	}
	own, v1 := parseCgroup(string(b))
	if at == "" {
		at = own
	}
	root := s.cgroups
	switch {
	case v1:
		root = filepath.Join(root, "memory")
	case !exists(filepath.Join(root, "cgroup.controllers")): // both versions side by side
		root = filepath.Join(root, "unified")
	}
	var all []group
	for p := path.Clean("/" + at); ; p = path.Dir(p) {
		// In a container the path may lead to where nothing is mounted; the root
		// is then the container's own group.
		if dir := filepath.Join(root, p); exists(dir) {
			all = append(all, group{dir, p, v1})
		}
		if p == "/" {
			return all
		}
	}
}

// parseCgroup reads /proc/self/cgroup: our group for memory, and whether it is one
// of version 1.
func parseCgroup(text string) (at string, v1 bool) {
	for l := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(l, "\n"), ":", 3)
		if len(f) < 3 {
			continue
		}
		for controller := range strings.SplitSeq(f[1], ",") {
			if controller == "memory" {
				return f[2], true
			}
		}
		if f[0] == "0" && f[1] == "" {
			at = f[2]
		}
	}
	return at, false
}

// room is how much memory the group may have, and how much of that is left: what
// it uses for files can be taken back. Ok is false for a group without a limit.
func (g group) room() (total, available uint64, ok bool) {
	limit, usage, prefix := "memory.max", "memory.current", ""
	if g.v1 {
		limit, usage, prefix = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"
	}
	total, ok = number(filepath.Join(g.dir, limit))
	used, ok2 := number(filepath.Join(g.dir, usage))
	if !ok || !ok2 {
		return 0, 0, false
	}
	stat, err := table(filepath.Join(g.dir, "memory.stat"))
	if err != nil {
		return 0, 0, false
	}
	back := stat[prefix+"inactive_file"] + stat[prefix+"active_file"] + stat["slab_reclaimable"]
	used -= min(used, back)
	return total, total - min(used, total), true
}
