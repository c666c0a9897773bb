package mysql

import (
	"context"
	"os"
	"syscall"

	"github.com/omamori-guard/omamori/chain"
)

// stopped reports which process of the server is stopped by a signal, 0 if none
// is as far as can be known.
func (l *link) stopped(ctx context.Context) int {
	if l.peer.State() == "T" {
		return l.peer.PID
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
