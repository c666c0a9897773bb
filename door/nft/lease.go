package nft

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/google/nftables"

	"github.com/omamori-guard/omamori/door"
)

// mostAtOnce is how many openings go into one call: of thousands the kernel takes some
// hundreds, and says nothing.
const mostAtOnce = 300

// ErrFull is what Open gives when the table has no room for another lease.
var ErrFull = errors.New("the table of leases is full")

// Open lets addresses through. What is open already is given its new time, be it longer
// or shorter. It returns once the kernel has shown that it has them all.
func (f *Firewall) Open(list []door.Opening) error {
	if len(list) > mostAtOnce {
		return fmt.Errorf("%d openings at once, at most %d", len(list), mostAtOnce)
	}
	elements, err := group(list)
	if err != nil {
		return err
	}
	c, err := f.lasting()
	if err != nil {
		return err
	}
	defer c.CloseLasting() //nolint:errcheck // all has been heard
	var names []string
	for name, e := range elements {
		names = append(names, name)
		// A plain second add would leave the old timeout; a delete alone would fail, and
		// all the rest with it, where there is none.
		if err := errors.Join(c.SetAddElements(leases(name), e), c.SetDeleteElements(leases(name), e), c.SetAddElements(leases(name), e)); err != nil {
			return fmt.Errorf("add leases: %w", err)
		}
	}
	if err := c.Flush(); err != nil {
		if errors.Is(err, syscall.ENFILE) {
			return ErrFull
		}
		return fmt.Errorf("add leases: %w", err)
	}
	now, _, err := openings(c, names...)
	if err != nil {
		return err
	}
	for _, o := range list {
		if !slices.ContainsFunc(now, func(n door.Opening) bool { return n.From == o.From && n.Port == o.Port && n.Left <= o.Left }) {
			return fmt.Errorf("the kernel did not keep the lease of %s to port %d", o.From, o.Port)
		}
	}
	return nil
}

// Shut ends openings; those that have ended by themselves are no error. It returns once
// the kernel shows none of them any more.
func (f *Firewall) Shut(list []door.Opening) error {
	for part := range slices.Chunk(list, mostAtOnce) {
		if err := f.shut(part); err != nil {
			return err
		}
	}
	return nil
}

// shut deletes what the kernel shows. Nothing is added first so that there be something to
// delete: beside one that is just ending, a set of prefixes would keep the added one.
func (f *Firewall) shut(part []door.Opening) error {
	const tries = 10 // each fails only if another ends between the look and the deed
	for range tries {
		now, err := f.Openings()
		if err != nil {
			return err
		}
		now = slices.DeleteFunc(now, func(n door.Opening) bool {
			return !slices.ContainsFunc(part, func(o door.Opening) bool { return n.From == o.From && n.Port == o.Port })
		})
		if len(now) == 0 {
			return nil
		}
		for i := range now {
			now[i].Left = door.Shortest // of no account where it is deleted
		}
		elements, err := group(now)
		if err != nil {
			return err
		}
		c, err := f.conn()
		if err != nil {
			return err
		}
		for name, e := range elements {
			if err := c.SetDeleteElements(leases(name), e); err != nil {
				return fmt.Errorf("end leases: %w", err)
			}
		}
		if err := c.Flush(); err != nil && !errors.Is(err, syscall.ENOENT) {
			return fmt.Errorf("end leases: %w", err)
		}
	}
	return errors.New("end leases: the kernel shows them still")
}

// Openings lists what is open, as the kernel has it. Without our table there is none.
func (f *Firewall) Openings() ([]door.Opening, error) {
	c, err := f.conn()
	if err != nil {
		return nil, err
	}
	all, _, err := openings(c, leaseSets[:]...)
	return all, err
}

// openings lists those of some sets. It leaves out elements that we do not make, for which no Shut could be asked, and
// says that there are such.
func openings(c *nftables.Conn, names ...string) (all []door.Opening, foreign bool, err error) {
	for _, name := range names {
		list, _, err := elementsOf(c, leases(name))
		if err != nil {
			return nil, false, fmt.Errorf("read leases: %w", err)
		}
		for _, e := range list {
			if o, ok := opening(name, e); ok {
				all = append(all, o)
			} else {
				foreign = true
			}
		}
	}
	return all, foreign, nil
}

// group makes elements of openings, by set. It refuses every time that the kernel might
// take for "for ever".
func group(list []door.Opening) (map[string][]nftables.SetElement, error) {
	all := map[string][]nftables.SetElement{}
	for _, o := range list {
		name, key, end, err := place(o.From, o.Port)
		if err != nil {
			return nil, err
		}
		if o.Left < door.Shortest || o.Left > longest {
			return nil, fmt.Errorf("a lease for %v is not possible", o.Left)
		}
		all[name] = append(all[name], nftables.SetElement{Key: key, KeyEnd: end, Timeout: o.Left.Truncate(time.Millisecond), Comment: o.Lease})
	}
	return all, nil
}

// place says in which set an address and port stand, and how.
func place(from netip.Prefix, port uint16) (set string, key, end []byte, err error) {
	a := from.Addr()
	if !from.IsValid() || a.Is4In6() || a.Zone() != "" || from != from.Masked() || from.Bits() == 0 || port == 0 {
		return "", nil, nil, fmt.Errorf("no lease can be for %s and port %d", from, port)
	}
	key = append(a.AsSlice(), portKey(port)...)
	switch {
	case a.Is4() && from.IsSingleIP():
		return leases4, key, nil, nil
	case from.IsSingleIP():
		return leases6, key, nil, nil
	}
	end = append(last(from).AsSlice(), portKey(port)...)
	if a.Is4() {
		return wide4, key, end, nil
	}
	return wide6, key, end, nil
}

// last is the last address of a prefix.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// portKey is a port as sets have it: big end first, filled up to a register.
func portKey(p uint16) []byte {
	return append(binary.BigEndian.AppendUint16(nil, p), 0, 0)
}

// opening reads an element back, if it is as place makes them. The kernel rounds Expires
// down; one that is about to go is shown with 0.
func opening(set string, e nftables.SetElement) (o door.Opening, ok bool) {
	n := 4
	if set == leases6 || set == wide6 {
		n = 16
	}
	if len(e.Key) != n+4 {
		return o, false
	}
	from, _ := netip.AddrFromSlice(e.Key[:n])
	o = door.Opening{From: netip.PrefixFrom(from, n*8), Port: binary.BigEndian.Uint16(e.Key[n:]), Lease: e.Comment, Left: e.Expires}
	if set == wide4 || set == wide6 {
		if len(e.KeyEnd) != n+4 {
			return o, false
		}
		end, _ := netip.AddrFromSlice(e.KeyEnd[:n])
		for bits := n*8 - 1; bits > 0 && last(o.From) != end; bits-- {
			o.From = netip.PrefixFrom(from, bits)
		}
	}
	name, key, end, err := place(o.From, o.Port)
	return o, err == nil && name == set && bytes.Equal(key, e.Key) && bytes.Equal(end, e.KeyEnd)
}
