// Package tcp is the kind "tcp": something accepts connections at an address, and
// greets as expected.
package tcp

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"regexp"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Address string `yaml:"address" doc:"host:port to connect to"`
	Socket  string `yaml:"socket" doc:"a Unix socket to connect to, in place of an address"`
	Greets  string `yaml:"greets" doc:"a regular expression that the first bytes said must match, such as ^SSH-2"`
	Service string `yaml:"service" doc:"the service that hands start again to mend it"`
}

const example = `address: 127.0.0.1:25
greets: ^220
`

// Kind returns the kind.
func Kind() chain.Kind { return chain.NewKind("tcp", example, settings{}, build) }

func build(s settings, at chain.Place) (chain.Prover, error) {
	wrong := func(field, key, value string) (chain.Prover, error) {
		return nil, &chain.SettingError{Field: field, Text: chain.Say(key, "value", value)}
	}
	l := &link{settings: s, at: at, network: "tcp", address: s.Address}
	switch {
	case s.Address == "" && s.Socket == "":
		return wrong("address", "tcp.where", "")
	case s.Address != "" && s.Socket != "":
		return wrong("socket", "tcp.both", "")
	case s.Socket != "" && !filepath.IsAbs(s.Socket):
		return wrong("socket", "tcp.not_absolute", s.Socket)
	case s.Socket != "":
		l.network, l.address = "unix", s.Socket
	default:
		if _, port, err := net.SplitHostPort(s.Address); err != nil || port == "" {
			return wrong("address", "tcp.bad_address", s.Address)
		}
	}
	if s.Greets != "" {
		var err error
		if l.greets, err = regexp.Compile(s.Greets); err != nil {
			return wrong("greets", "tcp.bad_pattern", s.Greets)
		}
	}
	return l, nil
}

type link struct {
	settings         settings
	at               chain.Place
	network, address string
	greets           *regexp.Regexp
	// silent counts the proofs in a row that ended in silence: a busy host can be
	// slow once, and is not to be killed for it.
	silent int
}

var (
	_ chain.Mender  = (*link)(nil)
	_ chain.Watcher = (*link)(nil)
)

// maxGreeting bounds what is read of a greeting, in bytes.
const maxGreeting = 1024

func (l *link) Prove(ctx context.Context) chain.Proof {
	c, err := probe.Dial(ctx, l.network, l.address)
	if err != nil {
		return probe.Broke(ctx, err, l.address)
	}
	defer c.Close()
	if l.greets == nil {
		return chain.Held(chain.Say("tcp.accepts", "address", l.address))
	}
	said, err := l.listen(c)
	if len(said) > 0 || err == nil {
		l.silent = 0
	}
	switch {
	case l.greets.Match(said):
		return chain.Held(chain.Say("tcp.greets", "address", l.address))
	case probe.Cancelled(ctx):
		return chain.Untried(probe.CancelledText(), chain.Text{})
	case len(said) > 0:
		p := chain.Broke("wrong_greeting", chain.Say("tcp.wrong_greeting", "address", l.address, "want", l.settings.Greets),
			chain.Say("tcp.wrong_greeting_hint", "address", l.address))
		p.Evidence = []string{probe.Quote(said)}
		return p
	}
	p := probe.Broke(ctx, err, l.address)
	if p.Cause != "timeout" {
		l.silent = 0
		return p
	}
	// It accepts, and says nothing: a stopped server does that.
	l.silent++
	code := "silent"
	if l.silent >= 2 {
		code = cause.Hung
	}
	return chain.Broke(code, chain.Say("tcp.silent", "address", l.address), chain.Say("tcp.silent_hint"))
}

// listen reads until what was said matches, or cannot any more.
func (l *link) listen(c net.Conn) (said []byte, err error) {
	said = make([]byte, 0, maxGreeting)
	for err == nil && len(said) < cap(said) && !l.greets.Match(said) {
		var n int
		n, err = c.Read(said[len(said):cap(said)])
		said = said[:len(said)+n]
	}
	return said, err
}

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
