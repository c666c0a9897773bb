package vpn

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
)

// What IKE of version 1 (RFC 2408) and 2 (RFC 7296) have in common, and the first
// message of version 2. The server keeps a half-open negotiation for some seconds;
// before keys are agreed there is nothing by which one could say goodbye.

const (
	ikeHeader    = 28
	ikeInit      = 34 // IKE_SA_INIT
	ikeMain      = 2  // main mode, of version 1
	ikeInfo      = 5  // informational, of version 1
	ikeResponse  = 0x20
	ikeInitiator = 0x08
)

// ikeReply is what of an answer is looked at.
type ikeReply struct {
	version, exchange, flags byte
	// joined: the server has given the negotiation a number of its own.
	joined, sa bool
	notices    []uint16
}

// ikeMessage begins a negotiation: the payloads come one after the other, each with
// its type.
func ikeMessage(spi [8]byte, version, exchange, flags byte, payloads ...ikePayload) []byte {
	b := append([]byte{}, spi[:]...)
	b = append(b, make([]byte, 8)...)
	b = append(b, payloads[0].kind, version, exchange, flags)
	b = append(b, make([]byte, 8)...)
	for i, p := range payloads {
		next := byte(0)
		if i+1 < len(payloads) {
			next = payloads[i+1].kind
		}
		b = append(b, next, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(4+len(p.body)))
		b = append(b, p.body...)
	}
	binary.BigEndian.PutUint32(b[24:], uint32(len(b)))
	return b
}

type ikePayload struct {
	kind byte
	body []byte
}

// ikeExchange sends a first message and reads the answer to it.
func ikeExchange(ctx context.Context, c net.Conn, message []byte, take func(ikeReply) error) error {
	var marker []byte
	if _, port, err := net.SplitHostPort(c.RemoteAddr().String()); err == nil && port == "4500" {
		marker = make([]byte, 4) // there, ESP is what has none
	}
	spi := message[:8]
	return exchange(ctx, c, append(marker, message...), func(b []byte) error {
		b, ok := bytes.CutPrefix(b, marker)
		if !ok {
			return errOther
		}
		r, err := parseIKE(b, spi)
		if err != nil {
			return err
		}
		return take(r)
	})
}

// parseIKE reads an answer in the clear of either version.
func parseIKE(b, spi []byte) (r ikeReply, err error) {
	if len(b) < ikeHeader || !bytes.Equal(b[:8], spi) || int64(binary.BigEndian.Uint32(b[24:])) != int64(len(b)) {
		return r, errOther
	}
	r.version, r.exchange, r.flags = b[17]>>4, b[18], b[19]
	r.joined = !bytes.Equal(b[8:16], make([]byte, 8))
	if r.version != 1 && r.version != 2 {
		return r, errOther
	}
	rest := b[ikeHeader:]
	for kind := b[16]; kind != 0; {
		if len(rest) < 4 {
			return r, errOther
		}
		n := int(binary.BigEndian.Uint16(rest[2:]))
		if n < 4 || n > len(rest) {
			return r, errOther
		}
		body := rest[4:n]
		switch {
		case r.version == 2 && kind == 33, r.version == 1 && kind == 1:
			r.sa = true
		case r.version == 2 && kind == 41 && len(body) >= 4:
			r.notices = append(r.notices, binary.BigEndian.Uint16(body[2:]))
		case r.version == 1 && kind == 11 && len(body) >= 8:
			r.notices = append(r.notices, binary.BigEndian.Uint16(body[6:]))
		}
		kind, rest = rest[0], rest[n:]
	}
	return r, nil
}

// ikeRefusal names a notice by which a server declines; "" for one that does not.
func ikeRefusal(notice uint16) string {
	switch name := map[uint16]string{
		4: "INVALID_IKE_SPI", 5: "INVALID_MAJOR_VERSION", 7: "INVALID_SYNTAX", 14: "NO_PROPOSAL_CHOSEN",
		24: "AUTHENTICATION_FAILED", 29: "UNSUPPORTED_EXCHANGE_TYPE",
	}[notice]; {
	case name != "":
		return name
	case notice > 0 && notice < 16384 && notice != 17:
		return fmt.Sprintf("notice %d", notice)
	}
	return ""
}

// ikeTransforms is a proposal of version 2: transforms, each a type, a number and,
// for ciphers of several, the bits of its key.
func ikeTransforms(number byte, last bool, transforms [][3]uint16) []byte {
	var t []byte
	for i, x := range transforms {
		more, length := byte(3), uint16(8)
		if i == len(transforms)-1 {
			more = 0
		}
		if x[2] != 0 {
			length = 12
		}
		t = append(t, more, 0)
		t = binary.BigEndian.AppendUint16(t, length)
		t = append(t, byte(x[0]), 0)
		t = binary.BigEndian.AppendUint16(t, x[1])
		if x[2] != 0 {
			t = append(t, 0x80, 14)
			t = binary.BigEndian.AppendUint16(t, x[2])
		}
	}
	more := byte(2)
	if last {
		more = 0
	}
	b := []byte{more, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(t)))
	return append(append(b, number, 1, 0, byte(len(transforms))), t...)
}

// ikeInitMessage offers all that servers in use take, the strong ones first.
func ikeInitMessage() []byte {
	groups := [][3]uint16{{4, 19}, {4, 31}, {4, 20}, {4, 21}, {4, 14}, {4, 15}, {4, 16}, {4, 5}, {4, 2}}
	prfs := [][3]uint16{{2, 5}, {2, 6}, {2, 7}, {2, 2}}
	sealing := [][3]uint16{{1, 20, 256}, {1, 20, 128}}
	plain := [][3]uint16{{1, 12, 256}, {1, 12, 192}, {1, 12, 128}, {1, 3}, {3, 12}, {3, 13}, {3, 14}, {3, 2}}
	join := func(lists ...[][3]uint16) (all [][3]uint16) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	sa := append(ikeTransforms(1, false, join(sealing, prfs, groups)), ikeTransforms(2, true, join(plain, prfs, groups))...)

	var spi [8]byte
	nonce := make([]byte, 32)
	_, _ = rand.Read(spi[:]) // never fails
	_, _ = rand.Read(nonce)
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil { // as above
		panic(err)
	}
	public := append([]byte{0, 19, 0, 0}, key.PublicKey().Bytes()[1:]...) // without the mark of its form
	return ikeMessage(spi, 0x20, ikeInit, ikeInitiator, ikePayload{33, sa}, ikePayload{34, public}, ikePayload{40, nonce})
}

func tryIKEv2(ctx context.Context, c net.Conn, _ *link) (a answer, err error) {
	err = ikeExchange(ctx, c, ikeInitMessage(), func(r ikeReply) error {
		if r.version != 2 || r.exchange != ikeInit || r.flags&ikeResponse == 0 {
			return errOther
		}
		a = answer{}
		for _, n := range r.notices {
			if why := ikeRefusal(n); why != "" {
				a.refused = why
			}
		}
		// Without either it wants a cookie, or a key of another group: both are
		// asked of those only with whom it will negotiate.
		if r.sa {
			a.refused = ""
		}
		if !r.sa && len(r.notices) == 0 {
			return errOther
		}
		return nil
	})
	return a, err
}
