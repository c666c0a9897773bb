package hands_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/nft"
	"github.com/omamori-guard/omamori/hands"
)

// process is the real program in a namespace, to be killed at any moment.
type process struct {
	t     *testing.T
	space *doortest.Space
	dir   string
	cmd   *exec.Cmd
}

// killable builds the real program.
func killable(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "omamori-hands")
	if out, err := exec.Command("go", "build", "-o", path, "../cmd/omamori-hands").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

func (p *process) start(binary string) *hands.DoorClient {
	p.t.Helper()
	os.Remove(p.dir + "/sock") //nolint:errcheck // that of one that was killed
	p.cmd = exec.Command("nsenter", "--net=/dev/fd/3", binary, "--door", "--file", p.dir+"/door.json", "--listen", p.dir+"/sock")
	p.cmd.ExtraFiles = []*os.File{p.space.File}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	var c *hands.DoorClient
	doortest.Eventually(p.t, "the door answers", func() (ok bool) {
		var err error
		c, err = hands.ConnectDoor(p.t.Context(), p.dir+"/sock")
		return err == nil
	})
	return c
}

func (p *process) kill() {
	p.cmd.Process.Kill() //nolint:errcheck // it may be dead
	p.cmd.Wait()         //nolint:errcheck
}

// Random leases, renewals, ends, kills, restarts, and changes by others. After each, what
// the kernel lets through is what is leased by then and no more, unless the door's half is
// dead and somebody has taken its rules away; nothing of anybody else's is touched; and
// whoever has a lease comes in.
func TestRandomSequences(t *testing.T) {
	s, dir := doortest.New(t), t.TempDir()
	fatal(t, os.MkdirAll(dir+"/state", 0o700))
	fatal(t, os.WriteFile(dir+"/state/rules.json", []byte(`{"closed":[22]}`), 0o600))
	fatal(t, os.WriteFile(dir+"/door.json", fmt.Appendf(nil, `{"door":%q,"ports":[22,2222],"signers":%q,"state":%q,"bits4":24}`,
		strings.Repeat("0", 64), dir+"/signers", dir+"/state"), 0o600))
	const foreign = "table ip theirs { chain c { type filter hook input priority 0; tcp dport 80 accept; }; }"
	s.Run("nft '" + foreign + "'")
	theirs := s.Run("nft list table ip theirs")
	wall := nft.In(s.File)
	p := &process{t: t, space: s, dir: dir}
	binary := killable(t)
	c := p.start(binary)
	defer func() { p.kill() }()

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	ends := map[string]time.Time{} // what we know of: "address/bits" and when it is over
	addresses := []string{"203.0.113.1/32", "203.0.113.2/32", "203.0.113.0/24", "203.0.112.0/24", "203.0.113.0/25"}
	step := func() string {
		switch n := random.IntN(12); {
		case n < 5:
			from := addresses[random.IntN(len(addresses))]
			last, began := time.Duration(1+random.IntN(4))*time.Second, time.Now()
			l, err := c.Lease(t.Context(), door.Lease{From: netip.MustParsePrefix(from), Ports: []uint16{22}}, last, "test")
			if err != nil {
				t.Fatalf("%s for %v: %v", from, last, err)
			}
			ends[from] = time.Now().Add(l.Until.Sub(l.Since))
			if open := opened(t, wall); time.Since(began) < last && !slices.ContainsFunc(open, func(o netip.Prefix) bool { return o.Overlaps(l.From) && o.Bits() <= l.From.Bits() }) {
				t.Errorf("%s has a lease and does not come in: %v", from, open)
			}
			return "lease " + from
		case n < 6:
			_, _, err := c.End(t.Context(), "", false, "test")
			fatal(t, err)
			clear(ends)
			if open := opened(t, wall); len(open) > 0 {
				t.Errorf("all is ended, and open is %v", open)
			}
			return "end all"
		case n < 8:
			c.Close()
			p.kill()
			c = p.start(binary)
			return "kill -9"
		case n < 9:
			c.Close()
			p.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck
			p.cmd.Wait()                          //nolint:errcheck
			c = p.start(binary)
			return "restart"
		case n < 10:
			s.Run("nft delete table ip theirs; nft '" + foreign + "'")
			return "another's rules are loaded again"
		case n < 11:
			s.Run("nft flush ruleset; nft '" + foreign + "'")
			return "all is flushed"
		}
		s.Run("nft add element inet omamori leases4 '{ 198.51.100.9 . 22 timeout 1h }' 2>/dev/null || true; nft insert rule inet omamori input accept 2>/dev/null || true")
		return "somebody makes a hole"
	}
	var did []string
	for range 60 {
		did = append(did, step())
		doortest.Eventually(t, "the door is as it should be after "+did[len(did)-1], func() bool {
			w, err := wall.Read(nil)
			if err != nil || !w.Sound || !slices.Equal(w.Closed, []uint16{22}) || len(w.Freed) > 0 {
				return false
			}
			now := time.Now()
			for _, o := range w.Open {
				// The kernel counts in ticks: half a second is far above that.
				if end, ok := ends[o.From.String()]; !ok || now.Add(o.Left).After(end.Add(time.Second/2)) {
					return false
				}
			}
			return true
		})
		if now := s.Run("nft list table ip theirs"); now != theirs {
			t.Fatalf("%v: another's rules were touched:\n%s", did, now)
		}
	}
	// Where a wider prefix has ended and a narrower one is about to be opened again, the
	// kernel may for a moment have neither.
	doortest.Eventually(t, "all leases are over", func() bool {
		for _, end := range ends {
			if time.Until(end) > time.Second {
				return false
			}
		}
		return len(opened(t, wall)) == 0
	})
}

