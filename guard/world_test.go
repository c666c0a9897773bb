package guard_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/words"
)

// world is a small server: one service, mariadb, that runs or not, hangs or not,
// and refuses to start as often as it is told. It is hands and journal in one.
type world struct {
	t *testing.T

	// mu protects the fields below.
	mu        sync.Mutex
	running   bool
	hung      bool
	password  string // what is wrong with the login, "" for nothing
	diesAfter time.Duration
	failStart int // so many starts fail
	oom       bool
	away      bool // hands cannot be asked
	ended     []func()
	did       []string // deeds, and what the journal was told, in order
	entries   []journal.Entry
	refuse    bool // the journal cannot write
	state     map[string][]byte
	messages  []string // events told
	starting  time.Duration
	up        time.Time // when a started service begins to answer
}

func newWorld(t *testing.T) *world {
	return &world{t: t, running: true, state: map[string][]byte{}}
}

func (w *world) set(f func()) { w.mu.Lock(); defer w.mu.Unlock(); f() }

// kill ends the service from outside.
func (w *world) kill() {
	w.mu.Lock()
	w.running = false
	ended := w.ended
	w.mu.Unlock()
	for _, f := range ended {
		f()
	}
}

func (w *world) Do(ctx context.Context, d chain.Deed) (chain.Done, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.did = append(w.did, string(d.Verb))
	switch d.Verb {
	case chain.Kill, chain.Stop:
		w.running, w.hung = false, false
	case chain.Start, chain.Restart:
		if w.failStart > 0 {
			w.failStart--
			return chain.Done{}, errors.New("exit status 1")
		}
		w.running, w.hung, w.up = true, false, time.Now().Add(w.starting)
		if w.diesAfter > 0 {
			time.AfterFunc(w.diesAfter, w.kill)
		}
	}
	return chain.Done{}, nil
}

func (w *world) Evidence(context.Context, string) (chain.Evidence, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return chain.Evidence{}, errors.New("hands are away")
	}
	e := chain.Evidence{Service: "mariadb", Process: chain.Process{PID: 7, Running: w.running, State: "S", KnownExit: !w.running, Signal: 9}}
	if w.hung {
		e.Process.State = "T"
	}
	if w.oom {
		e.OOMKills = 1
	}
	return e, nil
}

func (w *world) Process(context.Context, string) (chain.Process, error) {
	e, err := w.Evidence(context.Background(), "")
	return e.Process, err
}

func (w *world) Watch(ctx context.Context, _ string, ended func()) error {
	w.set(func() { w.ended = append(w.ended, ended) })
	<-ctx.Done()
	return ctx.Err()
}

func (w *world) ReadFile(context.Context, string) ([]byte, error) { return nil, errors.New("none") }
func (w *world) Dial(context.Context, string) (net.Conn, error)   { return nil, errors.New("none") }

func (w *world) Append(_ context.Context, e journal.Entry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(e)
	if w.refuse {
		return journal.ErrWaiting
	}
	return nil
}

func (w *world) Note(e journal.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(e)
}

// note is Note with mu held.
func (w *world) note(e journal.Entry) {
	if _, err := json.Marshal(e.Body); err != nil {
		w.t.Errorf("a body that is no JSON: %v", err)
	}
	w.entries = append(w.entries, e)
	if e.What == "plan" {
		w.did = append(w.did, "plan")
	}
}

func (w *world) Proof(string, chain.Proof)   {}
func (w *world) Prune(context.Context) error { return nil }

func (w *world) Trouble() (chain.Text, bool) { return chain.Text{}, false }

func (w *world) NoteState(key string, value []byte) {
	w.set(func() { w.state[key] = value })
}

func (w *world) LoadState(_ context.Context, key string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state[key], nil
}

func (w *world) tell(m guard.Message) {
	for _, lang := range words.Langs {
		if title, body := m.Say(lang); title == "" || body == "" {
			w.t.Errorf("%s says nothing in %s", m.Event, lang)
		}
	}
	w.set(func() { w.messages = append(w.messages, m.Event) })
}

// process is a prover of the service's process.
type process struct{ w *world }

func (p process) Prove(context.Context) chain.Proof {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if !p.w.running {
		return chain.Broke("", chain.Say("test.dead"), chain.Say("test.start"))
	}
	return chain.Held(chain.Say("test.alive"))
}

func (p process) Service() string { return "mariadb" }

