package discover

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/wpconfig"
)

// maxSites is how many sites are drafted: a machine of thousands is configured by
// its owner's programs.
const maxSites = 20

// sites lists what the web servers show, WordPress first.
func (m machine) sites(listening []listener) []Site {
	var all []Site
	for _, s := range append(m.nginx(), m.apache()...) {
		site, ok := m.site(s, listening)
		if !ok || slices.ContainsFunc(all, func(o Site) bool { return o.Name == site.Name && (o.TLS || !site.TLS) }) {
			continue
		}
		all = slices.DeleteFunc(all, func(o Site) bool { return o.Name == site.Name }) // by https, if there is both
		all = append(all, site)
	}
	slices.SortStableFunc(all, func(a, b Site) int {
		switch {
		case (a.Config != "") == (b.Config != ""):
			return 0
		case a.Config != "":
			return -1
		}
		return 1
	})
	return all[:min(len(all), maxSites)]
}

func (m machine) site(s server, listening []listener) (Site, bool) {
	host := ""
	for _, n := range s.names {
		if n != "_" && !strings.ContainsAny(n, "*~$") && url.PathEscape(n) == n && len(n) < 254 {
			host = n
			break
		}
	}
	port := 80
	if s.tls {
		port = 443
	}
	if len(s.ports) > 0 && !slices.Contains(s.ports, port) {
		port = s.ports[0]
	}
	scheme := "http"
	if s.tls {
		scheme = "https"
	}
	site := Site{TLS: s.tls}
	connect := "127.0.0.1"
	for _, l := range listening {
		if l.port == port && l.host != "" {
			connect = l.host
		}
	}
	if host == "" {
		host = connect
	} else {
		site.Connect = fmt.Sprintf("%s:%d", connect, port)
	}
	site.Name, site.URL = siteName(host), at(scheme, host, port)
	if path.IsAbs(s.root) && !strings.Contains(s.root, "$") {
		site.Config = m.wordpress(s.root, host)
	}
	return site, site.Name != ""
}

// wordpress finds the wp-config.php of a site: in its root, above it, or where Debian
// keeps one for each host.
func (m machine) wordpress(root, host string) string {
	for _, p := range []string{
		path.Join(root, "wp-config.php"), path.Join(path.Dir(path.Clean(root)), "wp-config.php"),
		path.Join("/etc/wordpress", "config-"+host+".php"), "/etc/wordpress/config-localhost.php",
	} {
		if strings.HasPrefix(p, "/etc/wordpress/") && !m.exists(path.Join(root, "wp-load.php")) {
			continue
		}
		c, err := wpconfig.Parse([]byte(m.read(p)))
		if err != nil || c.Name == "" {
			continue
		}
		return p
	}
	return ""
}

// findPost asks a WordPress for its newest post, at this machine's own address.
func (s *Site) findPost(ctx context.Context) {
	if s.Config == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	u, err := url.Parse(s.URL)
	if err != nil {
		return
	}
	u.RawQuery = "rest_route=/wp/v2/posts&per_page=1&_fields=link,title"
	a, err := probe.Do(ctx, probe.Request{URL: u, Connect: s.Connect, MaxBody: 64 << 10})
	if err != nil || a.Status != 200 {
		return
	}
	s.Post, s.Title = parsePost(a.Body)
}

// parsePost reads the path and the title of the first post of an answer.
func parsePost(b []byte) (at, title string) {
	var posts []struct {
		Link  string `json:"link"`
		Title struct {
			Rendered string `json:"rendered"`
		} `json:"title"`
	}
	if json.Unmarshal(b, &posts) != nil || len(posts) == 0 {
		return "", ""
	}
	u, err := url.Parse(posts[0].Link)
	if err != nil || !strings.HasPrefix(u.Path, "/") || len(u.RequestURI()) > 500 {
		return "", ""
	}
	title = html.UnescapeString(posts[0].Title.Rendered)
	if strings.ContainsAny(title, "<>\n\x00") || len(title) > 200 {
		title = ""
	}
	return u.RequestURI(), title
}
