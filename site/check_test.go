package site

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/words"
)

// openDir makes a folder that all users can reach, unlike t.TempDir's.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "omamori-site")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// wantProblem checks that err is told to a person, in both languages, with that text.
func wantProblem(t *testing.T, err error, want string) {
	t.Helper()
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		t.Errorf("got %v, want a problem with %q", err, want)
		return
	}
	text, hint := p.Said()
	for _, lang := range words.Langs {
		for _, said := range []string{lang.Say(text), lang.Say(hint)} {
			if strings.ContainsAny(said, "{}") {
				t.Errorf("%s: %q", lang, said)
			}
		}
		if lang.Say(text) == "" {
			t.Errorf("%s: nothing is said", lang)
		}
	}
	if said := words.English.Say(text); !strings.Contains(said, want) {
		t.Errorf("got %q, want %q in it", said, want)
	}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCheckDir(t *testing.T) {
	base := openDir(t)
	put(t, filepath.Join(base, "foreign", "letter"), "")
	put(t, filepath.Join(base, "locked", ".lock"), "")
	put(t, filepath.Join(base, "locked", "letter"), "")
	put(t, filepath.Join(base, "early", ".lock"), "")
	put(t, filepath.Join(base, "early", ".site.json.123"), "{")
	put(t, filepath.Join(base, "site", "site.json"), "{}")
	put(t, filepath.Join(base, "site", "web", "index.php"), "")
	put(t, filepath.Join(base, "file"), "")
	put(t, filepath.Join(base, "closed", "x", "y"), "")
	if err := os.Chmod(filepath.Join(base, "closed"), 0o700); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		"new": "", "new/and/deep": "", "early": "", "site": "", "site/../site": "", "a.b+c@d_e-f": "",
		"foreign":                "holds something else",
		"locked":                 "holds something else",
		"file":                   "is no folder",
		"file/below":             base + "/file is no folder",
		"file/far/below":         base + "/file is no folder",
		"closed/x":               "only some users may pass through " + base + "/closed",
		"with blank":             "may have letters",
		"with;semicolon":         "may have letters",
		"with\nline":             "may have letters",
		"with'quote":             "may have letters",
		"with%percent":           "may have letters",
		"with$dollar":            "may have letters",
		"with*star":              "may have letters",
		"with#hash":              "may have letters",
		"日記":                     "may have letters",
		"bad\xff":                "may have letters",
		strings.Repeat("x", 90):  "too long",
		strings.Repeat("y/", 50): "too long",
	} {
		got, err := checkDir(base + "/" + dir)
		switch {
		case want == "" && (err != nil || got != filepath.Join(base, dir)):
			t.Errorf("%q: got %q, %v", dir, got, err)
		case want != "":
			wantProblem(t, err, want)
		}
	}
	for _, dir := range []string{"", "/"} {
		_, err := checkDir(dir)
		wantProblem(t, err, "cannot hold a site")
	}
	// The longest that is allowed holds the longest of our sockets.
	long := "/" + strings.Repeat("z", maxDir-1)
	if _, err := checkDir(long); err != nil || len((layout{long}).SQLSocket()) != 107 {
		t.Errorf("%d bytes long: %v; its socket has %d", maxDir, err, len((layout{long}).SQLSocket()))
	}
}

func TestCheckAddress(t *testing.T) {
	for _, good := range []string{"127.0.0.1:8080", "blog.example.org:80", "[::1]:8080", "localhost:65535", "192.0.2.1:1"} {
		if err := checkAddress(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "127.0.0.1", ":8080", "0.0.0.0:80", "[::]:80", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1",
		"127.0.0.1:http", "a b:80", "a;b:80", "a\n:80", "[fe80::1%eth0]:80", "::1:80", "http://x:80", "日本:80", "a:80;", "[x:y]:80"} {
		wantProblem(t, checkAddress(bad), "not an address that visitors can type")
	}
}

// A name need not lead to this machine: nginx listens on all of its addresses.
func TestListen(t *testing.T) {
	for address, want := range map[string][3]string{
		"127.0.0.1:8080":      {"tcp", "127.0.0.1:8080", "127.0.0.1:8080"},
		"[::1]:8080":          {"tcp", "[::1]:8080", "[::1]:8080"},
		"localhost:8080":      {"tcp", "127.0.0.1:8080", "127.0.0.1:8080"},
		"blog.example.org:80": {"tcp4", "0.0.0.0:80", "127.0.0.1:80"},
	} {
		b := &build{settings: settings{Address: address}}
		network, on := b.listen()
		if got := [3]string{network, on, b.local()}; got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
		if all := b.Listen(); all[0] != on || network == "tcp" && len(all) != 1 {
			t.Errorf("%s: nginx listens on %v", address, all)
		}
	}
}

func TestHost(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080/", "blog.example.org:80": "http://blog.example.org/", "[::1]:80": "http://[::1]/", "[::1]:81": "http://[::1]:81/",
	} {
		if got := (settings{Address: address}).url(); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

func TestNewerPHPFirst(t *testing.T) {
	if newer("/usr/sbin/php-fpm8.10", "/usr/sbin/php-fpm8.2") >= 0 || newer("/usr/sbin/php-fpm7.4", "/usr/sbin/php-fpm8.2") <= 0 {
		t.Error("an older PHP is taken for a newer one")
	}
}

// An Up that has said nothing of its notes, or notes that are no longer whole.
func TestSettingsThatCannotBeRead(t *testing.T) {
	dir := openDir(t)
	put(t, filepath.Join(dir, "site.json"), "{")
	_, err := Look(t.Context(), dir)
	wantProblem(t, err, "site.json cannot be read")
	_, err = Look(t.Context(), filepath.Join(dir, "nowhere"))
	wantProblem(t, err, "there is no site")
}

// Folders on the way to the site's are open whatever the umask.
func TestMakeOpen(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("gives folders to root: needs root")
	}
	base := openDir(t)
	closed := filepath.Join(base, "a", "b", "site")
	restore := umask(0o077)
	err := makeOpen(closed)
	restore()
	if err != nil {
		t.Fatal(err)
	}
	for dir := closed; dir != base; dir = filepath.Dir(dir) {
		if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v %v", dir, st.Mode(), err)
		}
	}
}

func umask(mask int) (restore func()) {
	old := unix.Umask(mask)
	return func() { unix.Umask(old) }
}
