package hands

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/omamori-guard/omamori/chain"
)

// version is of the protocol. Both sides must have the same: they are installed
// together.
const version = 1

type operation string

const (
	opHello    operation = "hello" // the first request
	opNames    operation = "names"
	opDo       operation = "do"
	opProcess  operation = "process"
	opEvidence operation = "evidence"
	opWatch    operation = "watch" // from here on events come
	opRead     operation = "read"
	opDial     operation = "dial"
	opTune     operation = "tune"     // undone unless it is kept
	opKeep     operation = "keep"     // the tuning
	opUndo     operation = "undo"     // the tuning, now
	opBecame   operation = "became"   // of the tuning, what?
	opShutdown operation = "shutdown" // root alone
)

// request is what the client asks. ID is of its own choosing, never 0.
type request struct {
	ID      uint64     `json:"id"`
	Op      operation  `json:"op"`
	Version int        `json:"version,omitempty"`
	Deed    chain.Deed `json:"deed,omitzero"`
	Service string     `json:"service,omitempty"`
	Path    string     `json:"path,omitempty"`
	Tuning  *Tuning    `json:"tuning,omitempty"` // of became: its ID
}

// reply answers the request of the same ID. With ID 0 it is an event, or a refusal
// of the whole connection.
type reply struct {
	ID      uint64     `json:"id,omitempty"`
	Refused chain.Text `json:"refused,omitzero"`
	Error   string     `json:"error,omitempty"`
	// Errno is the number of the system's error behind Error, 0 if there is none.
	Errno int `json:"errno,omitempty"`

	Version  int             `json:"version,omitempty"`
	Names    []string        `json:"names,omitempty"`
	Done     *chain.Done     `json:"done,omitempty"`
	Process  *chain.Process  `json:"process,omitempty"`
	Evidence *chain.Evidence `json:"evidence,omitempty"`
	Outcome  Outcome         `json:"outcome,omitempty"`
	// Descriptor says that a file descriptor came along with this frame.
	Descriptor bool `json:"descriptor,omitempty"`
	// Ended names a service whose main process has ended.
	Ended string `json:"ended,omitempty"`
}

// Refused is a request that the policy of hands does not allow: something that its
// file does not name, too many deeds, a stranger.
type Refused struct{ Text chain.Text }

func (e *Refused) Error() string {
	return fmt.Sprintf("hands refuses: %s %v", e.Text.Key, e.Text.Args)
}

// Said says why to a person; there is nothing more to advise.
func (e *Refused) Said() (text, hint chain.Text) { return e.Text, chain.Text{} }

// refuse makes a *Refused.
func refuse(t chain.Text) error { return &Refused{Text: t} }

// distant is an error of hands' own, as its client sees it: the system's error
// behind it is still to be recognised.
type distant struct {
	text  string
	errno syscall.Errno
}

func (e *distant) Error() string { return e.text }
func (e *distant) Unwrap() error { return e.errno }

// told makes an error of what a reply says.
func told(text string, errno int) error {
	if errno <= 0 {
		return errors.New(text)
	}
	return &distant{text, syscall.Errno(errno)}
}

func errno(err error) int {
	n, _ := errors.AsType[syscall.Errno](err)
	return int(n)
}
