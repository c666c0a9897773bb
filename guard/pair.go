package guard

import (
	"context"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/vantage"
	"github.com/omamori-guard/omamori/words"
)

// PeerStatus is one guard that is paired with this one.
type PeerStatus struct {
	Name string `json:"name"`
	// Key is the fingerprint that people compare.
	Key string `json:"key"`
	// Host is where we call it by SSH; "" says that it calls us.
	Host     string    `json:"host,omitempty"`
	PairedAt time.Time `json:"paired_at"`
	// HeardAt is when its last letter was taken, zero before the first; until then the
	// pairing is not whole, and is forgotten after ten minutes.
	HeardAt time.Time `json:"heard_at,omitzero"`
	// Proves are the links that it proves for us, Waiting how many changes of verdict
	// wait for it here.
	Proves  []string `json:"proves"`
	Waiting int      `json:"waiting"`
	// Trouble is why letters are refused or do not arrive, "" if all is well.
	Trouble string `json:"trouble,omitempty"`
}

// Offer is how a pairing begins: Code is for the other guard.
type Offer struct {
	Code string        `json:"code"`
	Mine vantage.Party `json:"mine"`
}

// Proposal is what both owners confirm.
type Proposal struct {
	Mine   vantage.Party `json:"mine"`
	Theirs vantage.Party `json:"theirs"`
	// Answer is for the guard that made the offer, once it was agreed to.
	Answer string `json:"answer,omitempty"`
}

// Identity is the SSH key that the guard calls with.
type Identity struct {
	Path   string `json:"path"`
	Public string `json:"public"`
}

// pairing runs f in the guard's goroutine.
func (g *Guard) pairing(ctx context.Context, f func(own string) error) error {
	if g.o.Vantage == nil {
		return vantage.ErrOff
	}
	var err error
	if e := g.call(ctx, func() { err = f(g.name(g.file)) }); e != nil {
		return e
	}
	return err
}

// PairOffer begins a pairing.
func (g *Guard) PairOffer(ctx context.Context) (o Offer, err error) {
	return o, g.pairing(ctx, func(own string) (err error) {
		o.Code, err = g.o.Vantage.Offer(own, time.Now())
		o.Mine = vantage.Party{Name: own, Key: g.o.Vantage.Key().String()}
		return err
	})
}

// PairAnswer says who makes an offer, and with agree makes it known here.
func (g *Guard) PairAnswer(ctx context.Context, code, as string, agree bool) (p Proposal, err error) {
	return p, g.pairing(ctx, func(own string) error {
		found, answer, err := g.o.Vantage.Answer(code, own, as, agree, time.Now())
		p = Proposal{found.Mine, found.Theirs, answer}
		g.agreed(agree, p, err)
		return err
	})
}

// PairAccept says who answered our offer, and with agree makes it known here.
func (g *Guard) PairAccept(ctx context.Context, code, as string, route vantage.Route, agree bool) (p Proposal, err error) {
	return p, g.pairing(ctx, func(own string) error {
		if !route.Good() {
			return vantage.ErrBadHost
		}
		found, err := g.o.Vantage.Accept(code, own, as, route, agree, time.Now())
		p = Proposal{Mine: found.Mine, Theirs: found.Theirs}
		g.agreed(agree, p, err)
		return err
	})
}

func (g *Guard) agreed(agree bool, p Proposal, err error) {
	if agree && err == nil {
		g.append(journal.Entry{What: "pair", Text: chain.Say("vantage.agreed", "vantage", p.Theirs.Name, "key", p.Theirs.Key), Body: p})
	}
}

// PairLetter writes the next letter to a peer, for somebody to carry.
func (g *Guard) PairLetter(ctx context.Context, name string) (letter []byte, err error) {
	return letter, g.pairing(ctx, func(string) (err error) {
		letter, err = g.write(name)
		return err
	})
}

// PairIdentity is the SSH key that the guard calls with; it is made if there is none.
func (g *Guard) PairIdentity(ctx context.Context) (i Identity, err error) {
	return i, g.pairing(ctx, func(string) (err error) {
		i.Path, i.Public, err = g.o.Vantage.Identity()
		return err
	})
}

// PairMeet has the guard call a peer now, and says how things stand with it then.
func (g *Guard) PairMeet(ctx context.Context, name string, lang words.Lang) (PeerStatus, error) {
	if g.o.Call == nil {
		return PeerStatus{}, vantage.ErrOff
	}
	_ = g.meet(ctx, name) // what went wrong stands in the status
	all, err := g.Peers(ctx, lang)
	i := slices.IndexFunc(all, func(p PeerStatus) bool { return p.Name == name })
	switch {
	case err != nil:
		return PeerStatus{}, err
	case i < 0:
		return PeerStatus{}, vantage.ErrUnknown
	}
	return all[i], nil
}

// PairForget drops a peer, and what it has proved.
func (g *Guard) PairForget(ctx context.Context, name string) error {
	return g.pairing(ctx, func(string) error {
		there, err := g.o.Vantage.Forget(name)
		if err != nil {
			return err
		}
		if !there {
			return vantage.ErrUnknown
		}
		g.append(journal.Entry{What: "pair", Text: chain.Say("vantage.forgotten", "vantage", name)})
		state := chain.NewState(g.file.Chain)
		for n, l := range g.links {
			if p, ok := g.state.Proof(n); ok && l.From != name {
				state.Fold(n, p)
			}
		}
		g.state = state
		delete(g.unreached, name)
		g.look()
		return nil
	})
}

// Peers lists the guards that are paired with this one.
func (g *Guard) Peers(ctx context.Context, lang words.Lang) (all []PeerStatus, err error) {
	return all, g.pairing(ctx, func(string) error {
		all = []PeerStatus{}
		for _, p := range g.o.Vantage.Peers(time.Now()) {
			s := PeerStatus{
				Name: p.Name, Key: p.Key.String(), Host: p.Route.Host, PairedAt: p.Paired, HeardAt: p.Heard,
				Proves: []string{}, Waiting: p.Waiting, Trouble: lang.Say(g.unreached[p.Name]),
			}
			if p.Trouble != nil {
				s.Trouble = lang.Say(p.Trouble.Text())
			}
			for _, l := range g.file.Links {
				if rt := g.links[l.Name]; rt != nil && rt.From == p.Name {
					s.Proves = append(s.Proves, l.Name)
				}
			}
			all = append(all, s)
		}
		return nil
	})
}
