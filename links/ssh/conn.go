package ssh

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
)

const (
	maxHeard = 1 << 20 // bytes of all that a server sends in one proof
	maxFirst = 256     // of what is kept to be shown
)

// errTooMuch says that a server sent more than any honest one has to.
var errTooMuch = errors.New("the peer sent too much")

// conn counts what a server sends, and keeps how it began. The library reads from
// goroutines of its own, which may outlast a failed login by a moment.
type conn struct {
	net.Conn

	mu    sync.Mutex // protects the fields below
	count int
	start []byte
	over  bool // the server has closed it
	late  bool // our time was up
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count += n
	if room := maxFirst - len(c.start); room > 0 {
		c.start = append(c.start, b[:min(n, room)]...)
	}
	if c.count > maxHeard {
		return 0, errTooMuch
	}
	c.late = c.late || errors.Is(err, os.ErrDeadlineExceeded)
	c.over = c.over || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
	return n, err
}

// heard is how the server began to speak; empty if it has said nothing.
func (c *conn) heard() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.start)
}

// ended reports whether the server has closed the connection.
func (c *conn) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// timedOut reports whether the server was waited for in vain.
func (c *conn) timedOut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.late
}
