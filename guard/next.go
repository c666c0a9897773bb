package guard

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
)

// NextStep is the one thing that raises a margin most.
type NextStep struct {
	// Do is "prove" (have Links proved: drills, or omamori prove), "get" (an
	// improvement, by Mend), "mend" (put Name back by Mend) or "find" (Name is to be
	// had again; nothing says how).
	Do    string   `json:"do"`
	Name  string   `json:"name,omitempty"`
	Title string   `json:"title,omitempty"`
	Links []string `json:"links,omitempty"`
	Mend  string   `json:"mend,omitempty"`
	// Seconds is how long all of it takes.
	Seconds float64 `json:"takes_s,omitempty"`
	// From and To are the margin before and after; nil has no bound.
	From *int `json:"margin_from"`
	To   *int `json:"margin_to"`
}

// maxSteps bounds how many steps are tried: each costs a margin.
const maxSteps = 64

// nextStep tries what each thing and link would be worth if it were had: what is
// missing, what is lost, and what a mend would free of lost needs.
func (r *reckoning) nextStep(goal string, s ways.State) *NextStep {
	before := r.marginOf(goal, s)
	steps := r.steps(goal, s)
	if len(s.Unproven) > 0 {
		steps = slices.Insert(steps, 0, possible{NextStep{Do: "prove", Links: s.Unproven}, ways.State{Lost: s.Lost, Waived: s.Waived}})
	}
	var best *NextStep
	for _, p := range steps[:min(len(steps), maxSteps)] {
		if !r.until.IsZero() && time.Now().After(r.until) {
			break
		}
		step := p.step
		step.From, step.To = before.Now, r.marginOf(goal, p.after).Now
		if !below(step.From, step.To) {
			continue
		}
		if best == nil || below(best.To, step.To) || equal(best.To, step.To) && cmp.Compare(step.rank(), best.rank()) < 0 {
			best = &step
		}
	}
	return best
}

// rank orders steps that are worth the same: what takes least, what nothing says how
// to do last.
func (n NextStep) rank() float64 {
	if n.Do == "find" {
		return math.Inf(1)
	}
	return n.Seconds
}

// possible is a step and how things would stand after it.
type possible struct {
	step  NextStep
	after ways.State
}

// steps lists steps to what the goal may rest on; what it does not raises no margin.
func (r *reckoning) steps(goal string, s ways.State) (all []possible) {
	rests := map[string]bool{}
	for _, name := range r.graph().RestsOn(goal) {
		rests[name] = true
	}
	lost := map[string]bool{}
	now := ways.State{Lost: s.Lost, Waived: s.Waived}
	for _, name := range s.Lost {
		if lost[name] = true; !rests[name] || len(all) == maxSteps {
			continue
		}
		after := s
		after.Lost = slices.DeleteFunc(slices.Clone(s.Lost), func(n string) bool { return n == name })
		if step, ok := r.stepTo(name, now); ok {
			all = append(all, possible{step, after})
		}
	}
	mended := map[string]bool{}
	for _, m := range r.Model().Mends {
		l, link := r.Link(m.For)
		if !link || mended[m.For] || lost[m.For] || !rests[m.For] || len(all) == maxSteps {
			continue
		}
		mended[m.For] = true
		if step, ok := r.stepTo(m.For, now); ok && step.Mend != "" {
			after := s
			after.Waived = slices.Clone(s.Waived)
			for _, need := range l.Needs {
				after.Waived = append(after.Waived, chain.Oddity{Link: l.Name, Need: need})
			}
			all = append(all, possible{step, after})
		}
	}
	return all
}

// stepTo is how a thing or link is had that is not; ok is false if it is, or if it was
// never there and cannot be got.
func (r *reckoning) stepTo(name string, s ways.State) (step NextStep, ok bool) {
	step = NextStep{Do: "find", Name: name, Title: r.titleOf(name)}
	t, thing := r.Thing(name)
	absent := thing && missing(t, r.said) && !r.said[name].Lost
	plan := r.graph().Back(name, s)
	if !plan.Reached || len(plan.Steps) == 0 {
		return step, !plan.Reached && !absent
	}
	step.Do = "mend"
	if absent {
		step.Do = "get"
	}
	for _, p := range plan.Steps {
		if p.Mend.For == name {
			step.Mend = mendTitle(p.Mend)
		}
	}
	step.Seconds = plan.Takes.Seconds()
	return step, true
}

func mendTitle(m chain.Mend) string {
	if m.Title != "" {
		return m.Title
	}
	return m.Name
}

// text says what to do, without the margins.
func (r *reckoning) stepText(n *NextStep) chain.Text {
	_, link := r.Link(n.Name)
	switch {
	case n.Do == "prove":
		return chain.Say("guard.step_prove")
	case n.Mend != "":
		return chain.Say("guard.step_mend", "mend", n.Mend, "takes", time.Duration(n.Seconds*float64(time.Second)))
	case link:
		return chain.Say("guard.step_repair", "name", r.called(n.Name))
	}
	return chain.Say("guard.step_find", "name", r.called(n.Name))
}
