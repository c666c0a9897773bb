package discover

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// process is one that runs.
type process struct {
	pid, parent  int
	name, cgroup string
	words        []string // of its command line, or of what it shows instead
	user         string
	root         bool
	sockets      []string // inodes
}

// listener is a socket that accepts connections.
type listener struct {
	pid  int    // 0 if it may not be known
	host string // of TCP: where to connect to
	port int
	path string // of a Unix socket
}

// daemon is what a program is called here, "" for one that discovery does not know.
func daemon(comm string) string {
	switch comm {
	case "mariadbd", "mysqld":
		return "mariadb"
	case "nginx":
		return "nginx"
	case "apache2":
		return "apache"
	case "sshd":
		return "ssh"
	case "omamori-hands":
		return "hands"
	}
	if version, ok := strings.CutPrefix(comm, "php-fpm"); ok && strings.Trim(version, "0123456789.") == "" {
		return "php"
	}
	return ""
}

// maxProcesses bounds how many processes are looked at, and how many of their files.
const maxProcesses = 20_000

// processes lists the daemons that run.
func (m machine) processes() []process {
	var all []process
	names := m.list("/proc")
	for _, name := range names[:min(len(names), maxProcesses)] {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		at := "/proc/" + name
		comm := strings.TrimSpace(m.read(at + "/comm"))
		if daemon(comm) == "" {
			continue
		}
		p := process{pid: pid, name: comm, cgroup: m.read(at + "/cgroup")}
		p.words = strings.Fields(strings.ReplaceAll(m.read(at+"/cmdline"), "\x00", " "))
		if _, rest, ok := strings.Cut(m.read(at+"/stat"), ") "); ok {
			if f := strings.Fields(rest); len(f) > 1 {
				p.parent, _ = strconv.Atoi(f[1])
			}
		}
		if st, err := os.Stat(m.path(at)); err == nil {
			if sys, ok := st.Sys().(*syscall.Stat_t); ok {
				p.root = sys.Uid == 0
				if u, err := user.LookupId(strconv.FormatUint(uint64(sys.Uid), 10)); err == nil {
					p.user = u.Username
				}
			}
		}
		for _, fd := range m.list(at + "/fd") {
			if to, err := os.Readlink(m.path(at + "/fd/" + fd)); err == nil {
				if inode, ok := strings.CutPrefix(to, "socket:["); ok {
					p.sockets = append(p.sockets, strings.TrimSuffix(inode, "]"))
				}
			}
		}
		all = append(all, p)
	}
	return all
}

// after is the word after one of flags, or what follows it and "=".
func (p process) after(flags ...string) string {
	for i, w := range p.words {
		for _, flag := range flags {
			if w == flag && i+1 < len(p.words) {
				return p.words[i+1]
			}
			if value, ok := strings.CutPrefix(w, flag+"="); ok {
				return value
			}
		}
	}
	return ""
}

// masters are the processes that were started by somebody else: not workers, not the
// sessions of people.
func masters(running []process) (all []process) {
	for _, p := range running {
		shown := strings.Join(p.words, " ")
		child := slices.ContainsFunc(running, func(o process) bool { return o.pid == p.parent && daemon(o.name) == daemon(p.name) })
		orphan := strings.Contains(shown, "worker process") || strings.Contains(shown, ": pool ") || strings.Contains(shown, "cache manager")
		session := p.name == "sshd" && len(p.words) > 0 && !strings.Contains(shown, "/sshd")
		if !child && !orphan && !session {
			all = append(all, p)
		}
	}
	return all
}

// listening lists the sockets that accept connections, with the daemons that have
// them.
func (m machine) listening(running []process) []listener {
	owner := map[string]int{}
	for _, p := range running {
		for _, inode := range p.sockets {
			if _, known := owner[inode]; !known || slices.ContainsFunc(running, func(o process) bool { return o.pid == owner[inode] && o.parent == p.pid }) {
				owner[inode] = p.pid // a worker has its master's
			}
		}
	}
	var all []listener
	for _, name := range []string{"tcp", "tcp6"} {
		all = append(all, parseTCP(m.read("/proc/net/"+name), owner)...)
	}
	return append(all, parseUnix(m.read("/proc/net/unix"), owner)...)
}

// parseTCP reads /proc/net/tcp: the sockets in state 0A, LISTEN.
func parseTCP(table string, owner map[string]int) (all []listener) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != "0A" {
			continue
		}
		address, port, _ := strings.Cut(f[1], ":")
		n, err := strconv.ParseUint(port, 16, 16)
		host := hostOf(address)
		if err != nil || n == 0 || host == "" {
			continue
		}
		l := listener{pid: owner[f[9]], host: host, port: int(n)}
		if !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}

// hostOf is the host to connect to for a listening address as the kernel writes it:
// words of four bytes, each in the machine's own order. "" for what is none.
func hostOf(address string) string {
	b, err := hex.DecodeString(address)
	if err != nil || len(b) != 4 && len(b) != 16 {
		return ""
	}
	for i := 0; i < len(b); i += 4 {
		binary.BigEndian.PutUint32(b[i:], binary.NativeEndian.Uint32(b[i:]))
	}
	a, _ := netip.AddrFromSlice(b)
	if a = a.Unmap(); a.IsUnspecified() {
		return "127.0.0.1"
	}
	return a.String()
}

// parseUnix reads /proc/net/unix: the stream sockets that accept connections.
func parseUnix(table string, owner map[string]int) (all []listener) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 8 || f[3] != "00010000" || f[4] != "0001" || !strings.HasPrefix(f[7], "/") {
			continue
		}
		l := listener{pid: owner[f[6]], path: f[7]}
		if !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}

// unitOf is the system's unit that a control group belongs to, "" for none. A unit
// of a user's own manager is out of reach, and the unit of a container's runtime is
// not what looks after the programs in it.
func unitOf(cgroup string) string {
	for line := range strings.Lines(cgroup) {
		parts := strings.Split(strings.TrimSpace(line), "/")
		last := parts[len(parts)-1]
		if !strings.HasSuffix(last, ".service") || slices.ContainsFunc(parts, func(p string) bool { return strings.HasPrefix(p, "user@") || strings.HasSuffix(p, ".scope") }) {
			continue
		}
		return last
	}
	return ""
}
