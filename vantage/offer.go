package vantage

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// PairError is why guards cannot be paired, or a peer not be called.
type PairError string

const (
	ErrBadOffer  PairError = "bad_offer"  // no offer of a guard, or not a whole one
	ErrOld       PairError = "old"        // the offer is too old
	ErrNameTaken PairError = "name_taken" // another guard of that name is paired
	ErrOwnName   PairError = "own_name"   // this guard has that name itself
	ErrItself    PairError = "itself"     // the other is this very guard
	ErrMany      PairError = "many"       // too many guards are paired, or ask to be
	ErrBadHost   PairError = "bad_host"   // ssh would take the host for something else
	ErrUnknown   PairError = "unknown"    // no guard of that name is paired
	ErrOff       PairError = "off"        // this guard has no book
)

func (e PairError) Error() string { return "pair: " + string(e) }

// Said puts the error into words.
func (e PairError) Said() (text, hint chain.Text) {
	return chain.Say("vantage.pair_" + string(e)), chain.Say("vantage.pair_hint_" + string(e))
}

const (
	offerPrefix  = "omamori-offer-1."
	answerPrefix = "omamori-answer-1."
	maxOffers    = 8
)

// offer is what a guard that wants to be paired says of itself, and what the other
// one says in turn; then reply is the first one's nonce.
type offer struct {
	name         string
	key          Key
	nonce, reply [16]byte
}

func (o offer) code(prefix string) string {
	var w writer
	w.text(o.name)
	w.raw(o.key[:])
	w.raw(o.nonce[:])
	w.raw(o.reply[:])
	return prefix + base64.RawURLEncoding.EncodeToString(w.b)
}

func parseOffer(prefix, code string) (o offer, err error) {
	body, ok := strings.CutPrefix(strings.TrimSpace(code), prefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if !ok || err != nil || len(raw) > 1024 {
		return offer{}, ErrBadOffer
	}
	r := &reader{b: raw}
	o.name = r.text(maxName)
	r.raw(o.key[:])
	r.raw(o.nonce[:])
	r.raw(o.reply[:])
	if !r.end() || !chain.ValidName(o.name) {
		return offer{}, ErrBadOffer
	}
	return o, nil
}

// IsOffer reports whether code is an offer, and nothing that a shell would take for
// more than one word.
func IsOffer(code string) bool {
	body, ok := strings.CutPrefix(code, offerPrefix)
	return ok && body != "" && !strings.ContainsFunc(body, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	})
}

// IsAnswer reports whether a line that the other side printed carries its answer, and
// returns it.
func IsAnswer(line string) (code string, ok bool) {
	line = strings.TrimSpace(line)
	return line, strings.HasPrefix(line, answerPrefix)
}

// MayBeAnswer reports whether the beginning of a line may become an answer.
func MayBeAnswer(line string) bool { return line != "" && strings.HasPrefix(answerPrefix, line) }

// Proposal is what is to be confirmed on both sides: who is to know whom.
type Proposal struct {
	Mine, Theirs Party
}

// Party is one side of a pairing.
type Party struct {
	Name string `json:"name"`
	// Key is the fingerprint that people compare.
	Key string `json:"key"`
}

// Offer begins a pairing: the code is to be given to the other guard.
func (b *Book) Offer(own string, now time.Time) (code string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n, at := range b.offers {
		if now.Sub(at) > unheardFor {
			delete(b.offers, n)
		}
	}
	if len(b.offers) >= maxOffers {
		return "", ErrMany
	}
	if err := b.needKey(); err != nil {
		return "", err
	}
	o := offer{name: own, key: b.key()}
	if _, err := rand.Read(o.nonce[:]); err != nil {
		return "", err
	}
	b.offers[o.nonce] = now
	return o.code(offerPrefix), nil
}

// Answer takes an offer. As is what the other is to be called here, "" for what it
// calls itself. Unless agree is true nothing happens but that it is said who it is.
// The pairing is whole once the other's first letter has come; without one it is
// forgotten.
func (b *Book) Answer(code, own, as string, agree bool, now time.Time) (p Proposal, answer string, err error) {
	o, err := parseOffer(offerPrefix, code)
	if err != nil {
		return p, "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.needKey(); err != nil {
		return p, "", err
	}
	p, err = b.propose(o, own, as, now)
	if err != nil || !agree {
		return p, "", err
	}
	mine := offer{name: own, key: b.key(), reply: o.nonce}
	if _, err := rand.Read(mine.nonce[:]); err != nil {
		return p, "", err
	}
	err = b.add(&peer{Name: p.Theirs.Name, Key: o.key, Pairing: pairing(o, mine), Paired: now.Round(0)})
	return p, mine.code(answerPrefix), err
}

// Accept takes the answer to an offer of ours. See Answer for the rest.
func (b *Book) Accept(code, own, as string, route Route, agree bool, now time.Time) (p Proposal, err error) {
	a, err := parseOffer(answerPrefix, code)
	if err != nil {
		return p, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if at, ok := b.offers[a.reply]; !ok || now.Sub(at) > unheardFor {
		return p, ErrOld
	}
	p, err = b.propose(a, own, as, now)
	if err != nil || !agree {
		return p, err
	}
	delete(b.offers, a.reply)
	mine := offer{name: own, key: b.key(), nonce: a.reply}
	return p, b.add(&peer{
		Name: p.Theirs.Name, Key: a.key, Pairing: pairing(mine, a), Paired: now.Round(0),
		Host: route.Host, SSHConfig: route.Config, There: route.There,
	})
}

func (b *Book) propose(o offer, own, as string, now time.Time) (Proposal, error) {
	b.expire(now)
	if as == "" {
		as = o.name
	}
	p := Proposal{Mine: Party{own, b.key().String()}, Theirs: Party{as, o.key.String()}}
	same := b.named(as)
	switch {
	case !chain.ValidName(as):
		return p, ErrBadOffer
	case o.key == b.key():
		return p, ErrItself
	case as == own:
		return p, ErrOwnName
	case same != nil && same.Key != o.key:
		return p, ErrNameTaken
	case len(b.file.Peers) >= maxPeers:
		return p, ErrMany
	}
	return p, nil
}

// add makes p known. An older pairing with the same guard stays until p is whole.
func (b *Book) add(p *peer) error {
	old := b.file.Peers
	b.file.Peers = append(slices.Clip(old), p)
	if err := b.save(); err != nil {
		b.file.Peers = old
		return err
	}
	return nil
}

// pairing names what two guards agreed on; first is the one that asked.
func pairing(first, second offer) Pairing {
	w := writer{b: []byte("omamori pairing 1\n")}
	w.raw(first.key[:])
	w.raw(second.key[:])
	w.raw(first.nonce[:])
	w.raw(second.nonce[:])
	sum := sha256.Sum256(w.b)
	return Pairing(sum[:16])
}
