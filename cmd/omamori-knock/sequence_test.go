package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/knock"
	"github.com/omamori-guard/omamori/door/nft"
	"github.com/omamori-guard/omamori/hands"
)

var (
	long = flag.Duration("long", 15*time.Second, "how long random sequences go on")
	seed = flag.Uint64("seed", 0, "of random sequences; 0 takes a new one")
)

// TestMain is, in processes that the test starts, one of the two halves of a door, by a
// clock that the test sets.
func TestMain(m *testing.M) {
	dir := os.Getenv("OMAMORI_TEST_DOOR")
	if dir == "" {
		os.Exit(m.Run())
	}
	clock := func() time.Time {
		var apart int64
		if b, err := os.ReadFile(dir + "/clock"); err == nil && len(b) == 8 {
			apart = int64(binary.BigEndian.Uint64(b))
		}
		return time.Now().Add(time.Duration(apart))
	}
	if os.Getenv("OMAMORI_TEST_HALF") == "knock" {
		if err := serve(options{key: dir + "/door.key", signers: dir + "/signers", door: dir + "/sock", listen: ":4649", now: clock}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitTrouble)
		}
		return
	}
	if err := doorOf(dir, clock); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitTrouble)
	}
}

// doorOf is what omamori-hands --door does.
func doorOf(dir string, clock func() time.Time) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	file, err := hands.LoadDoor(dir + "/door.json")
	if err != nil {
		return err
	}
	d, err := hands.NewDoor(file, nft.New(), slog.New(slog.NewTextHandler(os.Stderr, nil)), clock)
	if err != nil {
		return err
	}
	l, err := d.Listen(dir + "/sock")
	if err == nil {
		err = d.Serve(ctx, l)
	}
	return errors.Join(err, d.Close())
}

const serverAt = "192.0.2.1"

// world is a server behind its door, and an owner who moves about.
type world struct {
	t              *testing.T
	server, laptop *doortest.Space
	dir            string
	halves         map[string]*exec.Cmd
	said           map[string]*bytes.Buffer // by the half that was started last; to be read once it has ended
	wall           *nft.Firewall
	client         *knock.Client
	theirs         string               // rules of somebody else's
	ends           map[string]time.Time // when the lease of an address is over, at the latest
	random         *rand.Rand
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const foreign = "table ip theirs { chain c { type filter hook input priority 0; tcp dport 80 accept; }; }"

// newWorld has the laptop and the server on one wire.
func newWorld(t *testing.T, seed uint64) *world {
	server, laptop := doortest.New(t), doortest.New(t)
	doortest.Wire(server, laptop, serverAt+"/24", strings.Join(homes, "/24 ")+"/24")
	return worldOf(t, seed, server, laptop)
}

// worldOf has the door at work on the server.
func worldOf(t *testing.T, seed uint64, server, laptop *doortest.Space) *world {
	w := &world{t: t, server: server, laptop: laptop, dir: t.TempDir(), halves: map[string]*exec.Cmd{}, said: map[string]*bytes.Buffer{},
		ends: map[string]time.Time{}, random: rand.New(rand.NewPCG(seed, 0))}
	_, secret, err := ed25519.GenerateKey(nil)
	must(t, err)
	owner, err := ssh.NewSignerFromKey(secret)
	must(t, err)
	key, err := knock.NewKey()
	must(t, err)
	text, err := key.Text()
	must(t, err)
	print := key.Fingerprint()
	must(t, os.Mkdir(w.dir+"/state", 0o700))
	for name, content := range map[string]string{
		"door.json": fmt.Sprintf(`{"door":%q,"ports":[22],"signers":%q,"state":%q}`, hex.EncodeToString(print[:]), w.dir+"/signers", w.dir+"/state"),
		"door.key":  text + "\n", "signers": "mika " + string(ssh.MarshalAuthorizedKey(owner.PublicKey())), "state/rules.json": `{"closed":[22]}`,
	} {
		must(t, os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600))
	}
	w.client, w.wall = &knock.Client{Pass: key.Pass(serverAt, knock.DefaultPort), Signer: owner}, nft.In(w.server.File)
	var l net.Listener
	w.server.In(func() { l, err = net.Listen("tcp", ":22") })
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	w.server.Run("nft '" + foreign + "'")
	w.theirs = w.server.Run("nft list table ip theirs")
	t.Cleanup(func() {
		for half := range w.halves {
			w.end(half, syscall.SIGKILL)
		}
	})
	w.start("door")
	w.start("knock")
	return w
}

