package eol

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/words"
)

func on(day string) time.Time {
	at, err := time.ParseInLocation(time.DateOnly, day, time.Local)
	if err != nil {
		panic(err)
	}
	return at
}

func made(t *testing.T, s settings) *link {
	t.Helper()
	if s.Table == "" {
		s.Table = filepath.Join(t.TempDir(), "none")
	}
	p, err := build(s, chain.Place{Link: "releases"})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}

// machine makes a root folder with an os-release and dpkg's list.
func machine(t *testing.T, id, version string, packages ...string) string {
	t.Helper()
	root := t.TempDir()
	var list strings.Builder
	for _, p := range packages {
		name, version, _ := strings.Cut(p, " ")
		list.WriteString("Package: " + name + "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " + version + "\nDescription: x\n More of it.\n\n")
	}
	for path, content := range map[string]string{"etc/os-release": "NAME=\"X\"\nID=" + id + "\nVERSION_ID=\"" + version + "\"\n", "var/lib/dpkg/status": list.String()} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestThisMachine reads the list of the real dpkg, with the real packages of the blog.
func TestThisMachine(t *testing.T) {
	l := made(t, settings{WordPress: "/usr/share/wordpress"})
	system, all, err := l.found()
	if err != nil {
		t.Fatal(err)
	}
	if system.product != "debian" || system.release != "12" {
		probetest.Needs(t, "Debian 12, and not "+system.title())
	}
	for _, want := range []string{"PHP 8.2", "MariaDB 10.11", "OpenSSH 9.2", "WordPress 6.1"} {
		if !slices.ContainsFunc(all, func(i installed) bool { return i.title() == want }) {
			t.Errorf("no %s in %v", want, all)
		}
	}
	p := l.judge(l.table(), system, all, on("2026-11-28"))
	probetest.Expect(t, p, chain.Holds, "")
	if len(p.Ends) != 1 || p.Ends[0].Of != "debian-12" || !p.Ends[0].At.Equal(on("2028-07-01")) {
		t.Errorf("ends %+v", p.Ends)
	}
	probetest.Expect(t, l.judge(l.table(), system, all, on("2028-07-01")), chain.Broken, "end_of_life")
	if probetest.Prove(l, time.Minute).Because.IsZero() {
		t.Error("says nothing")
	}
}

func TestMachines(t *testing.T) {
	for name, c := range map[string]struct {
		id, version string
		packages    []string
		settings    settings
		now         string
		verdict     chain.Verdict
		ends        string // "product-release 2026-01-01"
		says        string
	}{
		"well":                     {"debian", "12", []string{"php8.2-fpm 8.2.30-1~deb12u1"}, settings{}, "2027-06-01", chain.Holds, "debian-12 2028-07-01", "PHP 8.2"}, // php itself: 2026-12-31
		"an old system":            {"debian", "11", nil, settings{}, "2026-09-01", chain.Broken, "debian-11 2026-09-01", "Debian 11"},
		"its last day":             {"debian", "11", nil, settings{}, "2026-08-31", chain.Holds, "debian-11 2026-09-01", ""},
		"paid for":                 {"debian", "11", []string{"php7.4-fpm 7.4.33-1+deb11u8"}, settings{Until: map[string]string{"debian-11": "2031-06-30"}}, "2026-11-28", chain.Holds, "debian-11 2031-07-01", "PHP 7.4"},
		"others' PHP":              {"debian", "12", []string{"php8.1-fpm 8.1.34-1+0~20251218.86+debian12~1.gbp1"}, settings{}, "2026-11-28", chain.Broken, "php-8.1 2026-01-01 debian-12 2028-07-01", "PHP 8.1"},
		"others' MariaDB":          {"debian", "12", []string{"mariadb-server 1:10.6.24+maria~deb12"}, settings{}, "2026-07-06", chain.Holds, "debian-12 2028-07-01 mariadb-10.6 2026-07-07", "MariaDB 10.6"},
		"a release ahead":          {"debian", "12", []string{"php9.9-fpm 9.9.1-1+0~20301218.86+debian12"}, settings{}, "2026-11-28", chain.Unproven, "debian-12 2028-07-01", "PHP 9.9"},
		"a system ahead":           {"debian", "19", nil, settings{}, "2026-11-28", chain.Unproven, "", "Debian 19"},
		"a strange system":         {"plan9", "4", []string{"openssh-server 1:9.2p1-2"}, settings{}, "2026-11-28", chain.Broken, "openssh-9.2 2025-10-11", "OpenSSH 9.2"},
		"only the database":        {"debian", "12", []string{"mariadb-server 1:10.11.6-0+deb12u1", "php5.6-fpm 5.6.40+0~20201218.86"}, settings{Only: []string{"mariadb"}}, "2028-06-30", chain.Holds, "debian-12 2028-07-01", "MariaDB 10.11"},
		"only it, on a strange":    {"plan9", "4", []string{"mariadb-server 1:10.11.6-0+deb12u1"}, settings{Only: []string{"mariadb"}}, "2026-11-28", chain.Holds, "mariadb-10.11 2028-02-17", ""},
		"told":                     {"debian", "12", nil, settings{Have: map[string]string{"php": "8.0"}}, "2026-11-28", chain.Broken, "php-8.0 2023-11-27 debian-12 2028-07-01", "PHP 8.0"},
		"told more exactly":        {"ubuntu", "24.04", nil, settings{Have: map[string]string{"php": "8.4.2"}}, "2026-11-28", chain.Holds, "php-8.4.2 2029-01-01 ubuntu-24.04 2029-06-01", ""},
		"WordPress without fixes":  {"debian", "12", nil, settings{Have: map[string]string{"wordpress": "4.5"}}, "2026-11-28", chain.Broken, "wordpress-4.5 2025-08-01 debian-12 2028-07-01", "WordPress 4.5"},
		"WordPress with":           {"debian", "12", nil, settings{Have: map[string]string{"wordpress": "4.7"}}, "2026-11-28", chain.Holds, "debian-12 2028-07-01", "WordPress 4.7"},
		"nothing of what is asked": {"debian", "12", nil, settings{Only: []string{"php"}}, "2026-11-28", chain.Unproven, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := made(t, c.settings)
			l.root = machine(t, c.id, c.version, c.packages...)
			system, all, err := l.found()
			if err != nil {
				t.Fatal(err)
			}
			p := l.judge(l.table(), system, all, on(c.now))
			said := words.English.Say(p.Because)
			if p.Verdict != c.verdict || !strings.Contains(said, c.says) || strings.Contains(said+words.English.Say(p.Hint), "{") || p.Verdict != chain.Holds && p.Hint.IsZero() {
				t.Errorf("%v: %s → %s", p.Verdict, said, words.English.Say(p.Hint))
			}
			var ends []string
			for _, e := range p.Ends {
				ends = append(ends, e.Of+" "+e.At.Format(time.DateOnly))
			}
			slices.Sort(ends)
			want := strings.Fields(c.ends)
			var pairs []string
			for i := 0; i+1 < len(want); i += 2 {
				pairs = append(pairs, want[i]+" "+want[i+1])
			}
			slices.Sort(pairs)
			if !slices.Equal(ends, pairs) {
				t.Errorf("ends %q, want %q", ends, pairs)
			}
		})
	}
}

