package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// UnknownName is a name that the chain does not have.
type UnknownName struct{ Name, Nearest string }

func (e *UnknownName) Error() string { return fmt.Sprintf("unknown name %q", e.Name) }

// Prove tries links now, all of the machine's if none is named, waits for their
// proofs, and returns their status. A link that only a person can prove is
// returned as it is.
func (g *Guard) Prove(ctx context.Context, names []string) error {
	asked := time.Now()
	var wait []string
	var unknown error
	err := g.call(ctx, func() {
		if len(names) == 0 {
			for _, l := range g.file.Links {
				names = append(names, l.Name)
			}
		}
		for _, n := range names {
			l := g.links[n]
			if l == nil {
				unknown = &UnknownName{n, chain.Nearest(n, g.file.Chain.AllNames())}
				return
			}
			if !l.person() && l.From == "" {
				g.prove(l, true)
				wait = append(wait, n)
			}
		}
	})
	if err == nil {
		err = unknown
	}
	for err == nil {
		left := false
		err = g.call(ctx, func() {
			for _, n := range wait {
				p, ok := g.state.Proof(n)
				if l := g.links[n]; l != nil && (!ok || p.At.Before(asked)) {
					left = true
				}
			}
		})
		if err != nil || !left {
			break
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return err
}

// NotAPersons is a link that machines prove: no answer to it is wanted.
type NotAPersons struct{ Name string }

func (e *NotAPersons) Error() string { return fmt.Sprintf("link %q is proved by machine", e.Name) }

// Elsewhere is a link that is proved at another vantage alone.
type Elsewhere struct{ Name, Vantage string }

func (e *Elsewhere) Error() string {
	return fmt.Sprintf("link %q is proved from %s", e.Name, e.Vantage)
}

// Said puts the error into words.
func (e *Elsewhere) Said() (text, hint chain.Text) {
	return chain.Say("guard.elsewhere", "link", e.Name, "vantage", e.Vantage), chain.Say("guard.elsewhere_hint", "link", e.Name, "vantage", e.Vantage)
}

// Answer takes in what a person, who, said of a link that only a person proves.
func (g *Guard) Answer(ctx context.Context, name string, yes bool, who string) error {
	var bad error
	err := g.call(ctx, func() {
		l := g.links[name]
		switch {
		case l == nil:
			bad = &UnknownName{name, chain.Nearest(name, g.file.Chain.AllNames())}
			return
		case !l.person():
			bad = &NotAPersons{name}
			return
		case l.From != "":
			bad = &Elsewhere{name, l.From}
			return
		case yes && l.typed():
			bad = &WantsTyping{name}
			return
		}
		p := chain.Held(chain.Say("guard.person_yes", "who", who))
		if !yes {
			p = chain.Broke("person", chain.Say("guard.person_no", "who", who), chain.Say("guard.person_no_hint", "link", name))
		}
		p.At, p.By = time.Now(), who
		g.alive(p.At, "answer")
		g.take(name, p)
		g.save()
	})
	if err == nil {
		err = bad
	}
	if err == nil {
		g.settled(ctx)
	}
	return err
}

// WantsTyping is a link that a yes does not prove: it asks for something to be typed.
type WantsTyping struct{ Name string }

func (e *WantsTyping) Error() string {
	return fmt.Sprintf("link %q asks for something to be typed", e.Name)
}

// Said puts the error into words.
func (e *WantsTyping) Said() (text, hint chain.Text) {
	return chain.Say("guard.wants_typing", "link", e.Name), chain.Say("guard.wants_typing_hint", "link", e.Name)
}

// NoAnswer is what was typed where it can be no answer: the person is to be asked again.
type NoAnswer struct{ Err error }

func (e *NoAnswer) Error() string { return "no answer: " + e.Err.Error() }

func (e *NoAnswer) Unwrap() error { return e.Err }

// Typed takes in what a person, who, typed to prove a link. What it was is not kept.
func (g *Guard) Typed(ctx context.Context, name, typed, who string) error {
	var bad error
	var checker chain.Checker
	err := g.call(ctx, func() {
		l := g.links[name]
		switch {
		case l == nil:
			bad = &UnknownName{name, chain.Nearest(name, g.file.Chain.AllNames())}
		case !l.typed():
			bad = &NotAPersons{name}
		case l.From != "":
			bad = &Elsewhere{name, l.From}
		default:
			checker = l.prover.(chain.Checker)
		}
	})
	if err = errors.Join(err, bad); err != nil {
		return err
	}
	at := time.Now()
	p, err := checker.Check(ctx, typed)
	if err != nil {
		return &NoAnswer{err}
	}
	p.At, p.By = at, who
	err = g.call(ctx, func() {
		if l := g.links[name]; l != nil && l.prover == chain.Prover(checker) {
			g.alive(time.Now(), "answer")
			g.take(name, p)
			g.save()
		}
	})
	if err == nil {
		g.settled(ctx)
	}
	return err
}
