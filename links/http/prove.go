package http

import (
	"bytes"
	"context"
	"fmt"
	"net/url"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

func (l *link) Prove(ctx context.Context) chain.Proof {
	at := l.url
	for followed := 0; ; followed++ {
		a, err := probe.Do(ctx, l.request(at))
		if err != nil {
			return probe.Broke(ctx, err, where(at, l.settings.Connect))
		}
		next := a.Header.Get("Location")
		if a.Status < 300 || a.Status > 399 || next == "" || followed >= l.settings.Follow {
			return l.judge(at, a)
		}
		to, err := at.Parse(next)
		if err != nil || to.Scheme != "http" && to.Scheme != "https" {
			return l.judge(at, a)
		}
		at = to
	}
}

// where is what a person would look for: the address, or the URL's host.
func where(u *url.URL, connect string) string {
	if connect != "" {
		return connect
	}
	return probe.Address(u)
}

func (l *link) request(u *url.URL) probe.Request {
	q := probe.Request{Method: l.settings.Method, URL: u, Header: l.settings.Header, TLS: l.tls, MaxBody: l.limit}
	if u.Host == l.url.Host {
		q.Connect = l.settings.Connect
	}
	return q
}

// judge compares an answer with what was asked of it.
func (l *link) judge(u *url.URL, a probe.Answer) chain.Proof {
	p := l.verdict(u, a)
	p.Figures = []chain.Figure{{Name: "status", Value: float64(a.Status)}, {Name: "size", Value: float64(len(a.Body)), Unit: "B"}}
	if p.Verdict == chain.Broken {
		p.Evidence = append([]string{fmt.Sprintf("HTTP %d, %d bytes: %s", a.Status, len(a.Body), probe.Quote(a.Body))}, p.Evidence...)
	}
	return p
}

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
	if err != nil {
		return false
	}
	want, err := u.Parse(l.settings.Redirect)
	return err == nil && got.String() == want.String()
}
