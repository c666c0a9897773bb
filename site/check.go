package site

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
)

// maxDir keeps the sockets below a site's folder within what Unix allows, in bytes.
const maxDir = 107 - len("/run/mariadb/mariadb.sock")

// plainDir is a folder whose name means nothing to any of the files it goes into:
// nginx, PHP, MariaDB, systemd and YAML each quote in their own way.
var plainDir = regexp.MustCompile(`^(/[A-Za-z0-9_.+@-]+)+$`)

// plainHost is a name or number of a host.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:-]+$`)

func checkUser() error {
	if os.Geteuid() != 0 {
		return problem(chain.Say("site.not_root"), chain.Say("site.not_root_hint"))
	}
	return nil
}

// checkDir gives the folder's absolute path.
func checkDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if dir == "" || !plainDir.MatchString(abs) {
		return "", problem(chain.Say("site.bad_dir", "dir", abs), chain.Say("site.bad_dir_hint"))
	}
	if len(abs) > maxDir {
		return "", problem(chain.Say("site.long_dir", "dir", abs, "max", maxDir), chain.Say("site.bad_dir_hint"))
	}
	// MariaDB, PHP and the guard must get through to it.
	for up := filepath.Dir(abs); up != "/"; up = filepath.Dir(up) {
		st, err := os.Stat(up)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR): // we make it; what is in the way comes further up
		case err != nil:
			return "", err
		case !st.IsDir():
			return "", problem(chain.Say("site.not_a_dir", "dir", up), chain.Say("site.bad_dir_hint"))
		case st.Mode().Perm()&0o001 == 0:
			return "", problem(chain.Say("site.closed_dir", "dir", up), chain.Say("site.bad_dir_hint"))
		}
	}
	entries, err := os.ReadDir(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return abs, nil
	}
	if err != nil {
		return "", problem(chain.Say("site.not_a_dir", "dir", abs), chain.Say("site.bad_dir_hint"))
	}
	// An own folder: what is in another's is not ours to give new owners. An Up that was
	// interrupted early has left no more than its lock, and perhaps half of its notes.
	early := func(e fs.DirEntry) bool { return e.Name() == ".lock" || strings.HasPrefix(e.Name(), ".site.json.") }
	noted := func(e fs.DirEntry) bool { return e.Name() == "site.json" }
	if !slices.ContainsFunc(entries, noted) && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !early(e) }) {
		return "", problem(chain.Say("site.foreign_dir", "dir", abs), chain.Say("site.bad_dir_hint"))
	}
	return abs, nil
}

// checkAddress wants what visitors can type.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	n, portErr := strconv.Atoi(port)
	ip := net.ParseIP(host)
	switch {
	case err != nil, portErr != nil, n < 1, n > 65535, !plainHost.MatchString(host), strings.Contains(host, ":") && ip == nil,
		ip != nil && ip.IsUnspecified():
		return problem(chain.Say("site.bad_address", "address", address), chain.Say("site.bad_address_hint"))
	}
	return nil
}

// programs are Debian's, by their paths.
type programs struct {
	mariadbd, installDB, fpm, php, nginx string
	version                              string // of PHP
}

// wordpress is where Debian keeps WordPress's files.
const wordpress = "/usr/share/wordpress"

// packages is what a person installs who lacks something.
const packages = "apt-get install --no-install-recommends mariadb-server php-fpm php-cli php-mysql php-gd php-xml " +
	"php-mbstring php-curl php-zip php-intl nginx-light wordpress wordpress-l10n wordpress-theme-twentytwentythree"

// findPrograms looks for all that a site needs, and names all that lacks.
func findPrograms(lang string) (programs, error) {
	p := programs{mariadbd: "/usr/sbin/mariadbd", installDB: "/usr/bin/mariadb-install-db", nginx: "/usr/sbin/nginx"}
	var lacks []string
	want := func(pkg, path string) {
		if _, err := os.Stat(path); err != nil && !slices.Contains(lacks, pkg) {
			lacks = append(lacks, pkg)
		}
	}
	want("mariadb-server", p.mariadbd)
	want("mariadb-server", p.installDB)
	want("nginx", p.nginx)
	want("wordpress", wordpress+"/wp-load.php")
	want("wordpress-theme-twentytwentythree", wordpress+"/wp-content/themes/twentytwentythree")
	if lang == "ja" {
		want("wordpress-l10n", languages+"/ja.mo")
	}
	found, _ := filepath.Glob("/usr/sbin/php-fpm[0-9]*") // fails for a bad pattern alone
	if len(found) == 0 {
		lacks = append(lacks, "php-fpm")
	} else {
		slices.SortFunc(found, newer)
		p.fpm = found[0]
		p.version = strings.TrimPrefix(p.fpm, "/usr/sbin/php-fpm")
		p.php = "/usr/bin/php" + p.version
		want("php-cli", p.php)
	}
	for _, name := range []string{"mysql", "www-data"} {
		if _, err := user.Lookup(name); err != nil && len(lacks) == 0 {
			return p, problem(chain.Say("site.no_user", "user", name), chain.Text{})
		}
	}
	if len(lacks) > 0 {
		return p, problem(chain.Say("site.lacks", "packages", strings.Join(lacks, ", ")), chain.Say("site.lacks_hint", "command", packages))
	}
	return p, nil
}

// newer sorts by version, the newest first: a longer name is a newer one (8.10, 8.2).
func newer(a, b string) int {
	if len(a) != len(b) {
		return len(b) - len(a)
	}
	return strings.Compare(b, a)
}
