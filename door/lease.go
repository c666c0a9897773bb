package door

import (
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"slices"
	"time"
)

// Lease is permission for one address, or for the addresses of a prefix, to reach
// some ports until a stated time.
type Lease struct {
	// ID is 16 lower-case hex digits.
	ID string `json:"id"`
	// From is masked.
	From netip.Prefix `json:"from"`
	// Ports are those of TCP, ascending, none twice.
	Ports []uint16  `json:"ports"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Who is the principals that allowed_signers has for the key.
	Who string `json:"who"`
	// Key is the fingerprint (SHA256:…) of the key that signed for it.
	Key string `json:"key"`
	// Why is what the lease is for, where somebody said so.
	Why string `json:"why,omitempty"`
}

// NewID makes the name of a lease.
func NewID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// ValidID reports whether s can be the name of a lease.
func ValidID(s string) bool {
	if len(s) != 16 {
		return false
	}
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Shortest is the shortest time that is leased. A firewall may take less for "for ever".
const Shortest = time.Second

// MostPorts is how many ports one permit may ask for.
const MostPorts = 16

// Limits bound what is leased. The zero value leases nothing.
type Limits struct {
	// Ports are those that may be asked for.
	Ports []uint16 `json:"ports"`
	// Longest is the longest time of a lease.
	Longest time.Duration `json:"longest"`
	// Most is how many leases there may be at once.
	Most int `json:"most"`
	// Bits4 and Bits6 are the shortest prefixes that may be asked for; 0 stands for
	// single addresses alone.
	Bits4 int `json:"bits4,omitempty"`
	Bits6 int `json:"bits6,omitempty"`
}

// DefaultLimits are those of a door to ports that was asked for nothing else.
func DefaultLimits(ports ...uint16) Limits {
	return Limits{Ports: ports, Longest: 12 * time.Hour, Most: 64}
}

// Check judges a wish against the limits. The error is a *Refusal.
func (l Limits) Check(from netip.Prefix, ports []uint16, last time.Duration) error {
	if err := checkFrom(from); err != nil {
		return err
	}
	bits := l.Bits6
	if from.Addr().Is4() {
		bits = l.Bits4
	}
	if bits <= 0 {
		bits = from.Addr().BitLen()
	}
	if from.Bits() < bits {
		return &Refusal{Code: CodeWide, From: from}
	}
	if len(ports) == 0 {
		return &Refusal{Code: CodePorts}
	}
	for i, p := range ports {
		if !slices.Contains(l.Ports, p) || i > 0 && p <= ports[i-1] {
			return &Refusal{Code: CodePorts, Port: p}
		}
	}
	switch {
	case last < Shortest:
		return &Refusal{Code: CodeShort, Limit: Shortest}
	case last > l.Longest:
		return &Refusal{Code: CodeLong, Limit: l.Longest}
	}
	return nil
}

// checkFrom refuses what is no address of somebody outside.
func checkFrom(from netip.Prefix) error {
	a := from.Addr()
	switch {
	case !from.IsValid(), a.Is4In6(), a.Zone() != "", from != from.Masked():
	case a.IsUnspecified(), a.IsLoopback(), a.IsMulticast(), a.IsLinkLocalUnicast():
	case a.Is4() && (a.As4()[0] == 0 || a.As4()[0] >= 240): // "this network", reserved, broadcast
	default:
		return nil
	}
	return &Refusal{Code: CodeAddress, From: from}
}
