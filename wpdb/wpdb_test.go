package wpdb

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/site/sitetest"
)

// TestBlog asks the database of a real WordPress.
func TestBlog(t *testing.T) {
	b := sitetest.Up(t)
	config := b.At("web", "wp-config.php")
	db, err := Open(t.Context(), Source{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all, err := db.Rows(t.Context(), "SELECT post_type, NULL, 7 FROM "+db.Table("posts")+" WHERE post_name = 'diary20170802'", 5)
	if err != nil || len(all) != 1 || len(all[0]) != 3 || all[0][0] != "post" || all[0][1] != "" || all[0][2] != "7" {
		t.Errorf("%q, %v", all, err)
	}
	if all, err = db.Rows(t.Context(), "SELECT 1 FROM "+db.Table("options"), 3); err != nil || len(all) != 3 {
		t.Errorf("%q, %v", all, err)
	}
	if _, err = db.Rows(t.Context(), "SELECT 1 FROM "+db.Table("gone"), 3); err == nil {
		t.Error("a table that is not there is read")
	}
	if _, err = db.Rows(t.Context(), "SELECT REPEAT('x', 3000000)", 1); err == nil {
		t.Error("an answer without bounds is read")
	}

	good, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, now string }{
		"a wrong password":  {"DB_PASSWORD', '", "DB_PASSWORD', 'x"},
		"computed":          {"'DB_USER', 'wordpress'", "'DB_USER', getenv('U')"},
		"a strange prefix":  {"'wp_'", "'wp`_'"},
		"no PHP":            {string(good), "DB_NAME=x"},
		"nobody is there":   {b.Socket(), b.Socket() + "x"},
		"longer than it is": {"<?php", "<?php //" + strings.Repeat("x", 1<<20)},
	} {
		path := filepath.Join(t.TempDir(), "wp-config.php")
		changed := strings.Replace(string(good), c.old, c.now, 1)
		if changed == string(good) {
			t.Fatalf("%s: nothing is changed", name)
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if db, err := Open(t.Context(), Source{Config: path}); err == nil {
			db.Close()
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Open(t.Context(), Source{Config: "/nonexistent"}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Open(t.Context(), Source{Config: t.TempDir()}); err == nil {
		t.Error("a folder is read")
	}
}

// A server that announces more than it may is left at once.
func TestTooMuch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wp-config.php")
	for name, talk := range map[string]func(net.Conn){"a long packet": probetest.Say("\xff\xff\xff\x00"), "no end": probetest.Endless("\x01\x00\x00\x00\x0a"), "garbage": probetest.Say("HTTP/1.1 400\r\n\r\n")} {
		address := probetest.Serve(t, "tcp", talk)
		config := "<?php define('DB_NAME', 'a'); define('DB_USER', 'a'); define('DB_PASSWORD', 'a'); define('DB_HOST', '" + address + "'); $table_prefix = 'wp_';"
		if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		if db, err := Open(t.Context(), Source{Config: path}); err == nil {
			db.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzFollow: however the bytes are cut, the same packets are let through.
func FuzzFollow(f *testing.F) {
	f.Add([]byte("\x06\x00\x00\x00\x0a5.5.5"), uint8(3))
	f.Add([]byte("\xff\xff\xff\x00"), uint8(1))
	f.Add([]byte("\x01\x00\x00\x00a\x00\x00\x01\x00\x00\x01\x02b"), uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		whole, cut := Packets{Most: 64 << 10}, Packets{Most: 64 << 10}
		a := whole.Follow(b)
		c := true
		for n := int(step) + 1; len(b) > 0 && c; {
			k := min(n, len(b))
			c = cut.Follow(b[:k])
			b = b[k:]
		}
		if a != c || a && (whole.left != cut.left || whole.have != cut.have) {
			t.Errorf("in one %v, in pieces %v", a, c)
		}
	})
}
