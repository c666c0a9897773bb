package discover

import (
	"cmp"
	"context"
	"encoding/json"
	"html"
	"net"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/wpconfig"
)

// Site is something that a web server shows.
type Site struct {
	Name string
	// URL is how visitors come; Connect is where this machine answers, "" for where
	// the URL says.
	URL, Connect string
	// TLS says that it has a certificate; CA is that certificate's file if nobody else
	// vouches for it.
	TLS bool
	CA  string
	// WordPress says that it is one; Config is its wp-config.php, if what stands there
	// is enough to ask its database.
	WordPress bool
	Config    string
	// Post is the path of a post that is known, Title what it says; "" for none.
	Post, Title string
	// Status is what it answered, 0 if it was not asked or did not.
	Status int

	web, php, database string // the services
	root               string
}

// maxSites is how many sites are drafted: a machine of thousands is configured by
// its owner's programs.
const maxSites = 20

// sites lists what the web servers show, WordPress first.
func (m machine) sites(f *Found, listening []listener) []Site {
	var servers []server
	for _, s := range f.Services {
		var own []server
		switch s.kindOf() {
		case "nginx":
			own = m.nginx(s.config)
		case "apache":
			own = m.apache()
		}
		named := slices.ContainsFunc(own, func(o server) bool { return o.host() != "" })
		for _, o := range own {
			// A server for whoever asks for no site of this machine's is none.
			if o.web = s.Name; !o.private && (o.host() != "" || !named || m.isWordPress(o.root)) {
				servers = append(servers, o)
			}
		}
	}
	var all []Site
	for _, s := range servers {
		site, ok := m.site(s, f, listening)
		if !ok || slices.ContainsFunc(all, func(o Site) bool { return o.Name == site.Name && (o.TLS || !site.TLS) }) {
			continue
		}
		all = slices.DeleteFunc(all, func(o Site) bool { return o.Name == site.Name }) // by https, if there is both
		all = append(all, site)
	}
	slices.SortStableFunc(all, func(a, b Site) int {
		switch {
		case a.WordPress == b.WordPress:
			return 0
		case a.WordPress:
			return -1
		}
		return 1
	})
	return all[:min(len(all), maxSites)]
}

// host is the first of a server's names that can be asked for, "" for none.
func (s server) host() string {
	for _, n := range s.names {
		if n != "_" && n != "" && !strings.ContainsAny(n, "*~$") && url.PathEscape(n) == n && len(n) < 254 {
			return n
		}
	}
	return ""
}

func (m machine) site(s server, f *Found, listening []listener) (Site, bool) {
	scheme, port := "http", 80
	if s.tls {
		scheme, port = "https", 443
	}
	usual := port
	if len(s.ports) > 0 && !slices.Contains(s.ports, port) {
		port = s.ports[0]
	}
	site := Site{TLS: s.tls, web: s.web, root: s.root}
	connect := ""
	for _, l := range listening {
		if l.port == port && (connect == "" || l.host == "127.0.0.1") {
			connect = l.host
		}
	}
	connect = cmp.Or(connect, "127.0.0.1")
	host := s.host()
	if host == "" {
		host = connect
	} else {
		site.Connect = net.JoinHostPort(connect, strconv.Itoa(port))
	}
	site.Name, site.URL = siteName(host), at(scheme, host, port)
	if port != usual {
		site.Name += "-" + strconv.Itoa(port)
	}
	if s.tls && s.cert != "" && selfSigned(m.read(s.cert)) {
		site.CA = s.cert
	}
	if i := slices.IndexFunc(f.Pools, func(p Pool) bool { return s.php != "" && (p.Socket == s.php || p.Address == s.php) }); i >= 0 {
		site.php = f.Pools[i].service
	} else {
		site.php = f.first("php")
	}
	if path.IsAbs(s.root) && !strings.Contains(s.root, "$") {
		m.wordpress(&site, host, f)
	}
	return site, siteName(host) != ""
}

// isWordPress reports whether a folder holds WordPress's own files.
func (m machine) isWordPress(root string) bool {
	return path.IsAbs(root) && (m.exists(path.Join(root, "wp-load.php")) || m.exists(path.Join(root, "wp-config.php")))
}

