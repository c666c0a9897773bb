package hands_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/nft"
	"github.com/omamori-guard/omamori/hands"
)

// diary has records and deeds in the order in which they happened.
type diary struct {
	slog.Handler
	hands.Firewall
	slow time.Duration // what a record takes
	try  error

	mu  sync.Mutex // protects all
	all []string
}

func (d *diary) add(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, what)
}

// take gives what there is, and forgets it.
func (d *diary) take() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.all
	d.all = nil
	return strings.Join(all, " ")
}

func (d *diary) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		var record hands.DoorRecord
		if a.Key == "record" && json.Unmarshal([]byte(a.Value.String()), &record) == nil {
			d.add("+" + record.What)
			time.Sleep(d.slow) // as a disk does
		}
		return true
	})
	return nil
}

func (d *diary) Open(list []door.Opening) error {
	d.add("open")
	return d.Firewall.Open(list)
}

func (d *diary) Shut(list []door.Opening) error {
	d.add("shut")
	return d.Firewall.Shut(list)
}

func (d *diary) Remove() error {
	d.add("remove")
	return d.Firewall.Remove()
}

func (d *diary) Settle(r door.Rules) error {
	d.add("settle")
	return d.Firewall.Settle(r)
}

func (d *diary) Try(was *door.Rules, to door.Rules, trial time.Duration) error {
	d.add("try")
	if d.try != nil {
		return d.try
	}
	return d.Firewall.Try(was, to, trial)
}

// keepDiary has the door's half of a house write one.
func keepDiary(h *house) *diary {
	h.t.Helper()
	d := &diary{Handler: slog.NewTextHandler(os.Stderr, nil), Firewall: nft.In(h.File)}
	h.stop()
	h.wall, h.log = d, slog.New(d)
	h.start()
	d.take()
	return d
}

// No deed without its record, and before it.
func TestEachDeedIsRecordedBefore(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	d := keepDiary(h)
	said := func(want string) {
		t.Helper()
		var got []string
		doortest.Eventually(t, want, func() bool {
			got = append(got, strings.Fields(d.take())...)
			return strings.Join(got, " ") == want
		})
	}
	fatal(t, h.ask.Try(t.Context(), nil, true, "root")) // an uninstall of what was never confirmed
	said("+rollback remove")
	d.try = errors.New("no")
	if err := h.ask.Try(t.Context(), []uint16{22}, false, "root"); err == nil {
		t.Error("what failed was called good")
	}
	said("+try try +rollback remove")
	d.try = nil
	h.install(22)
	d.take()
	d.try = errors.New("no")
	if err := h.ask.Try(t.Context(), []uint16{2222}, false, "root"); err == nil {
		t.Error("what failed was called good")
	}
	said("+try try +rollback settle")
	h.Run("nft add element inet omamori leases4 '{ 198.51.100.9 . 22 timeout 1h }'")
	said("+load shut")
	_, err := h.knock()
	fatal(t, err)
	said("+lease open")
	h.Run("nft flush set inet omamori leases4")
	said("+load open")
	all, err := h.ask.Records(t.Context(), 0)
	fatal(t, err)
	if n := all[len(all)-1].Note; !strings.Contains(n, clientAt+"/32 to 22") {
		t.Errorf("which was opened again is not told: %q", n)
	}
	// An end that came by its time stands in the lease's own record.
	_, _, err = h.ask.End(t.Context(), "", false, "root")
	fatal(t, err)
	d.take()
	_, err = h.ask.Lease(t.Context(), door.Lease{From: netip.MustParsePrefix("203.0.113.5/32"), Ports: []uint16{22}}, time.Second, "root")
	fatal(t, err)
	doortest.Eventually(t, "it is over", func() bool {
		list, err := nft.In(h.File).Openings()
		return err == nil && len(list) == 0
	})
	if got := d.take(); strings.Count(got, "+") != 1 {
		t.Error(got)
	}
}

