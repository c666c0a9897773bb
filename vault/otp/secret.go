package otp

import (
	"encoding/base32"
	"fmt"
	"log/slog"
	"strings"
)

// Secret is the key of an account. It is printed, logged and written as JSON as
// "(secret)" alone; what really wants it says Base32 or takes its bytes.
type Secret []byte

const hidden = "(secret)"

// Format hides the secret from every verb of package fmt.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue hides the secret from logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the secret from JSON and its like.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Wipe overwrites the secret.
func (s Secret) Wipe() { clear(s) }

// Base32 is the secret as apps show it: upper case, without padding.
func (s Secret) Base32() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s)
}

// ParseSecret reads a secret as people and apps write it: base32 in either case, with
// blanks, hyphens or padding, or without.
func ParseSecret(s string) (Secret, error) {
	if len(s) > 2*MaxSecret {
		return nil, LongSecret
	}
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, strings.ToUpper(s))
	s = strings.TrimRight(s, "=")
	if s == "" {
		return nil, NoSecret
	}
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(s)
	if err != nil { // it would quote the secret's letters
		return nil, BadSecret
	}
	if len(b) == 0 {
		return nil, BadSecret
	}
	return b, nil
}
