package vpn

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// inside is set in a process that has a network, and /run, of its own.
const inside = "OMAMORI_TEST_NETWORK"

// TestPeers runs the tests named TestReal… in a network of their own, as the daemons
// that they start have ports that are fixed.
func TestPeers(t *testing.T) {
	if apart() {
		return // this is the network of its own
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, for a network of its own")
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-ec",
		`mount -t tmpfs none /run; ip link set lo up; exec "$0" -test.run '^TestReal' -test.count=1 -test.v`, os.Args[0])
	cmd.Env = append(os.Environ(), inside+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestReal")) || bytes.Contains(out, []byte("--- SKIP")) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// apart reports whether this is the run that TestPeers made.
func apart() bool { return os.Getenv(inside) != "" }

// said is what a daemon says, while it says it.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// daemon starts one in the foreground, which ends with the test.
func daemon(t *testing.T, env []string, name string, args ...string) *said {
	t.Helper()
	var out said
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s says:\n%s", name, out.String())
		}
	})
	return &out
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func prove(t *testing.T, s settings, patience time.Duration) chain.Proof {
	t.Helper()
	if s.Transport == "" {
		s.Transport = "udp"
	}
	p, err := build(s, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	proof := p.Prove(ctx)
	if !words.Has(proof.Because.Key) || proof.Verdict == chain.Broken && !words.Has(proof.Hint.Key) {
		t.Errorf("says too little: %+v", proof)
	}
	return proof
}

// until proves again until the daemon is up.
func until(t *testing.T, s settings, done func(chain.Proof) bool) chain.Proof {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		p := prove(t, s, 2*time.Second)
		if done(p) {
			return p
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %+v", s.Protocol, p)
		}
	}
}

// untried is the proof of a server that answers, and takes no login from us.
func untried(p chain.Proof) bool {
	return p.Verdict == chain.Unproven && p.Because.Key == "vpn.untried"
}

func cause(code string) func(chain.Proof) bool {
	return func(p chain.Proof) bool { return p.Verdict == chain.Broken && p.Cause == code }
}

func TestRealPPTP(t *testing.T) {
	if !apart() {
		return
	}
	s := settings{Protocol: "pptp", Address: "127.0.0.1"}
	if p := prove(t, s, time.Second); p.Cause != "refused" {
		t.Errorf("nobody there: %+v", p)
	}
	daemon(t, nil, "pptpd", "--fg", "--conf", write(t, "pptpd.conf", "listen 127.0.0.1\nlocalip 10.9.9.1\nremoteip 10.9.9.2-9\n"), "--option", "/dev/null")
	p := until(t, s, untried)
	if len(p.Evidence) != 1 || !strings.Contains(p.Evidence[0], "linux") {
		t.Errorf("who it is: %q", p.Evidence)
	}
	s.Answers = true
	if p := prove(t, s, 2*time.Second); p.Verdict != chain.Holds {
		t.Errorf("that it answers is all that is claimed: %+v", p)
	}
}

func TestRealL2TP(t *testing.T) {
	if !apart() {
		return
	}
	out := daemon(t, nil, "xl2tpd", "-D", "-c", write(t, "xl2tpd.conf", "[global]\nlisten-addr = 127.0.0.1\n[lns default]\nip range = 10.9.8.2-10.9.8.9\nlocal ip = 10.9.8.1\nrequire authentication = no\n"),
		"-p", filepath.Join(t.TempDir(), "pid"), "-C", filepath.Join(t.TempDir(), "control"))
	until(t, settings{Protocol: "l2tp", Address: "127.0.0.1"}, untried)
	// The goodbye is of use: it closes the tunnel at once.
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(out.String(), "control_finish: Connection closed to 127.0.0.1"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no goodbye in its log:\n%s", out)
		}
	}
}

