package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/support"
)

// caseCommand is `omamori due case`: what is open at a support desk.
func (a *App) caseCommand() *cobra.Command {
	var number, promised, theirs string
	var missed, solved bool
	c := a.command("case [DESK]", "case", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		s, err := a.desk(cmd.Context(), args)
		if err != nil {
			return err
		}
		act := guard.CaseAct{Desk: s.Desk.Name, Act: "open", Number: number, Who: whoAsks()}
		said := number != "" || promised != "" || theirs != "" || missed || solved
		switch {
		case promised != "":
			act.Promised, err = s.Desk.ParseMoment(promised, false, time.Now())
		case theirs != "":
			act.Promised, err = s.Desk.ParseMoment(theirs, true, time.Now())
		case missed:
			act.Act = "missed"
		case solved:
			act.Act = "solved"
		}
		if err != nil {
			return err
		}
		all := []support.Status{s}
		if said {
			if s.Case == nil && act.Act != "open" {
				return &Problem{Text: chain.Say("cli.no_case", "desk", s.Desk.Name), Hint: chain.Say("cli.no_case_hint", "desk", s.Desk.Name)}
			}
			if all, err = a.guard().CaseAct(cmd.Context(), act); err != nil {
				return err
			}
		}
		all = slices.DeleteFunc(all, func(o support.Status) bool { return o.Desk.Name != s.Desk.Name })
		if a.json {
			return a.encode(a.Out, all)
		}
		a.cases(a.style(a.Out), all, time.Now())
		return nil
	})
	f := c.Flags()
	f.StringVar(&number, "number", "", a.say("cli.flag_case_number"))
	f.StringVar(&promised, "promised", "", a.say("cli.flag_case_promised"))
	f.StringVar(&theirs, "promised-theirs", "", a.say("cli.flag_case_theirs"))
	f.BoolVar(&missed, "missed", false, a.say("cli.flag_case_missed"))
	f.BoolVar(&solved, "solved", false, a.say("cli.flag_case_solved"))
	c.MarkFlagsMutuallyExclusive("promised", "promised-theirs", "missed", "solved")
	return c
}

// letterCommand is `omamori due letter`: the request and the script for the telephone.
func (a *App) letterCommand() *cobra.Command {
	var out string
	c := a.command("letter [DESK]", "letter", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		s, err := a.desk(cmd.Context(), args)
		if err != nil {
			return err
		}
		now := time.Now()
		papers := []support.Paper{support.Request(s, now), support.Script(s, now)}
		if out == "" {
			if a.json {
				return a.encode(a.Out, s)
			}
			return writePapers(a.Out, width(a.Out), papers)
		}
		var files []string
		for i, name := range []string{"request", "script"} {
			pdf, err := papers[i].PDF()
			if err != nil {
				return err
			}
			var text strings.Builder
			if i == 0 {
				text.WriteString(papers[i].Plain() + "\n----\n\n")
			}
			if err := papers[i].WriteText(&text, 132); err != nil {
				return err
			}
			for ext, content := range map[string][]byte{".pdf": pdf, ".txt": []byte(text.String())} {
				path := filepath.Join(out, s.Desk.Name+"-"+name+ext)
				if err := os.MkdirAll(out, 0o700); err != nil {
					return err
				}
				// One of before is written anew; through a link of somebody else nothing is.
				if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
				if err := writeNew(path, content, 0o600); err != nil {
					return err
				}
				files = append(files, path)
			}
		}
		slices.Sort(files)
		if a.json {
			return a.encode(a.Out, map[string]any{"files": files})
		}
		for _, f := range files {
			fmt.Fprintln(a.Out, f)
		}
		return nil
	})
	c.Flags().StringVar(&out, "out", "", a.say("cli.flag_letter_out"))
	return c
}

func writePapers(w io.Writer, columns int, papers []support.Paper) error {
	for i, p := range papers {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := p.WriteText(w, columns); err != nil {
			return err
		}
	}
	return nil
}

