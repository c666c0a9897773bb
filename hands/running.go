package hands

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/user"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/linux"
)

// Bounds of looking at a service that runs.
const (
	lookOn      = 300 * time.Millisecond
	maxThreads  = 2000
	maxSockets  = 5000
	maxClients  = 10
	leastWanted = 20 // percent of the time: what hardly wants the processor does not lack it
)

// alive puts into e what a service that runs shows by itself: processes that are
// stopped, want of the processor, and who is connected.
func (v *service) alive(ctx context.Context, t *tracked, e *chain.Evidence) {
	all := append([]int{t.pid}, sameName(t.pid)...)
	for _, pid := range all {
		if st, err := readStat(pid); err == nil && st.state == "T" {
			e.Stopped = append(e.Stopped, pid)
		}
	}
	e.Clients = clients(t)
	if len(e.Stopped) == 0 {
		e.Waited = waited(ctx, all)
	}
}

// sameName lists the children of a process that have its name.
func sameName(pid int) (all []int) {
	of, err := readStat(pid)
	if err != nil {
		return nil
	}
	for _, child := range children(pid) {
		if st, err := readStat(child); err == nil && st.comm == of.comm {
			all = append(all, child)
		}
	}
	return all
}

func children(pid int) (all []int) {
	b, err := readShort(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	for _, f := range strings.Fields(string(b)) {
		if child, err := strconv.Atoi(f); err == nil {
			all = append(all, child)
		}
	}
	return all
}

// thread is what the kernel has counted of one, in nanoseconds.
type thread struct {
	ran, waited int64
	wants       bool // it could run now
}

// waited is the share, in percent, of the time in which the threads of some processes
// wanted a processor and did not get it.
func waited(ctx context.Context, pids []int) int {
	began, before := time.Now(), threads(pids)
	select {
	case <-time.After(lookOn):
	case <-ctx.Done():
		return 0
	}
	return share(before, threads(pids), time.Since(began), runtime.NumCPU())
}

// share is waited, for so many processors. Threads that had most of these lacked them for
// each other's sake: nobody else took them away.
func share(before, after map[string]thread, took time.Duration, processors int) int {
	var ran, lacked int64
	for name, b := range before {
		a, ok := after[name]
		if !ok {
			continue
		}
		ran += a.ran - b.ran
		if a.wants && b.wants && a.ran == b.ran { // counted only once it gets one
			lacked += took.Nanoseconds()
		} else {
			lacked += a.waited - b.waited
		}
	}
	if ran > took.Nanoseconds()*int64(processors)/2 {
		return 0
	}
	if ran+lacked < leastWanted*took.Nanoseconds()/100 {
		return 0
	}
	return int(100 * lacked / (ran + lacked))
}

func threads(pids []int) map[string]thread {
	all := map[string]thread{}
	for _, pid := range pids {
		dir := fmt.Sprintf("/proc/%d/task/", pid)
		tids, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, tid := range tids {
			if len(all) == maxThreads {
				return all
			}
			b, err := readShort(dir + tid.Name() + "/schedstat")
			if err != nil {
				continue
			}
			var t thread
			if n, _ := fmt.Sscan(string(b), &t.ran, &t.waited); n != 2 {
				continue
			}
			if line, err := readShort(dir + tid.Name() + "/stat"); err == nil {
				st, err := parseStat(line)
				t.wants = err == nil && st.state == "R"
			}
			all[tid.Name()] = t
		}
	}
	return all
}

// clients asks the kernel who is at the other end of each of a process's connections.
// For that its descriptors are copied, one after the other; nothing is read from them.
func clients(t *tracked) []chain.Client {
	dir := fmt.Sprintf("/proc/%d/fd/", t.pid)
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	names, _ := f.Readdirnames(maxSockets) //nolint:errcheck // as many as there are
	raw, err := t.pidfd.SyscallConn()
	if err != nil {
		return nil
	}
	count := map[chain.Client]int{}
	for _, name := range names {
		if to, err := os.Readlink(dir + name); err != nil || !strings.HasPrefix(to, "socket:") {
			continue
		}
		fd, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		_ = raw.Control(func(pidfd uintptr) { //nolint:errcheck // it has ended: nobody is connected
			if c, ok := farEnd(int(pidfd), fd); ok {
				count[c]++
			}
		})
	}
	return together(count)
}

// together counts the processes of one name and user as one, with the number of the
// busiest of them.
func together(count map[chain.Client]int) []chain.Client {
	type who struct{ name, user string }
	sums, most := map[who]*chain.Client{}, map[who]int{}
	for c, n := range count {
		w := who{c.Name, c.User}
		if sums[w] == nil {
			sums[w] = &chain.Client{Name: c.Name, User: c.User}
		}
		if n > most[w] || n == most[w] && c.PID < sums[w].PID {
			sums[w].PID, most[w] = c.PID, n
		}
		sums[w].Count += n
	}
	var all []chain.Client
	for _, c := range sums {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b chain.Client) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.PID, b.PID), strings.Compare(a.Name, b.Name))
	})
	return all[:min(len(all), maxClients)]
}

// farEnd is who is at the other end of a process's socket, if that is a connection.
func farEnd(pidfd, fd int) (chain.Client, bool) {
	own, err := linux.PidfdGetfd(pidfd, fd, 0)
	if err != nil {
		return chain.Client{}, false
	}
	defer unix.Close(own)
	if listens, err := unix.GetsockoptInt(own, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || listens != 0 {
		return chain.Client{}, false
	}
	at, err := unix.Getpeername(own)
	if err != nil {
		return chain.Client{}, false
	}
	switch at := at.(type) {
	case *unix.SockaddrInet4:
		return chain.Client{Name: net.IP(at.Addr[:]).String()}, true
	case *unix.SockaddrInet6:
		return chain.Client{Name: net.IP(at.Addr[:]).String()}, true
	case *unix.SockaddrUnix:
		cred, err := linux.PeerCred(own)
		if err != nil || cred.Pid <= 1 { // systemd: the notify socket
			return chain.Client{}, false
		}
		c := chain.Client{PID: int(cred.Pid), Name: "?", User: strconv.FormatUint(uint64(cred.Uid), 10)}
		if st, err := readStat(c.PID); err == nil {
			c.Name = cleanLine(st.comm)
		}
		if u, err := user.LookupId(c.User); err == nil {
			c.User = cleanLine(u.Username)
		}
		return c, true
	}
	return chain.Client{}, false
}
