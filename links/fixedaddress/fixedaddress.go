// Package fixedaddress is the kind "fixed-address": a request leaves from the address
// that a firewall names. A VPN's handshake alone does not prove that.
package fixedaddress

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	LeavesFrom string `yaml:"leaves_from" doc:"the address that the firewall names, of IPv4 or IPv6: the request goes by the same"`
	URL        string `yaml:"url" doc:"a server that answers with the address of whoever asks, in plain text or JSON"`
	Interface  string `yaml:"interface" doc:"the network interface to leave by, such as wg0"`
	Source     string `yaml:"source" doc:"the address within the tunnel to leave by, such as 10.7.0.2"`
	Proxy      string `yaml:"proxy" doc:"the tunnel's SOCKS proxy to leave by, host:port, where the tunnel has no interface"`
}

const example = `leaves_from: 203.0.113.7
url: https://checkip.amazonaws.com/
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("fixed-address", example, settings{}, build)
	k.Beat = "5m" // it asks somebody else's server
	return k
}

type link struct {
	settings settings
	want     netip.Addr
	url      *url.URL
	source   netip.Addr
}

func build(s settings, _ chain.Place) (chain.Prover, error) {
	var wrong []error
	mistake := func(field, value string) {
		wrong = append(wrong, &chain.SettingError{Field: field, Text: chain.Say("vpn.bad_"+field, "value", value)})
	}
	l := &link{settings: s}
	var err error
	if l.want, err = netip.ParseAddr(s.LeavesFrom); err != nil || l.want.Zone() != "" {
		mistake("leaves_from", s.LeavesFrom)
	}
	l.want = l.want.Unmap()
	if l.url, err = url.Parse(s.URL); err != nil || l.url.Scheme != "https" && l.url.Scheme != "http" || l.url.Host == "" {
		mistake("url", s.URL)
	}
	if s.Source != "" {
		if l.source, err = netip.ParseAddr(s.Source); err != nil || l.source.Is4() != l.want.Is4() {
			mistake("source", s.Source)
		}
	}
	if s.Proxy != "" {
		if _, port, err := net.SplitHostPort(s.Proxy); err != nil || port == "" {
			mistake("proxy", s.Proxy)
		}
		if s.Interface != "" || s.Source != "" {
			mistake("interface", s.Interface)
		}
	}
	if len(s.Interface) > 15 { // longer than any can be
		mistake("interface", s.Interface)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return l, nil
}

// maxBody bounds what is read of an answer, in bytes.
const maxBody = 4096

func (l *link) Prove(ctx context.Context) chain.Proof {
	a, err := probe.Do(ctx, probe.Request{URL: l.url, MaxBody: maxBody, Dial: l.dial})
	where := l.url.Host
	if err != nil {
		var none *noRoute
		if errors.As(err, &none) && !probe.Cancelled(ctx) {
			return chain.Broke("no_tunnel", chain.Say("vpn.no_tunnel", "by", l.by(), "error", probe.Quote([]byte(none.Error()))), chain.Say("vpn.no_tunnel_hint"))
		}
		return probe.Broke(ctx, err, where)
	}
	got, ok := parseEcho(a.Body)
	if a.Status != http.StatusOK || !ok {
		p := chain.Untried(chain.Say("vpn.no_echo", "url", l.settings.URL, "status", a.Status), chain.Say("vpn.no_echo_hint", "url", l.settings.URL))
		if said := probe.Quote(a.Body); said != "" {
			p.Evidence = []string{said}
		}
		return p
	}
	if got != l.want {
		return chain.Broke("other_address", chain.Say("vpn.other_address", "got", got, "want", l.want),
			chain.Say("vpn.other_address_hint", "got", got, "want", l.want))
	}
	return chain.Held(chain.Say("vpn.leaves_from", "address", got))
}

// by says how the request is to leave.
func (l *link) by() string {
	switch {
	case l.settings.Proxy != "":
		return l.settings.Proxy
	case l.settings.Interface != "":
		return l.settings.Interface
	}
	return l.settings.Source
}
