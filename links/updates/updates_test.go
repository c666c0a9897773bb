package updates

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/site/sitetest"
)

// machine is a root folder with a real dpkg and apt of its own, which know one package and
// a newer one in an archive.
type machine struct {
	offers     int
	t          *testing.T
	root, repo string
	apt        []string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	for _, name := range []string{"apt-get", "dpkg-deb", "dpkg-scanpackages"} {
		if _, err := exec.LookPath(name); err != nil {
			probetest.Needs(t, "Debian's packages apt and dpkg-dev: "+err.Error())
		}
	}
	root := t.TempDir()
	m := &machine{t: t, root: root, repo: filepath.Join(root, "archive")}
	for _, dir := range []string{"etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/trusted.gpg.d", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/lib/dpkg", "archive", "run", "boot"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.write("var/lib/dpkg/status", "Package: blogware\nStatus: install ok installed\nArchitecture: all\nMaintainer: A <a@example.org>\nVersion: 1.0\nDescription: x\n\n")
	m.write("etc/apt/sources.list", "deb [trusted=yes] file:"+m.repo+" ./\n")
	m.apt = []string{"-o", "Dir=" + root, "-o", "Dir::State::status=" + root + "/var/lib/dpkg/status", "-o", "APT::Sandbox::User=root", "-o", "Dir::Etc::sourcelist=" + root + "/etc/apt/sources.list", "-o", "Acquire::Languages=none"}
	return m
}

func (m *machine) write(path, content string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.root, path), []byte(content), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) run(name string, args ...string) []byte {
	m.t.Helper()
	c := exec.Command(name, args...)
	c.Dir = m.repo
	out, err := c.CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	return out
}

// offer puts a package into the archive, which is the suite of that name, and has apt
// fetch the list.
func (m *machine) offer(version, suite string) {
	m.t.Helper()
	pkg := filepath.Join(m.t.TempDir(), "p")
	if err := os.MkdirAll(filepath.Join(pkg, "DEBIAN"), 0o755); err != nil {
		m.t.Fatal(err)
	}
	control := "Package: blogware\nVersion: " + version + "\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n"
	if err := os.WriteFile(filepath.Join(pkg, "DEBIAN/control"), []byte(control), 0o644); err != nil {
		m.t.Fatal(err)
	}
	m.run("dpkg-deb", "--root-owner-group", "-b", pkg, filepath.Join(m.repo, "blogware_"+version+"_all.deb"))
	list, err := exec.Command("dpkg-scanpackages", "-m", m.repo).Output()
	if err != nil {
		m.t.Fatal(err)
	}
	// To apt, what is of the same second is the same.
	m.offers++
	at := time.Now().Add(-time.Hour + time.Duration(m.offers)*time.Minute)
	m.write("archive/Packages", strings.ReplaceAll(string(list), m.repo+"/", "./"))
	m.write("archive/Release", "Origin: Debian\nLabel: Debian\nSuite: "+suite+"\nCodename: "+suite+"\nDate: "+at.UTC().Format(time.RFC1123)+"\n")
	for _, name := range []string{"archive/Packages", "archive/Release"} {
		if err := os.Chtimes(filepath.Join(m.root, name), at, at); err != nil {
			m.t.Fatal(err)
		}
	}
	m.run("apt-get", append([]string{"update", "--allow-releaseinfo-change"}, m.apt...)...)
}

func (m *machine) link(s settings) *link {
	m.t.Helper()
	p, err := build(s, chain.Place{Link: "updates"})
	if err != nil {
		m.t.Fatal(err)
	}
	l := p.(*link)
	l.root, l.apt = m.root, m.apt
	return l
}

// wait lets what waits have waited for longer.
func wait(l *link, d time.Duration) {
	for name := range l.first {
		l.first[name] = l.first[name].Add(-d)
	}
}

// TestApt: the real apt, with an archive of the test's own.
func TestApt(t *testing.T) {
	m := newMachine(t)
	m.offer("1.0", "stable-security")
	l := m.link(settings{Apt: true, Grace: 3 * day})
	expect := func(v chain.Verdict, cause string, waiting float64) chain.Proof {
		t.Helper()
		p := probetest.Prove(l, time.Minute)
		probetest.Expect(t, p, v, cause)
		if p.Figures[0].Value != waiting {
			t.Errorf("%v wait", p.Figures)
		}
		return p
	}
	expect(chain.Holds, "", 0)

	m.offer("1.1", "stable-security")
	expect(chain.Holds, "", 1)
	wait(l, 3*day)
	p := expect(chain.Broken, "updates_wait", 1)
	if len(p.Evidence) != 1 || p.Evidence[0] != "blogware 1.0 → 1.1" {
		t.Errorf("%q", p.Evidence)
	}
	// It changes nothing.
	if left, err := filepath.Glob(m.root + "/var/cache/apt/archives/*.deb"); err != nil || len(left) > 0 {
		t.Errorf("fetched %q, %v", left, err)
	}

	// What is no security matters to nobody here.
	m.offer("1.1", "stable")
	expect(chain.Holds, "", 0)
	if len(l.first) != 0 {
		t.Errorf("still waits for %v", l.first)
	}

	// Lists of last month say nothing of today.
	old := time.Now().Add(-30 * day)
	for _, path := range []string{"partial", ""} {
		if err := os.Chtimes(filepath.Join(m.root, "var/lib/apt/lists", path), old, old); err != nil {
			t.Fatal(err)
		}
	}
	expect(chain.Broken, "lists_old", 0)
	now := time.Now()
	if err := os.Chtimes(filepath.Join(m.root, "var/lib/apt/lists"), now, now); err != nil {
		t.Fatal(err)
	}
	m.write("var/lib/dpkg/status", "garbage\n")
	expect(chain.Unproven, "", 0)
}

