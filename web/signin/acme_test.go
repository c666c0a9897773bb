package signin

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckACME(t *testing.T) {
	for want, change := range map[string]func(*Settings){
		"":                          func(*Settings) {},
		"certificate.no_dns":        func(s *Settings) { s.TLS.ACME.DNS = DNSSettings{} },
		"certificate.two_dns":       func(s *Settings) { s.TLS.ACME.DNS.Program = "/etc/omamori/dns" },
		"certificate.no_key":        func(s *Settings) { s.TLS.ACME.DNS.Secret = "" },
		"certificate.twice":         func(s *Settings) { s.TLS.Certificate, s.TLS.Key = "/c", "/k" },
		"certificate.disagrees":     func(s *Settings) { s.TLS.ACME.Agree = false },
		"certificate.bad_directory": func(s *Settings) { s.TLS.ACME.Directory = "http://ca.example.org/" },
		"certificate.bad_file":      func(s *Settings) { s.TLS.ACME.File = "page.pem" },
		"certificate.bad_email":     func(s *Settings) { s.TLS.ACME.Email = "taro" },
		"certificate.bad_resolver":  func(s *Settings) { s.TLS.ACME.DNS.Resolvers = []string{"8.8.8.8", "[::1]:53", "dns.example.org"} },
		"certificate.no_names":      func(s *Settings) { s.Hosts = []string{"192.0.2.1"} },
		"certificate.many_names": func(s *Settings) {
			for i := range 30 {
				s.Hosts = append(s.Hosts, fmt.Sprintf("a%d.example.org", i))
			}
		},
	} {
		s := Defaults()
		s.Listen, s.Hosts = "0.0.0.0:4649", []string{"guard.example.org"}
		s.TLS.ACME.Agree = true
		s.TLS.ACME.DNS.Server, s.TLS.ACME.DNS.Key, s.TLS.ACME.DNS.Secret = "ns.example.org", "k", "file:/s"
		change(s)
		var got []string
		for _, e := range s.Check() {
			if !strings.HasPrefix(e.Text.Key, "signin.needs_tls") {
				got = append(got, e.Text.Key)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
}

// A page whose certificate is still to come waits for it, and takes it without a new start.
func TestWaitsForItsCertificate(t *testing.T) {
	dir := t.TempDir()
	own := pair(t, dir, "guard.example.org")
	file := filepath.Join(dir, "page.pem")
	s := &Settings{Hosts: []string{"guard.example.org"}}
	s.TLS.ACME.File, s.TLS.ACME.DNS.Program = file, "/bin/true"
	_, address := live(t, s, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "in") }))
	if !s.TLS.Waits() {
		t.Error("it does not wait")
	}
	certificate, err := os.ReadFile(own.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	dial := func() error {
		c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: pool, ServerName: "guard.example.org"})
		if err == nil {
			c.Close()
		}
		return err
	}
	if dial() == nil {
		t.Fatal("a certificate from nowhere")
	}
	key, err := os.ReadFile(own.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Join([][]byte{certificate, key}, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := dial(); err != nil || s.TLS.Waits() {
		t.Error(err)
	}
}
