package hands

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
)

// service is one service at work: its main process, and who wants to be told of
// its end.
type service struct {
	Service
	server  *Server
	manager manager
	log     *slog.Logger
	follows sync.WaitGroup // who waits for ends, and who tells of them

	// deeds is held during a deed: one at a time, and none while it is closed.
	deeds sync.Mutex
	limit limiter

	mu sync.Mutex // protects the fields below
	// now is the main process, or the last that was one. nil: none was ever seen.
	now *tracked
	// asked is the process that hands was asked to end.
	asked    *tracked
	kills    int             // oom kills that evidence has told of
	marks    map[string]mark // the logs as they were before the last start
	watchers map[*conn]struct{}
	closed   bool
}

// manager is how a service is run.
type manager interface {
	// find gives the main process, or errGone if there is none.
	find(ctx context.Context) (*tracked, error)
	// start returns once the service is being started; old is the main process
	// that has ended, if one was seen.
	start(ctx context.Context, old *tracked) error
	// stop asks politely, and gives up only when nothing is left; kill does not ask.
	stop(ctx context.Context, now *tracked) error
	kill(ctx context.Context, now *tracked) error
	// say puts what the manager knows into e.
	say(ctx context.Context, e *chain.Evidence)
}

func (s *Server) newService(spec Service) *service {
	v := &service{Service: spec, server: s, log: s.log.With("service", spec.Name),
		limit: limiter{most: s.file.deeds(), within: deedsWithin}, watchers: map[*conn]struct{}{}}
	switch {
	case spec.Systemd != "":
		v.manager = &unit{name: spec.Systemd, bus: s.bus}
	case spec.SysV != "":
		v.manager = newScript(spec.SysV, spec.PIDFile)
	default:
		v.manager = &child{service: v, spec: spec.Child, record: recordPath(s.file.run(), spec.Name)}
	}
	return v
}

// current gives the living main process, looking for one if none is known, and
// else the last that was one, nil if none ever was.
func (v *service) current(ctx context.Context) (*tracked, error) {
	v.mu.Lock()
	now := v.now
	v.mu.Unlock()
	if now != nil && now.alive() {
		return now, nil
	}
	t, err := v.manager.find(ctx)
	if errors.Is(err, errGone) {
		return now, nil
	}
	if err != nil {
		return now, err
	}
	return v.take(t), nil
}

// take makes t the main process. If another look was faster, its find stays.
func (v *service) take(t *tracked) *tracked {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed || v.now != nil && v.now.alive() && v.now.pid == t.pid {
		t.pidfd.Close()
		if v.now == nil {
			return nil
		}
		return v.now
	}
	if v.now != nil {
		v.now.pidfd.Close() // if it lives still, it is not the main process any more
	}
	v.now = t
	v.kills, _ = t.cgroup.read()
	t.follow(&v.follows, func() { v.tell(t) })
	return t
}

// tell tells everyone who watches that t has ended. A peer that does not read keeps
// nobody else waiting.
func (v *service) tell(t *tracked) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for c := range v.watchers {
		v.follows.Go(func() { c.send(parcel{reply: reply{Ended: v.Name}}) })
	}
	v.log.Info("process has ended", "pid", t.pid, "signal", t.exit.signal, "code", t.exit.code,
		"known", t.exit.known, "asked", v.asked == t)
}

func (v *service) watch(c *conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.watchers[c] = struct{}{}
}

func (v *service) unwatch(c *conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.watchers, c)
}

// lost reports whether somebody watches a service of which no process is known:
// whoever starts it, its next end must be told as well.
func (v *service) lost() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.watchers) > 0 && (v.now == nil || !v.now.alive())
}

// process tells of the main process, as it is or as it last was.
func (v *service) process(ctx context.Context) (chain.Process, error) {
	t, err := v.current(ctx)
	if t == nil {
		return chain.Process{}, err
	}
	return v.view(t), err
}

// reapTime is how long a zombie may take to become an exit that is known.
const reapTime = 100 * time.Millisecond

func (v *service) view(t *tracked) chain.Process {
	p := chain.Process{PID: t.pid, Started: t.began()}
	if t.alive() {
		st, err := readStat(t.pid)
		if err == nil && st.start == t.start && st.state != "Z" && st.state != "X" {
			p.Running, p.State = true, st.state
			return p
		}
		select {
		case <-t.ended:
		case <-time.After(reapTime):
			p.State, p.Exited = "Z", time.Now()
			if s := unix.WaitStatus(st.exit); st.state == "Z" && s.Signaled() { // its memory is still being taken back
				p.KnownExit, p.Signal = true, int(s.Signal())
			}
			return p
		}
	}
	v.mu.Lock()
	p.Asked = v.asked == t
	v.mu.Unlock()
	p.Exited, p.KnownExit, p.Signal, p.Code = t.exit.at, t.exit.known, t.exit.signal, t.exit.code
	return p
}

// finish waits for the deed under way and lets no other begin.
func (v *service) finish() {
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	v.deeds.Lock() // for good
}

// close lets go of the process, which goes on.
func (v *service) close() {
	v.mu.Lock()
	if v.now != nil {
		v.now.pidfd.Close()
	}
	v.mu.Unlock()
	v.follows.Wait()
}
