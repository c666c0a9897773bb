// Package sitetest brings up a real blog for tests: WordPress behind nginx, PHP-FPM and
// MariaDB, with a sample article.
package sitetest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/site"
)

// Blog is one.
type Blog struct {
	Dir  string
	Info *site.Info
	// Options are what it was brought up with.
	Options site.Options
}

// Up brings one up, which takes seconds, until the test ends.
func Up(t *testing.T) *Blog {
	t.Helper()
	if os.Geteuid() != 0 {
		probetest.Needs(t, "root: it starts servers as other users")
	}
	dir, err := os.MkdirTemp("", "omamori-wp-") // t.TempDir is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	helper := filepath.Join(dir, "omamori-hands")
	build := exec.Command("go", "build", "-o", helper, "github.com/omamori-guard/omamori/cmd/omamori-hands")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b := &Blog{Dir: filepath.Join(dir, "site")}
	b.Options = site.Options{Dir: b.Dir, Address: "127.0.0.1:" + probetest.FreePort(t), Lang: "ja", Sample: true, GuardUser: "nobody", HandsBinary: helper}
	t.Cleanup(func() {
		if err := site.Down(context.Background(), b.Dir); err != nil {
			t.Errorf("site down: %v", err)
		}
	})
	b.Raise(t)
	return b
}

// Raise brings up whatever of it is down.
func (b *Blog) Raise(t *testing.T) {
	t.Helper()
	// What was told to end may not have ended yet: then it is not started anew.
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		info, err := site.Up(t.Context(), b.Options)
		if err == nil {
			b.Info = info
			return
		}
		if time.Now().After(end) {
			t.Fatalf("site up: %v", err)
		}
	}
}

// At is a path below its folder.
func (b *Blog) At(parts ...string) string {
	return filepath.Join(append([]string{b.Dir}, parts...)...)
}

// Socket is where its database answers.
func (b *Blog) Socket() string { return b.At("run", "mariadb", "mariadb.sock") }

// SQL runs statements in its database.
func (b *Blog) SQL(t *testing.T, statements string) {
	t.Helper()
	if out, err := exec.Command("mariadb", "--no-defaults", "-S", b.Socket(), "wordpress", "-e", statements).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", statements, err, out)
	}
}

// PHP runs code within its WordPress.
func (b *Blog) PHP(t *testing.T, code string) {
	t.Helper()
	code = "require '" + b.At("etc", "prepend.php") + "'; define( 'DISABLE_WP_CRON', true ); $_SERVER['HTTP_HOST'] = 'localhost'; require ABSPATH . 'wp-load.php';" + code
	if out, err := exec.Command("php", "-r", code).CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
}
