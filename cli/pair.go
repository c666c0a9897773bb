package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vantage"
)

// Peers is what commands ask of a running guard about others.
type Peers interface {
	Peers(ctx context.Context) ([]guard.PeerStatus, error)
	PairOffer(ctx context.Context) (guard.Offer, error)
	PairAnswer(ctx context.Context, code, as string, agree bool) (guard.Proposal, error)
	PairAccept(ctx context.Context, code, as string, route vantage.Route, agree bool) (guard.Proposal, error)
	PairIdentity(ctx context.Context) (guard.Identity, error)
	PairLetter(ctx context.Context, name string) ([]byte, error)
	PairTake(ctx context.Context, letter []byte) error
	PairMeet(ctx context.Context, name string) (guard.PeerStatus, error)
	PairForget(ctx context.Context, name string) error
}

func (a *App) pairCommand() *cobra.Command {
	var as, who string
	var sudo bool
	var route vantage.Route
	c := a.command("pair HOST", "pair", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		route.Host = args[0]
		if route.Config != "" {
			path, err := filepath.Abs(route.Config)
			if err != nil {
				return err
			}
			route.Config = path
		}
		switch {
		case who != "" && who != buddy, who == buddy && sudo:
			return usage(chain.Say("cli.pair_bad_as", "value", who), chain.Say("cli.pair_bad_as_hint"))
		case !route.Good():
			text, hint := vantage.ErrBadHost.Said()
			return usage(text, hint)
		case who == buddy:
			return a.pairBuddy(cmd.Context(), route, as)
		}
		return a.pair(cmd.Context(), route, as, sudo)
	})
	c.Flags().StringVar(&who, "as", "", a.say("cli.flag_pair_as"))
	c.Flags().StringVar(&as, "name", "", a.say("cli.flag_pair_name"))
	c.Flags().BoolVar(&sudo, "sudo", false, a.say("cli.flag_pair_sudo"))
	c.Flags().StringVar(&route.There, "there", "omamori", a.say("cli.flag_pair_there"))
	c.Flags().StringVar(&route.Config, "ssh-config", "", a.say("cli.flag_pair_ssh_config"))
	c.AddCommand(a.pairAnswerCommand(), a.pairListCommand(), a.pairCallCommand(), a.pairForgetCommand())
	return c
}

// pair makes this guard and the one at the end of route known to each other. The owner
// confirms the keys there and here; then the first letters are exchanged, and only by
// those does the pairing become whole, on either side.
func (a *App) pair(ctx context.Context, route vantage.Route, as string, sudo bool) error {
	g := a.guard()
	offer, err := g.PairOffer(ctx)
	if err != nil {
		return err
	}
	// It becomes part of a command there, which runs as the owner: a guard that was taken
	// over must not have a shell there.
	if !vantage.IsOffer(offer.Code) {
		return vantage.ErrBadOffer
	}
	w := a.style(a.Err)
	fmt.Fprintln(w, a.say("cli.pair_asking", "host", route.Host))
	in := bufio.NewReader(a.In)
	answer, err := a.askThere(ctx, route, sudo, offer.Code, in)
	if err != nil {
		return err
	}
	p, err := g.PairAccept(ctx, answer, as, route, false)
	if err != nil {
		return err
	}
	if !a.confirm(in, p, "cli.pair_here") {
		return &Problem{Text: chain.Say("cli.pair_declined"), Hint: chain.Say("cli.pair_declined_hint")}
	}
	if _, err := g.PairAccept(ctx, answer, as, route, true); err != nil {
		return err
	}
	name := p.Theirs.Name
	first, err := g.PairLetter(ctx, name)
	if err != nil {
		return err
	}
	theirs, err := route.Call(ctx, "", first)
	if err != nil {
		return err
	}
	if err := g.PairTake(ctx, theirs); err != nil {
		return err
	}
	s, err := g.PairMeet(ctx, name) // by itself this time, as it will from now on
	if err != nil {
		return err
	}
	if a.json {
		return a.encode(a.Out, s)
	}
	fmt.Fprintln(a.style(a.Out), a.say("cli.pair_done", "name", name))
	if s.Trouble == "" {
		return nil
	}
	id, err := g.PairIdentity(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.style(a.Out), a.say("cli.pair_by_itself", "trouble", s.Trouble, "host", route.Host))
	fmt.Fprintf(a.Out, "\n%s\n\n", letIn(route, id.Public, p.Mine.Name))
	_, err = fmt.Fprintln(a.Out, a.say("cli.pair_then_call", "name", name))
	return err
}

