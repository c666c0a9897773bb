package guard

import (
	"crypto/sha256"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/vantage"
)

// vantageSettings are the section "vantage" of the configuration.
type vantageSettings struct {
	Name string `yaml:"name" doc:"what from: calls this machine; without it, its host name"`
}

// VantageSection is the part of the configuration that says where the guard stands.
func VantageSection() config.Section {
	return config.Section{
		Name: "vantage", Settings: func() any { return &vantageSettings{} },
		Check: func(s any) []*chain.SettingError {
			if n := s.(*vantageSettings).Name; n != "" && !chain.ValidName(n) {
				return []*chain.SettingError{{Field: "name", Text: chain.Say("vantage.bad_name", "name", n)}}
			}
			return nil
		},
	}
}

// name is what this vantage is called by a configuration.
func (g *Guard) name(file *config.File) string {
	if s, ok := file.Sections["vantage"].(*vantageSettings); ok && s.Name != "" {
		return s.Name
	}
	return g.o.Name
}

// placed is a link as it is here: one that is proved from this vantage has no From,
// and one that is not is never mended here: nothing is done on the word of another.
func (g *Guard) placed(file *config.File, c config.Link) config.Link {
	if c.From != "" && c.From == g.name(file) {
		c.From = ""
	}
	if c.From != "" {
		c.Mend = false
	}
	return c
}

// claimOf hashes what a link claims: its kind, and its settings as far as they differ
// from the kind's defaults, so that a setting that a newer version adds changes nothing.
func claimOf(c config.Link) vantage.Claim {
	said := map[string]any{}
	v := reflect.Indirect(reflect.ValueOf(c.Settings))
	if v.Kind() == reflect.Struct {
		defaults := reflect.Value{}
		if c.Kind.Settings != nil {
			defaults = reflect.Indirect(reflect.ValueOf(c.Kind.Settings()))
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if name == "" || name == "-" || defaults.IsValid() && reflect.DeepEqual(v.Field(i).Interface(), defaults.Field(i).Interface()) {
				continue
			}
			said[name] = v.Field(i).Interface()
		}
	}
	b, err := json.Marshal(said) // sorts by name
	if err != nil {              // settings come from YAML: cannot fail
		panic(err)
	}
	return sha256.Sum256(append([]byte("omamori claim 1\n"+c.Kind.Name+"\n"), b...))
}

// wishes are the links that a vantage proves for us.
func (g *Guard) wishes(name string) map[string]vantage.Claim {
	all := map[string]vantage.Claim{}
	for _, l := range g.links {
		if l.From == name && name != "" {
			all[l.Name] = claimOf(l.Link)
		}
	}
	return all
}

// ours is the newest proof of a link, if we are the ones who prove that very claim.
func (g *Guard) ours(name string, c vantage.Claim) (chain.Proof, bool) {
	l := g.links[name]
	if l == nil || l.From != "" || claimOf(l.Link) != c {
		return chain.Proof{}, false
	}
	return g.state.Proof(name)
}

// note keeps a change of verdict for the peers that want to hear of it.
func (g *Guard) note(name string, p chain.Proof) {
	l := g.links[name]
	if g.o.Vantage == nil || l == nil || l.From != "" {
		return
	}
	if err := g.o.Vantage.Note(name, claimOf(l.Link), p, time.Now()); err != nil {
		g.o.Log.Warn("keep a proof for peers", "link", name, "error", err)
	}
	select {
	case g.soon <- struct{}{}:
	default:
	}
}

// recall takes up what peers had told before the guard, or a link, was started anew.
func (g *Guard) recall() {
	if g.o.Vantage == nil {
		return
	}
	now := time.Now()
	for _, p := range g.o.Vantage.Peers(now) {
		for name, held := range g.o.Vantage.Held(p.Name, g.wishes(p.Name)) {
			if _, known := g.state.Proof(name); !known {
				g.state.Fold(name, held.As(p.Name, now))
			}
		}
	}
}

// heard goes by what a letter brought.
func (g *Guard) heard(t vantage.Taken) {
	now := time.Now()
	if t.First {
		g.append(journal.Entry{What: "pair", Text: chain.Say("vantage.whole", "vantage", t.Peer)})
	}
	for _, r := range t.Refused {
		g.refuse(r)
	}
	wishes := g.wishes(t.Peer)
	counts := func(p vantage.Proof) bool { // else the configuration has changed meanwhile
		c, ok := wishes[p.Link]
		return ok && c == p.Claim
	}
	for _, p := range t.Past {
		if counts(p) {
			told := p.As(t.Peer, now)
			g.o.Journal.Proof(p.Link, told)
			g.append(verdictEntry(p.Link, told))
		}
	}
	for _, p := range t.Newest {
		if counts(p) {
			g.take(p.Link, p.As(t.Peer, now))
		}
	}
}

func (g *Guard) write(name string) ([]byte, error) {
	return g.o.Vantage.Write(name, g.wishes(name), g.ours, time.Now())
}

// peerTroubles says what keeps peers from being heard: the book, the clocks.
func (g *Guard) peerTroubles() (all []chain.Text) {
	if g.o.NoVantage != nil {
		all = append(all, chain.Say("vantage.unusable", "error", g.o.NoVantage))
	}
	if g.o.Vantage == nil {
		return all
	}
	for _, p := range g.o.Vantage.Peers(time.Now()) {
		if p.Trouble != nil && p.Trouble.Code == vantage.Clock {
			all = append(all, p.Trouble.Text())
		}
	}
	return all
}

// heardLately is how old the last letter of a peer may be for it to count as there.
const heardLately = 5 * exchangeEvery

// unheard says why a link that is proved elsewhere is unproven, and what to do. It is
// false where the newest proof, still fresh, says so itself.
func (g *Guard) unheard(l *link, last chain.Proof, now time.Time) (because, hint chain.Text, ok bool) {
	var peer vantage.Peer
	if g.o.Vantage != nil {
		peer, ok = g.o.Vantage.Peer(l.From, now)
	}
	age := func(t time.Time) time.Duration { return max(0, now.Sub(t)).Truncate(time.Second) }
	proved, lately := !last.At.IsZero(), age(peer.Heard) < heardLately
	switch {
	case !ok:
		return chain.Say("vantage.not_paired", "vantage", l.From), chain.Say("vantage.not_paired_hint", "vantage", l.From), true
	case proved && age(last.At) <= l.Fresh:
		return chain.Text{}, chain.Text{}, false
	case peer.Trouble != nil:
		return peer.Trouble.Text(), chain.Say("vantage.trouble_hint", "vantage", l.From), true
	case peer.Heard.IsZero():
		return chain.Say("vantage.never_heard", "vantage", l.From), chain.Say("vantage.list_hint"), true
	case proved && lately:
		return chain.Say("vantage.not_since", "vantage", l.From, "age", age(last.At)), chain.Say("vantage.not_told_hint", "vantage", l.From, "link", l.Name), true
	case proved:
		return chain.Say("vantage.asleep", "vantage", l.From, "age", age(last.At), "heard", age(peer.Heard)), chain.Say("vantage.asleep_hint", "vantage", l.From), true
	case lately:
		return chain.Say("vantage.not_told", "vantage", l.From, "link", l.Name), chain.Say("vantage.not_told_hint", "vantage", l.From, "link", l.Name), true
	}
	return chain.Say("vantage.silent", "vantage", l.From, "heard", age(peer.Heard)), chain.Say("vantage.asleep_hint", "vantage", l.From), true
}
