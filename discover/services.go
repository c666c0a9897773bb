package discover

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/hands"
)

// Service is a daemon that runs, or that is to run.
type Service struct {
	// Name is what it is called here, Process its program's name.
	Name, Process, User string
	// Running says that it does.
	Running bool
	// Systemd is its unit, SysV its script, Hands its name in the file of hands that
	// run already; all "" if nothing looks after it.
	Systemd, SysV, Hands string
	PIDFile              string
	Logs, Writes         []string

	pid    int
	root   bool   // it runs as root
	config string // its own file, where it was told one
}

// kindOf is what a service is, whatever number it has among its like.
func (s Service) kindOf() string { return daemon(s.Process) }

// known is a service that discovery knows, with where Debian puts what is its own.
type known struct {
	name, process, user string
	units               []string // also the names of scripts
	pidFiles            []string
	logs, writes        []string
}

// known lists them in the order of starting.
func (m machine) known() []known {
	all := []known{{
		"mariadb", "mariadbd", "mysql", []string{"mariadb", "mysql"},
		[]string{"/run/mysqld/mysqld.pid"}, []string{"/var/log/mysql/error.log"}, []string{"/var/lib/mysql"},
	}}
	for _, dir := range m.glob("/etc/php/*/fpm") {
		v := path.Base(path.Dir(dir))
		all = append(all, known{
			"php", "php-fpm" + v, "root", []string{"php" + v + "-fpm"},
			[]string{"/run/php/php" + v + "-fpm.pid"}, []string{"/var/log/php" + v + "-fpm.log"}, nil,
		})
	}
	return append(all,
		known{"nginx", "nginx", "root", []string{"nginx"}, []string{"/run/nginx.pid"}, []string{"/var/log/nginx/error.log"}, []string{"/var/log/nginx"}},
		known{"apache", "apache2", "root", []string{"apache2"}, []string{"/run/apache2/apache2.pid"}, []string{"/var/log/apache2/error.log"}, []string{"/var/log/apache2"}},
		known{"ssh", "sshd", "root", []string{"ssh", "sshd"}, []string{"/run/sshd.pid"}, nil, nil},
	)
}

// maxInstances is how many services of one program are drafted.
const maxInstances = 20

// services tells of each daemon that runs, or that the machine is to start, and who
// looks after it.
func (m machine) services(running []process, h *HandsFound) []Service {
	var all []Service
	booted := m.exists("/run/systemd/system")
	heads := masters(running)
	for _, name := range []string{"mariadb", "php", "nginx", "apache", "ssh"} {
		var found []Service
		for _, p := range heads {
			if daemon(p.name) == name {
				found = append(found, m.service(p, h))
			}
		}
		for _, k := range m.known() {
			runs := slices.ContainsFunc(found, func(s Service) bool { return s.Process == k.process || name != "php" })
			if k.name != name || runs || !booted {
				continue
			}
			for _, unit := range k.units { // the one that should run is the very one to guard
				if m.enabled(unit) {
					found = append(found, m.homely(Service{Process: k.process, User: k.user, Systemd: unit + ".service"}, k))
					break
				}
			}
		}
		slices.SortStableFunc(found, func(a, b Service) int { return lonely(a) - lonely(b) })
		for i, s := range found[:min(len(found), maxInstances)] {
			s.Name = name
			if i > 0 {
				s.Name = fmt.Sprintf("%s-%d", name, i+1)
			}
			all = append(all, s)
		}
	}
	return all
}

// lonely is 1 for a service that nothing looks after.
func lonely(s Service) int {
	if s.Systemd == "" && s.SysV == "" && s.Hands == "" {
		return 1
	}
	return 0
}

