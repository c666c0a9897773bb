package hands

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/door"
)

// held is a lease in force.
type held struct {
	door.Lease
	ends time.Duration // since the boot: no change of the clock makes it longer
	// made is when it was made or renewed, permit whether an owner signed for it.
	made   time.Duration
	permit bool
}

// openingsOf are what the firewall may have for these leases: each until it ends. Where
// two are for the same address and port, the longer counts. Of two prefixes of which one lies in the
// other the kernel can have but one: the wider, until it ends.
func openingsOf(all []held, now time.Duration) (list []door.Opening) {
	for _, h := range all {
		left := (h.ends - now).Truncate(time.Millisecond)
		if left <= 0 {
			continue
		}
		for _, p := range h.Ports {
			list = append(list, door.Opening{From: h.From, Port: p, Lease: h.ID, Left: left})
		}
	}
	slices.SortStableFunc(list, func(a, b door.Opening) int {
		return cmp.Or(cmp.Compare(a.From.Bits(), b.From.Bits()), cmp.Compare(b.Left, a.Left))
	})
	var kept []door.Opening
	for _, o := range list {
		if !slices.ContainsFunc(kept, func(k door.Opening) bool {
			nested := !o.From.IsSingleIP() && k.From.Overlaps(o.From)
			return k.Port == o.Port && (k.From == o.From || nested)
		}) {
			kept = append(kept, o)
		}
	}
	return kept
}

// openingsFor are those that the firewall is given when h is made or renewed. The shortest
// of leases has less than the shortest time left by then: tend ends it.
func openingsFor(h held, all []held, now time.Duration) []door.Opening {
	list := openingsOf(all, now)
	for i := range list {
		if list[i].Lease == h.ID {
			list[i].Left = max(list[i].Left, door.Shortest)
		}
	}
	return slices.DeleteFunc(lasting(list), func(o door.Opening) bool { return o.From != h.From })
}

// lasting are the openings that can still be made: in its last second one that is there
// stays, and one that is not there is made no more.
func lasting(list []door.Opening) []door.Opening {
	return slices.DeleteFunc(list, func(o door.Opening) bool { return o.Left < door.Shortest })
}

// stillOpen leaves out the leases in their last second that the firewall does not have: they
// are opened no more, and one for a wider prefix would keep a narrower one from being opened.
func stillOpen(all []held, has []door.Opening, now time.Duration) []held {
	return slices.DeleteFunc(slices.Clone(all), func(h held) bool {
		return h.ends-now < door.Shortest && !slices.ContainsFunc(has, func(o door.Opening) bool {
			return o.From.Bits() <= h.From.Bits() && o.From.Overlaps(h.From)
		})
	})
}

// remembered are the leases of this boot that the record tells of and that still last.
func remembered(all []DoorRecord, boot string, now time.Duration) (list []held) {
	for _, r := range all {
		if r.Boot != boot || r.Lease == nil || !door.ValidID(r.Lease.ID) {
			continue
		}
		list = slices.DeleteFunc(list, func(h held) bool { return h.ID == r.Lease.ID })
		if r.What == RecordLease {
			// Up is from before the lease was made: it never lasts longer for it.
			h := held{Lease: *r.Lease, ends: r.Up + r.Lasts, made: r.Up, permit: r.Lease.Key != ""}
			list = append(list, h)
		}
	}
	return slices.DeleteFunc(list, func(h held) bool { return h.ends <= now })
}

// unlike says what of the kernel's openings must go, and what it lacks or has wrong and
// can still be given.
func unlike(has, want []door.Opening) (shut, open []door.Opening) {
	same := func(a, b door.Opening) bool { return a.From == b.From && a.Port == b.Port }
	for _, h := range has {
		i := slices.IndexFunc(want, func(w door.Opening) bool { return same(h, w) })
		if i < 0 || want[i].Left < door.Shortest && !alike(h, want[i]) {
			shut = append(shut, h)
		}
	}
	for _, w := range want {
		i := slices.IndexFunc(has, func(h door.Opening) bool { return same(h, w) })
		if i < 0 || !alike(has[i], w) {
			open = append(open, w)
		}
	}
	return shut, lasting(open)
}

// correct makes what the firewall lets through what is leased. d.mu is held, but in NewDoor.
func (d *Door) correct(w door.Wall) (did bool, err error) {
	now := sinceBoot()
	d.held = stillOpen(d.held, w.Open, now)
	shut, open := unlike(w.Open, openingsOf(d.held, now))
	// When a lease ends stands in the record of its beginning.
	holes := slices.DeleteFunc(slices.Clone(shut), func(o door.Opening) bool {
		return slices.ContainsFunc(d.held, func(h held) bool {
			return h.ends <= now && h.ID == o.Lease && h.From == o.From && slices.Contains(h.Ports, o.Port)
		})
	})
	var notes []string
	if len(holes) > 0 {
		notes = append(notes, "shut, which no lease had opened so: "+firstOf(holes))
	}
	if len(open) > 0 {
		notes = append(notes, "opened, which a lease was for: "+firstOf(open))
	}
	if len(notes) > 0 {
		d.book.write(DoorRecord{What: RecordLoad, Note: strings.Join(notes, "; ")})
	}
	if len(shut) > 0 {
		err = d.wall.Shut(shut)
	}
	// The record took its time, which is not to be theirs.
	late := slices.DeleteFunc(lasting(openingsOf(d.held, sinceBoot())), func(o door.Opening) bool {
		return !slices.ContainsFunc(open, func(p door.Opening) bool { return o.From == p.From && o.Port == p.Port })
	})
	for part := range slices.Chunk(late, 100) {
		err = errors.Join(err, d.wall.Open(part))
	}
	return len(shut)+len(open) > 0, err
}

// firstOf names the first of a list of openings.
func firstOf(list []door.Opening) string {
	const most = 5
	var names []string
	for _, o := range list[:min(most, len(list))] {
		names = append(names, fmt.Sprintf("%s to %d", o.From, o.Port))
	}
	if len(list) > most {
		names = append(names, fmt.Sprintf("%d more", len(list)-most))
	}
	return strings.Join(names, ", ")
}

// alike reports whether an opening of the kernel is the one that is wanted.
func alike(has, want door.Opening) bool {
	return has.Lease == want.Lease && (has.Left-want.Left).Abs() <= time.Second
}
