// Package http is the kind "http": a URL answers, with the status, body, redirect
// and size that it should.
package http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
)

type settings struct {
	URL         string            `yaml:"url" doc:"the URL to ask for"`
	Connect     string            `yaml:"connect" doc:"host:port to connect to, in place of the URL's own"`
	Method      string            `yaml:"method" doc:"the request's method" enum:"GET,HEAD"`
	Header      map[string]string `yaml:"header" doc:"headers to send along, to that host alone; Host is one"`
	Status      []string          `yaml:"status" doc:"statuses that are right, such as 200 or 200-299"`
	Contains    []string          `yaml:"contains" doc:"texts that the body must have, within its first MiB or max_size"`
	NotContains []string          `yaml:"not_contains" doc:"texts that the body must not have, within its first MiB or max_size"`
	Redirect    string            `yaml:"redirect" doc:"the place to which it must redirect"`
	Follow      int               `yaml:"follow" doc:"how many redirects may be followed"`
	MinSize     chain.Size        `yaml:"min_size" doc:"the smallest body that is right"`
	MaxSize     chain.Size        `yaml:"max_size" doc:"the largest body that is right"`
	CA          string            `yaml:"ca" doc:"a file of certificates to trust, in place of the system's"`
	Service     string            `yaml:"service" doc:"the service that hands start again to mend it"`
}

const example = `url: https://example.org/
contains: Example
`

// maxBody is how much of a body is read unless max_size says more, in bytes.
const maxBody = 1 << 20

// maxFollow bounds redirects.
const maxFollow = 10

// Kind returns the kind.
func Kind() chain.Kind { return chain.NewKind("http", example, settings{Method: "GET"}, build) }

func build(s settings, at chain.Place) (chain.Prover, error) {
	var bad []error
	wrong := func(field, key, value string) {
		bad = append(bad, &chain.SettingError{Field: field, Text: chain.Say(key, "value", value)})
	}
	l := &link{settings: s, at: at, limit: maxBody}
	u, err := url.Parse(s.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		wrong("url", "http.bad_url", s.URL)
	}
	l.url = u
	if s.Connect != "" {
		if _, port, err := net.SplitHostPort(s.Connect); err != nil || port == "" {
			wrong("connect", "http.bad_address", s.Connect)
		}
	}
	for _, text := range s.Status {
		r, ok := parseRange(text)
		if !ok {
			wrong("status", "http.bad_status", text)
		}
		l.status = append(l.status, r)
	}
	if len(l.status) == 0 {
		l.status = []statuses{{200, 299}}
		if s.Redirect != "" {
			l.status = []statuses{{300, 399}}
		}
	}
	for name, value := range s.Header {
		if !token.MatchString(name) || strings.ContainsFunc(value, isControl) {
			wrong("header", "http.bad_header", name)
		}
	}
	if s.Method == "HEAD" && (len(s.Contains) > 0 || len(s.NotContains) > 0 || s.MinSize > 0 || s.MaxSize > 0) {
		wrong("method", "http.head_body", s.Method)
	}
	if s.Follow < 0 || s.Follow > maxFollow {
		wrong("follow", "http.bad_follow", strconv.Itoa(s.Follow))
	}
	if s.MaxSize > 64<<20 {
		wrong("max_size", "http.too_large", "64 MiB")
	} else if s.MaxSize > 0 {
		l.limit = int64(s.MaxSize)
	}
	if s.MinSize > chain.Size(l.limit) {
		wrong("min_size", "http.sizes", "")
	}
	if s.CA != "" {
		if l.tls, err = trust(s.CA); err != nil {
			wrong("ca", "http.bad_ca", err.Error())
		}
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	return l, nil
}

// token is what a header's name is made of (RFC 9110, section 5.6.2).
var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// trust makes a configuration that trusts the certificates in a file alone.
func trust(path string) (*tls.Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, errors.New("no certificate in " + path)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// statuses is a range of them, both ends included.
type statuses struct{ from, to int }

func parseRange(s string) (statuses, bool) {
	a, b, ranged := strings.Cut(strings.TrimSpace(s), "-")
	from, err := strconv.Atoi(a)
	to := from
	if ranged && err == nil {
		to, err = strconv.Atoi(b)
	}
	return statuses{from, to}, err == nil && from >= 100 && to <= 599 && from <= to
}

type link struct {
	settings settings
	at       chain.Place
	url      *url.URL
	status   []statuses
	limit    int64
	tls      *tls.Config
}

var (
	_ chain.Mender  = (*link)(nil)
	_ chain.Watcher = (*link)(nil)
)

func (l *link) Service() string { return l.settings.Service }

func (l *link) Plan(p chain.Proof, e chain.Evidence) chain.Plan { return cause.Plan(p, e) }

var errNoService = errors.New("no service to watch")

// Watch wakes when the service's process has ended.
func (l *link) Watch(ctx context.Context, wake func()) error {
	if l.settings.Service == "" || l.at.Hands == nil {
		return errNoService
	}
	return l.at.Hands.Watch(ctx, l.settings.Service, wake)
}