// wordpress finds the wp-config.php of a site: in its root, above it, or where Debian
// keeps one for each host.
func (m machine) wordpress(s *Site, host string, f *Found) {
	if s.WordPress = m.isWordPress(s.root); !s.WordPress {
		return
	}
	for _, p := range []string{
		path.Join(s.root, "wp-config.php"), path.Join(path.Dir(path.Clean(s.root)), "wp-config.php"),
		path.Join("/etc/wordpress", "config-"+host+".php"), "/etc/wordpress/config-localhost.php", "/etc/wordpress/config-default.php",
	} {
		c, err := wpconfig.Parse([]byte(m.read(p)))
		if err != nil || len(c.Unread()) > 0 { // or it needs PHP itself to be read
			continue
		}
		s.Config = p
		switch network, address := c.Address(); {
		case network == "unix":
			s.database = f.databaseAt(address)
		case strings.HasPrefix(address, "127.") || strings.HasPrefix(address, "[::1]"):
			s.database = f.first("mariadb")
		}
		return
	}
}

// ask has each site say what it is: WordPress for its newest post, others for a
// status. They are asked at this machine's own address, all at once.
func ask(ctx context.Context, sites []Site) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for i := range sites {
		all.Go(func() {
			if s := &sites[i]; s.WordPress {
				s.findPost(ctx)
			} else {
				s.findStatus(ctx)
			}
		})
	}
	all.Wait()
	for i := range sites { // one that has another address than it listens at is known by that
		u, err := url.Parse(sites[i].URL)
		if err != nil || net.ParseIP(u.Hostname()) != nil {
			continue
		}
		name := siteName(u.Host)
		if !slices.ContainsFunc(sites, func(o Site) bool { return o.Name == name }) {
			sites[i].Name = name
		}
	}
}

func (s *Site) findStatus(ctx context.Context) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return
	}
	if a, err := probe.Do(ctx, probe.Request{URL: u, Connect: s.Connect, MaxBody: 4 << 10}); err == nil {
		s.Status = a.Status
	}
}

func (s *Site) findPost(ctx context.Context) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return
	}
	u.RawQuery = "rest_route=/wp/v2/posts&per_page=1&_fields=link,title"
	a, err := probe.Do(ctx, probe.Request{URL: u, Connect: s.Connect, MaxBody: 64 << 10})
	if err != nil || a.Status != 200 {
		return
	}
	link, title := parsePost(a.Body)
	if link == nil {
		return
	}
	s.Post, s.Title = link.RequestURI(), title
	if home := (&url.URL{Scheme: link.Scheme, Host: link.Host, Path: "/"}).String(); home != s.URL && siteName(link.Hostname()) != "" {
		// WordPress sends visitors to the address that it has for its own. Where that
		// has another scheme, something in front of this machine has the certificate.
		if link.Scheme != u.Scheme {
			s.Connect = ""
		} else if s.Connect == "" {
			s.Connect = u.Host
			if u.Port() == "" {
				s.Connect = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
			}
		}
		s.URL = home
	}
}

// parsePost reads the address and the title of the first post of an answer.
func parsePost(b []byte) (link *url.URL, title string) {
	var posts []struct {
		Link  string `json:"link"`
		Title struct {
			Rendered string `json:"rendered"`
		} `json:"title"`
	}
	if json.Unmarshal(b, &posts) != nil || len(posts) == 0 {
		return nil, ""
	}
	u, err := url.Parse(posts[0].Link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || len(u.Host) > 260 ||
		!strings.HasPrefix(u.Path, "/") || len(u.RequestURI()) > 500 {
		return nil, ""
	}
	title = html.UnescapeString(posts[0].Title.Rendered)
	if strings.ContainsAny(title, "<>\n\x00") || len(title) > 200 {
		title = ""
	}
	return u, title
}

// siteName makes a name for links of a host.
func siteName(host string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.':
			return r
		case r == ':':
			return '-'
		}
		return -1
	}, strings.ToLower(host))
	name = strings.Trim(strings.TrimPrefix(name, "www."), ".-")
	return name[:min(len(name), 40)]
}

// at makes the URL by which visitors come.
func at(scheme, host string, port int) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != map[string]int{"http": 80, "https": 443}[scheme] {
		host += ":" + strconv.Itoa(port)
	}
	return (&url.URL{Scheme: scheme, Host: host, Path: "/"}).String()
}
