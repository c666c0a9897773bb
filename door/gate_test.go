package door

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/door/doortest"
)

// world is a gate with an owner and a clock that can be set.
type world struct {
	t     *testing.T
	owner *doortest.Hardware
	path  string
	boot  string
	now   time.Time
	*Gate
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, owner: doortest.NewHardware(t, 1), path: filepath.Join(t.TempDir(), "marks"), boot: "first", now: at}
	w.open()
	// A new file knows nothing of what came before.
	w.now = at.Add(3 * Skew)
	w.reopen()
	return w
}

func (w *world) open() {
	w.t.Helper()
	g, err := NewGate(GateOptions{
		Door: Fingerprint{1}, Limits: DefaultLimits(22), Marks: w.path, Boot: w.boot, Now: func() time.Time { return w.now },
		Signers: func() (Signers, error) { return ParseSigners([]byte(line("mika", "", w.owner.PublicKey()))) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.Gate = g
	w.t.Cleanup(func() { _ = g.Close() })
}

func (w *world) reopen() {
	w.t.Helper()
	if err := w.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
}

func (w *world) permit() *Permit {
	p := newPermit()
	p.Time = w.now
	return p
}

// admit says how the gate answers a permit that the owner signs.
func (w *world) admit(p *Permit) Code {
	w.t.Helper()
	b := p.Marshal()
	wish, err := w.Admit(b, sign(w.t, w.owner, b))
	if err == nil && (wish.Who != "mika" || wish.Permit.From != p.From) {
		w.t.Errorf("admitted as %+v", wish)
	}
	return code(err)
}

func (w *world) expect(what string, p *Permit, want Code) {
	w.t.Helper()
	if got := w.admit(p); got != want {
		w.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestEachPermitOnce(t *testing.T) {
	w := newWorld(t)
	p := w.permit()
	w.expect("a good one", p, 0)
	w.expect("again", p, CodeReplayed)
	w.reopen()
	w.expect("after a restart", p, CodeReplayed)
	w.expect("the next", w.permit(), 0)
	other := w.permit()
	other.Door = Fingerprint{2}
	w.expect("of another door", other, CodeDoor)
}

func TestClockThatJumps(t *testing.T) {
	w := newWorld(t)
	start := w.now
	p := w.permit()
	w.expect("a good one", p, 0)
	for _, jump := range []time.Duration{-time.Hour, 10 * 365 * 24 * time.Hour, -50 * 365 * 24 * time.Hour} {
		w.now = start.Add(jump)
		w.expect("at another time", p, CodeReplayed)
		w.expect("of this time, once the clock has jumped", w.permit(), CodeChallenge)
		w.reopen()
		w.now = start
		w.expect("back at its time", p, CodeReplayed)
		w.reopen()
		w.expect("back at its time, after a restart", p, CodeReplayed)
	}
	// However wrong the clock is, the owner gets in with a challenge.
	c := w.permit()
	c.Time, c.Challenge = time.Unix(0, 0), w.Challenge()
	w.expect("with a challenge", c, 0)
}

func TestClocksApart(t *testing.T) {
	w := newWorld(t)
	for _, apart := range []time.Duration{Skew, -Skew} {
		p := w.permit()
		p.Time = p.Time.Add(apart)
		w.expect("within the bound", p, 0)
		q := w.permit()
		q.Time = q.Time.Add(apart + apart/120)
		w.expect("beyond the bound", q, CodeClock)
	}
}

func TestChallenge(t *testing.T) {
	w := newWorld(t)
	seen := w.permit()
	seen.From = netip.Prefix{}
	w.expect("as seen", seen, CodeChallenge)
	seen.Challenge = w.Challenge()
	w.expect("as seen, with a challenge", seen, CodeChallenge)
	p := w.permit()
	p.Challenge = Challenge{1}
	w.expect("with a challenge of nobody", p, CodeChallenge)
	p.Challenge = w.Challenge()
	w.expect("with one of the door", p, 0)
	w.expect("with the same", p, CodeChallenge)
	kept := w.Challenge()
	w.reopen()
	p = w.permit()
	p.Challenge = kept
	w.expect("with one from before a restart", p, CodeChallenge)
	first := w.Challenge()
	for range mostChallenges {
		w.Challenge()
	}
	if len(w.given) != mostChallenges || w.take(first) {
		t.Errorf("%d challenges are remembered", len(w.given))
	}
}

func TestChallengeAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		late, soon := w.permit(), w.permit()
		late.Challenge = w.Challenge()
		time.Sleep(ChallengeLife)
		soon.Challenge = w.Challenge()
		time.Sleep(time.Nanosecond)
		w.expect("too late", late, CodeChallenge)
		w.expect("soon enough", soon, 0)
	})
}

// A lost, cut or torn file costs a challenge, and lets nothing in twice.
func TestLostMarks(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"lost": os.Remove,
		"cut":  func(path string) error { return os.Truncate(path, marksSize-1) },
		"torn": func(path string) error { return scribble(path, 2*slotSize+20) },
		"without fences": func(path string) error {
			return errors.Join(scribble(path, ringSize+20), scribble(path, ringSize+blockSize+20))
		},
	} {
		w := newWorld(t)
		p := w.permit()
		w.expect("a good one", p, 0)
		_ = w.Close()
		if err := spoil(w.path); err != nil {
			t.Fatal(err)
		}
		w.open()
		w.expect(name+": again", p, CodeChallenge)
		fresh := w.permit()
		w.expect(name+": a new one", fresh, CodeChallenge)
		w.now = w.now.Add(3 * Skew)
		w.reopen()
		w.expect(name+": later", w.permit(), 0)
	}
}

func scribble(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte("scribble"), at)
	return errors.Join(err, f.Close())
}

