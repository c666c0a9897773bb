package guard_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vantage"
	"github.com/omamori-guard/omamori/words"
)

// spot is a vantage in a bubble: a guard that can be stopped and started anew, and is
// called by others while it is up.
type spot struct {
	*world
	name, dir string
	file      *config.File
	net       *network

	guard *guard.Guard
	stop  func()
}

// network lets guards call each other; it can be down, and keeps what went over it.
type network struct {
	// mu protects the fields below.
	mu    sync.Mutex
	down  bool
	spots map[string]*spot
	seen  [][]byte // letters, as a listener would have them
}

func (n *network) call(ctx context.Context, p vantage.Peer, letter []byte) ([]byte, error) {
	n.mu.Lock()
	n.seen = append(n.seen, letter)
	s, down := n.spots[p.Route.Host], n.down
	n.mu.Unlock()
	if down || s == nil || s.guard == nil {
		return nil, errors.New("no route")
	}
	answer, err := s.guard.Letter(ctx, letter)
	if err == nil {
		n.mu.Lock()
		n.seen = append(n.seen, answer)
		n.mu.Unlock()
		return answer, nil
	}
	var refused *vantage.Refusal
	if errors.As(err, &refused) {
		return nil, &vantage.Refusal{Code: refused.Code, There: true}
	}
	return nil, err
}

func (n *network) cut(down bool) { n.mu.Lock(); defer n.mu.Unlock(); n.down = down }

// door is the settings of a test's kind.
type door struct {
	Host string `yaml:"host"`
}

// links makes a configuration of lines "NAME FROM HOST", and a goal that needs all.
func (s *spot) links(lines ...string) *config.File {
	f := &config.File{Path: s.name + ".yaml"}
	var m chain.Model
	var names []string
	for _, line := range lines {
		words := strings.Fields(line)
		l := config.Link{
			Name: words[0], From: strings.Trim(words[1], "-"), Settings: &door{words[2]},
			Every: 10 * time.Second, Timeout: 5 * time.Second, Fresh: 4 * time.Minute, Mend: true,
			Kind: chain.Kind{Name: "door", Settings: func() any { return &door{} }, New: func(any, chain.Place) (chain.Prover, error) { return sql{process{s.world}}, nil }},
		}
		f.Links = append(f.Links, l)
		m.Links = append(m.Links, chain.Link{Name: l.Name, Kind: "door", Fresh: l.Fresh})
		names = append(names, l.Name)
	}
	m.Goals = []chain.Goal{{Name: "shell", Ways: []chain.Way{{Name: "all", Links: names}}}}
	c, bad := chain.New(m)
	if bad != nil {
		s.t.Fatal(bad)
	}
	f.Chain = c
	return f
}

// start runs the guard, anew with what it kept if it ran before.
func (s *spot) start() {
	s.t.Helper()
	book, aside, err := vantage.Open(s.dir)
	if err != nil || aside != "" {
		s.t.Fatal(aside, err)
	}
	g := guard.New(guard.Options{
		Config: s.file, Journal: s.world, Hands: s.world, Tell: s.tell, Version: "test", Vantage: book, Name: s.name, Call: s.net.call,
		Load: func() (*config.File, error) { return s.file, nil },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	s.guard = g
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
		s.guard = nil
	}
	after(3 * time.Second)
}

// apart plays with a laptop and a server in a bubble, paired unless pair is false. The
// server's link ssh is proved from the laptop.
func apart(t *testing.T, play func(t *testing.T, n *network, laptop, server *spot)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &network{spots: map[string]*spot{}}
		make := func(name string) *spot {
			w := newWorld(t)
			s := &spot{world: w, name: name, dir: t.TempDir(), net: n}
			n.spots[name] = s
			return s
		}
		laptop, server := make("laptop"), make("server")
		laptop.file = laptop.links("ssh laptop home", "home - here")
		server.file = server.links("ssh laptop home", "mysqld - here")
		laptop.start()
		server.start()
		couple(t, laptop, server)
		after(2 * time.Minute)
		play(t, n, laptop, server)
		for _, s := range []*spot{laptop, server} {
			if s.guard != nil {
				s.stop()
			}
		}
	})
}

// couple pairs two guards, as the command does.
func couple(t *testing.T, laptop, server *spot) {
	t.Helper()
	ctx := t.Context()
	offer, err := laptop.guard.PairOffer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	there, err := server.guard.PairAnswer(ctx, offer.Code, "", true)
	if err != nil || there.Theirs != offer.Mine {
		t.Fatal(there, err)
	}
	here, err := laptop.guard.PairAccept(ctx, there.Answer, "", vantage.Route{Host: server.name}, true)
	if err != nil || here.Theirs != there.Mine {
		t.Fatal(here, err)
	}
	s, err := laptop.guard.PairMeet(ctx, server.name, words.English)
	if err != nil || s.Trouble != "" || s.HeardAt.IsZero() {
		t.Fatal(s, err)
	}
}

