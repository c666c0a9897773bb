package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/tunnel"
)

// owner is somebody with a site and a tunnel on a host, each of which he shares with
// a buddy as far as was agreed.
type owner struct {
	host, at   string // his address in the world
	site       string // what visitors reach
	dir        string
	port       int
	network    string
	hers, mine string // the configuration he was given, and the proxy through it
}

// TestRealBuddies: two owners serve each other's tunnel. Each proves his site from outside,
// from the other's address; on the other's machine, and beyond it, he reaches nothing else,
// however he writes his configuration.
func TestRealBuddies(t *testing.T) {
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
	hanako := &owner{host: "server", at: "192.0.2.1", site: "192.0.2.1:8007", dir: filepath.Join(top, "hanako"), port: 51820, network: "10.77.0.1/24", mine: "127.0.0.1:1080"}
	taro := &owner{host: "device", at: "192.0.2.2", site: "192.0.2.2:8008", dir: filepath.Join(top, "taro"), port: 51821, network: "10.78.0.1/24", mine: "127.0.0.1:1081"}
	start(t, on("world", "echo", ":7"))
	for _, x := range [][2]*owner{{hanako, taro}, {taro, hanako}} {
		his, other := x[0], x[1]
		for _, at := range []string{his.site, "127.0.0.1:22", "127.0.0.1:4649", his.at + ":4649", his.at + ":8009"} { // sshd, the guard's page, and what else there is
			start(t, on(his.host, "echo", at))
		}
		err := tunnel.Dir(his.dir).Change(func(s *tunnel.Server) error {
			*s = tunnel.Server{
				PrivateKey: tunnel.NewKey(), Port: his.port, Endpoint: fmt.Sprintf("%s:%d", his.at, his.port), MTU: 1420, Local: []int{22},
				Networks: []netip.Prefix{netip.MustParsePrefix(his.network)},
			}
			if _, err := s.Add("phone", tunnel.NewKey().Public(), time.Now(), time.Time{}, nil); err != nil {
				return err
			}
			private := tunnel.NewKey()
			p, err := s.Add("buddy", private.Public(), time.Now(), time.Time{}, []netip.AddrPort{netip.MustParseAddrPort(other.site)})
			if err != nil {
				return err
			}
			c := s.Conf(p, private, false)
			// He asks for everything.
			c.Peers[0].AllowedIPs = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
			other.hers = filepath.Join(top, other.host+".conf")
			return os.WriteFile(other.hers, []byte(c.String()), 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
		start(t, on(his.host, "program", "serve", "-dir", his.dir, "-user", "nobody"))
	}
	for _, x := range [][2]*owner{{hanako, taro}, {taro, hanako}} {
		his, other := x[0], x[1]
		start(t, on(his.host, "program", "up", "-socks", his.mine, his.hers))
		for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
			out, err := on(his.host, "ask", his.site, his.mine).CombinedOutput()
			if err == nil {
				if got := strings.TrimSpace(string(out)); got != other.at {
					t.Errorf("%s's site is reached from %s, not from %s", his.host, got, other.at)
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%v: %s", err, out)
			}
		}
		home := strings.TrimSuffix(other.network, "1/24")
		for _, to := range []string{
			home + "1:22", home + "1:4649", home + "2:22", home + "3:22", // the server within the tunnel, and who else is there
			"127.0.0.1:22", other.at + ":22", other.at + ":4649", other.at + ":8009", other.site,
			his.at + ":8009", "198.51.100.2:7", "169.254.169.254:80",
		} {
			if out, err := on(his.host, "ask", to, his.mine).CombinedOutput(); err == nil {
				t.Errorf("%s reaches %s by the other's tunnel, from %s", his.host, to, out)
			}
		}
	}
	// And what each knows of the other's tunnel is his own way in, no key of the server's.
	b, err := os.ReadFile(taro.hers)
	if err != nil {
		t.Fatal(err)
	}
	s, err := tunnel.Dir(hanako.dir).Load()
	if err != nil {
		t.Fatal(err)
	}
	if key, _ := json.Marshal(s.PrivateKey); strings.Contains(string(b), strings.Trim(string(key), `"`)) {
		t.Error("the server's key is given away")
	}
}
