package wpdb

import (
	"errors"
	"net"
)

// ErrTooMuch says that a server sent more than any honest answer has.
var ErrTooMuch = errors.New("the server sent too much")

// bounded is a connection that believes no length.
type bounded struct {
	net.Conn
	Packets
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if b.left -= n; b.left < 0 || !b.Follow(p[:n]) {
		return 0, ErrTooMuch
	}
	return n, err
}

// Packets goes along with the packets that a server sends, before the driver sees them: that
// sets aside up to 16 MiB when a packet's head announces them, and joins packets without end.
type Packets struct {
	Most int // of one packet, in bytes

	head [4]byte // of the packet at hand: three bytes of length and a number
	have int     // how many of them were seen
	left int     // bytes left of its body
}

// Follow reports whether each packet is short enough.
func (p *Packets) Follow(b []byte) bool {
	for len(b) > 0 {
		if p.left > 0 {
			skip := min(p.left, len(b))
			p.left -= skip
			b = b[skip:]
			continue
		}
		p.head[p.have] = b[0]
		p.have++
		b = b[1:]
		if p.have == len(p.head) {
			p.have = 0
			p.left = int(p.head[0]) | int(p.head[1])<<8 | int(p.head[2])<<16
			if p.left > p.Most {
				return false
			}
		}
	}
	return true
}
