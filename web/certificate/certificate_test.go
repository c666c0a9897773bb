package certificate

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/web/certificate/acmetest"
	"github.com/omamori-guard/omamori/web/signin"
)

const name = "guard." + acmetest.Zone

// want is a client that gets a certificate in a folder of its own.
func want(t *testing.T, w *acmetest.World) *client {
	t.Helper()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte(acmetest.Secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := signin.Defaults().TLS.ACME
	a.Agree, a.Email, a.Directory, a.CA, a.File = true, "taro@example.org", w.Directory, w.CA, filepath.Join(dir, "page.pem")
	a.DNS.Server, a.DNS.Key, a.DNS.Secret, a.DNS.Resolvers = w.Names, acmetest.Key, chain.Secret("file:"+secret), []string{w.Names}
	return &client{job: signin.CertificateJob{Names: []string{name, "other." + acmetest.Zone}, ACME: a}, request: 10 * time.Second, seen: 30 * time.Second, answer: 5 * time.Second}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A real issuer asks a real name server, in which the record is made and taken away again;
// the certificate is renewed when it is time, not before; and what fails then changes nothing.
func TestRealIssuer(t *testing.T) {
	t.Parallel()
	w := acmetest.New(t)
	c := want(t, w)
	file := c.job.ACME.File
	now := time.Now()
	r := c.do(t.Context(), now)
	if r.Failed != "" || !r.Renewed || !r.First || r.Until.Before(now.Add(80*24*time.Hour)) {
		t.Fatalf("%+v", r)
	}
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil || pair.Leaf.VerifyHostname(name) != nil || pair.Leaf.VerifyHostname("other."+acmetest.Zone) != nil || len(pair.Certificate) < 2 {
		t.Fatalf("%v: %+v", err, pair.Leaf)
	}
	for path, mode := range map[string]os.FileMode{file: 0o640, filepath.Join(filepath.Dir(file), "account.pem"): 0o600} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
	}
	if left := acmetest.Ask(w.Names, "_acme-challenge."+name, dns.TypeTXT); len(left) > 0 {
		t.Errorf("the record is left: %v", left)
	}
	first, account := read(t, file), read(t, filepath.Join(filepath.Dir(file), "account.pem"))
	if r := c.do(t.Context(), now); r.Failed != "" || r.Renewed || r.First || !bytes.Equal(read(t, file), first) {
		t.Errorf("a second time: %+v", r)
	}
	late := now.Add(61 * 24 * time.Hour)
	bad := *c
	bad.job.ACME.DNS.Key, bad.job.Names = acmetest.Stranger, append([]string{"third." + acmetest.Zone}, c.job.Names...)
	if r := bad.do(t.Context(), late); r.Failed != "refused" || r.Renewed || r.Until.IsZero() || !bytes.Equal(read(t, file), first) {
		t.Errorf("by a stranger's key: %+v", r)
	}
	if r := c.do(t.Context(), late); r.Failed != "" || !r.Renewed || r.First || bytes.Equal(read(t, file), first) {
		t.Errorf("when it is time: %+v", r)
	}
	if !bytes.Equal(read(t, filepath.Join(filepath.Dir(file), "account.pem")), account) {
		t.Error("another account")
	}
	c.job.Names = []string{name}
	if r := c.do(t.Context(), now); r.Failed != "" || !r.Renewed {
		t.Errorf("with other names: %+v", r)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".new-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A program of one's own makes the record, here by nsupdate; one that only says so is found out.
func TestProgram(t *testing.T) {
	t.Parallel()
	w := acmetest.New(t)
	c := want(t, w)
	dir := t.TempDir()
	write := func(script string) {
		t.Helper()
		c.job.ACME.DNS.Program = filepath.Join(dir, "dns")
		next := c.job.ACME.DNS.Program + ".new"
		if err := os.WriteFile(next, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, c.job.ACME.DNS.Program); err != nil {
			t.Fatal(err)
		}
	}
	c.job.ACME.DNS.Server = ""
	c.seen = 3 * time.Second
	host, port, _ := net.SplitHostPort(w.Names)
	write("exit 0\n")
	if r := c.do(t.Context(), time.Now()); r.Failed != "unseen" {
		t.Errorf("one that does nothing: %+v", r)
	}
	write("yes 'no such customer' | head -c 100000 >&2; exit 3\n")
	if r := c.do(t.Context(), time.Now()); r.Failed != "program" || !strings.Contains(r.Detail, "no such customer") || len(r.Detail) > 4<<10 {
		t.Errorf("one that fails: %+v", r)
	}
	write(fmt.Sprintf(`how="add $2 60 TXT $3"; [ "$1" = add ] || how="delete $2 TXT $3"
echo "$1 $2" >>%s/called
printf 'server %s %s\nupdate %%s\nsend\n' "$how" | nsupdate -y %s:%s:%s`, dir, host, port, acmetest.Algorithm, acmetest.Key, acmetest.Secret))
	c.seen = 30 * time.Second
	if r := c.do(t.Context(), time.Now()); r.Failed != "" || !r.Renewed {
		t.Fatalf("%+v", r)
	}
	if called := string(read(t, filepath.Join(dir, "called"))); strings.Count(called, "add _acme-challenge.") != 2 || strings.Count(called, "remove _acme-challenge.") != 2 {
		t.Errorf("called: %s", called)
	}
}

// What can go wrong with the DNS is told apart, and nothing is written.
func TestNameServers(t *testing.T) {
	t.Parallel()
	w := acmetest.New(t)
	for what, c := range map[string]struct {
		set  func(*client)
		code string
	}{
		"a wrong secret": {func(c *client) { c.job.ACME.DNS.Secret = write(t, "YSB3cm9uZyBzZWNyZXQ=") }, "refused"},
		"a wrong name":   {func(c *client) { c.job.ACME.DNS.Key = "nobody" }, "refused"},
		"a wrong algorithm": {func(c *client) {
			c.job.ACME.DNS.Algorithm = "hmac-sha512"
		}, "refused"},
		"no base64":    {func(c *client) { c.job.ACME.DNS.Secret = write(t, "hunter2!") }, "secret"},
		"no secret":    {func(c *client) { c.job.ACME.DNS.Secret = "file:/nowhere/secret" }, "secret"},
		"nobody there": {func(c *client) { c.job.ACME.DNS.Server = "127.0.0.1:1" }, "silent"},
		"a silent one": {func(c *client) { c.job.ACME.DNS.Server = probetest.Serve(t, "tcp", probetest.Say("")) }, "silent"},
		"one that babbles": {func(c *client) {
			c.job.ACME.DNS.Server = probetest.Serve(t, "tcp", probetest.Endless("\xff\xff babble "))
		}, "silent"},
		"one that lies": {func(c *client) { c.job.ACME.DNS.Server = liar(t) }, "refused"},
		"silent resolvers": {func(c *client) {
			c.job.ACME.DNS.Resolvers, c.job.Names = []string{"127.0.0.1:1"}, []string{"unasked." + acmetest.Zone}
		}, "zone"},
		"another's zone":    {func(c *client) { c.job.Names = []string{"guard.elsewhere.test"} }, "zone"},
		"an issuer refuses": {func(c *client) { c.job.Names = []string{"under_score." + acmetest.Zone} }, "issuer"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client := want(t, w)
			client.answer = 2 * time.Second
			c.set(client)
			r := client.do(t.Context(), time.Now())
			if r.Failed != c.code || r.Detail == "" || r.Renewed || strings.Contains(r.Detail, "hunter2") {
				t.Errorf("%+v", r)
			}
			if _, err := os.Stat(client.job.ACME.File); err == nil {
				t.Error("a certificate")
			}
		})
	}
}

func write(t *testing.T, secret string) chain.Secret {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return chain.Secret("file:" + path)
}

// liar says yes to every update, without a signature.
func liar(t *testing.T) string {
	t.Helper()
	return probetest.Serve(t, "tcp", func(c net.Conn) {
		conn := &dns.Conn{Conn: c, TsigSecret: map[string]string{acmetest.Key + ".": acmetest.Secret}}
		m, err := conn.ReadMsg()
		if err != nil {
			return
		}
		answer := new(dns.Msg)
		answer.SetReply(m)
		_ = conn.WriteMsg(answer)
		_, _ = io.Copy(io.Discard, c)
	})
}

// Issuers that say too much, or rubbish, are let go.
func TestHostileIssuers(t *testing.T) {
	for what, h := range map[string]struct {
		says http.HandlerFunc
		code string
	}{
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"newNonce": "`)
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("x", 32<<10)); err != nil {
					return
				}
			}
		}, "answer"},
		"rubbish": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>hello") }, "unreached"},
		"refusal": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"type": "urn:ietf:params:acme:error:unauthorized", "detail": "go\u001b[31m away"}`)
		}, "issuer"},
		"rate limit": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many"}`)
		}, "often"},
	} {
		t.Run(what, func(t *testing.T) {
			srv := httptest.NewTLSServer(h.says)
			defer srv.Close()
			ca := filepath.Join(t.TempDir(), "ca.pem")
			if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
				t.Fatal(err)
			}
			c := want(t, &acmetest.World{Names: "127.0.0.1:1", Directory: srv.URL + "/dir", CA: ca})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			r := c.do(ctx, time.Now())
			runtime.ReadMemStats(&after)
			if r.Failed != h.code || strings.Contains(r.Detail, "\x1b") {
				t.Errorf("%+v", r)
			}
			if grew := after.TotalAlloc - before.TotalAlloc; grew > 64<<20 {
				t.Errorf("took %d bytes", grew)
			}
		})
	}
}

