package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/linux"
)

// step has one step done, or asks one question.
func (r *rescuer) step(ctx context.Context, goal string, n guard.RescueNext) error {
	act := func(act, step string) error {
		r.acted = true
		if r.before = r.plan; act != "aside" && act != "run" {
			r.plan = slices.DeleteFunc(slices.Clone(r.plan), func(s string) bool { return s == step })
		}
		_, err := r.g.RescueAct(ctx, guard.RescueAct{Goal: goal, Act: act, Step: step, Who: r.who})
		var refused *guard.Refused
		if errors.As(err, &refused) && refused.Code == "bad_act" {
			return nil // it has come about meanwhile: the next look shows it
		}
		return err
	}
	if n.Do == guard.RescueStep {
		if in, err := r.sooner(ctx, goal, n); err != nil {
			return err
		} else if in {
			return r.done(ctx, goal, n, act)
		}
	}
	r.show(rescueEvent{Event: "next", Goal: goal, Next: &n}, func(w io.Writer) { r.showNext(w, n) })
	if d, ok := r.own(n.Step); ok && n.Do == guard.RescueStep {
		return r.running(ctx, goal, n, d, act)
	}
	if n.Do == guard.RescueAnswer {
		return r.answer(ctx, goal, n, act)
	}
	if n.Desk != "" && n.Do == guard.RescueStep {
		if wait, err := r.throughDesk(ctx, goal, n); err != nil || wait {
			if err == nil {
				err = errStopped
			}
			return err
		}
	}
	key := "rescue.ask_step"
	if n.Do == guard.RescueMend {
		if r.yes {
			return act("mend", n.Step)
		}
		key = "rescue.ask_mend"
	}
	said, err := r.ask(ctx, goal, n.Do, r.a.say(key))
	switch {
	case err != nil:
		return err
	case said == no:
		return act("aside", n.Step)
	case n.Do == guard.RescueMend:
		return act("mend", n.Step)
	}
	return r.done(ctx, goal, n, act)
}

// done has what a person's step was to put back proved.
func (r *rescuer) done(ctx context.Context, goal string, n guard.RescueNext, act func(act, step string) error) error {
	rest, err := r.restingOn(ctx, n.For)
	if err != nil {
		return err
	}
	if err := act("done", n.Step); err != nil {
		return err
	}
	switch n.Proof {
	case chain.Person.String():
		r.showQuestion(r.out.clear(), n)
		return r.answer(ctx, goal, n, act)
	case chain.Machine.String():
		holds, err := r.proveUntil(ctx, n.For)
		if err == nil && holds && len(rest) > 0 { // as slow to see it as the link itself
			_, err = r.proveUntil(ctx, rest...)
		}
		if err != nil {
			return err
		}
		return r.linkNow(ctx, n.For)
	}
	return nil
}

// restingOn lists the links that are broken only because of another.
func (r *rescuer) restingOn(ctx context.Context, link string) (names []string, err error) {
	s, err := r.g.Status(ctx)
	for _, l := range s.Links {
		if l.Name != link && l.Verdict == chain.Broken && !l.Person && slices.Equal(l.Blame, []string{link}) {
			names = append(names, l.Name)
		}
	}
	return names, err
}

// proveUntil proves what was put right by hand, until all of it holds or has had its time
// to.
func (r *rescuer) proveUntil(ctx context.Context, links ...string) (holds bool, err error) {
	p := r.a.waiting(chain.Say("rescue.proving"))
	defer p.end(nil)
	for deadline := time.Now().Add(seen); ; {
		s, err := r.g.Prove(ctx, links)
		if err != nil {
			return false, err
		}
		holds := !slices.ContainsFunc(s.Links, func(l guard.LinkStatus) bool {
			return slices.Contains(links, l.Name) && l.Verdict != chain.Holds
		})
		if holds || time.Now().After(deadline) {
			return holds, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(proveAgain / 4):
		}
	}
}

// answer asks what only a person can prove.
func (r *rescuer) answer(ctx context.Context, goal string, n guard.RescueNext, act func(act, step string) error) error {
	if n.Typed {
		return r.answerTyped(ctx, goal, n, act)
	}
	said, err := r.ask(ctx, goal, guard.RescueAnswer, r.a.say("rescue.ask_claim"))
	if err != nil {
		return err
	}
	if said == unknown {
		return act("aside", n.For)
	}
	if _, err := r.g.Answer(ctx, n.For, said == yes, r.who); err != nil {
		return err
	}
	return r.linkNow(ctx, n.For)
}

