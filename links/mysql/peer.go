package mysql

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
)

// peer is a process, told apart from a later one of the same number by when it
// began.
type peer struct {
	pid   int
	began string // in ticks since the machine's start, as /proc says it
}

// peerOf asks the kernel who listens at the other end of a Unix socket. The zero
// peer stands for nobody known.
func peerOf(c net.Conn) peer {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return peer{}
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return peer{}
	}
	var p peer
	err = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			p.pid = int(cred.Pid)
		}
	})
	if err != nil || p.pid <= 0 {
		return peer{}
	}
	_, p.began = stat(p.pid)
	return p
}

// stat returns the state of a process and when it began, "" if there is none.
func stat(pid int) (state, began string) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", ""
	}
	// The name stands in brackets and may hold anything, brackets too.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 20 {
		return "", ""
	}
	return fields[0], fields[19]
}

// stopped reports which process of the server is stopped by a signal, 0 if none
// is as far as can be known.
func (l *link) stopped(ctx context.Context) int {
	if l.peer.pid > 0 {
		if state, began := stat(l.peer.pid); began == l.peer.began && state == "T" {
			return l.peer.pid
		}
	}
	if l.at.Hands != nil && l.settings.Service != "" {
		var p chain.Process
		p, err := l.at.Hands.Process(ctx, l.settings.Service)
		if err == nil && p.Running && p.State == "T" {
			return p.PID
		}
	}
	return 0
}

// inode tells a file that was put in place of another from it.
func inode(info os.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ino
	}
	return 0
}
