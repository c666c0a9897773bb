package knock

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/omamori-guard/omamori/door"
)

// Door is the side that may change the firewall. It judges everything again.
type Door interface {
	// Challenge gives a number to be signed once and soon.
	Challenge(ctx context.Context) (door.Challenge, error)
	// Admit makes a lease of a permit and its signature, in force when it returns. An
	// error that is a *door.Refusal is told to the owner by its code.
	Admit(ctx context.Context, permit, signature []byte) (door.Lease, error)
}

// Conn is a UDP socket. One of the system's, a *net.UDPConn, may be bound to all addresses:
// each knock is answered from the one that it came to.
type Conn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
	SetReadDeadline(t time.Time) error
}

const (
	workers  = 4
	waiting  = 64 // knocks that may wait for a worker
	doorTime = 5 * time.Second
	// cookieLife is how long the key of cookies is used; they are good for up to twice that.
	cookieLife = time.Minute
	// SumsEvery is how often sums are told.
	SumsEvery = 10 * time.Minute
)

// Sums count packets by what became of them.
type Sums struct {
	// Packets is all that arrived.
	Packets uint64
	// Foreign were not made by anybody with the door's pass.
	Foreign uint64
	// Again were copies of knocks that were known.
	Again uint64
	// Over were too many at once.
	Over uint64
	// Unproved were sealed wrongly, or not signed by anybody who may knock here.
	Unproved uint64
	// Refused were an owner's, and yet not granted.
	Refused uint64
	// Challenged were answered with a challenge.
	Challenged uint64
	// Granted made a lease.
	Granted uint64
}

type counters struct {
	packets, foreign, again, over, unproved, refused, challenged, granted atomic.Uint64
}

func (c *counters) take() Sums {
	return Sums{
		c.packets.Swap(0), c.foreign.Swap(0), c.again.Swap(0), c.over.Swap(0),
		c.unproved.Swap(0), c.refused.Swap(0), c.challenged.Swap(0), c.granted.Swap(0),
	}
}

// Server hears knocks.
type Server struct {
	Key  *Key
	Door Door
	// Signers reads who may knock: see door.GateOptions.
	Signers func() (door.Signers, error)
	// Tell is given the sums of each interval in which there was anything.
	Tell func(Sums)
	// Opened is told of each lease; nil is nobody.
	Opened func(door.Lease)
	// Failed is told why the door could not be asked; at most once an interval. Nil is
	// nobody.
	Failed func(error)
	// Now is the clock; nil is the system's.
	Now func() time.Time
}

type job struct {
	packet  []byte
	from    netip.AddrPort
	control []byte // what the kernel told of the packet
}

type serving struct {
	*Server
	conn   Conn
	udp    *net.UDPConn // conn, if it is one of the system's
	sums   counters
	jobs   chan job
	failed atomic.Bool

	mu     sync.Mutex // protects recent
	recent *recent

	// Of the reader alone.
	check         *check
	baker         *baker
	turned        time.Time
	free, shown   *budget
	addressBuffer []byte
}

// Serve answers what comes through conn until ctx is done, and returns nil then.
func (s *Server) Serve(ctx context.Context, conn Conn) error {
	if s.Now == nil {
		s.Now = time.Now
	}
	v := &serving{
		Server: s, conn: conn, jobs: make(chan job, waiting), recent: newRecent(),
		check: newCheck(s.Key.secret), baker: newBaker(), turned: time.Now(),
		free: newBudget(), shown: newBudget(),
	}
	if v.udp, _ = conn.(*net.UDPConn); v.udp != nil {
		if err := tellDestination(v.udp); err != nil {
			return fmt.Errorf("ask for the addresses of knocks: %w", err)
		}
	}
	inner, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for j := range v.jobs {
				v.work(inner, j)
			}
		})
	}
	all.Go(func() { v.tell(inner) })
	stop := context.AfterFunc(inner, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	err := v.read(ctx)
	cancel()
	stop()
	close(v.jobs)
	all.Wait()
	return err
}

// tell tells the sums.
func (v *serving) tell(ctx context.Context) {
	every := time.NewTicker(SumsEvery)
	defer every.Stop()
	for done := false; !done; {
		select {
		case <-ctx.Done():
			done = true
		case <-every.C:
		}
		v.failed.Store(false)
		if sums := v.sums.take(); sums != (Sums{}) && v.Tell != nil {
			v.Tell(sums)
		}
	}
}

func (v *serving) read(ctx context.Context) error {
	buffer := make([]byte, MaxPacket+1) // one more, to see what is too long
	control := make([]byte, 128)
	for {
		var n, told int
		var from netip.AddrPort
		var err error
		if v.udp != nil {
			n, told, _, from, err = v.udp.ReadMsgUDPAddrPort(buffer, control)
		} else {
			n, from, err = v.conn.ReadFromUDPAddrPort(buffer)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // what ICMP tells of an answer, or no memory for a moment
			continue
		}
		v.packet(buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), control[:told])
	}
}

