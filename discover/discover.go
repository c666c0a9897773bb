// Package discover looks at a machine and drafts its configuration.
//
// It changes nothing. What it reads of foreign files is bounded, and no secret goes
// into a draft: a password is referred to by where it stands.
package discover

import (
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// Options of a look.
type Options struct {
	// Root is the machine's root folder, "" for /.
	Root string
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
	// EC2 is the kind of instance, "" where this is none.
	EC2 string
	// Disks are the file systems that matter.
	Disks []string
}

// Service is a daemon that runs, or that is installed to run.
type Service struct {
	// Name is what it is called here, Process its program's name.
	Name, Process, User string
	// Systemd is its unit, SysV its script, both "" if neither looks after it.
	Systemd, SysV string
	PIDFile       string
	Logs, Writes  []string
}

// Site is something that a web server shows.
type Site struct {
	Name string
	// URL is how visitors come; Connect is where this machine answers.
	URL, Connect string
	// TLS says that it has a certificate.
	TLS bool
	// Config is the wp-config.php of a WordPress, "" if it is none; Posts says that
	// its database can be asked by what stands there.
	Config string
	// Post is the path of a post that is known, Title what it says; "" for none.
	Post, Title string
}

// Pool is a pool of PHP-FPM.
type Pool struct {
	Name, Socket, Address, Ping, Status string
}

// maxFile bounds what is read of one file, maxFiles how many are read of one kind.
const (
	maxFile  = 1 << 20
	maxFiles = 200
)

// machine is the file system that is looked at.
type machine struct{ root string }

func (m machine) path(p string) string { return filepath.Join(m.root, p) }

// read returns the beginning of a file, "" if it cannot be read.
func (m machine) read(p string) string {
	st, err := os.Stat(m.path(p))
	if err != nil || !st.Mode().IsRegular() {
		return ""
	}
	f, err := os.Open(m.path(p))
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return ""
	}
	return string(b)
}

func (m machine) exists(p string) bool { _, err := os.Stat(m.path(p)); return err == nil }

// glob lists the paths that match, as seen from the machine's own root.
func (m machine) glob(pattern string) []string {
	found, err := filepath.Glob(m.path(pattern))
	if err != nil {
		return nil
	}
	for i, p := range found {
		found[i] = "/" + strings.TrimPrefix(strings.TrimPrefix(p, filepath.Clean("/"+m.root)), "/")
	}
	return found[:min(len(found), maxFiles)]
}

// Look looks at the machine. It fails only if ctx is done.
func Look(ctx context.Context, o Options) (*Found, error) {
	root := o.Root
	if root == "" {
		root = "/"
	}
	m := machine{root}
	f := &Found{}
	running := m.processes()
	listening := m.listening(running)
	f.Pools = m.pools()
	f.Services = m.services(running)
	f.findDatabase(m, listening)
	f.findSSH(m, listening)
	f.Sites = m.sites(listening)
	if o.Root == "" { // what only the machine itself can tell
		for i := range f.Sites {
			f.Sites[i].findPost(ctx)
		}
		f.EC2 = ec2(ctx, m)
	}
	f.Disks = m.disks()
	return f, ctx.Err()
}

func (f *Found) service(name string) *Service {
	i := slices.IndexFunc(f.Services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &f.Services[i]
}

func (f *Found) findDatabase(m machine, listening []listener) {
	for _, l := range listening {
		if l.path != "" && (l.process == "mariadbd" || l.process == "mysqld") {
			f.Database = l.path
			return
		}
	}
	if s := f.service("mariadb"); s != nil && m.exists("/run/mysqld/mysqld.sock") {
		f.Database = "/run/mysqld/mysqld.sock"
	}
}

func (f *Found) findSSH(m machine, listening []listener) {
	for _, l := range listening {
		if l.process == "sshd" && l.port > 0 {
			f.SSH = l.port
			break
		}
	}
	if f.SSH == 0 && f.service("ssh") != nil {
		f.SSH = 22
	}
	if f.SSH > 0 {
		f.HostKey = fingerprint(m.read("/etc/ssh/ssh_host_ed25519_key.pub"))
	}
}

// disks are the file systems that programs write to, one path for each.
func (m machine) disks() []string {
	disks := []string{"/"}
	mounts := m.read("/proc/self/mounts")
	for line := range strings.Lines(mounts) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "/dev/") || strings.HasPrefix(f[3], "ro") {
			continue
		}
		at := strings.ReplaceAll(f[1], `\040`, " ")
		st, err := os.Stat(m.path(at))
		if err == nil && st.IsDir() && !slices.Contains(disks, at) && !strings.HasPrefix(at, "/boot") && len(disks) < 8 {
			disks = append(disks, at)
		}
	}
	return disks
}

// Summary says what was found, a line each.
func (f *Found) Summary() []chain.Text {
	var all []chain.Text
	for _, s := range f.Services {
		by := s.Systemd
		if by == "" && s.SysV != "" {
			by = "/etc/init.d/" + s.SysV
		}
		if by == "" {
			all = append(all, chain.Say("discover.service_alone", "name", s.Name))
			continue
		}
		all = append(all, chain.Say("discover.service", "name", s.Name, "by", by))
	}
	for _, s := range f.Sites {
		key := "discover.site"
		if s.Config != "" {
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
	if f.EC2 != "" {
		all = append(all, chain.Say("discover.ec2", "kind", f.EC2))
	}
	if len(all) == 0 {
		all = append(all, chain.Say("discover.little"))
	}
	return all
}

// siteName makes a name for links of a host.
func siteName(host string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return -1
	}, strings.ToLower(host))
	name = strings.Trim(strings.TrimPrefix(name, "www."), ".-")
	return name[:min(len(name), 40)]
}

// at makes the URL by which visitors come.
func at(scheme, host string, port int) string {
	if port != 0 && port != map[string]int{"http": 80, "https": 443}[scheme] {
		host += ":" + strconv.Itoa(port)
	}
	return (&url.URL{Scheme: scheme, Host: host, Path: "/"}).String()
}
