package door

import (
	"crypto/rand"
	"errors"
	"sync"
	"time"
)

const (
	// Skew is how far an owner's clock and the door's may be apart.
	Skew = 2 * time.Minute
	// ChallengeLife is how long a challenge may be answered: long enough to find and
	// touch a hardware key.
	ChallengeLife = time.Minute
	// mostChallenges is how many are remembered; the oldest is forgotten first.
	mostChallenges = 256
)

// Wish is what a permit asks for, admitted.
type Wish struct {
	Permit *Permit
	// Who and Key are the principals and the fingerprint of the key that signed.
	Who, Key string
}

// Lease is the lease that a wish makes at now.
func (w *Wish) Lease(now time.Time) Lease {
	return Lease{
		ID: NewID(), From: w.Permit.From, Ports: w.Permit.Ports,
		Since: now, Until: now.Add(w.Permit.For), Who: w.Who, Key: w.Key,
	}
}

// Gate admits each good permit once. It belongs to the side that may change the
// firewall, which believes nothing of what the network's side says. It is safe for
// concurrent use.
type Gate struct {
	door    Fingerprint
	limits  Limits
	signers func() (Signers, error)
	now     func() time.Time

	mu    sync.Mutex // protects the fields below
	marks *marks     // nil where they cannot be kept
	given []given
	wall  time.Time // the clock, when it was last found steady,
	mono  time.Time // and the moment of that
}

type given struct {
	challenge Challenge
	at        time.Time // monotonic
}

// GateOptions make a gate.
type GateOptions struct {
	// Door is the fingerprint of the door's key.
	Door   Fingerprint
	Limits Limits
	// Signers reads who may sign: anew for each permit, so that who is taken out of
	// the file is out. With an error beside them, the signers it returns count.
	Signers func() (Signers, error)
	// Marks is the path of the file with the marks of admitted permits.
	Marks string
	// Boot is the name of this run of the system: what was written since its beginning is
	// read back, be it on the disk or not. "" where that is not known.
	Boot string
	// Now is the clock; nil is the system's.
	Now func() time.Time
}

// NewGate opens a gate. An error says that marks cannot be kept: the gate is good all
// the same, but admits only permits with a challenge.
func NewGate(o GateOptions) (*Gate, error) {
	g := &Gate{door: o.Door, limits: o.Limits, signers: o.Signers, now: o.Now}
	if g.now == nil {
		g.now = time.Now
	}
	g.wall, g.mono = g.now().Round(0), time.Now()
	m, err := openMarks(o.Marks, o.Boot, g.wall.Add(Skew))
	if err != nil {
		return g, err
	}
	g.marks = m
	return g, g.Prepare()
}

// Prepare sees to it, now and then, that the next permit does not wait for the disk.
func (g *Gate) Prepare() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.marks == nil {
		return nil
	}
	return g.marks.guard(g.now())
}

// Close lets go of the file with the marks.
func (g *Gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.marks == nil {
		return nil
	}
	m := g.marks
	g.marks = nil
	return m.close()
}

// Challenge gives a number to be signed.
func (g *Gate) Challenge() Challenge {
	var c Challenge
	_, _ = rand.Read(c[:]) // never fails
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.given) >= mostChallenges {
		g.given = append(g.given[:0], g.given[1:]...)
	}
	g.given = append(g.given, given{c, time.Now()})
	return c
}

// Admit judges a permit and its signature. What it returns was never returned before,
// and never will be, not by another gate with the same marks either. The error is a
// *Refusal.
func (g *Gate) Admit(permit, signature []byte) (*Wish, error) {
	now := g.now()
	signers, unread := g.signers()
	p, who, key, err := signers.Verify(permit, signature, now)
	if err != nil {
		var r *Refusal
		if errors.As(err, &r) && r.Code == CodeUnknown && unread != nil {
			r.Why = unread.Error()
		}
		return nil, err
	}
	if p.Door != g.door {
		return nil, &Refusal{Code: CodeDoor}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !p.Challenge.IsZero() {
		// Taken before anything else is looked at: one answer to each.
		if !g.take(p.Challenge) || p.AsSeen() {
			return nil, &Refusal{Code: CodeChallenge}
		}
		if err := g.limits.Check(p.From, p.Ports, p.For); err != nil {
			return nil, err
		}
		return &Wish{p, who, key}, nil
	}
	g.steady(now)
	switch {
	case g.marks != nil && g.marks.knows(p):
		return nil, &Refusal{Code: CodeReplayed}
	case p.Time.Sub(now).Abs() > Skew:
		return nil, &Refusal{Code: CodeClock, Now: now}
	case p.AsSeen():
		return nil, &Refusal{Code: CodeChallenge}
	}
	if err := g.limits.Check(p.From, p.Ports, p.For); err != nil {
		return nil, err
	}
	if g.marks == nil || g.marks.forgotten(p) {
		return nil, &Refusal{Code: CodeChallenge, Why: "marks of permits are not known from so far back"}
	}
	if err := g.marks.add(p, now); err != nil {
		return nil, &Refusal{Code: CodeChallenge, Why: err.Error()}
	}
	return &Wish{p, who, key}, nil
}

// take reports whether c was given, not long ago, and was not taken before.
func (g *Gate) take(c Challenge) bool {
	fresh, found := g.given[:0], false
	for _, one := range g.given {
		switch {
		case time.Since(one.at) > ChallengeLife:
		case one.challenge == c:
			found = true
		default:
			fresh = append(fresh, one)
		}
	}
	g.given = fresh
	return found
}

// steady sees to a clock that jumped: what was admitted by the other time may have been
// marked anywhere, so that for a while only challenges count.
func (g *Gate) steady(now time.Time) {
	now = now.Round(0) // without its monotonic part, which no jump touches
	jumped := (now.Sub(g.wall) - time.Since(g.mono)).Abs() > Skew/2
	if jumped {
		if g.marks != nil {
			g.marks.raise(now.Add(Skew))
		}
		g.wall, g.mono = now, time.Now()
	}
}
