package hands

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Client asks hands. It may be used from several goroutines.
type Client struct {
	conn   *net.UnixConn
	writes sync.Mutex // one frame at a time
	done   chan struct{}

	mu sync.Mutex // protects the fields below
	// last is the ID given last; waiting are the requests without a reply.
	last    uint64
	waiting map[uint64]chan answer
	watches map[string]map[*func()]struct{} // by service
	err     error                           // why the connection is lost
}

// answer is a reply with what came along.
type answer struct {
	reply
	body []byte
	file *os.File // nil unless Descriptor
}

var _ chain.Services = (*Client)(nil)

// handshake is how long the first reply may take.
const handshake = 5 * time.Second

var errClosed = errors.New("connection to hands is closed")

// Connect connects to the socket of a hands that listens.
func Connect(ctx context.Context, socketPath string) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socketPath)
	if err != nil {
		return nil, fmt.Errorf("connect to hands: %w", err)
	}
	return NewClient(conn.(*net.UnixConn))
}

// NewClient makes a client of a connection, which from then on belongs to it, also
// when it fails. Hands that do not know us give a *Refused.
func NewClient(conn *net.UnixConn) (*Client, error) {
	c := &Client{conn: conn, done: make(chan struct{}),
		waiting: map[uint64]chan answer{}, watches: map[string]map[*func()]struct{}{}}
	go c.read()
	ctx, cancel := context.WithTimeout(context.Background(), handshake)
	defer cancel()
	if _, err := c.ask(ctx, request{Op: opHello, Version: version}); err != nil {
		c.Close()
		return nil, fmt.Errorf("greet hands: %w", err)
	}
	return c, nil
}

// Close ends the connection; what waits for a reply fails. A deed that hands has
// begun is carried out all the same.
func (c *Client) Close() error {
	c.lose(errClosed)
	<-c.done
	return nil
}

// Done is closed once the connection is lost or closed.
func (c *Client) Done() <-chan struct{} { return c.done }

// lose notes why the connection is lost, unless that is known, and makes read end.
func (c *Client) lose(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.mu.Unlock()
	c.conn.Close()
}

// read hands every frame to whom it concerns, until the connection ends.
func (c *Client) read() {
	defer close(c.done)
	in := &descriptors{conn: c.conn}
	defer in.close()
	frames := bufio.NewReader(in)
	for {
		var a answer
		body, err := readFrame(frames, &a.reply)
		if err == nil && a.Descriptor {
			a.file, err = in.take()
		}
		if err != nil {
			c.lose(fmt.Errorf("read from hands: %w", err))
			break
		}
		a.body = body
		c.deliver(a)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.waiting {
		close(w)
	}
	c.waiting = nil
}

func (c *Client) deliver(a answer) {
	if a.ID == 0 {
		if !a.Refused.IsZero() {
			c.lose(refuse(a.Refused))
			return
		}
		c.mu.Lock()
		var calls []func()
		for f := range c.watches[a.Ended] {
			calls = append(calls, *f)
		}
		c.mu.Unlock()
		for _, f := range calls {
			f()
		}
		return
	}
	c.mu.Lock()
	w := c.waiting[a.ID]
	delete(c.waiting, a.ID)
	c.mu.Unlock()
	switch {
	case w != nil:
		w <- a // has room for one
	case a.file != nil: // nobody waits for it any more
		a.file.Close()
	}
}

// ask sends a request and waits for its reply. Whoever calls closes its file.
func (c *Client) ask(ctx context.Context, q request) (answer, error) {
	w := make(chan answer, 1)
	c.mu.Lock()
	if c.waiting == nil || c.err != nil {
		defer c.mu.Unlock()
		return answer{}, c.err
	}
	c.last++
	q.ID = c.last
	c.waiting[q.ID] = w
	c.mu.Unlock()
	if err := c.send(q); err != nil {
		c.forget(q.ID, w)
		return answer{}, err
	}
	select {
	case a, ok := <-w:
		switch {
		case !ok:
			c.mu.Lock()
			defer c.mu.Unlock()
			return answer{}, c.err
		case !a.Refused.IsZero():
			return answer{}, refuse(a.Refused)
		case a.Error != "":
			return answer{}, told(a.Error, a.Errno)
		}
		return a, nil
	case <-ctx.Done():
		c.forget(q.ID, w)
		return answer{}, ctx.Err()
	}
}

// forget stops waiting; a reply that has come in between is thrown away.
func (c *Client) forget(id uint64, w chan answer) {
	c.mu.Lock()
	delete(c.waiting, id)
	c.mu.Unlock()
	select {
	case a := <-w:
		if a.file != nil {
			a.file.Close()
		}
	default:
	}
}

func (c *Client) send(q request) error {
	b, err := frame(q, nil)
	if err != nil {
		return err
	}
	c.writes.Lock()
	defer c.writes.Unlock()
	err = c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err == nil {
		_, err = c.conn.Write(b)
	}
	if err != nil {
		if errors.Is(err, syscall.EPIPE) { // hands have closed it, and may have said why before
			select {
			case <-c.done:
			case <-time.After(writeTimeout):
			}
		}
		c.lose(fmt.Errorf("write to hands: %w", err)) // half a frame may be out
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.err
	}
	return nil
}

// descriptors reads from a connection and keeps the file descriptors that come
// along, in order. Only the goroutine that reads uses it.
type descriptors struct {
	conn *net.UnixConn
	got  []int
}

// maxDescriptors is how many may wait for their frames: more than one never do.
const maxDescriptors = 8

func (d *descriptors) Read(b []byte) (int, error) {
	var oob [64]byte
	n, m, _, _, err := d.conn.ReadMsgUnix(b, oob[:])
	n = max(n, 0) // -1 with an error
	if m > 0 {
		messages, parseErr := syscall.ParseSocketControlMessage(oob[:m])
		for i := range messages {
			if fds, err := syscall.ParseUnixRights(&messages[i]); err == nil {
				d.got = append(d.got, fds...)
			}
		}
		err = errors.Join(err, parseErr)
	}
	if len(d.got) > maxDescriptors {
		return n, errors.New("too many descriptors")
	}
	if err == nil && n == 0 && len(b) > 0 {
		return 0, errClosed
	}
	return n, err
}

func (d *descriptors) take() (*os.File, error) {
	if len(d.got) == 0 {
		return nil, errors.New("frame lacks its descriptor")
	}
	fd := d.got[0]
	d.got = d.got[1:]
	return os.NewFile(uintptr(fd), "hands"), nil
}

func (d *descriptors) close() {
	for _, fd := range d.got {
		syscall.Close(fd)
	}
}
