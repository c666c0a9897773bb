package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/support"
	"github.com/omamori-guard/omamori/vault/kit"
	"github.com/omamori-guard/omamori/words"
)

// lastGoal is the goal of which something is known though nobody has configured it: who has
// lost his codes must be told what is left, also where no guard runs.
const lastGoal = "console"

// rung is one way that may be left to who has lost his codes.
type rung struct {
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Seconds  float64  `json:"seconds"`
	Do       string   `json:"do"`
	Commands []string `json:"commands,omitempty"`
}

// rungs are all of them, in order of time; support, the last, is for who has no plan with it.
func (a *App) rungs(k *keyring) []rung {
	var all []rung
	add := func(name string, takes time.Duration, commands ...string) {
		all = append(all, rung{name, a.say("lastresort." + name), takes.Seconds(), a.say("lastresort."+name+"_do", "url", mfaSupport), commands})
	}
	device := []string{"omamori vault list", "omamori vault code " + a.say("lastresort.name")}
	s := a.store(k)
	if s.There() {
		add("here", time.Minute, device...)
	}
	add("device", 10*time.Minute, device...)
	add("kit", time.Hour, append([]string{"omamori vault restore"}, device...)...)
	if r, err := kit.ReadRecord(filepath.Join(s.Dir, kit.RecordFile)); err == nil {
		all[len(all)-1].Do = a.say("lastresort.kit_known", "kit", kit.IDWords(r.Kit), "day", r.Made, "need", r.Need, "of", r.Of)
	}
	add("administrator", time.Hour, "aws iam list-mfa-devices --user-name "+a.say("lastresort.user"),
		"aws iam deactivate-mfa-device --user-name "+a.say("lastresort.user")+" --serial-number "+a.say("lastresort.serial"))
	add("factors", 2*time.Hour)
	add("support", 7*24*time.Hour)
	return all
}

// mfaSupport is where AWS takes such requests of who cannot sign in.
const mfaSupport = "https://support.aws.amazon.com/#/contacts/aws-mfa-support"

// listRungs shows them where nobody is asked.
func (r *rescuer) listRungs(w io.Writer, all []rung) {
	fmt.Fprintf(w, "\n%s\n", bold.Render(r.a.say("lastresort.list")))
	for i, one := range all {
		fmt.Fprintf(w, "\n  %d. %s\n", i+1, bold.Render(wrap(r.a.say("lastresort.rung", "title", one.Title, "takes", seconds(one.Seconds)), r.out.columns, 5)))
		r.showRung(w, one, 5)
	}
}

func (r *rescuer) showRung(w io.Writer, one rung, indent int) {
	blanks := strings.Repeat(" ", indent)
	fmt.Fprintf(w, "%s%s\n", blanks, wrap(one.Do, r.out.columns, indent))
	for _, c := range one.Commands { // in one piece, to be copied
		fmt.Fprintf(w, "%s  %s\n", blanks, c)
	}
}

// climb asks of each rung whether it has let the owner in; in is true if one has.
func (r *rescuer) climb(ctx context.Context, goal string, all []rung) (in bool, err error) {
	if r.in == nil {
		r.show(rescueEvent{Event: "last_resort", Goal: goal, Rungs: all}, func(w io.Writer) { r.listRungs(w, all) })
		return false, nil
	}
	if len(r.past) == 0 {
		fmt.Fprintf(r.out.clear(), "\n%s\n", hang(bold, r.a.say("lastresort.walk"), r.out.columns, 0))
	}
	for i, one := range all {
		if slices.Contains(r.past, one.Name) {
			continue
		}
		w := r.out.clear()
		fmt.Fprintf(w, "\n%s %s\n", yellow.Render("▸"), hang(bold, r.a.say("lastresort.step", "n", i+1, "of", len(all), "title", one.Title, "takes", seconds(one.Seconds)), r.out.columns, 2))
		r.showRung(w, one, 4)
		if one.Name == "support" {
			if err := r.writeTo(ctx); err != nil {
				return false, err
			}
		}
		said, err := r.ask(ctx, goal, guard.RescueStep, r.a.say("lastresort.ask"))
		if err != nil {
			return false, err
		}
		if said == yes {
			fmt.Fprintf(r.out.clear(), "  %s %s\n", mark(chain.Holds), wrap(r.a.say("lastresort.in"), r.out.columns, 4))
			return true, nil
		}
		r.past = append(r.past, one.Name)
	}
	return false, nil
}

