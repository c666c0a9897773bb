// Package cli is the command line: one file per command.
package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/support"
	"github.com/omamori-guard/omamori/words"
)

// Exit codes.
const (
	exitOK    = 0 // as asked
	exitBad   = 1 // the answer is bad news, or it could not be done
	exitUsage = 2 // the question was wrong
)

// Guard is what commands ask of a running guard.
type Guard interface {
	Status(ctx context.Context) (guard.Status, error)
	Prove(ctx context.Context, links []string) (guard.Status, error)
	Answer(ctx context.Context, link string, yes bool, who string) (guard.Status, error)
	Typed(ctx context.Context, link, typed, who string) (guard.Status, error)
	Support(ctx context.Context) ([]support.Status, error)
	CaseAct(ctx context.Context, a guard.CaseAct) ([]support.Status, error)
	Reload(ctx context.Context) (guard.Status, error)
	Ways(ctx context.Context, goal string, q guard.Supposed) ([]guard.GoalWays, error)
	Model(ctx context.Context) (guard.ModelStatus, error)
	Deadlines(ctx context.Context) ([]guard.Deadline, error)
	Lose(ctx context.Context, thing string, lost bool, who string) (guard.Status, error)
	Rescue(ctx context.Context, goal string) (guard.RescueStatus, error)
	RescueAct(ctx context.Context, a guard.RescueAct) (guard.RescueStatus, error)
	TestNotify(ctx context.Context) ([]guard.ChannelResult, error)
	Journal(ctx context.Context, since time.Time, link string, after int64, newest bool, limit int) ([]guard.JournalLine, error)
	Follow(ctx context.Context, after int64, each func(guard.JournalLine) error) error
	Due
	Peers
	Tuner
	Pages
}

// RunOptions are what `omamori run` was asked.
type RunOptions struct {
	// Config is the file given with -c, "" to look for one.
	Config string
	State  string
	Socket string
	Lang   words.Lang
	// User is whom to become when started as root.
	User string
	// Debug logs every step to standard error.
	Debug bool
}

// App is the command line of one program. Main makes it whole.
type App struct {
	Version string
	Config  config.Options
	// Dial makes a client of the guard at a socket; it need not connect yet.
	Dial func(socket string, lang words.Lang) Guard
	// Run guards until ctx is done. Ready is called once guarding has begun.
	Run func(ctx context.Context, o RunOptions, say func(chain.Text)) error
	// Gallery serves the page with made-up data at an address, until ctx is done.
	Gallery func(ctx context.Context, address string, say func(chain.Text)) error
	// Carry takes a letter to the first guard that answers at paths, and its answer out.
	Carry func(ctx context.Context, paths []string, in io.Reader, out io.Writer) error
	// HandsBinary is the path of omamori-hands.
	HandsBinary string
	// Cloud asks AWS; the zero one by the program that lies beside this one.
	Cloud cloud.Client
	// Door is the machine whose door is put up.
	Door Door
	// TunnelBinary is the path of omamori-tunnel.
	TunnelBinary string
	// CertificateBinary is the path of omamori-certificate.
	CertificateBinary string

	In       io.Reader
	Out, Err io.Writer

	lang   words.Lang
	json   bool
	config string
	state  string
	stated bool // --state or $OMAMORI_STATE was given

	doorSocket, doorDir string
}

// errBadNews is an answer that is no error, but not good either.
var errBadNews = errors.New("bad news")

// Problem is an error that is said to the user in his own language.
type Problem struct {
	Text, Hint chain.Text
	// Usage says that the question was wrong.
	Usage bool
}

func (p *Problem) Error() string { return fmt.Sprintf("%s %v", p.Text.Key, p.Text.Args) }

// Said gives the words of the problem: see chain.Spoken.
func (p *Problem) Said() (text, hint chain.Text) { return p.Text, p.Hint }

func usage(text, hint chain.Text) error { return &Problem{Text: text, Hint: hint, Usage: true} }

// Main runs the command that args (without the program's name) asks for and
// returns the exit code.
func (a *App) Main(ctx context.Context, args []string) int {
	a.lang = words.FromEnv()
	a.early(args)
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errBadNews):
		return exitBad
	}
	return a.report(err)
}