func (s *spot) link(name string) guard.LinkStatus {
	s.t.Helper()
	st := status(s.t, s.guard)
	for _, l := range st.Links {
		if l.Name == name {
			return l
		}
	}
	s.t.Fatalf("no link %s", name)
	return guard.LinkStatus{}
}

// journalled counts the records whose text has this key.
func (s *spot) journalled(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.entries {
		if e.Text.Key == key {
			n++
		}
	}
	return n
}

func TestProvedElsewhere(t *testing.T) {
	apart(t, func(t *testing.T, n *network, laptop, server *spot) {
		l := server.link("ssh")
		if l.Verdict != chain.Holds || l.Vantage != "laptop" || !strings.HasPrefix(l.Because, "laptop says: ") {
			t.Fatalf("got %+v", l)
		}
		if own := laptop.link("ssh"); own.Verdict != chain.Holds || own.Vantage != "" {
			t.Errorf("from: laptop is not proved on the laptop: %+v", own)
		}
		// A break is told at once, opens an incident, and moves no hand here.
		laptop.set(func() { laptop.running, laptop.failStart = false, 1000 })
		after(25 * time.Second)
		if l := server.link("ssh"); l.Verdict != chain.Broken || !strings.HasPrefix(l.Hint, "laptop suggests: ") {
			t.Errorf("got %+v", l)
		}
		after(time.Minute)
		want(t, "told", server.told(), []string{"begin"})
		laptop.set(func() { laptop.running = true })
		after(2 * time.Minute)
		want(t, "told", server.told(), []string{"begin", "end"})
		if d := server.deeds(); slices.Contains(d, "start") || slices.Contains(d, "kill") {
			t.Errorf("a peer's word moved hands: %v", server.deeds())
		}
	})
}

func TestAsleepForAWeek(t *testing.T) {
	apart(t, func(t *testing.T, n *network, laptop, server *spot) {
		n.cut(true)
		after(7 * 24 * time.Hour)
		l := server.link("ssh")
		if l.Verdict != chain.Unproven || !strings.Contains(l.Because, "last proved 7 days ago by laptop, which has not been heard for 7 days") || l.Hint == "" {
			t.Errorf("got %+v", l)
		}
		s := status(t, server.guard)
		if len(s.Incidents) != 0 || len(server.told()) != 0 || len(s.Guard.Troubles) != 0 {
			t.Errorf("a laptop that sleeps is an incident: %+v, told %v, %v", s.Incidents, server.told(), s.Guard.Troubles)
		}
		if m := s.Goals[0].Margin; m.Now == nil || *m.Now != -1 || m.IfAllWell == nil || *m.IfAllWell != 0 {
			t.Errorf("the margin is %v", m)
		}
		// What happened meanwhile is told when they meet, and opens nothing any more.
		laptop.set(func() { laptop.password = "wrong" })
		after(time.Hour)
		laptop.set(func() { laptop.password = "" })
		after(time.Hour)
		before := server.journalled("guard.broken")
		n.cut(false)
		after(10 * time.Minute)
		if l := server.link("ssh"); l.Verdict != chain.Holds {
			t.Errorf("together again: %+v", l)
		}
		if server.journalled("guard.broken") != before+1 || len(server.told()) != 0 {
			t.Errorf("%d breaks in the journal, told %v", server.journalled("guard.broken"), server.told())
		}
	})
}

func TestAReplayIsRefusedAndWrittenDown(t *testing.T) {
	apart(t, func(t *testing.T, n *network, laptop, server *spot) {
		n.mu.Lock()
		old := n.seen[len(n.seen)-2] // the laptop's; the last is the answer
		n.mu.Unlock()
		laptop.set(func() { laptop.password = "wrong" })
		after(time.Minute)
		for range 500 {
			if _, err := server.guard.Letter(t.Context(), old); err == nil {
				t.Fatal("a replayed letter is taken")
			}
		}
		if l := server.link("ssh"); l.Verdict != chain.Broken {
			t.Errorf("got %+v", l)
		}
		if got := server.journalled("vantage.refused_replayed"); got != 1 {
			t.Errorf("%d records of 500 replays", got)
		}
		after(11 * time.Minute)
		if _, err := server.guard.Letter(t.Context(), old); err == nil {
			t.Fatal("a replayed letter is taken later")
		}
		if sum := server.journalled("vantage.refused_more"); sum != 1 {
			t.Errorf("%d sums of 500 replays", sum)
		}
		if _, err := server.guard.Letter(t.Context(), []byte("nonsense")); err == nil || server.journalled("vantage.refused_malformed") != 1 {
			t.Error("nonsense is not refused and written down")
		}
	})
}

