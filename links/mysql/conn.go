package mysql

import (
	"context"
	"errors"
	"io/fs"
	"net"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/wpdb"
)

const (
	maxPacket = 64 << 10  // of one packet that the server sends
	maxAnswer = 256 << 10 // of all that it sends in one proof
	maxFirst  = 64        // of what is kept to be shown
)

// conn is a connection that believes no length.
type conn struct {
	net.Conn
	wpdb.Packets
	heard int // bytes from the server
	// first is how the server began to speak, before anything secret was sent.
	first []byte
	// ended says that the peer has closed the connection. The driver tells that
	// and a packet that makes no sense alike.
	ended bool
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.heard += n
	if room := maxFirst - len(c.first); room > 0 {
		c.first = append(c.first, b[:min(n, room)]...)
	}
	if c.heard > maxAnswer || !c.Follow(b[:n]) {
		return 0, wpdb.ErrTooMuch
	}
	c.ended = c.ended || err != nil
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.ended = c.ended || err != nil
	return n, err
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
