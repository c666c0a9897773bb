package guard

import (
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/words"
)

// status puts a rescue into words.
func (r *rescue) status(lang words.Lang) RescueStatus {
	s := RescueStatus{
		Goal: r.goal.Name, Title: r.goal.Title, Verdict: r.view.Verdict(r.goal.Name), Blame: list(r.view.Blame(r.goal.Name)),
		Assumed: []RescueAssumed{}, Aside: []RescueAside{}, Deeds: []DeedStatus{},
		Links: list(r.visitors(r.goal, map[string]bool{})), Troubles: r.g.about(lang).Troubles,
	}
	for _, name := range r.aside {
		s.Aside = append(s.Aside, RescueAside{name, r.asideTitle(name, lang)})
	}
	for _, i := range r.g.incidents.Open() {
		if r.concerns(i.Link) {
			s.Deeds = append(s.Deeds, r.g.incidentStatus(i, r.now, lang).Deeds...)
		}
	}
	if !r.plan.Reached {
		s.Missing = r.missingStatus(lang)
	} else {
		s.Plan = &RescuePlan{Seconds: r.plan.Takes.Seconds(), Steps: []RescuePlanStep{}}
		for _, step := range r.plan.Steps {
			s.Plan.Steps = append(s.Plan.Steps, RescuePlanStep{r.stepStatus(step, lang), r.title(step.Mend.For)})
		}
		for _, name := range r.assumed() {
			s.Assumed = append(s.Assumed, RescueAssumed{name, r.title(name), r.question(name, lang)})
		}
	}
	s.Next = r.next(lang)
	return s
}

// visitors lists the links of the goal's way that holds, or of its first.
func (r *rescue) visitors(goal chain.Goal, seen map[string]bool) (links []string) {
	if seen[goal.Name] {
		return nil
	}
	seen[goal.Name] = true
	way := goal.Ways[0]
	for _, w := range goal.Ways {
		if !slices.ContainsFunc(w.Links, func(n string) bool { return r.view.Verdict(n) != chain.Holds }) {
			way = w
			break
		}
	}
	for _, n := range way.Links {
		if o, ok := r.g.file.Chain.Goal(n); ok {
			links = append(links, r.visitors(o, seen)...)
		} else {
			links = append(links, n)
		}
	}
	return links
}

func (r *rescue) title(name string) string {
	if l, ok := r.g.file.Chain.Link(name); ok {
		return l.Title
	}
	for _, t := range r.g.file.Chain.Model().Things {
		if t.Name == name {
			return t.Title
		}
	}
	return ""
}

// called is what people call a link or thing.
func (r *rescue) called(name string) string {
	if t := r.title(name); t != "" {
		return t
	}
	return name
}

func (r *rescue) question(name string, lang words.Lang) string {
	if l := r.g.links[name]; l != nil {
		if p, ok := l.prover.(chain.Answerer); ok {
			return lang.Say(p.Ask())
		}
	}
	return ""
}

func (r *rescue) stepStatus(step ways.Step, lang words.Lang) StepStatus {
	s := StepStatus{
		Mend: step.Mend.Name, Title: r.stepTitle(step.Mend, lang), For: step.Mend.For, By: step.Mend.By.String(),
		FromS: step.From.Seconds(), ToS: step.To.Seconds(),
	}
	if step.Mend.By == chain.Machine {
		s.Service = r.g.mender(step.Mend.For)
	}
	return s
}

// stepTitle says what a step does; for one of the guard's own, what the evidence calls
// for.
func (r *rescue) stepTitle(d chain.Mend, lang words.Lang) string { return lang.Say(r.stepText(d)) }

func (r *rescue) stepText(d chain.Mend) chain.Text {
	_, m := r.mendOf(d.For)
	switch {
	case d.By == chain.Machine && m != nil && len(m.would) > 0:
		return deedsText(m.would)
	case d.By == chain.Machine:
		return chain.Say("rescue.step_start", "service", r.g.mender(d.For), "link", r.called(d.For))
	case d.Title != "":
		return chain.Say("guard.name", "name", d.Title)
	case r.configured(d.Name):
		return chain.Say("guard.name", "name", d.Name)
	case r.view.Verdict(d.For) == chain.Unproven:
		return chain.Say("rescue.step_find_out", "link", r.called(d.For))
	}
	return chain.Say("rescue.step_by_hand", "link", r.called(d.For))
}

func (r *rescue) configured(mend string) bool {
	return slices.ContainsFunc(r.g.file.Chain.Model().Mends, func(d chain.Mend) bool { return d.Name == mend })
}

// mendOf is the open incident that a link is blamed for, and what mends it.
func (r *rescue) mendOf(link string) (*chain.Incident, *mend) {
	i := r.g.incidents.For(link)
	if i == nil {
		return nil, nil
	}
	return i, r.g.mends[i.ID]
}

func (r *rescue) asideTitle(name string, lang words.Lang) string {
	for _, d := range r.g.rescueWithout(r.goal, nil).mends {
		if d.Name == name {
			return r.stepTitle(d, lang)
		}
	}
	return r.called(name)
}

