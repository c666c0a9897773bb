package discover

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/words"
)

// draft writes a configuration with comments.
type draft struct {
	strings.Builder
	lang words.Lang
}

func (d *draft) say(key string, pairs ...any) string { return d.lang.Say(chain.Say(key, pairs...)) }

// comment writes comment lines.
func (d *draft) comment(indent, key string, pairs ...any) {
	for line := range strings.Lines(d.say(key, pairs...)) {
		d.WriteString(indent + "# " + strings.TrimRight(line, "\n") + "\n")
	}
}

// link writes a link: its name, and pairs of a key and a value that stands as it is.
func (d *draft) link(name string, pairs ...string) {
	fmt.Fprintf(d, "  %s:\n", name)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(d, "    %s: %s\n", pairs[i], pairs[i+1])
		}
	}
}

// quote makes a YAML text of s.
func quote(s string) string {
	if s == "" {
		return ""
	}
	return "'" + strings.ReplaceAll(strings.ReplaceAll(words.Clean(s), "\n", " "), "'", "''") + "'"
}

func list(names ...string) string {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" })
	if len(names) == 0 {
		return ""
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// Draft is a commented configuration in a language.
func (f *Found) Draft(lang words.Lang) ([]byte, error) {
	d := &draft{lang: lang}
	d.comment("", "discover.head")
	fmt.Fprintf(d, "\nlang: %s\n\n", lang)
	if f.EC2 != "" {
		d.comment("", "discover.on_ec2", "kind", f.EC2)
		d.WriteString("things:\n  aws-account: {title: " + quote(d.say("discover.aws_account")) + "}\n\n")
	}
	d.WriteString("links:\n")
	for _, s := range f.Services {
		f.draftService(d, s)
	}
	f.draftDatabase(d)
	pools := f.draftPools(d)
	ways := f.draftSites(d, pools)
	f.draftMachine(d)
	f.draftGoals(d, ways)
	d.WriteString("\n")
	d.comment("", "discover.notify")
	return []byte(d.String()), nil
}

func (f *Found) draftService(d *draft, s Service) {
	d.comment("  ", "discover.about_service", "name", s.Name)
	if s.Systemd != "" || s.SysV != "" {
		d.link(s.Name, "kind", "process", "service", s.Name, "title", quote(d.say("discover.title_service", "name", s.Name)))
		return
	}
	user := s.User
	d.link(s.Name, "kind", "process", "name", quote(s.Process[:min(len(s.Process), 15)]), "user", quote(user),
		"title", quote(d.say("discover.title_service", "name", s.Name)))
}

// managed is the service's name if hands can start it, else "".
func (f *Found) managed(name string) string {
	if s := f.service(name); s != nil && (s.Systemd != "" || s.SysV != "") {
		return name
	}
	return ""
}

// has is the name if there is such a service.
func (f *Found) has(name string) string {
	if f.service(name) == nil {
		return ""
	}
	return name
}

func (f *Found) draftDatabase(d *draft) {
	if f.Database == "" {
		return
	}
	for _, s := range f.Sites {
		if s.Config != "" { // one WordPress proves more than an account of our own
			d.comment("  ", "discover.about_sql_wordpress", "file", s.Config)
			d.link("sql", "kind", "mysql", "wp_config", quote(s.Config), "posts", "yes", "service", f.managed("mariadb"),
				"needs", list(f.has("mariadb")), "title", quote(d.say("discover.title_sql")))
			return
		}
	}
	d.comment("  ", "discover.about_sql", "socket", f.Database)
	d.link("sql", "kind", "mysql", "socket", quote(f.Database), "user", "omamori", "service", f.managed("mariadb"),
		"needs", list(f.has("mariadb")), "title", quote(d.say("discover.title_sql")))
}

// draftPools returns the names of the links.
func (f *Found) draftPools(d *draft) (names []string) {
	if f.service("php") == nil {
		return nil
	}
	for _, p := range f.Pools {
		if p.Ping == "" && p.Status == "" {
			d.comment("  ", "discover.no_ping", "pool", p.Name)
			continue
		}
		name := "fpm"
		if len(names) > 0 {
			name = fmt.Sprintf("fpm-%d", len(names)+1)
		}
		d.link(name, "kind", "phpfpm", "socket", quote(p.Socket), "address", quote(p.Address), "ping_path", quote(p.Ping), "status_path", quote(p.Status),
			"service", f.managed("php"), "needs", list("php"), "title", quote(d.say("discover.title_fpm", "pool", p.Name)))
		names = append(names, name)
	}
	return names
}

// draftSites returns the links that visitors need.
func (f *Found) draftSites(d *draft, pools []string) (ways []string) {
	web := f.has("nginx")
	if web == "" {
		web = f.has("apache")
	}
	sql := ""
	if f.Database != "" {
		sql = "sql"
	}
	for _, s := range f.Sites {
		needs := []string{web}
		if s.TLS {
			name := "cert-" + s.Name
			d.link(name, "kind", "tls", "address", quote(s.Connect), "name", quote(host(s.URL)), "days", "14", "title", quote(d.say("discover.title_cert", "site", s.Name)))
			needs = append(needs, name)
		}
		front := "front-" + s.Name
		if s.Config == "" {
			d.link(front, "kind", "http", "url", quote(s.URL), "connect", quote(s.Connect), "status", "[200-399]", "needs", list(needs...),
				"title", quote(d.say("discover.title_front", "url", s.URL)))
			ways = append(ways, front)
			continue
		}
		needs = append(append(needs, pools...), sql)
		if len(pools) == 0 {
			needs = append(needs, f.has("php"))
		}
		if s.Post == "" {
			d.comment("  ", "discover.no_post")
		} else {
			d.comment("  ", "discover.post")
		}
		d.link(front, "kind", "wordpress", "url", quote(s.URL), "connect", quote(s.Connect), "post", quote(s.Post), "post_contains", quote(s.Title),
			"needs", list(needs...), "title", quote(d.say("discover.title_wordpress", "url", s.URL)))
		ways = append(ways, front)
	}
	return ways
}

func host(u string) string {
	_, rest, _ := strings.Cut(u, "://")
	rest, _, _ = strings.Cut(rest, "/")
	rest, _, _ = strings.Cut(rest, ":")
	return rest
}

func (f *Found) draftMachine(d *draft) {
	if f.SSH > 0 {
		d.comment("  ", "discover.about_ssh", "key", f.HostKey)
		d.link("sshd", "kind", "tcp", "address", fmt.Sprintf("127.0.0.1:%d", f.SSH), "greets", quote("^SSH-2"), "service", f.managed("ssh"),
			"needs", list(f.has("ssh")), "title", quote(d.say("discover.title_ssh")))
	}
	for i, path := range f.Disks {
		name := "disk"
		if i > 0 {
			name = fmt.Sprintf("disk-%d", i+1)
		}
		d.link(name, "kind", "disk", "path", quote(path), "min_free", "'5%'", "title", quote(d.say("discover.title_disk", "path", path)))
	}
	d.link("memory", "kind", "memory", "min_available", "'5%'", "title", quote(d.say("discover.title_memory")))
}

func (f *Found) draftGoals(d *draft, ways []string) {
	d.WriteString("\n")
	d.comment("", "discover.about_goals")
	d.WriteString("goals:\n")
	for i, w := range ways {
		name := "site"
		if i > 0 {
			name = fmt.Sprintf("site-%d", i+1)
		}
		fmt.Fprintf(d, "  %s:\n    title: %s\n    within: 24h\n    ways:\n      web: [%s]\n", name, quote(d.say("discover.title_goal_site", "site", strings.TrimPrefix(w, "front-"))), w)
	}
	if f.SSH > 0 {
		fmt.Fprintf(d, "  shell:\n    title: %s\n    within: 24h\n    ways:\n      ssh: [sshd]\n", quote(d.say("discover.title_goal_shell")))
	}
	if len(ways) == 0 && f.SSH == 0 {
		fmt.Fprintf(d, "  machine:\n    title: %s\n    within: 24h\n    ways:\n      here: [disk, memory]\n", quote(d.say("discover.title_goal_machine")))
	}
}

// HandsFile is what hands may touch: the services that something looks after, the
// files and sockets that the draft's links want read.
func (f *Found) HandsFile() ([]byte, error) {
	file := hands.File{Guard: "omamori", Services: []hands.Service{}}
	for _, s := range f.Services {
		if s.Systemd == "" && s.SysV == "" {
			continue
		}
		file.Services = append(file.Services, hands.Service{
			Name: s.Name, Systemd: s.Systemd, SysV: s.SysV, PIDFile: s.PIDFile, Logs: s.Logs, Writes: s.Writes,
		})
	}
	for _, s := range f.Sites {
		if s.Config != "" && !slices.Contains(file.Files, s.Config) {
			file.Files = append(file.Files, s.Config)
		}
	}
	for _, p := range f.Pools {
		if p.Socket != "" && (p.Ping != "" || p.Status != "") && !slices.Contains(file.Sockets, p.Socket) {
			file.Sockets = append(file.Sockets, p.Socket)
		}
	}
	b, err := json.MarshalIndent(file, "", "  ")
	return append(b, '\n'), err
}
