// Package discover looks at a machine and drafts its configuration.
//
// It changes nothing. What it reads of foreign files is bounded, and no secret goes
// into a draft: a password is referred to by where it stands.
package discover

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// Options of a look.
type Options struct {
	// Root is the machine's root folder, "" for /.
	Root string
	// Metadata is where the metadata of EC2 are asked for, "" for EC2's own address.
	Metadata string
}

// Found is what was found.
type Found struct {
	Services []Service
	Sites    []Site
	Pools    []Pool
	// Database is the socket of a MariaDB or MySQL, "" for none.
	Database string
	// SSH is the port of an SSH server, 0 for none, and HostKey its key's fingerprint.
	SSH     int
	HostKey string
	// EC2 is nil where this is no instance of it.
	EC2 *EC2
	// Firewall is what decides who may connect, "" for nothing known.
	Firewall string
	// Hands run already; nil if none do.
	Hands *HandsFound
	// Disks are the file systems that matter.
	Disks []string
	// System is the distribution, "" for one whose releases omamori does not know; Apt says
	// that it has Debian's packages. Dumps is the pattern of a database's, "" for none.
	System string
	Apt    bool
	Dumps  string

	sshHost   string
	databases map[string]string // socket of each service
}

// Look looks at the machine. It fails only if ctx is done.
func Look(ctx context.Context, o Options) (*Found, error) {
	m := machine{cmp.Or(o.Root, "/")}
	f := &Found{databases: map[string]string{}}
	running := m.processes()
	listening := m.listening(running)
	f.Hands = m.hands(running)
	f.Services = m.services(running, f.Hands)
	for _, s := range f.Services {
		switch s.kindOf() {
		case "php":
			f.Pools = append(f.Pools, m.pools(s, listening)...)
		case "mariadb":
			f.databases[s.Name] = m.socketOf(s, listening)
		case "ssh":
			if f.SSH == 0 {
				f.findSSH(m, s, listening)
			}
		}
	}
	f.Database = f.databases[f.first("mariadb")]
	f.Sites = m.sites(f, listening)
	f.Firewall = m.firewall()
	f.Disks = m.disks()
	f.System, f.Apt, f.Dumps = m.system(), m.exists("/var/lib/dpkg/status") && m.exists("/var/lib/apt/lists"), m.dumped()
	f.EC2 = ec2(ctx, m, cmp.Or(o.Metadata, metadataService))
	if o.Root == "" { // what only the machine itself can tell
		ask(ctx, f.Sites)
	}
	return f, ctx.Err()
}

// service is the service of a name, nil for none.
func (f *Found) service(name string) *Service {
	i := slices.IndexFunc(f.Services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &f.Services[i]
}

// first is the name of the first service of a kind, "" for none.
func (f *Found) first(kind string) string {
	for _, s := range f.Services {
		if s.kindOf() == kind {
			return s.Name
		}
	}
	return ""
}

// databaseAt is the service that listens on a socket; the first if none is known to.
func (f *Found) databaseAt(socket string) string {
	for _, s := range f.Services {
		if f.databases[s.Name] == socket {
			return s.Name
		}
	}
	return f.first("mariadb")
}

// socketOf is where a MariaDB listens: as it does, else as it was told.
func (m machine) socketOf(s Service, listening []listener) string {
	for _, l := range listening {
		if l.path != "" && l.pid == s.pid && s.pid != 0 {
			return l.path
		}
	}
	if s.config != "" {
		return m.mysqlSocket(s.config)
	}
	return "/run/mysqld/mysqld.sock"
}

func (f *Found) findSSH(m machine, s Service, listening []listener) {
	for _, l := range listening {
		if l.port > 0 && l.pid == s.pid && s.pid != 0 {
			f.SSH, f.sshHost = l.port, l.host
			break
		}
	}
	if f.SSH == 0 {
		f.SSH, f.sshHost = m.sshPort(s.config), "127.0.0.1"
	}
	f.HostKey = fingerprint(m.read("/etc/ssh/ssh_host_ed25519_key.pub"))
}

// Summary says what was found, a line each.
func (f *Found) Summary() []chain.Text {
	var all []chain.Text
	for _, s := range f.Services {
		switch {
		case f.managed(s.Name) == "":
			all = append(all, chain.Say("discover.service_alone", "name", s.Name))
		case s.Hands != "":
			all = append(all, chain.Say("discover.service", "name", s.Name, "by", "omamori-hands"))
		case s.Systemd != "":
			all = append(all, chain.Say("discover.service", "name", s.Name, "by", s.Systemd))
		default:
			all = append(all, chain.Say("discover.service", "name", s.Name, "by", "/etc/init.d/"+s.SysV))
		}
		if !s.Running {
			all = append(all, chain.Say("discover.not_running", "name", s.Name))
		}
	}
	for _, s := range f.Sites {
		key := "discover.site"
		if s.WordPress {
			key = "discover.wordpress"
		}
		all = append(all, chain.Say(key, "url", s.URL))
	}
	if f.Database != "" {
		all = append(all, chain.Say("discover.database", "socket", f.Database))
	}
	if f.SSH > 0 {
		all = append(all, chain.Say("discover.ssh", "port", f.SSH))
	}
	if f.Firewall != "" {
		all = append(all, chain.Say("discover.firewall", "name", f.Firewall))
	}
	if f.Dumps != "" {
		all = append(all, chain.Say("discover.dumps", "files", f.Dumps))
	}
	if f.EC2 != nil {
		all = append(all, chain.Say("discover.ec2", "what", f.EC2.String()))
	}
	if f.Hands != nil && f.Hands.Own != "" {
		all = append(all, chain.Say("discover.own_site", "path", f.Hands.Own))
	}
	if len(all) == 0 {
		all = append(all, chain.Say("discover.little"))
	}
	return all
}

// String is what there is to say of an instance, on one line.
func (e *EC2) String() string {
	words := slices.DeleteFunc([]string{e.Kind, e.Instance, e.Region}, func(s string) bool { return s == "" })
	if len(words) == 0 {
		return "EC2"
	}
	return strings.Join(words, ", ")
}
