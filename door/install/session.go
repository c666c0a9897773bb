// Package install puts the door up: its files, who may knock, and the proof that an
// owner has come in.
package install

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/door"
)

// OwnSession is the session by which whoever runs this process has come in over SSH,
// out of all sessions of the host. What an environment says is not asked: sudo drops it,
// and anybody can write it. The kernel says which ancestor holds which connection.
func OwnSession(all []door.Session) (door.Session, bool) {
	return holder(os.Getpid(), all)
}

// holder finds the session that pid, or the nearest of its ancestors, holds.
func holder(pid int, all []door.Session) (door.Session, bool) {
	for range 64 {
		if pid <= 1 {
			break
		}
		held, parent := inodes(pid), parentOf(pid)
		for _, s := range all {
			if s.Inode != 0 && slices.Contains(held, s.Inode) && programOf(pid) == "sshd" {
				return s, true
			}
		}
		pid = parent
	}
	return door.Session{}, false
}

// LoggedIn lists those of the sessions in which somebody has got past sshd: only then
// has a process below it SSH_CONNECTION in its environment.
func LoggedIn(all []door.Session) (in []door.Session) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		b, err := os.ReadFile(dir + "/environ")
		if err != nil {
			continue
		}
		for v := range strings.SplitSeq(string(b), "\x00") {
			says, ok := strings.CutPrefix(v, "SSH_CONNECTION=")
			if !ok {
				continue
			}
			pid, _ := strconv.Atoi(filepath.Base(dir))
			s, held := holder(pid, all)
			if held && says == connection(s) && !slices.Contains(in, s) {
				in = append(in, s)
			}
			break
		}
	}
	return in
}

// connection is what sshd writes of a session.
func connection(s door.Session) string {
	return fmt.Sprintf("%s %d %s %d", s.Remote.Addr(), s.Remote.Port(), s.Local.Addr(), s.Local.Port())
}

// inodes are those of the sockets that a process holds.
func inodes(pid int) (all []uint32) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		to, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		if n, ok := strings.CutPrefix(to, "socket:["); ok {
			if i, err := strconv.ParseUint(strings.TrimSuffix(n, "]"), 10, 32); err == nil {
				all = append(all, uint32(i))
			}
		}
	}
	return all
}

// parentOf and programOf read what the kernel, not the process, says of it.
func parentOf(pid int) int {
	f := statFields(pid)
	if len(f) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(f[1])
	return parent
}

// programOf is "sshd" for any of the programs of an OpenSSH server.
func programOf(pid int) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return ""
	}
	name := strings.TrimSuffix(filepath.Base(path), " (deleted)")
	if strings.HasPrefix(name, "sshd") || name == "dropbear" {
		return "sshd"
	}
	return name
}

// statFields are those of /proc/PID/stat behind the name, which may hold anything.
func statFields(pid int) []string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	i := strings.LastIndexByte(string(b), ')')
	return strings.Fields(string(b[i+1:]))
}

// AtConsole reports whether this process's terminal is the machine's own console: who
// types there has proved that he needs no network.
func AtConsole() bool {
	f := statFields(os.Getpid())
	if len(f) < 5 {
		return false
	}
	tty, _ := strconv.Atoi(f[4])
	return consoleTTY(tty)
}

// consoleTTY knows the numbers of virtual and serial consoles and of hypervisors'.
func consoleTTY(tty int) bool {
	major, minor := tty>>8&0xfff, tty&0xff|tty>>12&0xfff00
	switch major {
	case 4: // tty1…, ttyS0…
		return minor > 0
	case 5:
		return minor == 1 // console
	case 204, 229: // ttyAMA0…, hvc0…
		return true
	}
	return false
}
