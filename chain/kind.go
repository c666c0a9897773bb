package chain

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// Prover tries one link.
type Prover interface {
	// Prove tries the link once and returns what came of it; At and Took are
	// filled in by the caller. It ends promptly when ctx does. A trial cut short
	// by ctx being cancelled is unproven, never broken; one that met the
	// deadline of ctx may be broken, if slowness is what breaks the claim.
	// It is never called twice at once.
	Prove(ctx context.Context) Proof
}

// Mender is a prover that knows how its link is put back.
type Mender interface {
	Prover
	// Service names the service whose evidence Plan wants, "" for none.
	Service() string
	// Plan names the cause of a broken proof from the evidence and says what is
	// to be done. It changes nothing and does no I/O.
	Plan(p Proof, e Evidence) Plan
}

// Doer is a mender whose deeds are not for hands: it does them itself, in a cloud. The
// guard asks for them as for those of hands: planned, journalled, proved afterwards.
type Doer interface {
	Mender
	// Do does one deed of its own plan, or one of its chores. It ends promptly when ctx
	// does.
	Do(ctx context.Context, d Deed) error
}

// Keeper is a doer with chores: what falls due though nothing is broken, such as the end
// of a lease.
type Keeper interface {
	Doer
	// Chores lists what the last trial has found to be due. It does no I/O, and may be
	// called while Prove runs.
	Chores() []Deed
}

// Witnessed is a mender that wants the evidence of further services too, as Others:
// their logs tell what its link's own do not. Nothing is done to them for it.
type Witnessed interface {
	Mender
	Witnesses() []string
}

// Watcher is a prover that can tell when its link should be proved at once.
type Watcher interface {
	Prover
	// Watch calls wake at each event that concerns the link, from its own
	// goroutine, until ctx is done. An error means that it cannot watch; the
	// link is then proved at its beat alone.
	Watch(ctx context.Context, wake func()) error
}

// Answerer is a prover whose link is proved by a person.
type Answerer interface {
	Prover
	// Ask is the question; yes means that the claim holds.
	Ask() Text
}

// Checker is an answerer whose claim holds not because somebody says so, but if what he
// types is right, such as words that stand on a paper.
type Checker interface {
	Answerer
	// Check judges what was typed. An error says why it is no answer at all, so that
	// the person is asked again.
	Check(ctx context.Context, typed string) (Proof, error)
}

// Supposer is a prover that can tell what its link would be in other circumstances.
type Supposer interface {
	Prover
	// Suppose says what of the link's newest proof, p, would be left if s were so:
	// p itself, if that makes no difference. It changes nothing and does no I/O, and
	// may be called while Prove runs.
	Suppose(p Proof, s Supposition) Proof
}

// Supposition is how things are supposed to stand.
type Supposition struct {
	// At is the moment: now, or one to come.
	At time.Time
	// Attrs are the attributes of all things, as "laptop.os"; what a break hangs on that is
	// not among them is not known.
	Attrs map[string]string
}

// Services is what a prover may ask of hands. Each name is one that hands' own
// file lists; another is refused.
type Services interface {
	// Process tells of a service's main process.
	Process(ctx context.Context, service string) (Process, error)
	// Watch calls ended each time that the service's main process has ended,
	// until ctx is done.
	Watch(ctx context.Context, service string, ended func()) error
	// ReadFile returns a file that hands may read for the guard, whole. It fails
	// on more than a mebibyte.
	ReadFile(ctx context.Context, path string) ([]byte, error)
	// Dial connects to a Unix socket for the guard. The caller closes it.
	Dial(ctx context.Context, path string) (net.Conn, error)
}

// Place is where a prover finds itself.
type Place struct {
	// Link is the name of the link.
	Link string
	// Hands is nil where there are none.
	Hands Services
	// Attrs are the attributes of all things, as "laptop.os"; nil if not known.
	Attrs map[string]string
	// Seen says when a person last gave a sign of life, zero if never; nil where nobody
	// takes note of that. It may be called at any time.
	Seen func() time.Time
}

// Kind is a sort of link.
type Kind struct {
	Name string
	// Example is one link of the kind as YAML, without its name and kind.
	Example string
	// Settings returns a pointer to the kind's settings with their defaults, to
	// be decoded into. Fields have the tags yaml:"name" and doc:"what it is".
	Settings func() any
	// New makes a prover of decoded settings. Errors that concern one setting
	// are of the type *SettingError, joined where there are several. A prover
	// that is an io.Closer is closed when the guard has no more use for it.
	New func(settings any, at Place) (Prover, error)
	// Beat and Timeout are the kind's defaults, as text ("10s"); "" leaves the
	// guard's own.
	Beat, Timeout string
	// Person says that a person alone can prove links of this kind.
	Person bool
	// Aside says that a link of this kind is proved by another way than one goes by it: the
	// rules of a firewall are read, say. That it holds says nothing of what it needs.
	Aside bool
}

// NewKind makes a Kind of a type of settings, their defaults, and a function
// that makes a prover of them.
func NewKind[S any](name, example string, defaults S, build func(S, Place) (Prover, error)) Kind {
	return Kind{
		Name: name, Example: example,
		Settings: func() any { s := defaults; return &s },
		New:      func(s any, at Place) (Prover, error) { return build(*s.(*S), at) },
	}
}

// SettingError is a mistake in one setting.
type SettingError struct {
	// Field is the setting's name as it is written.
	Field string
	Text  Text
}

func (e *SettingError) Error() string {
	return fmt.Sprintf("%s: %s %v", e.Field, e.Text.Key, e.Text.Args)
}

// CloseProver closes p if it can be closed.
func CloseProver(p Prover) error {
	if c, ok := p.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
