package due

import (
	"fmt"
	"time"

	"github.com/omamori-guard/omamori/due/notice"
)

// MailJob is what the program that reads mailboxes is given on its standard input.
type MailJob struct {
	Box     Box             `json:"box"`
	Senders []notice.Sender `json:"senders"`
	// Cursors say how far each folder was read.
	Cursors map[string]Cursor `json:"cursors,omitempty"`
	// Codes are those that channels wait for.
	Codes []string `json:"codes,omitempty"`
}

// Confirmed is a code that somebody gave back by answering the mail that brought it.
type Confirmed struct {
	Code string    `json:"code"`
	From string    `json:"from"`
	Date time.Time `json:"date"`
}

// Cursor is how far a folder was read: up to a UID, under a validity (RFC 9051, 2.3.1.1).
type Cursor struct {
	Validity uint32 `json:"validity"`
	UID      uint32 `json:"uid"`
}

// MailAnswer is what that program answers.
type MailAnswer struct {
	Found     []notice.Found    `json:"found,omitempty"`
	Confirmed []Confirmed       `json:"confirmed,omitempty"`
	Cursors   map[string]Cursor `json:"cursors,omitempty"`
	Looked    int               `json:"looked"`
	// Error is empty if all folders were read. It never holds a password.
	Error string `json:"error,omitempty"`
}

// Key names the box in the book.
func (b Box) Key() string { return fmt.Sprintf("%s@%s", b.User, b.IMAP) }
