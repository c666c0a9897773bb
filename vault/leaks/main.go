package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: leaks COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	code, err := run(os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "leaks:", err)
		code = 1
	}
	os.Exit(code)
}

// run runs a command and gives its exit code, or 1 if it leaked.
func run(args []string, stdout, stderr io.Writer) (code int, err error) {
	s := &search{forms: forms()}
	watch, err := newWatch(s)
	if err != nil { // not root, or no fanotify
		s.fail(err)
	}
	c := exec.Command(args[0], args[1:]...)
	c.Stdin = os.Stdin
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, err
	}
	complaints, err := c.StderrPipe()
	if err != nil {
		return 0, err
	}
	// Ctrl-C reaches the command by itself; this one stays for what it still says.
	signal.Ignore(os.Interrupt, syscall.SIGQUIT)
	if err := c.Start(); err != nil {
		return 0, err
	}
	var work sync.WaitGroup
	work.Go(func() { s.look("what the tests said", io.TeeReader(out, stdout)) })
	work.Go(func() { s.look("what the tests complained", io.TeeReader(complaints, stderr)) })
	work.Wait()
	var ended *exec.ExitError
	if err := c.Wait(); err != nil && !errors.As(err, &ended) {
		return 0, err
	}
	if watch != nil {
		watch.end()
	}
	code = c.ProcessState.ExitCode()
	if !s.report(stdout) && code == 0 {
		code = 1
	}
	return code, nil
}