func (r *rescue) missingStatus(lang words.Lang) *RescueMissing {
	any, all := r.missing()
	m := &RescueMissing{Lost: []RescueLost{}, Any: list(any), All: list(all)}
	m.Retry = len(r.aside) > 0 && r.g.rescueWithout(r.goal, nil).plan.Reached
	for _, name := range r.lost {
		if slices.Contains(any, name) || slices.Contains(all, name) || r.concerns(name) {
			l, _ := r.g.file.Chain.Link(name)
			m.Lost = append(m.Lost, RescueLost{name, r.title(name), r.why(name, lang), r.g.gone(name), l.Person})
		}
	}
	return m
}

// why says what is known of why a link or a thing is not there.
func (r *rescue) why(name string, lang words.Lang) string {
	switch i, _ := r.mendOf(name); {
	case slices.Contains(r.aside, name):
		return lang.Say(chain.Say("rescue.why_not_known"))
	case r.g.gone(name):
		return lang.Say(chain.Say("rescue.why_lost"))
	case i != nil && !i.Why.IsZero():
		return lang.Say(i.Why)
	}
	l, _ := r.g.file.Chain.Link(name)
	if gone := r.gone(name); len(gone) > 0 && (l.Person || r.view.Verdict(name) != chain.Broken) {
		return lang.Say(chain.Say("rescue.why_below", "names", strings.Join(gone, ", ")))
	}
	p, ok := r.g.state.Proof(name)
	if !ok || p.Because.IsZero() {
		return lang.Say(chain.Say("rescue.why_unproven"))
	}
	return lang.Say(p.Because)
}

// gone lists what is lost below a name.
func (r *rescue) gone(name string) (names []string) {
	r.below(name, func(n string) bool {
		if slices.Contains(r.lost, n) {
			names = append(names, r.called(n))
		}
		return false
	})
	return names
}

// next is the one next thing: what the guard is at goes first, then what the machine
// can do at once, then what a person is to answer, at last what a person is to do.
func (r *rescue) next(lang words.Lang) *RescueNext {
	if r.reached() {
		return r.work(RescueHold, lang, holding, proving)
	}
	if n := r.work(RescueWait, lang, looking, waiting, mending, proving); n != nil {
		return n
	}
	for _, name := range r.lost {
		if r.concerns(name) && r.early(name) {
			return &RescueNext{Do: RescueWait, For: name, ForTitle: r.title(name), Phase: string(looking)}
		}
	}
	if !r.plan.Reached {
		return nil
	}
	for _, s := range r.plan.Steps {
		if s.Mend.By != chain.Machine || s.From > 0 {
			continue
		}
		return r.nextStep(s, RescueMend, lang)
	}
	if names := r.assumed(); len(names) > 0 {
		n := names[0]
		return &RescueNext{Do: RescueAnswer, For: n, ForTitle: r.title(n), Question: r.question(n, lang), Typed: r.typed(n), Proof: chain.Person.String()}
	}
	if len(r.plan.Steps) > 0 {
		return r.nextStep(r.plan.Steps[0], RescueStep, lang)
	}
	// What was mended is still on its way up.
	return &RescueNext{Do: RescueWait, For: r.goal.Name, ForTitle: r.goal.Title, Phase: string(proving)}
}

// work is what the guard is at among what the goal and the plan rest on, if it is in
// one of these phases.
func (r *rescue) work(do string, lang words.Lang, phases ...phase) *RescueNext {
	for _, i := range r.g.incidents.Open() {
		m, l := r.g.mends[i.ID], r.g.links[i.Link]
		if m == nil || l == nil || l.person() || !r.concerns(i.Link) {
			continue
		}
		at := m.phase
		if at == told && i.Cause == cause.Starting {
			at = proving // it comes up by itself
		}
		if !slices.Contains(phases, at) {
			continue
		}
		if at == proving && r.view.Verdict(i.Link) == chain.Holds && r.now.Sub(m.did) > rising {
			continue // what still does not hold has another cause
		}
		return &RescueNext{Do: do, For: i.Link, ForTitle: r.title(i.Link), Why: lang.Say(i.Why), Phase: string(at), Proof: chain.Machine.String()}
	}
	return nil
}

func (r *rescue) nextStep(s ways.Step, do string, lang words.Lang) *RescueNext {
	d := s.Mend
	n := &RescueNext{
		Do: do, Step: d.Name, Title: r.stepTitle(d, lang), For: d.For, ForTitle: r.title(d.For),
		Why: r.why(d.For, lang), Seconds: d.Takes.Seconds(), Desk: r.g.deskFor(d.Name),
	}
	if run, ok := r.g.file.Runs[d.Name]; ok && do == RescueStep {
		n.Instruction = lang.Say(chain.Say("rescue.run_as", "command", run.Command()))
	}
	l := r.g.links[d.For]
	switch {
	case l == nil:
		return n
	case l.person():
		n.Proof, n.Question, n.Typed = chain.Person.String(), r.question(d.For, lang), l.typed()
		return n
	}
	n.Proof = chain.Machine.String()
	i, _ := r.mendOf(d.For)
	if i != nil {
		n.Evidence = i.Evidence
	}
	if do != RescueStep || n.Instruction != "" {
		return n
	}
	p, _ := r.g.state.Proof(d.For)
	n.Instruction = lang.Say(p.Hint)
	if i != nil && !i.Next.IsZero() {
		n.Instruction = lang.Say(i.Next)
	}
	return n
}

func (r *rescue) typed(name string) bool { l := r.g.links[name]; return l != nil && l.typed() }
