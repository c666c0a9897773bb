// Command week plays the story of doc/story.md on real parts, twice: as it was, and as it
// would have been.
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
	"slices"
	"strings"
	"syscall"
	"time"
)

// parts are what -break can take away.
var parts = []string{"knock", "vault", "mend"}

func main() {
	programs := flag.String("programs", "bin", "the folder of omamori's programs")
	broken := flag.String("break", "", "play without one part: "+strings.Join(parts, ", "))
	asJSON := flag.Bool("json", false, "print what came of it as JSON alone")
	inside := flag.Bool("inside", false, "said by the program to itself, in namespaces of its own")
	flag.Parse()
	if *broken != "" && !slices.Contains(parts, *broken) || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var err error
	if *inside {
		err = play(ctx, *programs, *broken, *asJSON)
	} else {
		err = apart(ctx, *programs)
	}
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(max(ended.ExitCode(), 1)) // it has said why
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the week cannot be played:", err)
		os.Exit(1)
	}
}

// apart runs this program anew in namespaces of processes, mounts and networks, which end
// with it however it ends: so nothing of the week is ever left on the machine.
func apart(ctx context.Context, programs string) error {
	if err := can(programs); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	programs, err = filepath.Abs(programs)
	if err != nil {
		return err
	}
	// The shell is the first process there: it collects those whose parents have ended.
	const first = `mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/week/bin /run/sshd && ip link set lo up &&
cp "$1"/omamori* /run/week/bin/ && shift && cp "$1" /run/week/week && shift &&
mount -t tmpfs -o mode=700 tmpfs /root && mkdir -m 700 /root/.ssh && /run/week/week "$@"`
	args := append([]string{"--mount", "--pid", "--net", "--fork", "--kill-child=KILL", "--mount-proc",
		"sh", "-c", first, "sh", programs, self, "-inside", "-programs", "/run/week/bin"}, given()...)
	cmd := exec.CommandContext(ctx, "unshare", args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// Nothing of whoever plays it: no agent of his, no account, no proxy.
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	err = cmd.Run()
	if ctx.Err() != nil {
		return errors.New("interrupted; nothing is left of it")
	}
	return err
}

// given are the flags that the play itself wants.
func given() (args []string) {
	flag.Visit(func(f *flag.Flag) {
		if f.Name != "programs" && f.Name != "inside" {
			args = append(args, "-"+f.Name+"="+f.Value.String())
		}
	})
	return args
}

// can says what is missing on this machine.
func can(programs string) error {
	if os.Geteuid() != 0 {
		return errors.New("it takes root, to make networks of its own: sudo make week")
	}
	for _, name := range []string{"unshare", "nsenter", "ip", "nft", "pptpd", "mariadbd", "nginx", "ssh", "ssh-keygen", "sshd"} {
		path := name
		if name == "pptpd" || name == "sshd" || name == "mariadbd" || name == "nginx" || name == "nft" {
			path = "/usr/sbin/" + name
		}
		if _, err := exec.LookPath(path); err != nil {
			return fmt.Errorf("%s is not installed: make deps test-deps", name)
		}
	}
	if _, err := os.Stat(filepath.Join(programs, "omamori-hands")); err != nil {
		return fmt.Errorf("omamori's programs are not in %s: make build", programs)
	}
	if out, err := exec.Command("unshare", "--mount", "--pid", "--net", "--fork", "--mount-proc", "true").CombinedOutput(); err != nil {
		return fmt.Errorf("namespaces cannot be made here: %s", strings.TrimSpace(string(out)))
	}
	return nil
}

// play plays both acts on one stage.
func play(ctx context.Context, programs, broken string, asJSON bool) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	s := &stage{ctx: ctx, bin: programs, dir: filepath.Dir(programs), out: os.Stdout, broken: broken, shown: map[string]int{}}
	if asJSON {
		s.out = os.Stderr
	}
	defer func() {
		if f, ok := recover().(failed); ok {
			err = f.err
		}
	}()
	s.build()
	s.asItWas()
	s.asItWouldHaveBeen()
	return s.end(asJSON)
}
