// Command leaks runs the tests, and searches all that they write for their secrets: what
// they print, and every file that anything closes after it was written, be it gone a moment
// later.
package main

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// marker begins every secret that tests give to what is tested. Its length is such that it
// is seen in each form whatever follows it.
const marker = "never-shown-key"

// secrets are others, which tests know: passphrases, and what lies in the exports of other
// programs in vault/testdata.
var secrets = []string{
	"zebra-quilt-marmalade-7", "correct horse battery staple", "fixture password",
}

// codes are the secrets of those exports, as they stand there.
var codes = []string{
	"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU", "MZXW6YTBOJRGC6QMMZXW6YTBOJRGC6QM", "NBSWY3DPNBSWY3DP",
}

// form is one way in which a secret can be written.
type form struct {
	what string
	text []byte
}

func forms(secrets ...string) (all []form) {
	for _, s := range secrets {
		numbers := strings.Trim(fmt.Sprint([]byte(s)), "[]")
		for what, text := range map[string]string{
			"as text": s, "in hexadecimal": hex.EncodeToString([]byte(s)), "in HEXADECIMAL": strings.ToUpper(hex.EncodeToString([]byte(s))),
			"as numbers": numbers, "as numbers with commas": strings.ReplaceAll(numbers, " ", ","),
			// Without the last letters, which depend on what follows.
			"in base32": base32.StdEncoding.EncodeToString([]byte(s))[:len(s)/5*8],
			"in base64": base64.StdEncoding.EncodeToString([]byte(s))[:len(s)/3*4],
		} {
			all = append(all, form{fmt.Sprintf("%q %s", s, what), []byte(text)})
		}
	}
	slices.SortFunc(all, func(a, b form) int { return strings.Compare(a.what, b.what) })
	return all
}

// known are the forms of all that tests keep secret.
func known() []form {
	all := forms(append([]string{marker}, secrets...)...)
	for _, c := range codes {
		all = append(all, form{fmt.Sprintf("%q", c), []byte(c)})
	}
	return append(all, form{"a private key of age", []byte(privateKey)})
}

// privateKey begins a key of age, and so stands in each program that knows age: a key has
// 58 more letters.
const privateKey = "AGE-SECRET-KEY-1"

var wholeKey = regexp.MustCompile(privateKey + "[02-9AC-HJ-NP-Z]{58}")

func (f form) in(b []byte) bool {
	return bytes.Contains(b, f.text) && (string(f.text) != privateKey || wholeKey.Match(b))
}

// own reports whether a file is one that a test writes as the owner's own, secret by intent:
// its name begins with "given". What the compiler writes holds the tests themselves.
func (s *search) own(path string) bool {
	return strings.HasPrefix(filepath.Base(path), "given") || strings.Contains(path, "/go-build") ||
		s.cache != "" && strings.HasPrefix(path, s.cache+"/")
}

// search looks for secrets.
type search struct {
	forms []form
	cache string // the compiler's

	mu    sync.Mutex // protects the fields below
	found []string
	files int
	bytes int64
	// failed is what keeps a search from having been whole.
	failed error
}

// longest is how long a form may be, in bytes.
const longest = 256

// look reads r, which is called so, to its end.
func (s *search) look(name string, r io.Reader) {
	b := make([]byte, longest, 1<<20)
	have, total := 0, int64(0)
	for {
		n, err := r.Read(b[have:cap(b)])
		total += int64(n)
		all := b[:have+n]
		for _, f := range s.forms {
			if f.in(all) {
				s.say(fmt.Sprintf("%s is in %s", f.what, name))
			}
		}
		if err != nil || n == 0 {
			break // a file that cannot be read to its end has been cut off meanwhile
		}
		have = copy(b[:cap(b)], all[max(0, len(all)-longest):])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files++
	s.bytes += total
}

func (s *search) say(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.found, what) {
		s.found = append(s.found, what)
	}
}

func (s *search) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

// report says what came of it; true if nothing was found. That the files could not be watched
// shows nothing of the tests, and is said alone.
func (s *search) report(w io.Writer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.found {
		fmt.Fprintln(w, "SECRET:", f)
	}
	fmt.Fprintf(w, "--- leaks: searched what the tests said and %d files, %d MB, for %d forms of their secrets: %d found\n",
		s.files, s.bytes>>20, len(s.forms), len(s.found))
	if s.failed != nil {
		fmt.Fprintln(w, "--- leaks: NOT ALL FILES WERE SEARCHED FOR SECRETS:", s.failed)
	}
	return len(s.found) == 0
}
