package wordpress

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/site"
)

// blog is a real WordPress behind nginx, PHP-FPM and MariaDB, with a sample article.
type blog struct {
	t    *testing.T
	dir  string
	info *site.Info
	up   site.Options
}

// newBlog brings one up, which takes seconds: all tests share it.
func newBlog(t *testing.T) *blog {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must run this as root")
		}
		t.Skip("starts servers as other users: needs root")
	}
	dir, err := os.MkdirTemp("", "omamori-wp-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	helper := filepath.Join(dir, "omamori-hands")
	build := exec.Command("go", "build", "-o", helper, "../../cmd/omamori-hands")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b := &blog{t: t, dir: filepath.Join(dir, "site")}
	b.up = site.Options{Dir: b.dir, Address: "127.0.0.1:" + probetest.FreePort(t), Lang: "ja", Sample: true, GuardUser: "nobody", HandsBinary: helper}
	t.Cleanup(func() {
		if err := site.Down(context.Background(), b.dir); err != nil {
			t.Errorf("site down: %v", err)
		}
	})
	b.raise()
	return b
}

// raise brings up whatever of it is down.
func (b *blog) raise() {
	b.t.Helper()
	// What was told to end may not have ended yet: then it is not started anew.
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		info, err := site.Up(b.t.Context(), b.up)
		if err == nil {
			b.info = info
			return
		}
		if time.Now().After(end) {
			b.t.Fatalf("site up: %v", err)
		}
	}
}

func (b *blog) at(parts ...string) string {
	return filepath.Join(append([]string{b.dir}, parts...)...)
}

// sql runs statements in the blog's database.
func (b *blog) sql(statements string) {
	b.t.Helper()
	out, err := exec.Command("mariadb", "--no-defaults", "-S", b.at("run", "mariadb", "mariadb.sock"), "wordpress", "-e", statements).CombinedOutput()
	if err != nil {
		b.t.Fatalf("%s: %v: %s", statements, err, out)
	}
}

// plugin adds a must-use plug-in; what it returns takes it away.
func (b *blog) plugin(code string) (remove func()) {
	b.t.Helper()
	// A name of its own each time: PHP keeps what it has compiled for a while.
	path := b.at("web", "wp-content", "mu-plugins", "zz-"+rand.Text()+".php")
	b.write(path, "<?php\n"+code)
	return func() {
		if err := os.Remove(path); err != nil {
			b.t.Error(err)
		}
	}
}

func (b *blog) write(path, content string) {
	b.t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// config changes wp-config.php; what it returns puts it back.
func (b *blog) config(old, now string) (back func()) {
	b.t.Helper()
	path := b.at("web", "wp-config.php")
	good, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	bad := strings.Replace(string(good), old, now, 1)
	if bad == string(good) {
		b.t.Fatalf("wp-config.php has no %q", old)
	}
	b.write(path, bad)
	return func() { b.write(path, string(good)) }
}

func (b *blog) signal(sig syscall.Signal, pidFile ...string) {
	b.t.Helper()
	text, err := os.ReadFile(b.at(append([]string{"run"}, pidFile...)...))
	if err != nil {
		b.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err == nil {
		err = syscall.Kill(pid, sig)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// whole are settings that ask for everything.
func (b *blog) whole() settings {
	return settings{
		URL: b.info.URL, Post: b.info.PostURL, Contains: "あとから読み返しても迷わないように",
		REST: true, Comments: true, Trackback: true, Share: true,
	}
}

// look asks for a page and gives what recognise makes of it.
func (b *blog) look(path string) (probe.Answer, *chain.Proof) {
	b.t.Helper()
	u, err := url.Parse(b.info.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	if u, err = u.Parse(path); err != nil {
		b.t.Fatal(err)
	}
	a, err := probe.Do(b.t.Context(), probe.Request{URL: u, MaxBody: maxPage})
	if err != nil {
		b.t.Fatal(err)
	}
	return a, recognise(u, a)
}

func made(t *testing.T, s settings) *link {
	t.Helper()
	p, err := build(s, chain.Place{Link: "posts"})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}

// becomes waits until a proof is as wanted: PHP looks at changed files after two
// seconds only.
func becomes(t *testing.T, p chain.Prover, v chain.Verdict, cause string) (proof chain.Proof) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if proof = probetest.Prove(p, 15*time.Second); proof.Verdict == v && proof.Cause == cause {
			break
		}
	}
	probetest.Expect(t, proof, v, cause)
	return proof
}
