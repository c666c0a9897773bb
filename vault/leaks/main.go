package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: leaks COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	s := &search{forms: known()}
	if out, err := exec.Command("go", "env", "GOCACHE").Output(); err == nil {
		s.cache = strings.TrimSpace(string(out))
	}
	code, err := s.run(os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "leaks:", err)
		code = 1
	}
	os.Exit(code)
}

// run runs a command and gives its exit code, or 1 if it leaked.
func (s *search) run(args []string, stdout, stderr io.Writer) (code int, err error) {
	watch, err := newWatch(s)
	if err != nil { // not root, or no fanotify
		s.fail(err)
	}
	var work sync.WaitGroup
	tee := func(name string, to io.Writer) *io.PipeWriter {
		r, w := io.Pipe()
		work.Go(func() { s.look(name, io.TeeReader(r, to)) })
		return w
	}
	out, complaints := tee("what the tests said", stdout), tee("what the tests complained of", stderr)
	c := exec.Command(args[0], args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, out, complaints
	c.WaitDelay = time.Minute // for a program that a test has left behind
	// Ctrl-C reaches the command by itself; this one stays for what it still says.
	signal.Ignore(os.Interrupt, syscall.SIGQUIT)
	err = c.Run()
	_, _ = out.Close(), complaints.Close() // never fail
	work.Wait()
	if watch != nil {
		watch.end()
	}
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) && !errors.Is(err, exec.ErrWaitDelay) {
		return 0, err
	}
	code = c.ProcessState.ExitCode()
	if !s.report(stdout) && code == 0 {
		code = 1
	}
	return code, nil
}
