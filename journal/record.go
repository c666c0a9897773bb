package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Entry is something to be recorded.
type Entry struct {
	At time.Time
	// What sorts it: "verdict", "incident", "plan", "deed", "told"…
	What           string
	Link, Incident string
	Text           chain.Text
	// Body is kept as JSON; nil keeps none.
	Body any
}

// Record is an entry as it stands in the journal.
type Record struct {
	Seq            int64
	At             time.Time
	What           string
	Link, Incident string
	Text           chain.Text
	Body           json.RawMessage
	// Hash covers the record and all before it.
	Hash Hash
}

// Hash is a link of the hash chain: SHA-256 over a label, the hash before (zeros
// before the first), the sequence number in eight bytes, and the content.
type Hash [sha256.Size]byte

func (h Hash) next(seq int64, content []byte) Hash {
	d := sha256.New()
	d.Write([]byte("omamori journal 1\n"))
	d.Write(h[:])
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(seq))
	d.Write(n[:])
	d.Write(content)
	return Hash(d.Sum(nil))
}

// Head is the newest record of a journal, in short: kept elsewhere, it shows later
// whether the journal's tail was cut.
type Head struct {
	Seq  int64
	Hash Hash
}

func (h Head) String() string { return fmt.Sprintf("%d:%x", h.Seq, h.Hash[:]) }

var errHead = errors.New("not of the form NUMBER:HASH")

// ParseHead reads what Head.String wrote.
func ParseHead(s string) (Head, error) {
	number, hash, _ := strings.Cut(strings.TrimSpace(s), ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	b, err2 := hex.DecodeString(hash)
	if err != nil || err2 != nil || seq < 0 || len(b) != sha256.Size {
		return Head{}, errHead
	}
	return Head{seq, Hash(b)}, nil
}

// content is what is hashed and kept. Its form is never changed: old records must
// verify for ever.
type content struct {
	At       time.Time       `json:"at"`
	What     string          `json:"what"`
	Link     string          `json:"link,omitempty"`
	Incident string          `json:"incident,omitempty"`
	Text     chain.Text      `json:"text,omitzero"`
	Body     json.RawMessage `json:"body,omitempty"`
}

// pending is an entry on its way to the disk.
type pending struct {
	content
	raw    []byte
	result chan error // has room for one: nil, or why it still waits
	// noted says that nobody waits for the result; once it has gone to the system's
	// log, it is not noted any more.
	noted bool
}

func newPending(e Entry) *pending {
	p := &pending{result: make(chan error, 1), content: content{
		At: e.At.UTC().Round(0), What: e.What, Link: e.Link, Incident: e.Incident, Text: e.Text,
	}}
	if e.Body != nil {
		b, err := json.Marshal(e.Body)
		if err != nil { // a figure that is no number: the rest still counts
			b, _ = json.Marshal(map[string]string{"error": err.Error()})
		}
		p.Body = b
	}
	p.raw, _ = json.Marshal(p.content) // strings, a time and JSON: cannot fail
	return p
}

// tell says how the writing went, unless that was said already.
func (p *pending) tell(err error) {
	select {
	case p.result <- err:
	default:
	}
}
