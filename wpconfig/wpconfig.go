// Package wpconfig reads a wp-config.php, or a piece of one as Debian keeps them
// in /etc/wordpress, without running PHP.
//
// Only literals are read. What the file computes (getenv, a constant, a branch)
// is told as computed: a guess would be worse than no answer.
package wpconfig

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// MaxSize is the longest file that is read, in bytes.
const MaxSize = 1 << 20

// DefaultSocket is where PHP on Debian looks for the database of "localhost".
const DefaultSocket = "/run/mysqld/mysqld.sock"

var (
	// ErrTooLarge says that the file is longer than MaxSize.
	ErrTooLarge = errors.New("longer than a mebibyte")
	// ErrNotPHP says that the file has no <?php in it.
	ErrNotPHP = errors.New("no PHP in it")
)

// Config is what a wp-config.php says.
type Config struct {
	Name     string // DB_NAME
	User     string // DB_USER
	Password Password
	Host     string // DB_HOST as it is written; see Address
	Charset  string // DB_CHARSET
	Prefix   string // $table_prefix
	Home     string // WP_HOME
	SiteURL  string // WP_SITEURL
	Content  string // WP_CONTENT_DIR
	Lang     string // WPLANG
	// Computed names what the file sets in a way that only PHP can evaluate.
	// Those fields are empty.
	Computed []string
	// Absent names which of DB_NAME, DB_USER and DB_PASSWORD it does not set.
	Absent []string
}

// Parse reads the content of a file. Errors are ErrTooLarge and ErrNotPHP; a
// file that PHP would refuse is read as far as it makes sense.
func Parse(b []byte) (Config, error) {
	if len(b) > MaxSize {
		return Config{}, ErrTooLarge
	}
	tokens, php := scan(string(b))
	if !php {
		return Config{}, ErrNotPHP
	}
	return gather(tokens), nil
}

// Unread names which of the settings that the database needs could not be read,
// computed or absent.
func (c Config) Unread() []string {
	var names []string
	for _, n := range []string{"DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", prefixName} {
		if slices.Contains(c.Computed, n) || slices.Contains(c.Absent, n) {
			names = append(names, n)
		}
	}
	return names
}

// Address is where the database listens, read as WordPress and PHP read DB_HOST:
// "host", "host:port", "host:/socket", "[v6]:port". PHP takes "localhost" for the
// default socket, whatever the port.
func (c Config) Address() (network, address string) {
	host := strings.TrimPrefix(c.Host, "p:") // a persistent connection
	if i := strings.Index(host, ":/"); i >= 0 {
		return "unix", host[i+1:]
	}
	name, port := host, ""
	if strings.HasPrefix(host, "[") {
		inside, after, _ := strings.Cut(host[1:], "]")
		name, port = inside, strings.TrimPrefix(after, ":")
	} else if strings.Count(host, ":") == 1 {
		name, port, _ = strings.Cut(host, ":")
	}
	if name == "" || strings.EqualFold(name, "localhost") {
		return "unix", DefaultSocket
	}
	if port == "" {
		port = "3306"
	}
	return "tcp", net.JoinHostPort(name, port)
}

// Password is a password that does not print itself.
type Password struct{ s string }

// MakePassword keeps s as a Password.
func MakePassword(s string) Password { return Password{s} }

// Reveal returns the password itself.
func (p Password) Reveal() string { return p.s }

// Format hides the password from every verb of package fmt.
func (p Password) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("[hidden]")) // a fmt.State cannot fail
}

// MarshalText hides the password from encoders.
func (p Password) MarshalText() ([]byte, error) { return []byte("[hidden]"), nil }
