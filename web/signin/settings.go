package signin

import (
	"net"
	"net/netip"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// DefaultListen is where the page is, if the configuration does not say.
const DefaultListen = "127.0.0.1:4649"

// Settings are the section page of a configuration.
type Settings struct {
	Listen      string          `yaml:"listen" doc:"the address and port at which the page is; off: nowhere. Another than the loopback needs tls. A change counts from the next start"`
	Hosts       []string        `yaml:"hosts" doc:"the host names by which browsers ask for the page, besides those of the loopback"`
	OpenReading bool            `yaml:"open_reading" doc:"let everybody on this machine read, without signing in"`
	TLS         TLSSettings     `yaml:"tls" doc:"a certificate of one's own, by which the page may be seen from elsewhere"`
	Proxies     []string        `yaml:"trusted_proxies" doc:"the addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; from others they are refused"`
	Metrics     MetricsSettings `yaml:"metrics" doc:"who may read /metrics, for Prometheus"`
}

// TLSSettings say which certificate is shown. Both files are read again when they change.
type TLSSettings struct {
	Certificate string       `yaml:"certificate" doc:"the file with the certificate and those above it, as PEM; the guard's user reads it"`
	Key         string       `yaml:"key" doc:"the file with its private key, as PEM; the guard's user reads it"`
	ACME        ACMESettings `yaml:"acme" doc:"in place of both: a certificate that is got and renewed by itself, through a record in the DNS (omamori-certificate.timer)"`
}

// MetricsSettings say who may read figures.
type MetricsSettings struct {
	Token chain.Secret `yaml:"token" doc:"a secret that is asked for as a bearer token: file:PATH, env:NAME or credential:NAME"`
	Open  bool         `yaml:"open" doc:"let everybody on this machine read them, without a token"`
}

// Defaults are the settings of a configuration that says nothing of the page.
func Defaults() *Settings {
	return &Settings{Listen: DefaultListen, TLS: TLSSettings{ACME: ACMESettings{
		Directory: DefaultDirectory, File: DefaultCertificate, DNS: DNSSettings{Algorithm: "hmac-sha256"},
	}}}
}

// Off says that there is to be no page.
func (s *Settings) Off() bool { return s.Listen == "off" || s.Listen == "no" || s.Listen == "false" }

// Check says what is wrong with settings.
func (s *Settings) Check() (bad []*chain.SettingError) {
	wrong := func(field, key string, pairs ...any) {
		bad = append(bad, &chain.SettingError{Field: field, Text: chain.Say(key, pairs...)})
	}
	if s.Off() {
		return nil
	}
	at, err := netip.ParseAddrPort(s.Listen)
	if err != nil {
		wrong("listen", "signin.bad_listen", "value", s.Listen)
	}
	if (s.TLS.Certificate == "") != (s.TLS.Key == "") {
		wrong("tls", "signin.half_tls")
	}
	s.checkACME(wrong)
	if err == nil && !at.Addr().IsLoopback() {
		if !s.TLS.On() {
			wrong("listen", "signin.needs_tls", "value", s.Listen)
		}
		if len(s.Hosts) == 0 {
			wrong("hosts", "signin.needs_hosts")
		}
	}
	for _, h := range s.Hosts {
		if !validHost(h) {
			wrong("hosts", "signin.bad_host", "value", h)
		}
	}
	for _, p := range s.Proxies {
		if _, err := netip.ParseAddr(p); err != nil {
			wrong("trusted_proxies", "signin.bad_proxy", "value", p)
		}
	}
	return bad
}

// validHost reports whether h can be a host in a URL, without a port.
func validHost(h string) bool {
	if ip, err := netip.ParseAddr(h); err == nil {
		return ip.Zone() == ""
	}
	return h != "" && len(h) <= 253 && h == strings.ToLower(h) && !strings.HasPrefix(h, ".") && !strings.HasSuffix(h, ".") && !strings.Contains(h, "..") &&
		strings.Trim(h, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// LocalHost is the name of the loopback that is the page's alone. Browsers send cookies
// to all ports of a host: under this name none of another service on this machine is
// ever asked for.
const LocalHost = "omamori.localhost"

// hosts are the names by which the page may be asked for: who can make a browser believe
// that another name is this machine's gets no answer.
func (s *Settings) hosts() map[string]bool {
	all := map[string]bool{}
	if at, err := netip.ParseAddrPort(s.Listen); err == nil && at.Addr().IsLoopback() {
		for _, h := range []string{LocalHost, "localhost", "127.0.0.1", "::1", at.Addr().String()} {
			all[h] = true
		}
	}
	for _, h := range s.Hosts {
		all[h] = true
	}
	return all
}

// hostOnly is a Host header without its port, in lower case; "" for one that is none.
func hostOnly(h string) string {
	if len(h) > 300 {
		return ""
	}
	host := h
	switch {
	case strings.HasPrefix(h, "["):
		end := strings.IndexByte(h, ']')
		if end < 0 || end+1 < len(h) && !port(h[end+1:]) {
			return ""
		}
		host = h[1:end]
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Is6() || ip.Zone() != "" {
			return ""
		}
		return host
	case strings.Contains(h, ":"):
		var p string
		var err error
		if host, p, err = net.SplitHostPort(h); err != nil || !port(":"+p) {
			return ""
		}
	}
	host = strings.ToLower(host)
	if !validHost(host) {
		return ""
	}
	return host
}

// port reports whether s is a colon and a port.
func port(s string) bool {
	return len(s) > 1 && len(s) <= 6 && s[0] == ':' && strings.Trim(s[1:], "0123456789") == ""
}
