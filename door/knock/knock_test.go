package knock

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door"
)

// world is a door whose socket is a Go channel, with an owner.
type world struct {
	t     *testing.T
	owner ssh.Signer
	key   *Key
	gate  *door.Gate
	off   time.Duration // of the door's clock

	mu      sync.Mutex // protects the fields below
	signers string
	fault   error
	leases  []door.Lease
	sums    Sums

	net *network4
}

// network4 is a socket without a kernel.
type network4 struct {
	in      chan datagram
	out     chan datagram
	stop    chan struct{}
	stopped sync.Once
}

type datagram struct {
	b  []byte
	at netip.AddrPort
}

func (n *network4) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case d := <-n.in:
		return copy(b, d.b), d.at, nil
	case <-n.stop:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (n *network4) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	n.out <- datagram{append([]byte(nil), b...), to}
	return len(b), nil
}

func (n *network4) SetReadDeadline(time.Time) error {
	n.stopped.Do(func() { close(n.stop) })
	return nil
}

func (w *world) Challenge(context.Context) (door.Challenge, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != nil {
		return door.Challenge{}, w.fault
	}
	return w.gate.Challenge(), nil
}

func (w *world) Admit(_ context.Context, permit, signature []byte) (door.Lease, error) {
	w.mu.Lock()
	fault := w.fault
	w.mu.Unlock()
	if fault != nil {
		return door.Lease{}, fault
	}
	wish, err := w.gate.Admit(permit, signature)
	if err != nil {
		return door.Lease{}, err
	}
	l := wish.Lease(w.now())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leases = append(w.leases, l)
	return l, nil
}

func (w *world) granted() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.leases)
}

func (w *world) now() time.Time { return time.Now().Add(w.off) }

func (w *world) list() (door.Signers, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return door.ParseSigners([]byte(w.signers))
}

func newOwner(t testing.TB) ssh.Signer {
	t.Helper()
	_, secret, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newWorld makes one; the marks of its gate are old enough to be trusted.
func newWorld(t *testing.T) *world {
	t.Helper()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, owner: newOwner(t), key: key}
	w.signers = "mika " + string(ssh.MarshalAuthorizedKey(w.owner.PublicKey()))
	marks := filepath.Join(t.TempDir(), "marks")
	old := func() time.Time { return time.Now().Add(-time.Hour) }
	for _, now := range []func() time.Time{old, w.now} {
		w.gate, err = door.NewGate(door.GateOptions{Boot: "this",
			Door: key.Fingerprint(), Limits: door.DefaultLimits(22), Signers: w.list, Marks: marks, Now: now,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.gate.Close() })
	}
	return w
}

// serve serves through channels.
func (w *world) serve() {
	w.net = &network4{in: make(chan datagram), out: make(chan datagram, 1000), stop: make(chan struct{})}
	w.start(w.net)
}

func (w *world) start(conn Conn) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	s := &Server{Key: w.key, Door: w, Signers: w.list, Now: w.now, Tell: func(s Sums) { w.sums = s }}
	go func() { done <- s.Serve(ctx, conn) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
}

// made is a packet, and how to read its answer.
type made struct {
	packet []byte
	open   func([]byte) (*word, error)
}

var home = netip.MustParseAddrPort("203.0.113.7:40000")

// knock makes a packet of a permit that set has changed.
func (w *world) knock(signer ssh.Signer, set func(*door.Permit)) made {
	w.t.Helper()
	pass := w.key.Pass("door.example", DefaultPort)
	s, err := newSender(pass)
	if err != nil {
		w.t.Fatal(err)
	}
	p := &door.Permit{
		Door: w.key.Fingerprint(), Encapsulation: s.enc, Time: time.Now(), For: time.Minute,
		From: single(home.Addr()), Ports: []uint16{22},
	}
	_, _ = rand.Read(p.Nonce[:])
	if set != nil {
		set(p)
	}
	permit := p.Marshal()
	sig, err := door.Sign(rand.Reader, signer, permit)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := s.packet(newCheck(pass.Secret), permit, sig.Marshal())
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := words(s.hpke.Export)
	if err != nil {
		w.t.Fatal(err)
	}
	return made{b, func(b []byte) (*word, error) { return unseal(answer, b) }}
}

