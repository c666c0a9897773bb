package clock

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/words"
)

// ntp writes a time as servers do.
func ntp(t time.Time) uint64 {
	return uint64(t.Unix()+2_208_988_800)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// serve answers each question with what change makes of a good answer of a clock that is
// off by so much; nil answers nothing.
func serve(t *testing.T, off time.Duration, change func([]byte) [][]byte) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = c.Close(); <-done })
	go func() {
		defer close(done)
		b := make([]byte, 1024)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			if n != packetSize || b[0] != 4<<3|modeClient {
				t.Errorf("no question: % x", b[:n])
			}
			a := make([]byte, packetSize)
			a[0], a[1] = 4<<3|modeServer, 2
			copy(a[originAt:], b[transmitAt:packetSize])
			now := time.Now().Add(off)
			binary.BigEndian.PutUint64(a[receiveAt:], ntp(now))
			binary.BigEndian.PutUint64(a[transmitAt:], ntp(now))
			answers := [][]byte{a}
			if change != nil {
				answers = change(a)
			}
			for _, a := range answers {
				if _, err := c.WriteTo(a, from); err != nil {
					return
				}
			}
		}
	}()
	return c.LocalAddr().String()
}

func made(t *testing.T, address string) *link {
	t.Helper()
	p, err := build(settings{Address: address, Within: 10 * time.Second}, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}

func TestClock(t *testing.T) {
	for off, want := range map[time.Duration]struct {
		verdict chain.Verdict
		says    string
	}{
		0: {chain.Holds, "right enough"}, 8 * time.Second: {chain.Holds, "right enough"},
		-65 * time.Second: {chain.Broken, "1 minute ahead, 2 steps"},
		time.Hour:         {chain.Broken, "behind, 120 steps"}, 20 * 365 * 24 * time.Hour: {chain.Broken, "behind"}, // beyond 2036
	} {
		p := probetest.Prove(made(t, serve(t, off, nil)), 5*time.Second)
		cause := ""
		if want.verdict == chain.Broken {
			cause = "clock"
		}
		probetest.Expect(t, p, want.verdict, cause)
		if said := words.English.Say(p.Because); !strings.Contains(said, want.says) {
			t.Errorf("off by %v: %q does not say %q", off, said, want.says)
		}
		if got := p.Figures[0].Value + off.Seconds(); got > 1 || got < -1 {
			t.Errorf("off by %v: measured %v", off, p.Figures)
		}
	}
}

func TestUnusableAnswers(t *testing.T) {
	alter := func(at int, to byte) func([]byte) [][]byte {
		return func(a []byte) [][]byte { a[at] = to; return [][]byte{a} }
	}
	for name, change := range map[string]func([]byte) [][]byte{
		"a kiss of death": alter(1, 0), "no time": alter(0, 3<<6|4<<3|modeServer), "stratum 16": alter(1, 16),
		"sent before received": alter(transmitAt, 0),
		"no stamps":            func(a []byte) [][]byte { clear(a[receiveAt:]); return [][]byte{a} },
	} {
		t.Run(name, func(t *testing.T) {
			probetest.Expect(t, probetest.Prove(made(t, serve(t, 0, change)), 5*time.Second), chain.Unproven, "")
		})
	}
	// What others send is passed over, until the answer comes.
	p := probetest.Prove(made(t, serve(t, 0, func(a []byte) [][]byte {
		guess := append([]byte(nil), a...)
		guess[originAt]++
		binary.BigEndian.PutUint64(guess[transmitAt:], 0)
		return [][]byte{{}, []byte("garbage"), guess, a}
	})), 5*time.Second)
	probetest.Expect(t, p, chain.Holds, "")
	// Silence proves nothing.
	p = probetest.Prove(made(t, serve(t, 0, func([]byte) [][]byte { return nil })), 200*time.Millisecond)
	probetest.Expect(t, p, chain.Unproven, "")
}

// An answer that was long on its way does not tell.
func TestUnsure(t *testing.T) {
	l := made(t, "a:1")
	now := time.Now()
	a := answer{now.Add(9 * time.Second), now.Add(9 * time.Second)}
	probetest.Expect(t, l.judge(a, now, 20*time.Second), chain.Unproven, "")
	probetest.Expect(t, l.judge(answer{now.Add(time.Hour), now.Add(time.Hour)}, now, 20*time.Second), chain.Broken, "clock")
}

func FuzzParse(f *testing.F) {
	good := make([]byte, packetSize)
	good[0], good[1], good[receiveAt], good[transmitAt] = 4<<3|modeServer, 1, 0xe0, 0xe0
	f.Add(good, uint64(0))
	f.Add([]byte{}, uint64(1))
	f.Fuzz(func(t *testing.T, b []byte, nonce uint64) {
		a, fault := parse(b, nonce)
		if (fault == "") == a.sent.IsZero() || a.sent.Before(a.received) {
			t.Errorf("%q %v", fault, a)
		}
	})
}
