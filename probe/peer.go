package probe

import (
	"net"
	"os"
	"strconv"
	"strings"
)

// Peer is the process that listens at the other end of a Unix socket, told apart
// from a later one of the same number. The zero Peer is nobody known.
type Peer struct {
	PID   int
	name  string
	began string // in ticks since the machine's start, as /proc says it
}

// PeerOf asks the kernel who listens at the other end of a connection that Dial or
// Bind made.
func PeerOf(c net.Conn) Peer {
	if b, ok := c.(*bound); ok {
		c = b.Conn
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		return Peer{}
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return Peer{}
	}
	var p Peer
	err = raw.Control(func(fd uintptr) {
		p.PID = listener(int(fd))
	})
	if err != nil || p.PID <= 0 { // it is none of this namespace's
		return Peer{}
	}
	_, p.name, p.began = stat(p.PID)
	return p
}

// State is the letter that /proc has for the process, "" if it is gone or cannot be
// seen.
func (p Peer) State() string {
	state, _, began := stat(p.PID)
	if began != p.began {
		return ""
	}
	return state
}

// Workers are the process's children of the same name, as far as they can be seen:
// who listens may also be a service manager, whose children are everybody.
func (p Peer) Workers() (all []Peer) {
	if p.State() == "" {
		return nil
	}
	pid := strconv.Itoa(p.PID)
	b, err := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
	if err != nil {
		return nil
	}
	for _, f := range strings.Fields(string(b)) {
		var w Peer
		if w.PID, err = strconv.Atoi(f); err != nil {
			continue
		}
		if _, w.name, w.began = stat(w.PID); w.name == p.name && w.began != "" {
			all = append(all, w)
		}
	}
	return all
}

// stat returns the state of a process, its name and when it began, all "" if there
// is none.
func stat(pid int) (state, name, began string) {
	if pid <= 0 {
		return "", "", ""
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", "", ""
	}
	// The name stands in brackets and may hold anything, brackets too.
	line := string(b)
	open, shut := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	fields := strings.Fields(line[shut+1:])
	if open < 0 || shut < open || len(fields) < 20 {
		return "", "", ""
	}
	return fields[0], line[open+1 : shut], fields[19]
}
