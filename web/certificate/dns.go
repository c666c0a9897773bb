package certificate

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/libdns/libdns"
	"github.com/miekg/dns"

	"github.com/omamori-guard/omamori/linux"
	"github.com/omamori-guard/omamori/probe"
)

// Bounds: of a name server's answer, of a program's call, and of what it may say.
const (
	answerTime  = 20 * time.Second
	programTime = 3 * time.Minute
	mostSaid    = 4 << 10
	recordTTL   = 60 // seconds
	clockSkew   = 300
)

// provider is how records get into the DNS.
func (c *client) provider() (certmagic.DNSProvider, error) {
	d := c.job.ACME.DNS
	if d.Program != "" {
		return program(d.Program), nil
	}
	secret, err := probe.Secret(d.Secret)
	if err != nil {
		return nil, err
	}
	if secret = strings.TrimSpace(secret); secret == "" {
		return nil, errors.New("it is empty")
	}
	if _, err := base64.StdEncoding.DecodeString(secret); err != nil {
		return nil, errors.New("it is no base64") // what it is stays unsaid
	}
	server := d.Server
	if _, _, err := net.SplitHostPort(server); err != nil {
		server = net.JoinHostPort(strings.Trim(server, "[]"), "53")
	}
	return &updates{server: server, key: dns.CanonicalName(d.Key), algorithm: dns.Fqdn(d.Algorithm), secret: secret, wait: c.answer}, nil
}

// updates makes records by dynamic updates (RFC 2136) that are signed (TSIG).
type updates struct {
	server, key, algorithm, secret string
	wait                           time.Duration
}

var _ certmagic.DNSProvider = (*updates)(nil)

func (u *updates) AppendRecords(ctx context.Context, zone string, records []libdns.Record) ([]libdns.Record, error) {
	return records, u.update(ctx, zone, records, (*dns.Msg).Insert)
}

func (u *updates) DeleteRecords(ctx context.Context, zone string, records []libdns.Record) ([]libdns.Record, error) {
	return records, u.update(ctx, zone, records, (*dns.Msg).Remove)
}

func (u *updates) update(ctx context.Context, zone string, records []libdns.Record, how func(*dns.Msg, []dns.RR)) error {
	m := new(dns.Msg)
	m.SetUpdate(dns.Fqdn(zone))
	var rrs []dns.RR
	for _, r := range records {
		rr := r.RR()
		rrs = append(rrs, &dns.TXT{
			Hdr: dns.RR_Header{Name: dns.Fqdn(libdns.AbsoluteName(rr.Name, zone)), Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: recordTTL},
			Txt: []string{rr.Data},
		})
	}
	how(m, rrs)
	m.SetTsig(u.key, u.algorithm, clockSkew, time.Now().Unix())
	// By TCP: nobody off the way can answer in the server's place, and nothing is cut.
	c := &dns.Client{Net: "tcp", Timeout: u.wait, TsigSecret: map[string]string{u.key: u.secret}}
	ctx, cancel := context.WithTimeout(ctx, u.wait)
	defer cancel()
	answer, _, err := c.ExchangeContext(ctx, m, u.server)
	switch {
	case answer != nil && answer.Response && answer.Id == m.Id && answer.Rcode != dns.RcodeSuccess:
		return failed("refused", fmt.Errorf("%s: %s%s", u.server, dns.RcodeToString[answer.Rcode], signatureError(answer)))
	case err != nil:
		return failed("silent", fmt.Errorf("%s: %w", u.server, err))
	case answer.IsTsig() == nil:
		return failed("refused", fmt.Errorf("%s: its answer is not signed", u.server))
	}
	return nil
}

// signatureError is what a server found wrong with our signature.
func signatureError(m *dns.Msg) string {
	if t := m.IsTsig(); t != nil && t.Error != 0 {
		return " (" + dns.RcodeToString[int(t.Error)] + ")"
	}
	return ""
}

// program makes records by a program of the owner's own.
type program string

var _ certmagic.DNSProvider = program("")

func (p program) AppendRecords(ctx context.Context, zone string, records []libdns.Record) ([]libdns.Record, error) {
	return records, p.each(ctx, "add", zone, records)
}

func (p program) DeleteRecords(ctx context.Context, zone string, records []libdns.Record) ([]libdns.Record, error) {
	return records, p.each(ctx, "remove", zone, records)
}

func (p program) each(ctx context.Context, what, zone string, records []libdns.Record) error {
	for _, r := range records {
		rr := r.RR()
		if err := p.call(ctx, what, strings.TrimSuffix(libdns.AbsoluteName(rr.Name, zone), "."), rr.Data); err != nil {
			return failed("program", err)
		}
	}
	return nil
}

func (p program) call(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, programTime)
	defer cancel()
	c := exec.CommandContext(ctx, string(p), args...)
	c.SysProcAttr = linux.EndWithUs(syscall.SIGKILL)
	c.WaitDelay = time.Second
	said := &head{}
	c.Stdout, c.Stderr = said, said
	c.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8"}
	for _, name := range []string{"HOME", "CREDENTIALS_DIRECTORY"} {
		if v, ok := os.LookupEnv(name); ok {
			c.Env = append(c.Env, name+"="+v)
		}
	}
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", p, args[0], err, said.b.Bytes())
	}
	return nil
}

// head keeps the beginning of what is written to it, and takes all.
type head struct{ b bytes.Buffer }

func (h *head) Write(b []byte) (int, error) {
	h.b.Write(b[:min(len(b), mostSaid-h.b.Len())])
	return len(b), nil
}
