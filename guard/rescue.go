package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/words"
)

// RescueStatus is how a goal stands, and what comes next on the way back to it. It is
// reckoned anew each time from where things stand, so that going on after a step,
// after a surprise and after an interruption are all the same.
type RescueStatus struct {
	Goal    string        `json:"goal"`
	Title   string        `json:"title"`
	Verdict chain.Verdict `json:"verdict"`
	Blame   []string      `json:"blame"`
	// Plan is nil where there is no way back; Missing then says what is missing.
	Plan    *RescuePlan     `json:"plan"`
	Missing *RescueMissing  `json:"missing,omitempty"`
	Assumed []RescueAssumed `json:"assumed"`
	// Aside lists the steps and claims that a person has set aside.
	Aside []RescueAside `json:"set_aside"`
	// Next is nil when the goal is reached, and where there is no way back.
	Next *RescueNext `json:"next"`
	// Deeds are what was done in the incidents that are open below the goal, in order.
	Deeds []DeedStatus `json:"deeds"`
	// Links are those of the way that is to be proved from the visitor's side.
	Links    []string `json:"links"`
	Troubles []string `json:"troubles,omitempty"`
}

// RescuePlan is the fastest way back from where things stand.
type RescuePlan struct {
	Seconds float64          `json:"seconds"`
	Steps   []RescuePlanStep `json:"steps"`
}

// RescuePlanStep is one step of it.
type RescuePlanStep struct {
	StepStatus
	ForTitle string `json:"for_title,omitempty"`
}

// RescueAssumed is a claim that the plan rests on though nobody has proved it lately.
type RescueAssumed struct {
	Link     string `json:"link"`
	Title    string `json:"title,omitempty"`
	Question string `json:"question"`
}

// RescueAside is a step that is left out, or a claim that nobody here can answer.
type RescueAside struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// RescueMissing is what stands in the way of any plan.
type RescueMissing struct {
	Lost []RescueLost `json:"lost"`
	// Any lists what would open a way again by itself, All, where nothing does, what
	// would only together.
	Any []string `json:"any_of"`
	All []string `json:"all_of"`
	// Retry says that a step that was set aside would do.
	Retry bool `json:"retry,omitempty"`
}

// RescueLost is one thing or link that is not there.
type RescueLost struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	Why   string `json:"why,omitempty"`
	Thing bool   `json:"thing,omitempty"`
	Claim bool   `json:"claim,omitempty"` // a link that a person proves
}

// What comes next.
const (
	RescueWait   = "wait"   // the guard is at work
	RescueHold   = "hold"   // all holds; it must last
	RescueMend   = "mend"   // a step of the machine, when a person says so
	RescueAnswer = "answer" // a question to a person
	RescueStep   = "step"   // a step of a person
)

