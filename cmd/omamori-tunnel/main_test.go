package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/tunnel"
)

// patience is for what must happen, on a machine that has much else to do.
const patience = 3 * time.Minute

// role says what this binary is to be, in a process of a test.
const role = "OMAMORI_TEST_ROLE"

// The hosts of the tests: a device, the server, and the world.
const hosts = `
mount -t tmpfs none /run; mkdir -p /run/netns
for n in device server world; do
	ip netns add $n; ip -n $n link set lo up
	ip netns exec $n sh -c 'for f in all default; do echo 0 > /proc/sys/net/ipv6/conf/$f/accept_dad; done'
done
ip link add to-device netns server type veth peer name to-server netns device
ip link add to-world netns server type veth peer name to-server netns world
ip -n server addr add 192.0.2.1/24 dev to-device; ip -n device addr add 192.0.2.2/24 dev to-server
ip -n server addr add 198.51.100.1/24 dev to-world; ip -n world addr add 198.51.100.2/24 dev to-server
ip -n server addr add 2001:db8::1/64 dev to-world nodad; ip -n world addr add 2001:db8::2/64 dev to-server nodad
for x in device:to-server server:to-device server:to-world world:to-server; do ip -n ${x%:*} link set ${x#*:} up; done
exec "$0" -test.run '^TestReal' -test.count=1 -test.v
`

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "program":
		os.Exit(run(os.Args[1:]))
	case "echo":
		os.Exit(echo(os.Args[1]))
	case "advertise":
		os.Exit(advertise(os.Args[1]))
	case "ask":
		os.Exit(ask(os.Args[1], os.Args[2:]...))
	case "myaddress":
		os.Exit(tellAddress())
	case "prove":
		os.Exit(proveAddress(os.Args[1]))
	}
	os.Exit(m.Run())
}

// dialWithin is for what a test may see fail, and then tries again.
const dialWithin = 3 * time.Second

// echo answers each who connects with his address, and with all that he says.
func echo(address string) int {
	l, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return 1
		}
		go func() {
			fmt.Fprintln(c, c.RemoteAddr().(*net.TCPAddr).IP)
			_, _ = io.Copy(c, c)
			c.Close()
		}()
	}
}

// ask says a megabyte to an echo, perhaps through a SOCKS proxy, and prints from where
// it was heard if it was heard well.
func ask(address string, proxy ...string) int {
	to := netip.MustParseAddrPort(address)
	dial := address
	if len(proxy) > 0 {
		dial = proxy[0]
	}
	c, err := net.DialTimeout("tcp", dial, dialWithin)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if len(proxy) > 0 {
		b := append([]byte{5, 1, 0, 5, 1, 0, 1}, to.Addr().AsSlice()...)
		_, _ = c.Write(append(b, byte(to.Port()>>8), byte(to.Port())))
		if _, err := io.ReadFull(c, make([]byte, 12)); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	said := bytes.Repeat([]byte("omamori "), 128<<10)
	go func() {
		_, _ = c.Write(said)
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	heard, err := io.ReadAll(c)
	from, rest, _ := bytes.Cut(heard, []byte("\n"))
	if err != nil || !bytes.Equal(rest, said) {
		fmt.Println(len(rest), err)
		return 1
	}
	fmt.Println(string(from))
	return 0
}

// advertise says once to all on a link that here is a router, as RFC 4861 has it.
func advertise(link string) int {
	i, err := net.InterfaceByName(link)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	said := make([]byte, 16)
	said[0], said[4], said[6] = 134, 64, 7 // the kind, the hop limit, a lifetime of half an hour
	err = errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, 255),
		unix.Sendto(fd, said, 0, &unix.SockaddrInet6{ZoneId: uint32(i.Index), Addr: netip.MustParseAddr("ff02::1").As16()}))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// TestHosts runs the tests named TestReal… on hosts of their own.
func TestHosts(t *testing.T) {
	if os.Getenv(role) != "" {
		return // these are the hosts of their own
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, for hosts of its own")
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-ec", hosts, os.Args[0])
	cmd.Env = append(os.Environ(), role+"=test", programs+"="+build(t))
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestReal")) || bytes.Contains(out, []byte("--- SKIP")) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// hosted reports whether this is the run that TestHosts made.
func hosted() bool { return os.Getenv(role) == "test" }

// on makes a command on a host.
func on(host, as string, args ...string) *exec.Cmd {
	if as != "" {
		args = append([]string{os.Args[0]}, args...)
	}
	cmd := exec.Command("ip", append([]string{"netns", "exec", host}, args...)...)
	cmd.Env = append(os.Environ(), role+"="+as)
	return cmd
}

func start(t *testing.T, cmd *exec.Cmd) (stop func()) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	stop = func() {
		if !ended {
			ended = true
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
		}
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("%v:\n%s", cmd.Args[4:], out.String())
		}
	})
	return stop
}

