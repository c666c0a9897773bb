package guard

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/journal"
)

// Tuner is what hands have that can change the configuration of services for a trial:
// what is not kept in time is undone, whatever becomes of us.
type Tuner interface {
	Tune(ctx context.Context, t hands.Tuning) error
	Keep(ctx context.Context) error
	Undo(ctx context.Context) error
	// Became says what became of the tuning with this ID.
	Became(ctx context.Context, id string) (hands.Outcome, error)
}

// TuneResult is how a tuning went.
type TuneResult struct {
	// Kept says that the site was proved with it, and it stays. Otherwise all is as it was
	// before, and Why says why.
	Kept bool
	Why  chain.Text
}

// TuneError says why nothing was tried, or that nobody knows what became of it.
type TuneError struct{ Text, Hint chain.Text }

func (e *TuneError) Error() string { return "tune: " + e.Text.Key }

// Said gives the words of it: see chain.Spoken.
func (e *TuneError) Said() (text, hint chain.Text) { return e.Text, e.Hint }

const (
	// tuneTime bounds the restarts of a tuning.
	tuneTime = 8 * time.Minute
	// riseTime is how long it may take until all holds again that held before.
	riseTime = time.Minute
	// tuneWithin is when hands undo it unless they hear from us: longer than all proofs.
	tuneWithin = 2*riseTime + hold + 30*time.Second
	tunePause  = 200 * time.Millisecond
)

// Tune has a tuning carried out, proves all that rests on the services that it is about,
// keeps it if everything holds that held before, and has it undone if not. It goes on when
// ctx is done.
func (g *Guard) Tune(ctx context.Context, t hands.Tuning, who string) (TuneResult, error) {
	tuner, ok := g.o.Hands.(Tuner)
	if !ok {
		return TuneResult{}, &TuneError{Text: chain.Say("guard.tune_no_hands"), Hint: g.o.NoHands}
	}
	if err := g.tuneRuns(ctx, t); err != nil {
		return TuneResult{}, err
	}
	t.Within, t.ID = tuneWithin, rand.Text()
	type ended struct {
		TuneResult
		unknown *TuneError
	}
	done := make(chan ended, 1)
	var bad error
	err := g.call(ctx, func() {
		if g.tuning != nil {
			bad = &TuneError{Text: chain.Say("guard.tune_busy")}
			return
		}
		links, names := g.tuned(t)
		if bad = g.tuneProvable(t, names); bad != nil {
			return
		}
		g.tuning = links
		g.commit(journal.Entry{What: "tune", Text: chain.Say("guard.tune_begins", "who", who, "services", strings.Join(servicesOf(t), ", ")), Body: t})
		g.work.Go(func() {
			r, unknown := g.tryTuning(tuner, t, names)
			g.later(g.ctx, func() {
				g.tuning = nil
				text := chain.Say("guard.tune_kept")
				switch {
				case unknown != nil:
					text = unknown.Text
				case !r.Kept:
					text = chain.Say("guard.tune_undone", "why", r.Why)
				}
				g.append(journal.Entry{What: "tune", Text: text})
				g.look()
			})
			done <- ended{r, unknown}
		})
	})
	if err == nil {
		err = bad
	}
	if err != nil {
		return TuneResult{}, err
	}
	select {
	case r := <-done:
		if r.unknown != nil {
			return TuneResult{}, r.unknown
		}
		return r.TuneResult, nil
	case <-ctx.Done():
		return TuneResult{}, ctx.Err()
	}
}

// tuneRuns wants each service to run that would be tuned: hands start none for this, so
// that its file would not be tried.
func (g *Guard) tuneRuns(ctx context.Context, t hands.Tuning) error {
	for _, service := range servicesOf(t) {
		p, err := g.o.Hands.Process(ctx, service)
		if err != nil {
			return &TuneError{Text: chain.Say("guard.tune_failed", "error", chain.ErrorText(err)), Hint: chain.Say("guard.tune_stopped_hint")}
		}
		if !p.Running {
			return &TuneError{Text: chain.Say("guard.tune_stopped", "service", service), Hint: chain.Say("guard.tune_stopped_hint")}
		}
	}
	return nil
}

// tuneProvable wants a link of the machine among names for each service: without one
// nothing would tell whether it still works.
func (g *Guard) tuneProvable(t hands.Tuning, names []string) error {
	for _, service := range servicesOf(t) {
		if !slices.ContainsFunc(names, func(name string) bool {
			m, ok := g.links[name].prover.(chain.Mender)
			return ok && m.Service() == service
		}) {
			return &TuneError{Text: chain.Say("guard.tune_unproved", "service", service), Hint: chain.Say("guard.tune_unproved_hint", "service", service)}
		}
	}
	return nil
}