func (w *world) send(b []byte, from netip.AddrPort) { w.net.in <- datagram{b, from} }

// hear waits for the next packet of the door.
func (w *world) hear() datagram {
	w.t.Helper()
	select {
	case d := <-w.net.out:
		return d
	case <-time.After(10 * time.Second):
		w.t.Fatal("the door is silent")
		panic("unreachable")
	}
}

// told sends a knock and reads the answer.
func (w *world) told(m made, from netip.AddrPort) *word {
	w.t.Helper()
	w.send(m.packet, from)
	d := w.hear()
	if d.at != from || len(d.b) > len(m.packet) {
		w.t.Errorf("%d bytes to %s for %d from %s", len(d.b), d.at, len(m.packet), from)
	}
	word, err := m.open(d.b)
	if err != nil {
		w.t.Fatal(err)
	}
	return word
}

// silent sends packets, of which none may be answered: then one that is must be the first.
func (w *world) silent(from netip.AddrPort, packets ...[]byte) {
	w.t.Helper()
	for _, b := range packets {
		w.send(b, from)
	}
	other := netip.AddrPortFrom(home.Addr(), uint16(1+time.Now().UnixNano()%60000))
	m := w.knock(w.owner, func(p *door.Permit) { p.From = netip.Prefix{} })
	w.send(m.packet, other)
	if d := w.hear(); d.at != other {
		w.t.Errorf("a packet that must not be answered was: %d bytes to %s", len(d.b), d.at)
	}
}

func TestGranted(t *testing.T) {
	w := newWorld(t)
	w.serve()
	m := w.knock(w.owner, nil)
	got := w.told(m, home)
	if got.code != granted || got.from != single(home.Addr()) || got.last != time.Minute || got.seen != home.Addr() || w.granted() != 1 {
		t.Fatalf("%+v", got)
	}
	// The answer was lost: the same comes again, and no second lease.
	if again := w.told(m, home); again.lease != got.lease || w.granted() != 1 {
		t.Errorf("%+v", again)
	}
	// The answer must not be sent for ever.
	for range mostAgain {
		w.send(m.packet, home)
	}
	for len(w.net.out) > 0 {
		<-w.net.out
	}
	w.silent(home, m.packet)
}

// Relay and replay: who copies a knock gets nothing, and hears nothing.
func TestReplay(t *testing.T) {
	w := newWorld(t)
	w.serve()
	stranger := netip.MustParseAddrPort("198.51.100.66:5")
	m := w.knock(w.owner, nil)
	if got := w.told(m, home); got.code != granted {
		t.Fatalf("%+v", got)
	}
	w.silent(stranger, m.packet, m.packet)
	// Nor once the server has forgotten it.
	w.serve()
	// To a stranger it is one that names another address: what comes back tells nothing
	// to him, and asks for a new signature.
	if got := w.told(m, stranger); got.code != door.CodeChallenge {
		t.Errorf("%+v", got)
	}
	w.silent(home, m.packet)
	if w.granted() != 1 {
		t.Errorf("%d leases", w.granted())
	}
}

