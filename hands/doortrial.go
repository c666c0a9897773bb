package hands

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
)

// trial is new rules that nobody has come in by yet.
type trial struct {
	to        door.Rules
	uninstall bool
	began     time.Duration // since the boot
	ends      time.Duration
	before    map[uint64]bool // sessions that stood already
}

// try begins a trial. Its end is in the kernel: whatever becomes of us, the rules from
// before are in force again in a minute. d.mu is held.
func (d *Door) try(ports []uint16, uninstall bool, who string) error {
	if d.trial != nil {
		return refuse(chain.Say("hands.trial_on"))
	}
	if uninstall && d.rules == nil {
		d.book.write(DoorRecord{What: RecordRollback, Who: who, Note: "no rules are confirmed, and what there is of ours is removed"})
		return d.wall.Remove()
	}
	if !uninstall {
		if err := d.mayClose(ports); err != nil {
			return err
		}
		if d.rules.Equal(&door.Rules{Closed: ports, Keep: d.file.Keep}) {
			return refuse(chain.Say("hands.nothing_new"))
		}
	}
	sessions, err := d.wall.Sessions(nil)
	if err != nil {
		return err
	}
	now := sinceBoot()
	t := &trial{uninstall: uninstall, began: now, ends: now + Trial, before: map[uint64]bool{}}
	if !uninstall {
		t.to = door.Rules{Closed: ports, Keep: d.file.Keep}
	}
	for _, s := range sessions {
		t.before[s.Cookie] = true
	}
	d.book.write(DoorRecord{What: RecordTry, Rules: &t.to, Who: who})
	if err := d.wall.Try(d.rules, t.to, Trial); err != nil {
		d.book.write(DoorRecord{What: RecordRollback, Rules: d.rules, Note: err.Error()})
		return errors.Join(err, d.back())
	}
	d.trial = t
	d.nudge()
	return nil
}

func (d *Door) mayClose(ports []uint16) error {
	if len(ports) == 0 {
		return refuse(chain.Say("hands.no_ports"))
	}
	for i, p := range ports {
		if !slices.Contains(d.file.Ports, p) {
			return refuse(chain.Say("hands.port_not_ours", "port", p))
		}
		if i > 0 && p <= ports[i-1] {
			return refuse(chain.Say("hands.no_ports"))
		}
	}
	return nil
}

// confirm ends a trial well, if s is a session by which the owner came in since: one
// that did not stand before, to a closed port only through a lease that he signed for
// since. d.mu is held.
func (d *Door) confirm(s door.Session, who string) error {
	t := d.trial
	if t == nil || sinceBoot() >= t.ends {
		return refuse(chain.Say("hands.no_trial"))
	}
	sessions, err := d.wall.Sessions(nil)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(sessions, func(o door.Session) bool { return o.Local == s.Local && o.Remote == s.Remote })
	switch {
	case i < 0:
		return refuse(chain.Say("hands.no_session", "from", s.Remote))
	case t.before[sessions[i].Cookie]:
		return refuse(chain.Say("hands.old_session", "from", s.Remote))
	case slices.Contains(t.to.Closed, s.Local.Port()) && !slices.ContainsFunc(d.held, func(h held) bool {
		return h.permit && h.made >= t.began && h.From.Contains(s.Remote.Addr()) && slices.Contains(h.Ports, s.Local.Port())
	}):
		return refuse(chain.Say("hands.no_knock", "from", s.Remote))
	}
	// For every boot first, then in the kernel: entry is proved, and a power cut between
	// the two only means that the next boot finishes it.
	keep := &door.Rules{Closed: t.to.Closed, Keep: t.to.Keep}
	if t.uninstall {
		keep = nil
	}
	d.book.write(DoorRecord{What: RecordConfirm, Rules: &t.to, Who: who})
	if err := saveRules(d.file.state(), keep); err != nil { // they may be there all the same
		return errors.Join(err, saveRules(d.file.state(), d.rules), d.rollback(err.Error()))
	}
	if t.uninstall {
		err = d.wall.Remove()
	} else {
		if slices.Equal(t.to.Keep, d.keeps()) {
			err = d.wall.Settle(t.to)
		} else { // a trial leaves the interfaces as they were
			err = d.wall.Load(t.to, lasting(openingsOf(d.held, sinceBoot())))
		}
		var w door.Wall
		if err == nil {
			w, err = d.wall.Read(t.to.Keep)
		}
		if err == nil && (!w.Sound || !slices.Equal(w.Closed, t.to.Closed)) {
			err = errors.New("the kernel does not have the rules that were confirmed")
		}
	}
	if err != nil {
		return errors.Join(err, saveRules(d.file.state(), d.rules), d.rollback(err.Error()))
	}
	d.trial, d.rules = nil, keep
	if keep == nil {
		d.held = nil
	}
	return nil
}

// rollback ends a trial as if it had never been; without one it does nothing. d.mu is held.
func (d *Door) rollback(why string) error {
	if d.trial == nil {
		return nil
	}
	d.trial = nil
	d.book.write(DoorRecord{What: RecordRollback, Rules: d.rules, Note: why})
	return d.back()
}

