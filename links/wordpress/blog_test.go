package wordpress

import (
	"crypto/rand"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/site"
	"github.com/omamori-guard/omamori/site/sitetest"
)

// blog is a real blog that is broken and mended.
type blog struct {
	*sitetest.Blog
	t    *testing.T
	info *site.Info
}

// newBlog brings one up, which takes seconds: all tests share it.
func newBlog(t *testing.T) *blog {
	t.Helper()
	b := &blog{Blog: sitetest.Up(t), t: t}
	b.info = b.Info
	return b
}

// raise brings up whatever of it is down.
func (b *blog) raise() {
	b.t.Helper()
	b.Raise(b.t)
}

func (b *blog) at(parts ...string) string { return b.At(parts...) }

// sql runs statements in the blog's database.
func (b *blog) sql(statements string) {
	b.t.Helper()
	b.SQL(b.t, statements)
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
