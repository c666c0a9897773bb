package signin

import (
	"errors"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// ACMESettings say how a certificate is got and renewed, by a record in the DNS: where
// ports 80 and 443 are taken, nobody else is asked.
type ACMESettings struct {
	Agree     bool        `yaml:"agree" doc:"yes: you agree to the terms of who issues the certificate"`
	Email     string      `yaml:"email" doc:"whom the issuer writes to about the account; it may be left out"`
	Directory string      `yaml:"directory" doc:"the address of the issuer's ACME directory"`
	CA        string      `yaml:"ca" doc:"a file of certificates by which the issuer's server is trusted, in place of the system's"`
	File      string      `yaml:"file" doc:"the file for certificate and key, as PEM; its folder must be there, and belongs to who renews it"`
	DNS       DNSSettings `yaml:"dns" doc:"how the record is put into the DNS: by server, or by program"`
}

// DNSSettings say how a record is put into the DNS.
type DNSSettings struct {
	Server    string       `yaml:"server" doc:"host or host:port of a name server that takes dynamic updates (RFC 2136): BIND, Knot DNS, PowerDNS"`
	Key       string       `yaml:"key" doc:"the name of the TSIG key by which updates are signed"`
	Secret    chain.Secret `yaml:"secret" doc:"that key's secret, in base64: file:PATH, env:NAME or credential:NAME"`
	Algorithm string       `yaml:"algorithm" doc:"the key's algorithm" enum:"hmac-sha256,hmac-sha512,hmac-sha384,hmac-sha224"`
	Program   string       `yaml:"program" doc:"a program of your own for every other DNS company: called as PROGRAM add|remove NAME VALUE, it makes or takes away a TXT record"`
	Resolvers []string     `yaml:"resolvers" doc:"name servers, as IP address or IP address:port, that are asked for the zone and whether the record is to be seen; by default the system's, and then the zone's own"`
}

// Where a certificate comes from and goes to, if the configuration does not say.
const (
	DefaultDirectory   = "https://acme-v02.api.letsencrypt.org/directory"
	DefaultCertificate = "/var/lib/omamori-certificate/page.pem"
)

// On says that the certificate is got by ACME.
func (a ACMESettings) On() bool { return a.DNS.Server != "" || a.DNS.Program != "" }

// files are the two files of the certificate and its key, "" where there is none. Of one
// that is renewed they are the same: so it can never be half there.
func (t TLSSettings) files() (certificate, key string) {
	if t.ACME.On() {
		return t.ACME.File, t.ACME.File
	}
	return t.Certificate, t.Key
}

// On says that the page has a certificate.
func (t TLSSettings) On() bool {
	certificate, _ := t.files()
	return certificate != ""
}

// Waits reports whether the certificate is still to come.
func (t TLSSettings) Waits() bool {
	_, err := os.Stat(t.ACME.File)
	return t.ACME.On() && errors.Is(err, fs.ErrNotExist)
}

// Names are the host names that a certificate of the page is for.
func (s *Settings) Names() (names []string) {
	for _, h := range s.Hosts {
		if _, err := netip.ParseAddr(h); err != nil {
			names = append(names, h)
		}
	}
	return names
}

// checkACME says what is wrong with how the certificate is got.
func (s *Settings) checkACME(wrong func(field, key string, pairs ...any)) {
	a, at := s.TLS.ACME, "tls.acme."
	if !a.On() {
		if d := a.DNS; a.Agree || a.Email+a.CA+d.Key+string(d.Secret) != "" || len(d.Resolvers) > 0 {
			wrong(at+"dns", "certificate.no_dns")
		}
		return
	}
	if s.TLS.Certificate != "" {
		wrong("tls", "certificate.twice")
	}
	if !a.Agree {
		wrong(at+"agree", "certificate.disagrees")
	}
	if u, err := url.Parse(a.Directory); err != nil || u.Scheme != "https" || u.Host == "" {
		wrong(at+"directory", "certificate.bad_directory", "value", a.Directory)
	}
	if !filepath.IsAbs(a.File) {
		wrong(at+"file", "certificate.bad_file", "value", a.File)
	}
	if a.Email != "" && (strings.Count(a.Email, "@") != 1 || strings.ContainsAny(a.Email, " <>,;:")) {
		wrong(at+"email", "certificate.bad_email", "value", a.Email)
	}
	switch names := s.Names(); {
	case len(names) == 0:
		wrong("hosts", "certificate.no_names")
	case len(names) > maxNames:
		wrong("hosts", "certificate.many_names", "max", maxNames)
	}
	d := a.DNS
	if d.Server != "" && d.Program != "" {
		wrong(at+"dns", "certificate.two_dns")
	}
	if d.Server != "" && (d.Key == "" || d.Secret == "") {
		wrong(at+"dns", "certificate.no_key")
	}
	if d.Program != "" && !filepath.IsAbs(d.Program) {
		wrong(at+"dns.program", "certificate.bad_file", "value", d.Program)
	}
	for _, r := range d.Resolvers {
		_, err := netip.ParseAddr(r)
		if _, withPort := netip.ParseAddrPort(r); err != nil && withPort != nil {
			wrong(at+"dns.resolvers", "certificate.bad_resolver", "value", r)
		}
	}
}

// maxNames is how many names one certificate is for.
const maxNames = 20

// CertificateJob is what omamori-certificate is to do.
type CertificateJob struct {
	Names []string
	ACME  ACMESettings
}

// CertificateResult is what came of it.
type CertificateResult struct {
	// Until is when the certificate that is there now ends; zero where there is none.
	Until time.Time
	// Renewed says that it is a new one, and First that there was none before.
	Renewed, First bool
	// Failed says why there is no new one, as a code; "" where none was wanted or it came.
	Failed string
	// Detail is what was said about that by whom.
	Detail string
}
