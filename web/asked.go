package web

import (
	"crypto/rand"
	"crypto/sha256"
	"net/url"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/web/signin"
)

// Bounds of questions: how many are kept, and for how long an answer counts.
const (
	mostAsked  = 256
	answerTime = time.Hour
)

// asked are the questions whether something is to be done. An answer counts once, for what
// was asked and of whom it was asked: a form that comes again, from a browser that opens its
// tabs anew months later or from a thief of forms, does nothing again.
type asked struct {
	mu     sync.Mutex // protects the fields below
	open   map[string]*question
	oldest []string // their tokens, the oldest first
}

type question struct {
	of       [sha256.Size]byte
	then     string // where to look once it was answered
	until    time.Time
	answered bool
}

// about is what a question is about, and who is asked.
func about(v signin.Visitor, path string, fields url.Values) [sha256.Size]byte {
	return sha256.Sum256([]byte(v.CSRF + "\x00" + path + "\x00" + fields.Encode()))
}

// fieldsOf is what a form says, apart from what shows that it is ours.
func fieldsOf(form url.Values) url.Values {
	fields := url.Values{}
	for name, values := range form {
		if name != "csrf" && name != "sure" {
			fields[name] = values
		}
	}
	return fields
}

// ask puts a question to a visitor, who answers it at a path.
func (a *asked) ask(v signin.Visitor, path string, c *confirm) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.oldest) >= mostAsked {
		delete(a.open, a.oldest[0])
		a.oldest = a.oldest[1:]
	}
	if a.open == nil {
		a.open = map[string]*question{}
	}
	c.Sure = rand.Text()
	a.open[c.Sure] = &question{of: about(v, path, c.Fields), then: c.Back, until: time.Now().Add(answerTime)}
	a.oldest = append(a.oldest, c.Sure)
}

// answer takes an answer. It is sure if it counts; one that has counted before names where to
// look for what came of it.
func (a *asked) answer(token string, of [sha256.Size]byte) (sure bool, then string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := a.open[token]
	switch {
	case q == nil || q.of != of || time.Now().After(q.until):
		return false, ""
	case q.answered:
		return false, q.then
	}
	q.answered = true
	return true, ""
}
