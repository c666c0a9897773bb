package hands

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
	"golang.org/x/sys/unix"
)

// bus is the connection to systemd, made when it is first needed and again when it
// was lost.
type bus struct {
	ctx context.Context // of the connection, not of a call

	mu     sync.Mutex // protects the fields below
	conn   *dbus.Conn // nil: none yet
	cancel context.CancelFunc
}

func (b *bus) get() (*dbus.Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn != nil && b.conn.Connected() {
		return b.conn, nil
	}
	b.drop()
	// The context is the connection's for as long as it lives: it has no deadline,
	// only the greeting has.
	ctx, cancel := context.WithCancel(b.ctx)
	late := time.AfterFunc(askTimeout, cancel)
	// Root speaks with systemd itself, so that a dead D-Bus daemon does not matter.
	conn, err := dbus.NewSystemdConnectionContext(ctx)
	if err != nil {
		conn, err = dbus.NewSystemConnectionContext(ctx)
	}
	if err == nil {
		err = conn.Subscribe() // or nobody tells us that a job is done
		if err != nil {
			conn.Close()
		}
	}
	if err == nil && !late.Stop() {
		conn.Close()
		err = context.DeadlineExceeded
	}
	if err != nil {
		late.Stop()
		cancel()
		return nil, fmt.Errorf("connect to systemd: %w", err)
	}
	b.conn, b.cancel = conn, cancel
	return conn, nil
}

func (b *bus) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop()
}

// drop is called with mu held.
func (b *bus) drop() {
	if b.conn != nil {
		b.conn.Close()
		b.cancel()
		b.conn = nil
	}
}

// reload has systemd read its files again.
func (b *bus) reload(ctx context.Context) error {
	conn, err := b.get()
	if err != nil {
		return err
	}
	if err := conn.ReloadContext(ctx); err != nil {
		return fmt.Errorf("have systemd read its files: %w", err)
	}
	return nil
}

// unit runs a service by systemd.
type unit struct {
	name string
	bus  *bus

	mu  sync.Mutex // protects run
	run run
}

// run is one run of a unit: whose log tells of a process that another has followed since.
type run struct {
	pid        int
	invocation []byte
}

func (u *unit) find(ctx context.Context) (*tracked, error) {
	conn, err := u.bus.get()
	if err != nil {
		return nil, err
	}
	all, err := conn.GetAllPropertiesContext(ctx, u.name)
	if err != nil {
		return nil, fmt.Errorf("ask systemd for %s: %w", u.name, err)
	}
	pid, _ := all["MainPID"].(uint32)
	if pid <= 1 {
		return nil, errGone
	}
	t, err := track(int(pid))
	if err == nil {
		id, _ := all["InvocationID"].([]byte)
		u.mu.Lock()
		u.run = run{t.pid, id}
		u.mu.Unlock()
	}
	return t, err
}

func (u *unit) start(ctx context.Context, _ *tracked) error {
	conn, err := u.bus.get()
	if err != nil {
		return err
	}
	state, err := u.settled(ctx, conn)
	if err != nil {
		return err
	}
	// A unit that has failed too often would refuse; hands has a limit of its own.
	_ = conn.ResetFailedUnitContext(ctx, u.name) //nolint:errcheck // a unit that has not failed has nothing to reset
	if state == autoRestart {
		// A start would wait with it for the end of RestartSec; a restart does not.
		return u.job(ctx, conn.RestartUnitContext)
	}
	return u.job(ctx, conn.StartUnitContext)
}

// autoRestart is a unit that systemd will start again after a while.
const autoRestart = "activating/auto-restart"

const (
	settleTime = 3 * time.Second
	settleLook = 5 * time.Millisecond
)

// settled waits until systemd has noticed what we were told by the process itself: a
// unit that it still holds to be active it would not start, and one on its way down
// goes to auto-restart, where a start waits.
func (u *unit) settled(ctx context.Context, conn *dbus.Conn) (state string, err error) {
	for end := time.Now().Add(settleTime); ; {
		all, err := conn.GetAllPropertiesContext(ctx, u.name)
		if err != nil {
			return "", fmt.Errorf("ask systemd for %s: %w", u.name, err)
		}
		active, _ := all["ActiveState"].(string)
		sub, _ := all["SubState"].(string)
		state = active + "/" + sub
		pid, _ := all["MainPID"].(uint32)
		down := active == "deactivating" || (active == "active" || active == "reloading") && ended(int(pid))
		if !down || time.Now().After(end) {
			return state, nil
		}
		select {
		case <-time.After(settleLook):
		case <-ctx.Done():
			return state, fmt.Errorf("wait for systemd: %w", ctx.Err())
		}
	}
}

// ended reports whether there is no such process any more, or it is a zombie.
func ended(pid int) bool {
	if pid == 0 {
		return false // a unit that is active without one, such as a oneshot
	}
	st, err := readStat(pid)
	return err != nil || st.state == "Z" || st.state == "X"
}

func (u *unit) stop(ctx context.Context, _ *tracked) error {
	conn, err := u.bus.get()
	if err != nil {
		return err
	}
	return u.job(ctx, conn.StopUnitContext)
}

func (u *unit) kill(ctx context.Context, now *tracked) error {
	conn, err := u.bus.get()
	if err != nil {
		return err
	}
	// Where systemd itself would end the main process alone, as for sshd, the others are
	// somebody's sessions.
	who := dbus.All
	if p, err := conn.GetServicePropertyContext(ctx, u.name, "KillMode"); err == nil && p.Value.Value() == "process" {
		who = dbus.Main
	}
	if err := conn.KillUnitWithTarget(ctx, u.name, who, int32(unix.SIGKILL)); err != nil {
		return fmt.Errorf("kill %s: %w", u.name, err)
	}
	if now != nil && !waitEnd(ctx, now, killTime) {
		return errStays
	}
	return nil
}

// job queues a job and waits for its result.
func (u *unit) job(ctx context.Context, queue func(context.Context, string, string, chan<- string) (int, error)) error {
	result := make(chan string, 1)
	if _, err := queue(ctx, u.name, "replace", result); err != nil {
		return fmt.Errorf("ask systemd: %w", err)
	}
	select {
	case r := <-result:
		if r != "done" {
			return errors.New("systemd says: " + r)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for systemd: %w", ctx.Err())
	}
}
