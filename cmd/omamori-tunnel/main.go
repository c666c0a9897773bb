// Command omamori-tunnel carries the packets of a tunnel, as an unprivileged user. It
// is a program of its own so that the guard stays small, and survives it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/words"
)

// version is set by the build.
var version = "dev"

const (
	exitTrouble = 1 // something in the system
	exitUsage   = 2 // the command line or a file
)

// What a small server can spare: memory is the heap at which the collector works harder,
// in bytes, and percent how much it lets the heap grow before. How fast it goes hardly
// depends on them, as few packets are on their way at once (bench/RESULTS.md).
const (
	memory  = 48 << 20
	percent = 50
)

func main() { os.Exit(run(os.Args[1:])) }

// options are what the command line says.
type options struct {
	dir, tun, socks, user string
	kernel                bool
	args                  []string
}

func run(args []string) int {
	lang := words.FromEnv()
	if len(args) == 1 && args[0] == "--version" {
		fmt.Println("omamori-tunnel", version)
		return 0
	}
	if len(args) == 0 || verbs[args[0]] == nil {
		fmt.Fprintln(os.Stderr, lang.Text("tunnel.program_help"))
		return exitUsage
	}
	o, err := parse(args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "omamori-tunnel: %v\n%s\n", err, lang.Text("tunnel.program_help"))
		return exitUsage
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
		debug.SetGCPercent(percent)
	}
	slim()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = verbs[args[0]](ctx, o, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err == nil {
		return 0
	}
	if wrong, ok := errors.AsType[*badConf](err); ok {
		wrong.tell(os.Stderr, lang)
		return exitUsage
	}
	if text, hint, ok := chain.Spoken(err); ok {
		fmt.Fprintf(os.Stderr, "omamori-tunnel: %s\n%s\n", lang.Say(text), lang.Say(hint))
		return exitTrouble
	}
	fmt.Fprintln(os.Stderr, "omamori-tunnel:", err)
	return exitTrouble
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("omamori-tunnel", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.dir, "dir", string(tunnel.DefaultDir), "")
	f.StringVar(&o.tun, "tun", "", "")
	f.StringVar(&o.socks, "socks", "", "")
	f.StringVar(&o.user, "user", tunnel.User, "")
	f.BoolVar(&o.kernel, "kernel", false, "")
	err = f.Parse(args)
	o.args = f.Args()
	return o, err
}

// badConf is a configuration with mistakes.
type badConf struct {
	path     string
	mistakes []tunnel.Mistake
}

func (b *badConf) Error() string { return fmt.Sprintf("%s: %d mistakes", b.path, len(b.mistakes)) }

// tell says each mistake on a line of its own, with its hint.
func (b *badConf) tell(w io.Writer, lang words.Lang) {
	for _, m := range b.mistakes {
		fmt.Fprintf(w, "%s:%d: %s\n    %s\n", b.path, m.Line, lang.Say(m.Text), lang.Say(m.Hint))
	}
}
