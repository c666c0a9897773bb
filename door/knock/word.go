package knock

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/omamori-guard/omamori/door"
)

// Words that are no refusals.
const (
	granted = 0

	wordVersion = 1
	wordSize    = 1 + 1 + 17 + 8 + 4 + 8 + 18 + 2 + 16
)

// word is what a door answers.
type word struct {
	code door.Code // granted, or why not
	// seen is where the knock came from, as the door sees it.
	seen netip.Addr
	// now is the door's clock.
	now time.Time
	// last is how long the lease lasts, or the limit that the code speaks of.
	last      time.Duration
	lease     [8]byte
	from      netip.Prefix
	port      uint16
	challenge door.Challenge
}

// marshal writes the word, always of the same length:
//
//	version 1 | code 1 | seen: family 1, address 16 | door's clock 8 | seconds 4 | lease 8 |
//	from: family 1, length 1, address 16 | port 2 | challenge 16
func (w *word) marshal() []byte {
	b := make([]byte, 0, wordSize)
	b = append(b, wordVersion, byte(w.code))
	b = append(b, family(w.seen))
	b = appendAddress(b, w.seen)
	b = binary.BigEndian.AppendUint64(b, uint64(max(0, w.now.Unix())))
	b = binary.BigEndian.AppendUint32(b, uint32(min(max(0, w.last/time.Second), 1<<32-1)))
	b = append(b, w.lease[:]...)
	b = append(b, family(w.from.Addr()), byte(max(0, w.from.Bits())))
	b = appendAddress(b, w.from.Addr())
	b = binary.BigEndian.AppendUint16(b, w.port)
	return append(b, w.challenge[:]...)
}

func parseWord(b []byte) (*word, error) {
	if len(b) != wordSize || b[0] != wordVersion {
		return nil, errNoWord
	}
	w := &word{code: door.Code(b[1])}
	var ok bool
	if w.seen, ok = address(b[2], b[3:19]); !ok {
		return nil, errNoWord
	}
	seconds := binary.BigEndian.Uint64(b[19:])
	if seconds > 1<<40 {
		return nil, errNoWord
	}
	w.now = time.Unix(int64(seconds), 0)
	w.last = time.Duration(binary.BigEndian.Uint32(b[27:])) * time.Second
	copy(w.lease[:], b[31:])
	a, ok := address(b[39], b[41:57])
	if !ok {
		return nil, errNoWord
	}
	if a.IsValid() {
		if w.from = netip.PrefixFrom(a, int(b[40])); !w.from.IsValid() {
			return nil, errNoWord
		}
	}
	w.port = binary.BigEndian.Uint16(b[57:])
	copy(w.challenge[:], b[59:])
	return w, nil
}

func family(a netip.Addr) byte {
	switch {
	case a.Is4():
		return 4
	case a.Is6():
		return 6
	}
	return 0
}

func appendAddress(b []byte, a netip.Addr) []byte {
	var all [16]byte
	copy(all[:], a.AsSlice())
	return append(b, all[:]...)
}

func address(family byte, b []byte) (netip.Addr, bool) {
	switch family {
	case 0:
		return netip.Addr{}, true
	case 4:
		return netip.AddrFrom4([4]byte(b)), true
	case 6:
		return netip.AddrFrom16([16]byte(b)), true
	}
	return netip.Addr{}, false
}
