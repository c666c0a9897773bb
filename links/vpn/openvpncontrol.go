package vpn

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"slices"
	"time"
)

const (
	openvpnControl = 4
	// pieceSize is how much of TLS goes into one packet, in bytes, so that it fits any way.
	pieceSize = 1000
	// maxEarly is how far ahead of its turn a packet is kept.
	maxEarly = 16
	// maxControl is how many packets are looked at in a login.
	maxControl = 1000
)

// control is the channel of OpenVPN that carries TLS: packets that are numbered, told of
// when they have come, and else sent again.
type control struct {
	net.Conn
	ctx          context.Context
	wrap         wrapping
	ours, theirs []byte // the sessions
	at           time.Time
	sealed       uint32 // the number of the packet sealed last
	datagrams    bool   // packets may be lost
	until        time.Time

	next, due uint32   // the numbers of the next message of ours, and of theirs
	came      []uint32 // the numbers of those of theirs that came last
	waiting   []piece
	early     map[uint32][]byte
	in        []byte // what came in its turn, and was not read yet
	seen      int
}

// piece is a message of ours that is not known to have come.
type piece struct {
	number uint32
	body   []byte
}

// maxAcks is how many messages of theirs a packet says have come. Each packet does, as
// another may be lost; and a server believes that we are where we say by that alone.
const maxAcks = 4

// send sends a packet, perhaps with a message.
func (c *control) send(opcode byte, rest []byte) error {
	b := []byte{byte(len(c.came))}
	for _, a := range c.came {
		b = append(b, be32(a)...)
	}
	if len(c.came) > 0 {
		b = append(b, c.theirs...)
	}
	c.sealed++
	_, err := c.Conn.Write(c.wrap.seal(append([]byte{opcode << 3}, c.ours...), append(b, rest...), c.sealed, c.at))
	return err
}

// acknowledge tells that a message of theirs has come.
func (c *control) acknowledge(number uint32) error {
	c.came = slices.DeleteFunc(c.came, func(n uint32) bool { return n == number })
	c.came = append([]uint32{number}, c.came[:min(len(c.came), maxAcks-1)]...)
	return c.send(openvpnAck, nil)
}

// Write sends all of b, in pieces.
func (c *control) Write(b []byte) (int, error) {
	for part := range slices.Chunk(b, pieceSize) {
		p := piece{c.next, bytes.Clone(part)}
		c.next++
		c.waiting = append(c.waiting, p)
		if err := c.send(openvpnControl, append(be32(p.number), p.body...)); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// Read reads what came in its turn; meanwhile it sends again what may have been lost. It
// waits for until, if that is before the end of the context.
func (c *control) Read(b []byte) (int, error) {
	packet := make([]byte, maxPacket)
	for len(c.in) == 0 {
		moment := time.Now().Add(patience)
		if !c.until.IsZero() && c.until.Before(moment) {
			moment = c.until
		}
		n, err := readUntil(c.ctx, c.Conn, packet, moment)
		switch {
		case err == nil:
			if c.seen++; c.seen > maxControl {
				return 0, errOther
			}
			if err := c.take(packet[:n]); err != nil {
				return 0, err
			}
		case c.ctx.Err() != nil || !errors.Is(err, os.ErrDeadlineExceeded):
			return 0, err
		default:
			for _, p := range c.waiting {
				if !c.datagrams { // a stream loses nothing
					break
				}
				if err := c.send(openvpnControl, append(be32(p.number), p.body...)); err != nil {
					return 0, err
				}
			}
			if !c.until.IsZero() && !time.Now().Before(c.until) {
				return 0, os.ErrDeadlineExceeded
			}
		}
	}
	n := copy(b, c.in)
	c.in = c.in[n:]
	return n, nil
}

// take takes up a packet. One that is not of this session, or is sealed by another key, is
// a stranger's, and passed over.
func (c *control) take(packet []byte) error {
	if len(packet) < openvpnHead || !bytes.Equal(packet[1:openvpnHead], c.theirs) {
		return nil
	}
	opcode := packet[0] >> 3
	if opcode != openvpnControl && opcode != openvpnAck && opcode != openvpnResetServer {
		return nil
	}
	rest, ok := c.wrap.open(packet)
	if !ok || len(rest) < 1 {
		return nil
	}
	acks := int(rest[0])
	rest = rest[1:]
	if acks > 0 {
		if len(rest) < acks*4+8 || !bytes.Equal(rest[acks*4:acks*4+8], c.ours) {
			return nil
		}
		for i := range acks {
			number := binary.BigEndian.Uint32(rest[i*4:])
			c.waiting = slices.DeleteFunc(c.waiting, func(p piece) bool { return p.number == number })
		}
		rest = rest[acks*4+8:]
	}
	if opcode == openvpnAck || len(rest) < 4 {
		return nil
	}
	number, body := binary.BigEndian.Uint32(rest), rest[4:]
	if number-c.due >= maxEarly && number >= c.due {
		return nil // it will be sent again in its turn
	}
	if number >= c.due {
		c.early[number] = bytes.Clone(body)
	}
	for body, ok := c.early[c.due]; ok; body, ok = c.early[c.due] {
		delete(c.early, c.due)
		c.in = append(c.in, body...)
		c.due++
	}
	return c.acknowledge(number)
}

// Close leaves the connection to who made it. What ends its waiting is the context.
func (c *control) Close() error { return nil }

func (c *control) SetDeadline(time.Time) error      { return nil }
func (c *control) SetReadDeadline(time.Time) error  { return nil }
func (c *control) SetWriteDeadline(time.Time) error { return nil }
