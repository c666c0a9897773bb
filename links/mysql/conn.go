package mysql

import (
	"context"
	"errors"
	"io/fs"
	"net"

	"github.com/omamori-guard/omamori/chain"
)

const (
	maxPacket = 64 << 10  // of one packet that the server sends
	maxAnswer = 256 << 10 // of all that it sends in one proof
	maxFirst  = 64        // of what is kept to be shown
)

// errTooMuch says that a server sent more than any honest answer has.
var errTooMuch = errors.New("the peer sent too much")

// conn is a connection that believes no length: the driver sets aside up to 16
// MiB when a packet's head announces them, and joins packets without end. So the
// heads are looked at before the driver sees them.
type conn struct {
	net.Conn
	heard int // bytes from the server
	// first is how the server began to speak, before anything secret was sent.
	first []byte
	// ended says that the peer has closed the connection. The driver tells that
	// and a packet that makes no sense alike.
	ended bool

	head [4]byte // of the packet at hand: three bytes of length and a number
	have int     // how many of them were seen
	left int     // bytes left of its body
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.heard += n
	if room := maxFirst - len(c.first); room > 0 {
		c.first = append(c.first, b[:min(n, room)]...)
	}
	if c.heard > maxAnswer || !c.follow(b[:n]) {
		return 0, errTooMuch
	}
	c.ended = c.ended || err != nil
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.ended = c.ended || err != nil
	return n, err
}

// follow goes along with the packets, and reports whether each is short enough.
func (c *conn) follow(b []byte) bool {
	for len(b) > 0 {
		if c.left > 0 {
			skip := min(c.left, len(b))
			c.left -= skip
			b = b[skip:]
			continue
		}
		c.head[c.have] = b[0]
		c.have++
		b = b[1:]
		if c.have == len(c.head) {
			c.have = 0
			c.left = int(c.head[0]) | int(c.head[1])<<8 | int(c.head[2])<<16
			if c.left > maxPacket {
				return false
			}
		}
	}
	return true
}

// dial connects; to a socket that the guard may not open, through hands.
func dial(ctx context.Context, to login, hands chain.Services) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, to.network, to.address)
	if err != nil && to.network == "unix" && errors.Is(err, fs.ErrPermission) && hands != nil {
		return hands.Dial(ctx, to.address)
	}
	return c, err
}
