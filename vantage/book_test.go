package vantage

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// side is one of two guards: its book, what it wants, what it has proved.
type side struct {
	t      *testing.T
	dir    string
	book   *Book
	other  string
	wants  map[string]Claim
	proved map[string]chain.Proof
	now    time.Time
}

var noon = time.Date(2017, 8, 2, 12, 0, 0, 0, time.UTC)

func newSide(t *testing.T) *side {
	s := &side{t: t, dir: t.TempDir(), wants: map[string]Claim{}, proved: map[string]chain.Proof{}, now: noon}
	s.open()
	return s
}

// open opens the book, anew after a kill -9.
func (s *side) open() {
	s.t.Helper()
	b, aside, err := Open(s.dir)
	if err != nil || aside != "" {
		s.t.Fatal(aside, err)
	}
	s.book = b
}

func (s *side) write() []byte {
	s.t.Helper()
	b, err := s.book.Write(s.other, s.wants, func(link string, _ Claim) (chain.Proof, bool) {
		p, ok := s.proved[link]
		return p, ok
	}, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

func (s *side) take(b []byte) (Taken, error) {
	l, err := s.book.Read(b, s.now)
	if err != nil {
		return Taken{}, err
	}
	return s.book.Take(l, s.wants, s.now)
}

func (s *side) must(b []byte) Taken {
	s.t.Helper()
	got, err := s.take(b)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

func (s *side) refuses(b []byte, code Code) {
	s.t.Helper()
	var r *Refusal
	if _, err := s.take(b); !errors.As(err, &r) || r.Code != code {
		s.t.Errorf("got %v, want refused: %s", err, code)
	}
}

// prove notes a proof, as a guard does when the verdict has changed.
func (s *side) prove(link string, v chain.Verdict, ago time.Duration) {
	s.t.Helper()
	p := chain.Proof{Verdict: v, At: s.now.Add(-ago), Because: chain.Say("test.seen")}
	s.proved[link] = p
	if err := errors.Join(s.book.Note(link, claim(link), p, s.now), s.book.Flush()); err != nil {
		s.t.Fatal(err)
	}
}

func claim(link string) (c Claim) { copy(c[:], link); return c }

// couple pairs a laptop and a server; the server wants to hear of ssh.
func couple(t *testing.T) (laptop, server *side) {
	t.Helper()
	laptop, server = newSide(t), newSide(t)
	laptop.other, server.other = "server", "laptop"
	server.wants["ssh"] = claim("ssh")
	laptop.pair(server, "server")
	laptop.must(server.reply(laptop.write()))
	return laptop, server
}

func (s *side) pair(server *side, name string) {
	s.t.Helper()
	code, err := s.book.Offer("laptop", s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	look, none, err := server.book.Answer(code, name, "", false, s.now)
	if err != nil || none != "" || look.Theirs.Name != "laptop" || look.Theirs.Key != s.book.Key().String() {
		s.t.Fatal(look, none, err)
	}
	_, answer, err := server.book.Answer(code, name, "", true, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	mine, err := s.book.Accept(answer, "laptop", "", Route{Host: "server"}, true, s.now)
	if err != nil || mine.Theirs != look.Mine || mine.Mine != look.Theirs {
		s.t.Fatal(mine, err)
	}
}

func (s *side) reply(b []byte) []byte {
	s.t.Helper()
	s.must(b)
	return s.write()
}

func (s *side) pass(d time.Duration, others ...*side) {
	s.now = s.now.Add(d)
	for _, o := range others {
		o.now = s.now
	}
}

func TestProofsArrive(t *testing.T) {
	laptop, server := couple(t)
	laptop.prove("ssh", chain.Broken, 0)
	laptop.pass(time.Second, server)
	laptop.prove("ssh", chain.Holds, 0)
	laptop.prove("mail", chain.Holds, 0) // not asked for: not told
	b := laptop.write()
	if strings.Contains(string(b), "mail") {
		t.Error("tells of a link that the other did not ask for")
	}
	got := server.must(b)
	if len(got.Newest) != 1 || got.Newest[0].Proof.Verdict != chain.Holds || len(got.Past) != 1 || got.Past[0].Proof.Verdict != chain.Broken || len(got.Refused) != 0 {
		t.Fatalf("got %+v", got)
	}
	p := got.Newest[0].As("laptop", server.now)
	if p.By != "laptop" || p.Because.Key != "vantage.says" || p.At.After(server.now) {
		t.Errorf("got %+v", p)
	}
	// The answer is lost, and both are killed: nothing is told twice, nothing refused.
	laptop.open()
	server.open()
	laptop.pass(time.Minute, server)
	if got := server.must(laptop.write()); len(got.Newest)+len(got.Past)+len(got.Refused) != 0 {
		t.Errorf("told twice: %+v", got)
	}
	laptop.must(server.write())
	if p, _ := laptop.book.Peer("server", laptop.now); p.Waiting != 0 {
		t.Errorf("%d wait still", p.Waiting)
	}
	if held := server.book.Held("laptop", server.wants); held["ssh"].Proof.Verdict != chain.Holds {
		t.Errorf("after a restart: %+v", held)
	}
}

func TestKeptWhenApart(t *testing.T) {
	laptop, server := couple(t)
	for i := range 2 * maxOutbox {
		laptop.pass(time.Minute)
		p := chain.Proof{Verdict: chain.Verdict(1 + i%2), At: laptop.now}
		laptop.proved["ssh"] = p
		if err := laptop.book.Note("ssh", claim("ssh"), p, laptop.now); err != nil {
			t.Fatal(err)
		}
	}
	if err := laptop.book.Flush(); err != nil {
		t.Fatal(err)
	}
	laptop.open()
	server.now = laptop.now
	got := server.must(laptop.write())
	if len(got.Newest) != 1 || len(got.Past) != maxOutbox-1 || len(got.Refused) != 0 {
		t.Errorf("%d newest, %d past, refused %v", len(got.Newest), len(got.Past), got.Refused)
	}
}

// A guard that was taken over signs as it likes; it does not fill the other's disk.
func TestAFloodIsRefused(t *testing.T) {
	laptop, server := couple(t)
	taken, past, refused := 0, 0, 0
	flood := func() {
		for range 3 * lettersAtOnce {
			p := laptop.book.named("server")
			l := &letter{from: laptop.book.key(), to: p.Key, pairing: p.Pairing, sent: laptop.now}
			for i := range 100 {
				n, err := laptop.book.number(laptop.now)
				if err != nil {
					t.Fatal(err)
				}
				l.proofs = append(l.proofs, Proof{N: n, Link: "ssh", Claim: claim("ssh"), Proof: chain.Proof{
					Verdict: chain.Verdict(1 + i%2), At: laptop.now.Add(-time.Second + time.Duration(taken*100+i)*time.Microsecond)}})
			}
			seq, err := laptop.book.number(laptop.now)
			if err != nil {
				t.Fatal(err)
			}
			l.seq = seq
			got, err := server.take(l.sign(laptop.book.secret))
			var r *Refusal
			switch {
			case err == nil:
				taken++
				past += len(got.Past)
				for _, r := range got.Refused {
					if r.Code != Often {
						t.Fatal(r)
					}
					refused++
				}
			case !errors.As(err, &r) || r.Code != Often:
				t.Fatal(err)
			}
		}
	}
	flood()
	if taken < lettersAtOnce-5 || taken > lettersAtOnce || past != pastAtOnce || refused == 0 {
		t.Errorf("%d letters and %d proofs of a flood were taken, %d refused", taken, past, refused)
	}
	before, pastBefore := taken, past
	laptop.pass(time.Minute, server)
	flood()
	if taken-before > 31 || past-pastBefore > 7 {
		t.Errorf("a minute later %d letters and %d proofs more", taken-before, past-pastBefore)
	}
	laptop.pass(time.Hour, server)
	laptop.prove("ssh", chain.Holds, 0)
	server.must(laptop.write()) // it is heard again
}

func TestAttacks(t *testing.T) {
	laptop, server := couple(t)
	laptop.prove("ssh", chain.Holds, 0)
	first := laptop.write()
	server.must(first)
	server.refuses(first, Replayed)
	server.open() // the mark outlasts a kill -9
	server.refuses(first, Replayed)

	kept := laptop.write() // an attacker holds it back
	laptop.pass(3*time.Minute, server)
	server.refuses(kept, Clock)
	server.now = noon
	server.refuses(kept, Replayed) // and it is used up
	server.now = laptop.now

	laptop.refuses(laptop.write(), Stranger) // its own letter, sent back
	thief := newSide(t)
	thief.book.secret = secretOf(7)
	thief.other, thief.book.file.Peers = "server", laptop.book.file.Peers
	server.refuses(thief.write(), Stranger)

	// A letter to one friend, shown to another.
	friend := newSide(t)
	friend.other = "laptop"
	laptop.pair(friend, "friend")
	friend.refuses(laptop.write(), Misled)
	l := &letter{from: laptop.book.Key(), to: friend.book.Key(), seq: 1 << 60, sent: laptop.now}
	l.pairing = server.book.file.Peers[0].Pairing // even if it named the right pairing
	server.refuses(l.sign(laptop.book.secret), Misled)

	// Letters of a pairing that is over.
	old := laptop.write()
	if there, err := server.book.Forget("laptop"); !there || err != nil {
		t.Fatal(there, err)
	}
	server.refuses(old, Stranger)
	laptop.pair(server, "server")
	server.refuses(old, Misled)
}

func TestHostileProofs(t *testing.T) {
	for name, c := range map[string]struct {
		change func(p *Proof, sent time.Time)
		code   Code
	}{
		"a link that is not its":  {func(p *Proof, _ time.Time) { p.Link = "mysqld" }, Foreign},
		"another claim":           {func(p *Proof, _ time.Time) { p.Claim = claim("other") }, Foreign},
		"back-dated":              {func(p *Proof, _ time.Time) { p.Proof.At = noon.Add(-time.Hour) }, BackDated},
		"later than its letter":   {func(p *Proof, sent time.Time) { p.Proof.At = sent.Add(1) }, Future},
		"a year later":            {func(p *Proof, sent time.Time) { p.Proof.At = sent.AddDate(1, 0, 0) }, Future},
		"as it should be":         {func(*Proof, time.Time) {}, ""},
		"a number taken already":  {func(p *Proof, _ time.Time) { p.N = 1 }, "known"},
		"the time of a known one": {func(p *Proof, _ time.Time) { p.Proof.At = noon }, "known"},
	} {
		laptop, server := couple(t)
		laptop.prove("ssh", chain.Holds, 0)
		server.must(laptop.write())
		laptop.pass(time.Second, server)
		p := laptop.book.file.Peers[0]
		l := &letter{from: laptop.book.Key(), to: p.Key, pairing: p.Pairing, sent: laptop.now}
		l.seq, _ = laptop.book.number(laptop.now)
		bad := Proof{Link: "ssh", Claim: claim("ssh"), Proof: chain.Proof{Verdict: chain.Broken, At: laptop.now}}
		bad.N, _ = laptop.book.number(laptop.now)
		c.change(&bad, l.sent)
		l.proofs = []Proof{bad}
		got := server.must(l.sign(laptop.book.secret))
		switch {
		case c.code == "" && (len(got.Newest) != 1 || len(got.Refused) != 0),
			c.code == "known" && (len(got.Newest) != 0 || len(got.Refused) != 0),
			c.code != "" && c.code != "known" && (len(got.Newest) != 0 || len(got.Refused) != 1 || got.Refused[0].Code != c.code):
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// A configuration that changes while a letter is under way is no attack.
func TestAnOldWishIsNoAttack(t *testing.T) {
	laptop, server := couple(t)
	laptop.prove("ssh", chain.Holds, 0)
	server.wants = map[string]Claim{"ssh": claim("a new definition")}
	if got := server.must(laptop.write()); len(got.Newest)+len(got.Refused) != 0 {
		t.Errorf("got %+v", got)
	}
	laptop.must(server.write())
	if held := server.book.Held("laptop", server.wants); len(held) != 0 {
		t.Errorf("holds a proof of another claim: %v", held)
	}
}

func TestClocks(t *testing.T) {
	for apart, ok := range map[time.Duration]bool{
		0: true, 119 * time.Second: true, -119 * time.Second: true, 121 * time.Second: false, -121 * time.Second: false, 24 * time.Hour: false,
	} {
		laptop, server := couple(t)
		laptop.pass(apart)
		laptop.prove("ssh", chain.Holds, 0)
		b := laptop.write()
		if !ok {
			server.refuses(b, Clock)
			p, _ := server.book.Peer("laptop", server.now)
			if p.Trouble == nil || p.Trouble.Apart != apart {
				t.Errorf("%v apart: the trouble is %+v", apart, p.Trouble)
			}
			continue
		}
		got := server.must(b)
		if len(got.Newest) != 1 || got.Newest[0].As("laptop", server.now).At.After(server.now) {
			t.Errorf("%v apart: got %+v", apart, got)
		}
	}
}

// A disk that refuses: what cannot be kept does not count, and can come again.
func TestFullDisk(t *testing.T) {
	laptop, server := couple(t)
	laptop.prove("ssh", chain.Holds, 0)
	path := server.book.path
	server.book.path = filepath.Join(server.dir, "nowhere", bookFile)
	server.refuses(laptop.write(), Unsaved)
	server.book.path = path
	if got := server.must(laptop.write()); len(got.Newest) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestHalfAPairingIsNone(t *testing.T) {
	laptop, server := newSide(t), newSide(t)
	laptop.other, server.other = "server", "laptop"
	code, err := laptop.book.Offer("laptop", noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := server.book.Answer(code, "server", "", true, noon); err != nil {
		t.Fatal(err)
	}
	if len(server.book.Peers(noon.Add(11*time.Minute))) != 0 { // the laptop's owner said no
		t.Error("a pairing that only one side agreed to stays")
	}
	// A new pairing that fails leaves the old one as it was.
	laptop, server = couple(t)
	code, err = laptop.book.Offer("laptop", noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := server.book.Answer(code, "server", "", true, noon); err != nil {
		t.Fatal(err)
	}
	laptop.prove("ssh", chain.Holds, 0)
	if got := server.must(laptop.write()); len(got.Newest) != 1 {
		t.Errorf("got %+v", got)
	}
	// One that succeeds takes its place.
	laptop, server = couple(t)
	old := laptop.write()
	laptop.pair(server, "server")
	laptop.must(server.reply(laptop.write()))
	server.refuses(old, Misled)
	if n := len(server.book.Peers(noon)); n != 1 {
		t.Errorf("%d peers", n)
	}
}

func TestPairingRefusals(t *testing.T) {
	laptop, server := couple(t)
	code, err := laptop.book.Offer("laptop", noon)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		own, as string
		book    *Book
		want    error
	}{
		"itself":    {"server", "", laptop.book, ErrItself},
		"own name":  {"laptop", "", server.book, ErrOwnName},
		"bad alias": {"server", "a b", server.book, ErrBadOffer},
	} {
		if _, _, err := c.book.Answer(code, c.own, c.as, true, noon); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	imposter := newSide(t)
	fake, err := imposter.book.Offer("laptop", noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := server.book.Answer(fake, "server", "", true, noon); !errors.Is(err, ErrNameTaken) {
		t.Errorf("a name that is taken: %v", err)
	}
	if _, err := laptop.book.Accept("omamori-answer-1.AAAA", "laptop", "", Route{}, true, noon); !errors.Is(err, ErrBadOffer) {
		t.Errorf("nonsense: %v", err)
	}
	_, answer, err := server.book.Answer(code, "server", "", true, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := laptop.book.Accept(answer, "laptop", "", Route{Host: "h"}, true, noon.Add(11*time.Minute)); !errors.Is(err, ErrOld) {
		t.Errorf("an old offer: %v", err)
	}
	if _, err := server.book.Accept(answer, "server", "", Route{Host: "h"}, true, noon); !errors.Is(err, ErrOld) {
		t.Errorf("an answer to somebody else's offer: %v", err)
	}
}

func TestKeptFiles(t *testing.T) {
	laptop, _ := couple(t)
	if _, _, err := laptop.book.Identity(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{keyFile, bookFile, sshKeyFile} {
		st, err := os.Stat(filepath.Join(laptop.dir, name))
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, st, err)
		}
	}
	_, one, _ := laptop.book.Identity()
	laptop.open()
	if _, two, err := laptop.book.Identity(); err != nil || one != two || !strings.HasPrefix(one, "ssh-ed25519 ") {
		t.Errorf("%q %q %v", one, two, err)
	}
	path := filepath.Join(laptop.dir, bookFile)
	if err := os.WriteFile(path, []byte(`{"reserved":`), 0o600); err != nil {
		t.Fatal(err)
	}
	b, aside, err := Open(laptop.dir)
	if err != nil || aside == "" || len(b.Peers(noon)) != 0 {
		t.Errorf("a damaged book: %q %v", aside, err)
	}
	if err := os.WriteFile(filepath.Join(laptop.dir, keyFile), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(laptop.dir); err == nil {
		t.Error("half a key is used")
	}
}

// Numbers rise, whatever happens to the clock and the process.
func TestNumbersRise(t *testing.T) {
	s := newSide(t)
	last := int64(0)
	for _, now := range []time.Time{noon, noon.AddDate(0, 0, 3), noon.AddDate(-5, 0, 0), noon} {
		for range 3 {
			n, err := s.book.number(now)
			if err != nil || n <= last {
				t.Fatalf("%d after %d: %v", n, last, err)
			}
			last = n
		}
		s.open()
	}
}

func TestRoute(t *testing.T) {
	for host, good := range map[string]bool{
		"server": true, "me@server.example": true, "ssh://me@[::1]:2222": true, "": false, "-oProxyCommand=id": false, "a b": false, "a\nb": false,
	} {
		if r := (Route{Host: host}); r.Good() != good {
			t.Errorf("%q: good is %v", host, r.Good())
		}
	}
	cmd, err := Route{Host: "h", There: "omamori --state /srv/x", Config: "/c"}.Command(t.Context(), "exchange", "-T")
	if err != nil || strings.Join(cmd.Args, " ") != "ssh -T -F /c -- h omamori --state /srv/x exchange" {
		t.Errorf("%v %v", cmd, err)
	}
}

func TestKeyIsShownShort(t *testing.T) {
	if s := keyOf(secretOf(1)).String(); len(s) != 24 || strings.Count(s, "-") != 4 {
		t.Errorf("got %q", s)
	}
}
