package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/links/fixedaddress"
	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/words"
)

// programs names the folder of the real programs, for the run that TestHosts makes.
const programs = "OMAMORI_TEST_PROGRAMS"

// build makes the real omamori, and beside it what it becomes: this binary.
func build(t *testing.T) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "") // t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", dir, "../omamori").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\n%s=program exec %q \"$@\"\n", role, self)
	if err := os.WriteFile(filepath.Join(dir, "omamori-tunnel"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// tellAddress is a server of the web that tells each who asks his address.
func tellAddress() int {
	err := http.ListenAndServe(":80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintln(w, host)
	}))
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// proveAddress proves a link of the kind fixed-address, and says what came of it.
func proveAddress(yaml string) int {
	k := fixedaddress.Kind()
	s, problems := config.DecodeSettings(k, []byte(yaml))
	if len(problems) > 0 {
		fmt.Println(problems)
		return 1
	}
	p, err := k.New(s, chain.Place{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	proof := p.Prove(ctx)
	fmt.Println(proof.Verdict, proof.Cause, words.English.Say(proof.Because))
	return 0
}

// fixed proves that a request leaves from an address, or why it does not, once all is up.
func fixed(t *testing.T, from, url, by, want string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		out := do(t, on("device", "prove", fmt.Sprintf("leaves_from: %s\nurl: %s\n%s\n", from, url, by)))
		if strings.HasPrefix(out, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("from %s, %s: %s; not %s", from, by, out, want)
		}
	}
}

// TestRealCommands walks the page of the tunnel (doc/tunnel.md) with the real programs: the
// server is set up, a device let in, the device connects and is seen at the server's address,
// as the kind fixed-address proves it; then it is shut out.
func TestRealCommands(t *testing.T) {
	if !hosted() {
		return
	}
	top, err := os.MkdirTemp("", "") // t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	if err := os.Chmod(top, 0o755); err != nil {
		t.Fatal(err)
	}
	// The user that its unit's package makes.
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	withUser := filepath.Join(top, "passwd")
	if err := os.WriteFile(withUser, append(passwd, tunnel.User+":x:64999:64999::/nonexistent:/usr/sbin/nologin\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	do(t, exec.Command("mount", "--bind", withUser, "/etc/passwd"))
	t.Cleanup(func() { do(t, exec.Command("umount", "/etc/passwd")) })
	start(t, on("world", "echo", ":7"))
	start(t, on("world", "myaddress"))

	dir := filepath.Join(top, "tunnel")
	omamori := func(host string, args ...string) *exec.Cmd {
		cmd := on(host, "", append([]string{filepath.Join(os.Getenv(programs), "omamori"), "--lang", "en", "tunnel", "--dir", dir}, args...)...)
		cmd.Dir = top
		return cmd
	}
	refused := func(cmd *exec.Cmd, want ...string) {
		t.Helper()
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("%v is not refused: %s", cmd.Args[4:], out)
		}
		for _, w := range want {
			if !strings.Contains(string(out), w) {
				t.Errorf("%v: no %q in\n%s", cmd.Args[4:], w, out)
			}
		}
	}
	refused(omamori("server", "list"), "no tunnel here yet", "omamori tunnel serve --endpoint")
	start(t, omamori("server", "serve", "--endpoint", "192.0.2.1"))
	running := func() bool {
		_, err := tunnel.Call(t.Context(), tunnel.Dir(dir).Socket(), tunnel.Ask)
		return err == nil
	}
	for deadline := time.Now().Add(patience); !running(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not serve")
		}
	}
	if out := do(t, omamori("server", "add", "laptop", "--out", "laptop.conf")); !strings.Contains(out, "written: laptop.conf") || strings.Contains(out, "not running") {
		t.Errorf("it says: %s", out)
	}
	do(t, omamori("server", "add", "guest", "--for", "1h", "--out", "guest.conf"))
	if out := do(t, omamori("server", "list")); strings.Count(out, "not connected yet") != 2 {
		t.Errorf("the devices:\n%s", out)
	}

	const v4, v6 = "http://198.51.100.2/", "http://[2001:db8::2]/"
	fixed(t, "198.51.100.1", v4, "interface: omamori0", "broken no_tunnel")
	down := start(t, omamori("device", "up", "laptop.conf"))
	seen(t)
	fixed(t, "198.51.100.1", v4, "", "holds")
	fixed(t, "198.51.100.1", v4, "interface: omamori0", "holds")
	fixed(t, "2001:db8::1", v6, "", "holds")
	fixed(t, "203.0.113.9", v4, "", "broken other_address")
	if out := do(t, omamori("server", "list")); strings.Count(out, "connected (") != 1 || strings.Count(out, "not connected yet") != 1 {
		t.Errorf("the devices:\n%s", out)
	}
	do(t, omamori("server", "remove", "laptop"))
	if out := do(t, omamori("server", "list")); strings.Contains(out, "laptop") {
		t.Errorf("the devices:\n%s", out)
	}
	if out, err := on("device", "ask", "198.51.100.2:7").CombinedOutput(); err == nil {
		t.Errorf("who is shut out still comes through, from %s", out)
	}
	down()
	fixed(t, "198.51.100.1", v4, "interface: omamori0", "broken no_tunnel")

	refused(omamori("device", "up", "guest.conf", "--socks", "0.0.0.0:1080"), "is not its loopback", "--socks 127.0.0.1:1080")
	refused(omamori("server", "serve"), "UDP port 51820 is taken", "omamori tunnel list")

	// What is wrong with a configuration is told with its line and a hint, in both languages.
	b, err := os.ReadFile(filepath.Join(top, "guest.conf"))
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(top, "bad.conf")
	if err := os.WriteFile(bad, []byte(strings.ReplaceAll(string(b), "PublicKey = ", "PublicKey = x")+"Colour = red\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	last := fmt.Sprintf("bad.conf:%d: ", len(lines)+1)
	for lang, want := range map[string][]string{
		"en_US.UTF-8": {last + "Colour is not known here", "PublicKey is no key of WireGuard", "wg show"},
		"ja_JP.UTF-8": {last + "Colour というキーはありません", "PublicKey が WireGuard の鍵ではありません", "wg show"},
	} {
		cmd := omamori("device", "up", "bad.conf")
		cmd.Env = append(cmd.Env, "LANG="+lang, "LC_ALL=", "LANGUAGE=")
		refused(cmd, want...)
	}
}

// TestRealQuick: wg-quick and wg take our configuration as it is, and we what they write.
func TestRealQuick(t *testing.T) {
	if !hosted() {
		return
	}
	dir, conf := settle(t)
	before, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	start(t, on("server", "program", "serve", "-dir", dir, "-user", "nobody"))
	do(t, on("device", "", "wg-quick", "up", conf))
	isUp := true
	down := func() {
		if isUp {
			isUp = false
			do(t, on("device", "", "wg-quick", "down", conf))
		}
	}
	t.Cleanup(down)
	seen(t)
	ours, _ := tunnel.ParseConf(before)
	same := func(what string, text []byte) {
		t.Helper()
		c, bad := tunnel.ParseConf(text)
		if tunnel.Wrong(bad) || len(c.Peers) != 1 {
			t.Fatalf("%s: %v\n%s", what, bad, text)
		}
		p, want := c.Peers[0], ours.Peers[0]
		if c.PrivateKey != ours.PrivateKey || p.PublicKey != want.PublicKey || p.Endpoint != want.Endpoint || p.Keepalive != want.Keepalive || len(p.AllowedIPs) != len(want.AllowedIPs) {
			t.Errorf("%s:\n%s\nours:\n%s", what, text, before)
		}
	}
	same("wg showconf", []byte(do(t, on("device", "", "wg", "showconf", "wgtest"))))
	do(t, on("device", "", "wg-quick", "save", conf))
	saved, err := os.ReadFile(conf)
	if err != nil || string(saved) == string(before) {
		t.Fatalf("wg-quick saved nothing: %v", err)
	}
	same("wg-quick save", saved)
	down()
	start(t, on("device", "program", "up", "-user", "nobody", conf))
	seen(t)
}

func FuzzAsked(f *testing.F) {
	f.Add([]byte{5, 1, 0, 5, 1, 0, 1, 198, 51, 100, 2, 0, 80})
	f.Add(append(append([]byte{5, 1, 0, 5, 1, 0, 4}, make([]byte, 16)...), 0, 80))
	f.Add(append([]byte{5, 2, 0, 2, 5, 1, 0, 3, 9}, "localhost\x00P"...))
	f.Add([]byte{4, 1, 0, 80, 198, 51, 100, 2, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // no name is looked up
		to, err := asked(ctx, struct {
			io.Reader
			io.Writer
		}{strings.NewReader(string(b)), io.Discard})
		if err == nil && !to.Addr().IsValid() {
			t.Errorf("%x: %v", b, to)
		}
	})
}

func FuzzHeard(f *testing.F) {
	k := tunnel.NewKey().Public()
	c := tunnel.Conf{MTU: 1400, Peers: []tunnel.ConfPeer{{PublicKey: k}}}
	f.Add("mtu 1300")
	f.Add("endpoint " + k.String() + " 192.0.2.1:51820")
	f.Fuzz(func(t *testing.T, line string) {
		if n, ok := heard(line, most(c)); ok && (n < leastMTU || n > 1400) {
			t.Errorf("%q: %d", line, n)
		}
		if of, a, ok := heardEndpoint(line, c); ok && (of != k || !a.IsValid()) {
			t.Errorf("%q: %v", line, a)
		}
	})
}