// charon starts strongSwan with one connection that takes these proposals.
func charon(t *testing.T, version int, proposals string) {
	t.Helper()
	conf := write(t, "strongswan.conf", `charon {
  load = random nonce openssl aes sha1 sha2 hmac kdf gmp curve25519 kernel-netlink socket-default vici
  filelog { stderr { default = 1 } }
}
swanctl { load = random openssl }
`)
	conns := write(t, "swanctl.conf", fmt.Sprintf(`connections {
  test { version = %d
    proposals = %s
    local { auth = psk }
    remote { auth = psk }
    children { all { } } }
}
secrets { ike-1 { secret = "not of use here" } }
`, version, proposals))
	daemon(t, []string{"STRONGSWAN_CONF=" + conf}, "/usr/lib/ipsec/charon")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		cmd := exec.Command("swanctl", "--load-all", "--file", conns)
		cmd.Env = append(os.Environ(), "STRONGSWAN_CONF="+conf)
		out, err := cmd.CombinedOutput()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("swanctl: %v\n%s", err, out)
		}
	}
}

func TestRealIKE(t *testing.T) {
	if !apart() {
		return
	}
	for _, c := range []struct {
		name, protocol, address string
		version                 int
		proposals               string
		want                    func(chain.Proof) bool
	}{
		{"IKEv2", "ikev2", "127.0.0.1", 2, "aes256-sha256-ecp256", untried},
		{"IKEv2 at the port of NAT", "ikev2", "127.0.0.1:4500", 2, "aes128gcm16-prfsha256-curve25519", untried},
		{"IKEv2, no cipher in common", "ikev2", "127.0.0.1", 2, "camellia256-sha256-ecp256", cause("negotiation_refused")},
		{"L2TP/IPsec", "l2tp-ipsec", "127.0.0.1", 1, "3des-sha1-modp1024", untried},
		{"L2TP/IPsec where IKEv1 is off", "l2tp-ipsec", "127.0.0.1", 2, "aes256-sha256-ecp256", cause("negotiation_refused")},
	} {
		t.Run(c.name, func(t *testing.T) {
			charon(t, c.version, c.proposals)
			until(t, settings{Protocol: c.protocol, Address: c.address}, c.want)
		})
	}
}

// certificate makes one that is its own authority.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	key, cert = filepath.Join(dir, "key"), filepath.Join(dir, "cert")
	run(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=test", "-keyout", key, "-out", cert)
	return cert, key
}

// openvpnServer starts one, which lets in who has its own certificate.
func openvpnServer(t *testing.T, transport string, more ...string) (cert, key string) {
	t.Helper()
	cert, key = certificate(t)
	args := []string{"--dev", "tun", "--ifconfig-noexec", "--proto", transport, "--local", "127.0.0.1", "--mode", "server", "--tls-server", "--dh", "none", "--ca", cert, "--cert", cert, "--key", key}
	daemon(t, nil, "openvpn", append(args, more...)...)
	return cert, key
}

func TestRealOpenVPN(t *testing.T) {
	if !apart() {
		return
	}
	key, other := filepath.Join(t.TempDir(), "ta"), filepath.Join(t.TempDir(), "other")
	run(t, "openvpn", "--genkey", "secret", key)
	run(t, "openvpn", "--genkey", "secret", other)
	file := func(path string) chain.Secret { return chain.Secret("file:" + path) }
	udp := settings{Protocol: "openvpn", Address: "127.0.0.1"}
	with := func(change func(*settings)) settings { s := udp; change(&s); return s }
	t.Run("udp", func(t *testing.T) {
		openvpnServer(t, "udp")
		until(t, udp, untried)
	})
	t.Run("tcp", func(t *testing.T) {
		openvpnServer(t, "tcp-server")
		until(t, with(func(s *settings) { s.Transport = "tcp" }), untried)
	})
	t.Run("tls-auth", func(t *testing.T) {
		openvpnServer(t, "udp", "--tls-auth", key, "0")
		until(t, with(func(s *settings) { s.TLSAuth = file(key) }), untried)
		if p := prove(t, udp, 2*time.Second); p.Cause != "silent" || p.Hint.Key != "vpn.silent_openvpn_hint" {
			t.Errorf("without the key: %+v", p)
		}
		if p := prove(t, with(func(s *settings) { s.TLSAuth = file(other) }), 2*time.Second); p.Cause != "silent" || p.Hint.Key != "vpn.silent_key_hint" {
			t.Errorf("with another key: %+v", p)
		}
	})
	t.Run("tls-crypt", func(t *testing.T) {
		openvpnServer(t, "udp", "--tls-crypt", key)
		until(t, with(func(s *settings) { s.TLSCrypt = file(key) }), untried)
		if p := prove(t, with(func(s *settings) { s.TLSCrypt = file(other) }), 2*time.Second); p.Cause != "silent" {
			t.Errorf("with another key: %+v", p)
		}
	})
}

