package eol

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/omamori-guard/omamori/probe"
)

// installed is a product as it is on this host.
type installed struct {
	product, release string
	// distro says that the operating system's makers look after it, as long as after that.
	distro bool
}

const (
	maxStatus = 64 << 20 // bytes of dpkg's list of packages
	maxSmall  = 64 << 10 // bytes of a small file
)

// osRelease reads /etc/os-release.
func osRelease(root string) (installed, error) {
	b, err := small(filepath.Join(root, "etc/os-release"))
	if errors.Is(err, os.ErrNotExist) {
		b, err = small(filepath.Join(root, "usr/lib/os-release"))
	}
	if err != nil {
		return installed{}, err
	}
	one := installed{}
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			one.product = value
		case "VERSION_ID":
			one.release = value
		}
	}
	return one, nil
}

func small(path string) ([]byte, error) { return probe.ReadFile(path, maxSmall) }

// packages maps what Debian calls packages to products; a release may stand in the name.
var packages = []struct {
	name    *regexp.Regexp
	product string
}{
	{regexp.MustCompile(`^(?:php|libapache2-mod-php)([0-9]+\.[0-9]+)(?:-fpm|-cli)?$`), "php"},
	{regexp.MustCompile(`^mariadb-server(?:-[0-9.]+)?$`), "mariadb"},
	{regexp.MustCompile(`^openssh-server$`), "openssh"},
	{regexp.MustCompile(`^wordpress$`), "wordpress"},
}

var (
	// upstream is the release in a version of Debian's: 1:10.11.6-0+deb12u1.
	upstream = regexp.MustCompile(`^(?:[0-9]+:)?([0-9]+\.[0-9]+)`)
	// foreign are marks of packages that the distribution does not make.
	foreign = regexp.MustCompile(`\+maria~|\+0~20[0-9]{6}|~ppa|\+ubuntu.*\+deb\.sury`)
)

// dpkg reads dpkg's list for the products that matter, newest releases last seen.
func dpkg(in io.Reader) (all []installed, err error) {
	s := bufio.NewScanner(io.LimitReader(in, maxStatus))
	s.Buffer(make([]byte, 4096), 1<<20)
	name, version, there := "", "", false
	seen := map[installed]bool{}
	end := func() {
		for _, p := range packages {
			m := p.name.FindStringSubmatch(name)
			v := upstream.FindStringSubmatch(version)
			if !there || m == nil || v == nil {
				continue
			}
			one := installed{p.product, v[1], !foreign.MatchString(version)}
			if len(m) > 1 {
				one.release = m[1]
			}
			if !seen[one] {
				seen[one] = true
				all = append(all, one)
			}
		}
		name, version, there = "", "", false
	}
	for s.Scan() {
		key, value, _ := strings.Cut(s.Text(), ": ")
		switch key {
		case "":
			end()
		case "Package":
			name = value
		case "Version":
			version = value
		case "Status":
			there = strings.HasSuffix(value, " installed")
		}
	}
	end()
	return all, s.Err()
}

var wpVersion = regexp.MustCompile(`(?m)^\s*\$wp_version\s*=\s*'([0-9]+\.[0-9]+)`)

// wordpressAt reads the release of a WordPress from its own files.
func wordpressAt(dir string) (installed, error) {
	b, err := small(filepath.Join(dir, "wp-includes/version.php"))
	if err != nil {
		return installed{}, err
	}
	m := wpVersion.FindSubmatch(b)
	if m == nil {
		return installed{}, errors.New("no version in wp-includes/version.php")
	}
	return installed{product: "wordpress", release: string(m[1])}, nil
}
