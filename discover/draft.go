package discover

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/words"
)

// draft writes a configuration with comments.
type draft struct {
	strings.Builder
	f    *Found
	o    owner
	lang words.Lang
	// mends are lines for the end, gathered as the links are written.
	mends []string
}

func (d *draft) say(key string, pairs ...any) string { return d.lang.Say(chain.Say(key, pairs...)) }

// comment writes comment lines.
func (d *draft) comment(indent, key string, pairs ...any) {
	for line := range strings.Lines(d.say(key, pairs...)) {
		d.WriteString(indent + "# " + strings.TrimRight(line, "\n") + "\n")
	}
}

// entry writes an entry of a section: its name, and pairs of a key and a value that
// stands as it is. A key without a value is left out.
func (d *draft) entry(name string, pairs ...string) {
	fmt.Fprintf(d, "  %s:\n", name)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(d, "    %s: %s\n", pairs[i], pairs[i+1])
		}
	}
}

// mend notes how a link is put back by its owner.
func (d *draft) mend(name, of, takes, title string, needs ...string) {
	with := list(needs...)
	if with != "" {
		with = " needs: " + with + ","
	}
	d.mends = append(d.mends, fmt.Sprintf("  %s: {for: %s,%s takes: %s, title: %s}\n", name, of, with, takes, quote(title)))
}

// byShell notes that a link is put back over SSH, if there is that.
func (d *draft) byShell(name, of, takes, title string) {
	if d.f.SSH > 0 {
		d.mend(name, of, takes, title, "shell")
	}
}

// maxText is how much of a foreign text a draft takes over, in letters.
const maxText = 200

// quote makes a YAML text of s, "" of nothing.
func quote(s string) string {
	if s == "" {
		return ""
	}
	return "'" + strings.ReplaceAll(clip(words.Clean(s), maxText), "'", "''") + "'"
}

func clip(s string, most int) string {
	r := []rune(s)
	return string(r[:min(len(r), most)])
}