// Relay: the copy is faster than the knock itself.
func TestRelay(t *testing.T) {
	w := newWorld(t)
	w.serve()
	stranger := netip.MustParseAddrPort("198.51.100.66:5")
	// A knock that names its address opens nothing to another, and asks who is there.
	m := w.knock(w.owner, nil)
	if got := w.told(m, stranger); got.code != door.CodeChallenge || got.seen != stranger.Addr() || w.granted() != 0 {
		t.Errorf("%+v", got)
	}
	if got := w.told(m, home); got.code != granted {
		t.Errorf("the owner behind the stranger: %+v", got)
	}
	// Nor does one that names none; and the owner is answered all the same.
	m = w.knock(w.owner, func(p *door.Permit) { p.From = netip.Prefix{} })
	if got := w.told(m, stranger); got.code != door.CodeChallenge || got.challenge.IsZero() || w.granted() != 1 {
		t.Errorf("%+v", got)
	}
	got := w.told(m, home)
	if got.code != door.CodeChallenge || got.seen != home.Addr() {
		t.Fatalf("%+v", got)
	}
	// The challenge is the owner's to sign, whoever sends the packet.
	thief := newOwner(t)
	stolen := w.knock(thief, func(p *door.Permit) { p.Challenge, p.From = got.challenge, single(stranger.Addr()) })
	w.silent(stranger, stolen.packet)
	m = w.knock(w.owner, func(p *door.Permit) { p.Challenge = got.challenge })
	if got := w.told(m, home); got.code != granted || got.from != single(home.Addr()) {
		t.Errorf("%+v", got)
	}
	w.silent(stranger, m.packet)
	if w.granted() != 2 {
		t.Errorf("%d leases", w.granted())
	}
}

// Key confusion: nothing that was made for another use, door or owner is taken.
func TestConfusion(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	w.serve()
	moved := w.knock(w.owner, func(p *door.Permit) { p.Encapsulation = [32]byte{1} })
	theirs := w.knock(w.owner, func(p *door.Permit) { p.Door = other.key.Fingerprint() })
	nobody := w.knock(newOwner(t), nil)
	foreign := other.knock(w.owner, nil)
	resealed := append([]byte(nil), foreign.packet...)
	retag(newCheck(w.key.secret), resealed)
	w.silent(home, moved.packet, theirs.packet, nobody.packet, foreign.packet, resealed)
	if w.granted() != 0 {
		t.Error("a lease")
	}
}

// Each bit counts, and each length but the right one is silence.
func TestSpoiled(t *testing.T) {
	w := newWorld(t)
	w.serve()
	m := w.knock(w.owner, nil)
	var all [][]byte
	for i := range m.packet {
		b := append([]byte(nil), m.packet...)
		b[i] ^= 1 << (i % 8)
		all = append(all, b, m.packet[:i])
	}
	for _, n := range []int{0, 1, minPacket, MaxPacket, MaxPacket + 1, 65535} {
		b := make([]byte, n)
		_, _ = rand.Read(b)
		all = append(all, b)
		if n > 0 {
			b := append([]byte(nil), b...)
			b[0] = aKnock
			all = append(all, b)
		}
	}
	all = append(all, append(append([]byte(nil), m.packet...), 0))
	w.silent(home, all...)
	// With the pass one can make the tag right, and gets no further.
	c := newCheck(w.key.secret)
	for _, i := range []int{headSize - 1, headSize, len(m.packet) - 1} {
		b := append([]byte(nil), m.packet...)
		b[i] ^= 1
		retag(c, b)
		w.silent(home, b)
	}
	if w.granted() != 0 {
		t.Error("a lease")
	}
}

func TestClock(t *testing.T) {
	w := newWorld(t)
	w.serve()
	for _, off := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		m := w.knock(w.owner, func(p *door.Permit) { p.Time = p.Time.Add(off) })
		got := w.told(m, home)
		if got.code != door.CodeClock || got.challenge.IsZero() || time.Until(got.now).Abs() > time.Minute {
			t.Fatalf("%+v", got)
		}
		m = w.knock(w.owner, func(p *door.Permit) { p.Time, p.Challenge = p.Time.Add(off), got.challenge })
		if got := w.told(m, home); got.code != granted {
			t.Errorf("%+v", got)
		}
	}
}

