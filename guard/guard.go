package guard

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/support"
	"github.com/omamori-guard/omamori/vantage"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/words"
)

// Journal is what the guard needs of a journal.
type Journal interface {
	// Append returns once the entry, and all before it, would outlast a power cut;
	// Note and NoteState do not wait.
	Append(ctx context.Context, e journal.Entry) error
	Note(e journal.Entry)
	Proof(link string, p chain.Proof)
	Trouble() (chain.Text, bool)
	Prune(ctx context.Context) error
	NoteState(key string, value []byte)
	LoadState(ctx context.Context, key string) ([]byte, error)
}

// Hands is what the guard needs of hands.
type Hands interface {
	chain.Services
	Do(ctx context.Context, d chain.Deed) (chain.Done, error)
	Evidence(ctx context.Context, service string) (chain.Evidence, error)
}

// Message is something that whoever is to know is told, once.
type Message struct {
	// Event is "begin", "cause", "end", "gave_up", "trouble", "case", "due", "digest",
	// "letter", "confirm", "silence", "other" or "back".
	Event    string
	Incident string
	At       time.Time
	// Say gives title and body in a language.
	Say func(words.Lang) (title, body string)
	// To names the channels that it is for. Page, if it is not nil, gives it as HTML. Light
	// says that it may stay away where messages are counted.
	To    []string
	Page  func(words.Lang) string
	Light bool
	// Only says that it is for the readers of these channels, and no others.
	Only bool
	// Boxes are who signs in to the mailboxes that are read here: a mail that comes from one
	// of these addresses also says Answer, how it is answered.
	Boxes  []string
	Answer func(words.Lang) string
}

// Options are what a guard is made of.
type Options struct {
	Config  *config.File
	Journal Journal
	// Hands is nil where there are none: then nothing can be mended, and NoHands says
	// what is missing.
	Hands   Hands
	NoHands chain.Text
	// Tell passes a message on. It must not block. Nil tells nobody.
	Tell func(Message)
	// ReadMail reads a mailbox; nil reads none. SignedIn is when a person last signed in to
	// this machine; nil does not know.
	ReadMail func(context.Context, due.MailJob) (due.MailAnswer, error)
	SignedIn func() time.Time
	// ConfirmAt is the address at which a code is given back by a click, "" where only this
	// machine sees the page. It may be called at any time; nil knows none.
	ConfirmAt func(code string) string
	// Load reads the configuration anew, for a reload.
	Load    func() (*config.File, error)
	Log     *slog.Logger
	Version string
	// Phase shifts all beats, so that many hosts do not prove at one moment.
	Phase time.Duration
	// Vantage knows the guards that are paired with this one; nil knows none, and
	// NoVantage says why, if that is not as it should be. Name is what this one is
	// called, unless the configuration says. Call carries a letter to a peer and returns
	// its answer.
	Vantage   *vantage.Book
	NoVantage error
	Name      string
	Call      func(ctx context.Context, p vantage.Peer, letter []byte) ([]byte, error)
}

// Bounds of the guard's own work.
const (
	// workers is how many ordinary proofs run at once. Waking up is what costs:
	// few workers, and all that is due in a slot together.
	workers = 4
	// slot is the shared tick: what is due within it is proved together.
	slot = time.Second
	// slowProof is when a proof gives its worker back, so that a few links that
	// hang do not delay all others.
	slowProof = time.Second
	// hold is for how long everything must have held before an incident is over.
	hold = 10 * time.Second
	// pruneEvery is how often the journal forgets what is too old.
	pruneEvery = 6 * time.Hour
	// endedKept is how many ended incidents the status shows.
	endedKept = 10
)

// Guard proves the links of a chain, mends what it may, and keeps the record.
//
// One goroutine, that of Run, owns all of its state; proofs and mends run beside
// it and send it what they found.
type Guard struct {
	o       Options
	started time.Time
	calls   chan func()
	results chan result
	// stopped is closed when Run returns: calls are refused from then on.
	stopped chan struct{}
	work    sync.WaitGroup
	slots   chan struct{}
	soon    chan struct{} // has room for one: a peer has something to hear
	calling chan struct{} // has room for one: who calls a peer
	dueSoon chan struct{} // has room for one: what wants an answer is to be looked at
	seenAt  atomic.Int64  // the last sign of life, in nanoseconds of Unix; 0 is never

	lateLock sync.Mutex
	late     []func() // what is still to be noted of deeds that ended after the loop; lateLock protects it

	changes changes

	// The fields below are owned by the goroutine of Run.
	ctx       context.Context
	file      *config.File
	links     map[string]*link
	state     *chain.State
	incidents *chain.Incidents
	ended     []*chain.Incident
	mends     map[string]*mend       // by incident
	mended    map[string][]time.Time // when that was over, by the subject that was mended
	seen      *chain.View            // what was last looked at, nil for nothing of this chain
	due       time.Time              // when the next link is
	refused   chain.Text             // why the last configuration was refused
	saved     []byte
	said      map[string]word        // of things, by name
	alarms    map[string]*fall       // open ones, by goal
	fallen    []*fall                // that have ended
	stood     map[string]stood       // goals, by name
	ends      map[string][]chain.End // as they were last seen, by link
	rescues   rescues
	// book is what is kept of what wants an answer, deadlines what was last foreseen; plain
	// is the configuration without the links that the guard has made, which made lists.
	book      due.Book
	bookSaved []byte
	deadlines []Deadline
	plain     *config.File
	made      map[string]bool
	cases     map[string]support.Case // open ones, by desk
	refusals  map[refusalKind]*refusalCount
	unreached map[string]chain.Text // why a peer could not be called, by name
	// What hangs on the configuration alone, and what keeps what is reckoned of it.
	drilled []chain.Link
	graph   func() *ways.Graph
	present func() *ways.Graph // graph, but for the links in left
	left    []string           // the links that are left to a person
	waivers []chain.Oddity     // what was waived last
	// waivedSince is when the last loss was, after which they were shown.
	waivedSince time.Time
	outlooks    *outlooks
	watcher     *watcher
	foresaw     *foresight
	enders      bool // some link knows ends from its settings
	// tuning are the links that a tuning under way may break for a while; nil: none is.
	tuning map[string]bool
	// reckoning is closed when the margins that are being reckoned are followed; nil if
	// none are.
	reckoning chan struct{}
}

