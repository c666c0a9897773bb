package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
)

const (
	// lookAgain is how often a rescue looks at how far the guard is.
	lookAgain = 200 * time.Millisecond
	// proveAgain is how often what is on its way up is proved meanwhile.
	proveAgain = 2 * time.Second
	// seen is how long what was put right by hand may take until it is seen: PHP looks
	// at a changed file every two seconds, a service must come up.
	seen = 6 * time.Second
	// longestWait bounds the waiting for the guard while nothing changes: longer
	// than the guard itself waits for a service that is starting.
	longestWait = 15 * time.Minute
)

func (a *App) rescueCommand() *cobra.Command {
	var dry, retry bool
	r := &rescuer{a: a, book: codeBook{keys: keyring{fd: -1}}}
	c := a.command("rescue [GOAL]", "rescue", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		r.begin()
		ctx := cmd.Context()
		defer r.book.wipe()
		goals, err := r.choose(ctx, args)
		switch {
		case unknownHere(args, err):
			if dry {
				r.in = nil
			}
			return r.lastResort(ctx, err)
		case err != nil:
			return r.stopped(ctx, "", err)
		case dry:
			return r.dry(ctx, goals)
		case len(goals) == 0:
			r.show(rescueEvent{Event: "nothing"}, func(w io.Writer) { fmt.Fprintln(w, mark(chain.Holds), a.say("rescue.all_hold")) })
			return nil
		}
		var bad error
		for _, goal := range goals {
			err := r.rescue(ctx, goal, retry)
			if err != nil && !errors.Is(err, errBadNews) {
				return r.stopped(ctx, goal, err)
			}
			bad = errors.Join(bad, err)
		}
		return bad
	})
	f := c.Flags()
	f.BoolVar(&dry, "dry-run", false, a.say("rescue.flag_dry"))
	f.BoolVar(&r.yes, "yes", false, a.say("rescue.flag_yes"))
	f.BoolVar(&retry, "retry", false, a.say("rescue.flag_retry"))
	a.keyFlags(c, &r.book.keys)
	c.ValidArgsFunction = a.completeGoals
	return c
}