// What a slow disk takes is not added to the lease.
func TestASlowDiskMakesNoLeaseLonger(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	h.install(22)
	d := keepDiary(h)
	d.slow = 1200 * time.Millisecond
	began := time.Now()
	lease := func(last time.Duration) error {
		_, err := h.ask.Lease(t.Context(), door.Lease{From: netip.MustParsePrefix("203.0.113.5/32"), Ports: []uint16{22}}, last, "root")
		return err
	}
	fatal(t, lease(time.Minute))
	list, err := nft.In(h.File).Openings()
	fatal(t, err)
	// The lease began before the request was answered, and after it was made.
	if left := time.Minute - d.slow; len(list) != 1 || list[0].Left > left || list[0].Left < time.Minute-time.Since(began)-time.Second {
		t.Errorf("%+v, want at most %v", list, left)
	}
	// One whose time is over before it may begin is none.
	if r, ok := errors.AsType[*door.Refusal](lease(time.Second)); !ok || r.Code != door.CodeFirewall {
		t.Errorf("%v", r)
	}
}

// During a trial the rules are the kernel's own business: nothing loads, and leases count.
func TestNothingLoadsDuringATrial(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	fatal(t, h.ask.Load(t.Context()))
	for _, first := range []bool{true, false} {
		fatal(t, h.ask.Try(t.Context(), []uint16{22, 2222}, false, "root"))
		during := h.closed()
		refused(t, h.ask.Load(t.Context()), "hands.trial_on")
		if now := h.closed(); now != during {
			t.Errorf("loaded during a trial: %s, was %s", now, during)
		}
		_, err := h.knock()
		fatal(t, err)
		h.Run("nft flush set inet omamori leases4; nft add element inet omamori leases4 '{ 198.51.100.9 . 22 timeout 1h }'")
		doortest.Eventually(t, "the leases are as they should be", func() bool {
			st, err := h.ask.Look(t.Context())
			return err == nil && len(st.Wall.Open) == 1 && st.Wall.Open[0].From.String() == clientAt+"/32" && st.Trial > 0
		})
		h.open(22, true)
		fatal(t, h.ask.Rollback(t.Context(), "root"))
		if first {
			h.install(22)
		}
	}
}

// closed are the ports, with whether the kernel opens them again.
func (h *house) closed() string {
	h.t.Helper()
	w, err := nft.In(h.File).Read(nil)
	fatal(h.t, err)
	return fmt.Sprint(w.Closed, w.Trying, w.Freed)
}

// A trial of other ports that is rolled back leaves the owner his way in.
func TestPermitAfterARollback(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	h.install(22)
	was := h.closed()
	fatal(t, h.ask.Try(t.Context(), []uint16{2222}, false, "root"))
	_, err := h.knock(func(p *door.Permit) { p.Ports = []uint16{2222} })
	fatal(t, err)
	h.open(22, true)
	fatal(t, h.ask.Rollback(t.Context(), "root"))
	h.open(22, false)
	_, err = h.knock()
	fatal(t, err)
	h.open(22, true)
	// What he signed for on trial opens its own port, which nothing closes now.
	_, err = h.knock(func(p *door.Permit) { p.Ports = []uint16{2222} })
	fatal(t, err)
	_, _, err = h.ask.End(t.Context(), "", false, "root")
	fatal(t, err)
	h.open(22, false)
	if now := h.closed(); now != was {
		t.Errorf("%s, was %s", now, was)
	}
}

// as connects as another user.
func (h *house) as(uid int) (c *hands.DoorClient, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		// Another user to whom he connects, and root to the folder of the test.
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); e != 0 {
			err = e
			return
		}
		_, _, _ = unix.RawSyscall(unix.SYS_SETFSUID, 0, 0, 0)
		c, err = hands.ConnectDoor(h.t.Context(), h.dir+"/sock")
	}()
	<-done
	return c, err
}

// A guard that somebody has taken over does not keep omamori-knock away.
func TestEachRoleHasItsOwnConnections(t *testing.T) {
	h := newHouse(t)
	h.stop()
	h.file.Guard, h.file.Knock = "nobody", "daemon"
	h.start()
	const nobody, daemon = 65534, 1
	for _, uid := range []int{nobody, daemon} {
		var all []*hands.DoorClient
		for {
			c, err := h.as(uid)
			if err != nil {
				refused(t, err, "hands.crowded")
				break
			}
			all = append(all, c)
			defer c.Close()
		}
		if len(all) != 32 {
			t.Errorf("user %d has %d connections", uid, len(all))
		}
	}
	if _, err := h.ask.Look(t.Context()); err != nil {
		t.Error(err)
	}
}
