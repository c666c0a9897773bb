package hands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
)

// Firewall is what the door's half does its work with.
type Firewall interface {
	// Load makes our rules anew, with these openings, in one step.
	Load(r door.Rules, open []door.Opening) error
	// Try begins a trial at whose end the firewall itself puts was (nil: nothing) back.
	Try(was *door.Rules, to door.Rules, trial time.Duration) error
	// Settle ends a trial: r is for good.
	Settle(r door.Rules) error
	// Remove takes everything of ours away.
	Remove() error
	// Open lets through, Shut ends that; both may be told what is so already.
	Open(list []door.Opening) error
	Shut(list []door.Opening) error
	// Read says how our rules stand, which are to close nothing at keep.
	Read(keep []string) (door.Wall, error)
	// Sessions lists the established connections to these ports, nil for all; Cut ends one.
	Sessions(ports []uint16) ([]door.Session, error)
	Cut(s door.Session) error
	// Watch calls changed whenever somebody changes our rules, until ctx is done.
	Watch(ctx context.Context, changed func()) error
}

// Trial is how long an owner has to come in by new rules, before the old ones are back.
const Trial = time.Minute

// Door is the door's half: it alone may change the firewall, and does so for good
// permits, for root, and to keep what was confirmed.
type Door struct {
	file         DoorFile
	guard, knock int // user ids, -1 for none
	wall         Firewall
	gate         *door.Gate
	book         *doorBook
	log          *slog.Logger
	lock         *os.File
	wake         chan struct{}
	asks, looks  *allowance // of permits; of the guard's questions
	looking      sync.Mutex // one of these at a time
	now          func() time.Time

	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup

	mu       sync.Mutex // protects the fields below
	conns    map[net.Conn]role
	rules    *door.Rules // confirmed, nil if none
	trial    *trial
	held     []held
	refused  int           // permits, since they were last told
	told     time.Duration // when that was
	stranger time.Duration // when one was last told of
	repaired time.Duration
}

