// Package domain is the kind "domain": a domain is registered, and until when: as its owner
// says, else as RDAP says, else WHOIS.
package domain

import (
	"context"
	"errors"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Name    string `yaml:"name" doc:"the domain as it is registered, such as example.jp"`
	Expires string `yaml:"expires" doc:"the last day that is paid for, as the registrar shows it; it wins over what is asked for"`
	RDAP    string `yaml:"rdap" doc:"the address of the registry's RDAP server; found out unless set"`
	WHOIS   string `yaml:"whois" doc:"host:port of a WHOIS server to ask in place of RDAP"`
	Pays    string `yaml:"pays" doc:"what pays for it, such as: the card that ends in 42"`
}

const example = `name: example.org
pays: the card that ends in 42
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("domain", example, settings{}, build)
	k.Beat, k.Timeout = "12h", "1m" // registries count how often they are asked
	return k
}

var aName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)

func build(s settings, at chain.Place) (chain.Prover, error) {
	bad := func(field, value string) (chain.Prover, error) {
		return nil, &chain.SettingError{Field: field, Text: chain.Say("domain.bad_"+field, "value", value)}
	}
	l := &link{settings: s, name: strings.ToLower(strings.TrimSuffix(s.Name, "."))}
	if len(l.name) > 253 || !aName.MatchString(l.name) {
		return bad("name", s.Name)
	}
	if s.Expires != "" {
		over, err := probe.LastDay(s.Expires)
		if err != nil {
			return bad("expires", s.Expires)
		}
		l.over = over
	}
	if s.RDAP != "" {
		u, err := url.Parse(s.RDAP)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return bad("rdap", s.RDAP)
		}
	}
	if s.WHOIS != "" {
		if host, port, err := net.SplitHostPort(s.WHOIS); err != nil || host == "" || port == "" {
			return bad("whois", s.WHOIS)
		}
	}
	if len(s.Pays) > 300 {
		return bad("pays", s.Pays[:20]+"…")
	}
	return l, nil
}

type link struct {
	settings settings
	name     string
	over     time.Time // given by the owner; zero if it was not
	// server is the RDAP server that was found for the domain, since found.
	server string
	found  time.Time
}

// registered is what a registry says of a domain.
type registered struct {
	until time.Time // zero if it does not say
	by    string    // who said so
	no    bool      // there is no such domain
}

// errNoRDAP says that the domain's registry has no RDAP server.
var errNoRDAP = errors.New("the registry has no RDAP server")

// Prove asks until when the domain is registered. A registry that does not answer breaks
// nothing: the domain goes on.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	if !l.over.IsZero() {
		return l.judge(registered{until: l.over, by: "expires"}, time.Now())
	}
	r, err := l.ask(ctx)
	switch {
	case probe.Cancelled(ctx):
		return chain.Untried(probe.CancelledText(), chain.Text{})
	case err != nil:
		return chain.Untried(chain.Say("domain.unasked", "name", l.name, "error", probe.Quote([]byte(err.Error()))), chain.Say("domain.unasked_hint"))
	}
	return l.judge(r, time.Now())
}

func (l *link) ask(ctx context.Context) (registered, error) {
	if l.settings.WHOIS != "" {
		return l.whois(ctx, l.settings.WHOIS)
	}
	if l.jp() && l.settings.RDAP == "" {
		return l.whois(ctx, "whois.jprs.jp:43")
	}
	r, err := l.rdap(ctx)
	if errors.Is(err, errNoRDAP) {
		server, err := l.whoisServer(ctx)
		if err != nil {
			return r, err
		}
		return l.whois(ctx, server)
	}
	return r, err
}

func (l *link) jp() bool { return strings.HasSuffix(l.name, ".jp") }

// moved is for how long after the registry has moved a date on by itself it is not
// believed: a registrar cancels what is not paid for only some weeks later.
const moved = 45 * 24 * time.Hour

func (l *link) judge(r registered, now time.Time) chain.Proof {
	hint := chain.Say("domain.hint", "name", l.name)
	if l.settings.Pays != "" {
		hint = chain.Say("domain.hint_pays", "name", l.name, "pays", l.settings.Pays)
	}
	last := r.until.Add(-time.Second) // the last moment of its last day
	switch {
	case r.no:
		return chain.Broke("not_registered", chain.Say("domain.not_registered", "name", l.name, "by", r.by), hint)
	case r.until.IsZero():
		return chain.Untried(chain.Say("domain.no_date", "name", l.name, "by", r.by), chain.Say("domain.no_date_hint"))
	}
	ends := []chain.End{{
		At: r.until, What: chain.Say("domain.ends", "name", l.name), Hint: hint, Lead: chain.Days(90, 60, 30, 14, 7, 3, 1),
	}}
	var p chain.Proof
	switch since := now.Sub(r.until.AddDate(-1, 0, 0)); {
	case !now.Before(r.until):
		p = chain.Broke("expired", chain.Say("domain.expired", "name", l.name, "until", last), hint)
	case l.jp() && l.over.IsZero() && since >= 0 && since < moved:
		p = chain.Untried(chain.Say("domain.moved", "name", l.name, "until", last), chain.Say("domain.moved_hint", "name", l.name))
		return p // the date is not believed
	case r.by == "expires":
		p = chain.Held(chain.Say("domain.holds_given", "name", l.name, "until", last))
	default:
		p = chain.Held(chain.Say("domain.holds", "name", l.name, "until", last, "by", r.by))
	}
	p.Ends = ends
	p.Figures = []chain.Figure{{Name: "days_left", Value: float64(int(r.until.Sub(now).Hours() / 24))}}
	return p
}
