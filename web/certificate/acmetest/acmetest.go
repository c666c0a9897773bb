// Package acmetest runs a real issuer of certificates (pebble) and a real name server (BIND)
// on the loopback, for tests.
package acmetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/omamori-guard/omamori/linux"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// Pebble is the module of the issuer; it is built for the test, and no part of this one.
const Pebble = "github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.3"

// The zone of the name server, the key that may change it, and one that may not.
const (
	Zone      = "example.test"
	Key       = "omamori-key"
	Secret    = "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMhISE="
	Stranger  = "stranger-key"
	Algorithm = "hmac-sha256"
)

// World is an issuer and a name server.
type World struct {
	Names     string // host:port of the name server
	Directory string // of the issuer
	CA        string // a file by which it is trusted
}

// pebble is the program, made once.
var pebble = sync.OnceValues(func() ([]byte, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("omamori-pebble-%d", os.Getpid()))
	c := exec.Command("go", "install", Pebble)
	c.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=-trimpath")
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("install pebble: %w\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "pebble"))
	os.RemoveAll(dir)
	return b, err
})

// New starts both, until the test ends.
func New(t *testing.T) *World {
	t.Helper()
	if _, err := exec.LookPath("named"); err != nil {
		probetest.Needs(t, "named (bind9)")
	}
	w := &World{Names: Bind(t)}
	program, err := pebble()
	if err != nil {
		probetest.Needs(t, err.Error())
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "pebble")
	put(t, bin, program, 0o755)
	w.CA = filepath.Join(dir, "ca.pem")
	certificate, key := selfSigned(t)
	put(t, w.CA, certificate, 0o644)
	put(t, filepath.Join(dir, "key.pem"), key, 0o600)
	listen, manage := free(t), free(t)
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": manage, "certificate": w.CA, "privateKey": filepath.Join(dir, "key.pem"),
		"httpPort": 1, "tlsPort": 1, "keyAlgorithm": "ecdsa", "retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles": map[string]any{"default": map[string]any{"description": "default", "validityPeriod": 7776000}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "config.json"), config, 0o600)
	start(t, []string{"PEBBLE_VA_NOSLEEP=1"}, bin, "-config", filepath.Join(dir, "config.json"), "-dnsserver", w.Names)
	w.Directory = "https://" + listen + "/dir"
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	probetest.Until(t, "pebble answers", func() bool {
		res, err := client.Get(w.Directory)
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return w
}

// Bind starts a name server with the zone, and returns its address.
func Bind(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	address := free(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "zone"), []byte("$TTL 60\n@ SOA ns.example.test. root.example.test. 1 60 60 600 1\n@ NS ns.example.test.\nns A 127.0.0.1\n"), 0o644)
	put(t, filepath.Join(dir, "named.conf"), fmt.Appendf(nil, `options {
	directory %q; pid-file none; session-keyfile none; lock-file none;
	listen-on port %s { %s; }; listen-on-v6 { none; };
	recursion no; dnssec-validation no; empty-zones-enable no; notify no; managed-keys-directory %q;
};
controls { };
key %q { algorithm %s; secret %q; };
key %q { algorithm %s; secret %q; };
zone %q { type primary; file "zone"; update-policy { grant %s zonesub TXT; }; };
`, dir, port, host, dir, Key, Algorithm, Secret, Stranger, Algorithm, Secret, Zone, Key), 0o600)
	start(t, nil, "named", "-g", "-4", "-c", filepath.Join(dir, "named.conf"), "-n", "1")
	probetest.Until(t, "named answers", func() bool { return len(Ask(address, Zone, dns.TypeSOA)) > 0 })
	return address
}

// Ask asks a name server.
func Ask(server, name string, what uint16) []dns.RR {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), what)
	answer, err := dns.Exchange(m, server)
	if err != nil {
		return nil
	}
	return answer.Answer
}

func put(t *testing.T, path string, b []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, b, mode); err != nil {
		t.Fatal(err)
	}
}

// start runs a program until the test ends.
func start(t *testing.T, env []string, program string, args ...string) {
	t.Helper()
	c := exec.Command(program, args...)
	c.Env = append(os.Environ(), env...)
	c.SysProcAttr = linux.EndWithUs(syscall.SIGKILL)
	out := t.TempDir()
	log, err := os.Create(filepath.Join(out, "log"))
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		log.Close()
		if t.Failed() {
			b, _ := os.ReadFile(log.Name())
			t.Logf("%s said:\n%s", program, b[max(0, len(b)-6000):])
		}
	})
}

// free is an address that nobody has taken, for TCP and UDP.
func free(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		l.Close()
		if u, err := net.ListenPacket("udp", address); err == nil {
			u.Close()
			return address
		}
	}
	t.Fatal("no port")
	return ""
}

func selfSigned(t *testing.T) (certificate, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}