// NewDoor makes the door's half of a checked file and puts the firewall as it was
// confirmed: rules that are gone come back, those of a trial that nobody confirmed go.
// Now is the clock, which may jump; nil is the system's. Its owner calls Close.
func NewDoor(file DoorFile, wall Firewall, log *slog.Logger, now func() time.Time) (*Door, error) {
	if now == nil {
		now = time.Now
	}
	d := &Door{file: file, guard: -1, knock: -1, wall: wall, log: log, wake: make(chan struct{}, 1),
		asks: newAllowance(), looks: newAllowance(), now: now, conns: map[net.Conn]role{}}
	for name, id := range map[string]*int{file.Guard: &d.guard, file.Knock: &d.knock} {
		if name == "" {
			continue
		}
		u, err := findUser(name)
		if err != nil {
			return nil, fmt.Errorf("find user: %w", err)
		}
		*id = int(u.uid)
	}
	dir := file.state()
	lock, err := lockRun(dir, lockPatience)
	if err != nil {
		return nil, err
	}
	d.lock = lock
	book, all, err := openBook(dir, log)
	if err == nil {
		d.book, book.now = book, now
		d.held = remembered(all, bootID(), sinceBoot())
		if d.rules, err = savedRules(dir); err == nil {
			_, err = d.repair()
		}
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	d.gate, err = door.NewGate(door.GateOptions{Door: file.fingerprint(), Limits: d.limits(),
		Signers: d.signers, Marks: filepath.Join(dir, "marks"), Boot: bootID(), Now: now})
	if err != nil {
		log.Warn("no permit is admitted without a challenge", "error", err)
	}
	d.ctx, d.stop = context.WithCancel(context.Background())
	d.work.Go(d.keep)
	d.work.Go(func() {
		for d.ctx.Err() == nil {
			if err := wall.Watch(d.ctx, d.nudge); err != nil && d.ctx.Err() == nil {
				log.Warn("watch the firewall", "error", err)
			}
			d.nudge() // what happened in between was not seen
			select {
			case <-d.ctx.Done():
			case <-time.After(time.Second):
			}
		}
	})
	return d, nil
}

// signers reads who may sign, from a file that nobody but root could have written.
func (d *Door) signers() (door.Signers, error) {
	b, err := readOwned(d.file.Signers)
	if err != nil {
		return nil, err
	}
	return door.ParseSigners(b)
}

// Close ends all connections and leaves the firewall as it is, but for a trial, which
// it takes back.
func (d *Door) Close() error {
	d.stop()
	d.mu.Lock()
	for c := range d.conns {
		c.Close()
	}
	err := d.rollback("the door's half is stopped")
	d.mu.Unlock()
	d.work.Wait()
	return errors.Join(err, d.gate.Close(), d.book.close(), d.lock.Close())
}

func (d *Door) nudge() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// lookBeat is how often the firewall is looked at even if nothing was seen to change.
const lookBeat = 10 * time.Second

// courtesy is how long after a change the rules are looked through.
const courtesy = 20 * time.Millisecond

// keep ends what the kernel has not ended, and puts back what somebody took away.
func (d *Door) keep() {
	unready := false // that is told once
	for {
		d.mu.Lock()
		wait := d.tend(sinceBoot())
		d.mu.Unlock()
		d.book.retry()
		err := d.gate.Prepare()
		if err != nil && !unready {
			d.log.Warn("soon no permit is admitted without a challenge", "error", err)
		}
		unready = err != nil
		timer := time.NewTimer(wait)
		select {
		case <-d.ctx.Done():
			timer.Stop()
			return
		case <-d.wake:
			// Most of what is seen to change is our own doing, for somebody who is about to
			// connect: looking through all rules can wait until he has.
			timer.Reset(courtesy)
			select {
			case <-d.ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
		case <-timer.C:
		}
		timer.Stop()
	}
}

// repairPause is the least time between two repairs: somebody else may insist.
const repairPause = 200 * time.Millisecond

// tend does what is due, and says when to come again. d.mu is held.
func (d *Door) tend(now time.Duration) (wait time.Duration) {
	if d.refused > 0 && now-d.told > time.Minute {
		d.book.write(DoorRecord{What: RecordRefused, Note: fmt.Sprintf("%d permits", d.refused)})
		d.refused, d.told = 0, now
	}
	if d.trial != nil && d.trial.ends <= now {
		if err := d.rollback("nobody confirmed it in time"); err != nil {
			d.log.Error("put the rules back", "error", err) // the kernel has done it in any case
		}
	}
	wait = lookBeat
	if d.trial != nil {
		wait = min(wait, d.trial.ends-now)
	}
	if now-d.repaired < repairPause {
		return min(wait, repairPause)
	}
	repaired, err := d.repair()
	if repaired || err != nil {
		d.repaired = now
	}
	d.held = slices.DeleteFunc(d.held, func(h held) bool { return h.ends <= now })
	if err != nil {
		d.log.Error("keep the rules", "error", err)
		return min(wait, time.Second)
	}
	for _, h := range d.held {
		wait = min(wait, max(h.ends-now, repairPause))
	}
	return wait
}

// repair holds the firewall against what was confirmed; during a trial, whose rules the
// kernel itself takes back, only against the leases. d.mu is held, but in NewDoor.
func (d *Door) repair() (repaired bool, err error) {
	w, err := d.wall.Read(d.keeps())
	if err != nil {
		return false, err
	}
	if d.trial != nil {
		if !w.There {
			return false, nil
		}
		return d.correct(w)
	}
	if d.rules == nil {
		d.held = nil
		if !w.There {
			return false, nil
		}
		d.book.write(DoorRecord{What: RecordRollback, Note: "rules that nobody had confirmed are removed"})
		return true, d.wall.Remove()
	}
	if !w.Sound || !slices.Equal(w.Closed, d.rules.Closed) || len(w.Trying) > 0 || len(w.Freed) > 0 {
		note := "our rules were changed by somebody else"
		if !w.There {
			note = "our rules were not there"
		}
		d.book.write(DoorRecord{What: RecordLoad, Rules: d.rules, Note: note})
		d.held = stillOpen(d.held, nil, sinceBoot())
		return true, d.wall.Load(*d.rules, lasting(openingsOf(d.held, sinceBoot())))
	}
	return d.correct(w)
}

// Serve accepts connections on l, and closes it, until ctx is done.
func (d *Door) Serve(ctx context.Context, l *net.UnixListener) error {
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for {
		u, err := l.AcceptUnix()
		switch {
		case err == nil:
			d.accept(u)
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		default:
			d.log.Warn("accept", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}

// role is what a peer may ask for.
type role int

const (
	roleKnock role = iota + 1 // bring permits
	roleGuard                 // look, and have confirmed rules loaded
	roleRoot                  // all
)

func (d *Door) accept(u *net.UnixConn) {
	uid, err := peer(u)
	if err != nil {
		d.log.Warn("ask who it is", "error", err)
		u.Close()
		return
	}
	c := &doorConn{UnixConn: u, door: d, uid: uid}
	switch {
	case uid == 0 || uid == os.Geteuid():
		c.role = roleRoot
	case uid == d.knock:
		c.role = roleKnock
	case uid == d.guard:
		c.role = roleGuard
	default:
		d.mu.Lock()
		tell := d.stranger == 0 || sinceBoot()-d.stranger > time.Minute // or he would fill the log
		if tell {
			d.stranger = sinceBoot()
		}
		d.mu.Unlock()
		if tell {
			d.log.Warn("refused a stranger", "uid", uid)
		}
		turnAway(u, chain.Say("hands.stranger", "uid", uid))
		return
	}
	d.mu.Lock()
	others := 0 // of the same role: the guard's do not keep the knocks away
	for _, r := range d.conns {
		if r == c.role {
			others++
		}
	}
	crowded := others >= maxConns && c.role != roleRoot || d.ctx.Err() != nil
	if !crowded {
		d.conns[u] = c.role
	}
	d.mu.Unlock()
	if crowded {
		turnAway(u, chain.Say("hands.crowded", "max", maxConns))
		return
	}
	d.work.Go(func() {
		c.serve()
		d.mu.Lock()
		delete(d.conns, u)
		d.mu.Unlock()
	})
}

// pace has somebody wait who asks too much.
func (d *Door) pace() {
	for !d.looks.take() {
		select {
		case <-d.ctx.Done():
			return
		case <-time.After(time.Second / asksBySecond):
		}
	}
}

// allowance bounds how often something is done that costs time, as verifying a signature does.
type allowance struct {
	mu   sync.Mutex // protects the fields below
	left float64
	at   time.Time
}

const (
	mostAsks     = 40 // at once
	asksBySecond = 20
)

func newAllowance() *allowance { return &allowance{left: mostAsks, at: time.Now()} }

func (a *allowance) take() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.left = min(mostAsks, a.left+asksBySecond*now.Sub(a.at).Seconds())
	a.at = now
	if a.left < 1 {
		return false
	}
	a.left--
	return true
}