func do(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args[4:], err, out)
	}
	return strings.TrimSpace(string(out))
}

// heardFrom asks until it is heard.
func heardFrom(t *testing.T, to string, proxy ...string) string {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		out, err := on("device", "ask", append([]string{to}, proxy...)...).CombinedOutput()
		if err == nil {
			return strings.TrimSpace(string(out))
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v: %s", to, err, out)
		}
	}
}

// settle makes a server with one device.
func settle(t *testing.T) (dir, conf string) {
	t.Helper()
	top, err := os.MkdirTemp("", "") // t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	if err := os.Chmod(top, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, conf = filepath.Join(top, "tunnel"), filepath.Join(top, "wgtest.conf")
	err = tunnel.Dir(dir).Change(func(s *tunnel.Server) error {
		*s = tunnel.Server{
			PrivateKey: tunnel.NewKey(), Port: 51820, Endpoint: "192.0.2.1:51820", MTU: 1420,
			Networks: []netip.Prefix{netip.MustParsePrefix("10.77.0.1/24"), netip.MustParsePrefix("fd77::1/64")},
		}
		private := tunnel.NewKey()
		p, err := s.Add("laptop", private.Public(), time.Now(), time.Time{}, nil)
		if err != nil {
			return err
		}
		return os.WriteFile(conf, []byte(s.Conf(p, private, false).String()), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	start(t, on("world", "echo", ":7"))
	return dir, conf
}

// seen: the device is seen by the world at the server's addresses.
func seen(t *testing.T) {
	t.Helper()
	for to, want := range map[string]string{"198.51.100.2:7": "198.51.100.1", "[2001:db8::2]:7": "2001:db8::1"} {
		if got := heardFrom(t, to); got != want {
			t.Errorf("%s is reached from %s, not %s", to, got, want)
		}
	}
}

// TestRealWithout: no TUN, no rights; the device is Debian's wireguard-go with Debian's
// wg, which take our configuration as it is.
func TestRealWithout(t *testing.T) {
	if !hosted() {
		return
	}
	dir, conf := settle(t)
	server := on("server", "program", "serve", "-dir", dir, "-user", "nobody")
	start(t, server)
	daemon := on("device", "", "wireguard-go", "wgtest")
	daemon.Env = append(daemon.Env, "WG_PROCESS_FOREGROUND=1")
	start(t, daemon)
	stripped := filepath.Join(filepath.Dir(conf), "stripped")
	if err := os.WriteFile(stripped, []byte(do(t, on("device", "", "wg-quick", "strip", conf))+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); on("device", "", "wg", "setconf", "wgtest", stripped).Run() != nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("wireguard-go does not come up")
		}
	}
	for _, order := range []string{"addr add 10.77.0.2/32 dev wgtest", "addr add fd77::2/128 dev wgtest", "link set wgtest up mtu 1420",
		"route add 198.51.100.0/24 dev wgtest", "route add 2001:db8::/64 dev wgtest"} {
		do(t, on("device", "", append([]string{"ip"}, strings.Fields(order)...)...))
	}
	seen(t)
	pings(t)
	powerless(t, fmt.Sprint(server.Process.Pid))
	st, err := tunnel.Call(t.Context(), tunnel.Dir(dir).Socket(), tunnel.Ask)
	if err != nil || len(st.Peers) != 1 || !st.Peers[0].Alive(time.Now()) || st.Peers[0].Sent < 2<<20 {
		t.Errorf("%+v, %v", st, err)
	}
}

// pings: the world answers the device's, by both IPs, from sockets of the server's that need
// no right.
func pings(t *testing.T) {
	t.Helper()
	do(t, on("server", "", "sh", "-c", "echo 0 65535 > /proc/sys/net/ipv4/ping_group_range"))
	for _, to := range []string{"198.51.100.2", "2001:db8::2"} {
		for deadline := time.Now().Add(patience); ; { // one may be lost
			out, err := on("device", "", "ping", "-c", "1", "-W", "5", to).CombinedOutput()
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("ping %s: %v\n%s", to, err, out)
			}
		}
	}
}

// powerless: what carries the packets has no right left.
func powerless(t *testing.T, pid string) {
	t.Helper()
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil || !strings.Contains(string(status), "CapEff:\t0000000000000000") || !strings.Contains(string(status), "CapPrm:\t0000000000000000") || strings.Contains(string(status), "Uid:\t0") {
		t.Errorf("it has rights: %v\n%s", err, status)
	}
}

// TestRealTUN: TUNs at both ends, over a path of 1,280 bytes.
func TestRealTUN(t *testing.T) {
	if !hosted() {
		return
	}
	dir, conf := settle(t)
	for _, x := range [][2]string{{"device", "to-server"}, {"server", "to-device"}} {
		do(t, on(x[0], "", "ip", "link", "set", x[1], "mtu", "1280"))
		defer do(t, on(x[0], "", "ip", "link", "set", x[1], "mtu", "1500"))
	}
	t.Cleanup(func() { do(t, on("server", "program", "undo", "-tun", "omamori0")) })
	do(t, on("server", "program", "prepare", "-dir", dir, "-tun", "omamori0", "-user", "nobody"))
	start(t, on("server", "program", "serve", "-dir", dir, "-tun", "omamori0", "-user", "nobody"))
	before := do(t, on("device", "", "ip", "rule"))
	device := on("device", "program", "up", "-user", "nobody", conf)
	stop := start(t, device)
	seen(t)
	// Who is on the network there has no right left either.
	var children []string
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", device.Process.Pid))
	for _, path := range threads {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, strings.Fields(string(b))...)
	}
	if len(children) != 1 {
		t.Fatalf("the carriers: %q", children)
	}
	powerless(t, children[0])
	stop()
	if after := do(t, on("device", "", "ip", "rule")); after != before {
		t.Errorf("rules are left:\n%s", after)
	}
}