// homes are the addresses that the owner has by turns; from elsewhere he never knocks.
var homes = []string{"192.0.2.2", "192.0.2.3", "192.0.2.4", elsewhere}

const elsewhere = "192.0.2.99"

// start starts a half of the door.
func (w *world) start(half string) {
	w.t.Helper()
	self, err := os.Executable()
	must(w.t, err)
	cmd := exec.Command("nsenter", "--net=/dev/fd/3", self)
	cmd.ExtraFiles = []*os.File{w.server.File}
	cmd.Env = append(os.Environ(), "OMAMORI_TEST_DOOR="+w.dir, "OMAMORI_TEST_HALF="+half)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	w.said[half] = &bytes.Buffer{}
	cmd.Stderr = w.said[half]
	must(w.t, cmd.Start())
	w.halves[half] = cmd
	if half != "door" {
		return
	}
	doortest.Eventually(w.t, "the door answers", func() bool {
		c, err := hands.ConnectDoor(w.t.Context(), w.dir+"/sock")
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

func (w *world) end(half string, s os.Signal) {
	_ = w.halves[half].Process.Signal(s)
	_ = w.halves[half].Wait() // as it was told
	delete(w.halves, half)
	if half == "door" && s == syscall.SIGKILL {
		_ = os.Remove(w.dir + "/sock")
	}
}

func (w *world) dial(from string, patience time.Duration) (err error) {
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	w.laptop.In(func() {
		var c net.Conn
		if c, err = d.Dial("tcp", serverAt+":22"); err == nil {
			_ = c.Close()
		}
	})
	return err
}

// knock has the owner knock from one of his addresses, and come in. Whatever happened
// before, he gets in, by one knock.
func (w *world) knock() string {
	home := homes[w.random.IntN(3)]
	last := time.Duration(1+w.random.IntN(4)) * time.Second
	w.laptop.Run("ip route replace 192.0.2.0/24 dev eth0 src " + home)
	var got knock.Answer
	var err error
	began := time.Now()
	w.laptop.In(func() {
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
		defer cancel()
		got, err = w.client.Knock(ctx, netip.MustParseAddrPort(serverAt+":4649"), knock.Ask{Ports: []uint16{22}, For: last})
	})
	if err != nil {
		w.t.Fatalf("the owner is out: %v", err)
	}
	w.ends[home] = time.Now().Add(last)
	if err := w.dial(home, time.Second); err != nil && time.Since(began) < last {
		w.t.Errorf("from %s, with lease %s for %v: %v", home, got.ID, last, err)
	}
	return fmt.Sprintf("a knock from %s for %v", home, last)
}

// Whatever comes, in whatever order.
func (w *world) steps() map[string]func() {
	return map[string]func(){
		"kill -9 of the privileged half": func() { w.end("door", syscall.SIGKILL); w.start("door") },
		"a restart":                      func() { w.end("door", syscall.SIGTERM); w.start("door") },
		"kill -9 of the hearing half":    func() { w.end("knock", syscall.SIGKILL); w.start("knock") },
		"kill -9 of both": func() {
			w.end("knock", syscall.SIGKILL)
			w.end("door", syscall.SIGKILL)
			w.start("knock")
			w.start("door")
		},
		"the clock jumps": func() {
			jumps := []time.Duration{0, time.Hour, -time.Hour, -30 * time.Second, 3 * time.Minute, 20 * 365 * 24 * time.Hour}
			to := jumps[w.random.IntN(len(jumps))]
			next := w.dir + "/clock.new"
			must(w.t, os.WriteFile(next, binary.BigEndian.AppendUint64(nil, uint64(int64(to))), 0o600))
			must(w.t, os.Rename(next, w.dir+"/clock"))
		},
		"another's rules are loaded again": func() { w.server.Run("nft delete table ip theirs; nft '" + foreign + "'") },
		"all rules are flushed":            func() { w.server.Run("nft flush ruleset; nft '" + foreign + "'") },
		"somebody lets another in": func() {
			w.server.Run("nft add element inet omamori leases4 '{ " + elsewhere + " . 22 timeout 1h }' 2>/dev/null || true")
		},
		"somebody makes a hole": func() { w.server.Run("nft insert rule inet omamori input accept 2>/dev/null || true") },
		"a lease ends": func() {
			for home, end := range w.ends {
				timer := time.NewTimer(time.Until(end)) // the kernel's own time, which nothing can make quicker
				<-timer.C
				if time.Until(end) < -time.Second {
					continue
				}
				doortest.Eventually(w.t, "the lease of "+home+" is over", func() bool { return w.dial(home, 100*time.Millisecond) != nil })
				return
			}
		},
	}
}

// Random sequences of knocks, ends, restarts, kills, jumps of the clock and changes by
// others, through the real packets, kernel and processes. After each there is no hole but
// what is leased, and none past its time; the owner gets in by his next knock; and nothing
// of anybody else's has changed.
func TestRandomSequences(t *testing.T) {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", s)
	w := newWorld(t, s)
	steps := w.steps()
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range steps {
			if !yield(name) {
				return
			}
		}
	})
	w.random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var did []string
	began := time.Now()
	// Each of them once, in any order; then whatever comes.
	for i := 0; i < len(names) || time.Since(began) < *long; i++ {
		name := names[w.random.IntN(len(names))]
		if i < len(names) {
			name = names[i]
		}
		for range w.random.IntN(3) {
			did = append(did, w.knock())
		}
		steps[name]()
		did = append(did, name)
		w.asItShould(did)
		if t.Failed() {
			t.Fatal(strings.Join(did, "\n"))
		}
	}
	did = append(did, w.knock())
	w.asItShould(did)
	t.Logf("%d steps", len(did))
	doortest.Eventually(t, "all leases are over", func() bool { open, err := w.wall.Openings(); return err == nil && len(open) == 0 })
	for _, home := range homes {
		if w.dial(home, 100*time.Millisecond) == nil {
			t.Errorf("%s comes in without a lease", home)
		}
	}
}

// asItShould waits until the kernel has what it should have and no more.
func (w *world) asItShould(did []string) {
	w.t.Helper()
	doortest.Eventually(w.t, "the door is as it should be after:\n"+strings.Join(did, "\n"), func() bool {
		wall, err := w.wall.Read(nil)
		if err != nil || !wall.Sound || !slices.Equal(wall.Closed, []uint16{22}) || len(wall.Freed)+len(wall.Trying) > 0 {
			return false
		}
		now := time.Now()
		for _, o := range wall.Open {
			// The kernel counts in ticks, and we from when the answer had come.
			if end, ok := w.ends[o.From.Addr().String()]; !ok || now.Add(o.Left).After(end.Add(time.Second/2)) {
				return false
			}
		}
		return true
	})
	if now := w.server.Run("nft list table ip theirs"); now != w.theirs {
		w.t.Fatalf("%v: another's rules were touched:\n%s", did, now)
	}
	if w.dial(elsewhere, 50*time.Millisecond) == nil {
		w.t.Errorf("%s comes in without a lease", elsewhere)
	}
}