// service tells of one that runs.
func (m machine) service(p process, h *HandsFound) Service {
	s := Service{Process: p.name, User: p.user, Running: true, pid: p.pid, root: p.root, Systemd: unitOf(p.cgroup)}
	switch daemon(p.name) {
	case "nginx":
		s.config = p.after("-c")
	case "mariadb":
		s.config = p.after("--defaults-file")
	case "ssh":
		s.config = p.after("-f")
	case "php":
		s.config = p.after("--fpm-config", "-y")
		if shown := strings.Join(p.words, " "); s.config == "" && strings.Contains(shown, "master process (") {
			_, s.config, _ = strings.Cut(shown, "(")
			s.config, _, _ = strings.Cut(s.config, ")")
		}
	}
	if s.Hands = h.name(m, p, s.Systemd); s.Hands != "" {
		s.PIDFile = h.pidFile(s.Hands)
		return s
	}
	for _, k := range m.known() {
		if k.process == p.name || k.name == daemon(p.name) && k.name != "php" {
			s = m.homely(s, k)
			break
		}
	}
	if file := m.pidFileOf(s); s.PIDFile == "" && file != "" && m.pidIn(file) == p.pid {
		s.PIDFile = file // by a name alone, one would be taken for another
	}
	return s
}

// pidFileOf is the pid file that a service's own configuration names, "" for none.
func (m machine) pidFileOf(s Service) string {
	src := m.read(s.config)
	if s.kindOf() == "nginx" {
		for _, d := range parseNginx(src) {
			if d.words[0] == "pid" && len(d.words) == 2 && path.IsAbs(d.words[1]) {
				return d.words[1]
			}
		}
		return ""
	}
	for line := range strings.Lines(src) {
		key, value, _ := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		if key = strings.TrimSpace(key); (key == "pid" || key == "pid-file" || key == "pid_file") && path.IsAbs(value) {
			return value
		}
	}
	return ""
}

// homely adds what Debian has for a service, if it is this very process that has it.
func (m machine) homely(s Service, k known) Service {
	for _, file := range k.pidFiles {
		if m.exists(file) && (s.pid == 0 || m.pidIn(file) == s.pid) {
			s.PIDFile = file
		}
	}
	if s.Systemd == "" && s.PIDFile != "" { // hands would not find a script's process without one
		for _, script := range k.units {
			if s.SysV == "" && m.exists("/etc/init.d/"+script) {
				s.SysV = script
			}
		}
	}
	if s.Systemd == "" && s.SysV == "" {
		return s
	}
	for _, log := range k.logs {
		if m.exists(log) {
			s.Logs = append(s.Logs, log)
		}
	}
	for _, dir := range k.writes {
		if m.exists(dir) {
			s.Writes = append(s.Writes, dir)
		}
	}
	return s
}

func (m machine) pidIn(file string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(m.read(file)))
	return n
}

// HandsFound is an omamori-hands that runs already, as for a site of omamori's own.
type HandsFound struct {
	// Socket is where it listens, File what it may touch by.
	Socket, File string
	// Own is the configuration that stands beside its file, "" if there is none.
	Own string

	pid  int
	file hands.File
}

// hands finds the hands that run. A user's own program of that name is not believed.
func (m machine) hands(running []process) *HandsFound {
	for _, p := range running {
		h := &HandsFound{Socket: p.after("--listen"), File: p.after("--file"), pid: p.pid}
		if daemon(p.name) != "hands" || !p.root || !path.IsAbs(h.Socket) || !path.IsAbs(h.File) {
			continue
		}
		file, bad := hands.Parse([]byte(m.read(h.File)))
		if len(bad) > 0 {
			continue
		}
		h.file = file
		if own := path.Join(path.Dir(h.File), "omamori.yaml"); m.exists(own) {
			h.Own = own
		}
		return h
	}
	return nil
}

// name is what hands call a process's service, "" if they do not know it.
func (h *HandsFound) name(m machine, p process, unit string) string {
	if h == nil {
		return ""
	}
	for _, s := range h.file.Services {
		switch {
		case s.Systemd != "" && s.Systemd == unit, s.PIDFile != "" && m.pidIn(s.PIDFile) == p.pid:
			return s.Name
		case s.Child != nil && p.parent == h.pid && path.Base(s.Child.Argv[0]) == p.name:
			return s.Name
		}
	}
	return ""
}

func (h *HandsFound) pidFile(service string) string {
	for _, s := range h.file.Services {
		if s.Name == service {
			return s.PIDFile
		}
	}
	return ""
}
