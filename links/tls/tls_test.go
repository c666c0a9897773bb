package tls

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	stdtls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	der  []byte
}

const day = 24 * time.Hour

func issue(t *testing.T, by *authority, name string, from, until time.Time, ca bool) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until, BasicConstraintsValid: true, IsCA: ca}
	if !ca {
		c.DNSNames = []string{name}
	} else {
		c.KeyUsage = x509.KeyUsageCertSign
	}
	if by == nil {
		by = &authority{cert: c, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by.cert, &key.PublicKey, by.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, der}
}

// served answers TLS with a chain of certificates, the leaf first.
func served(t *testing.T, key *ecdsa.PrivateKey, certs ...*authority) string {
	t.Helper()
	c := stdtls.Certificate{PrivateKey: key}
	for _, a := range certs {
		c.Certificate = append(c.Certificate, a.der)
	}
	l, err := stdtls.Listen("tcp", "127.0.0.1:0", &stdtls.Config{Certificates: []stdtls.Certificate{c}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*stdtls.Conn).Handshake() // the client judges
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func TestCertificates(t *testing.T) {
	now := time.Now()
	root := issue(t, nil, "root", now.Add(-day), now.Add(365*day), true)
	middle := issue(t, root, "middle", now.Add(-day), now.Add(300*day), true)
	short := issue(t, root, "short", now.Add(-day), now.Add(5*day), true)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.der}), 0o600); err != nil {
		t.Fatal(err)
	}
	good := issue(t, middle, "blog.test", now.Add(-day), now.Add(90*day), false)
	for name, c := range map[string]struct {
		leaf    *authority
		between []*authority
		ca      string
		cause   string
	}{
		"good":              {good, []*authority{middle}, ca, ""},
		"expired":           {issue(t, middle, "blog.test", now.Add(-9*day), now.Add(-day), false), []*authority{middle}, ca, "cert_expired"},
		"not yet":           {issue(t, middle, "blog.test", now.Add(day), now.Add(9*day), false), []*authority{middle}, ca, "cert_not_yet"},
		"wrong name":        {issue(t, middle, "other.test", now.Add(-day), now.Add(90*day), false), []*authority{middle}, ca, "cert_name"},
		"soon":              {issue(t, middle, "blog.test", now.Add(-day), now.Add(3*day), false), []*authority{middle}, ca, "cert_ends"},
		"soon in between":   {issue(t, short, "blog.test", now.Add(-day), now.Add(90*day), false), []*authority{short}, ca, "cert_ends"},
		"incomplete":        {good, nil, ca, "cert_chain"},
		"unknown authority": {good, []*authority{middle}, "", "cert_untrusted"},
		"signed by itself":  {issue(t, nil, "blog.test", now.Add(-day), now.Add(90*day), false), nil, ca, "cert_untrusted"},
	} {
		t.Run(name, func(t *testing.T) {
			address := served(t, c.leaf.key, append([]*authority{c.leaf}, c.between...)...)
			p, err := build(settings{Address: address, Name: "blog.test", Days: 15, CA: c.ca}, chain.Place{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			proof := p.Prove(ctx)
			if proof.Cause != c.cause || (proof.Verdict == chain.Holds) != (c.cause == "") {
				t.Errorf("%v %q: %s", proof.Verdict, proof.Cause, words.English.Say(proof.Because))
			}
			if len(proof.Figures) != 1 || proof.Figures[0].Name != "days_left" {
				t.Errorf("figures %v", proof.Figures)
			}
			if proof.Verdict == chain.Broken && (!words.Has(proof.Because.Key) || !words.Has(proof.Hint.Key) || len(proof.Evidence) == 0) {
				t.Errorf("says too little: %+v", proof)
			}
		})
	}
}

// A peer that speaks no TLS, says nothing, or hangs up.
func TestNoTLS(t *testing.T) {
	for name, say := range map[string]string{"garbage": "HTTP/1.1 400 Bad Request\r\n\r\n", "early close": ""} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				if c, err := l.Accept(); err == nil {
					_, _ = c.Write([]byte(say))
					c.Close()
				}
			}()
			defer func() { l.Close(); <-done }()
			p, err := build(settings{Address: l.Addr().String(), Days: 1}, chain.Place{})
			if err != nil {
				t.Fatal(err)
			}
			if proof := p.Prove(t.Context()); proof.Verdict != chain.Broken || !words.Has(proof.Hint.Key) {
				t.Errorf("%+v", proof)
			}
		})
	}
}

// TestSuppose: what ends before a day to come, in the chain too, is broken on that day.
func TestSuppose(t *testing.T) {
	now := time.Now()
	root := issue(t, nil, "root", now.Add(-day), now.Add(365*day), true)
	middle := issue(t, root, "middle", now.Add(-day), now.Add(60*day), true)
	leaf := issue(t, middle, "blog.test", now.Add(-day), now.Add(90*day), false)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.der}), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := build(settings{Address: served(t, leaf.key, leaf, middle), Name: "blog.test", Days: 14, CA: ca}, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	proof := p.Prove(t.Context())
	proof.At = now
	for days, broken := range map[int]bool{0: false, 45: false, 47: true, 61: true, 400: true} {
		then := p.(chain.Supposer).Suppose(proof, chain.Supposition{At: now.AddDate(0, 0, days)})
		if (then.Verdict == chain.Broken) != broken {
			t.Errorf("in %d days: %+v", days, then)
		}
	}
	if then := p.(chain.Supposer).Suppose(chain.Proof{}, chain.Supposition{At: now.AddDate(9, 0, 0)}); then.Verdict != chain.Unproven {
		t.Errorf("what was never proved: %+v", then)
	}
}

