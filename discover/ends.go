package discover

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// dumps are where backups of databases are usually kept.
var dumps = []string{
	"/var/backups/*.sql*", "/var/backups/*/*.sql*", "/var/backups/*/*/*.sql*", "/var/lib/automysqlbackup/daily/*/*.sql*",
	"/backup/*.sql*", "/backup/*/*.sql*", "/backups/*.sql*", "/backups/*/*.sql*", "/srv/backup*/*.sql*", "/srv/backup*/*/*.sql*",
	"/root/backup*/*.sql*", "/home/*/backup*/*.sql*",
}

// dumped is the pattern of the dumps of a database, where the newest of all is; "" for none.
func (m machine) dumped() string {
	var newest time.Time
	found := ""
	for _, pattern := range dumps {
		for _, p := range m.glob(pattern) {
			st, err := os.Stat(m.path(p))
			if err != nil || !st.Mode().IsRegular() || st.Size() == 0 || !st.ModTime().After(newest) {
				continue
			}
			for _, ending := range []string{".sql", ".sql.gz", ".sql.zst"} {
				if strings.HasSuffix(p, ending) && !strings.ContainsAny(path.Dir(p), "*?[\\") {
					newest, found = st.ModTime(), path.Join(path.Dir(p), "*"+ending)
				}
			}
		}
	}
	return found
}

// system is the name of a system whose releases end on days that are known, "" for others.
func (m machine) system() string {
	for line := range strings.Lines(m.read("/etc/os-release")) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "ID="); ok {
			if id = strings.Trim(id, `"'`); slices.Contains([]string{"debian", "ubuntu", "almalinux", "rocky"}, id) {
				return id
			}
		}
	}
	return ""
}

// registered is the domain of a host that somebody has registered, and pays for; "" for a name
// of this network alone, or one that is kept for examples.
func registered(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return ""
	}
	suffix, public := publicsuffix.PublicSuffix(host)
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	switch {
	case err != nil, !public && strings.Count(suffix, ".") == 0, slices.Contains([]string{"test", "localhost", "invalid", "example", "local", "internal", "arpa", "home.arpa"}, suffix):
		return ""
	case !public: // of somebody who lends names below his own, such as github.io
		return ""
	case strings.HasPrefix(domain, "example."):
		return ""
	}
	return domain
}

// domainsOf are the registered domains of the sites, each once, with the sites' names.
func (f *Found) domainsOf() (names []string, sites map[string][]string) {
	sites = map[string][]string{}
	for _, s := range f.Sites {
		u, err := url.Parse(s.URL)
		if err != nil {
			continue
		}
		domain := registered(u.Hostname())
		if domain == "" {
			continue
		}
		if sites[domain] == nil {
			names = append(names, domain)
		}
		sites[domain] = append(sites[domain], s.Name)
	}
	return names, sites
}

// domainLink is the link of the domain of a site, "" if it has none.
func (f *Found) domainLink(s Site) string {
	names, sites := f.domainsOf()
	for _, domain := range names {
		if slices.Contains(sites[domain], s.Name) {
			return "domain-" + siteName(domain)
		}
	}
	return ""
}

// ends drafts what ends on days that are known, or falls behind unseen.
func (d *draft) ends() {
	var b draft
	b.lang, b.f, b.o = d.lang, d.f, d.o
	domains, _ := d.f.domainsOf()
	for _, domain := range domains {
		name := "domain-" + siteName(domain)
		b.comment("  ", "discover.about_domain")
		b.entry(name, "kind", "domain", "title", quote(d.say("discover.title_domain", "domain", domain)), "name", quote(domain))
		d.mend("renew-"+name, name, "1h", d.say("discover.mend_domain"))
	}
	var wordpress []Site
	seen := map[string]bool{}
	for _, s := range d.f.Sites {
		if s.WordPress && !seen[s.root] {
			seen[s.root] = true
			wordpress = append(wordpress, s)
		}
	}
	if d.f.System != "" {
		own := "" // Debian's WordPress is a package like others
		if len(wordpress) > 0 && path.Clean(wordpress[0].root) != "/usr/share/wordpress" {
			own = wordpress[0].root
		}
		b.comment("  ", "discover.about_eol")
		b.entry("releases", "kind", "eol", "title", quote(d.say("discover.title_eol")), "wordpress", quote(own))
	}
	if d.f.Apt {
		config := ""
		if len(wordpress) > 0 {
			config = wordpress[0].Config
		}
		b.comment("  ", "discover.about_updates")
		b.entry("updates", "kind", "updates", "title", quote(d.say("discover.title_updates")), "wp_config", quote(config))
	}
	for i, s := range wordpress {
		if i > 0 && s.Config != "" {
			b.entry(fmt.Sprintf("updates-%d", i+1), "kind", "updates", "title", quote(d.say("discover.title_updates_site", "site", s.Name)), "apt", "no", "reboot", "no", "wp_config", quote(s.Config))
		}
		if s.Post != "" && s.Config != "" {
			b.comment("  ", "discover.about_cadence")
			b.entry("written-"+s.Name, "kind", "cadence", "title", quote(d.say("discover.title_cadence", "site", s.Name)), "wp_config", quote(s.Config), "days", "60")
		}
	}
	if d.f.Dumps != "" {
		b.comment("  ", "discover.about_backup")
		b.entry("backup", "kind", "backup", "title", quote(d.say("discover.title_backup")), "files", quote(d.f.Dumps))
	}
	if b.Len() > 0 {
		d.WriteString("\n")
		d.comment("  ", "discover.about_ends")
		d.WriteString(b.String())
	}
}
