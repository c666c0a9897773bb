// Package tls is the kind "tls": a server's certificate is good, and will be for so
// many days.
package tls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Address string `yaml:"address" doc:"host:port of the server"`
	Name    string `yaml:"name" doc:"the name that the certificate must be for; by default the address's host"`
	Days    int    `yaml:"days" doc:"how many days the certificate must still be good for"`
	CA      string `yaml:"ca" doc:"a file of certificates to trust, in place of the system's"`
}

const example = `address: blog.example.org:443
days: 14
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("tls", example, settings{Days: 14}, build)
	k.Beat = "5m"
	return k
}

func build(s settings, _ chain.Place) (chain.Prover, error) {
	wrong := func(field, value string) (chain.Prover, error) {
		return nil, &chain.SettingError{Field: field, Text: chain.Say("tls.bad_"+field, "value", value)}
	}
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil || port == "" || host == "" {
		return wrong("address", s.Address)
	}
	if s.Days < 0 || s.Days > 3650 {
		return wrong("days", strconv.Itoa(s.Days))
	}
	l := &link{settings: s, name: s.Name}
	if l.name == "" {
		l.name = host
	}
	if s.CA != "" {
		b, err := os.ReadFile(s.CA)
		if err != nil {
			return wrong("ca", err.Error())
		}
		l.roots = x509.NewCertPool()
		if !l.roots.AppendCertsFromPEM(b) {
			return wrong("ca", s.CA)
		}
	}
	return l, nil
}

type link struct {
	settings settings
	name     string
	roots    *x509.CertPool // nil for the system's
}

var _ chain.Supposer = (*link)(nil)

func (l *link) Prove(ctx context.Context) chain.Proof {
	raw, err := probe.Dial(ctx, "tcp", l.settings.Address)
	if err != nil {
		return probe.Broke(ctx, err, l.settings.Address)
	}
	defer raw.Close()
	// The chain is verified below, so as to say what is wrong with it.
	c := tls.Client(raw, &tls.Config{ServerName: l.name, InsecureSkipVerify: true})
	if err := c.HandshakeContext(ctx); err != nil {
		if probe.Cancelled(ctx) {
			return chain.Untried(probe.CancelledText(), chain.Text{})
		}
		p := probe.Broke(ctx, err, l.settings.Address)
		if p.Cause == "failed" {
			p = l.broke("no_tls", nil, "error", probe.Quote([]byte(err.Error())))
		}
		return p
	}
	return l.judge(c.ConnectionState().PeerCertificates, time.Now())
}

// judge verifies what the server presented.
func (l *link) judge(certs []*x509.Certificate, now time.Time) chain.Proof {
	if len(certs) == 0 {
		return l.broke("no_tls", nil, "error", "no certificate")
	}
	leaf := certs[0]
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: l.name, Roots: l.roots, Intermediates: between, CurrentTime: now})
	ends := leaf.NotAfter
	for _, c := range certs { // one in between that ends takes the chain with it
		if c.NotAfter.Before(ends) {
			ends = c.NotAfter
		}
	}
	days := ends.Sub(now).Hours() / 24
	p := l.verdict(certs, err, now)
	p.Figures = []chain.Figure{{Name: daysLeft, Value: float64(int(days*10)) / 10}}
	return p
}

// daysLeft is the figure of a proof from which Suppose reckons.
const daysLeft = "days_left"

// Suppose ends the certificates that end before that moment, or too soon after it.
// That somebody will have renewed them is not supposed.
func (l *link) Suppose(p chain.Proof, s chain.Supposition) chain.Proof {
	if p.Verdict != chain.Holds {
		return p
	}
	for _, f := range p.Figures {
		ends := p.At.Add(time.Duration(f.Value * 24 * float64(time.Hour)))
		if f.Name == daysLeft && ends.Sub(s.At) < time.Duration(l.settings.Days)*24*time.Hour {
			return chain.Broke("cert_ends", chain.Say("tls.would_end", "name", l.name, "until", ends), chain.Say("tls.cert_ends_hint"))
		}
	}
	return p
}

func (l *link) verdict(certs []*x509.Certificate, err error, now time.Time) chain.Proof {
	leaf := certs[0]
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	switch {
	case now.After(leaf.NotAfter):
		return l.broke("cert_expired", leaf, "until", leaf.NotAfter)
	case now.Before(leaf.NotBefore):
		return l.broke("cert_not_yet", leaf, "from", leaf.NotBefore)
	case errors.As(err, &name):
		return l.broke("cert_name", leaf, "names", strings.Join(leaf.DNSNames, ", "))
	case errors.As(err, &unknown) && len(certs) == 1 && leaf.Issuer.String() != leaf.Subject.String():
		return l.broke("cert_chain", leaf, "issuer", leaf.Issuer.CommonName)
	case errors.As(err, &unknown):
		return l.broke("cert_untrusted", leaf, "issuer", leaf.Issuer.CommonName)
	case err != nil:
		return l.broke("cert_invalid", leaf, "error", probe.Quote([]byte(err.Error())))
	}
	for _, c := range certs {
		if left := c.NotAfter.Sub(now); left < time.Duration(l.settings.Days)*24*time.Hour {
			return l.broke("cert_ends", c, "until", c.NotAfter, "left", left.Truncate(time.Hour), "subject", c.Subject.CommonName)
		}
	}
	return chain.Held(chain.Say("tls.holds", "name", l.name, "until", leaf.NotAfter))
}

func (l *link) broke(cause string, c *x509.Certificate, pairs ...any) chain.Proof {
	pairs = append([]any{"address", l.settings.Address, "name", l.name}, pairs...)
	p := chain.Broke(cause, chain.Say("tls."+cause, pairs...), chain.Say("tls."+cause+"_hint", pairs...))
	if c != nil {
		p.Evidence = []string{probe.Quote([]byte(c.Subject.String() + ", issued by " + c.Issuer.String() + ", until " + c.NotAfter.UTC().Format(time.RFC3339)))}
	}
	return p
}
