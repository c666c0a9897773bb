package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// rescueEvent is one line of what `omamori rescue --json` prints.
type rescueEvent struct {
	At time.Time `json:"at"`
	// Event is "nothing", "begin", "plan", "next", "phase", "deed", "proved", "back",
	// "holds", "run_failed", "no_way", "last_resort", "needs_person" or "stopped".
	Event   string              `json:"event"`
	Goal    string              `json:"goal,omitempty"`
	Rescue  *guard.RescueStatus `json:"rescue,omitempty"`
	Next    *guard.RescueNext   `json:"next,omitempty"`
	Deed    *guard.DeedStatus   `json:"deed,omitempty"`
	Link    *guard.LinkStatus   `json:"link,omitempty"`
	Rungs   []rung              `json:"rungs,omitempty"`
	Seconds float64             `json:"seconds,omitempty"`
	Error   string              `json:"error,omitempty"`
}

// show prints an event, for programs or for people.
func (r *rescuer) show(e rescueEvent, print func(w io.Writer)) {
	if !r.a.json {
		print(r.out.clear())
		return
	}
	e.At = time.Now()
	if e.Rescue != nil {
		e.Goal = e.Rescue.Goal
	}
	// An error here is a reader that has gone: the rescue goes on.
	_ = json.NewEncoder(r.a.Out).Encode(e)
}

// display is where a rescue prints: on a terminal its last line shows what is going
// on, elsewhere a plain line says so once.
type display struct {
	w        io.Writer
	terminal bool
	columns  int
	open     bool   // a line of progress stands there
	said     string // what it says
	began    time.Time
	turn     int
}

func newDisplay(a *App) *display {
	f, ok := a.Out.(*os.File)
	return &display{w: a.style(a.Out), terminal: ok && term.IsTerminal(int(f.Fd())), columns: width(a.Out)}
}

// clear takes the line of progress away, and is where to print.
func (p *display) clear() io.Writer {
	if p.open {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.open = false
	}
	return p.w
}

// wheel turns while something is going on.
var wheel = []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

// phase shows what the guard is at.
func (p *display) phase(r *rescuer, goal string, n guard.RescueNext) {
	said := r.a.say("rescue.phase", "link", title(n.ForTitle, n.For), "phase", r.a.say("cli.mending_"+n.Phase))
	if said != p.said {
		p.said, p.began = said, time.Now()
		if r.a.json {
			r.show(rescueEvent{Event: "phase", Goal: goal, Next: &n}, nil)
		} else if !p.terminal {
			fmt.Fprintln(p.w, "  "+said)
		}
	}
	if r.a.json || !p.terminal {
		return
	}
	p.turn++
	line := fmt.Sprintf("  %c %s", wheel[p.turn%len(wheel)], said)
	if took := time.Since(p.began).Truncate(time.Second); took > 0 {
		line += faint.Render("  " + r.a.lang.Duration(took))
	}
	fmt.Fprint(p.w, "\r\x1b[K"+ansi.Truncate(line, max(20, p.columns-1), "…"))
	p.open = true
}

// news shows what has been done and gone wrong since it was last looked.
func (r *rescuer) news(s guard.RescueStatus) {
	for _, t := range s.Troubles {
		if !slices.Contains(r.troubles, t) && !r.a.json {
			fmt.Fprintf(r.out.clear(), "%s %s\n", yellow.Render("!"), wrap(t, r.out.columns, 2))
		}
	}
	r.troubles = s.Troubles
	// An incident that is over takes its deeds along.
	for _, d := range s.Deeds[min(r.deeds, len(s.Deeds)):] {
		v := chain.Holds
		if d.Error != "" {
			v = chain.Broken
		}
		r.acted = true
		r.show(rescueEvent{Event: "deed", Goal: s.Goal, Deed: &d}, func(w io.Writer) {
			fmt.Fprintf(w, "  %s %s\n", mark(v), wrap(d.Said, r.out.columns, 4))
		})
	}
	r.deeds = len(s.Deeds)
}

