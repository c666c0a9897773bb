// Package vpn is the kind "vpn": a VPN's server answers the first message of its own
// protocol, and takes the account where the protocol lets one try it.
package vpn

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Protocol  string       `yaml:"protocol" doc:"pptp, l2tp, l2tp-ipsec, ikev2, openvpn or wireguard"`
	Address   string       `yaml:"address" doc:"the server: its name or address, with a port if it is not the protocol's own"`
	Answers   bool         `yaml:"answers" doc:"claim only that the server answers; else a login that the protocol does not let one try leaves the link unproven"`
	Transport string       `yaml:"transport" doc:"of openvpn: udp, or tcp"`
	TLSAuth   chain.Secret `yaml:"tls_auth" doc:"of openvpn: the key file of tls-auth, with its direction 1"`
	TLSCrypt  chain.Secret `yaml:"tls_crypt" doc:"of openvpn: the key file of tls-crypt"`
	CA        chain.Secret `yaml:"ca" doc:"of openvpn, to log in: the certificate of the authority by which the server is known, such as file:/etc/omamori/vpn-ca.pem"`
	User      string       `yaml:"user" doc:"of openvpn: an account that is the prober's own, as one in use elsewhere may lose its session"`
	Password  chain.Secret `yaml:"password" doc:"of openvpn: its password"`
	Cert      chain.Secret `yaml:"cert" doc:"of openvpn: a client's certificate, which is the prober's own for the same reason"`
	Peer      string       `yaml:"peer" doc:"of wireguard: the server's public key"`
	Key       chain.Secret `yaml:"key" doc:"of wireguard: the private key of a peer that is the prober's own, as one in use elsewhere would lose its session; of openvpn: that of cert"`
	PSK       chain.Secret `yaml:"psk" doc:"of wireguard: the preshared key of that peer"`
}