// desk is the one that is named, or the only one there is, or the only one with a case.
func (a *App) desk(ctx context.Context, args []string) (support.Status, error) {
	all, err := a.desks(ctx)
	if err != nil {
		return support.Status{}, err
	}
	var names []string
	open := slices.DeleteFunc(slices.Clone(all), func(s support.Status) bool { return s.Case == nil })
	for _, s := range all {
		if len(args) == 1 && s.Desk.Name == args[0] || len(args) == 0 && (len(all) == 1 || len(open) == 1 && s.Case != nil) {
			return s, nil
		}
		names = append(names, s.Desk.Name)
	}
	switch {
	case len(all) == 0:
		return support.Status{}, &Problem{Text: chain.Say("cli.no_desk"), Hint: chain.Say("cli.no_desk_hint"), Usage: true}
	case len(args) == 0:
		return support.Status{}, usage(chain.Say("cli.which_desk", "names", strings.Join(names, ", ")), chain.Text{})
	}
	return support.Status{}, &guard.Refused{Code: "unknown_name", Name: args[0], Nearest: chain.Nearest(args[0], names)}
}

// cases shows what is open at desks, and reports whether anything is.
func (a *App) cases(w io.Writer, all []support.Status, now time.Time) (open bool) {
	for _, s := range all {
		c := s.Case
		if c == nil {
			continue
		}
		open = true
		v := chain.Unproven
		said := a.say("cli.case_open", "age", max(0, now.Sub(c.Opened)).Truncate(time.Second))
		switch left := c.Promised.Sub(now); {
		case c.Promised.IsZero():
		case left > 0:
			said = a.say("cli.case_promised", "promised", s.Desk.Both(c.Promised), "left", left.Truncate(time.Minute))
		default:
			v = chain.Broken
			said = a.say("cli.case_over", "promised", s.Desk.Both(c.Promised))
		}
		number := c.Number
		if number == "" {
			number = "-"
		}
		fmt.Fprintf(w, "  %s %s\n", mark(v), wrap(a.say("cli.case_line", "desk", s.Desk.Title, "number", number, "said", said), width(a.Out), 4))
		if c.Missed > 0 {
			fmt.Fprintf(w, "    %s\n", faint.Render(a.say("cli.case_missed", "n", c.Missed)))
		}
		fmt.Fprintf(w, "    %s\n", faint.Render(wrap(a.say("cli.case_hint", "desk", s.Desk.Name), width(a.Out), 4)))
	}
	return open
}

// throughDesk shows what is written and said to the desk through which a step goes, and
// keeps the case. It reports whether the owner has to wait for them now.
func (r *rescuer) throughDesk(ctx context.Context, goal string, n guard.RescueNext) (wait bool, err error) {
	s, err := r.a.desk(ctx, []string{n.Desk})
	if err != nil || r.a.json {
		return false, err
	}
	w := r.out.clear()
	if s.Case != nil {
		r.a.cases(w, []support.Status{s}, time.Now())
		return false, nil
	}
	fmt.Fprintln(w)
	if err := writePapers(w, r.out.columns, []support.Paper{support.Request(s, time.Now())}); err != nil {
		return false, err
	}
	fmt.Fprintln(w)
	if s.Desk.Form != "" {
		fmt.Fprintln(w, wrap(r.a.say("rescue.desk_form", "form", s.Desk.Form), r.out.columns, 0))
	}
	fmt.Fprintln(w, wrap(r.a.say("rescue.desk_script", "desk", n.Desk), r.out.columns, 0))
	if r.in == nil || r.alone { // nobody would keep the case
		return false, nil
	}
	number, err := r.line(ctx, r.a.say("rescue.ask_number"))
	if err != nil || number == "" {
		return false, err
	}
	act := guard.CaseAct{Desk: n.Desk, Act: "open", Number: number, Who: r.who}
	for {
		typed, err := r.line(ctx, r.a.say("rescue.ask_promised", "zone", s.Desk.Zone))
		if err != nil {
			return false, err
		}
		if typed == "" {
			break
		}
		if act.Promised, err = s.Desk.ParseMoment(typed, false, time.Now()); err == nil {
			break
		}
		text, hint, _ := chain.Spoken(err)
		fmt.Fprintln(r.out.clear(), " ", r.a.lang.Say(text), r.a.lang.Say(hint))
	}
	all, err := r.a.guard().CaseAct(ctx, act)
	if err != nil {
		return false, err
	}
	r.a.cases(r.out.clear(), all, time.Now())
	fmt.Fprintln(r.out.clear(), wrap(r.a.say("rescue.desk_wait", "goal", goal), r.out.columns, 0))
	return true, nil
}

// line asks for a line at the terminal.
func (r *rescuer) line(ctx context.Context, prompt string) (string, error) {
	fmt.Fprintf(r.out.clear(), "  %s ", wrap(prompt, r.out.columns, 2))
	line, err := readLine(ctx, bufio.NewReader(r.in))
	return strings.TrimSpace(line), err
}