// A full disk is found out before the issuer is asked, and takes nothing away.
func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		probetest.Needs(t, "root: it mounts a small disk")
	}
	c := want(t, &acmetest.World{Names: "127.0.0.1:1", Directory: "https://127.0.0.1:1/dir"})
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=16k"); err != nil {
		probetest.Needs(t, "to mount: "+err.Error())
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	c.job.ACME.File = filepath.Join(dir, "page.pem")
	if r := c.do(t.Context(), time.Now()); r.Failed != "disk" || !strings.Contains(r.Detail, "no space") {
		t.Errorf("%+v", r)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Two at once, or no folder: nothing is done, and the answer says why.
func TestFolder(t *testing.T) {
	c := want(t, &acmetest.World{Names: "127.0.0.1:1", Directory: "https://127.0.0.1:1/dir"})
	s, err := openStore(c.job.ACME.File)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if r := c.do(t.Context(), time.Now()); r.Failed != "folder" {
		t.Errorf("two at once: %+v", r)
	}
	c.job.ACME.File = "/nowhere/page.pem"
	if r := c.do(t.Context(), time.Now()); r.Failed != "folder" {
		t.Errorf("no folder: %+v", r)
	}
}

// What root makes is the folder's owner's.
func TestRootMakesForTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		probetest.Needs(t, "root")
	}
	file := filepath.Join(t.TempDir(), "page.pem")
	if err := os.Chown(filepath.Dir(file), 64216, 64217); err != nil {
		t.Fatal(err)
	}
	s, err := openStore(file)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := s.accountKey(); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(filepath.Join(filepath.Dir(file), "account.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if owner := st.Sys().(*syscall.Stat_t); owner.Uid != 64216 || owner.Gid != 64217 {
		t.Errorf("%d:%d", owner.Uid, owner.Gid)
	}
}