// TestRealNarrow: a router on the way carries less than what either end thinks. The device
// finds out how much; and where the router is not heard, it cuts up what is too large.
func TestRealNarrow(t *testing.T) {
	if !hosted() {
		return
	}
	dir, conf := settle(t)
	script := `
ip netns add near; ip netns add far
ip link add to-near netns device type veth peer name to-device netns near
ip link add to-far netns near type veth peer name to-near netns far
ip link add to-far netns server type veth peer name to-server netns far
ip -n device addr add 10.9.0.2/24 dev to-near; ip -n near addr add 10.9.0.1/24 dev to-device
ip -n near addr add 10.9.1.1/24 dev to-far; ip -n far addr add 10.9.1.2/24 dev to-near
ip -n far addr add 10.9.2.1/24 dev to-server; ip -n server addr add 10.9.2.2/24 dev to-far
for x in device:to-near near:to-device near:to-far far:to-near far:to-server server:to-far; do ip -n ${x%:*} link set ${x#*:} up; done
ip -n device route add 10.9.2.0/24 via 10.9.0.1; ip -n near route add 10.9.2.0/24 via 10.9.1.2
ip -n server route add 10.9.0.0/24 via 10.9.2.1; ip -n far route add 10.9.0.0/24 via 10.9.1.1
for x in near far; do ip netns exec $x sysctl -qw net.ipv4.ip_forward=1; done
`
	do(t, exec.Command("sh", "-ec", script, "routers"))
	t.Cleanup(func() { do(t, exec.Command("sh", "-ec", "ip netns del near; ip netns del far", "routers")) })
	b, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, bytes.ReplaceAll(b, []byte("192.0.2.1:51820"), []byte("10.9.2.2:51820")), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, on("server", "program", "serve", "-dir", dir, "-user", "nobody"))
	narrow := func(mtu string) {
		do(t, on("near", "", "ip", "link", "set", "to-far", "mtu", mtu))
		do(t, on("far", "", "ip", "link", "set", "to-near", "mtu", mtu))
	}
	mtu := func(want string) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
			out, err := on("device", "", "cat", "/sys/class/net/omamori0/mtu").CombinedOutput()
			if err == nil && strings.TrimSpace(string(out)) == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the device has %s, %v, not %s", out, err, want)
			}
		}
	}
	narrow("1400")
	stop := start(t, on("device", "program", "up", "-user", "nobody", conf))
	mtu("1340")
	seen(t)
	stop()

	narrow("1280")
	for _, router := range []string{"near", "far"} {
		do(t, on(router, "", "nft", "add table ip mute; add chain ip mute out { type filter hook output priority 0; }; add rule ip mute out meta l4proto icmp drop"))
	}
	do(t, on("device", "", "ip", "route", "flush", "cache"))
	do(t, on("server", "", "ip", "route", "flush", "cache"))
	start(t, on("device", "program", "up", "-user", "nobody", conf))
	seen(t)
}

