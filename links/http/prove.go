package http

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

func (l *link) Prove(ctx context.Context) chain.Proof {
	at := l.url
	been := map[string]bool{}
	for followed := 0; ; followed++ {
		q := l.request(at)
		a, err := probe.Do(ctx, q)
		if err != nil {
			return probe.Broke(ctx, err, cmp.Or(q.Connect, probe.Address(at)))
		}
		been[at.String()] = true
		to := redirected(at, a)
		again := to != nil && been[to.String()]
		if to == nil || followed >= l.settings.Follow {
			p := l.verdict(at, a)
			if again && p.Cause == "redirect" {
				p = l.loop(at, to)
			}
			return l.about(a, p)
		}
		if again {
			return l.about(a, l.loop(at, to))
		}
		at = to
	}
}

func (l *link) loop(at, to *url.URL) chain.Proof {
	return chain.Broke("redirect_loop", chain.Say("http.loop", "url", at.Redacted(), "to", to.Redacted()),
		chain.Say("http.loop_hint", "url", l.url.Redacted()))
}

// redirected is where an answer sends a browser, nil for nowhere that we could go.
func redirected(from *url.URL, a probe.Answer) *url.URL {
	next := a.Header.Get("Location")
	if a.Status < 300 || a.Status > 399 || next == "" {
		return nil
	}
	to, err := from.Parse(next)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Hostname() == "" {
		return nil
	}
	to.Fragment, to.RawFragment = "", "" // a browser keeps it to itself
	return to
}

// request asks for u. The headers, which may hold what others must not know, go to
// the link's own host alone, and not over http where that is https.
func (l *link) request(u *url.URL) probe.Request {
	q := probe.Request{Method: l.settings.Method, URL: u, TLS: l.tls, MaxBody: l.limit}
	if u.Hostname() != l.url.Hostname() {
		return q
	}
	if u.Host == l.url.Host && (u.Scheme == l.url.Scheme || u.Scheme == "https") {
		q.Header = l.settings.Header
	}
	q.Connect = l.settings.Connect
	if host, _, err := net.SplitHostPort(q.Connect); err == nil && probe.Address(u) != probe.Address(l.url) {
		_, port, _ := net.SplitHostPort(probe.Address(u)) // always has one
		q.Connect = net.JoinHostPort(host, port)
	}
	return q
}

// about completes a proof by what was answered.
func (l *link) about(a probe.Answer, p chain.Proof) chain.Proof {
	p.Figures = []chain.Figure{{Name: "status", Value: float64(a.Status)}, {Name: "size", Value: float64(len(a.Body)), Unit: "B"}}
	if p.Verdict == chain.Broken {
		p.Evidence = append([]string{fmt.Sprintf("HTTP %d, %d bytes: %s", a.Status, len(a.Body), probe.Quote(a.Body))}, p.Evidence...)
	}
	return p
}

// verdict compares an answer with what was asked of it.
func (l *link) verdict(u *url.URL, a probe.Answer) chain.Proof {
	at := u.Redacted()
	broke := func(cause, key string, pairs ...any) chain.Proof {
		pairs = append([]any{"url", at}, pairs...)
		return chain.Broke(cause, chain.Say("http."+key, pairs...), chain.Say("http."+key+"_hint", pairs...))
	}
	location := a.Header.Get("Location")
	right := false
	for _, s := range l.status {
		right = right || a.Status >= s.from && a.Status <= s.to
	}
	switch {
	case !right && a.Status >= 300 && a.Status <= 399 && location != "":
		return broke("redirect", "redirects", "to", location)
	case !right:
		return broke("http_status", "status", "status", a.Status)
	case l.settings.Redirect != "" && !l.sameRedirect(u, location):
		return broke("redirect", "other_redirect", "to", location, "want", l.settings.Redirect)
	case a.More && l.settings.MaxSize > 0:
		return broke("size", "large", "max", uint64(l.settings.MaxSize))
	case uint64(len(a.Body)) < uint64(l.settings.MinSize):
		return broke("size", "small", "size", len(a.Body), "min", uint64(l.settings.MinSize))
	}
	for _, text := range l.settings.Contains {
		if !bytes.Contains(a.Body, []byte(text)) {
			return broke("content_missing", "missing", "text", text)
		}
	}
	for _, text := range l.settings.NotContains {
		if bytes.Contains(a.Body, []byte(text)) {
			return broke("content_wrong", "unwanted", "text", text)
		}
	}
	return chain.Held(chain.Say("http.holds", "url", at, "status", a.Status))
}

// sameRedirect compares the place to which it redirects, which may be relative.
func (l *link) sameRedirect(u *url.URL, location string) bool {
	got, err := u.Parse(location)
	if err != nil || location == "" {
		return false
	}
	want, err := u.Parse(l.settings.Redirect)
	return err == nil && got.String() == want.String()
}
