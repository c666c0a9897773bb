// Command omamori-hands does what needs root for the guard, and nothing else.
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
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/light"
	"github.com/omamori-guard/omamori/words"
)

// version is set by the build.
var version = "dev"

const (
	exitTrouble = 1 // something in the system
	exitUsage   = 2 // the command line or the file
)

func main() { os.Exit(run(os.Args[1:])) }

// options are what the command line says.
type options struct {
	file, listen   string
	fd             int
	check, version bool
	door, load     bool
}

func run(args []string) int {
	lang := words.FromEnv()
	o, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(lang.Text("hands.help") + "\n")
		return 0
	case err != nil:
		fmt.Fprintf(os.Stderr, "omamori-hands: %v\n%s\n", err, lang.Text("hands.help"))
		return exitUsage
	case o.version:
		fmt.Println("omamori-hands", version)
		return 0
	}
	if o.door {
		return runDoor(lang, o)
	}
	file, err := hands.Load(o.file)
	if err != nil {
		return fail(lang, err)
	}
	if o.check {
		return 0
	}
	frugal()
	if err := serve(o, file); err != nil {
		return fail(lang, err)
	}
	return 0
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("omamori-hands", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.file, "file", "", "")
	f.StringVar(&o.listen, "listen", "", "")
	f.IntVar(&o.fd, "fd", -1, "")
	f.BoolVar(&o.check, "check", false, "")
	f.BoolVar(&o.version, "version", false, "")
	f.BoolVar(&o.door, "door", false, "")
	f.BoolVar(&o.load, "load", false, "")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.file == "" {
		o.file = "/etc/omamori/hands.json"
		if o.door {
			o.file = hands.DefaultDoorFile
		}
	}
	if o.load && !o.door || o.fd >= 0 && o.door {
		return o, errors.New("-load goes with -door, and -fd without")
	}
	if o.fd >= 0 && (o.listen != "" || o.fd < 3) {
		return o, errors.New("-fd is a descriptor from 3 up, and goes without -listen")
	}
	return o, nil
}

// fail says what is wrong, each mistake of the file on its own line.
func fail(lang words.Lang, err error) int {
	if wrong, ok := errors.AsType[*hands.FileError](err); ok {
		for _, p := range wrong.Problems {
			at := wrong.Path
			if p.Line > 0 {
				at += ":" + strconv.Itoa(p.Line)
			}
			if p.At != "" {
				at += ": " + p.At
			}
			fmt.Fprintf(os.Stderr, "%s: %s\n", at, lang.Say(p.Text))
		}
		return exitUsage
	}
	var said interface {
		Said() (text, hint chain.Text)
	}
	if errors.As(err, &said) {
		text, _ := said.Said()
		fmt.Fprintln(os.Stderr, "omamori-hands:", lang.Say(text))
		return exitTrouble
	}
	fmt.Fprintln(os.Stderr, "omamori-hands:", err)
	return exitTrouble
}

// frugal: hands is to be there when nothing else has memory any more.
func frugal() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(20)
	if os.Geteuid() == 0 {
		// Where it is not allowed (a container), we are a victim like any other.
		_ = os.WriteFile("/proc/self/oom_score_adj", []byte("-900"), 0) //nolint:errcheck
	}
}

func serve(o options, file hands.File) error {
	unix.Umask(0o022) // that of children
	var beside sync.WaitGroup
	defer beside.Wait()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	beside.Go(func() { light.Start(ctx) })
	// Caught rather than ignored: children would go on ignoring them.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGPIPE)

	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	s, err := hands.New(file, log)
	if err != nil {
		return err
	}
	return errors.Join(answer(ctx, s, o), s.Close())
}

// answer serves whoever may ask, until there is nobody left or we are told to end.
func answer(ctx context.Context, s *hands.Server, o options) error {
	if o.fd >= 0 {
		c, err := hands.Inherited(o.fd)
		if err != nil {
			return err
		}
		return s.ServeConn(ctx, c)
	}
	l, err := hands.Activated()
	if l == nil && err == nil {
		path := o.listen
		if path == "" {
			path = hands.DefaultSocket
		}
		l, err = s.Listen(path)
	}
	if err != nil {
		return err
	}
	return s.Serve(ctx, l)
}
