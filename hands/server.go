package hands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/linux"
)

// Bounds of the server.
const (
	maxConns = 32
	// maxAsks is how many requests of one connection may be under way.
	maxAsks = 32
	// writeTimeout is how long a peer may leave a frame unread.
	writeTimeout = 5 * time.Second
	// deedTimeout bounds a deed, besides the service's own stop_timeout.
	deedTimeout = 3 * time.Minute
	// lockPatience is how long hands waits for its predecessor to end.
	lockPatience = 5 * time.Second
)

// Server carries out what its File allows.
type Server struct {
	file     File
	guard    int // its user id, -1 for none
	log      *slog.Logger
	services []*service
	kernel   *kernelLog
	bus      *bus
	lock     *os.File
	tuner    tuner

	ctx  context.Context // of deeds: they outlive whoever asked
	stop context.CancelFunc
	work sync.WaitGroup

	shutting atomic.Bool // no deeds any more: the children are being stopped

	quit     chan struct{} // closed when a client has asked for the end
	quitOnce sync.Once

	mu    sync.Mutex // protects conns
	conns map[*conn]struct{}
}

// New makes a server of a checked file and takes over the children that an earlier
// one has left. Its owner calls Close.
func New(file File, log *slog.Logger) (*Server, error) {
	s := &Server{file: file, guard: -1, log: log,
		quit: make(chan struct{}), conns: map[*conn]struct{}{}}
	if file.Guard != "" {
		u, err := findUser(file.Guard)
		if err != nil {
			return nil, fmt.Errorf("find the guard's user: %w", err)
		}
		s.guard = int(u.uid)
	}
	lock, err := lockRun(file.run(), lockPatience)
	if err != nil {
		return nil, err
	}
	s.lock = lock
	s.kernel = openKernelLog(log)
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.bus = &bus{ctx: s.ctx}
	for _, spec := range file.Services {
		s.services = append(s.services, s.newService(spec))
	}
	for _, v := range s.services {
		if _, err := v.process(s.ctx); err != nil {
			log.Warn("look at service", "service", v.Name, "error", err)
		}
	}
	s.work.Go(s.seek)
	s.tuner.server = s
	if err := s.tuner.resume(); err != nil {
		log.Error("take up the tuning", "error", err)
	}
	return s, nil
}

// seekBeat is how often a process is looked for that somebody else may have started.
const seekBeat = time.Second

// seek finds the new main process of a service that is watched and has none.
func (s *Server) seek() {
	beat := time.NewTicker(seekBeat)
	defer beat.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-beat.C:
		}
		for _, v := range s.services {
			if v.lost() {
				v.current(s.ctx) //nolint:errcheck // who asks for evidence is told
			}
		}
	}
}

// lockRun makes the folder that remembers children and locks it for us. A
// predecessor may still be at its last deed.
func lockRun(dir string, patience time.Duration) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make run folder: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return nil, fmt.Errorf("stat run folder: %w", err)
	}
	if t, bad := writable(dir, &st); bad {
		return nil, refuse(t)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) || time.Now().After(end) {
			f.Close()
			return nil, fmt.Errorf("lock %s (another hands at work?): %w", dir, err)
		}
	}
}

// Close lets deeds under way finish, ends all connections and leaves the children
// running.
func (s *Server) Close() error {
	s.leave()
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.tuner.close()
	for _, v := range s.services {
		v.finish()
	}
	s.stop()
	for _, v := range s.services {
		v.close()
	}
	s.work.Wait()
	s.bus.close()
	s.kernel.close()
	return s.lock.Close()
}

func (s *Server) leave() { s.quitOnce.Do(func() { close(s.quit) }) }

// Serve accepts connections on l, and closes it, until ctx is done or root has asked
// for a shutdown.
func (s *Server) Serve(ctx context.Context, l *net.UnixListener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.work.Go(func() {
		select {
		case <-ctx.Done():
		case <-s.quit:
		}
		l.Close()
	})
	for {
		c, err := l.AcceptUnix()
		switch {
		case err == nil:
			s.accept(c)
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		default: // out of descriptors or memory: what we have goes on
			s.log.Warn("accept", "error", err)
			select {
			case <-ctx.Done():
			case <-s.quit:
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}

// accept serves a connection of its own goroutine, if the peer is who may ask.
func (s *Server) accept(u *net.UnixConn) {
	uid, err := peer(u)
	if err != nil {
		s.log.Warn("ask who it is", "error", err)
		u.Close()
		return
	}
	root := uid == 0 || uid == os.Geteuid()
	if !root && uid != s.guard {
		s.log.Warn("refused a stranger", "uid", uid)
		turnAway(u, chain.Say("hands.stranger", "uid", uid))
		return
	}
	c := &conn{UnixConn: u, server: s, root: root}
	if !s.add(c) {
		turnAway(u, chain.Say("hands.crowded", "max", maxConns))
		return
	}
	s.work.Go(c.serve)
}

// ServeConn serves a connection that hands was started with, until it ends, ctx is
// done, or the server is closed. Whoever holds it asks as the guard does, never as
// root: it was made by a process that has given up its privileges since.
func (s *Server) ServeConn(ctx context.Context, u *net.UnixConn) error {
	c := &conn{UnixConn: u, server: s}
	if !s.add(c) {
		u.Close()
		return errors.New("too many connections")
	}
	end := context.AfterFunc(ctx, func() { c.Close() })
	defer end()
	c.serve()
	return nil
}

func (s *Server) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.quit:
		return false
	default:
	}
	if len(s.conns) >= maxConns {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	for _, v := range s.services {
		v.unwatch(c)
	}
}

// turnAway says why, without ever waiting for a peer that does not read.
func turnAway(u *net.UnixConn, t chain.Text) {
	defer u.Close()
	if b, err := frame(reply{Refused: t}, nil); err == nil {
		u.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)) //nolint:errcheck // it goes away in any case
		u.Write(b)                                                //nolint:errcheck
	}
}

// peer is the user id of the process at the other end.
func peer(u *net.UnixConn) (int, error) {
	raw, err := u.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("peer: %w", err)
	}
	var cred *linux.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = linux.PeerCred(int(fd))
	}); err != nil {
		return -1, fmt.Errorf("peer: %w", err)
	}
	if credErr != nil {
		return -1, fmt.Errorf("peer: %w", credErr)
	}
	return int(cred.Uid), nil
}

func (s *Server) service(name string) (*service, error) {
	i := slices.IndexFunc(s.services, func(v *service) bool { return v.Name == name })
	if i < 0 {
		return nil, refuse(chain.Say("hands.unknown_service", "service", name))
	}
	return s.services[i], nil
}