// RescueNext is the one next thing.
type RescueNext struct {
	Do string `json:"do"`
	// Step is the mend, Title what it does; For the link or thing that it puts back.
	Step     string `json:"step,omitempty"`
	Title    string `json:"title,omitempty"`
	For      string `json:"for,omitempty"`
	ForTitle string `json:"for_title,omitempty"`
	// Why says what is known of the break, Instruction what exactly a person does.
	Why         string   `json:"why,omitempty"`
	Evidence    []string `json:"evidence,omitempty"`
	Instruction string   `json:"instruction,omitempty"`
	Question    string   `json:"question,omitempty"`
	// Typed says that the answer to Question is something to be typed.
	Typed   bool    `json:"typed,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
	// Desk is the support desk through which the step goes.
	Desk string `json:"desk,omitempty"`
	// Phase is what the guard is at.
	Phase string `json:"phase,omitempty"`
	// Proof says by whom For is proved: "machine", "person", or "" for a thing.
	Proof string `json:"proof,omitempty"`
}

// RescueAct is something that a person wants done in a rescue, or says.
type RescueAct struct {
	Goal string `json:"goal"`
	// Act is "begin"; "mend", a step of the machine; "run", noted of a person's step that a
	// command does for him now; "done", said of a person's step;
	// "aside", to leave out a step or a claim; "again", to take that back; "end".
	Act  string `json:"act"`
	Step string `json:"step,omitempty"`
	Who  string `json:"who"`
}

// rescues is what is remembered of rescues, over a restart too.
type rescues struct {
	// Aside lists what persons have set aside, by goal. A goal that is there is being
	// rescued.
	Aside map[string][]string `json:"aside"`
	// Mended is when a person's step has put a link back. Its needs do not count for
	// it any more, as those of the mend stood in for them.
	Mended map[string]time.Time `json:"mended"`
}

const rescueKey = "rescue"

func (g *Guard) restoreRescues() {
	b, err := g.o.Journal.LoadState(g.ctx, rescueKey)
	if err == nil && len(b) > 0 {
		err = json.Unmarshal(b, &g.rescues)
	}
	if err != nil {
		g.o.Log.Warn("read what was remembered of a rescue", "error", err)
	}
	if g.rescues.Aside == nil {
		g.rescues.Aside = map[string][]string{}
	}
	if g.rescues.Mended == nil {
		g.rescues.Mended = map[string]time.Time{}
	}
}

func (g *Guard) saveRescues() {
	b, err := json.Marshal(g.rescues)
	if err != nil {
		g.o.Log.Error("remember a rescue", "error", err)
		return
	}
	g.o.Journal.NoteState(rescueKey, b)
}

// BadAct is an act that a rescue does not know, or cannot do now.
type BadAct struct{ Act, Step string }

func (e *BadAct) Error() string { return fmt.Sprintf("rescue: cannot %q %q now", e.Act, e.Step) }

// Rescue says how a goal stands, and what comes next on the way back to it.
func (g *Guard) Rescue(ctx context.Context, goal string, lang words.Lang) (s RescueStatus, err error) {
	var bad error
	err = g.call(ctx, func() {
		var o chain.Goal
		if o, bad = g.goalNamed(goal); bad == nil {
			s = g.rescueOf(o).status(lang)
		}
	})
	if err == nil {
		err = bad
	}
	return s, err
}

func (g *Guard) goalNamed(name string) (chain.Goal, error) {
	o, ok := g.file.Chain.Goal(name)
	if ok {
		return o, nil
	}
	if l, ok := g.file.Chain.Link(name); ok { // to have it back is a goal too
		return chain.Goal{Name: name, Title: l.Title, Ways: []chain.Way{{Name: name, Links: []string{name}}}}, nil
	}
	var names []string
	for _, o := range g.file.Chain.Model().Goals {
		names = append(names, o.Name)
	}
	return o, &UnknownName{name, chain.Nearest(name, names)}
}

// RescueAct does what a person wants done in a rescue. It is in the journal first.
func (g *Guard) RescueAct(ctx context.Context, a RescueAct) error {
	var bad error
	err := g.call(ctx, func() {
		var o chain.Goal
		if o, bad = g.goalNamed(a.Goal); bad == nil {
			g.alive(time.Now(), "answer")
			bad = g.rescueAct(g.rescueOf(o), a)
		}
	})
	if err == nil {
		err = bad
	}
	return err
}

func (g *Guard) rescueAct(r *rescue, a RescueAct) error {
	goal := r.goal.Name
	_, begun := g.rescues.Aside[goal]
	target := a.Step
	step, isStep := r.step(a.Step)
	if isStep {
		target = step.For
	}
	aside := g.rescues.Aside[goal]
	switch {
	case a.Act == "begin":
		if !begun {
			g.rescues.Aside[goal] = []string{}
		}
	case !begun:
		return &BadAct{a.Act, goal}
	case a.Act == "mend" && isStep && step.By == chain.Machine && g.mender(target) != "", (a.Act == "done" || a.Act == "run" && step.By == chain.Person) && isStep:
	case a.Act == "aside" && (isStep || r.ask[a.Step]) && !slices.Contains(aside, a.Step):
		g.rescues.Aside[goal] = append(aside, a.Step)
	case a.Act == "again":
		g.rescues.Aside[goal] = []string{}
	case a.Act == "end" && r.reached():
		delete(g.rescues.Aside, goal)
	default:
		return &BadAct{a.Act, a.Step}
	}
	said := chain.Say("guard.name", "name", a.Step)
	if isStep {
		said = r.stepText(step)
	}
	text := chain.Say("rescue.did_"+a.Act, "goal", goal, "step", said, "who", a.Who)
	g.append(journal.Entry{What: "rescue", Link: r.linkOf(target), Text: text, Body: a})
	switch a.Act {
	case "mend":
		g.mendNow(target)
	case "done":
		g.stepDone(target, a.Who)
		g.solveCase(a.Step, a.Who)
	case "again":
		g.tryAgain(r)
	}
	g.saveRescues()
	return nil
}

// stepDone takes in that a person's step was done. For a link that proves nothing
// yet; a thing is there again.
func (g *Guard) stepDone(name, who string) {
	if l, link := g.file.Chain.Link(name); link {
		if l.Person {
			g.rescues.Mended[name] = time.Now()
		} else if i := g.incidents.For(name); i != nil && g.mends[i.ID] != nil {
			g.righted(g.mends[i.ID])
		}
		return
	}
	g.said[name] = word{At: time.Now(), Who: who}
	g.rescues.Mended[name] = time.Now()
	g.append(journal.Entry{What: "thing", Link: name, Text: chain.Say("guard.thing_had", "thing", called(g.file.Chain, name), "who", who)})
	g.look()
	g.save()
}

// forgetMended is for a thing that is lost now: what rests on it counts as resting on
// it again.
func (g *Guard) forgetMended(thing string) {
	r := rescue{g: g}
	for name := range g.rescues.Mended {
		if name == thing || r.below(name, func(n string) bool { return n == thing }) {
			delete(g.rescues.Mended, name)
		}
	}
	g.saveRescues()
}

// mendNow has the guard mend a link because a person wants it, with all of its own
// rules: even where mending is switched off for the link. A mend that is at work goes
// on as it is.
func (g *Guard) mendNow(link string) {
	i := g.incidents.For(link)
	if i == nil || g.mends[i.ID] == nil {
		return // it is not broken by itself any more
	}
	m := g.mends[i.ID]
	m.asked = true
	if !m.busy && m.phase == told {
		g.diagnose(m)
	}
}

// righted notes that a person has put right what keeps a link from being mended: it
// is looked at anew.
func (g *Guard) righted(m *mend) {
	m.righted, m.gaveUp, m.failures = time.Now(), false, nil
	if !m.busy && (m.phase == told || m.phase == gaveUp) {
		g.diagnose(m)
	}
}

// afterRighting has a dead service started although the evidence, which may be from
// before, is against it. What lives is left alone.
func (m *mend) afterRighting(plan chain.Plan, e chain.Evidence) chain.Plan {
	if m.righted.IsZero() || len(plan.Deeds) > 0 {
		return plan
	}
	if dead := e.Service != "" && !e.Process.Running; !dead || time.Since(m.righted) > window {
		m.righted = time.Time{}
		return plan
	}
	plan.Deeds = []chain.Deed{{Verb: chain.Start, Service: e.Service}}
	return plan
}

// tryAgain lets what was given up on be tried anew.
func (g *Guard) tryAgain(r *rescue) {
	for _, i := range g.incidents.Open() {
		m := g.mends[i.ID]
		if m == nil || m.busy || m.phase != gaveUp || !r.concerns(i.Link) {
			continue
		}
		m.begin()
		g.diagnose(m)
	}
}

// mender is the service that the guard can start for a link, "" for none. The
// evidence may say later that it must not.
func (g *Guard) mender(link string) string {
	l := g.links[link]
	if l == nil || l.From != "" || g.o.Hands == nil {
		return ""
	}
	m, ok := l.prover.(chain.Mender)
	if !ok {
		return ""
	}
	if i := g.incidents.For(link); i != nil {
		at := g.mends[i.ID]
		if at == nil || at.looked && !at.blind && len(at.would) == 0 || at.gaveUp {
			return ""
		}
	}
	if _, away := g.handsTrouble(); away {
		return ""
	}
	return m.Service()
}
