// Command week plays the story of doc/story.md on real parts, twice and side by side: as it
// was, and as it would have been.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/omamori-guard/omamori/words"
)

// parts are what -break can take away.
var parts = []string{"knock", "vault", "mend"}

// acts are both tellings.
const (
	asItWas   = "was"
	asItWould = "would"
)

// options are the flags.
type options struct {
	programs, broken, act string
	lang                  words.Lang
	asJSON, page          bool
	columns               int
	colours               bool
}

func main() {
	var o options
	f := flag.CommandLine
	f.StringVar(&o.programs, "programs", "bin", "the folder of omamori's programs")
	f.StringVar(&o.broken, "break", "", "play without one part: "+strings.Join(parts, ", "))
	f.StringVar(&o.act, "act", "", "play one act alone: was, would")
	lang := f.String("lang", string(words.FromEnv()), "en or ja")
	f.BoolVar(&o.asJSON, "json", false, "print every event and what came of it as JSON, a line each")
	f.BoolVar(&o.page, "page", false, "show the laptops' pages, at 127.0.0.1:4649 and :4650, and wait for Enter before the story and after it")
	stage := f.String("stage", "", "said by the program to itself: play, act")
	f.IntVar(&o.columns, "columns", columns(), "how wide to print")
	f.BoolVar(&o.colours, "colours", term.IsTerminal(int(os.Stdout.Fd())), "print in colours")
	flag.Parse()
	var known bool
	if o.lang, known = words.Parse(*lang); !known || f.NArg() > 0 ||
		o.broken != "" && !slices.Contains(parts, o.broken) || o.act != "" && o.act != asItWas && o.act != asItWould {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	var err error
	switch *stage {
	case "play":
		err = play(ctx, o)
	case "act":
		err = perform(ctx, o)
	default:
		err = apart(ctx, o)
	}
	if ended, ok := errors.AsType[*exec.ExitError](err); ok && *stage == "" {
		os.Exit(max(ended.ExitCode(), 1)) // it has said why
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// columns is how wide the terminal is, and elsewhere wide enough for both acts.
func columns() int {
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		return w
	}
	return 150
}

// given are the flags for the next stage.
func given(stage string, o options) []string {
	args := []string{"-stage=" + stage}
	flag.Visit(func(f *flag.Flag) {
		if f.Name != "programs" && f.Name != "stage" && f.Name != "act" {
			args = append(args, "-"+f.Name+"="+f.Value.String())
		}
	})
	// What is found out from the terminal of whoever plays it.
	return append(args, "-act="+o.act, "-lang="+string(o.lang), fmt.Sprintf("-columns=%d", o.columns), fmt.Sprintf("-colours=%t", o.colours))
}

// first prepares the namespaces of the play. Its shell stays as their first process, and
// collects those whose parents have ended. What is written is written to memory.
const first = `
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/bin /mnt/base
cp "$1"/omamori* /mnt/bin/
cp "$2" /mnt/week
printf '127.0.0.1 localhost\n%s blog.example\n' "$3" >/mnt/hosts
mount --bind /mnt/hosts /etc/hosts
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=700 tmpfs /root
shift 3
/mnt/week "$@"`

// apart runs this program anew in namespaces of processes, mounts and networks, which end
// with it however it ends: so nothing of the week is ever left on the machine.
func apart(ctx context.Context, o options) error {
	why, err := can(o)
	if err != nil {
		return err
	}
	if why != "" {
		return cannot(o, why)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	programs, err := filepath.Abs(o.programs)
	if err != nil {
		return err
	}
	runtime.LockOSThread() // what follows is to die with this program, but dies with this thread
	cmd := namespaces(ctx, first, append([]string{programs, self, server}, given("play", o)...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// Nothing of whoever plays it: no agent of his, no account, no proxy.
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"}
	if o.page {
		cmd.Stdin = os.Stdin
		for _, at := range pages {
			l, err := listen(at)
			if err != nil {
				return err
			}
			cmd.ExtraFiles = append(cmd.ExtraFiles, l)
		}
	}
	err = cmd.Run()
	if ctx.Err() != nil {
		return errors.New(o.lang.Text("week.interrupted"))
	}
	return err
}

// namespaces makes a command that runs a script in new ones, with its arguments. Should
// this program be killed, all in them is too.
func namespaces(ctx context.Context, script string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "unshare", append([]string{"--mount", "--pid", "--net", "--fork", "--kill-child=KILL", "--mount-proc",
		"sh", "-ec", script, "sh"}, args...)...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}