// planOf shows the plan, unless it is what is left of the one that was shown.
func (r *rescuer) planOf(s guard.RescueStatus) {
	var steps []string
	for _, step := range s.Plan.Steps {
		steps = append(steps, step.Mend)
	}
	if r.shown && (slices.Equal(steps, r.plan) || slices.Equal(steps, r.before)) {
		r.plan = steps
		return
	}
	key := "rescue.way"
	if r.walking {
		key = "rescue.way_changed"
	}
	r.shown, r.walking, r.plan = true, r.walking || len(steps) > 0, steps
	r.show(rescueEvent{Event: "plan", Rescue: &s}, func(w io.Writer) { r.showPlan(w, s, key) })
}

// head is how the goal stands.
func (r *rescuer) head(w io.Writer, s guard.RescueStatus) {
	v, said := s.Verdict, r.a.verdict(s.Verdict)
	if v == chain.Holds && s.Plan != nil && len(s.Plan.Steps) > 0 {
		v, said = chain.Unproven, r.a.say("cli.goal_gone")
	}
	fmt.Fprintf(w, "%s %s  %s", mark(v), bold.Render(title(s.Title, s.Goal)), colour(v, said))
	if len(s.Blame) > 0 {
		fmt.Fprintf(w, "  %s", r.a.say("cli.blame", "links", r.a.few(s.Blame)))
	}
	fmt.Fprintln(w)
}

func (r *rescuer) showPlan(w io.Writer, s guard.RescueStatus, key string) {
	a := r.a
	if len(s.Plan.Steps) > 0 {
		fmt.Fprintf(w, "\n%s\n", bold.Render(a.say(key, "takes", seconds(s.Plan.Seconds))))
	}
	for i, step := range s.Plan.Steps {
		by, own := step.By, config.Run{}
		if d, ok := r.own(step.Mend); ok && by == chain.Person.String() {
			by, own = runStep, d
		}
		fmt.Fprintf(w, "  %d. %s\n", i+1, wrap(a.say("rescue.step_"+by, "step", title(step.Title, step.Mend),
			"takes", seconds(step.ToS-step.FromS)), r.out.columns, 5))
		fmt.Fprintf(w, "     %s\n", faint.Render(wrap(a.say("rescue.puts_back", "name", title(step.ForTitle, step.For)), r.out.columns, 5)))
		if c := own.Command(); c != "" {
			fmt.Fprintf(w, "     %s\n", faint.Render(wrap(c, r.out.columns, 5)))
		}
	}
	if len(s.Assumed) > 0 {
		fmt.Fprintf(w, "\n%s\n", bold.Render(a.say("rescue.assumed")))
	}
	for _, c := range s.Assumed {
		fmt.Fprintf(w, "  %s %s\n", mark(chain.Unproven), wrap(c.Question, r.out.columns, 4))
	}
	r.showAside(w, s)
}

func (r *rescuer) showAside(w io.Writer, s guard.RescueStatus) {
	if len(s.Aside) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", bold.Render(r.a.say("rescue.aside")))
	for _, one := range s.Aside {
		fmt.Fprintf(w, "  - %s\n", wrap(words.Clean(one.Title), r.out.columns, 4))
	}
	fmt.Fprintf(w, "  %s\n", faint.Render(r.a.say("rescue.aside_retry", "goal", s.Goal)))
}

