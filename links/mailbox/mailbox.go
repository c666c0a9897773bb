// Package mailbox is the kind "mailbox": a message that is sent to an address arrives
// where its owner reads it, by SMTP and IMAP.
package mailbox

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/mail"
	"net/textproto"
	"os"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	To       string       `yaml:"to" doc:"the address that must receive, such as the one for recovery"`
	From     string       `yaml:"from" doc:"the sender's address; that of to unless set"`
	SMTP     string       `yaml:"smtp" doc:"host:port of the server that takes messages from user"`
	IMAP     string       `yaml:"imap" doc:"host:port of the server where they arrive"`
	User     string       `yaml:"user" doc:"who signs in at both"`
	Password chain.Secret `yaml:"password" doc:"where the password is to be found"`
	TLS      string       `yaml:"tls" doc:"implicit, starttls, or none (to this machine alone); by the port unless set"`
	CA       string       `yaml:"ca" doc:"a file with the certificates of the authority to trust instead of the system's"`
}

const example = `to: owner@example.jp
smtp: mail.example.jp:465
imap: mail.example.jp:993
user: owner@example.jp
password: credential:mailbox
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("mailbox", example, settings{}, build)
	k.Beat, k.Timeout = "6h", "3m" // a message, and patience for a slow server
	return k
}

func build(s settings, _ chain.Place) (chain.Prover, error) {
	bad := func(field string) error {
		return &chain.SettingError{Field: field, Text: chain.Say("mailbox.bad_" + field)}
	}
	if !bare(s.To) {
		return nil, bad("to")
	}
	if s.From == "" {
		s.From = s.To
	}
	switch {
	case !bare(s.From):
		return nil, bad("from")
	case !hostPort(s.SMTP):
		return nil, bad("smtp")
	case !hostPort(s.IMAP):
		return nil, bad("imap")
	}
	if s.User == "" || !sayable(s.User) {
		return nil, bad("user")
	}
	if s.Password == "" {
		return nil, bad("password")
	}
	switch s.TLS {
	case "", "implicit", "starttls":
	case "none":
		if !local(s.SMTP) || !local(s.IMAP) {
			return nil, bad("tls")
		}
	default:
		return nil, bad("tls")
	}
	return &link{s}, nil
}

// bare reports whether s is an address without a name.
func bare(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func hostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	return err == nil && host != "" && port != ""
}

// local reports whether an address leads to this machine: elsewhere a password is never
// sent unsealed.
func local(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// sayable reports whether s can stand in a line of either protocol.
func sayable(s string) bool { return !strings.ContainsAny(s, "\r\n\x00") }

type link struct{ settings settings }

// Prove sends a message and waits until it has come.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	password, err := probe.Secret(l.settings.Password)
	if err != nil || password == "" || !sayable(password) {
		return chain.Untried(chain.Say("mailbox.no_secret", "where", string(l.settings.Password)), chain.Say("mailbox.no_secret_hint"))
	}
	config, err := l.tls()
	if err != nil {
		return chain.Untried(chain.Say("mailbox.bad_ca", "file", l.settings.CA), chain.Say("mailbox.bad_ca_hint"))
	}
	// The mailbox is opened first: a message that nobody could see arrive is not sent.
	box, err := l.open(ctx, config, password)
	if err != nil {
		return l.broke(ctx, "imap", l.settings.IMAP, err)
	}
	defer box.close()
	token := rand.Text()
	began := time.Now()
	if err := l.send(ctx, config, password, token); err != nil {
		return l.broke(ctx, "smtp", l.settings.SMTP, err)
	}
	for {
		arrived, err := box.find(token)
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			return l.broke(ctx, "imap", l.settings.IMAP, err)
		}
		if arrived {
			took := time.Since(began)
			p := chain.Held(chain.Say("mailbox.arrived", "to", l.settings.To, "took", took.Round(10*time.Millisecond)))
			p.Figures = []chain.Figure{{Name: "delivery", Value: took.Seconds(), Unit: "s"}}
			return p
		}
		select {
		case <-ctx.Done():
		case <-time.After(between):
			continue
		}
		break
	}
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	return chain.Broke("not_arrived", chain.Say("mailbox.not_arrived", "to", l.settings.To, "waited", time.Since(began).Round(time.Second)),
		chain.Say("mailbox.not_arrived_hint", "to", l.settings.To))
}

// between is how long the link waits before it looks again.
const between = time.Second

// errRefused is a server's answer that is no success.
type errRefused struct {
	password bool // it does not take the password
	said     string
}

func (e *errRefused) Error() string { return "refused: " + e.said }

// broke puts into words why a server could not be used.
func (l *link) broke(ctx context.Context, which, address string, err error) chain.Proof {
	var refused *errRefused
	var smtp *textproto.Error
	if !errors.As(err, &refused) && errors.As(err, &smtp) {
		refused = &errRefused{smtp.Code == 535 || smtp.Code == 534, smtp.Msg}
	}
	if refused == nil || probe.Cancelled(ctx) {
		return probe.Broke(ctx, err, address)
	}
	cause, key := "refused", "mailbox."+which+"_refused"
	if refused.password {
		cause, key = "wrong_password", "mailbox."+which+"_password"
	}
	p := chain.Broke(cause, chain.Say(key, "address", address, "user", l.settings.User), chain.Say(key+"_hint", "where", string(l.settings.Password)))
	if said := probe.Quote([]byte(refused.said)); said != "" {
		p.Evidence = []string{said}
	}
	return p
}

// most bounds what either server may say, in bytes.
const most = 256 << 10

// bounded is a connection that ends after most bytes.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, &errRefused{said: "too much was said"}
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// dial connects, by TLS at once where that is wanted; later says that it is to follow by
// STARTTLS.
func (l *link) dial(ctx context.Context, address, implicitPort string, config *tls.Config) (c net.Conn, conf *tls.Config, later bool, err error) {
	c, err = probe.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, nil, false, err
	}
	c = &bounded{c, most}
	host, port, _ := net.SplitHostPort(address)
	conf = config.Clone()
	conf.ServerName = host
	if l.settings.TLS == "none" {
		return c, conf, false, nil
	}
	if l.settings.TLS == "implicit" || l.settings.TLS == "" && port == implicitPort {
		t := tls.Client(c, conf)
		if err := t.HandshakeContext(ctx); err != nil {
			c.Close()
			return nil, nil, false, err
		}
		return t, conf, false, nil
	}
	return c, conf, true, nil
}

func (l *link) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if l.settings.CA == "" {
		return config, nil
	}
	st, err := os.Stat(l.settings.CA)
	if err != nil || !st.Mode().IsRegular() || st.Size() > 1<<20 {
		return nil, errors.Join(err, errors.New("not a file of certificates"))
	}
	b, err := os.ReadFile(l.settings.CA)
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(b) {
		return nil, errors.New("no certificate in it")
	}
	return config, nil
}