func TestInst(t *testing.T) {
	got := parseInst([]byte(`Reading package lists...
Inst libc6 [2.36-9+deb12u9] (2.36-9+deb12u10 Debian-Security:12/stable-security [amd64])
Inst tzdata [2024a] (2025b Debian:12.11/stable, Debian:12-updates/stable-updates [all])
Inst openssl [3.0.2-0ubuntu1.18] (3.0.2-0ubuntu1.19 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64]) []
Inst linux-image-6.1.0-35-amd64 (6.1.137-1 Debian-Security:12/stable-security [amd64])
Inst
Inst (
Conf libc6 (2.36-9+deb12u10 Debian-Security:12/stable-security [amd64])
`))
	want := []string{"libc6 2.36-9+deb12u9 → 2.36-9+deb12u10", "openssl 3.0.2-0ubuntu1.18 → 3.0.2-0ubuntu1.19", "linux-image-6.1.0-35-amd64 → 6.1.137-1"}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i].name != want[i] {
			t.Errorf("%q, want %q", got[i].name, want[i])
		}
	}
}

func TestReboot(t *testing.T) {
	root := t.TempDir()
	p, err := build(settings{Reboot: true, Grace: day}, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	l := p.(*link)
	l.root = root
	for _, dir := range []string{"run", "boot"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put := func(path string, days int) {
		t.Helper()
		path = filepath.Join(root, path)
		at := time.Now().Add(-time.Duration(days) * day)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	probetest.Expect(t, probetest.Prove(l, time.Minute), chain.Holds, "")
	put("run/reboot-required", 13)
	probetest.Expect(t, probetest.Prove(l, time.Minute), chain.Holds, "")
	put("run/reboot-required", 15)
	probetest.Expect(t, probetest.Prove(l, time.Minute), chain.Broken, "reboot")
	if err := os.Remove(filepath.Join(root, "run/reboot-required")); err != nil {
		t.Fatal(err)
	}
	// A kernel that lies ready counts where the running one lies too.
	put("boot/vmlinuz-99.1.0-1"+flavourOf(release()), 40)
	probetest.Expect(t, probetest.Prove(l, time.Minute), chain.Holds, "")
	put("boot/vmlinuz-"+release(), 90)
	probetest.Expect(t, probetest.Prove(l, time.Minute), chain.Broken, "reboot")
}

// flavourOf is the flavour with its dash, as it stands in a name.
func flavourOf(release string) string {
	if f := flavour(release); f != "" {
		return "-" + f
	}
	return ""
}

func TestNewer(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"6.1.0-35-amd64", "6.1.0-9-amd64", true}, {"6.1.0-9-amd64", "6.1.0-35-amd64", false}, {"6.1.0-35-amd64", "6.1.0-35-amd64", false}, {"6.12.1", "6.2.9", true}, {"x", "6.1.0-1-amd64", false}} {
		if newer(c.a, c.b) != c.want {
			t.Errorf("%s is newer than %s: %v", c.a, c.b, !c.want)
		}
	}
	if flavour("6.1.0-35-cloud-amd64") == flavour("6.1.0-35-amd64") {
		t.Error("a cloud's kernel is an ordinary one")
	}
}

// TestWordPress reads what a real WordPress keeps of its updates in its real database.
func TestWordPress(t *testing.T) {
	b := sitetest.Up(t)
	p, err := build(settings{WPConfig: b.At("web", "wp-config.php"), Grace: 3 * day}, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	l := p.(*link)
	expect := func(v chain.Verdict, cause string, waiting float64) chain.Proof {
		t.Helper()
		p := probetest.Prove(l, time.Minute)
		probetest.Expect(t, p, v, cause)
		if len(p.Figures) != 1 || p.Figures[0].Value != waiting {
			t.Errorf("%v wait", p.Figures)
		}
		return p
	}
	const found = `
		global $wp_version;
		$now = time() - %d;
		set_site_transient( 'update_core', (object) array( 'updates' => array(
			(object) array( 'response' => 'upgrade', 'current' => '%s', 'version' => '%s', 'packages' => (object) array( 'full' => 'https://downloads.wordpress.org/x.zip' ) ),
			(object) array( 'response' => 'autoupdate', 'current' => '%s', 'new_files' => true ) ),
			'last_checked' => $now, 'version_checked' => $wp_version, 'translations' => array() ) );
		set_site_transient( 'update_plugins', (object) array( 'last_checked' => $now,
			'checked' => array( 'akismet/akismet.php' => '5.0', 'hello.php' => '1.7.2' ),
			'response' => array( %s ), 'no_update' => array( 'hello.php' => (object) array( 'new_version' => '1.7.2' ) ) ) );
		set_site_transient( 'update_themes', (object) array( 'last_checked' => $now, 'checked' => array( 'twentytwentythree' => '1.0' ), 'response' => array( %s ) ) );`
	const plugin, theme = `'akismet/akismet.php' => (object) array( 'slug' => 'akismet', 'new_version' => '5.3', 'icons' => array( '1x' => 'https://例え.jp/x.png' ) )`, `'twentytwentythree' => array( 'theme' => 'twentytwentythree', 'new_version' => '1.6' )`
	say := func(age int, core, plugins, themes string) {
		t.Helper()
		b.PHP(t, fmt.Sprintf(found, age, core, core, core, plugins, themes))
	}
	b.SQL(t, "DELETE FROM wp_options WHERE option_name LIKE '_site_transient_update_%'")
	expect(chain.Broken, "not_looked", 0)

	// This WordPress is Debian's package: a newer core is Debian's affair, plug-ins are not.
	say(0, "6.8", "", "")
	expect(chain.Holds, "", 0)
	say(0, "6.8", plugin, theme)
	expect(chain.Holds, "", 2)
	wait(l, 4*day)
	if p := expect(chain.Broken, "updates_wait", 2); strings.Join(p.Evidence, "; ") != "akismet/akismet.php 5.0 → 5.3; twentytwentythree 1.0 → 1.6" {
		t.Errorf("%q", p.Evidence)
	}
	l.root = t.TempDir() // a machine that has no such package
	expect(chain.Broken, "updates_wait", 3)
	say(8*86400, "6.8", "", "")
	expect(chain.Broken, "not_looked", 1)

	// A network of sites keeps it in another table.
	b.SQL(t, "CREATE TABLE wp_sitemeta AS SELECT option_name AS meta_key, option_value AS meta_value FROM wp_options WHERE option_name LIKE '_site_transient_update_%'; DELETE FROM wp_options WHERE option_name LIKE '_site_transient_update_%'; UPDATE wp_sitemeta SET meta_value = REPLACE(meta_value, 'last_checked\";i:', 'last_checked\";i:1')")
	expect(chain.Holds, "", 1)
	b.SQL(t, "UPDATE wp_sitemeta SET meta_value = LEFT(meta_value, 100)")
	expect(chain.Unproven, "", 0)
}

// What waits is late when its grace is over, counted from when it was seen first.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &link{settings: settings{Grace: 3 * day}, first: map[string]time.Time{}}
		var many []waiting
		for i := range 20 {
			many = append(many, waiting{fmt.Sprintf("p%02d", i), "apt"})
		}
		if p := l.late(many, time.Now()); p != nil {
			t.Errorf("%+v", p)
		}
		time.Sleep(3*day - time.Second)
		if p := l.late(append(many, waiting{"new", "wordpress"}), time.Now()); p != nil {
			t.Errorf("%+v", p)
		}
		time.Sleep(time.Second)
		p := l.late(append(many, waiting{"new", "wordpress"}), time.Now())
		if p == nil || len(p.Evidence) != mostShown+1 || p.Evidence[mostShown] != "… and 8 more" {
			t.Fatalf("%+v", p)
		}
		probetest.Expect(t, *p, chain.Broken, "updates_wait")
		if l.late(nil, time.Now()); len(l.first) != 0 {
			t.Error("what was installed is still waited for")
		}
	})
}

func TestSettings(t *testing.T) {
	for _, s := range []settings{{}, {Apt: true, WPConfig: "wp-config.php"}} {
		if _, err := build(s, chain.Place{}); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}

func FuzzUnserialize(f *testing.F) {
	for _, s := range []string{`O:8:"stdClass":2:{s:12:"last_checked";i:1764324000;s:8:"response";a:1:{s:9:"hello.php";O:8:"stdClass":1:{s:11:"new_version";s:3:"2.0";}}}`,
		`a:1:{i:0;N;}`, `b:1;`, `d:0.5;`, `a:99999999:{`, `s:99:"x";`, `a:1:{a:0:{}i:1;}`, strings.Repeat(`a:1:{i:0;`, 99)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := unserialize(s)
		if err == nil {
			for _, name := range []string{"_site_transient_update_core", "_site_transient_update_plugins"} {
				_, _ = behind(name, v, "6.1+x")
			}
		}
	})
}

func FuzzInst(f *testing.F) {
	f.Add([]byte("Inst libc6 [1] (2 Debian-Security:12/stable-security [amd64])\n"))
	f.Fuzz(func(t *testing.T, b []byte) { _ = parseInst(b) })
}