// packet does what is cheap, and leaves the rest to the workers.
func (v *serving) packet(b []byte, from netip.AddrPort, control []byte) {
	v.sums.packets.Add(1)
	if !v.check.knock(b) {
		v.sums.foreign.Add(1)
		return
	}
	t := tagOf(b)
	v.mu.Lock()
	answer, fresh := v.recent.meet(t, from)
	v.mu.Unlock()
	if !fresh {
		v.sums.again.Add(1)
		v.send(answer, from, control)
		return
	}
	now := time.Now()
	if now.Sub(v.turned) > cookieLife {
		v.baker.turn()
		v.turned = now
	}
	v.addressBuffer, _ = from.AppendBinary(v.addressBuffer[:0])
	shown := cookieOf(b)
	may := false
	if !shown.isZero() && v.baker.good(shown, v.addressBuffer) {
		may = v.shown.take(from.Addr(), now)
	} else if may = v.free.take(from.Addr(), now); !may {
		// Whoever receives this is where he says, and has a share of his own.
		v.send(offer(v.check, b, v.baker.bake(v.addressBuffer)), from, control)
	}
	if may {
		v.mu.Lock()
		v.recent.begin(t, from)
		v.mu.Unlock()
		select {
		case v.jobs <- job{slices.Clone(b), from, slices.Clone(control)}:
			return
		default:
			v.mu.Lock()
			v.recent.forget(t)
			v.mu.Unlock()
		}
	}
	v.sums.over.Add(1)
}

func (v *serving) send(b []byte, to netip.AddrPort, control []byte) {
	switch { // UDP: the client asks again
	case b == nil:
	case v.udp != nil:
		_, _, _ = v.udp.WriteMsgUDPAddrPort(b, answerFrom(control), to)
	default:
		_, _ = v.conn.WriteToUDPAddrPort(b, to)
	}
}

// work opens a knock and answers it, or does not.
func (v *serving) work(ctx context.Context, j job) {
	answer, closed := v.answer(ctx, j)
	v.mu.Lock()
	v.recent.end(tagOf(j.packet), j.from, answer, closed)
	v.mu.Unlock()
	v.send(answer, j.from, j.control)
}

// answer is what to answer, nil for silence, and whether the knock has had its effect.
func (v *serving) answer(ctx context.Context, j job) (packet []byte, closed bool) {
	o, err := v.Key.open(j.packet)
	if err != nil {
		v.sums.unproved.Add(1)
		return nil, true
	}
	now := v.Now()
	signers, _ := v.Signers() // what cannot be read of them is nobody
	p, _, _, err := signers.Verify(o.permit, o.signature, now)
	w := &word{seen: j.from.Addr(), now: now}
	var refused *door.Refusal
	switch {
	case errors.As(err, &refused) && (refused.Code == door.CodeExpired || refused.Code == door.CodeTooEarly):
		v.sums.refused.Add(1)
		w.code = refused.Code
		return seal(o.answer, w), true
	case err != nil || p.Door != v.Key.Fingerprint() || p.Encapsulation != [encSize]byte(encOf(j.packet)):
		v.sums.unproved.Add(1)
		return nil, true
	}
	ctx, cancel := context.WithTimeout(ctx, doorTime)
	defer cancel()
	var lease door.Lease
	switch {
	case p.Challenge.IsZero() && p.Time.Sub(now).Abs() > door.Skew:
		refused = &door.Refusal{Code: door.CodeClock}
	case p.Challenge.IsZero() && (p.AsSeen() || !p.From.Contains(w.seen)):
		// Named as his own, but not so: what the owner believed is out of date, or
		// somebody else sends this.
		refused = &door.Refusal{Code: door.CodeChallenge}
	default:
		lease, err = v.Door.Admit(ctx, o.permit, o.signature)
		if err != nil && !errors.As(err, &refused) {
			v.fail(err)
			refused = &door.Refusal{Code: door.CodeFirewall}
		}
	}
	if refused == nil {
		v.sums.granted.Add(1)
		if v.Opened != nil {
			v.Opened(lease)
		}
		w.from, w.last = lease.From, lease.Until.Sub(lease.Since)
		_, _ = hex.Decode(w.lease[:], []byte(lease.ID))
		return seal(o.answer, w), true
	}
	w.code, w.from, w.port, w.last = refused.Code, refused.From, refused.Port, refused.Limit
	switch {
	case refused.Code == door.CodeReplayed,
		refused.Code == door.CodeChallenge && !p.Challenge.IsZero() && p.Time.Sub(now).Abs() > door.Skew:
		v.sums.unproved.Add(1)
		return nil, true
	case refused.Code == door.CodeChallenge || refused.Code == door.CodeClock:
		if w.challenge, err = v.Door.Challenge(ctx); err != nil {
			v.fail(err)
			w.code = door.CodeFirewall
			break
		}
		v.sums.challenged.Add(1)
		return seal(o.answer, w), !p.Challenge.IsZero()
	}
	v.sums.refused.Add(1)
	return seal(o.answer, w), true
}

// fail tells once an interval why the door cannot be asked.
func (v *serving) fail(err error) {
	if v.Failed != nil && !v.failed.Swap(true) {
		v.Failed(err)
	}
}