func TestOwnersAreToldWhy(t *testing.T) {
	w := newWorld(t)
	w.serve()
	for name, c := range map[string]struct {
		set  func(*door.Permit)
		want door.Code
	}{
		"port":    {func(p *door.Permit) { p.Ports = []uint16{23} }, door.CodePorts},
		"nothing": {func(p *door.Permit) { p.Ports = nil }, door.CodePorts},
		"no time": {func(p *door.Permit) { p.For = 0 }, door.CodeShort},
		"century": {func(p *door.Permit) { p.For = 100 * 365 * 24 * time.Hour }, door.CodeLong},
		"wide":    {func(p *door.Permit) { p.From = netip.MustParsePrefix("203.0.113.0/24") }, door.CodeWide},
		"all":     {func(p *door.Permit) { p.From = netip.MustParsePrefix("0.0.0.0/0") }, door.CodeAddress},
		"all six": {func(p *door.Permit) { p.From = netip.MustParsePrefix("::/0") }, door.CodeChallenge},
	} {
		if got := w.told(w.knock(w.owner, c.set), home); got.code != c.want {
			t.Errorf("%s: %v, want %v", name, got.code, c.want)
		}
	}
	w.mu.Lock()
	w.fault = errors.New("no firewall")
	w.mu.Unlock()
	if got := w.told(w.knock(w.owner, nil), home); got.code != door.CodeFirewall {
		t.Errorf("%+v", got)
	}
	w.mu.Lock()
	w.fault, w.signers = nil, `mika valid-before="20200101" `+string(ssh.MarshalAuthorizedKey(w.owner.PublicKey()))
	w.mu.Unlock()
	if got := w.told(w.knock(w.owner, nil), netip.MustParseAddrPort("198.51.100.1:1")); got.code != door.CodeExpired || w.granted() != 0 {
		t.Errorf("%+v", got)
	}
}

// A flood from one network, by somebody with the pass, takes nothing from the others;
// one from everywhere makes the door ask for cookies.
func TestFloodWithThePass(t *testing.T) {
	w := newWorld(t)
	w.serve()
	thief := newOwner(t)
	flood := make([]made, 4*sourceBurst)
	for i := range flood {
		flood[i] = w.knock(thief, nil)
	}
	stranger := netip.MustParseAddrPort("198.51.100.66:5")
	for _, m := range flood {
		w.send(m.packet, stranger)
	}
	m := w.knock(w.owner, nil)
	w.send(m.packet, home)
	offers := 0
	for {
		d := w.hear()
		if d.at == home {
			if got, err := m.open(d.b); err != nil || got.code != granted {
				t.Errorf("the owner is told %+v %v", got, err)
			}
			break
		}
		if d.b[0] != aCookie || len(d.b) >= minPacket {
			t.Errorf("the flood is answered by %d bytes", len(d.b))
		}
		offers++
	}
	if offers < 2*sourceBurst {
		t.Errorf("%d packets of the flood were worked on", len(flood)-offers)
	}
}

func TestCookie(t *testing.T) {
	w := newWorld(t)
	w.serve()
	// The owner's own network has used up its share.
	for range 2 * sourceBurst {
		w.send(w.knock(newOwner(t), nil).packet, netip.AddrPortFrom(home.Addr(), 9))
	}
	m := w.knock(w.owner, nil)
	w.send(m.packet, home)
	d := w.hear()
	for d.at != home {
		d = w.hear()
	}
	c := newCheck(w.key.secret)
	shown, ok := offered(c, m.packet, d.b)
	if !ok {
		t.Fatalf("no cookie, but %x", d.b)
	}
	other := w.knock(w.owner, nil)
	if _, ok := offered(c, other.packet, d.b); ok {
		t.Error("a cookie for one knock is taken for another's")
	}
	setCookie(m.packet, shown)
	retag(c, m.packet)
	// It is good from its own address only.
	w.send(m.packet, netip.AddrPortFrom(home.Addr(), 10))
	if d := w.hear(); d.b[0] != aCookie {
		t.Errorf("a stolen cookie is taken: %x", d.b)
	}
	if got := w.told(m, home); got.code != granted {
		t.Errorf("%+v", got)
	}
}

func TestSizes(t *testing.T) {
	for bits, fits := range map[int]bool{2048: true, 3072: true, 4096: false} {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ssh.NewSignerFromKey(k)
		if err != nil {
			t.Fatal(err)
		}
		if Fits(s.PublicKey(), 1) != fits {
			t.Errorf("RSA %d: fits is %v", bits, !fits)
		}
	}
}