// TestNames: a server with a certificate of its own for each name, and for one of them one
// for each sort of key: all are looked at, and each tells its end.
func TestNames(t *testing.T) {
	now := time.Now()
	root := issue(t, nil, "root", now.Add(-day), now.Add(365*day), true)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.der}), 0o600); err != nil {
		t.Fatal(err)
	}
	long, short := issue(t, root, "blog.test", now.Add(-10*day), now.Add(80*day), false), issue(t, root, "www.test", now.Add(-90*day), now.Add(40*day), false)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	forgotten := &x509.Certificate{SerialNumber: big.NewInt(7), DNSNames: []string{"blog.test"}, NotBefore: now.Add(-60 * day), NotAfter: now.Add(20 * day)}
	der, err := x509.CreateCertificate(rand.Reader, forgotten, root.cert, &rsaKey.PublicKey, root.key)
	if err != nil {
		t.Fatal(err)
	}
	certs := map[string][]stdtls.Certificate{
		"blog.test": {{Certificate: [][]byte{long.der}, PrivateKey: long.key}, {Certificate: [][]byte{der}, PrivateKey: rsaKey}},
		"www.test":  {{Certificate: [][]byte{short.der}, PrivateKey: short.key}},
	}
	l, err := stdtls.Listen("tcp", "127.0.0.1:0", &stdtls.Config{GetCertificate: func(h *stdtls.ClientHelloInfo) (*stdtls.Certificate, error) {
		for _, c := range certs[h.ServerName] {
			if h.SupportsCertificate(&c) == nil {
				return &c, nil
			}
		}
		return nil, errors.New("none")
	}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*stdtls.Conn).Handshake() // the client judges
			c.Close()
		}
	}()
	defer func() { l.Close(); <-done }()
	p, err := build(settings{Address: l.Addr().String(), Name: "blog.test", Names: []string{"www.test", "blog.test"}, Days: -1, CA: ca}, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	proof := p.Prove(t.Context())
	if proof.Verdict != chain.Holds || len(proof.Ends) != 2 {
		t.Fatalf("%+v", proof)
	}
	for i, want := range []struct {
		of   string
		days int
	}{{"blog.test", 20}, {"www.test", 40}} {
		e := proof.Ends[i]
		if e.Of != want.of || (e.At.Sub(now)-time.Duration(want.days)*day).Abs() > time.Minute || e.What.IsZero() || e.Hint.IsZero() || len(e.Lead) != 4 {
			t.Errorf("%+v, want %s in %d days", e, want.of, want.days)
		}
	}
	p, err = build(settings{Address: l.Addr().String(), Name: "blog.test", Names: []string{"other.test"}, CA: ca}, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	if proof = p.Prove(t.Context()); proof.Verdict != chain.Broken || len(proof.Ends) != 1 {
		t.Errorf("a name that is not served: %+v", proof)
	}
}

// What lives for days is spoken of in its last third, and broken in its last fifth.
func TestShortLife(t *testing.T) {
	now := time.Now()
	l := &link{settings: settings{Days: -1}, names: []string{"blog.test"}}
	if e := l.end("blog.test", now.Add(3*day), 6*day); len(e.Lead) != 1 || e.Lead[0] != day {
		t.Errorf("%v", e.Lead)
	}
	if e := l.end("blog.test", now.Add(day), 24*time.Hour); len(e.Lead) != 1 || e.Lead[0] != 8*time.Hour {
		t.Errorf("%v", e.Lead)
	}
	// Unless days says: then it counts, short life or not, and also if it is the usual.
	hours := func(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }
	for _, c := range []struct {
		days int
		life time.Duration
		want time.Duration
	}{{-1, 90 * day, 14 * day}, {-1, 398 * day, 14 * day}, {-1, 47 * day, hours(225.6)}, {-1, 6 * day, hours(28.8)}, {14, 6 * day, 14 * day}, {14, 90 * day, 14 * day}, {0, 90 * day, 0}} {
		one := &link{settings: settings{Days: c.days}}
		if got := one.least(c.life); got != c.want {
			t.Errorf("days: %d, of a life of %v: %v", c.days, c.life, got)
		}
	}
	root := issue(t, nil, "root", now.Add(-day), now.Add(365*day), true)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.der}), 0o600); err != nil {
		t.Fatal(err)
	}
	leaf := issue(t, root, "blog.test", now.Add(-4*day), now.Add(2*day), false)
	address := served(t, leaf.key, leaf)
	for days, want := range map[int]chain.Verdict{-1: chain.Holds, 14: chain.Broken, 1: chain.Holds} {
		p, err := build(settings{Address: address, Name: "blog.test", Days: days, CA: ca}, chain.Place{})
		if err != nil {
			t.Fatal(err)
		}
		proof := p.Prove(t.Context())
		if proof.Verdict != want {
			t.Errorf("days: %d, six days of life, two left: %v", days, proof)
		}
		if days == -1 {
			proof.At = now
			for hours, broken := range map[int]bool{1: false, 36: true} {
				if then := p.(chain.Supposer).Suppose(proof, chain.Supposition{At: now.Add(time.Duration(hours) * time.Hour)}); (then.Verdict == chain.Broken) != broken {
					t.Errorf("in %d hours: %+v", hours, then)
				}
			}
		}
	}
}
