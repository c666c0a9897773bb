// Package address is the kind "address": the address from which this machine is seen is
// one of those that are allowed elsewhere.
package address

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Ask     []string `yaml:"ask" doc:"URLs that answer with the address that they see, and nothing else; the next is asked where one does not answer"`
	Allowed []string `yaml:"allowed" doc:"the addresses, or prefixes, from which one may come"`
}

const example = `ask: [https://checkip.amazonaws.com/]
allowed: [203.0.113.7, "2001:db8::/56"]
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("address", example, settings{}, build)
	k.Beat, k.Timeout = "5m", "10s"
	return k
}

func build(s settings, _ chain.Place) (chain.Prover, error) {
	var bad []error
	wrong := func(field string, text chain.Text) {
		bad = append(bad, &chain.SettingError{Field: field, Text: text})
	}
	l := &link{ask: s.Ask}
	if len(s.Ask) == 0 {
		wrong("ask", chain.Say("address.no_ask"))
	}
	for _, a := range s.Ask {
		if u, err := url.Parse(a); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			wrong("ask", chain.Say("address.bad_url", "url", a))
		}
	}
	if len(s.Allowed) == 0 {
		wrong("allowed", chain.Say("address.no_allowed"))
	}
	for _, a := range s.Allowed {
		p, err := netip.ParsePrefix(a)
		if err != nil {
			one, err := netip.ParseAddr(a)
			if err != nil || one.Zone() != "" {
				wrong("allowed", chain.Say("address.bad_address", "value", a))
				continue
			}
			p = netip.PrefixFrom(one, one.BitLen())
		}
		if p.Bits() == 0 {
			wrong("allowed", chain.Say("address.everybody", "value", a))
		}
		l.allowed = append(l.allowed, p.Masked())
	}
	return l, errors.Join(bad...)
}

type link struct {
	ask     []string
	allowed []netip.Prefix
}

// maxAnswer is more than any address is long.
const maxAnswer = 128

var errNoAddress = errors.New("the answer is no address")

func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	// A connection of its own each time: one that is kept would show the old address.
	transport := &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment, MaxResponseHeaderBytes: 16 << 10}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	share := 5 * time.Second
	if end, ok := ctx.Deadline(); ok {
		share = time.Until(end) / time.Duration(len(l.ask)+1)
	}
	var failed error
	where := ""
	for _, where = range l.ask {
		inner, cancel := context.WithTimeout(ctx, share)
		a, err := asked(inner, client, where)
		cancel()
		if err == nil {
			return l.judge(a)
		}
		failed = err
		if ctx.Err() != nil {
			break
		}
	}
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	// That nobody tells us our address does not say that it is another one.
	return chain.Untried(chain.Say("address.not_told", "url", where, "error", failed.Error()), chain.Say("address.not_told_hint"))
}

func asked(ctx context.Context, client *http.Client, where string) (netip.Addr, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return netip.Addr{}, err
	}
	q.Header.Set("User-Agent", "omamori")
	p, err := client.Do(q)
	if err != nil {
		return netip.Addr{}, err
	}
	defer p.Body.Close()
	b, err := io.ReadAll(io.LimitReader(p.Body, maxAnswer))
	if err != nil {
		return netip.Addr{}, err
	}
	a, err := netip.ParseAddr(strings.TrimSpace(string(b)))
	if err != nil || p.StatusCode != http.StatusOK || a.Zone() != "" {
		return netip.Addr{}, errNoAddress
	}
	return a.Unmap(), nil
}

func (l *link) judge(a netip.Addr) chain.Proof {
	for _, p := range l.allowed {
		if p.Contains(a) {
			return chain.Held(chain.Say("address.holds", "address", a))
		}
	}
	p := chain.Broke("address_changed", chain.Say("address.changed", "address", a, "allowed", list(l.allowed)), chain.Say("address.changed_hint", "address", a))
	p.Evidence = []string{a.String()}
	return p
}

func list(all []netip.Prefix) string {
	var b []string
	for _, p := range all {
		if p.IsSingleIP() {
			b = append(b, p.Addr().String())
		} else {
			b = append(b, p.String())
		}
	}
	return strings.Join(b, ", ")
}