func (a *App) completeGoals(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	if len(args) == 0 && a.settle(cmd.Flags()) == nil {
		if s, err := a.guard().Status(cmd.Context()); err == nil {
			for _, g := range s.Goals {
				names = append(names, cobra.CompletionWithDesc(g.Name, g.Title))
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// rescuer walks the way back to a goal with the person at the terminal.
type rescuer struct {
	a   *App
	g   Guard
	who string
	yes bool
	// in is the terminal that the person is at, nil where there is none: then nobody
	// is asked.
	in  *os.File
	out *display

	plan     []string // the steps that were shown last, as far as they are left
	before   []string // those before the last step: it may have changed nothing
	shown    bool     // a plan was shown, if only one of questions
	walking  bool     // a plan with steps was
	deeds    int      // so many deeds were shown
	troubles []string // that were shown
	acted    bool     // something was done
	alone    bool     // no guard runs
	book     codeBook // for codes that are typed, and such as a step takes
	looked   bool     // runs were read
	runs     map[string]config.Run
	agreed   map[string]bool // steps to which a yes was said
	ran      map[string]bool // and those that omamori has done or tried
	past     []string        // rungs of the last resort that did not let in
}

func (r *rescuer) begin() {
	r.g, r.who = r.a.guard(), whoAsks()
	if f, ok := r.a.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) && !r.a.json {
		r.in = f
	}
	r.out = newDisplay(r.a)
}

// choose finds what is to be rescued: the goal that was named, else all that are not
// reached. It proves what the guard has not proved lately; and all, before it is said
// that there is nothing to do.
func (r *rescuer) choose(ctx context.Context, args []string) ([]string, error) {
	if len(args) == 1 { // a name that is wrong is said before anything else
		if _, err := r.g.Rescue(ctx, args[0]); err != nil {
			return nil, err
		}
	}
	s, err := r.g.Status(ctx)
	if err != nil {
		return nil, err
	}
	var links []string
	for _, l := range s.Links {
		if l.Verdict == chain.Unproven && !l.Person && l.Vantage == "" {
			links = append(links, l.Name)
		}
	}
	if len(links) > 0 {
		if err := r.proveAnew(ctx, links); err != nil {
			return nil, err
		}
	}
	if len(args) == 1 {
		return args, nil
	}
	goals, err := r.broken(ctx, s)
	if err != nil || len(goals) > 0 {
		return goals, err
	}
	if err := r.proveAnew(ctx, nil); err != nil {
		return nil, err
	}
	return r.broken(ctx, s)
}

func (r *rescuer) proveAnew(ctx context.Context, links []string) error {
	p := r.a.waiting(chain.Say("rescue.proving"))
	_, err := r.g.Prove(ctx, links)
	p.end(nil)
	return err
}

// broken lists the goals that are not reached.
func (r *rescuer) broken(ctx context.Context, s guard.Status) (goals []string, err error) {
	for _, g := range s.Goals {
		s, err := r.g.Rescue(ctx, g.Name)
		if err != nil {
			return nil, err
		}
		if s.Verdict != chain.Holds || s.Next != nil || s.Plan == nil {
			goals = append(goals, g.Name)
		}
	}
	return goals, nil
}

// dry shows the ways from where things stand, and does nothing.
func (r *rescuer) dry(ctx context.Context, goals []string) error {
	all := []guard.RescueStatus{}
	var bad error
	for _, goal := range goals {
		s, err := r.settled(ctx, goal)
		if err != nil {
			return err
		}
		if all = append(all, s); s.Plan == nil {
			bad = errBadNews
		}
	}
	if r.a.json {
		return errors.Join(r.a.encode(r.a.Out, all), bad)
	}
	w := r.out.clear()
	if len(all) == 0 {
		fmt.Fprintln(w, mark(chain.Holds), r.a.say("rescue.all_hold"))
	}
	for _, s := range all {
		r.head(w, s)
		switch {
		case s.Plan == nil:
			r.noWay(w, s)
			if s.Goal == lastGoal {
				r.listRungs(w, r.a.rungs(&r.book.keys))
			}
		case s.Next == nil:
			fmt.Fprintln(w, "  "+r.a.say("rescue.nothing"))
		default:
			r.showPlan(w, s, "rescue.way")
			if s.Next.Do != guard.RescueAnswer { // the questions are all there
				r.showNext(w, *s.Next)
			}
			fmt.Fprintf(w, "\n%s\n", r.a.say("cli.lost_next", "goal", s.Goal))
		}
	}
	return bad
}

// settled waits until the guard has made up its mind about the evidence.
func (r *rescuer) settled(ctx context.Context, goal string) (guard.RescueStatus, error) {
	for range int(10 * time.Second / lookAgain) {
		s, err := r.g.Rescue(ctx, goal)
		if err != nil || s.Next == nil || s.Next.Phase != "looking" {
			return s, err
		}
		if err := pause(ctx); err != nil {
			return s, err
		}
	}
	return r.g.Rescue(ctx, goal)
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(lookAgain):
		return nil
	}
}

// rescue walks the way back to a goal: before each step it asks the guard for the way
// from where things stand now.
func (r *rescuer) rescue(ctx context.Context, goal string, retry bool) error {
	began := time.Now()
	r.plan, r.before, r.past, r.shown, r.walking, r.acted = nil, nil, nil, false, false, false
	r.agreed, r.ran = map[string]bool{}, map[string]bool{}
	s, err := r.g.RescueAct(ctx, guard.RescueAct{Goal: goal, Act: "begin", Who: r.who})
	if err == nil && retry {
		s, err = r.g.RescueAct(ctx, guard.RescueAct{Goal: goal, Act: "again", Who: r.who})
	}
	if err != nil {
		return err
	}
	r.deeds = len(s.Deeds) // those that were done before are in the status
	r.show(rescueEvent{Event: "begin", Rescue: &s}, func(w io.Writer) { r.head(w, s) })
	for {
		r.news(s)
		n := s.Next
		switch {
		case s.Plan == nil:
			r.show(rescueEvent{Event: "no_way", Rescue: &s}, func(w io.Writer) { r.noWay(w, s) })
			if goal != lastGoal {
				return errBadNews
			}
			in, err := r.climb(ctx, goal, r.a.rungs(&r.book.keys))
			if err == nil && !in {
				err = errBadNews
			}
			return err
		case n == nil:
			if over, err := r.prove(ctx, s, began); over || err != nil {
				return err
			}
		case n.Do == guard.RescueWait || n.Do == guard.RescueHold:
			if err := r.wait(ctx, s); err != nil {
				return err
			}
		default:
			r.planOf(s)
			if err := r.step(ctx, goal, *n); err != nil {
				return err
			}
		}
		if s, err = r.g.Rescue(ctx, goal); err != nil {
			return err
		}
	}
}

// wait waits while the guard is at work, or for all to have held long enough, and
// shows how the links stand then that it worked on.
func (r *rescuer) wait(ctx context.Context, s guard.RescueStatus) error {
	at, began, proved := *s.Next, time.Now(), time.Now()
	var links []string
	r.acted = true
	for do := at.Do; s.Next != nil && s.Next.Do == do; {
		if n := *s.Next; n.For != at.For || n.Phase != at.Phase {
			at, began = n, time.Now()
		}
		if time.Since(began) > longestWait {
			return &Problem{Text: chain.Say("rescue.too_long", "link", title(at.ForTitle, at.For)), Hint: chain.Say("rescue.too_long_hint")}
		}
		if do == guard.RescueWait && at.Proof == chain.Machine.String() && !slices.Contains(links, at.For) {
			links = append(links, at.For)
		}
		r.out.phase(r, s.Goal, at)
		if do == guard.RescueWait && at.Proof == "" && time.Since(proved) > proveAgain {
			if _, err := r.g.Prove(ctx, s.Links); err != nil {
				return err
			}
			proved = time.Now()
		}
		if err := pause(ctx); err != nil {
			return err
		}
		var err error
		if s, err = r.g.Rescue(ctx, s.Goal); err != nil {
			return err
		}
		r.news(s)
	}
	for _, l := range links {
		if err := r.linkNow(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// linkNow shows how a link stands.
func (r *rescuer) linkNow(ctx context.Context, link string) error {
	s, err := r.g.Status(ctx)
	if err != nil {
		return err
	}
	for _, l := range s.Links {
		if l.Name == link {
			r.show(rescueEvent{Event: "proved", Link: &l}, func(w io.Writer) { r.showLink(w, l) })
		}
	}
	return nil
}

// stopped turns the end of a rescue that is not over into what the program says.
func (r *rescuer) stopped(ctx context.Context, goal string, err error) error {
	switch {
	case errors.Is(err, errNobody):
		return errBadNews
	case goal != "" && (errors.Is(err, errStopped) || ctx.Err() != nil):
		r.show(rescueEvent{Event: "stopped", Goal: goal}, func(w io.Writer) {
			fmt.Fprintln(w, wrap(r.a.say("rescue.stopped", "goal", goal), r.out.columns, 0))
		})
		return errBadNews
	case ctx.Err() != nil:
		return errBadNews
	}
	return err
}

// prove proves the goal from the visitor's side, at the end.
func (r *rescuer) prove(ctx context.Context, s guard.RescueStatus, began time.Time) (over bool, err error) {
	now, err := r.g.Prove(ctx, s.Links)
	if err != nil {
		return false, err
	}
	after, err := r.g.Rescue(ctx, s.Goal)
	if err != nil || after.Next != nil || after.Plan == nil {
		return false, err // it has fallen again
	}
	if _, err := r.g.RescueAct(ctx, guard.RescueAct{Goal: s.Goal, Act: "end", Who: r.who}); err != nil {
		return false, err
	}
	took := time.Since(began).Round(100 * time.Millisecond)
	event := "holds"
	if r.acted {
		event = "back"
	}
	r.show(rescueEvent{Event: event, Rescue: &after, Seconds: took.Seconds()}, func(w io.Writer) { r.back(w, after, now, took) })
	return true, nil
}