// askThere has the other guard asked over SSH, where its owner confirms, and returns
// its answer.
func (a *App) askThere(ctx context.Context, route vantage.Route, sudo bool, offer string, in *bufio.Reader) (string, error) {
	if sudo {
		route.There = "sudo " + route.There
	}
	options := []string{"-T", "-o", "LogLevel=ERROR"}
	file, terminal := a.In.(*os.File)
	if terminal = terminal && term.IsTerminal(int(file.Fd())); terminal {
		options[0] = "-t"
	}
	cmd, err := route.Command(ctx, "pair answer "+offer+" --lang "+string(a.lang), options...)
	if err != nil {
		return "", err
	}
	cmd.Stdin = a.In
	if !terminal { // the other side has the first line, the rest is ours
		line, err := in.ReadString('\n')
		if err != nil && line == "" {
			return "", &Problem{Text: chain.Say("cli.pair_declined"), Hint: chain.Say("cli.pair_declined_hint")}
		}
		cmd.Stdin = strings.NewReader(line)
	}
	out := &answerWriter{show: a.Err}
	cmd.Stdout, cmd.Stderr = out, a.Err
	err = cmd.Run()
	answer, ok := out.answer()
	if err != nil || !ok {
		return "", &Problem{Text: chain.Say("cli.pair_no_answer", "host", route.Host), Hint: chain.Say("cli.pair_no_answer_hint", "host", route.Host)}
	}
	return answer, nil
}

// confirm shows both keys and asks whether they are the right ones.
func (a *App) confirm(in *bufio.Reader, p guard.Proposal, question string) bool {
	w := a.style(a.Err)
	rows := [][2]string{{a.say("cli.pair_mine", "name", p.Mine.Name), p.Mine.Key}, {a.say("cli.pair_theirs", "name", p.Theirs.Name), p.Theirs.Key}}
	n := widest(rows, func(r [2]string) string { return r[0] })
	fmt.Fprintln(w)
	for _, r := range rows {
		fmt.Fprintf(w, "  %s  %s\n", pad(r[0], n), bold.Render(r[1]))
	}
	fmt.Fprintf(w, "\n%s ", a.say(question))
	line, _ := in.ReadString('\n') // nothing read is no yes
	fmt.Fprintln(w)
	yes, ok := a.yes(line)
	return yes && ok
}

func (a *App) pairAnswerCommand() *cobra.Command {
	var as string
	c := a.command("answer OFFER", "pair_answer", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		g := a.guard()
		p, err := g.PairAnswer(cmd.Context(), args[0], as, false)
		if err != nil {
			return err
		}
		if !a.confirm(bufio.NewReader(a.In), p, "cli.pair_there") {
			return &Problem{Text: chain.Say("cli.pair_declined"), Hint: chain.Say("cli.pair_declined_hint")}
		}
		if p, err = g.PairAnswer(cmd.Context(), args[0], as, true); err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.Out, p.Answer)
		return err
	})
	c.Flags().StringVar(&as, "name", "", a.say("cli.flag_pair_name"))
	c.Hidden = true
	return c
}

func (a *App) pairListCommand() *cobra.Command {
	return a.command("list", "pair_list", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		all, err := a.guard().Peers(cmd.Context())
		if err != nil {
			return err
		}
		if a.json {
			return a.encode(a.Out, all)
		}
		w := a.style(a.Out)
		if len(all) == 0 {
			_, err := fmt.Fprintln(w, a.say("cli.pair_none"))
			return err
		}
		for _, p := range all {
			a.peer(w, p)
		}
		return nil
	})
}

