package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// A plan only names its steps. What omamori does itself for one of a person's is one of the
// few deeds of config.Run, and stands in the file that the person himself has written on
// this machine: nothing that a server, or a guard, says can have a command run here.

const (
	// runStep is what is asked of a step that omamori can do for the person.
	runStep = "run"
	// mostLines bounds what another machine's omamori may print here.
	mostLines = 2000
	// openFor is how long a security group is opened, as by omamori door open.
	openFor = time.Hour
)

// own is what omamori can do for a step, by the owner's file.
func (r *rescuer) own(step string) (config.Run, bool) {
	if !r.looked {
		r.looked = true
		if file, err := r.a.loaded(); err == nil { // without it, each step is done by hand
			r.runs = file.Runs
		}
	}
	d, ok := r.runs[step]
	return d, ok
}

// running does a step for the person once he has said yes: to it, or to the plan in which it
// was shown. By itself no step is tried twice.
func (r *rescuer) running(ctx context.Context, goal string, n guard.RescueNext, d config.Run, act func(act, step string) error) error {
	for {
		if agreed := (r.yes || r.agreed[n.Step]) && !r.ran[n.Step]; !agreed {
			if r.in == nil && r.ran[n.Step] {
				return r.nobody(goal, guard.RescueStep)
			}
			said, err := r.ask(ctx, goal, runStep, r.askRun(n.Step))
			switch {
			case err != nil:
				return err
			case said == no:
				return act("aside", n.Step)
			case said == byHand:
				return r.done(ctx, goal, n, act)
			}
			for _, step := range r.plan { // they were shown with it
				r.agreed[step] = true
			}
		}
		r.ran[n.Step] = true
		if err := act("run", n.Step); err != nil {
			return err
		}
		err := r.run(ctx, d)
		if err == nil {
			return r.done(ctx, goal, n, act)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		text, hint := r.a.told(err)
		r.show(rescueEvent{Event: "run_failed", Goal: goal, Next: &n, Error: text}, func(w io.Writer) {
			fmt.Fprintf(w, "  %s %s\n", mark(chain.Broken), wrap(r.a.say("rescue.run_failed", "why", text), r.out.columns, 4))
			if hint != "" {
				fmt.Fprintf(w, "  %s\n", wrap(r.a.say("cli.hint", "hint", hint), r.out.columns, 6))
			}
		})
	}
}

// askRun is the question, which says how far a yes goes.
func (r *rescuer) askRun(step string) string {
	more := 0
	for _, other := range r.plan {
		if _, ok := r.own(other); ok && other != step && !r.ran[other] {
			more++
		}
	}
	if more > 0 && !r.ran[step] {
		return r.a.say("rescue.ask_runs", "n", more)
	}
	return r.a.say("rescue.ask_run")
}

// run does it.
func (r *rescuer) run(ctx context.Context, d config.Run) error {
	switch {
	case d.Open != "":
		return r.runOpen(ctx, d)
	case d.Rescue != "":
		return r.runThere(ctx, d)
	case d.SSH != "":
		cmd, err := r.a.sshTo(ctx, d.SSH, nil)
		if err != nil {
			return err
		}
		if r.in == nil {
			return &Problem{Text: chain.Say("rescue.run_terminal")}
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = r.in, r.a.Out, r.a.Err
		r.out.clear()
		return sshEnded(cmd.Run(), d.SSH, true)
	}
	code, err := r.a.codeFor(ctx, &r.book, d.Code)
	if err == nil && !r.a.json { // what JSON is read by has no use for it
		fmt.Fprintf(r.out.clear(), "    %s\n", bold.Render(grouped(code)))
	}
	return err
}

// runOpen opens a security group for the address that we come from.
func (r *rescuer) runOpen(ctx context.Context, d config.Run) error {
	door, err := r.a.findCloudDoor(d.Open)
	if err != nil {
		return err
	}
	if d.Code != "" {
		if door.access.Code, err = r.a.codeFor(ctx, &r.book, d.Code); err != nil {
			return err
		}
	}
	door.wish.Last, door.wish.Who = openFor, byWhom()
	open := func() (got cloud.Opened, err error) {
		p := r.a.waiting(chain.Say("rescue.run_opening"))
		defer func() { p.end(err) }()
		address, err := r.a.Cloud.Address(ctx)
		if err != nil {
			return got, err
		}
		door.wish.From = netip.PrefixFrom(address, address.BitLen())
		return r.a.Cloud.Open(ctx, door.access, door.wish)
	}
	got, err := open()
	if e, ok := errors.AsType[*cloud.Error](err); ok && e.Code == cloud.WantsCode && d.Code == "" && r.in != nil {
		line, bad := r.line(ctx, r.a.say("cloud.ask_code", "device", e.Name))
		if bad != nil {
			return bad
		}
		if !cloud.IsCode(line) {
			return &cloud.Problem{Text: chain.Say("aws.mfa_no_code")}
		}
		door.access.Code = line
		got, err = open()
	}
	if err != nil {
		return err
	}
	if !r.a.json {
		for _, line := range r.a.saidOpened(got) {
			fmt.Fprintf(r.out.clear(), "    %s\n", wrap(line, r.out.columns, 4))
		}
	}
	return nil
}

// runThere has the omamori of another machine do what it can. That machine may be anybody's
// by now: it is given nothing to read, so that what it prints can ask for no secret, and
// what it prints is shown as foreign text behind its name.
func (r *rescuer) runThere(ctx context.Context, d config.Run) error {
	ctx, cancel := context.WithTimeoutCause(ctx, longestWait, errTooLong)
	defer cancel()
	cmd, err := r.a.sshTo(ctx, d.On, []string{"-T", "-o", "ServerAliveInterval=15"}, "omamori", "--lang", string(r.a.lang), "rescue", d.Rescue, "--yes")
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return err
	}
	w := r.a.Err // JSON is ours alone
	if !r.a.json {
		w = r.out.clear()
	}
	lead := "    " + faint.Render(d.On+" │") + " "
	in := bufio.NewReaderSize(out, 4096)
	for n := 0; ; {
		line, more, err := in.ReadLine()
		if err != nil {
			break
		}
		if n++; n < mostLines && len(line) > 0 && !more {
			fmt.Fprintf(w, "%s%s\n", lead, wrap(words.Clean(string(line)), r.out.columns, 7+len(d.On)))
		}
	}
	err = cmd.Wait()
	if errors.Is(context.Cause(ctx), errTooLong) {
		return &Problem{Text: chain.Say("rescue.run_too_long", "host", d.On, "after", longestWait), Hint: chain.Say("rescue.run_go_there", "host", d.On, "goal", d.Rescue)}
	}
	if err := sshEnded(err, d.On, false); err != nil {
		if p, ok := errors.AsType[*Problem](err); ok && p.Hint.IsZero() {
			p.Hint = chain.Say("rescue.run_go_there", "host", d.On, "goal", d.Rescue)
		}
		return err
	}
	return nil
}

var errTooLong = errors.New("takes too long")

// sshEnded says what an end of ssh means. What a shell that a person has used ends with says
// nothing.
func sshEnded(err error, host string, shell bool) error {
	ended, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case !ok:
		return err
	case ended.ExitCode() == 255: // ssh's own
		return &Problem{Text: chain.Say("rescue.run_no_ssh", "host", host), Hint: chain.Say("rescue.run_no_ssh_hint", "host", host)}
	case shell:
		return nil
	}
	return &Problem{Text: chain.Say("rescue.run_not_there", "host", host)}
}

// lendsNothing are the options of an ssh that nobody has typed: what is not known to be that
// machine is not spoken to, and nothing of ours is put at its disposal.
var lendsNothing = []string{"-o", "StrictHostKeyChecking=yes", "-o", "ForwardAgent=no", "-o", "ForwardX11=no", "-o", "ClearAllForwardings=yes", "-o", "Tunnel=no"}

// sshTo is omamori ssh as a command of ours.
func (a *App) sshTo(ctx context.Context, host string, options []string, command ...string) (*exec.Cmd, error) {
	binary, err := exec.LookPath("ssh")
	if err != nil {
		return nil, err
	}
	args := slices.Concat(lendsNothing, options)
	if a.hasDoor(ctx, binary, host) {
		proxy, err := a.proxy()
		if err != nil {
			return nil, err
		}
		args = append(args, "-o", proxy)
	}
	cmd := exec.CommandContext(ctx, binary, append(append(args, host), command...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = os.Environ()
	return cmd, nil
}