func (p process) Plan(proof chain.Proof, e chain.Evidence) chain.Plan {
	plan := chain.Plan{Cause: "killed", Why: chain.Say("test.killed"), Evidence: []string{"signal 9"}}
	switch {
	case proof.Cause == "wrong_password":
		return chain.Plan{Cause: proof.Cause, Why: proof.Because, Next: proof.Hint}
	case e.OOMKills > 0:
		plan.Cause = "oom"
	case e.Process.Running:
		plan.Cause = "hung"
		plan.Deeds = append(plan.Deeds, chain.Deed{Verb: chain.Kill, Service: "mariadb"})
	}
	plan.Deeds = append(plan.Deeds, chain.Deed{Verb: chain.Start, Service: "mariadb"})
	return plan
}

func (p process) Watch(ctx context.Context, wake func()) error {
	return p.w.Watch(ctx, "mariadb", wake)
}

// sql is a prover that asks the service.
type sql struct{ process }

func (p sql) Prove(ctx context.Context) chain.Proof {
	p.w.mu.Lock()
	running, hung, password, up := p.w.running, p.w.hung, p.w.password, p.w.up
	p.w.mu.Unlock()
	switch {
	case !running || time.Now().Before(up):
		return chain.Broke("refused", chain.Say("test.refused"), chain.Say("test.start"))
	case hung:
		<-ctx.Done()
		if errors.Is(ctx.Err(), context.Canceled) {
			return chain.Untried(chain.Say("test.cancelled"), chain.Text{})
		}
		return chain.Broke("hung", chain.Say("test.hung"), chain.Say("test.start"))
	case password != "":
		return chain.Broke("wrong_password", chain.Say("test.password"), chain.Say("test.mend_it"))
	}
	return chain.Held(chain.Say("test.answers"))
}

// onlyProver hides the other powers of a prover.
type onlyProver struct{ chain.Prover }

type person struct{ onlyProver }

func (person) Ask() chain.Text { return chain.Say("test.question") }

// file makes the configuration: mariadb <- sql <- front, goal blog, and a claim.
func (w *world) file(t *testing.T, change func(*config.Link)) *config.File {
	t.Helper()
	specs := []struct {
		name   string
		needs  []string
		prover chain.Prover
	}{
		{"mariadb", nil, process{w}},
		{"sql", []string{"mariadb"}, sql{process{w}}},
		{"front", []string{"sql"}, onlyProver{sql{process{w}}}},
		{"codes", nil, person{}},
	}
	f := &config.File{Path: "omamori.yaml"}
	var m chain.Model
	for _, s := range specs {
		l := config.Link{
			Name: s.name, Every: 5 * time.Second, Timeout: 2 * time.Second, Fresh: 21 * time.Second, Mend: true,
			Kind: chain.Kind{Name: s.name, Person: s.name == "codes", New: func(any, chain.Place) (chain.Prover, error) { return s.prover, nil }},
		}
		if l.Kind.Person {
			l.Fresh = 2 * time.Hour
		}
		if change != nil {
			change(&l)
		}
		f.Links = append(f.Links, l)
		m.Links = append(m.Links, chain.Link{Name: s.name, Kind: s.name, Needs: s.needs, Fresh: l.Fresh, Person: l.Kind.Person})
	}
	m.Goals = []chain.Goal{{Name: "blog", Title: "visitors read the blog", Ways: []chain.Way{{Name: "web", Links: []string{"front"}}}}}
	c, bad := chain.New(m)
	if bad != nil {
		t.Fatal(bad)
	}
	f.Chain = c
	return f
}

// guarded runs a guard over w in a bubble of its own time, and play within it.
func guarded(t *testing.T, w *world, change func(*guard.Options), play func(g *guard.Guard)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w.t = t
		w.live(change, play)
	})
}

// live runs a guard over w for as long as play takes.
func (w *world) live(change func(*guard.Options), play func(g *guard.Guard)) {
	o := guard.Options{Config: w.file(w.t, nil), Journal: w, Hands: w, Tell: w.tell, Version: "test"}
	if change != nil {
		change(&o)
	}
	g := guard.New(o)
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error)
	go func() { done <- g.Run(ctx) }()
	time.Sleep(3 * time.Second)
	synctest.Wait()
	play(g)
	cancel()
	if err := <-done; err != nil {
		w.t.Error(err)
	}
}

// after lets d of the bubble's time pass.
func after(d time.Duration) { time.Sleep(d); synctest.Wait() }

func status(t *testing.T, g *guard.Guard) guard.Status {
	t.Helper()
	s, err := g.Status(t.Context(), words.English)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func verdict(s guard.Status, link string) chain.Verdict {
	for _, l := range s.Links {
		if l.Name == link {
			return l.Verdict
		}
	}
	return chain.Unproven
}