func servicesOf(t hands.Tuning) (names []string) {
	for _, c := range t.Changes {
		if !slices.Contains(names, c.Service) {
			names = append(names, c.Service)
		}
	}
	return names
}

// tuned are the links that a tuning touches, and those of them that are to hold after it:
// that do now, or all, where nothing holds.
func (g *Guard) tuned(t hands.Tuning) (links map[string]bool, names []string) {
	services := servicesOf(t)
	links = map[string]bool{}
	for name, l := range g.links {
		m, ok := l.prover.(chain.Mender)
		if !ok || l.From != "" || !slices.Contains(services, m.Service()) {
			continue
		}
		links[name] = true
		for _, above := range g.file.Chain.Above(name) {
			links[above] = true
		}
	}
	view := g.state.Look(time.Now())
	var all []string
	for name := range links {
		l := g.links[name]
		if l == nil || l.person() || l.From != "" {
			continue
		}
		if all = append(all, name); view.Verdict(name) == chain.Holds {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = all
	}
	slices.Sort(names)
	return links, names
}

// tryTuning runs beside the loop. What it says of the end, hands have said.
func (g *Guard) tryTuning(tuner Tuner, t hands.Tuning, names []string) (TuneResult, *TuneError) {
	// A tuning once begun is not broken off because the guard stops; hands would undo it.
	bounded := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.WithoutCancel(g.ctx), tuneTime)
	}
	ctx, cancel := bounded()
	defer cancel()
	failed := func(err error) chain.Text { return chain.Say("guard.tune_failed", "error", chain.ErrorText(err)) }
	err := tuner.Tune(ctx, t)
	if _, refused := errors.AsType[*hands.Refused](err); refused {
		return TuneResult{Why: failed(err)}, nil
	}
	var why chain.Text
	ok := err == nil
	if ok {
		why, ok = g.risen(names, time.Now())
	} else {
		why = failed(err)
	}
	if ok {
		select {
		case <-time.After(hold):
		case <-g.ctx.Done():
		}
		why, ok = g.risen(names, time.Now())
	}
	if ok {
		err := g.insist(ctx, tuner.Keep)
		if err == nil || g.became(ctx, tuner, t) == hands.Kept {
			return TuneResult{Kept: true}, nil
		}
		why = failed(err)
	}
	ctx, cancelUndo := bounded() // the first may be over: that is why
	defer cancelUndo()
	if err := g.insist(ctx, tuner.Undo); err != nil {
		g.o.Log.Warn("undo the tuning", "error", err)
		if g.became(ctx, tuner, t) != hands.Undone {
			return TuneResult{}, &TuneError{Text: chain.Say("guard.tune_unknown", "why", why, "files", strings.Join(filesOf(t), ", ")),
				Hint: chain.Say("guard.tune_unknown_hint")}
		}
	}
	return TuneResult{Why: why}, nil
}

// became asks hands what became of a tuning; "" where they cannot tell.
func (g *Guard) became(ctx context.Context, tuner Tuner, t hands.Tuning) (how hands.Outcome) {
	err := g.insist(ctx, func(ctx context.Context) (err error) {
		how, err = tuner.Became(ctx, t.ID)
		return err
	})
	if err != nil {
		g.o.Log.Warn("ask what became of the tuning", "error", err)
	}
	return how
}

func filesOf(t hands.Tuning) (files []string) {
	for _, c := range t.Changes {
		files = append(files, c.File)
	}
	return files
}

// insist asks again as long as hands cannot be reached: they may be on their way back.
func (g *Guard) insist(ctx context.Context, ask func(context.Context) error) error {
	for end := time.Now().Add(hold); ; {
		err := ask(ctx)
		if _, refused := errors.AsType[*hands.Refused](err); err == nil || refused || time.Now().After(end) {
			return err
		}
		select {
		case <-time.After(tunePause):
		case <-ctx.Done():
			return err
		}
	}
}

// risen waits until each link has been proved to hold since t, and says which has not.
func (g *Guard) risen(names []string, t time.Time) (why chain.Text, ok bool) {
	for end := time.Now().Add(riseTime); ; {
		left := 0
		err := g.call(g.ctx, func() {
			for _, name := range names {
				p, _ := g.state.Proof(name)
				if p.Verdict == chain.Holds && p.At.After(t) {
					continue
				}
				if left++; left == 1 {
					why = chain.Say("guard.tune_broke", "link", name, "because", p.Because)
				}
				g.wake(name)
			}
		})
		switch {
		case err != nil:
			return chain.Say("guard.stopped"), false
		case left == 0:
			return chain.Text{}, true
		case time.Now().After(end):
			return why, false
		}
		select {
		case <-time.After(tunePause):
		case <-g.ctx.Done():
			return chain.Say("guard.stopped"), false
		}
	}
}
