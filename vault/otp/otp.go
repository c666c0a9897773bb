// Package otp makes one-time passwords: counted ones (RFC 4226) and timed ones (RFC 6238).
//
// The arithmetic is a dozen lines of the standard library, so no library is taken for
// it: those that there are keep secrets in strings, which cannot be wiped.
package otp

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Type is a sort of one-time password.
type Type uint8

const (
	TOTP Type = iota // by the time
	HOTP             // by a counter
)

// Algorithm is the hash function of an account.
type Algorithm uint8

const (
	SHA1 Algorithm = iota
	SHA256
	SHA512
)

// What an account has where nothing else is said.
const (
	DefaultDigits = 6
	DefaultPeriod = 30 * time.Second
)

// Bounds of what is taken for an account.
const (
	MaxSecret = 1 << 10 // bytes
	MaxName   = 512     // bytes of an issuer, or of a name
	MaxPeriod = 24 * time.Hour
)

// Account is what codes are made of.
type Account struct {
	// Issuer is who asks for the code, Name whose account it is there.
	Issuer, Name string
	Type         Type
	Algorithm    Algorithm
	Secret       Secret
	// Digits is 6, 7 or 8; 0 stands for six.
	Digits int
	// Period is how long a timed code counts, in whole seconds; 0 stands for thirty.
	Period time.Duration
	// Counter is that of the next counted code.
	Counter uint64
}

// Fault is why something is no account.
type Fault string

const (
	NoSecret     Fault = "no_secret"
	LongSecret   Fault = "long_secret"
	BadSecret    Fault = "bad_secret" // not base32
	BadDigits    Fault = "bad_digits"
	BadPeriod    Fault = "bad_period"
	BadCounter   Fault = "bad_counter"
	BadName      Fault = "bad_name"
	BadAlgorithm Fault = "bad_algorithm"
	BadType      Fault = "bad_type" // Steam's codes, mOTP and the like
	Malformed    Fault = "malformed"
)

func (f Fault) Error() string { return "no account: " + string(f) }

// Check says what keeps a from being an account, nil if nothing does.
func (a Account) Check() error {
	switch {
	case len(a.Secret) == 0:
		return NoSecret
	case len(a.Secret) > MaxSecret:
		return LongSecret
	case a.Type > HOTP:
		return BadType
	case a.Algorithm > SHA512:
		return BadAlgorithm
	case a.digits() < 6 || a.digits() > 8:
		return BadDigits
	case a.period() < time.Second || a.period() > MaxPeriod || a.period()%time.Second != 0:
		return BadPeriod
	case !named(a.Issuer) || !named(a.Name):
		return BadName
	}
	return nil
}

// named reports whether s can be shown: nothing in it moves a terminal about.
func named(s string) bool {
	return len(s) <= MaxName && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) })
}

func (a Account) digits() int {
	if a.Digits == 0 {
		return DefaultDigits
	}
	return a.Digits
}

func (a Account) period() time.Duration {
	if a.Period == 0 {
		return DefaultPeriod
	}
	return a.Period
}

// Whole returns a with what stands for a default written out.
func (a Account) Whole() Account {
	a.Digits, a.Period = a.digits(), a.period()
	if a.Type == TOTP {
		a.Counter = 0
	} else {
		a.Period = DefaultPeriod // says nothing of a counted code
	}
	return a
}

// Same reports whether a and b make the same codes, whatever they are called.
func (a Account) Same(b Account) bool {
	a, b = a.Whole(), b.Whole()
	return a.Type == b.Type && a.Algorithm == b.Algorithm && a.Digits == b.Digits && a.Period == b.Period &&
		subtle.ConstantTimeCompare(a.Secret, b.Secret) == 1
}

// Title is the account in one line: its issuer and its name.
func (a Account) Title() string {
	switch {
	case a.Issuer == "":
		return a.Name
	case a.Name == "":
		return a.Issuer
	}
	return a.Issuer + " (" + a.Name + ")"
}

// Step is the number of the time step that holds t; a time before 1970 is in step 0.
func (a Account) Step(t time.Time) uint64 {
	return uint64(max(0, t.Unix())) / uint64(a.period()/time.Second)
}

// Code is the code of a timed account at t, or the next one of a counted account.
func (a Account) Code(t time.Time) string {
	if a.Type == HOTP {
		return a.CodeOf(a.Counter)
	}
	return a.CodeOf(a.Step(t))
}

// Left is for how long the code of a timed account at t still counts.
func (a Account) Left(t time.Time) time.Duration {
	p := a.period()
	return p - time.Duration(t.UnixNano())%p
}

// CodeOf is the code of a step or a counter: RFC 4226, section 5.3.
func (a Account) CodeOf(counter uint64) string {
	mac := hmac.New(a.Algorithm.hash(), a.Secret)
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], counter)
	mac.Write(message[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	modulus := uint32(1)
	for range a.digits() {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", a.digits(), number%modulus)
}

func (g Algorithm) hash() func() hash.Hash {
	switch g {
	case SHA256:
		return sha256.New
	case SHA512:
		return sha512.New
	}
	return sha1.New
}

// Drift finds the step whose code was typed: steps is how far it lies from that of t
// (negative: who made it is behind), or from the counter. It looks at most within
// steps to either side, nearest first; of a counted account only ahead.
func (a Account) Drift(typed string, t time.Time, within int) (steps int, found bool) {
	typed = Digits(typed)
	if len(typed) != a.digits() {
		return 0, false
	}
	is := func(counter uint64) bool {
		return subtle.ConstantTimeCompare([]byte(a.CodeOf(counter)), []byte(typed)) == 1
	}
	base := a.Step(t)
	if a.Type == HOTP {
		base = a.Counter
	}
	for d := range within + 1 {
		if is(base + uint64(d)) {
			return d, true
		}
		if a.Type == TOTP && uint64(d) <= base && is(base-uint64(d)) {
			return -d, true
		}
	}
	return 0, false
}

// Digits are the digits of a code as people type it: without blanks and hyphens, and
// the wide digits of a Japanese keyboard as plain ones.
func Digits(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return '0' + r - '０'
		case r == '-' || r == '－' || unicode.IsSpace(r):
			return -1
		}
		return r
	}, typed)
}
