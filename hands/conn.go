package hands

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/linux"
)

// conn is one connection to a client.
type conn struct {
	*net.UnixConn
	server *Server
	root   bool       // may ask for a shutdown
	writes sync.Mutex // one frame at a time
}

// parcel is a reply with what goes along.
type parcel struct {
	reply
	body []byte
	file *os.File // closed once it is sent
}

// serve answers requests until the connection ends.
func (c *conn) serve() {
	var asks sync.WaitGroup
	defer func() {
		c.Close()
		asks.Wait()
		c.server.remove(c) // last: what was under way may have begun to watch
	}()
	in := bufio.NewReaderSize(c.UnixConn, 4096) // by plain read: descriptors sent to us are dropped
	var first request
	if _, err := readFrame(in, &first); err != nil {
		c.ended(err)
		return
	}
	if first.Op != opHello || first.Version != version {
		c.send(parcel{reply: reply{ID: first.ID, Refused: chain.Say("hands.version",
			"ours", version, "theirs", first.Version)}})
		return
	}
	c.send(parcel{reply: reply{ID: first.ID, Version: version}})
	slots := make(chan struct{}, maxAsks)
	for {
		var q request
		if _, err := readFrame(in, &q); err != nil {
			c.ended(err)
			return
		}
		slots <- struct{}{}
		asks.Go(func() {
			p, err := c.answer(q)
			p.ID = q.ID
			if refused, ok := errors.AsType[*Refused](err); ok {
				p.Refused = refused.Text
			} else if err != nil {
				p.Error, p.Errno = err.Error(), errno(err)
			}
			c.send(p)
			if q.Op == opShutdown && err == nil {
				c.server.leave() // who asked for the end has been told of it first
			}
			<-slots
		})
	}
}

func (c *conn) ended(err error) {
	if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		c.server.log.Warn("read request", "error", err)
	}
}

// answer carries one request out. A deed goes on when the client has gone.
func (c *conn) answer(q request) (p parcel, err error) {
	s := c.server
	switch q.Op {
	case opNames:
		for _, v := range s.services {
			p.Names = append(p.Names, v.Name)
		}
		return p, nil
	case opRead:
		p.body, err = s.readFile(q.Path)
		return p, err
	case opDial:
		p.file, err = s.dial(q.Path)
		p.Descriptor = p.file != nil
		return p, err
	case opTune:
		if q.Tuning == nil {
			return p, refuse(chain.Say("hands.unknown_request"))
		}
		return p, s.tuner.apply(*q.Tuning)
	case opKeep:
		return p, s.tuner.keep()
	case opUndo:
		return p, s.tuner.undo()
	case opBecame:
		if q.Tuning == nil {
			return p, refuse(chain.Say("hands.unknown_request"))
		}
		p.Outcome, err = s.tuner.became(q.Tuning.ID)
		return p, err
	case opShutdown:
		if !c.root {
			return p, refuse(chain.Say("hands.root_only"))
		}
		return p, s.shutdown()
	case opDo:
		q.Service = q.Deed.Service
	}
	v, err := s.service(q.Service)
	if err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeout(s.ctx, askTimeout)
	defer cancel()
	switch q.Op {
	case opDo:
		done, err := v.do(q.Deed.Verb)
		p.Done = &done
		return p, err
	case opProcess:
		process, err := v.process(ctx)
		p.Process = &process
		return p, err
	case opEvidence:
		evidence, err := v.evidence(ctx)
		p.Evidence = &evidence
		return p, err
	case opWatch:
		v.watch(c)
		_, err := v.process(ctx)
		return p, err
	}
	return p, refuse(chain.Say("hands.unknown_request"))
}

// askTimeout bounds a look at a service; it is systemd that may keep us waiting.
const askTimeout = 5 * time.Second

// send writes one frame. A peer that does not read loses its connection.
func (c *conn) send(p parcel) {
	if p.file != nil {
		defer p.file.Close()
	}
	b, err := frame(p.reply, p.body)
	if err != nil {
		b, err = frame(reply{ID: p.ID, Error: err.Error()}, nil)
		p.file = nil
	}
	if err == nil {
		err = c.write(b, p.file)
	}
	if err != nil {
		c.Close()
	}
}

func (c *conn) write(b []byte, file *os.File) error {
	c.writes.Lock()
	defer c.writes.Unlock()
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if file != nil {
		n, _, err := c.WriteMsgUnix(b, unix.UnixRights(int(file.Fd())), nil)
		if err != nil {
			return err
		}
		b = b[n:]
	}
	_, err := c.Write(b)
	return err
}

// readFile reads a listed file whole.
func (s *Server) readFile(path string) ([]byte, error) {
	if !slices.Contains(s.file.Files, path) {
		return nil, refuse(chain.Say("hands.unknown_file", "path", path))
	}
	f, _, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxBody {
		return nil, errors.New("larger than a mebibyte")
	}
	return b, nil
}

// dial connects to a listed socket.
func (s *Server) dial(path string) (*os.File, error) {
	if !slices.Contains(s.file.Sockets, path) {
		return nil, refuse(chain.Say("hands.unknown_socket", "path", path))
	}
	// Root may connect to every socket: which one is not for a service to choose that
	// may write to the folder of its own.
	at, err := openAt(path, linux.O_PATH, 0)
	if err != nil {
		return nil, err
	}
	defer at.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(at.Fd()), &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK || st.Nlink != 1 { // with another name it may be another's
		return nil, fmt.Errorf("%s is not a socket of its own: %w", path, os.ErrInvalid)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|linux.SOCK_CLOEXEC|linux.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("make socket: %w", err)
	}
	// Non-blocking: with the backlog full this is EAGAIN at once, and tells as much.
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: fmt.Sprintf("/proc/self/fd/%d", at.Fd())}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("connect: %w", err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// shutdown stops all children, the last first, before the server ends.
func (s *Server) shutdown() error {
	s.shutting.Store(true)
	var failed []error
	for _, v := range slices.Backward(s.services) {
		if v.Child == nil {
			continue
		}
		if err := v.shut(); err != nil {
			failed = append(failed, fmt.Errorf("stop %s: %w", v.Name, err))
		}
	}
	if len(failed) > 0 {
		s.shutting.Store(false)
	}
	return errors.Join(failed...)
}