const example = `protocol: pptp
address: vpn.example.net
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("vpn", example, settings{Transport: "udp"}, build)
	k.Beat = "5m" // each trial costs the server a half-open session for a while
	return k
}

// answer is what a server made of the first message.
type answer struct {
	// Said names the server, as it names itself; it is a stranger's word.
	said string
	// Refused says why it will not negotiate, in its own words or its code's name.
	refused string
	// Login is true if a key was tried too, or an account, and taken.
	login, account bool
	// Second is true if the account is asked for more than there is to give.
	second bool
}

// protocol is how a server is greeted.
type protocol struct {
	title, network, port string
	// try speaks with the server until it has answered, and says goodbye. Its
	// errors are those of the connection, errOther or errKey.
	try func(ctx context.Context, c net.Conn, l *link) (answer, error)
}

var (
	// errOther: what came back is not of the protocol.
	errOther = errors.New("the answer is not of this protocol")
	// errKey: the answer does not fit the key.
	errKey = errors.New("the answer does not fit the key")
	// errBusy: the server is under load, and wants to be asked again later.
	errBusy = errors.New("the server is under load")
)

func protocols() map[string]protocol {
	return map[string]protocol{
		"pptp":       {"PPTP", "tcp", "1723", tryPPTP},
		"l2tp":       {"L2TP", "udp", "1701", tryL2TP},
		"ikev2":      {"IKEv2", "udp", "500", tryIKEv2},
		"l2tp-ipsec": {"L2TP/IPsec", "udp", "500", tryIKEv1},
		"openvpn":    {"OpenVPN", "udp", "1194", tryOpenVPN},
		"wireguard":  {"WireGuard", "udp", "51820", tryWireGuard},
	}
}

// names lists the protocols, the oldest first.
func names() []string {
	return []string{"pptp", "l2tp", "l2tp-ipsec", "ikev2", "openvpn", "wireguard"}
}

type link struct {
	protocol
	settings settings
	address  string
	peer     []byte
}

func build(s settings, _ chain.Place) (chain.Prover, error) {
	var wrong []error
	mistake := func(field, key string, pairs ...any) {
		wrong = append(wrong, &chain.SettingError{Field: field, Text: chain.Say(key, pairs...)})
	}
	p, ok := protocols()[s.Protocol]
	if !ok {
		mistake("protocol", "vpn.bad_protocol", "value", s.Protocol, "known", strings.Join(names(), ", "))
	}
	l := &link{protocol: p, settings: s}
	if l.address, ok = withPort(s.Address, p.port); !ok {
		mistake("address", "vpn.bad_address", "value", s.Address)
	}
	only := func(field string, given bool, of string) {
		if given && s.Protocol != of {
			mistake(field, "vpn.not_of", "field", field, "protocol", of)
		}
	}
	only("transport", s.Transport != "udp", "openvpn")
	only("tls_auth", s.TLSAuth != "", "openvpn")
	only("tls_crypt", s.TLSCrypt != "", "openvpn")
	only("peer", s.Peer != "", "wireguard")
	only("ca", s.CA != "", "openvpn")
	only("user", s.User != "", "openvpn")
	only("password", s.Password != "", "openvpn")
	only("cert", s.Cert != "", "openvpn")
	if s.Protocol != "openvpn" {
		only("key", s.Key != "", "wireguard")
	}
	only("psk", s.PSK != "", "wireguard")
	switch s.Protocol {
	case "openvpn":
		if !slices.Contains([]string{"udp", "tcp"}, s.Transport) {
			mistake("transport", "vpn.bad_transport", "value", s.Transport)
		}
		if s.TLSAuth != "" && s.TLSCrypt != "" {
			mistake("tls_crypt", "vpn.both_keys")
		}
		l.network = s.Transport
		if (s.User == "") != (s.Password == "") {
			mistake("user", "vpn.half_account", "one", "user", "other", "password")
		}
		if (s.Cert == "") != (s.Key == "") {
			mistake("cert", "vpn.half_account", "one", "cert", "other", "key")
		}
		if s.loggingIn() && s.CA == "" { // else a stranger would get the password
			mistake("ca", "vpn.no_ca")
		}
	case "wireguard":
		var err error
		if l.peer, err = base64.StdEncoding.DecodeString(s.Peer); err != nil || len(l.peer) != 32 {
			mistake("peer", "vpn.bad_peer", "value", s.Peer)
		}
		if s.Key == "" {
			mistake("key", "vpn.no_key")
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return l, nil
}

// withPort gives an address its port where it has none.
func withPort(address, port string) (string, bool) {
	host, given, err := net.SplitHostPort(address)
	if err != nil { // there is none, or it is an address of IPv6 by itself
		host, given = strings.TrimSuffix(strings.TrimPrefix(address, "["), "]"), port
		if strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return "", false
		}
	}
	if n, err := strconv.ParseUint(given, 10, 16); given != port && (err != nil || n == 0) {
		return "", false
	}
	return net.JoinHostPort(host, given), host != "" && !strings.ContainsAny(host, " /")
}

func (l *link) Prove(ctx context.Context) chain.Proof {
	c, err := probe.Dial(ctx, l.network, l.address)
	if err != nil {
		return probe.Broke(ctx, err, l.address)
	}
	defer c.Close()
	a, err := l.try(ctx, c, l)
	switch {
	case probe.Cancelled(ctx):
		return chain.Untried(probe.CancelledText(), chain.Text{})
	case err != nil:
		return l.failed(ctx, err)
	case a.refused != "":
		return l.broke("negotiation_refused", "why", probe.Quote([]byte(a.refused)))
	}
	return l.answered(a)
}

// answered is the proof of a server that has answered as it should.
func (l *link) answered(a answer) (p chain.Proof) {
	switch {
	case a.second:
		p = chain.Untried(l.say("vpn.second_factor"), l.say("vpn.second_factor_hint"))
	case a.account:
		p = chain.Held(l.say("vpn.takes_account"))
	case a.login:
		p = chain.Held(l.say("vpn.takes_key"))
	case l.settings.Answers:
		p = chain.Held(l.say("vpn.answers"))
	default:
		p = chain.Untried(l.say("vpn.untried"), l.say("vpn.untried_hint"))
	}
	if said := probe.Quote([]byte(a.said)); said != "" {
		p.Evidence = []string{said}
	}
	return p
}

// failed tells apart why there was no answer.
func (l *link) failed(ctx context.Context, err error) chain.Proof {
	var missing *secretError
	var login *loginError
	switch {
	case errors.As(err, &login):
		return l.broke(login.how, "why", probe.Quote([]byte(login.why)))
	case errors.As(err, &missing):
		return chain.Untried(l.say("vpn.no_secret", "error", missing.Error()), l.say("vpn.no_secret_hint"))
	case errors.Is(err, errBusy):
		return chain.Untried(l.say("vpn.busy"), l.say("vpn.busy_hint"))
	case errors.Is(err, errKey):
		return l.broke("wrong_key")
	case errors.Is(err, errOther):
		return l.broke("other_protocol")
	}
	p := probe.Broke(ctx, err, l.address)
	if p.Cause != "timeout" {
		return p
	}
	switch { // these say nothing to whoever has the wrong key
	case l.settings.Protocol == "wireguard", l.settings.TLSAuth != "", l.settings.TLSCrypt != "":
		return l.broke("silent_key")
	case l.settings.Protocol == "openvpn":
		return l.broke("silent_openvpn")
	}
	return l.broke("silent")
}

func (l *link) say(key string, pairs ...any) chain.Text {
	return chain.Say(key, append([]any{"address", l.address, "protocol", l.title}, pairs...)...)
}

// broke is a proof of the cause by which it is called in the catalogue. The kinds of
// silence are one cause, with a hint each.
func (l *link) broke(how string, pairs ...any) chain.Proof {
	because := how
	cause, _, _ := strings.Cut(how, "_")
	if cause != "silent" {
		cause = how
	} else {
		because = cause
	}
	return chain.Broke(cause, l.say("vpn."+because, pairs...), l.say("vpn."+how+"_hint", pairs...))
}

// secretError is a secret that cannot be read, or is none.
type secretError struct{ err error }

func (e *secretError) Error() string { return e.err.Error() }

func (l *link) secret(s chain.Secret) (string, error) {
	v, err := probe.Secret(s)
	if err != nil {
		return "", &secretError{err}
	}
	return strings.TrimSpace(v), nil
}