func list(names ...string) string {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" })
	if len(names) == 0 {
		return ""
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// Draft is a commented configuration in a language. Answers are what the owner said;
// what he left open has defaults.
func (f *Found) Draft(lang words.Lang, answers Answers) ([]byte, error) {
	d := &draft{f: f, lang: lang, o: f.owner(lang, answers)}
	d.comment("", "discover.head")
	fmt.Fprintf(d, "\nlang: %s\n", lang)
	d.things()
	d.WriteString("\nlinks:\n")
	for _, s := range f.Services {
		d.service(s)
	}
	d.databases()
	pools := d.pools()
	d.sites(pools)
	d.computer()
	d.ends()
	d.claims()
	d.goals()
	if len(d.mends) > 0 {
		d.WriteString("\n")
		d.comment("", "discover.about_mends")
		d.WriteString("mends:\n" + strings.Join(d.mends, ""))
	}
	if f.Hands != nil {
		d.WriteString("\n")
		d.comment("", "discover.about_hands", "file", f.Hands.File)
		d.WriteString("hands:\n  socket: " + quote(f.Hands.Socket) + "\n")
	}
	d.WriteString("\n")
	d.comment("", "discover.notify")
	return []byte(d.String()), nil
}

func (d *draft) service(s Service) {
	if s.Running {
		d.comment("  ", "discover.about_service", "name", s.Name)
	} else {
		d.comment("  ", "discover.about_dead", "name", s.Name)
	}
	title := quote(d.say("discover.title_service", "name", s.Name))
	process, user := quote(s.Process[:min(len(s.Process), 15)]), quote(s.User)
	if s.PIDFile != "" {
		process, user = "", ""
	}
	d.entry(s.Name, "kind", "process", "title", title, "service", d.f.managed(s.Name), "pid_file", quote(s.PIDFile), "name", process, "user", user)
	if s.kindOf() != "ssh" { // without which nobody logs in
		d.byShell("start-"+s.Name, s.Name, "5m", d.say("discover.mend_service", "name", s.Name))
	}
}

// managed is what hands call a service, "" if they cannot start it.
func (f *Found) managed(name string) string {
	s := f.service(name)
	switch {
	case s == nil:
		return ""
	case f.Hands != nil: // theirs is the file that counts
		return s.Hands
	case s.Systemd != "" || s.SysV != "":
		return name
	}
	return ""
}

// sqlOf is the link for the database of a site, "" if it has none.
func (f *Found) sqlOf(s Site) string {
	n := 0
	seen := map[string]bool{}
	for _, o := range f.Sites {
		if o.Config == "" || seen[o.Config] {
			continue
		}
		seen[o.Config] = true
		if n++; o.Config != s.Config {
			continue
		}
		if n == 1 {
			return "sql"
		}
		return fmt.Sprintf("sql-%d", n)
	}
	if s.WordPress && f.Database != "" && n == 0 {
		return "sql"
	}
	return ""
}

func (d *draft) databases() {
	title := quote(d.say("discover.title_sql"))
	done := map[string]bool{}
	for _, s := range d.f.Sites {
		if name := d.f.sqlOf(s); s.Config != "" && !done[name] { // one WordPress proves more than an account of our own
			done[name] = true
			d.comment("  ", "discover.about_sql_wordpress", "file", s.Config)
			d.entry(name, "kind", "mysql", "title", title, "needs", list(s.database), "wp_config", quote(s.Config), "posts", "yes", "service", d.f.managed(s.database))
			d.byShell("repair-"+name, name, "1h", d.say("discover.mend_sql"))
		}
	}
	if len(done) > 0 || d.f.Database == "" {
		return
	}
	server := d.f.first("mariadb")
	d.comment("  ", "discover.about_sql", "socket", d.f.Database)
	d.entry("sql", "kind", "mysql", "title", title, "needs", list(server), "socket", quote(d.f.Database), "user", "omamori", "service", d.f.managed(server))
	d.byShell("repair-sql", "sql", "1h", d.say("discover.mend_sql"))
}

// pools returns the links of each PHP service.
func (d *draft) pools() map[string][]string {
	names := map[string][]string{}
	n := 0
	for _, p := range d.f.Pools {
		if p.Ping == "" && p.Status == "" {
			d.comment("  ", "discover.no_ping", "pool", p.Name)
			continue
		}
		name := "fpm"
		if n++; n > 1 {
			name = fmt.Sprintf("fpm-%d", n)
		}
		d.entry(name, "kind", "phpfpm", "title", quote(d.say("discover.title_fpm", "pool", p.Name)), "needs", list(p.service),
			"socket", quote(p.Socket), "address", quote(p.Address), "ping_path", quote(p.Ping), "status_path", quote(p.Status), "service", d.f.managed(p.service))
		d.byShell("repair-"+name, name, "30m", d.say("discover.mend_fpm"))
		names[p.service] = append(names[p.service], name)
	}
	return names
}

// sites drafts what visitors need.
func (d *draft) sites(pools map[string][]string) {
	for _, s := range d.f.Sites {
		needs := []string{s.web}
		u, err := url.Parse(s.URL)
		if err != nil { // it was made by at, or read by url.Parse
			panic(err)
		}
		if s.TLS && u.Scheme == "https" {
			name := "cert-" + s.Name
			address := s.Connect
			if address == "" {
				address = net.JoinHostPort(u.Hostname(), portOf(u))
			}
			d.entry(name, "kind", "tls", "title", quote(d.say("discover.title_cert", "site", s.Name)), "needs", list(s.web), "address", quote(address), "name", quote(u.Hostname()), "ca", quote(s.CA))
			d.byShell("renew-"+name, name, "30m", d.say("discover.mend_cert"))
			needs = append(needs, name)
		}
		needs = append(needs, d.f.domainLink(s))
		front := "front-" + s.Name
		switch {
		case !s.WordPress:
			d.plainSite(s, front, needs)
		default:
			if of := pools[s.php]; len(of) > 0 {
				needs = append(needs, of...)
			} else {
				needs = append(needs, s.php)
			}
			d.wordpress(s, front, append(needs, d.f.sqlOf(s)))
		}
		d.byShell("repair-"+front, front, "2h", d.say("discover.mend_site"))
	}
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

func (d *draft) plainSite(s Site, front string, needs []string) {
	status := "200-399"
	if s.Status >= 400 && s.Status < 500 { // it wants a password, say: that is how it is when well
		d.comment("  ", "discover.about_status", "status", s.Status)
		status = strconv.Itoa(s.Status)
	}
	d.entry(front, "kind", "http", "title", quote(d.say("discover.title_front", "url", s.URL)), "needs", list(needs...),
		"url", quote(s.URL), "connect", quote(s.Connect), "status", "["+status+"]", "ca", quote(s.CA))
}

func (d *draft) wordpress(s Site, front string, needs []string) {
	if s.Post == "" {
		d.comment("  ", "discover.no_post")
	} else {
		d.comment("  ", "discover.post")
	}
	d.entry(front, "kind", "wordpress", "title", quote(d.say("discover.title_wordpress", "url", s.URL)), "needs", list(needs...),
		"url", quote(s.URL), "connect", quote(s.Connect), "post", quote(s.Post), "post_contains", quote(s.Title), "services", list(d.f.managed(s.php), d.f.managed(s.web)))
}

// computer drafts what is the machine's own: its sshd, its disks, its memory.
func (d *draft) computer() {
	if d.f.SSH > 0 {
		d.comment("  ", "discover.about_ssh", "key", d.f.HostKey)
		server := d.f.first("ssh")
		d.entry("sshd", "kind", "tcp", "title", quote(d.say("discover.title_ssh")), "needs", list(server),
			"address", quote(net.JoinHostPort(d.f.sshHost, strconv.Itoa(d.f.SSH))), "greets", quote("^SSH-2"), "service", d.f.managed(server))
	}
	for i, path := range d.f.Disks {
		name := "disk"
		if i > 0 {
			name = fmt.Sprintf("disk-%d", i+1)
		}
		d.entry(name, "kind", "disk", "title", quote(d.say("discover.title_disk", "path", path)), "path", quote(path), "min_free", "'5%'")
	}
	d.entry("memory", "kind", "memory", "title", quote(d.say("discover.title_memory")), "min_available", "'5%'")
}

// goal writes a goal; ways are pairs of a name and a link.
func (d *draft) goal(name, title string, ways ...string) {
	fmt.Fprintf(d, "  %s:\n    title: %s\n    within: 24h\n    ways:\n", name, quote(title))
	for i := 0; i+1 < len(ways); i += 2 {
		fmt.Fprintf(d, "      %s: [%s]\n", ways[i], ways[i+1])
	}
}

func (d *draft) goals() {
	d.WriteString("\n")
	d.comment("", "discover.about_goals")
	d.WriteString("goals:\n")
	count := map[string]int{}
	for _, s := range d.f.Sites {
		kind := "site"
		if s.WordPress {
			kind = "blog"
		}
		name := kind
		if count[kind]++; count[kind] > 1 {
			name = fmt.Sprintf("%s-%d", kind, count[kind])
		}
		shown := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(s.URL, "https://"), "http://"), "/")
		d.goal(name, d.say("discover.title_goal_"+kind, "site", shown), "web", "front-"+s.Name)
	}
	d.ownGoals()
	if len(d.f.Sites) == 0 && d.f.SSH == 0 && !d.o.console() {
		links := []string{"memory"}
		if len(d.f.Disks) > 0 {
			links = append(links, "disk")
		}
		d.goal("machine", d.say("discover.title_goal_machine"), "here", strings.Join(links, ", "))
	}
}

// HandsFile is what hands may touch: the services that something looks after, the
// files and sockets that the draft's links want read. A socket is listed if its service
// listens there: else anybody could start a program of PHP-FPM's name, with a
// configuration that names any socket of root's.
func (f *Found) HandsFile() ([]byte, error) {
	file := hands.File{Guard: "omamori", Services: []hands.Service{}}
	for _, s := range f.Services {
		if s.Systemd == "" && s.SysV == "" {
			continue
		}
		file.Services = append(file.Services, hands.Service{
			Name: s.Name, Systemd: s.Systemd, SysV: s.SysV, PIDFile: s.PIDFile, Logs: s.Logs, Writes: s.Writes, Tunes: f.tunes(s),
		})
	}
	for _, s := range f.Sites {
		if s.Config != "" && !slices.Contains(file.Files, s.Config) {
			file.Files = append(file.Files, s.Config)
		}
	}
	for _, p := range f.Pools {
		if p.Socket != "" && p.own && (p.Ping != "" || p.Status != "") && !slices.Contains(file.Sockets, p.Socket) {
			file.Sockets = append(file.Sockets, p.Socket)
		}
	}
	b, err := json.MarshalIndent(file, "", "  ")
	return append(b, '\n'), err
}