func opened(t *testing.T, wall *nft.Firewall) (all []netip.Prefix) {
	t.Helper()
	list, err := wall.Openings()
	fatal(t, err)
	for _, o := range list {
		all = append(all, o.From)
	}
	return all
}

// An install killed at any of its steps leaves either what was before, or what was
// confirmed; a boot brings what was confirmed and nothing else.
func TestKilledAtEveryStep(t *testing.T) {
	binary := killable(t)
	for _, confirmed := range []bool{false, true} {
		t.Run(fmt.Sprint("confirmed=", confirmed), func(t *testing.T) {
			s, dir := doortest.New(t), t.TempDir()
			fatal(t, os.MkdirAll(dir+"/state", 0o700))
			fatal(t, os.WriteFile(dir+"/door.json", fmt.Appendf(nil, `{"door":%q,"ports":[22,2222],"signers":%q,"state":%q}`,
				strings.Repeat("0", 64), dir+"/signers", dir+"/state"), 0o600))
			if confirmed { // an update of what is there
				fatal(t, os.WriteFile(dir+"/state/rules.json", []byte(`{"closed":[22]}`), 0o600))
			}
			p := &process{t: t, space: s, dir: dir}
			c := p.start(binary)
			before := s.Ruleset()
			// At moments of a trial's beginning: some before its record, some after, some
			// when the kernel has the rules and nobody knows. Until each was met, later or
			// sooner than the last kill was.
			tries := func() int {
				b, err := os.ReadFile(dir + "/state/record.jsonl")
				if err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				return strings.Count(string(b), `"what":"try"`)
			}
			met := map[string]int{}
			wait, step := time.Duration(0), 500*time.Microsecond
			for i := 0; i < 12 || i < 60 && len(met) < 3; i++ {
				recorded := tries()
				go c.Try(t.Context(), []uint16{2222}, false, "test") //nolint:errcheck // it is killed
				for spin := time.Now(); time.Since(spin) < wait; {
				}
				p.kill()
				switch {
				case s.Ruleset() != before:
					met["in the kernel"]++
					wait = max(0, wait-step)
					step = max(step*2/3, 50*time.Microsecond)
				case tries() > recorded:
					met["recorded"]++
					wait += step
				default:
					met["nothing done"]++
					wait += step
				}
				if i%3 == 2 { // a power cut: the kernel has forgotten
					s.Run("nft flush ruleset")
				}
				c = p.start(binary)
				if after := s.Ruleset(); after != before {
					t.Fatalf("killed after %d steps:\n%s\nwas\n%s", i, after, before)
				}
			}
			c.Close()
			p.kill()
			t.Log(met)
			if met["recorded"] == 0 || met["in the kernel"] == 0 {
				t.Errorf("no kill came at a step: %v", met)
			}
		})
	}
}
