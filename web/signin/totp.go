package signin

import (
	"crypto/subtle"
	"time"

	"github.com/omamori-guard/omamori/vault/otp"
)

// A code has six digits, and three of them count at a time: whoever could try for long
// would be let in. So strangers may try only a few times a day for each name, and a
// hundred times in all before somebody is let in by that name; then codes count only in
// browsers that have been let in before. Nobody who tries so can keep the owner out: his
// own browser has tries of its own, and passkeys and `omamori page` know no such bound.
const (
	triesADay     = 10
	triesInAll    = 100
	triesOfKnown  = 10 // wrong ones in a row
	maxKnown      = 10
	stepsAround   = 1
	secretOfCodes = 20 // bytes, as RFC 4226 wants at least
)

// known is a browser that has been let in by a code.
type known struct {
	Hash  hash      `json:"hash"`
	Wrong int       `json:"wrong,omitempty"`
	Seen  time.Time `json:"seen"`
}

// mayTry says whether one more code is looked at, and counts it as wrong until it turns
// out to be right.
func (p *person) mayTry(browser string, now time.Time) (k *known, ok bool) {
	h := hashOf(browser)
	for _, b := range p.Known {
		if browser != "" && subtle.ConstantTimeCompare(b.Hash[:], h[:]) == 1 && b.Wrong < triesOfKnown {
			b.Wrong++
			return b, true
		}
	}
	var today []time.Time
	for _, t := range p.tries {
		if now.Sub(t) < 24*time.Hour {
			today = append(today, t)
		}
	}
	p.tries = today
	if len(p.tries) >= triesADay || p.Wrong >= triesInAll {
		return nil, false
	}
	p.tries = append(p.tries, now)
	p.Wrong++
	return nil, true
}

// code lets somebody in by a code. It never says what was wrong. g.mu is held.
func (g *Gate) code(name, typed, browser string) (token, newBrowser string, ok bool) {
	now := time.Now()
	p := g.person(name)
	if p == nil {
		// As much work as for somebody who is known.
		otp.Account{Secret: make([]byte, secretOfCodes)}.Drift(typed, now, stepsAround)
		return "", "", false
	}
	b, may := p.mayTry(browser, now)
	var fits *device
	for _, d := range p.Devices {
		if d.Kind != "totp" {
			continue
		}
		a := otp.Account{Secret: d.Secret}
		steps, found := a.Drift(typed, now, stepsAround)
		step := uint64(int64(a.Step(now)) + int64(steps))
		// A code counts once, and none older than the last.
		if found && may && step > d.Step {
			d.Step = step
			fits = d
		}
	}
	if fits == nil {
		g.save()
		return "", "", false
	}
	if b == nil {
		p.Wrong, p.tries = 0, nil
		newBrowser = newToken()
		b = &known{Hash: hashOf(newBrowser)}
		p.Known = append(p.Known, b)
		if n := len(p.Known); n > maxKnown {
			p.Known = p.Known[n-maxKnown:]
		}
	}
	b.Wrong, b.Seen = 0, now
	return g.begin(session{Name: p.Name, How: "totp", Act: p.Act}), newBrowser, true
}

// bringCodes takes a code generator that somebody has set up, once he types a code of it.
// g.mu is held.
func (g *Gate) bringCodes(s *session, typed string) (token, browser string, ok bool, err error) {
	now := time.Now()
	if s.secret == nil {
		return "", "", false, nil
	}
	a := otp.Account{Secret: s.secret}
	steps, found := a.Drift(typed, now, stepsAround)
	if !found {
		return "", "", false, nil
	}
	token, err = g.bring(s, &device{Kind: "totp", Added: now, Secret: s.secret, Step: uint64(int64(a.Step(now)) + int64(steps))}, newID())
	if err != nil {
		return "", "", false, err
	}
	browser = newToken()
	p := g.person(s.Name)
	p.Known = append(p.Known, &known{Hash: hashOf(browser), Seen: now})
	if n := len(p.Known); n > maxKnown {
		p.Known = p.Known[n-maxKnown:]
	}
	g.save()
	return token, browser, true, nil
}
