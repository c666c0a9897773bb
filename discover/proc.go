package discover

import (
	"encoding/hex"
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
	user         string
	sockets      []string // inodes
}

// listener is a socket that accepts connections.
type listener struct {
	process string
	host    string // of TCP
	port    int
	path    string // of a Unix socket
}

// daemons are the programs that discovery knows, with what they are called here.
var daemons = []struct{ name, prefix string }{
	{"mariadb", "mariadbd"}, {"mariadb", "mysqld"}, {"php", "php-fpm"}, {"nginx", "nginx"}, {"apache", "apache2"}, {"ssh", "sshd"},
}

func daemon(comm string) string {
	for _, d := range daemons {
		if strings.HasPrefix(comm, d.prefix) {
			return d.name
		}
	}
	return ""
}

// maxProcesses bounds how many processes are looked at.
const maxProcesses = 20_000

// processes lists the daemons that run.
func (m machine) processes() []process {
	var all []process
	dir, err := os.ReadDir(m.path("/proc"))
	if err != nil {
		return nil
	}
	for _, e := range dir[:min(len(dir), maxProcesses)] {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		at := "/proc/" + e.Name()
		comm := strings.TrimSpace(m.read(at + "/comm"))
		if daemon(comm) == "" {
			continue
		}
		p := process{pid: pid, name: comm, cgroup: m.read(at + "/cgroup")}
		if _, rest, ok := strings.Cut(m.read(at+"/stat"), ") "); ok {
			if f := strings.Fields(rest); len(f) > 1 {
				p.parent, _ = strconv.Atoi(f[1])
			}
		}
		if st, err := os.Stat(m.path(at)); err == nil {
			if sys, ok := st.Sys().(*syscall.Stat_t); ok {
				if u, err := user.LookupId(strconv.FormatUint(uint64(sys.Uid), 10)); err == nil {
					p.user = u.Username
				}
			}
		}
		fds, err := os.ReadDir(m.path(at + "/fd"))
		if err == nil {
			for _, fd := range fds[:min(len(fds), maxProcesses)] {
				if to, err := os.Readlink(m.path(at + "/fd/" + fd.Name())); err == nil {
					if inode, ok := strings.CutPrefix(to, "socket:["); ok {
						p.sockets = append(p.sockets, strings.TrimSuffix(inode, "]"))
					}
				}
			}
		}
		all = append(all, p)
	}
	return all
}

// listening lists the sockets of the daemons that run.
func (m machine) listening(running []process) []listener {
	owner := map[string]string{}
	for _, p := range running {
		for _, inode := range p.sockets {
			owner[inode] = p.name
		}
	}
	var all []listener
	for _, name := range []string{"tcp", "tcp6"} {
		all = append(all, parseTCP(m.read("/proc/net/"+name), owner)...)
	}
	return append(all, parseUnix(m.read("/proc/net/unix"), owner)...)
}

// parseTCP reads /proc/net/tcp: the sockets in state 0A, LISTEN.
func parseTCP(table string, owner map[string]string) (all []listener) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != "0A" {
			continue
		}
		address, port, _ := strings.Cut(f[1], ":")
		n, err := strconv.ParseUint(port, 16, 16)
		if err != nil || n == 0 {
			continue
		}
		l := listener{process: owner[f[9]], host: hostOf(address), port: int(n)}
		if !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}

// hostOf is the host to connect to for a listening address as the kernel writes it.
func hostOf(address string) string {
	b, err := hex.DecodeString(address)
	if err != nil || len(b) != 4 {
		return "127.0.0.1"
	}
	if b[0] == 0 && b[1] == 0 && b[2] == 0 && b[3] == 0 {
		return "127.0.0.1"
	}
	return strconv.Itoa(int(b[3])) + "." + strconv.Itoa(int(b[2])) + "." + strconv.Itoa(int(b[1])) + "." + strconv.Itoa(int(b[0]))
}

// parseUnix reads /proc/net/unix: the stream sockets that accept connections.
func parseUnix(table string, owner map[string]string) (all []listener) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 8 || f[3] != "00010000" || f[4] != "0001" || !strings.HasPrefix(f[7], "/") {
			continue
		}
		l := listener{process: owner[f[6]], path: f[7]}
		if !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}

// services tells of each daemon that runs, or that could, and who looks after it.
func (m machine) services(running []process) []Service {
	var all []Service
	main := map[string]process{}
	for _, p := range running {
		name := daemon(p.name)
		if old, ok := main[name]; !ok || old.parent == p.pid || p.pid < old.pid && old.parent != p.pid && p.parent <= 1 {
			main[name] = p
		}
	}
	for _, known := range []struct {
		name            string
		scripts         []string
		pidFiles        []string
		logs, writes    []string
		process, userOf string
	}{
		{"mariadb", []string{"mariadb", "mysql"}, []string{"/run/mysqld/mysqld.pid"}, []string{"/var/log/mysql/error.log"}, []string{"/var/lib/mysql"}, "mariadbd", "mysql"},
		{"php", nil, nil, nil, nil, "php-fpm", "root"},
		{"nginx", []string{"nginx"}, []string{"/run/nginx.pid"}, []string{"/var/log/nginx/error.log"}, []string{"/var/log/nginx"}, "nginx", "root"},
		{"apache", []string{"apache2"}, []string{"/run/apache2/apache2.pid", "/var/run/apache2/apache2.pid"}, []string{"/var/log/apache2/error.log"}, []string{"/var/log/apache2"}, "apache2", "root"},
		{"ssh", []string{"ssh"}, []string{"/run/sshd.pid"}, nil, nil, "sshd", "root"},
	} {
		p, runs := main[known.name]
		if !runs {
			continue
		}
		s := Service{Name: known.name, Process: p.name, User: p.user, Systemd: unitOf(p.cgroup)}
		scripts := known.scripts
		if known.name == "php" {
			scripts = []string{p.name}
			version := strings.TrimPrefix(p.name, "php-fpm")
			known.pidFiles = []string{"/run/php/php" + version + "-fpm.pid"}
			known.logs = []string{"/var/log/php" + version + "-fpm.log"}
			scripts = append(scripts, "php"+version+"-fpm")
		}
		for _, script := range scripts {
			if s.Systemd == "" && s.SysV == "" && m.exists("/etc/init.d/"+script) {
				s.SysV = script
			}
		}
		for _, file := range known.pidFiles {
			if s.PIDFile == "" && m.exists(file) {
				s.PIDFile = file
			}
		}
		if s.PIDFile == "" { // hands would not find a script's process without one
			s.SysV = ""
		}
		for _, log := range known.logs {
			if m.exists(log) {
				s.Logs = append(s.Logs, log)
			}
		}
		for _, dir := range known.writes {
			if m.exists(dir) {
				s.Writes = append(s.Writes, dir)
			}
		}
		all = append(all, s)
	}
	return all
}

// unitOf is the unit that a control group belongs to, "" for none.
func unitOf(cgroup string) string {
	for line := range strings.Lines(cgroup) {
		for _, part := range strings.Split(strings.TrimSpace(line), "/") {
			if strings.HasSuffix(part, ".service") && part != "user.service" && !strings.HasPrefix(part, "user@") {
				return part
			}
		}
	}
	return ""
}