// sign makes a chain of one.
func sign(tb testing.TB, key *ecdsa.PrivateKey, until time.Time, names ...string) []byte {
	tb.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: until.Add(-90 * 24 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func keyOf(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// What an issuer sends is kept only if it is what was ordered.
func TestCheck(t *testing.T) {
	key, other := keyOf(t), keyOf(t)
	now := time.Now()
	good := sign(t, key, now.Add(time.Hour), name)
	for what, b := range map[string][]byte{
		"nothing": nil, "rubbish": []byte("-----BEGIN CERTIFICATE-----\nrubbish"), "another's key": sign(t, other, now.Add(time.Hour), name),
		"another name": sign(t, key, now.Add(time.Hour), "else."+acmetest.Zone), "one that has ended": sign(t, key, now.Add(-time.Hour), name),
	} {
		if _, _, err := check(b, key, []string{name}, now); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	both, leaf, err := check(append([]byte("a word of mine\n"), good...), key, []string{name}, now)
	if err != nil || leaf == nil || bytes.Contains(both, []byte("a word")) {
		t.Errorf("%v: %s", err, both)
	}
	if _, err := tls.X509KeyPair(both, both); err != nil {
		t.Error(err)
	}
}

func FuzzCheck(f *testing.F) {
	key := keyOf(f)
	now := time.Now()
	f.Add(sign(f, key, now.Add(time.Hour), name))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		both, _, err := check(b, key, []string{name}, now)
		if err != nil {
			return
		}
		if pair, err := tls.X509KeyPair(both, both); err != nil || pair.Leaf.VerifyHostname(name) != nil {
			t.Errorf("taken, but not good: %v", err)
		}
	})
}

// Jobs that are none are refused.
func TestJobs(t *testing.T) {
	var out bytes.Buffer
	for what, in := range map[string]string{"nothing": "", "rubbish": "{", "a long one": `{"Names": ["` + strings.Repeat("x", maxJob) + `"]}`} {
		if err := Main(t.Context(), strings.NewReader(in), &out); err == nil || out.Len() > 0 {
			t.Errorf("%s: %v %s", what, err, out.String())
		}
	}
	if err := Main(t.Context(), strings.NewReader(`{"ACME": {"File": "/nowhere/x"}}`), &out); err != nil {
		t.Error(err)
	}
	var r signin.CertificateResult
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Failed != "folder" {
		t.Errorf("%v: %s", err, out.String())
	}
}
