package door

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"
)

// MaxSigners is how much of an allowed_signers file is read.
const MaxSigners = 1 << 20

// longestWho is how much of a line's principals is kept.
const longestWho = 128

// Signer is one line of an allowed_signers file.
type Signer struct {
	// Who is the line's principals.
	Who string
	Key ssh.PublicKey
	// After and Before bound when the key may sign; zero is no bound.
	After, Before time.Time
	// namespaces is the pattern of what the key may sign; "" is anything.
	namespaces string
}

// ForKnocks reports whether the line is about knocking at all.
func (s *Signer) ForKnocks() bool { return s.namespaces == "" || matches(s.namespaces, Namespace) }

// Signers are those who may sign permits. The zero value is nobody.
type Signers []Signer

// LineError is a line of an allowed_signers file that authorises nobody.
type LineError struct {
	Line int
	Why  string
}

func (e *LineError) Error() string { return fmt.Sprintf("allowed_signers line %d: %s", e.Line, e.Why) }

// ParseSigners reads a file in the format that ssh-keygen has for allowed_signers. Lines
// that cannot be read authorise nobody: they are in the error, a join of *LineError, and
// those that can be read are returned all the same.
func ParseSigners(file []byte) (Signers, error) {
	if len(file) > MaxSigners {
		return nil, &LineError{0, "the file is too large"}
	}
	var all Signers
	var bad []error
	n := 0
	for line := range bytes.Lines(file) {
		n++
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		s, why := parseSigner(text)
		if why != "" {
			bad = append(bad, &LineError{n, why})
			continue
		}
		all = append(all, s)
	}
	return all, errors.Join(bad...)
}

func parseSigner(line string) (s Signer, why string) {
	if !utf8.ValidString(line) || strings.ContainsFunc(line, func(c rune) bool { return c != '\t' && unicode.IsControl(c) }) {
		return s, "characters that do not belong there"
	}
	who, rest := field(line)
	s.Who = strings.Trim(who, `"`)
	switch {
	case s.Who == "" || rest == "":
		return s, "no key"
	case len(s.Who) > longestWho:
		return s, "principals that are too long"
	case strings.ContainsAny(s.Who, `*?!"`):
		// It would say "anybody" where the question is who it was.
		return s, "principals must be names, without patterns"
	}
	if first, _ := field(rest); !isKeyType(first) {
		var options string
		options, rest = field(rest)
		if why := s.options(options); why != "" {
			return s, why
		}
	}
	sort, rest := field(rest)
	text, _ := field(rest)
	blob, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !isKeyType(sort) {
		return s, "no key"
	}
	if s.Key, err = ssh.ParsePublicKey(blob); err != nil || s.Key.Type() != sort {
		return s, "no key"
	}
	if err := checkKey(s.Key); err != nil {
		return s, "keys of this sort are not taken (" + sort + ")"
	}
	return s, ""
}

// options reads a line's options.
func (s *Signer) options(text string) (why string) {
	for text != "" {
		var option string
		option, text = cutOption(text)
		name, value, has := strings.Cut(option, "=")
		name = strings.ToLower(name)
		if has {
			if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
				return "an option's value is not in quotes: " + name
			}
			value = value[1 : len(value)-1]
		}
		var err error
		switch name {
		case "cert-authority":
			return "certificate authorities are not taken: name each key"
		case "namespaces":
			if s.namespaces = value; value == "" {
				return "namespaces names none"
			}
		case "valid-after":
			s.After, err = when(value)
		case "valid-before":
			s.Before, err = when(value)
		default:
			return "unknown option " + name
		}
		if err != nil {
			return "no such time: " + name
		}
	}
	if !s.After.IsZero() && !s.Before.IsZero() && !s.After.Before(s.Before) {
		return "valid-after is not before valid-before"
	}
	return ""
}

// when reads YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS: local time, or UTC with a Z.
func when(s string) (time.Time, error) {
	place := time.Local
	if cut, ok := strings.CutSuffix(s, "Z"); ok {
		s, place = cut, time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(s) == len(layout) {
			return time.ParseInLocation(layout, s, place)
		}
	}
	return time.Time{}, errors.New("no such time")
}

// field cuts the first word of a line; blanks inside quotes do not end it.
func field(s string) (word, rest string) {
	quoted := false
	for i, c := range s {
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t'):
			return s[:i], strings.TrimLeft(s[i:], " \t")
		}
	}
	return s, ""
}

// cutOption cuts the first of options; commas inside quotes do not end it.
func cutOption(s string) (option, rest string) {
	quoted := false
	for i, c := range s {
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted && c == ',':
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func isKeyType(s string) bool {
	switch s {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256, ssh.KeyAlgoRSA,
		ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, "ssh-dss":
		return true
	}
	return strings.HasSuffix(s, "-cert-v01@openssh.com")
}

// matches says whether s is in a list of patterns as OpenSSH has them: one that is
// negated wins.
func matches(list, s string) bool {
	found := false
	for pattern := range strings.SplitSeq(list, ",") {
		pattern, not := strings.CutPrefix(strings.TrimSpace(pattern), "!")
		if strings.ContainsAny(pattern, `[]\`) { // path.Match has more than OpenSSH's patterns
			continue
		}
		if ok, err := path.Match(pattern, s); err != nil || !ok {
			continue
		}
		if not {
			return false
		}
		found = true
	}
	return found
}

// find is who may sign with key now, or why nobody may.
func (all Signers) find(key ssh.PublicKey, now time.Time) (who string, err error) {
	blob := key.Marshal()
	code := CodeUnknown
	for i := range all {
		s := &all[i]
		switch {
		case !slices.Equal(s.Key.Marshal(), blob) || !s.ForKnocks():
		case !s.After.IsZero() && now.Before(s.After):
			code = max(code, CodeTooEarly)
		case !s.Before.IsZero() && !now.Before(s.Before):
			code = max(code, CodeExpired)
		default:
			return s.Who, nil
		}
	}
	return "", &Refusal{Code: code}
}

// Verify reads a permit and its signature, and says who signed it: the principals and
// the fingerprint of the key. It holds for as often as one asks: that a permit counts
// once and soon is seen to by a Gate. The error is a *Refusal.
func (all Signers) Verify(permit, signature []byte, now time.Time) (p *Permit, who, key string, err error) {
	if p, err = ParsePermit(permit); err != nil {
		return nil, "", "", err
	}
	sig, err := ParseSignature(signature)
	if err != nil {
		return nil, "", "", err
	}
	// First whether the key is anybody's, which costs less than its signature.
	who, err = all.find(sig.Key, now)
	if r, ok := err.(*Refusal); ok && r.Code == CodeUnknown {
		return nil, "", "", err
	}
	if err := sig.Verify(permit); err != nil {
		return nil, "", "", err
	}
	if err != nil { // only he who has the key hears that its time is over
		return nil, "", "", err
	}
	return p, who, ssh.FingerprintSHA256(sig.Key), nil
}
