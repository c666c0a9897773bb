package vpn

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"net"
)

// L2TP/IPsec (RFC 3193): IKE of version 1 comes first, in main mode with a shared key.
// The key is proved two messages later, the account by the PPP within L2TP.

// ikeMainMessage offers what clients of L2TP/IPsec offer.
func ikeMainMessage() []byte {
	type suite struct{ cipher, bits, hash, group uint16 }
	suites := []suite{
		{7, 256, 4, 14}, {7, 256, 2, 14}, {7, 256, 2, 2}, {7, 128, 2, 14}, {7, 128, 2, 2}, {5, 0, 2, 14}, {5, 0, 2, 5}, {5, 0, 2, 2},
	}
	var transforms []byte
	for i, s := range suites {
		var t []byte
		attribute := func(kind, value uint16) {
			t = binary.BigEndian.AppendUint16(t, 0x8000|kind)
			t = binary.BigEndian.AppendUint16(t, value)
		}
		attribute(1, s.cipher)
		if s.bits != 0 {
			attribute(14, s.bits)
		}
		attribute(2, s.hash)
		attribute(3, 1) // a shared key
		attribute(4, s.group)
		attribute(11, 1) // its life in seconds
		attribute(12, 28800)
		more := byte(3)
		if i == len(suites)-1 {
			more = 0
		}
		transforms = append(transforms, more, 0)
		transforms = binary.BigEndian.AppendUint16(transforms, uint16(8+len(t)))
		transforms = append(append(transforms, byte(i+1), 1, 0, 0), t...)
	}
	sa := []byte{0, 0, 0, 1, 0, 0, 0, 1, 0, 0} // for IPsec, identity only; one proposal
	sa = binary.BigEndian.AppendUint16(sa, uint16(8+len(transforms)))
	sa = append(append(sa, 1, 1, 0, byte(len(suites))), transforms...)
	var spi [8]byte
	_, _ = rand.Read(spi[:]) // never fails
	return ikeMessage(spi, 0x10, ikeMain, 0, ikePayload{1, sa})
}

func tryIKEv1(ctx context.Context, c net.Conn, _ *link) (a answer, err error) {
	err = ikeExchange(ctx, c, ikeMainMessage(), func(r ikeReply) error {
		a = answer{}
		if r.version == 1 && r.exchange == ikeMain && r.joined && r.sa {
			return nil
		}
		for _, n := range r.notices {
			// A server without version 1 says so in version 2.
			if why := ikeRefusal(n); why != "" && (r.exchange == ikeInfo || r.version == 2) {
				a.refused = why
				return nil
			}
		}
		return errOther
	})
	return a, err
}