// What is not there, or is no file, leaves the link unproven.
func TestUnreadable(t *testing.T) {
	l := made(t, settings{})
	l.root = t.TempDir()
	probetest.Expect(t, probetest.Prove(l, time.Minute), chain.Unproven, "")
	l.root = machine(t, "debian", "12")
	l.settings.WordPress = t.TempDir()
	probetest.Expect(t, probetest.Prove(l, time.Minute), chain.Unproven, "")
	if err := os.WriteFile(filepath.Join(l.root, "var/lib/dpkg/status"), bytes.Repeat([]byte("x"), 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	probetest.Expect(t, probetest.Prove(l, time.Minute), chain.Unproven, "")
}

func TestSettings(t *testing.T) {
	for _, s := range []settings{
		{Table: "eol.txt"}, {Table: "/t", WordPress: "web"}, {Table: "/t", Only: []string{"PHP 8"}}, {Table: "/t", Have: map[string]string{"php": "new"}},
		{Table: "/t", Until: map[string]string{"debian": "2031-06-30"}}, {Table: "/t", Until: map[string]string{"debian-11": "later"}},
	} {
		if _, err := build(s, chain.Place{}); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}

func TestTable(t *testing.T) {
	shipped := Shipped()
	if len(shipped.Rows) < 40 {
		t.Errorf("%d rows", len(shipped.Rows))
	}
	again, err := Parse(shipped.Text())
	if err != nil || !slices.Equal(again.Rows, shipped.Rows) || !again.Updated.Equal(shipped.Updated) {
		t.Errorf("what is written is not what is read: %v", err)
	}
	for _, bad := range []string{
		"", "updated 2026-11-28", "php 8.4 2028-12-31 https://x", "updated x\nphp 8.4 2028-12-31 https://x",
		"updated 2026-11-28\nphp 8.4 2028-13-31 https://x", "updated 2026-11-28\nphp 8.4 2028-12-31 http://x", "updated 2026-11-28\nPHP 8.4 2028-12-31 https://x",
		"updated 2026-11-28\nphp 8.4 2028-12-31", "updated 2026-11-28\nphp 8.4 9999-12-31 https://x", "updated 2026-11-28\nupdated 2026-11-29\nphp 8.4 2028-12-31 https://x",
		"updated 2026-11-28\n" + strings.Repeat("php 8.4 2028-12-31 https://x\n", mostRows+1), strings.Repeat("#\n", MaxTable),
	} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%.60q is taken", bad)
		}
	}
}

// hides says which end of the shipped table is later, or not known, in another.
func hides(t Table) string {
	for _, r := range Shipped().Rows {
		for _, release := range []string{r.Release, r.Release + ".1", r.Release + ".1.2"} {
			was, known := Shipped().find(r.Product, release)
			is, there := t.find(r.Product, release)
			if known && (!there || is.Over.After(was.Over)) {
				return r.Product + " " + release
			}
		}
	}
	return ""
}

// A newer table adds, and never puts off what the shipped one knows.
func TestNewerTable(t *testing.T) {
	l := made(t, settings{Table: filepath.Join(t.TempDir(), "eol.txt")})
	write := func(text string) Table {
		t.Helper()
		if err := os.WriteFile(l.settings.Table, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return l.table()
	}
	now := write(`updated 2027-05-05
php 8.6 2030-12-31 https://a.example/
php 8.2 2099-12-31 https://a.example/
php 8.2.1 2099-12-31 https://a.example/
php 8.3 2027-06-30 https://a.example/
wordpress 4.5 2099-12-31 https://a.example/
wordpress 4.7 2027-01-31 https://a.example/
openssh 9.5 2099-12-31 https://a.example/
made-up 1 2020-12-31 https://a.example/
`)
	if name := hides(now); name != "" {
		t.Errorf("hides the end of %s", name)
	}
	for release, want := range map[string]string{"8.6": "2031-01-01", "8.2": "2027-01-01", "8.3": "2027-07-01", "8.4": "2029-01-01"} {
		if r, _ := now.find("php", release); r.Over.Format(time.DateOnly) != want {
			t.Errorf("php %s: %v", release, r.Over)
		}
	}
	if r, _ := now.find("wordpress", "4.7"); r.Over.Format(time.DateOnly) != "2027-02-01" || now.has("made-up") || !now.Updated.Equal(time.Date(2027, 5, 5, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", now)
	}
	for _, bad := range []string{"", "garbage", "updated 2027-05-05\nphp 8.2 2099-12-31"} {
		if now = write(bad); !slices.Equal(now.Rows, Shipped().Rows) {
			t.Errorf("%q counts", bad)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add(shipped)
	f.Add([]byte("updated 2027-05-05\nphp 8.2.1 2099-12-31 https://a.example/\nopenssh 9.5 2099-01-01 https://a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		newer, err := Parse(b)
		if err != nil {
			return
		}
		if name := hides(Shipped().With(newer)); name != "" {
			t.Errorf("hides the end of %s", name)
		}
		if again, err := Parse(newer.Text()); err != nil || len(again.Rows) != len(newer.Rows) {
			t.Errorf("what is written cannot be read: %v", err)
		}
	})
}

func FuzzDpkg(f *testing.F) {
	f.Add([]byte("Package: php8.2-fpm\nStatus: install ok installed\nVersion: 8.2.1-1\n\nPackage: mariadb-server\nStatus: deinstall ok config-files\nVersion: 1:10.11.6\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := dpkg(bytes.NewReader(b))
		for _, i := range all {
			if err == nil && !aRelease.MatchString(i.release) {
				t.Errorf("%+v", i)
			}
		}
	})
}