// cut is a power cut after which the disk has what it had at a moment of its choice.
func (w *world) cut(had []byte) {
	w.t.Helper()
	_ = w.marks.file.Close() // no goodbye
	w.marks = nil
	if had != nil {
		if err := os.WriteFile(w.path, had, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	w.boot += "+"
	w.open()
}

// pass has time pass, by all clocks.
func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	w.wall = w.wall.Add(d)
}

func (w *world) disk() []byte {
	w.t.Helper()
	b, err := os.ReadFile(w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// Marks that a power cut takes cost challenges, and let nothing in twice: whatever the
// clock says after it, and through restarts since.
func TestPowerCut(t *testing.T) {
	for _, clock := range []time.Duration{0, -time.Minute, -time.Hour, -50 * 365 * 24 * time.Hour} {
		w := newWorld(t)
		had := w.disk() // the last that was synced
		start := w.now
		var all []*Permit
		for range 3 {
			p := w.permit()
			w.expect("a good one", p, 0)
			all = append(all, p)
			w.pass(fenceLeast - Skew) // within what is fenced
		}
		last := w.now
		w.now = start.Add(clock)
		w.cut(had)
		for i := range 3 {
			for _, p := range all {
				w.now = p.Time
				w.expect("again, at its time", p, CodeChallenge)
			}
			if i == 0 {
				w.reopen()
			} else { // killed, and not by the power
				_ = w.marks.file.Close()
				w.marks = nil
				w.open()
			}
		}
		w.now = last.Add(fenceAhead + 3*Skew)
		w.reopen() // the clock has jumped
		w.now = w.now.Add(3 * Skew)
		w.reopen()
		w.expect("once that is over", w.permit(), 0)
	}
}

// Whatever has been admitted, the disk has a fence beyond it.
func TestFenceIsAhead(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		p := w.permit()
		p.Time = w.now.Add(Skew)
		w.expect("a good one", p, 0)
		m := &marks{seen: map[mark]bool{}, boot: w.marks.boot}
		if !m.load(w.disk()) || m.fence < unix(p.Time) || m.fence != w.marks.fence {
			t.Fatalf("a permit of %d behind a fence of %d, %d", unix(p.Time), m.fence, w.marks.fence)
		}
		w.pass(7 * time.Minute)
		if w.now.Unix()%2 == 0 {
			if err := w.Prepare(); err != nil {
				t.Fatal(err)
			}
		}
	}
	// One that a wrong clock has set too far comes nearer.
	far := w.now
	w.now = far.Add(10 * 365 * 24 * time.Hour)
	if err := w.Prepare(); err != nil {
		t.Fatal(err)
	}
	w.now = far
	if err := w.Prepare(); err != nil || w.marks.fence > unix(far.Add(time.Hour)) {
		t.Errorf("%v: the fence is at %d", err, w.marks.fence)
	}
	// One that was being written when the power failed leaves the one before.
	is := w.marks.fence
	w.now = far.Add(time.Hour)
	if err := w.Prepare(); err != nil {
		t.Fatal(err)
	}
	torn := w.disk()
	torn[ringSize+int(w.marks.fences%2)*blockSize+3] ^= 1
	m := &marks{seen: map[mark]bool{}, boot: w.marks.boot}
	if !m.load(torn) || m.fence != is {
		t.Errorf("of a torn fence and one at %d there is left %d", is, m.fence)
	}
}

// Where no mark can be kept nothing is admitted without a challenge.
func TestNoMarks(t *testing.T) {
	w := newWorld(t)
	_ = w.marks.file.Close()
	w.expect("marks cannot be written", w.permit(), CodeChallenge)
	g, err := NewGate(GateOptions{Door: Fingerprint{1}, Limits: DefaultLimits(22), Marks: "/nowhere/marks", Signers: w.signers, Now: w.Gate.now})
	if err == nil {
		t.Error("no error")
	}
	w.Gate = g
	w.expect("marks cannot be opened", w.permit(), CodeChallenge)
	p := w.permit()
	p.Challenge = w.Challenge()
	w.expect("with a challenge", p, 0)
}

// The ring goes round, and what it forgets is never taken for new.
func TestFullRing(t *testing.T) {
	w := newWorld(t)
	first := w.permit()
	w.expect("the first", first, 0)
	for range slots { // without the disk's pace
		p := w.permit()
		if err := w.marks.add(p, w.now); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.marks.seen) > slots {
		t.Errorf("%d marks are remembered", len(w.marks.seen))
	}
	w.expect("forgotten", first, CodeChallenge)
	w.reopen()
	w.expect("forgotten, after a restart", first, CodeChallenge)
	w.now = w.now.Add(time.Second)
	w.expect("later", w.permit(), 0)
}

func TestLimitsAreKept(t *testing.T) {
	w := newWorld(t)
	p := w.permit()
	p.From = netip.MustParsePrefix("0.0.0.0/0")
	w.expect("everybody", p, CodeAddress)
	p = w.permit()
	p.For = 0
	w.expect("no time", p, CodeShort)
	p.For, p.Challenge = 100*365*24*time.Hour, w.Challenge()
	w.expect("a century", p, CodeLong)
}
