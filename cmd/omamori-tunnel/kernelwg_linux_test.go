package main

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/tunnel"
)

// ipThatMakes is an ip(8) that makes a device of WireGuard even where the kernel has none:
// by Debian's wireguard-go, of which wg(8) says and sets the same. All else is ip's.
const ipThatMakes = `#!/bin/sh
if [ "$1 $2 $4 $5" = "link add type wireguard" ]; then exec wireguard-go "$3"; fi
exec %s "$@"
`

// TestRealKernel: the kernel's WireGuard at both ends, as far as it goes without one: what
// is asked of ip and wg is what they take, and what they say is understood.
func TestRealKernel(t *testing.T) {
	if !hosted() {
		return
	}
	dir, conf := settle(t)
	b, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := os.ReadFile("/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	named := filepath.Join(filepath.Dir(conf), "hosts")
	if err := os.WriteFile(named, append(hosts, "\n192.0.2.1 vpn.example.net\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	do(t, exec.Command("mount", "--bind", named, "/etc/hosts"))
	t.Cleanup(func() { do(t, exec.Command("umount", "/etc/hosts")) })
	if err := os.WriteFile(conf, []byte(strings.ReplaceAll(string(b), "192.0.2.1:", "vpn.example.net:")), 0o600); err != nil {
		t.Fatal(err)
	}

	ip, err := exec.LookPath("ip")
	if err != nil {
		t.Fatal(err)
	}
	fake := t.TempDir()
	if err := os.WriteFile(filepath.Join(fake, "ip"), []byte(fmt.Sprintf(ipThatMakes, ip)), 0o755); err != nil {
		t.Fatal(err)
	}
	with := func(cmd *exec.Cmd) *exec.Cmd {
		cmd.Env = append(cmd.Env, "PATH="+fake+":"+os.Getenv("PATH"))
		return cmd
	}

	// Without one it says so, and makes a TUN.
	out := do(t, on("server", "program", "prepare", "-kernel", "-dir", dir, "-tun", "omamori0", "-user", "nobody"))
	if !strings.Contains(out, "no WireGuard of the kernel's") || on("server", "", "wg", "show", "omamori0", "listen-port").Run() == nil {
		t.Errorf("it says: %s", out)
	}
	do(t, on("server", "program", "undo", "-tun", "omamori0"))

	t.Cleanup(func() { do(t, on("server", "program", "undo", "-tun", "omamori0")) })
	for range 2 {
		do(t, with(on("server", "program", "prepare", "-kernel", "-dir", dir, "-tun", "omamori0", "-user", "nobody")))
	}
	server := with(on("server", "program", "serve", "-dir", dir, "-tun", "omamori0", "-user", "nobody"))
	start(t, server)
	before := do(t, on("device", "", "ip", "rule"))
	device := with(on("device", "program", "up", "-tun", "omamori1", "-user", "nobody", conf)) // wireguard-go knows no namespaces
	stop := start(t, device)
	seen(t)
	if got := do(t, on("device", "", "wg", "show", "omamori1", "fwmark")); got != mark {
		t.Errorf("the kernel's own packets have the mark %s", got)
	}
	call := func(r tunnel.Request) (st tunnel.Status, err error) { // wg may be slow to answer, and it is asked again
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
			if st, err = tunnel.Call(t.Context(), tunnel.Dir(dir).Socket(), r); err == nil {
				break
			}
		}
		return st, err
	}
	st, err := call(tunnel.Ask)
	if err != nil || len(st.Peers) != 1 || st.Peers[0].Name != "laptop" || !st.Peers[0].Alive(time.Now()) || st.Peers[0].Sent < 2<<20 || !strings.HasPrefix(st.Peers[0].Endpoint, "192.0.2.2:") {
		t.Errorf("%+v, %v", st, err)
	}
	// Who is shut out is out at once.
	if err := tunnel.Dir(dir).Change(func(s *tunnel.Server) error { return s.Remove("laptop") }); err != nil {
		t.Fatal(err)
	}
	if st, err := call(tunnel.Reload); err != nil || len(st.Peers) != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	if got := do(t, on("server", "", "wg", "show", "omamori0", "peers")); got != "" {
		t.Errorf("it is still let in: %s", got)
	}
	stop()
	if after := do(t, on("device", "", "ip", "rule")); after != before {
		t.Errorf("rules are left:\n%s", after)
	}
	if out, err := on("device", "", "ip", "link", "show", "omamori1").CombinedOutput(); err == nil {
		t.Errorf("the device is left: %s", out)
	}
}

// TestKernelExpiry: who may be inside is known before wg is asked.
func TestKernelExpiry(t *testing.T) {
	now := time.Now()
	s := tunnel.Server{Networks: []netip.Prefix{netip.MustParsePrefix("10.77.0.1/24")}}
	for name, expires := range map[string]time.Time{"for-ever": {}, "for-long": now.Add(time.Hour), "over": now} {
		s.Peers = append(s.Peers, tunnel.Peer{Name: name, PublicKey: tunnel.NewKey().Public(), Expires: expires})
	}
	if got := inside(s, now, nil); len(got) != 2 {
		t.Errorf("%d are inside", len(got))
	}
}

// TestHeard: an unprivileged process may ask for two things, and within bounds.
func TestHeard(t *testing.T) {
	k := tunnel.NewKey().Public()
	c := tunnel.Conf{Peers: []tunnel.ConfPeer{{PublicKey: k}}}
	for line, want := range map[string]bool{"mtu 1280": true, "mtu 1420": true, "mtu 1279": false, "mtu 1421": false, "mtu": false, "mtu 1300 up": false, "mtu -1": false, "": false} {
		if n, ok := heard(line, most(c)); ok != want {
			t.Errorf("%q: %d, %v", line, n, ok)
		}
	}
	for line, want := range map[string]bool{
		"endpoint " + k.String() + " 192.0.2.1:51820": true, "endpoint " + k.String() + " [2001:db8::1]:1": true,
		"endpoint " + k.String() + " vpn.example.net:1": false, "endpoint " + tunnel.NewKey().String() + " 192.0.2.1:1": false,
		"endpoint " + k.String() + " 192.0.2.1:1 allowed-ips 0.0.0.0/0": false, "endpoint": false,
	} {
		if _, _, ok := heardEndpoint(line, c); ok != want {
			t.Errorf("%q: %v", line, ok)
		}
	}
}

func FuzzDump(f *testing.F) {
	f.Add("private\tpublic\t51820\toff\nkey=\t(none)\t192.0.2.2:5\t10.0.0.2/32\t1700000000\t92\t148\toff\n")
	f.Add("\n\n")
	f.Fuzz(func(_ *testing.T, s string) { _, _ = dumped(s) })
}