// A proof of what a link claimed before is none of what it claims now, and a change of
// the configuration no attack.
func TestAnotherClaim(t *testing.T) {
	apart(t, func(t *testing.T, n *network, laptop, server *spot) {
		laptop.stop()
		server.file = server.links("ssh laptop elsewhere", "mysqld - here") // another claim now
		if err := server.guard.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		after(5 * time.Minute)
		if l := server.link("ssh"); l.Verdict != chain.Unproven || l.ProvedAt != (time.Time{}) {
			t.Errorf("a proof of another claim counts: %+v", l)
		}
		laptop.start()
		after(3 * time.Minute)
		l := server.link("ssh")
		if l.Verdict != chain.Unproven || !strings.Contains(l.Because, "has not proved this very ssh") {
			t.Errorf("got %+v", l)
		}
		if server.journalled("vantage.refused_foreign") != 0 {
			t.Error("a change of the configuration is taken for an attack")
		}
	})
}

func TestRestarts(t *testing.T) {
	apart(t, func(t *testing.T, n *network, laptop, server *spot) {
		n.cut(true)
		server.stop()
		server.start()
		if l := server.link("ssh"); l.Verdict != chain.Holds { // still fresh, from its book
			t.Errorf("after a restart of the server: %+v", l)
		}
		laptop.set(func() { laptop.password = "wrong" })
		after(time.Minute)
		laptop.set(func() { laptop.password = "" })
		after(time.Minute)
		laptop.stop() // what waits is kept
		laptop.start()
		n.cut(false)
		after(6 * time.Minute)
		if l := server.link("ssh"); l.Verdict != chain.Holds || server.journalled("guard.broken") != 1 {
			t.Errorf("got %+v, %d breaks", l, server.journalled("guard.broken"))
		}
		for _, key := range []string{"vantage.refused_replayed", "vantage.refused_backdated", "vantage.refused_foreign"} {
			if server.journalled(key)+laptop.journalled(key) != 0 {
				t.Errorf("%s after restarts", key)
			}
		}
	})
}

func TestForget(t *testing.T) {
	apart(t, func(t *testing.T, n *network, laptop, server *spot) {
		if err := server.guard.PairForget(t.Context(), "nobody"); !errors.Is(err, vantage.ErrUnknown) {
			t.Errorf("got %v", err)
		}
		if err := server.guard.PairForget(t.Context(), "laptop"); err != nil {
			t.Fatal(err)
		}
		if l := server.link("ssh"); l.Verdict != chain.Unproven || !strings.Contains(l.Because, "no guard of that name") {
			t.Errorf("got %+v", l)
		}
		after(2 * time.Minute)
		if server.journalled("vantage.refused_stranger") != 1 {
			t.Error("the forgotten laptop's letter is not written down")
		}
		all, err := laptop.guard.Peers(t.Context(), words.English)
		if err != nil || len(all) != 1 || !strings.Contains(all[0].Trouble, "pair again") {
			t.Errorf("the laptop is not told: %+v %v", all, err)
		}
	})
}

func TestNoVantage(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, func(o *guard.Options) { o.NoVantage = fmt.Errorf("no key") }, func(g *guard.Guard) {
		if _, err := g.PairOffer(w.t.Context()); !errors.Is(err, vantage.ErrOff) {
			w.t.Errorf("got %v", err)
		}
		if _, err := g.Letter(w.t.Context(), nil); err == nil {
			w.t.Error("takes letters without a book")
		}
		if s := status(w.t, g); len(s.Guard.Troubles) != 1 {
			w.t.Errorf("got %v", s.Guard.Troubles)
		}
	})
}

// A laptop whose clock is ten minutes ahead: refused, and the owner is told that it is
// the clock. What it wrote then is void when its time has come.
func TestClockAhead(t *testing.T) {
	apart(t, func(t *testing.T, n *network, laptop, server *spot) {
		laptop.stop()
		book, _, err := vantage.Open(laptop.dir)
		if err != nil {
			t.Fatal(err)
		}
		ahead := func() []byte {
			b, err := book.Write("server", nil, func(string, vantage.Claim) (chain.Proof, bool) {
				return chain.Proof{Verdict: chain.Holds, At: time.Now().Add(10 * time.Minute)}, true
			}, time.Now().Add(10*time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		var refused *vantage.Refusal
		early := ahead()
		if _, err := server.guard.Letter(t.Context(), early); !errors.As(err, &refused) || refused.Code != vantage.Clock {
			t.Fatalf("got %v", err)
		}
		after(10 * time.Minute)
		s := status(t, server.guard)
		if len(s.Guard.Troubles) != 1 || !strings.Contains(s.Guard.Troubles[0], "10 minutes ahead") || !strings.Contains(s.Guard.Troubles[0], "clock") {
			t.Errorf("got %v", s.Guard.Troubles)
		}
		if l := server.link("ssh"); l.Verdict != chain.Unproven || !strings.Contains(l.Because, "clock") {
			t.Errorf("got %+v", l)
		}
		if _, err := server.guard.Letter(t.Context(), early); !errors.As(err, &refused) || refused.Code != vantage.Replayed {
			t.Errorf("what was written too early counts later: %v", err)
		}
		laptop.start()
		after(2 * time.Minute)
		if s := status(t, server.guard); len(s.Guard.Troubles) != 0 || server.link("ssh").Verdict != chain.Holds {
			t.Errorf("got %v, %+v", s.Guard.Troubles, server.link("ssh"))
		}
	})
}