func (a *App) peer(w io.Writer, p guard.PeerStatus) {
	v := chain.Holds
	heard := a.say("cli.pair_heard", "at", p.HeardAt)
	switch {
	case p.HeardAt.IsZero():
		v, heard = chain.Unproven, a.say("cli.pair_unheard")
	case p.Trouble != "":
		v = chain.Unproven
	}
	fmt.Fprintf(w, "%s %s  %s  %s\n", mark(v), bold.Render(p.Name), p.Key, heard)
	if p.Trouble != "" {
		fmt.Fprintf(w, "    %s\n", wrap(p.Trouble, width(a.Out), 4))
	}
	if len(p.Proves) > 0 {
		fmt.Fprintf(w, "    %s\n", wrap(a.say("cli.pair_proves", "links", strings.Join(p.Proves, ", ")), width(a.Out), 4))
	}
	if p.Waiting > 0 {
		fmt.Fprintf(w, "    %s\n", a.say("cli.pair_waiting", "n", p.Waiting))
	}
}

func (a *App) pairCallCommand() *cobra.Command {
	return a.command("call NAME", "pair_call", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		p, err := a.guard().PairMeet(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if a.json {
			err = a.encode(a.Out, p)
		} else {
			a.peer(a.style(a.Out), p)
		}
		if err == nil && p.Trouble != "" {
			return errBadNews
		}
		return err
	})
}

func (a *App) pairForgetCommand() *cobra.Command {
	return a.command("forget NAME", "pair_forget", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		if err := a.guard().PairForget(cmd.Context(), args[0]); err != nil {
			return err
		}
		if a.json {
			return a.encode(a.Out, map[string]string{"forgotten": args[0]})
		}
		_, err := fmt.Fprintln(a.style(a.Out), a.say("cli.pair_forgotten", "name", args[0]))
		return err
	})
}

// exchangeCommand carries one letter from standard input to the guard here, and its
// answer to standard output: what SSH runs for another guard.
func (a *App) exchangeCommand() *cobra.Command {
	c := a.command("exchange", "exchange", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		paths := []string{a.lettersPath()}
		if !a.stated {
			paths = append(paths, "/run/omamori/letters.sock")
		}
		return a.Carry(cmd.Context(), paths, a.In, a.Out)
	})
	c.Hidden = true
	return c
}

func (a *App) lettersPath() string {
	return filepath.Join(filepath.Dir(a.socketPath()), "letters.sock")
}

// answerWriter shows what comes from the other side as it comes, and keeps the line
// with its answer.
type answerWriter struct {
	show io.Writer
	line []byte // the one that has begun
	held bool   // it may be the answer, and is not shown
	kept string
}

// maxAnswerLine is more than any answer has.
const maxAnswerLine = 4096

func (w *answerWriter) Write(b []byte) (int, error) {
	for _, c := range b {
		w.line = append(w.line, c)
		_, is := vantage.IsAnswer(string(w.line))
		held := (is || vantage.MayBeAnswer(string(w.line))) && len(w.line) < maxAnswerLine
		switch {
		case held:
			w.held = true
		case w.held:
			if _, err := w.show.Write(w.line); err != nil {
				return 0, err
			}
			w.held = false
		default:
			if _, err := w.show.Write([]byte{c}); err != nil {
				return 0, err
			}
		}
		if c == '\n' {
			w.end()
		}
	}
	return len(b), nil
}

func (w *answerWriter) end() {
	if code, ok := vantage.IsAnswer(string(bytes.TrimSpace(w.line))); ok {
		w.kept = code
	}
	w.line, w.held = w.line[:0], false
}

func (w *answerWriter) answer() (string, bool) {
	w.end()
	return w.kept, w.kept != ""
}
