package vpn

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// lossy stands between us and a server over UDP, and loses of each way the packets of these
// numbers.
func lossy(t *testing.T, server string, lost ...int) string {
	t.Helper()
	in, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	out, err := net.Dial("udp4", server)
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	t.Cleanup(func() {
		in.Close()
		out.Close()
		work.Wait()
	})
	client := make(chan net.Addr, 1)
	work.Go(func() {
		b := make([]byte, 4096)
		for i := 0; ; i++ {
			n, from, err := in.ReadFrom(b)
			if err != nil {
				close(client)
				return
			}
			select {
			case client <- from:
			default:
			}
			if !slices.Contains(lost, i) {
				_, _ = out.Write(b[:n])
			}
		}
	})
	work.Go(func() {
		to, ok := <-client
		b := make([]byte, 4096)
		for i := 0; ok; i++ {
			n, err := out.Read(b)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil && !slices.Contains(lost, i) {
				_, _ = in.WriteTo(b[:n], to)
			}
		}
	})
	return in.LocalAddr().String()
}

// TestRealOpenVPNLogin: an account and a certificate are tried, and the reasons told apart.
func TestRealOpenVPNLogin(t *testing.T) {
	if !apart() {
		return
	}
	file := func(path string) chain.Secret { return chain.Secret("file:" + path) }
	right, wrong := file(write(t, "password", "right\n")), file(write(t, "password", "wrong\n"))
	check := filepath.Join(t.TempDir(), "check")
	if err := os.WriteFile(check, []byte("#!/bin/sh\n[ \"$(tr '\\n' ' ' <\"$1\")\" = 'prober right ' ]\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	account := []string{"--verify-client-cert", "none", "--script-security", "2", "--auth-user-pass-verify", check, "via-file"}
	taken := func(p chain.Proof) bool { return p.Verdict == chain.Holds && p.Because.Key == "vpn.takes_account" }
	up := func(s settings) { // until it is
		t.Helper()
		s.CA, s.User, s.Password, s.Cert, s.Key = "", "", "", "", ""
		until(t, s, untried)
	}
	const patience = time.Minute
	ta := filepath.Join(t.TempDir(), "ta")
	run(t, "openvpn", "--genkey", "secret", ta)
	other, otherKey := certificate(t)
	for name, c := range map[string]struct {
		transport string
		more      []string
		with      func(*settings)
	}{
		"udp":       {"udp", nil, func(*settings) {}},
		"tcp":       {"tcp-server", nil, func(s *settings) { s.Transport = "tcp" }},
		"tls-auth":  {"udp", []string{"--tls-auth", ta, "0"}, func(s *settings) { s.TLSAuth = file(ta) }},
		"tls-crypt": {"udp", []string{"--tls-crypt", ta}, func(s *settings) { s.TLSCrypt = file(ta) }},
	} {
		t.Run(name, func(t *testing.T) {
			cert, _ := openvpnServer(t, c.transport, append(c.more, account...)...)
			s := settings{Protocol: "openvpn", Address: "127.0.0.1", CA: file(cert), User: "prober", Password: right}
			c.with(&s)
			up(s)
			if p := prove(t, s, patience); !taken(p) {
				t.Errorf("the account: %+v", p)
			}
			s.Password = wrong
			if p := prove(t, s, patience); p.Cause != "login_refused" || !strings.Contains(p.Because.Args["why"], "AUTH_FAILED") {
				t.Errorf("another password: %+v", p)
			}
			s.CA = file(other)
			if p := prove(t, s, patience); p.Cause != "wrong_server" {
				t.Errorf("a server of another authority: %+v", p)
			}
		})
	}
	t.Run("certificate", func(t *testing.T) {
		cert, key := openvpnServer(t, "udp")
		s := settings{Protocol: "openvpn", Address: "127.0.0.1", CA: file(cert), Cert: file(cert), Key: file(key)}
		up(s)
		if p := prove(t, s, patience); !taken(p) {
			t.Errorf("its certificate: %+v", p)
		}
		s.Cert, s.Key = file(other), file(otherKey)
		if p := prove(t, s, 10*time.Second); p.Cause != "login_refused" && p.Cause != "login_silent" {
			t.Errorf("another: %+v", p)
		}
		s.Cert = file(cert)
		if p := prove(t, s, patience); p.Verdict != chain.Unproven || p.Because.Key != "vpn.no_secret" {
			t.Errorf("one without its key: %+v", p)
		}
	})
	t.Run("loss", func(t *testing.T) {
		cert, _ := openvpnServer(t, "udp", account...)
		s := settings{Protocol: "openvpn", Address: "127.0.0.1", CA: file(cert), User: "prober", Password: right}
		up(s)
		s.Address = lossy(t, "127.0.0.1:1194", 1, 2, 5, 8)
		if p := prove(t, s, patience); !taken(p) {
			t.Errorf("over a way with loss: %+v", p)
		}
	})
}
