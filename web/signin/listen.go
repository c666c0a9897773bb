package signin

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Bounds of connections. A browser that does not take what is written to it is let go;
// nobody waits for it.
const (
	maxLines   = 400
	writeLimit = 10 * time.Second
	readLimit  = 10 * time.Second
	idleLimit  = 60 * time.Second
	maxHeaders = 16 << 10
)

// Listeners are where the page is to be: made while the program may still take any port.
type Listeners struct {
	all []net.Listener
	// v6 says that the loopback of both sorts is ours.
	both bool
}

// Listen takes the page's port. On the IPv4 loopback it takes that of IPv6 too: browsers
// that are told a name may try either, and are not to find somebody else there.
func Listen(s *Settings) (*Listeners, error) {
	at, err := netip.ParseAddrPort(s.Listen)
	if err != nil {
		return nil, err
	}
	first, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, err
	}
	l := &Listeners{all: []net.Listener{first}}
	if at.Addr() == netip.AddrFrom4([4]byte{127, 0, 0, 1}) {
		second, err := net.Listen("tcp", netip.AddrPortFrom(netip.IPv6Loopback(), l.Port()).String())
		if err == nil {
			l.all = append(l.all, second)
		}
		l.both = err == nil || !taken(err)
	}
	return l, nil
}

// Port is the port that was taken.
func (l *Listeners) Port() uint16 {
	a, ok := l.all[0].Addr().(*net.TCPAddr)
	if !ok {
		return 0
	}
	return a.AddrPort().Port()
}

// Close gives the port back.
func (l *Listeners) Close() {
	for _, one := range l.all {
		one.Close()
	}
}

// URL is where browsers find the page.
func (l *Listeners) URL(s *Settings) string {
	port := strconv.Itoa(int(l.Port()))
	switch at, _ := netip.ParseAddrPort(s.Listen); {
	case s.TLS.On():
		host := at.Addr().String()
		if len(s.Hosts) > 0 {
			host = s.Hosts[0]
		}
		if port == "443" {
			return "https://" + bracket(host)
		}
		return "https://" + net.JoinHostPort(host, port)
	case len(s.Proxies) > 0 && len(s.Hosts) > 0:
		return "https://" + bracket(s.Hosts[0])
	case l.both:
		return "http://" + net.JoinHostPort(LocalHost, port)
	default:
		return "http://" + net.JoinHostPort(at.Addr().String(), port)
	}
}

func bracket(host string) string {
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		return "[" + host + "]"
	}
	return host
}

// Nowhere says why there is no page.
func (g *Gate) Nowhere(why chain.Text) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.nowhere = why
}

// Serve answers until ctx is done.
func (g *Gate) Serve(ctx context.Context, l *Listeners, h http.Handler) error {
	g.mu.Lock()
	s := g.settings
	g.base = l.URL(s)
	g.mu.Unlock()
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: readLimit, ReadTimeout: readLimit, IdleTimeout: idleLimit, MaxHeaderBytes: maxHeaders,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, lineKey{}, lineOf(c))
		},
		ErrorLog: slog.NewLogLogger(g.o.Log.Handler(), slog.LevelDebug),
		// HTTP/1 alone: every stream is then a connection of its own, and counted.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	wrap := func(one net.Listener) net.Listener { return &counted{one, g.lines} }
	if s.TLS.On() {
		c := newCertificate(s.TLS, g.o.Log)
		if _, err := c.get(nil); err != nil && !s.TLS.ACME.On() { // one that is got by itself may be still to come
			return err
		}
		config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"http/1.1"}}
		wrap = func(one net.Listener) net.Listener { return tls.NewListener(&counted{one, g.lines}, config) }
	}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	errs := make(chan error, len(l.all))
	for _, one := range l.all {
		go func() { errs <- srv.Serve(wrap(one)) }()
	}
	var all error
	for range l.all {
		if err := <-errs; !errors.Is(err, http.ErrServerClosed) {
			all = errors.Join(all, err)
			srv.Close()
		}
	}
	return all
}

// lines are the connections that are open, oldest first.
type lines struct {
	mu   sync.Mutex // protects the fields below
	open *list.List // of *line that nobody has signed in on
	n    int
}

func newLines() *lines { return &lines{open: list.New()} }

// line is one connection.
type line struct {
	net.Conn
	all *lines
	at  *list.Element // nil once somebody has signed in on it, or it is closed
	off bool
}

type lineKey struct{}

func lineOf(c net.Conn) *line {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	l, _ := c.(*line)
	return l
}

// add takes a connection in. Where there are too many, the oldest of a stranger makes
// room: whoever opens thousands does not keep out the owner, who opens one.
func (ls *lines) add(c net.Conn) net.Conn {
	ls.mu.Lock()
	var away *line
	if ls.n >= maxLines {
		oldest := ls.open.Front()
		if oldest == nil {
			ls.mu.Unlock()
			c.Close()
			return nil
		}
		away = oldest.Value.(*line)
		away.drop()
	}
	l := &line{Conn: c, all: ls}
	l.at = ls.open.PushBack(l)
	ls.n++
	ls.mu.Unlock()
	if away != nil {
		away.Conn.Close()
	}
	return l
}

// drop counts a line as closed. all.mu is held.
func (l *line) drop() {
	if l.off {
		return
	}
	l.off = true
	l.all.n--
	if l.at != nil {
		l.all.open.Remove(l.at)
		l.at = nil
	}
}

// admit marks the connection of a request as one of somebody who has signed in.
func (ls *lines) admit(ctx context.Context) {
	l, ok := ctx.Value(lineKey{}).(*line)
	if !ok || l == nil {
		return
	}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l.at != nil {
		ls.open.Remove(l.at)
		l.at = nil
	}
}

func (l *line) Close() error {
	l.all.mu.Lock()
	l.drop()
	l.all.mu.Unlock()
	return l.Conn.Close()
}

// Write gives whoever reads so long, for each piece.
func (l *line) Write(b []byte) (int, error) {
	if err := l.Conn.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return 0, err
	}
	return l.Conn.Write(b)
}

// counted is a listener whose connections are bounded.
type counted struct {
	net.Listener
	lines *lines
}

func (c *counted) Accept() (net.Conn, error) {
	for {
		n, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l := c.lines.add(n); l != nil {
			return l, nil
		}
	}
}

// certificate reads a certificate again when its files have changed.
type certificate struct {
	file, key string
	log       *slog.Logger

	mu     sync.Mutex // protects the fields below
	now    *tls.Certificate
	from   [2]time.Time
	looked time.Time
}

func newCertificate(s TLSSettings, log *slog.Logger) *certificate {
	c := &certificate{log: log}
	c.file, c.key = s.files()
	return c
}

// lookEach is how often the files are looked at.
const lookEach = 30 * time.Second

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now != nil && time.Since(c.looked) < lookEach {
		return c.now, nil
	}
	c.looked = time.Now()
	var from [2]time.Time
	for i, path := range []string{c.file, c.key} {
		if st, err := os.Stat(path); err == nil {
			from[i] = st.ModTime()
		}
	}
	if c.now != nil && from == c.from {
		return c.now, nil
	}
	pair, err := tls.LoadX509KeyPair(c.file, c.key)
	if err != nil {
		if c.now != nil { // half renewed: the old one counts still
			c.log.Warn("read the page's certificate", "error", err)
			return c.now, nil
		}
		return nil, fmt.Errorf("read the page's certificate: %w", err)
	}
	c.now, c.from = &pair, from
	return c.now, nil
}
