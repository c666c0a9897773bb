// Package tls is the kind "tls": the certificates that a server shows for its names are
// good, and will be for so many days.
package tls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Address string   `yaml:"address" doc:"host:port of the server"`
	Name    string   `yaml:"name" doc:"the name that the certificate must be for; by default the address's host"`
	Names   []string `yaml:"names" doc:"further names that are served there, each with a certificate of its own or not"`
	Days    int      `yaml:"days" doc:"with fewer days left the link is broken; -1 is 14, or a fifth of its life for a certificate that does not live long"`
	CA      string   `yaml:"ca" doc:"a file of certificates to trust, in place of the system's"`
}

const example = `address: blog.example.org:443
names: [www.example.org]
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("tls", example, settings{Days: -1}, build)
	k.Beat, k.Timeout = "5m", "20s"
	return k
}

// fewDays is how many are too few of a certificate that lives for months, unless days says.
const fewDays = 14

// mostNames is how many names one link looks after.
const mostNames = 50

func build(s settings, _ chain.Place) (chain.Prover, error) {
	wrong := func(field, value string) (chain.Prover, error) {
		return nil, &chain.SettingError{Field: field, Text: chain.Say("tls.bad_"+field, "value", value)}
	}
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil || port == "" || host == "" {
		return wrong("address", s.Address)
	}
	if s.Days < -1 || s.Days > 3650 {
		return wrong("days", strconv.Itoa(s.Days))
	}
	l := &link{settings: s, name: s.Name}
	if l.name == "" {
		l.name = host
	}
	l.names = []string{l.name}
	for _, n := range s.Names {
		if n == "" || len(n) > 253 || strings.ContainsAny(n, " /:") {
			return wrong("names", n)
		}
		if !slices.Contains(l.names, n) {
			l.names = append(l.names, n)
		}
	}
	if len(l.names) > mostNames {
		return wrong("names", strconv.Itoa(len(l.names)))
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
	name     string   // the first of names
	names    []string // all that are proved
	roots    *x509.CertPool
}

var _ chain.Supposer = (*link)(nil)

// Prove looks at every chain that is served for every name. The first that is bad breaks
// the link; the ends of all are told.
func (l *link) Prove(ctx context.Context) chain.Proof {
	var bad *chain.Proof
	var ends []chain.End
	var first time.Time
	now := time.Now()
	for i, name := range l.names {
		chains, err := l.served(ctx, name)
		if len(chains) == 0 {
			if bad == nil || probe.Cancelled(ctx) {
				p := l.unserved(ctx, name, err)
				bad = &p
			}
			if i == 0 || ctx.Err() != nil {
				break // nothing answers there at all
			}
			continue
		}
		until, life := time.Time{}, time.Duration(0)
		for _, certs := range chains {
			p := l.judge(name, certs, now)
			if p.Verdict == chain.Broken && bad == nil {
				bad = &p
			}
			for _, c := range certs { // one in between that ends takes the chain with it
				if until.IsZero() || c.NotAfter.Before(until) {
					until, life = c.NotAfter, c.NotAfter.Sub(c.NotBefore)
				}
			}
		}
		ends = append(ends, l.end(name, until, life))
		if first.IsZero() || until.Before(first) {
			first = until
		}
	}
	p := chain.Held(chain.Say("tls.holds", "name", strings.Join(l.names, ", "), "until", first))
	if bad != nil {
		p = *bad
	}
	p.Ends = ends
	if !first.IsZero() {
		p.Figures = []chain.Figure{{Name: "days_left", Value: float64(int(first.Sub(now).Hours()/24*10)) / 10}}
	}
	return p
}

// end tells when the certificate of a name ends. What is renewed by a program long before
// is spoken of only when that has not happened: two weeks before, or when a third of its
// life is left.
func (l *link) end(name string, until time.Time, life time.Duration) chain.End {
	e := chain.End{At: until, What: chain.Say("tls.ends", "name", name), Hint: chain.Say("tls.cert_ends_hint")}
	if len(l.names) > 1 {
		e.Of = name
	}
	for _, lead := range chain.Days(14, 7, 3, 1) {
		if lead <= life/3 {
			e.Lead = append(e.Lead, lead)
		}
	}
	if len(e.Lead) == 0 {
		e.Lead = []time.Duration{max(life/3, time.Hour)}
	}
	return e
}

// Suppose ends the certificates that end before that moment, or too soon after it.
// That somebody will have renewed them is not supposed.
func (l *link) Suppose(p chain.Proof, s chain.Supposition) chain.Proof {
	if p.Verdict != chain.Holds {
		return p
	}
	for i, e := range p.Ends {
		if i < len(l.names) && e.At.Sub(s.At) < l.leastOf(e) {
			return chain.Broke("cert_ends", chain.Say("tls.would_end", "name", l.names[i], "until", e.At), chain.Say("tls.cert_ends_hint"))
		}
	}
	return p
}

// least is how much of a life must be left.
func (l *link) least(life time.Duration) time.Duration {
	if l.settings.Days >= 0 {
		return time.Duration(l.settings.Days) * 24 * time.Hour
	}
	return min(fewDays*24*time.Hour, life/5)
}

// leastOf is least, as far as a proof tells how long the certificate lives: its leads are
// not more than a third of that.
func (l *link) leastOf(e chain.End) time.Duration {
	if len(e.Lead) == 0 || e.Lead[0] >= fewDays*24*time.Hour {
		return l.least(5 * fewDays * 24 * time.Hour)
	}
	return l.least(3 * e.Lead[0])
}

// judge verifies what the server presented for a name.
func (l *link) judge(name string, certs []*x509.Certificate, now time.Time) chain.Proof {
	leaf := certs[0]
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: l.roots, Intermediates: between, CurrentTime: now})
	return l.verdict(name, certs, err, now)
}

func (l *link) verdict(of string, certs []*x509.Certificate, err error, now time.Time) chain.Proof {
	leaf := certs[0]
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	switch {
	case now.After(leaf.NotAfter):
		return l.broke(of, "cert_expired", leaf, "until", leaf.NotAfter)
	case now.Before(leaf.NotBefore):
		return l.broke(of, "cert_not_yet", leaf, "from", leaf.NotBefore)
	case errors.As(err, &name):
		return l.broke(of, "cert_name", leaf, "names", strings.Join(leaf.DNSNames, ", "))
	case errors.As(err, &unknown) && len(certs) == 1 && leaf.Issuer.String() != leaf.Subject.String():
		return l.broke(of, "cert_chain", leaf, "issuer", leaf.Issuer.CommonName)
	case errors.As(err, &unknown):
		return l.broke(of, "cert_untrusted", leaf, "issuer", leaf.Issuer.CommonName)
	case err != nil:
		return l.broke(of, "cert_invalid", leaf, "error", probe.Quote([]byte(err.Error())))
	}
	for _, c := range certs {
		if left := c.NotAfter.Sub(now); left < l.least(c.NotAfter.Sub(c.NotBefore)) {
			return l.broke(of, "cert_ends", c, "until", c.NotAfter, "left", left.Truncate(time.Hour), "subject", c.Subject.CommonName)
		}
	}
	return chain.Held(chain.Say("tls.holds", "name", of, "until", leaf.NotAfter))
}

func (l *link) broke(name, cause string, c *x509.Certificate, pairs ...any) chain.Proof {
	pairs = append([]any{"address", l.settings.Address, "name", name}, pairs...)
	p := chain.Broke(cause, chain.Say("tls."+cause, pairs...), chain.Say("tls."+cause+"_hint", pairs...))
	if c != nil {
		p.Evidence = []string{probe.Quote([]byte(c.Subject.String() + ", issued by " + c.Issuer.String() + ", until " + c.NotAfter.UTC().Format(time.RFC3339)))}
	}
	return p
}

// unserved puts into words why no certificate was had.
func (l *link) unserved(ctx context.Context, name string, err error) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	p := probe.Broke(ctx, err, l.settings.Address)
	var shook *handshakeError
	if p.Cause == "failed" && errors.As(err, &shook) {
		p = l.broke(name, "no_tls", nil, "error", probe.Quote([]byte(err.Error())))
	}
	return p
}

// handshakeError is a server that was reached, and speaks no TLS with us.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }

// errNothing is a server that shows no certificate.
var errNothing = &handshakeError{errors.New("no certificate")}

// shake does one handshake, and returns what the server showed.
func shake(ctx context.Context, address, name string, config *tls.Config) ([]*x509.Certificate, error) {
	raw, err := probe.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	// The chain is verified by judge, so as to say what is wrong with it.
	config.ServerName, config.InsecureSkipVerify = name, true
	c := tls.Client(raw, config)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, &handshakeError{err}
	}
	certs := c.ConnectionState().PeerCertificates
	if len(certs) == 0 {
		return nil, errNothing
	}
	return certs, nil
}