// The client, over a real socket.
func TestClient(t *testing.T) {
	w := newWorld(t)
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	w.start(conn)
	to := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := &Client{Pass: w.key.Pass("127.0.0.1", to.Port()), Signer: w.owner}
	// Loopback is nobody's address outside: the door says so.
	var refused *RefusedError
	if _, err := c.Knock(ctx, to, Ask{Ports: []uint16{22}, For: time.Minute}); !errors.As(err, &refused) || refused.Code != door.CodeAddress {
		t.Error(err)
	}
	// For another address, deliberately: with a challenge, in two rounds.
	got, err := c.Knock(ctx, to, Ask{From: netip.MustParsePrefix("203.0.113.7/32"), Ports: []uint16{22}, For: time.Minute})
	if err != nil || got.From.String() != "203.0.113.7/32" || got.Seen.String() != "127.0.0.1" || got.Apart != 0 ||
		time.Until(got.Until) > time.Minute || !door.ValidID(got.ID) {
		t.Errorf("%+v %v", got, err)
	}
	// With a clock that is a day ahead.
	c.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	got, err = c.Knock(ctx, to, Ask{From: netip.MustParsePrefix("203.0.113.7/32"), Ports: []uint16{22}, For: time.Minute})
	if err != nil || got.Apart > -23*time.Hour {
		t.Errorf("%+v %v", got, err)
	}
	short, cancel2 := context.WithTimeout(t.Context(), 2*firstAgain)
	defer cancel2()
	var silent *SilentError
	c.Signer = newOwner(t)
	if _, err := c.Knock(short, to, Ask{Ports: []uint16{22}, For: time.Minute}); !errors.As(err, &silent) || silent.Nobody {
		t.Error(err)
	}
}

func TestNobodyListens(t *testing.T) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	to := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	_ = conn.Close()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*firstAgain)
	defer cancel()
	var silent *SilentError
	c := &Client{Pass: key.Pass("127.0.0.1", to.Port()), Signer: newOwner(t)}
	if _, err := c.Knock(ctx, to, Ask{Ports: []uint16{22}, For: time.Minute}); !errors.As(err, &silent) || !silent.Nobody {
		t.Error(err)
	}
}

func TestGuess(t *testing.T) {
	a := netip.MustParseAddr
	for _, c := range []struct{ remembered, local, to, want string }{
		{"203.0.113.7", "192.168.1.2", "198.51.100.1", "203.0.113.7"},
		{"203.0.113.7", "203.0.113.9", "198.51.100.1", "203.0.113.9"},
		{"203.0.113.7", "10.0.0.1", "10.0.0.2", "10.0.0.1"},
		{"203.0.113.7", "100.64.0.1", "198.51.100.1", "203.0.113.7"},
		{"203.0.113.7", "2001:db8::1", "2001:db8::2", "2001:db8::1"},
		{"203.0.113.7", "fd00::1", "2001:db8::2", ""},
	} {
		want := netip.Addr{}
		if c.want != "" {
			want = a(c.want)
		}
		if got := guess(a(c.remembered), a(c.local), a(c.to)); got != want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestTexts(t *testing.T) {
	k, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	text, err := k.Text()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseKey(text + "\n")
	if err != nil || again.Fingerprint() != k.Fingerprint() || again.secret != k.secret {
		t.Error(err)
	}
	for _, host := range []string{"server.example.jp", "192.0.2.1", "2001:db8::1"} {
		line := k.Pass(host, 4649).String()
		p, err := ParsePass(line)
		if err != nil || p.String() != line || p.Host != host || p.Fingerprint() != k.Fingerprint() {
			t.Errorf("%s: %v", line, err)
		}
		for i := range line {
			if _, err := ParsePass(line[:i]); err == nil && i < len(line)-3 {
				t.Errorf("reads %s", line[:i])
			}
		}
	}
	for _, bad := range []string{"-oProxyCommand=x", "a b", "", "a/b", "a@b"} {
		if _, err := ParsePass(k.Pass(bad, 1).String()); err == nil {
			t.Errorf("takes the host %q", bad)
		}
	}
}
