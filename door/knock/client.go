package knock

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door"
)

const (
	// firstAgain is after how long a knock without an answer is sent again; each time
	// twice as long.
	firstAgain = 250 * time.Millisecond
	longestGap = 2 * time.Second
	// mostRounds is how many permits one knock may take: one that names a guess, one for
	// the challenge that comes back, and one more where that came too late.
	mostRounds = 3
)

// Ask is what an owner asks a door for.
type Ask struct {
	// From is whom to let in; the zero Prefix is the address that the door sees. What is
	// only believed to be our address is Guess.
	From netip.Prefix
	// Guess is the address that the door probably sees: it saves a round where it is
	// right, and does nothing where it is wrong.
	Guess netip.Addr
	Ports []uint16
	For   time.Duration
}

// Answer is a lease, as the owner's side hears of it.
type Answer struct {
	// ID is the lease's.
	ID   string
	From netip.Prefix
	// Until is by our clock.
	Until time.Time
	// Seen is our address as the door sees it.
	Seen netip.Addr
	// Apart is how far the door's clock is ahead of ours, where that is more than it
	// should be; else 0.
	Apart time.Duration
}

// Client knocks at one door. It is safe for concurrent use.
type Client struct {
	Pass   *Pass
	Signer ssh.Signer
	// Now is the clock; nil is the system's.
	Now func() time.Time
}

// SilentError is a door that did not answer.
type SilentError struct {
	Where netip.AddrPort
	// Nobody says that the machine answered in the door's place that nobody listens there.
	Nobody bool
	Err    error
}

func (e *SilentError) Error() string { return fmt.Sprintf("no answer from the door at %s", e.Where) }

// Unwrap gives what was waited for, or what the system said.
func (e *SilentError) Unwrap() error { return e.Err }

// RefusedError is a door that knows us and does not let us in.
type RefusedError struct {
	door.Refusal
	// Apart is how far the door's clock is ahead of ours.
	Apart time.Duration
}

// Unwrap gives the refusal.
func (e *RefusedError) Unwrap() error { return &e.Refusal }

// Knock asks the door at an address for a lease, and sends again what gets no answer,
// until ctx is done. The error is a *RefusedError, a *SilentError, one of signing, or one
// of the network on this side.
func (c *Client) Knock(ctx context.Context, to netip.AddrPort, ask Ask) (Answer, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return Answer{}, fmt.Errorf("reach %s: %w", to, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	k := &knocking{Client: c, ask: ask, to: to, conn: conn, check: newCheck(c.Pass.Secret)}
	if k.Now == nil {
		k.Now = time.Now
	}
	from, apart := ask.From, time.Duration(0)
	if local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone(""); !from.IsValid() {
		from = single(guess(ask.Guess, local, to.Addr().Unmap()))
	}
	var challenge door.Challenge
	for round := 1; ; round++ {
		w, err := k.round(ctx, from, challenge)
		if err != nil {
			return Answer{}, err
		}
		now := k.Now()
		if d := w.now.Sub(now); d.Abs() > door.Skew {
			apart = d
		}
		switch {
		case w.code == granted:
			return Answer{hex.EncodeToString(w.lease[:]), w.from, now.Add(w.last), w.seen, apart}, nil
		case w.challenge.IsZero() || round == mostRounds:
			return Answer{}, &RefusedError{door.Refusal{
				Code: w.code, From: w.from, Port: w.port, Limit: w.last, Now: w.now}, apart}
		}
		// What is signed now names the address in any case: that which the door sees.
		if challenge = w.challenge; !ask.From.IsValid() {
			from = single(w.seen)
		}
	}
}

// guess is our address as the door probably sees it; the zero Addr where there is none.
func guess(remembered, local, to netip.Addr) netip.Addr {
	switch {
	case local.Is4() != to.Is4():
		return netip.Addr{}
	case local.IsGlobalUnicast() && !translated(local), translated(to), to.IsLoopback():
		return local
	case remembered.IsValid() && remembered.Is4() == to.Is4():
		return remembered
	}
	return netip.Addr{}
}

// translated reports whether somebody far away sees another address in a's place.
func translated(a netip.Addr) bool {
	return a.IsPrivate() || netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}

func single(a netip.Addr) netip.Prefix {
	if !a.IsValid() {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(a, a.BitLen())
}

type knocking struct {
	*Client
	ask   Ask
	to    netip.AddrPort
	conn  *net.UDPConn
	check *check
}

// round sends one permit until it is answered.
func (k *knocking) round(ctx context.Context, from netip.Prefix, challenge door.Challenge) (*word, error) {
	packet, answer, err := k.packet(from, challenge)
	if err != nil {
		return nil, err
	}
	silent := &SilentError{Where: k.to}
	buffer := make([]byte, MaxPacket)
	for gap := firstAgain; ; gap = min(2*gap, longestGap) {
		// Packets of a socket that nobody holds open come back as errors: keep trying,
		// the door may be starting.
		if _, err := k.conn.Write(packet); err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, fmt.Errorf("send to %s: %w", k.to, err)
		}
		until := time.Now().Add(gap)
		for time.Now().Before(until) {
			_ = k.conn.SetReadDeadline(until)
			if err := ctx.Err(); err != nil { // after the deadline was set: ctx may have set its own before
				silent.Err = err
				return nil, silent
			}
			n, err := k.conn.Read(buffer)
			switch {
			case errors.Is(err, os.ErrDeadlineExceeded):
				continue
			case errors.Is(err, syscall.ECONNREFUSED):
				silent.Nobody = true
				continue
			case err != nil:
				return nil, fmt.Errorf("hear from %s: %w", k.to, err)
			}
			if w, err := unseal(answer, buffer[:n]); err == nil {
				return w, nil
			}
			if shown, ok := offered(k.check, packet, buffer[:n]); ok {
				setCookie(packet, shown)
				retag(k.check, packet)
				_, _ = k.conn.Write(packet)
			}
		}
		if err := ctx.Err(); err != nil {
			silent.Err = err
			return nil, silent
		}
	}
}

// packet makes the packet of a new permit, and the key of its answer.
func (k *knocking) packet(from netip.Prefix, challenge door.Challenge) ([]byte, cipher.AEAD, error) {
	s, err := newSender(k.Pass)
	if err != nil {
		return nil, nil, err
	}
	p := &door.Permit{
		Door: k.Pass.Fingerprint(), Encapsulation: s.enc, Challenge: challenge,
		Time: k.Now(), For: k.ask.For, From: from, Ports: slices.Clone(k.ask.Ports),
	}
	_, _ = rand.Read(p.Nonce[:]) // never fails
	permit := p.Marshal()
	if permit == nil {
		return nil, nil, &door.Refusal{Code: door.CodeMalformed, Why: "this cannot be asked for"}
	}
	if !Fits(k.Signer.PublicKey(), len(p.Ports)) {
		return nil, nil, ErrTooLarge
	}
	signature, err := door.Sign(rand.Reader, k.Signer, permit)
	if err != nil {
		return nil, nil, err
	}
	packet, err := s.packet(k.check, permit, signature.Marshal())
	if err != nil {
		return nil, nil, err
	}
	answer, err := words(s.hpke.Export)
	return packet, answer, err
}