// lastResort walks the owner to the console where no guard knows how.
func (r *rescuer) lastResort(ctx context.Context, why error) error {
	all := r.a.rungs(&r.book.keys)
	if !r.a.json {
		key := "lastresort.no_goal"
		if errors.Is(why, guard.ErrNoGuard) {
			key, r.alone = "lastresort.no_guard", true
		}
		fmt.Fprintf(r.out.clear(), "%s %s\n", yellow.Render("!"), wrap(r.a.say(key), r.out.columns, 2))
	}
	in, err := r.climb(ctx, lastGoal, all)
	switch {
	case err != nil:
		return r.stopped(ctx, lastGoal, err)
	case in:
		return nil
	case r.in != nil:
		fmt.Fprintln(r.out.clear(), "\n"+wrap(r.a.say("lastresort.none"), r.out.columns, 0))
	}
	return errBadNews
}

// unknownHere reports whether a goal is the last one, and nobody here knows it.
func unknownHere(args []string, err error) bool {
	var refused *guard.Refused
	return len(args) == 1 && args[0] == lastGoal &&
		(errors.Is(err, guard.ErrNoGuard) || errors.As(err, &refused) && refused.Code == "unknown_name")
}

// sooner walks what may let the owner in before a step that takes a desk, or days, does;
// not while a case is open there.
func (r *rescuer) sooner(ctx context.Context, goal string, n guard.RescueNext) (in bool, err error) {
	if r.in == nil || n.Desk == "" && n.Seconds < (24*time.Hour).Seconds() {
		return false, nil
	}
	about := goal == lastGoal
	s, err := r.g.Status(ctx)
	if err != nil {
		return false, err
	}
	for _, l := range s.Links {
		about = about || l.Name == n.For && l.Code+l.Entry != ""
	}
	desks, err := r.g.Support(ctx)
	if err != nil {
		return false, err
	}
	for _, d := range desks {
		about = about && (d.Desk.Name != n.Desk || d.Case == nil)
	}
	if !about {
		return false, nil
	}
	all := r.a.rungs(&r.book.keys)
	return r.climb(ctx, goal, all[:len(all)-1]) // the desk is the plan's own
}

// desks are those of the guard or, where none runs, of the configuration.
func (a *App) desks(ctx context.Context) ([]support.Status, error) {
	all, err := a.guard().Support(ctx)
	if !errors.Is(err, guard.ErrNoGuard) {
		return all, err
	}
	file, bad := a.loaded()
	if bad != nil {
		return nil, err
	}
	if s, ok := file.Sections["support"].(*support.Settings); ok {
		for _, d := range s.Desks {
			all = append(all, support.Status{Desk: d.Whole()})
		}
		return all, nil
	}
	return nil, err
}

// writeTo writes what is sent to each desk, and keeps the case where a guard runs. Where no
// desk is known, it asks for what a request needs.
func (r *rescuer) writeTo(ctx context.Context) error {
	all, err := r.a.desks(ctx)
	if err != nil && !errors.Is(err, guard.ErrNoGuard) {
		return err
	}
	for _, s := range all {
		if _, err := r.throughDesk(ctx, lastGoal, guard.RescueNext{Desk: s.Desk.Name}); err != nil {
			return err
		}
	}
	if len(all) > 0 {
		return nil
	}
	d := support.Desk{Name: "aws", Title: "AWS Support", Form: mfaSupport}
	fmt.Fprintln(r.out.clear(), "\n    "+wrap(r.a.say("lastresort.ask_desk"), r.out.columns, 4))
	for _, f := range []struct {
		to  *string
		key string
	}{{&d.Account, "account"}, {&d.Holder, "holder"}, {&d.Email, "email"}, {&d.Phone, "phone"}} {
		line, err := r.line(ctx, r.a.say("lastresort.ask_"+f.key))
		if err != nil {
			return err
		}
		*f.to = words.Clean(line)
		if *f.to == "" {
			*f.to = "____________"
		}
	}
	w, s, now := r.out.clear(), support.Status{Desk: d.Whole()}, time.Now()
	fmt.Fprintln(w)
	if err := writePapers(w, r.out.columns, []support.Paper{support.Request(s, now), support.Script(s, now)}); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n\n", wrap(r.a.say("lastresort.keep"), r.out.columns, 0))
	_, err = fmt.Fprintf(w, "  support:\n    desks:\n      - name: %s\n        title: %s\n        account: %q\n        holder: %q\n        email: %q\n        phone: %q\n        form: %s\n\n",
		d.Name, d.Title, d.Account, d.Holder, d.Email, d.Phone, d.Form)
	return err
}