// showNext shows the next step: what, why, and exactly how.
func (r *rescuer) showNext(w io.Writer, n guard.RescueNext) {
	a := r.a
	row := func(key, text string) {
		if text != "" {
			fmt.Fprintf(w, "    %s  %s\n", pad(faint.Render(a.say(key)), a.labels()), wrap(words.Clean(text), r.out.columns, 6+a.labels()))
		}
	}
	switch n.Do {
	case guard.RescueAnswer:
		r.showQuestion(w, n)
		return
	case guard.RescueMend:
		fmt.Fprintf(w, "\n%s %s\n", yellow.Render("▸"), bold.Render(a.say("rescue.now_mend", "step", n.Title)))
	case guard.RescueStep:
		key := "rescue.now_step"
		if d, ok := r.own(n.Step); ok {
			key, n.Instruction = "rescue.now_mend", d.Command()
		}
		fmt.Fprintf(w, "\n%s %s\n", yellow.Render("▸"), bold.Render(a.say(key, "step", n.Title)))
	default:
		fmt.Fprintf(w, "\n%s\n", a.say("cli.next", "next", a.say("cli.next_wait", "link", title(n.ForTitle, n.For))))
		return
	}
	row("rescue.label_for", title(n.ForTitle, n.For))
	row("cli.label_why", n.Why)
	for i, e := range n.Evidence {
		if i == 0 {
			row("cli.label_evidence", e)
		} else {
			fmt.Fprintf(w, "    %s  %s\n", pad("", a.labels()), wrap(words.Clean(e), r.out.columns, 6+a.labels()))
		}
	}
	row("rescue.label_how", n.Instruction)
}

func (r *rescuer) showQuestion(w io.Writer, n guard.RescueNext) {
	fmt.Fprintf(w, "\n%s %s\n", yellow.Render("▸"), bold.Render(wrap(n.Question, r.out.columns, 2)))
}

func (r *rescuer) showLink(w io.Writer, l guard.LinkStatus) {
	fmt.Fprintf(w, "  %s %s\n", mark(l.Verdict), wrap(r.a.say("rescue.link", "link", title(l.Title, l.Name),
		"verdict", r.a.verdict(l.Verdict), "because", l.Because), r.out.columns, 4))
}

// noWay says what is missing.
func (r *rescuer) noWay(w io.Writer, s guard.RescueStatus) {
	a := r.a
	fmt.Fprintf(w, "\n%s\n", red.Render(a.say("rescue.no_way", "goal", title(s.Title, s.Goal))))
	called := map[string]string{}
	for _, l := range s.Missing.Lost {
		called[l.Name] = title(l.Title, l.Name)
		fmt.Fprintf(w, "  %s %s\n", mark(chain.Broken), wrap(a.say("rescue.lost", "name", called[l.Name], "why", l.Why), r.out.columns, 4))
	}
	names := func(key string, all []string) {
		if len(all) == 0 {
			return
		}
		fmt.Fprintf(w, "\n%s\n", bold.Render(a.say(key)))
		for _, n := range all {
			fmt.Fprintf(w, "  - %s\n", wrap(called[n], r.out.columns, 4))
		}
	}
	names("rescue.any_of", s.Missing.Any)
	names("rescue.all_of", s.Missing.All)
	r.showAside(w, s)
	if s.Missing.Retry {
		fmt.Fprintf(w, "  %s\n", a.say("rescue.retry_opens"))
	}
	for _, l := range s.Missing.Lost {
		switch {
		case l.Thing:
			fmt.Fprintf(w, "%s\n", a.say("rescue.have", "thing", l.Name))
		case l.Claim:
			fmt.Fprintf(w, "%s\n", a.say("rescue.drill", "link", l.Name))
		}
	}
}

// back shows the proof from the visitor's side.
func (r *rescuer) back(w io.Writer, s guard.RescueStatus, now guard.Status, took time.Duration) {
	a := r.a
	fmt.Fprintf(w, "\n%s\n", bold.Render(a.say("rescue.proved")))
	for _, l := range now.Links {
		if slices.Contains(s.Links, l.Name) {
			r.showLink(w, l)
		}
	}
	said := a.say("rescue.holds", "goal", title(s.Title, s.Goal))
	if r.acted {
		said = a.say("rescue.back", "goal", title(s.Title, s.Goal), "took", took)
	}
	fmt.Fprintf(w, "\n%s\n", green.Render(said))
	for _, t := range now.Things {
		if t.Lost {
			fmt.Fprintln(w, wrap(a.say("rescue.still_lost", "name", title(t.Title, t.Name), "thing", t.Name), r.out.columns, 0))
		}
	}
}
