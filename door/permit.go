package door

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"
)

const (
	permitVersion = 1
	// permitFixed is the length of a permit without its ports.
	permitFixed = 1 + 32 + 32 + 16 + 16 + 8 + 4 + 1 + 1 + 16 + 1
	// MaxPermit is the length of the longest permit.
	MaxPermit = permitFixed + 2*MostPorts
)

// Fingerprint is the SHA-256 of a door's public key.
type Fingerprint [32]byte

// KeyFingerprint is that of a public key as HPKE writes it.
func KeyFingerprint(public []byte) Fingerprint { return sha256.Sum256(public) }

// Nonce makes a permit unlike any other.
type Nonce [16]byte

// Challenge is a number that a door has given, to be signed once and soon. The zero
// Challenge is none.
type Challenge [16]byte

// IsZero reports whether there is none.
func (c Challenge) IsZero() bool { return c == Challenge{} }

// Permit is the statement that an owner signs: this door may let that address in.
type Permit struct {
	// Door is the fingerprint of the key of the door that the permit is for.
	Door Fingerprint
	// Encapsulation is that of the HPKE message that carries the permit, so that it
	// cannot be sealed anew by another.
	Encapsulation [32]byte
	Nonce         Nonce
	Challenge     Challenge
	// Time is when it was signed, to the second, by the owner's clock.
	Time time.Time
	// For is how long the lease is to be, in whole seconds.
	For time.Duration
	// From is whom to let in. The zero Prefix says "as seen", and is only good to
	// learn a challenge with.
	From netip.Prefix
	// Ports are those of TCP, ascending, none twice.
	Ports []uint16
}

// AsSeen reports whether the permit names no address.
func (p *Permit) AsSeen() bool { return p.From == netip.Prefix{} }

// Marshal writes the permit: every permit in one way only.
//
//	version 1 | door 32 | encapsulation 32 | nonce 16 | challenge 16 | time 8 | seconds 4 |
//	family 1 (0, 4 or 6) | prefix length 1 | address 16 | number of ports 1 | ports 2 each
//
// Numbers are big-endian, the time is in seconds since 1970, an IPv4 address fills the
// first four bytes of its field. Marshal returns nil for what cannot be written so.
func (p *Permit) Marshal() []byte {
	seconds := p.For / time.Second
	if len(p.Ports) > MostPorts || p.Time.Unix() < 0 || seconds < 0 || seconds > 1<<32-1 || p.For%time.Second != 0 {
		return nil
	}
	b := make([]byte, 0, MaxPermit)
	b = append(b, permitVersion)
	b = append(b, p.Door[:]...)
	b = append(b, p.Encapsulation[:]...)
	b = append(b, p.Nonce[:]...)
	b = append(b, p.Challenge[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Time.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(seconds))
	var address [16]byte
	var family, bits byte
	switch a := p.From.Addr(); {
	case p.AsSeen():
	case !p.From.IsValid() || a.Is4In6() || a.Zone() != "" || p.From != p.From.Masked():
		return nil
	case a.Is4():
		family, bits = 4, byte(p.From.Bits())
		copy(address[:], a.AsSlice())
	default:
		family, bits = 6, byte(p.From.Bits())
		address = a.As16()
	}
	b = append(b, family, bits)
	b = append(b, address[:]...)
	b = append(b, byte(len(p.Ports)))
	for i, port := range p.Ports {
		if port == 0 || i > 0 && port <= p.Ports[i-1] {
			return nil
		}
		b = binary.BigEndian.AppendUint16(b, port)
	}
	return b
}

// ParsePermit reads a permit that is written in the one way. It does not say that
// anybody should be let in.
func ParsePermit(b []byte) (*Permit, error) {
	n, err := permitLength(b)
	if err != nil {
		return nil, err
	}
	if len(b) != n {
		return nil, malformed("permit: wrong length")
	}
	p := &Permit{}
	rest := b[1:]
	take := func(into []byte) { rest = rest[copy(into, rest):] }
	take(p.Door[:])
	take(p.Encapsulation[:])
	take(p.Nonce[:])
	take(p.Challenge[:])
	seconds := binary.BigEndian.Uint64(rest)
	if seconds > 1<<40 { // far from what overflows
		return nil, malformed("permit: no such time")
	}
	p.Time = time.Unix(int64(seconds), 0)
	p.For = time.Duration(binary.BigEndian.Uint32(rest[8:])) * time.Second
	family, bits := rest[12], int(rest[13])
	address := [16]byte(rest[14:30])
	switch family {
	case 0:
		if bits != 0 || address != [16]byte{} {
			return nil, malformed("permit: an address that is none")
		}
	case 4:
		if [12]byte(address[4:]) != [12]byte{} {
			return nil, malformed("permit: an address that is too long")
		}
		p.From = netip.PrefixFrom(netip.AddrFrom4([4]byte(address[:4])), bits)
	case 6:
		p.From = netip.PrefixFrom(netip.AddrFrom16(address), bits)
	default:
		return nil, malformed("permit: no such family")
	}
	if family != 0 && (!p.From.IsValid() || p.From.Addr().Is4In6() || p.From != p.From.Masked()) {
		return nil, malformed("permit: no such prefix")
	}
	for ports := rest[31:]; len(ports) > 0; ports = ports[2:] {
		p.Ports = append(p.Ports, binary.BigEndian.Uint16(ports))
	}
	if slices.Contains(p.Ports, 0) {
		return nil, malformed("permit: port 0")
	}
	for i := 1; i < len(p.Ports); i++ {
		if p.Ports[i] <= p.Ports[i-1] {
			return nil, malformed("permit: ports out of order")
		}
	}
	return p, nil
}

// permitLength says how long the permit is that b begins with.
func permitLength(b []byte) (int, error) {
	if len(b) < permitFixed || b[0] != permitVersion {
		return 0, malformed("permit: too short, or of an unknown version")
	}
	ports := int(b[permitFixed-1])
	n := permitFixed + 2*ports
	if ports > MostPorts || len(b) < n {
		return 0, malformed("permit: too many ports")
	}
	return n, nil
}

// CutPermit parts a permit from the signature that stands behind it.
func CutPermit(b []byte) (permit, signature []byte, err error) {
	n, err := permitLength(b)
	if err != nil {
		return nil, nil, err
	}
	return b[:n:n], b[n:], nil
}

func malformed(why string) error { return &Refusal{Code: CodeMalformed, Why: why} }