func wgPair(t *testing.T) (private, public string) {
	t.Helper()
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(k.Bytes()), base64.StdEncoding.EncodeToString(k.PublicKey().Bytes())
}

func TestRealWireGuard(t *testing.T) {
	if !apart() {
		return
	}
	server, serverPublic := wgPair(t)
	ours, oursPublic := wgPair(t)
	stranger, _ := wgPair(t)
	psk, _ := wgPair(t)
	file := func(text string) chain.Secret { return chain.Secret("file:" + write(t, "key", text+"\n")) }
	daemon(t, []string{"WG_PROCESS_FOREGROUND=1"}, "wireguard-go", "wgtest0")
	for deadline := time.Now().Add(20 * time.Second); exec.Command("wg", "show", "wgtest0").Run() != nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("wireguard-go does not come up")
		}
	}
	run(t, "wg", "set", "wgtest0", "listen-port", "51820", "private-key", write(t, "key", server), "peer", oursPublic, "preshared-key", write(t, "psk", psk), "allowed-ips", "10.9.7.2/32")
	run(t, "ip", "link", "set", "wgtest0", "up")
	s := settings{Protocol: "wireguard", Address: "127.0.0.1", Peer: serverPublic, Key: file(ours), PSK: file(psk)}
	until(t, s, func(p chain.Proof) bool { return p.Verdict == chain.Holds && p.Because.Key == "vpn.takes_key" })
	s.PSK = file(stranger)
	if p := until(t, s, func(p chain.Proof) bool { return p.Cause != "silent" }); p.Cause != "wrong_key" { // it takes one handshake each 20 ms
		t.Errorf("another preshared key: %+v", p)
	}
	s.Key = file(stranger)
	if p := prove(t, s, 2*time.Second); p.Cause != "silent" || p.Hint.Key != "vpn.silent_key_hint" {
		t.Errorf("a stranger's key: %+v", p)
	}
	s.Key = file("not a key")
	if p := prove(t, s, 2*time.Second); p.Verdict != chain.Unproven || p.Because.Key != "vpn.no_secret" {
		t.Errorf("no key: %+v", p)
	}
}

func TestRealNobody(t *testing.T) {
	if !apart() {
		return
	}
	if p := prove(t, settings{Protocol: "ikev2", Address: "127.0.0.1"}, 2*time.Second); p.Cause != "refused" {
		t.Errorf("a closed port: %+v", p)
	}
	if p := prove(t, settings{Protocol: "ikev2", Address: "192.0.2.1"}, 2*time.Second); p.Cause != "unreachable" {
		t.Errorf("no route: %+v", p)
	}
	c, err := net.ListenPacket("udp", "127.0.0.1:1701") // hears, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if p := prove(t, settings{Protocol: "l2tp", Address: "127.0.0.1"}, 2*time.Second); p.Cause != "silent" || p.Hint.Key != "vpn.silent_hint" {
		t.Errorf("silence: %+v", p)
	}
}