// answerTyped asks for something to be typed, until it is an answer.
func (r *rescuer) answerTyped(ctx context.Context, goal string, n guard.RescueNext, act func(act, step string) error) error {
	if r.in == nil {
		return r.nobody(goal, guard.RescueAnswer)
	}
	l := guard.LinkStatus{Name: n.For}
	now, err := r.g.Status(ctx)
	if err != nil {
		return err
	}
	for _, one := range now.Links {
		if one.Name == n.For {
			l = one
		}
	}
	for {
		if l.Code != "" && !r.a.store(&r.book.keys).There() {
			fmt.Fprintf(r.out.clear(), "  %s %s\n", yellow.Render("!"), wrap(r.a.say("cli.drill_elsewhere"), r.out.columns, 4))
		}
		line, err := r.line(ctx, r.a.say("rescue.ask_typed"))
		if err != nil {
			fmt.Fprintln(r.out.clear())
			return err
		}
		switch r.a.reads(line, guard.RescueAnswer) {
		case stop:
			return errStopped
		case unknown:
			return act("aside", n.For)
		case no:
			_, err = r.g.Answer(ctx, n.For, false, r.who)
		default:
			if line == "" {
				continue
			}
			_, err = r.a.typed(ctx, r.g, l, line, time.Now(), r.who, &r.book)
		}
		var refused *guard.Refused
		if errors.As(err, &refused) && refused.Code == "no_answer" {
			fmt.Fprintf(r.out.clear(), "  %s %s %s\n", mark(chain.Unproven), refused.Text, refused.Hint)
			continue
		}
		if err != nil {
			return err
		}
		return r.linkNow(ctx, n.For)
	}
}

// said is what a person answers.
type said uint8

const (
	unclear said = iota
	yes
	no
	unknown
	byHand // a step that omamori could have done
	stop
)

// errStopped is a person who stops here; errNobody that there is none to ask.
var (
	errStopped = errors.New("stopped")
	errNobody  = errors.New("nobody to ask")
)

// reads what was typed. Letters are enough: not every console can type Japanese.
func (a *App) reads(s, what string) said {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "s", "stop", "q", "中断":
		return stop
	case "n", "いいえ", "できない":
		return no
	case "no":
		if what != guard.RescueStep {
			return no
		}
	case "y", "yes", "はい":
		if what != guard.RescueStep {
			return yes
		}
	case "d", "done", "済", "済んだ":
		switch what {
		case guard.RescueStep:
			return yes
		case runStep:
			return byHand
		}
	case "?", "？":
		if what == guard.RescueAnswer {
			return unknown
		}
	}
	return unclear
}

// ask asks until the answer is clear. What was typed before the question was shown is
// no answer to it.
func (r *rescuer) ask(ctx context.Context, goal, what, prompt string) (said, error) {
	if r.in == nil {
		return unclear, r.nobody(goal, what)
	}
	in := bufio.NewReader(r.in)
	for {
		// A terminal that cannot forget only loses this protection.
		_ = linux.ForgetInput(int(r.in.Fd()))
		fmt.Fprintf(r.out.clear(), "  %s ", prompt)
		line, err := readLine(ctx, in)
		if err != nil {
			fmt.Fprintln(r.out.clear())
			return unclear, err
		}
		switch said := r.a.reads(line, what); said {
		case unclear:
		case stop:
			return stop, errStopped
		default:
			return said, nil
		}
	}
}

// readLine reads a line, unless ctx is done first. The goroutine then waits for the
// end of the program: reading from a terminal cannot be broken off.
func readLine(ctx context.Context, in *bufio.Reader) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := in.ReadString('\n')
		done <- result{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-done:
		if r.err != nil { // the terminal is gone
			return "", errStopped
		}
		return r.line, nil
	}
}

// nobody says what is needed where no person is.
func (r *rescuer) nobody(goal, what string) error {
	key := "rescue.needs_person"
	if what == guard.RescueMend || what == runStep {
		key = "rescue.needs_yes"
	}
	r.show(rescueEvent{Event: "needs_person", Goal: goal}, func(w io.Writer) { fmt.Fprintln(w, r.a.say(key, "goal", goal)) })
	return errNobody
}
