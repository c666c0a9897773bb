package discover

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What ends on a known day is drafted where the machine shows that there is such a thing.
func TestEnds(t *testing.T) {
	dir := root(t, strings.ReplaceAll(blog, "example.jp", "omamori-guard.co.jp")+`
-- etc/os-release --
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
ID=debian
VERSION_ID="12"
-- var/lib/dpkg/status --
-- var/lib/apt/lists/keep --
-- var/backups/blog/2026-11-01.sql.gz --
x
-- var/backups/blog/2026-11-02.sql.gz --
x
-- var/backups/blog/empty.sql --
-- var/backups/apt.extended_states.0 --
x
-- backup/old.sql --
x
`)
	old := time.Now().AddDate(-1, 0, 0)
	if err := os.Chtimes(filepath.Join(dir, "backup/old.sql"), old, old); err != nil {
		t.Fatal(err)
	}
	f, err := Look(t.Context(), Options{Root: dir})
	if err != nil {
		t.Fatal(err)
	}
	f.Sites[0].Post = "/2017/08/02/diary/"
	file, draft := check(t, f)
	got := map[string]string{}
	for _, l := range file.Chain.Model().Links {
		switch l.Kind {
		case "domain", "eol", "updates", "cadence", "backup":
			got[l.Name] = l.Kind
		case "wordpress":
			got[l.Name] = strings.Join(l.Needs, " ")
		}
	}
	want := map[string]string{
		"domain-omamori-guard.co.jp": "domain", "releases": "eol", "updates": "updates", "written-blog.omamori-guard.co.jp": "cadence", "backup": "backup",
		"front-blog.omamori-guard.co.jp": "nginx cert-blog.omamori-guard.co.jp domain-omamori-guard.co.jp fpm sql",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v\nwant %v\n%s", got, want, draft)
	}
	for _, line := range []string{"name: 'omamori-guard.co.jp'", "wordpress: '/var/www/blog'", "wp_config: '/var/www/blog/wp-config.php'", "files: '/var/backups/blog/*.sql.gz'", "renew-domain-omamori-guard.co.jp"} {
		if !strings.Contains(draft, line) {
			t.Errorf("no %s in\n%s", line, draft)
		}
	}
}

// A domain is one that somebody has registered and pays for.
func TestRegistered(t *testing.T) {
	for host, want := range map[string]string{
		"blog.kaisha.co.jp": "kaisha.co.jp", "WWW.Some.org.": "some.org", "some.org": "some.org", "blog.example.jp": "", "example.com": "", "blog.test": "",
		"localhost": "", "server": "", "server.local": "", "192.0.2.1": "", "2001:db8::1": "", "co.jp": "", "": "", "me.github.io": "", "a..b": "", "nas.home.arpa": "",
	} {
		if got := registered(host); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}
