package cloud

import (
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"
)

// The tag that makes a rule ours, and what it says of one.
const (
	Tag      = "omamori"
	TagLease = "lease"
	TagKept  = "kept"
)

// maxDescription is how long AWS lets a rule's description be.
const maxDescription = 255

const leaseWord = "omamori lease "

// NewID names a lease.
func NewID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Describe writes a lease as its rules' description, of the characters that AWS allows:
// "omamori lease 0123456789abcdef 2026-11-24T17:00:00Z/2026-11-24T18:00:00Z naoki".
func (l Lease) Describe() string {
	s := leaseWord + l.ID + " " + stamp(l.Since) + "/" + stamp(l.Until)
	if who := plain(l.Who); who != "" {
		s += " " + who
	}
	return s[:min(len(s), maxDescription)]
}

func stamp(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

// plain keeps of a text what a description may hold.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" ._-:/()#,@[]+=&;{}!$*", r)) {
			return r
		}
		return '_'
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// ReadDescription reads what Describe has written; ok is false for anything else. Where
// the lease is from, and to which ports, the rule itself says.
func ReadDescription(s string) (l Lease, ok bool) {
	rest, ok := strings.CutPrefix(s, leaseWord)
	if !ok || len(s) > maxDescription {
		return Lease{}, false
	}
	id, rest, _ := strings.Cut(rest, " ")
	span, who, _ := strings.Cut(rest, " ")
	since, until, ok := strings.Cut(span, "/")
	if !ok || len(id) != 16 || strings.Trim(id, "0123456789abcdef") != "" {
		return Lease{}, false
	}
	l = Lease{ID: id, Who: who}
	var err error
	if l.Since, err = time.Parse(time.RFC3339, since); err != nil || stamp(l.Since) != since {
		return Lease{}, false
	}
	if l.Until, err = time.Parse(time.RFC3339, until); err != nil || stamp(l.Until) != until {
		return Lease{}, false
	}
	return l, true
}

// Leases gathers the rules of ours that belong to one lease each.
func Leases(rules []Rule) (all []Lease) {
	at := map[string]int{}
	for _, r := range rules {
		if r.Lease == nil {
			continue
		}
		as := r.Lease.ID + stamp(r.Lease.Until) // one of whose ports some were renewed has two ends
		i, known := at[as]
		if !known {
			i = len(all)
			at[as] = i
			all = append(all, *r.Lease)
			all[i].Ports = nil
		}
		all[i].Ports = append(all[i].Ports, uint16(r.From))
	}
	return all
}

// The widest prefixes that a lease is given to: one address, or the network of one home,
// whose addresses change by themselves.
const (
	bits4 = 32
	bits6 = 64
)

// OneOwner reports whether a prefix can be where one owner is.
func OneOwner(p netip.Prefix) bool {
	a := p.Addr()
	if !p.IsValid() || a.Is4In6() || a.Zone() != "" || p != p.Masked() ||
		a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() {
		return false
	}
	if a.Is4() {
		return p.Bits() >= bits4
	}
	return p.Bits() >= bits6
}
