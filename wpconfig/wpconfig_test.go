package wpconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const whole = `<?php
/** define('DB_NAME', 'in a comment'); */
// define('DB_NAME', 'in a comment'); ?><p>define('DB_NAME', 'in HTML');</p><?php
# define("DB_NAME", "in a comment");
define( 'DB_NAME', 'blog' );
DEFINE("DB_USER", "bl\x6fgger");
\define('DB_PASSWORD', 'it\'s \\ $ecret \n');
define('DB_HOST', 'db.example' . ':' . 3307);
const DB_CHARSET = 'utf8mb4';
$table_prefix  = 'b1_';
define('WP_HOME', 'https://' . $_SERVER['HTTP_HOST']);
$text = <<<'END'
define('WP_SITEURL', 'in a heredoc');
  END;
define("WP_SITEURL", "https://blog.example/");
$thing->define('WPLANG', 'no'); if ($x == 1) { ` + "`define('WPLANG', 'no')`" + ` ; }
require_once ABSPATH . 'wp-settings.php';
`

func TestParse(t *testing.T) {
	c, err := Parse([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Name: "blog", User: "blogger", Password: Password{`it's \ $ecret \n`}, Host: "db.example:3307",
		Charset: "utf8mb4", Prefix: "b1_", SiteURL: "https://blog.example/", Computed: []string{"WP_HOME"},
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v (password %q)", c, c.Password.Reveal())
	}
}

func TestComputed(t *testing.T) {
	for _, src := range []string{
		`define('DB_PASSWORD', getenv('P'));`,
		`define('DB_PASSWORD', getenv_docker('P', 'example'));`,
		`define('DB_PASSWORD', "a$b");`,
		`define('DB_PASSWORD', "a{$b['c']}");`,
		`define('DB_PASSWORD', $x ? 'a' : 'b');`,
		`define('DB_PASSWORD', ('a'));`,
		`define('DB_PASSWORD', 'a' . OTHER);`,
		`define('DB_PASSWORD', 'a' .);`,
		`define('DB_PASSWORD', );`,
		`define('DB_PASSWORD', <<<X` + "\nsecret\nX\n);",
		`if ($local) { define('DB_PASSWORD', 'a'); } else { define('DB_PASSWORD', 'b'); }`,
		`define('DB_PASSWORD', 'unclosed`,
	} {
		c, err := Parse([]byte("<?php " + src))
		if err != nil || !slices.Contains(c.Computed, "DB_PASSWORD") || c.Password.Reveal() != "" {
			t.Errorf("%s: %+v %q %v", src, c, c.Password.Reveal(), err)
		}
		if !slices.Equal(c.Unread(), []string{"DB_PASSWORD"}) {
			t.Errorf("%s: unread are %v", src, c.Unread())
		}
	}
}

func TestDefaults(t *testing.T) {
	// A guard makes what follows a default.
	c, err := Parse([]byte(`<?php define('DB_NAME','a'); if (!defined('DB_NAME')) define('DB_NAME','b');
		$table_prefix='x_'; if (!isset($table_prefix)) { $table_prefix = 'wp_'; }`))
	if err != nil || c.Name != "a" || c.Prefix != "x_" || len(c.Computed) > 0 {
		t.Errorf("got %+v %v", c, err)
	}
	// A piece as in /etc/wordpress takes the rest from Debian's master file.
	c, err = Parse([]byte(`<?php define('DB_PASSWORD', "pa\$s"); ?>`))
	if err != nil || c.Name != "wordpress" || c.User != "wordpress" || c.Host != "localhost" || c.Prefix != "wp_" || c.Password.Reveal() != "pa$s" {
		t.Errorf("got %+v %v", c, err)
	}
	c, err = Parse([]byte(`<?php require_once ABSPATH . 'wp-settings.php';`))
	if err != nil || !slices.Equal(c.Absent, []string{"DB_NAME", "DB_USER", "DB_PASSWORD"}) {
		t.Errorf("got %+v %v", c, err)
	}
}

func TestRefused(t *testing.T) {
	if _, err := Parse([]byte("DB_NAME=blog\n")); !errors.Is(err, ErrNotPHP) {
		t.Errorf("got %v", err)
	}
	if _, err := Parse(make([]byte, MaxSize+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestAddress(t *testing.T) {
	for host, want := range map[string]string{
		"localhost":                 "unix /run/mysqld/mysqld.sock",
		"localhost:3307":            "unix /run/mysqld/mysqld.sock", // as PHP does
		"":                          "unix /run/mysqld/mysqld.sock",
		"localhost:/tmp/my.sock":    "unix /tmp/my.sock",
		":/tmp/my.sock":             "unix /tmp/my.sock",
		"localhost:3306:/tmp/m":     "unix /tmp/m",
		"db.example":                "tcp db.example:3306",
		"db.example:3307":           "tcp db.example:3307",
		"p:db.example":              "tcp db.example:3306",
		"[2001:db8::1]:3307":        "tcp [2001:db8::1]:3307",
		"[2001:db8::1]":             "tcp [2001:db8::1]:3306",
		"2001:db8::1":               "tcp [2001:db8::1]:3306",
		"127.0.0.1":                 "tcp 127.0.0.1:3306",
		"localhost:/var/run/a:b.so": "unix /var/run/a:b.so",
	} {
		network, address := Config{Host: host}.Address()
		if got := network + " " + address; got != want {
			t.Errorf("%q: got %s, want %s", host, got, want)
		}
	}
}

func TestPasswordIsHidden(t *testing.T) {
	c := Config{Password: MakePassword("hunter2")}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		fmt.Sprint(c), fmt.Sprintf("%v %+v %#v", c, c, &c), fmt.Sprintf("%s %q %x %d", c.Password, c.Password, c.Password, c.Password), string(b),
	} {
		if strings.Contains(shown, "hunter2") || strings.Contains(shown, "68756e74657232") {
			t.Errorf("the password shows: %s", shown)
		}
	}
}

// TestDebian reads the files that Debian's own package brings.
func TestDebian(t *testing.T) {
	for _, path := range []string{"/usr/share/wordpress/wp-config-sample.php", "/usr/share/wordpress/wp-config.php"} {
		b, err := os.ReadFile(path)
		if err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip("needs Debian's package wordpress:", err)
		}
		c, err := Parse(b)
		if err != nil || c.Host != "localhost" || c.Prefix != "wp_" || c.Name == "" || len(c.Computed) > 0 {
			t.Errorf("%s: %+v %v", path, c, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("<?php define('DB_NAME', \"\\u{41}\\101\\x\\u{zz}\\q\");")
	f.Add("<?php $table_prefix = <<<\"X\"\n a\n  X . 'b';")
	f.Add("<? `\\")
	f.Add("<?php define('DB_NAME',(((((")
	f.Fuzz(func(t *testing.T, src string) {
		c, err := Parse([]byte(src))
		if err != nil {
			return
		}
		c.Address()
		for _, n := range c.Unread() {
			if !slices.Contains(c.Computed, n) && !slices.Contains(c.Absent, n) {
				t.Errorf("%s is unread and neither computed nor absent", n)
			}
		}
	})
}
