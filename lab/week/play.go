package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// longest is how long a play may take on a machine that has other things to do.
const longest = 15 * time.Minute

// second prepares the namespaces of an act.
const second = `
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=700 tmpfs /root
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /run/sshd /run/week /run/netns
mkdir -m 700 /root/.ssh
/mnt/week "$@"`

// actor is an act at work, in namespaces of its own.
type actor struct {
	name string
	cmd  *exec.Cmd
	ear  io.WriteCloser // a line has it begin the story, and end
	said bytes.Buffer   // what it prints besides events
}

// play plays both acts at once, and shows them.
func play(ctx context.Context, o options) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	s := newScreen(os.Stdout, o)
	names := []string{asItWas, asItWould}
	if o.act != "" {
		names = []string{o.act}
	}
	events := make(chan event)
	var at sync.WaitGroup
	var actors []*actor
	for i, name := range names {
		a := &actor{name: name}
		if err := a.start(ctx, o, i, events, &at); err != nil {
			return err
		}
		actors = append(actors, a)
	}
	based := make(chan error, 1)
	go func() {
		err := buildBase(ctx, o)
		if ctx.Err() != nil {
			err = nil // something else has failed
		}
		if err != nil {
			cancel() // the acts wait for it in vain
		}
		based <- err
	}()
	go func() { at.Wait(); close(events) }()
	in := bufio.NewReader(os.Stdin)
	answer := func(key string) {
		if o.page {
			s.ask(o.lang.Text(key))
			_, _ = in.ReadString('\n') // where there is nobody it goes on at once
		}
		for _, a := range actors {
			_, _ = io.WriteString(a.ear, "\n") // one that has failed says so itself
		}
	}
	var failed error
	ready, over := 0, 0
	for e := range events {
		switch e.Is {
		case isReady:
			if ready++; ready == len(names) {
				answer("week.begin")
			}
		case isOver:
			if over++; over == len(names) {
				s.took = time.Since(began)
				failed = s.end()
				answer("week.enough")
			}
		case isFailed:
			if failed == nil {
				failed = errors.New(o.lang.Text("week.failed", "act", o.lang.Text("week.act_"+e.Act), "error", e.Text))
			}
			cancel()
		default:
			s.take(e)
		}
	}
	if err := <-based; err != nil {
		return err
	}
	return failed
}

// start starts an act.
func (a *actor) start(ctx context.Context, o options, n int, events chan<- event, at *sync.WaitGroup) (err error) {
	o.act = a.name
	a.cmd = namespaces(ctx, second, given("act", o)...)
	a.cmd.Env = os.Environ()
	a.cmd.Stderr = &a.said
	if o.page {
		a.cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(3+n), "page")}
	}
	if a.ear, err = a.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := a.cmd.Start(); err != nil {
		return err
	}
	at.Go(func() {
		d := json.NewDecoder(out)
		for {
			var e event
			if err := d.Decode(&e); err != nil {
				break
			}
			e.Act = a.name
			events <- e
		}
		if err := a.cmd.Wait(); err != nil {
			events <- event{Act: a.name, Is: isFailed, Text: fmt.Sprintf("%v\n%s", err, &a.said)}
		}
	})
	return nil
}

// buildBase installs the blog of which each act has a copy.
func buildBase(ctx context.Context, o options) error {
	// The address is the server's: without it the site would not be found by its name.
	script := `ip link set lo up
ip addr add ` + server + `/32 dev lo
/mnt/bin/omamori --lang ` + string(o.lang) + ` site up ` + siteDir + ` --sample --address blog.example:80 --guard-user nobody
/mnt/bin/omamori --lang en site down ` + siteDir + `
mv ` + siteDir + ` ` + baseSite + `
touch ` + baseReady
	cmd := exec.CommandContext(ctx, "sh", "-ec", script)
	cmd.Env = append(os.Environ(), "OMAMORI_STATE=/run/week/state")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("install the blog: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Where the installed blog is kept, and where it is played with.
const (
	siteDir   = "/run/week/site"
	baseSite  = "/mnt/base/site"
	baseReady = "/mnt/base/ready"
)

// perform is one act, in its own namespaces: it tells its events on its standard output.
func perform(ctx context.Context, o options) (err error) {
	s := &stage{ctx: ctx, bin: "/mnt/bin", dir: filepath.Dir(siteDir), out: os.Stdout, lang: o.lang, broken: o.broken, seen: map[string]int64{}}
	defer func() {
		if f, ok := recover().(failed); ok {
			err = f.err
		}
	}()
	s.build()
	if o.page {
		s.servePage(o.act)
	}
	in := bufio.NewReader(os.Stdin)
	heard := func(is string) {
		s.tell(event{Is: is})
		_, err := in.ReadString('\n')
		s.must("wait for the play", err)
	}
	begin := func() {
		heard(isReady)
		if o.page { // who has signed in meanwhile is no part of it
			s.skip("laptop")
		}
	}
	if o.act == asItWas {
		s.asItWas(begin)
	} else {
		s.asItWouldHaveBeen(begin)
	}
	if o.asJSON {
		s.journals()
	}
	heard(isOver) // its page is there until whoever looks at it has seen enough
	return nil
}
