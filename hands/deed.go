package hands

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
)

// deedsWithin is the time in which a service sees at most so many deeds.
const deedsWithin = 10 * time.Minute

var errClosing = errors.New("hands is about to end")

// do has a deed done. The error is a *Refused: what went wrong stands in Done.
func (v *service) do(verb chain.Verb) (chain.Done, error) {
	done := chain.Done{Deed: chain.Deed{Verb: verb, Service: v.Name}, At: time.Now()}
	run, ok := map[chain.Verb]func(context.Context) error{
		chain.Start: v.start, chain.Restart: v.restart, chain.Stop: v.stop, chain.Kill: v.kill,
	}[verb]
	if !ok {
		return done, refuse(chain.Say("hands.unknown_verb", "verb", verb))
	}
	if !v.deeds.TryLock() {
		return done, refuse(chain.Say("hands.busy", "service", v.Name))
	}
	defer v.deeds.Unlock()
	if v.server.shutting.Load() {
		return done, refuse(chain.Say("hands.closing"))
	}
	// What is so already costs nothing and counts for nothing.
	ctx, cancel := context.WithTimeout(v.server.ctx, deedTimeout+v.stopTime())
	defer cancel()
	if verb == chain.Start && v.running(ctx) {
		done.Took = time.Since(done.At)
		return done, nil
	}
	if wait, ok := v.limit.allow(done.At); !ok {
		return done, refuse(chain.Say("hands.too_often", "service", v.Name, "wait", wait))
	}
	err := run(ctx)
	done.Took = time.Since(done.At)
	if err != nil {
		done.Error = err.Error()
	}
	v.log.Info("deed", "verb", verb, "took", done.Took, "error", done.Error)
	return done, nil
}

func (v *service) stopTime() time.Duration {
	if v.Child == nil {
		return 0
	}
	return v.Child.stopTimeout()
}

func (v *service) running(ctx context.Context) bool {
	p, err := v.process(ctx)
	return err == nil && p.Running
}

func (v *service) start(ctx context.Context) error {
	v.mu.Lock()
	old, closed := v.now, v.closed
	v.mu.Unlock()
	if closed {
		return errClosing
	}
	v.markLogs()
	if err := v.manager.start(ctx, old); err != nil {
		return err
	}
	_, err := v.current(ctx)
	return err
}

func (v *service) stop(ctx context.Context) error {
	t, err := v.ending(ctx)
	if err != nil {
		return err
	}
	return v.manager.stop(ctx, t)
}

func (v *service) kill(ctx context.Context) error {
	t, err := v.ending(ctx)
	if err != nil {
		return err
	}
	return v.manager.kill(ctx, t)
}

func (v *service) restart(ctx context.Context) error {
	if err := v.stop(ctx); err != nil {
		return err
	}
	return v.start(ctx)
}

// ending notes that the main process ends because hands was asked to end it. nil
// if there is none.
func (v *service) ending(ctx context.Context) (*tracked, error) {
	t, err := v.current(ctx)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if t != nil && t.alive() {
		v.asked = t
	}
	return t, nil
}

// shut stops a child because hands itself is to end. It counts as no deed.
func (v *service) shut() error {
	v.deeds.Lock()
	defer v.deeds.Unlock()
	ctx, cancel := context.WithTimeout(v.server.ctx, v.stopTime()+killTime)
	defer cancel()
	return v.stop(ctx)
}

// killTime is how long a process may take to go after SIGKILL; the kernel may have
// much memory to take back, or wait for a disk.
const killTime = 30 * time.Second

var errStays = errors.New("it does not end, not even by SIGKILL")

// end asks t to end by sig, and kills it if it has not obeyed in patience.
func end(ctx context.Context, t *tracked, sig unix.Signal, patience time.Duration) error {
	if t == nil || !t.alive() {
		return nil
	}
	if sig != unix.SIGKILL {
		// One that is stopped obeys only when it is woken.
		if err := errors.Join(t.signal(sig), t.signal(unix.SIGCONT)); err != nil {
			return err
		}
		if waitEnd(ctx, t, patience) {
			return nil
		}
	}
	if err := t.signal(unix.SIGKILL); err != nil {
		return err
	}
	if waitEnd(ctx, t, killTime) {
		return nil
	}
	return errStays
}

func waitEnd(ctx context.Context, t *tracked, patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-t.ended:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// stopSignal is the signal of that name; "" is TERM.
func stopSignal(name string) (unix.Signal, bool) {
	switch name {
	case "", "TERM":
		return unix.SIGTERM, true
	case "QUIT":
		return unix.SIGQUIT, true
	case "INT":
		return unix.SIGINT, true
	}
	return 0, false
}

// limiter lets so many pass within a time.
type limiter struct {
	most   int
	within time.Duration

	mu     sync.Mutex // protects passed
	passed []time.Time
}

// allow reports whether one may pass at now, and if not, how long to wait.
func (l *limiter) allow(now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.passed) > 0 && now.Sub(l.passed[0]) >= l.within {
		l.passed = l.passed[1:]
	}
	if len(l.passed) >= l.most {
		return l.passed[len(l.passed)-l.most].Add(l.within).Sub(now), false
	}
	l.passed = append(l.passed, now)
	return 0, true
}

// count lets one pass in any case.
func (l *limiter) count(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passed = append(l.passed, now)
}
