package vpn

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
)

// L2TP version 2 (RFC 2661), by itself over UDP. One logs in by the PPP within.

const (
	l2tpStartAsk    = 1
	l2tpStartAnswer = 2
	l2tpStop        = 4
)

// An l2tpValue is one of a message's values, by its attribute's number.
type l2tpValue struct {
	attribute uint16
	value     []byte
}

func be16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }
func be32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// l2tpMessage is a control message to the peer's tunnel; sent and seen count the
// messages of either side.
func l2tpMessage(tunnel, sent, seen uint16, values ...l2tpValue) []byte {
	b := be16(0xc802) // control, with length and sequence, version 2
	b = append(b, 0, 0)
	for _, v := range []uint16{tunnel, 0, sent, seen} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, 0x8000|uint16(6+len(v.value))) // mandatory
		b = binary.BigEndian.AppendUint16(b, 0)                             // of the IETF
		b = binary.BigEndian.AppendUint16(b, v.attribute)
		b = append(b, v.value...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

func tryL2TP(ctx context.Context, c net.Conn, _ *link) (answer, error) {
	var id [2]byte
	_, _ = rand.Read(id[:]) // never fails
	id[0] |= 1              // 0 is none
	ours := binary.BigEndian.Uint16(id[:])
	ask := l2tpMessage(0, 0, 0,
		l2tpValue{0, be16(l2tpStartAsk)}, l2tpValue{2, be16(0x0100)}, l2tpValue{3, be32(3)}, l2tpValue{4, be32(3)},
		l2tpValue{7, []byte("omamori")}, l2tpValue{9, be16(ours)}, l2tpValue{10, be16(4)})
	var r l2tpReply
	err := exchange(ctx, c, ask, func(b []byte) (err error) {
		r, err = parseL2TP(b, ours)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	if r.refused == "" {
		// Goodbye, with the general request to clear. If it is lost, the server
		// gives the tunnel up by itself, as nobody finishes opening it.
		_, _ = c.Write(l2tpMessage(r.tunnel, 1, 1, l2tpValue{0, be16(l2tpStop)}, l2tpValue{9, be16(ours)}, l2tpValue{1, be16(1)}))
	} else {
		_, _ = c.Write(l2tpMessage(r.tunnel, 1, 1)) // seen
	}
	return answer{said: r.host, refused: r.refused}, nil
}

type l2tpReply struct {
	tunnel        uint16
	host, refused string
}

// parseL2TP reads the answer to a request to start the tunnel that is ours by number.
func parseL2TP(b []byte, ours uint16) (r l2tpReply, err error) {
	if len(b) < 12 || binary.BigEndian.Uint16(b)&0xcb0f != 0xc802 {
		return r, errOther
	}
	length := int(binary.BigEndian.Uint16(b[2:]))
	if length < 12 || length > len(b) || binary.BigEndian.Uint16(b[4:]) != ours {
		return r, errOther
	}
	message := uint16(0)
	for rest := b[12:length]; len(rest) > 0; {
		if len(rest) < 6 {
			return r, errOther
		}
		head := binary.BigEndian.Uint16(rest)
		n := int(head & 0x3ff)
		if n < 6 || n > len(rest) {
			return r, errOther
		}
		vendor, attribute, value := binary.BigEndian.Uint16(rest[2:]), binary.BigEndian.Uint16(rest[4:]), rest[6:n]
		rest = rest[n:]
		if vendor != 0 || head&0x4000 != 0 { // another's, or hidden
			continue
		}
		switch {
		case attribute == 0 && len(value) == 2:
			message = binary.BigEndian.Uint16(value)
		case attribute == 1 && len(value) >= 2:
			r.refused = fmt.Sprintf("result %d", binary.BigEndian.Uint16(value))
			if len(value) >= 4 {
				r.refused += fmt.Sprintf(", error %d %s", binary.BigEndian.Uint16(value[2:]), value[4:])
			}
		case attribute == 7:
			r.host = string(value)
		case attribute == 9 && len(value) == 2:
			r.tunnel = binary.BigEndian.Uint16(value)
		}
	}
	switch message {
	case l2tpStartAnswer:
		r.refused = ""
	case l2tpStop:
		if r.refused == "" {
			r.refused = "stopped without a reason"
		}
	default: // nothing but an acknowledgement, say
		return r, errOther
	}
	return r, nil
}
