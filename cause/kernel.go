package cause

import (
	"slices"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// byKernel: the kernel ended the process because memory ran out. MariaDB's own
// log is empty then; the kernel's lines name the process by its id, and where
// they cannot be read the cgroup still counts. In a container the id is another.
func byKernel(e chain.Evidence) (Finding, bool) {
	p := e.Process
	if p.KnownExit && p.Signal != 9 {
		return Finding{}, false
	}
	f := Finding{Code: OOM, Restartable: true, Next: chain.Say("cause.next_oom")}
	for _, line := range slices.Backward(e.Kernel) { // the newest counts
		if k, ok := parseKill(line); ok && (p.PID == 0 || k.pid == p.PID || e.Contained) {
			f.Evidence = []string{quote(line)}
			for _, l := range e.Kernel {
				if strings.Contains(l, "oom-kill:") && strings.Contains(l, ",pid="+itoa(k.pid)+",") {
					f.Evidence = []string{quote(l), quote(line)}
				}
			}
			if k.cgroup {
				f.Why = chain.Say("cause.oom_limit", "service", e.Service, "pid", k.pid, "held", k.held)
			} else {
				f.Why = chain.Say("cause.oom", "service", e.Service, "pid", k.pid, "held", k.held)
			}
			return f, true
		}
	}
	if e.OOMKills == 0 {
		return Finding{}, false
	}
	f.Evidence = []string{"cgroup oom_kill +" + itoa(e.OOMKills)}
	f.Why = chain.Say("cause.oom_counted", "service", e.Service, "kills", e.OOMKills)
	return f, true
}

// kill is what the kernel tells of one that it killed for memory.
type kill struct {
	pid int
	// held is the memory that the process had in use, in bytes.
	held uint64
	// cgroup says that a limit was met, not the end of the machine's memory.
	cgroup bool
}

// parseKill reads "[Memory cgroup o|O]ut of memory: Killed process PID (NAME)
// total-vm:NkB, anon-rss:NkB, file-rss:NkB, shmem-rss:NkB, …".
func parseKill(line string) (kill, bool) {
	_, rest, ok := strings.Cut(line, "ut of memory: Killed process ")
	if !ok {
		return kill{}, false
	}
	number, rest, _ := strings.Cut(rest, " ")
	pid, err := strconv.Atoi(number)
	if err != nil || pid <= 0 {
		return kill{}, false
	}
	k := kill{pid: pid, cgroup: strings.Contains(line, "Memory cgroup out of memory")}
	for _, name := range []string{"anon-rss:", "file-rss:", "shmem-rss:"} {
		_, after, _ := strings.Cut(rest, name)
		digits, _, _ := strings.Cut(after, "kB")
		if n, err := strconv.ParseUint(digits, 10, 44); err == nil {
			k.held += n << 10
		}
	}
	return k, true
}