// early reads what is needed to say anything at all, even why args are wrong.
func (a *App) early(args []string) {
	for i, arg := range args {
		switch {
		case arg == "--":
			return
		case arg == "--json":
			a.json = true
		case arg == "--lang" && i+1 < len(args):
			a.lang, _ = words.Parse(args[i+1])
		case strings.HasPrefix(arg, "--lang="):
			a.lang, _ = words.Parse(strings.TrimPrefix(arg, "--lang="))
		}
	}
}

// report says what went wrong, and what can be done about it.
func (a *App) report(err error) int {
	text, hint, code := a.put(err)
	if a.json {
		_ = a.encode(a.Err, map[string]string{"error": text, "hint": hint})
		return code
	}
	s := a.style(a.Err)
	fmt.Fprintln(s, red.Render(a.say("cli.error", "error", text)))
	if hint != "" {
		fmt.Fprintln(s, a.say("cli.hint", "hint", hint))
	}
	return code
}

// told puts an error into words.
func (a *App) told(err error) (text, hint string) {
	text, hint, _ = a.put(err)
	return text, hint
}

// put puts an error into words, and says with which code the program ends by it.
func (a *App) put(err error) (text, hint string, code int) {
	code = exitBad
	text = err.Error()
	var p *Problem
	var refused *guard.Refused
	switch {
	case errors.As(err, &p):
		text, hint = a.lang.Say(p.Text), a.lang.Say(p.Hint)
		if p.Usage {
			code = exitUsage
		}
	case errors.Is(err, guard.ErrNoGuard):
		text, hint = a.say("cli.no_guard"), a.say("cli.no_guard_hint")
	case errors.Is(err, os.ErrPermission):
		hint = a.say("cli.permission_hint")
	case errors.As(err, &refused) && refused.Code == "unknown_name":
		text, hint = a.unknown(refused.Name, refused.Nearest)
		code = exitUsage
	case errors.As(err, &refused) && refused.Code == "is_goal":
		text, hint = a.say("cli.lose_goal", "name", refused.Name), a.say("cli.lose_goal_hint", "name", refused.Name)
		code = exitUsage
	case errors.As(err, &refused) && refused.Code == "not_a_persons":
		text, hint = a.say("cli.not_a_persons", "name", refused.Name), a.say("cli.not_a_persons_hint", "name", refused.Name)
		code = exitUsage
	case errors.As(err, &refused):
		text, hint = refused.Text, refused.Hint
		if refused.Code == "refused" || refused.Code == "bad_due" { // a configuration, or a word on what is due
			code = exitUsage
		}
	default:
		if t, h, ok := chain.Spoken(err); ok {
			text, hint = a.lang.Say(t), a.lang.Say(h)
		}
		var question interface{ Usage() bool }
		if errors.As(err, &question) && question.Usage() {
			code = exitUsage
		}
	}
	return text, hint, code
}

func (a *App) unknown(name, nearest string) (text, hint string) {
	text = a.say("cli.unknown_name", "name", name)
	if nearest != "" {
		return text, a.say("cli.nearest", "nearest", nearest)
	}
	return text, a.say("cli.see_status")
}

// say says an entry of the catalogue.
func (a *App) say(key string, pairs ...any) string { return a.lang.Say(chain.Say(key, pairs...)) }

// encode writes v as JSON that a person can read too.
func (a *App) encode(w io.Writer, v any) error { return encode(w, v, "  ") }

func encode(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", indent)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, escaped(b.String()))
	return err
}

// guard is the running guard. What it says to a person is clean.
func (a *App) guard() Guard {
	g := a.Dial(a.socketPath(), a.lang)
	if a.json {
		return g
	}
	return cleaned{g}
}

// command makes a command whose help is in the catalogue under cli.help_NAME, and
// its one line under cli.short_NAME.
func (a *App) command(use, name string, args cobra.PositionalArgs, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: a.say("cli.short_" + name), Long: a.say("cli.help_" + name),
		Args: a.args(args), RunE: run, SilenceErrors: true, SilenceUsage: true,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	return c
}