// ErrStopped is returned by calls to a guard that does not run any more.
var ErrStopped = errors.New("the guard has stopped")

// New makes a guard. Nothing runs until Run.
func New(o Options) *Guard {
	if o.Tell == nil {
		o.Tell = func(Message) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	g := &Guard{
		o: o, file: o.Config,
		calls: make(chan func()), results: make(chan result, workers),
		stopped: make(chan struct{}), slots: make(chan struct{}, workers),
		soon: make(chan struct{}, 1), calling: make(chan struct{}, 1), dueSoon: make(chan struct{}, 1),
		links: map[string]*link{}, mends: map[string]*mend{}, mended: map[string][]time.Time{}, said: map[string]word{}, alarms: map[string]*fall{}, stood: map[string]stood{},
		ends: map[string][]chain.End{}, refusals: map[refusalKind]*refusalCount{}, unreached: map[string]chain.Text{},
		state:     chain.NewState(o.Config.Chain),
		incidents: &chain.Incidents{Hold: hold},
	}
	g.prepare()
	return g
}

// prepare makes what hangs on the configuration alone.
func (g *Guard) prepare() {
	m := g.file.Chain.Model()
	goals := make([]string, len(m.Goals))
	for i, goal := range m.Goals {
		goals[i] = goal.Name
	}
	g.drilled, g.graph = drilledOf(m), g.graphOf()
	g.present, g.left = g.graph, nil
	g.outlooks, g.watcher = newOutlooks(g.graph, goals), newWatcher(g.file.Chain, g.graph)
	g.foresaw, g.enders = &foresight{}, false
	for _, l := range g.links {
		_, ok := l.prover.(chain.Ender)
		g.enders = g.enders || ok
	}
}

// Run guards until ctx is done, and returns when everything it started has ended.
// It fails only if a link of the first configuration cannot be made.
func (g *Guard) Run(ctx context.Context) error {
	defer close(g.stopped)
	ctx, cancel := context.WithCancel(ctx)
	defer g.work.Wait()
	defer cancel()
	g.ctx, g.started = ctx, time.Now()
	g.restoreDue()
	g.plain = g.file
	g.file, g.made = g.withMade(g.plain)
	g.state = chain.NewState(g.file.Chain)
	links, err := g.build(g.file)
	if err != nil {
		return err
	}
	g.links = links
	g.prepare() // with the mends of these links
	g.restore()
	g.restoreRescues()
	g.restoreCases()
	g.recall()
	g.append(journal.Entry{What: "start", Text: chain.Say("guard.started", "version", g.o.Version, "links", len(links))})
	for _, l := range g.links {
		g.watch(l)
	}
	if g.o.Vantage != nil && g.o.Call != nil {
		g.work.Go(func() { g.exchange(ctx) })
	}
	g.work.Go(func() { g.keepDue(ctx) })
	g.loop(ctx)
	cancel()
	g.work.Wait()
	for _, l := range g.links {
		l.close(g.o.Log)
	}
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	g.ctx = stop
	for _, note := range g.late { // no deed is under way any more
		note()
	}
	g.save()
	g.saveDue()
	g.sumRefusals(0)
	if g.o.Vantage != nil {
		if err := g.o.Vantage.Flush(); err != nil {
			g.o.Log.Warn("keep proofs for peers", "error", err)
		}
	}
	g.commit(journal.Entry{What: "stop", Text: chain.Say("guard.stopped")})
	return nil
}

func (g *Guard) loop(ctx context.Context) {
	beat := time.NewTimer(0)
	defer beat.Stop()
	prune := time.NewTicker(pruneEvery)
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-g.results:
			if g.foldAll(r) {
				g.look()
			}
		case call := <-g.calls:
			call()
		case <-prune.C:
			if err := g.o.Journal.Prune(ctx); err != nil {
				g.o.Log.Warn("prune the journal", "error", err)
			}
		case <-beat.C:
			g.beat(time.Now())
		}
		beat.Reset(time.Until(g.nextBeat()))
	}
}

// call runs f in the guard's goroutine and waits for it.
func (g *Guard) call(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case g.calls <- func() { f(); close(done) }:
		<-done
		return nil
	case <-g.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// later runs f in the guard's goroutine, unless the guard has stopped by then.
// It is for the goroutines that the guard itself started.
func (g *Guard) later(ctx context.Context, f func()) {
	select {
	case g.calls <- f:
	case <-ctx.Done():
	}
}

// append writes to the journal, without waiting for the disk.
func (g *Guard) append(e journal.Entry) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	g.o.Journal.Note(e)
	g.changes.tell()
}

// commit writes to the journal, and waits until it is there: what stands in it is
// about to be done. A journal that cannot write keeps the record in memory, sends it
// to the system's log, and says so itself; guarding goes on.
func (g *Guard) commit(e journal.Entry) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	if err := g.o.Journal.Append(g.ctx, e); err != nil {
		g.o.Log.Warn("write the journal", "what", e.What, "error", err)
	}
	g.changes.tell()
}