// TestRealPrepare: a machine that begins to forward for the tunnel keeps the route by
// which its owner reaches it, and forwards for nobody else; undo puts all back.
func TestRealPrepare(t *testing.T) {
	if !hosted() {
		return
	}
	dir, _ := settle(t)
	kernel := func() string {
		return do(t, on("server", "", "sh", "-c", "cd /proc/sys/net; cat ipv4/ip_forward ipv6/conf/all/forwarding ipv6/conf/*/accept_ra; ls /run; nft list tables; ip -o link show type tun"))
	}
	for _, x := range [][2]string{{"device", "198.51.100.0/24 via 192.0.2.1"}, {"world", "192.0.2.0/24 via 198.51.100.1"}} {
		do(t, on(x[0], "", append([]string{"ip", "route", "add"}, strings.Fields(x[1])...)...))
		t.Cleanup(func() { do(t, on(x[0], "", append([]string{"ip", "route", "del"}, strings.Fields(x[1])...)...)) })
	}
	before := kernel()
	if !strings.HasPrefix(before, "0\n0\n") {
		t.Fatalf("it forwards already, as after a test that did not undo:\n%s", before)
	}
	fromRouter := func() bool {
		return strings.Contains(do(t, on("server", "", "ip", "-6", "route", "show", "default")), "proto ra")
	}
	for deadline := time.Now().Add(patience); !fromRouter(); time.Sleep(50 * time.Millisecond) {
		do(t, on("world", "advertise", "to-server"))
		if time.Now().After(deadline) {
			t.Fatal("no route from the router")
		}
	}
	for range 2 { // as when the first was not undone
		do(t, on("server", "program", "prepare", "-dir", dir, "-tun", "omamori0", "-user", "nobody"))
		if !fromRouter() {
			t.Error("the route to the world is gone, and with it the owner's way in")
		}
		if out, err := on("device", "ask", "198.51.100.2:7").CombinedOutput(); err == nil {
			t.Errorf("it forwards for whom the tunnel does not know: %s", out)
		}
	}
	do(t, on("server", "program", "undo", "-tun", "omamori0"))
	if after := kernel(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	if !fromRouter() {
		t.Error("the route to the world is gone after all")
	}
}

// TestRealSocks: no right at either end.
func TestRealSocks(t *testing.T) {
	if !hosted() {
		return
	}
	dir, conf := settle(t)
	start(t, on("server", "program", "serve", "-dir", dir, "-user", "nobody"))
	start(t, on("world", "myaddress"))
	start(t, on("device", "program", "up", "-socks", "127.0.0.1:1080", conf))
	if got := heardFrom(t, "198.51.100.2:7", "127.0.0.1:1080"); got != "198.51.100.1" {
		t.Errorf("reached from %s", got)
	}
	fixed(t, "198.51.100.1", "http://198.51.100.2/", "proxy: 127.0.0.1:1080", "holds")
	fixed(t, "2001:db8::1", "http://[2001:db8::2]/", "proxy: 127.0.0.1:1080", "holds")
	fixed(t, "198.51.100.1", "http://198.51.100.2/", "proxy: 127.0.0.1:1081", "broken no_tunnel")
}

// TestGuardStaysSmall: the guard and hands link neither WireGuard nor a network stack.
func TestGuardStaysSmall(t *testing.T) {
	for _, program := range []string{"omamori", "omamori-hands", "omamori-send"} {
		out, err := exec.Command("go", "list", "-deps", "../"+program).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, big := range []string{"gvisor.dev/", "golang.zx2c4.com/", "/tunnel/engine"} {
			if strings.Contains(string(out), big) {
				t.Errorf("%s links %s", program, big)
			}
		}
	}
}