// back puts the confirmed rules back.
func (d *Door) back() error {
	if d.rules == nil {
		d.held = nil // nothing is closed to them
		return d.wall.Remove()
	}
	if err := d.wall.Settle(*d.rules); err != nil {
		// Somebody took the table away under the trial.
		return d.wall.Load(*d.rules, lasting(openingsOf(d.held, sinceBoot())))
	}
	return nil
}

// admit makes a lease of a permit that the gate has admitted. d.mu is held.
func (d *Door) admit(w *door.Wish) (door.Lease, error) {
	return d.lease(w.Lease(d.now()), w.Permit.For, true, w.Who)
}

// keeps are the interfaces that our rules in the kernel keep open: what was confirmed is
// not changed by the file, but by a trial.
func (d *Door) keeps() []string {
	if d.rules != nil {
		return d.rules.Keep
	}
	return d.file.Keep
}

// limits are the file's; what is closed may be leased, whatever it says meanwhile.
func (d *Door) limits() door.Limits {
	l := d.file.limits()
	if d.rules != nil {
		l.Ports = slices.Compact(slices.Sorted(slices.Values(slices.Concat(l.Ports, d.rules.Closed))))
	}
	return l
}

// lease makes or renews one; the firewall has it when lease returns.
func (d *Door) lease(l door.Lease, last time.Duration, permit bool, who string) (door.Lease, error) {
	if d.rules == nil && d.trial == nil {
		return door.Lease{}, refuse(chain.Say("hands.no_door"))
	}
	now := sinceBoot()
	i := slices.IndexFunc(d.held, func(h held) bool {
		return h.From == l.From && h.Key == l.Key && h.Who == l.Who && slices.Equal(h.Ports, l.Ports)
	})
	if i < 0 && len(d.held) >= d.file.limits().Most {
		return door.Lease{}, &door.Refusal{Code: door.CodeFull}
	}
	h := held{Lease: l, ends: now + last, made: now, permit: permit}
	all := slices.Clone(d.held)
	if i >= 0 { // renewed, it keeps its name
		h.ID, h.Since = all[i].ID, all[i].Since
		all[i] = h
	} else {
		all = append(all, h)
	}
	d.book.jot(DoorRecord{What: RecordLease, Lease: &h.Lease, Lasts: last, Who: who})
	open := func() error {
		now := sinceBoot() // the disk took its time, which is not to be the lease's
		if h.ends <= now {
			return errors.New("its time was over before its record was on the disk")
		}
		return d.wall.Open(openingsFor(h, all, now))
	}
	err := open()
	if err != nil && d.trial == nil { // the rules may be gone, or hold another prefix
		d.held = slices.Clone(all)
		for n := range d.held {
			if d.held[n].ID == h.ID { // the shortest of leases is not in its last second yet
				d.held[n].ends = max(h.ends, sinceBoot()+2*door.Shortest)
			}
		}
		if _, err = d.repair(); err == nil {
			err = open()
		}
	}
	if err != nil {
		d.held = slices.DeleteFunc(all, func(o held) bool { return o.ID == h.ID })
		d.book.write(DoorRecord{What: RecordEnd, Lease: &h.Lease, Note: err.Error()})
		d.log.Error("make a lease", "error", err)
		return door.Lease{}, &door.Refusal{Code: door.CodeFirewall, Why: err.Error()}
	}
	d.held = all
	d.nudge() // and have its record on the disk
	return h.Lease, nil
}

// end ends leases before their time, and with cut the sessions that came by them.
func (d *Door) end(id string, cut bool, who string) (ended []door.Lease, cuts int, err error) {
	var rest []held
	for _, h := range d.held {
		if id == "" || h.ID == id {
			ended = append(ended, h.Lease)
		} else {
			rest = append(rest, h)
		}
	}
	if len(ended) == 0 && id != "" {
		return nil, 0, refuse(chain.Say("hands.no_lease", "id", id))
	}
	for _, l := range ended {
		d.book.write(DoorRecord{What: RecordEnd, Lease: &l, Who: who})
	}
	now := sinceBoot()
	want := openingsOf(rest, now)
	shut, open := unlike(openingsOf(d.held, now), want)
	d.held = rest
	// The kernel's clock started when it was told: what has just ended may be there still.
	if w, err := d.wall.Read(d.keeps()); err == nil {
		shut, _ = unlike(w.Open, want)
	}
	err = errors.Join(d.wall.Shut(shut), d.wall.Open(open))
	if !cut {
		return ended, 0, err
	}
	sessions, e := d.wall.Sessions(d.limits().Ports)
	if err = errors.Join(err, e); err != nil {
		return ended, 0, err
	}
	covers := func(l door.Lease, s door.Session) bool {
		return l.From.Contains(s.Remote.Addr()) && slices.Contains(l.Ports, s.Local.Port())
	}
	for _, s := range sessions {
		if slices.ContainsFunc(ended, func(l door.Lease) bool { return covers(l, s) }) &&
			!slices.ContainsFunc(rest, func(h held) bool { return covers(h.Lease, s) }) {
			d.book.write(DoorRecord{What: RecordCut, Who: who, Note: fmt.Sprintf("%s to %s", s.Remote, s.Local)})
			if e := d.wall.Cut(s); e != nil {
				err = errors.Join(err, e)
			} else {
				cuts++
			}
		}
	}
	return ended, cuts, err
}
