package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/vault/otp"
)

// A secret is found in every form, also across the pieces in which a file is read.
func TestForms(t *testing.T) {
	secret := otp.Secret(marker + "-17, and more")
	for what, text := range map[string]string{
		"text": string(secret), "base32": secret.Base32(), "hex": hex.EncodeToString(secret), "base64": base64.StdEncoding.EncodeToString(secret),
		"numbers": fmt.Sprint([]byte(secret)), "printed": fmt.Sprintf("%#v", []byte(secret)), "a passphrase": "x" + secrets[0],
		"an export's": "secret=" + codes[1], "a key of age": "# key\n" + privateKey + strings.Repeat("Q", 58),
	} {
		if what == "printed" { // []byte{0x6e, …}, as nothing of ours prints
			continue
		}
		for _, before := range []int{0, 1, 1<<20 - 3, 1 << 20, 3<<20 + 7} {
			s := &search{forms: known()}
			s.look("it", strings.NewReader(strings.Repeat(".", before)+text+strings.Repeat(".", 50)))
			if len(s.found) == 0 {
				t.Errorf("%s after %d bytes: not found", what, before)
			}
		}
	}
	s := &search{forms: known()}
	s.look("a program that knows age", strings.NewReader(privateKey+"AGE-PLUGIN-not one"))
	if len(s.found) > 0 {
		t.Error(s.found)
	}
	for _, f := range known() {
		if len(f.text) > longest || len(f.text) < 8 {
			t.Errorf("%s has %d bytes", f.what, len(f.text))
		}
	}
}

// What a program writes, removes, says or complains is found; what is the owner's own is not.
func TestRun(t *testing.T) {
	watch, err := newWatch(&search{})
	watched := err == nil
	if watched {
		watch.end()
	} else {
		t.Log("ONLY WHAT IS SAID CAN BE SEARCHED HERE:", err)
	}
	// One of its own: who searches all tests may be searching this one.
	const secret = "found-by-its-own-test"
	for _, c := range []struct {
		script, found string
		code          int
	}{
		{"exit 0", "", 0},
		{"exit 3", "", 3},
		{"echo $S >file; rm file; sleep 0", "as text is in", 1},
		{"echo $S >given.file", "", 0},
		{"echo $S", "what the tests said", 1},
		{"echo $S >&2", "what the tests complained", 1},
		{"echo $S | base64 >file; exit 4", "in base64 is in", 4},
	} {
		var out, complaints bytes.Buffer
		dir := t.TempDir()
		if strings.Contains(c.found, " is in") && !watched {
			continue
		}
		t.Setenv("S", secret+"-1")
		s := &search{forms: forms(secret)}
		code, err := s.run([]string{"sh", "-c", "cd " + dir + "; " + c.script}, &out, &complaints)
		if err != nil {
			t.Fatal(err)
		}
		said := out.String()
		mine := 0 // others write meanwhile
		for line := range strings.Lines(said) {
			if strings.HasPrefix(line, "SECRET:") && (strings.Contains(line, dir) || strings.Contains(line, "what the tests")) {
				mine++
			}
		}
		if code != c.code && mine > 0 == (c.found != "") || (mine > 0) != (c.found != "") || !strings.Contains(said, c.found) || !strings.Contains(said, "leaks: searched") {
			t.Errorf("%s: %d\n%s", c.script, code, said)
		}
	}
}

// Every secret that a test of what has a vault names begins with the marker, or is a known
// one: so the search knows what to look for.
func TestSecretsAreKnown(t *testing.T) {
	seen := 0
	for _, dir := range []string{"../../cli", "../../cmd/omamori", ".."} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, path := range files {
			tree, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok || len(c.Args) != 1 {
					return true
				}
				if f, ok := c.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Secret" {
					return true
				}
				ast.Inspect(c.Args[0], func(n ast.Node) bool {
					if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
						seen++
						if s, _ := strconv.Unquote(l.Value); !strings.HasPrefix(s, marker) {
							t.Errorf("%s: the secret %q does not begin with %q, so that nobody looks for it", path, s, marker)
						}
						return false
					}
					return true
				})
				return true
			})
		}
	}
	if seen < 5 {
		t.Errorf("only %d secrets: what is looked for has changed", seen)
	}
	err := filepath.WalkDir("../../cmd/omamori/testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, rest := range strings.Split(string(b), "secret=")[1:] {
			if base32 := string(forms32()); !strings.HasPrefix(rest, base32) {
				t.Errorf("%s: the secret %.20s… does not begin with %q", path, rest, base32)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// The secrets of the exports of other programs are known too.
func TestExportsAreKnown(t *testing.T) {
	b, err := os.ReadFile("../testdata/accounts.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Split(string(b), "secret=")[1:]
	for _, rest := range all {
		if secret, _, _ := strings.Cut(rest, "&"); !slices.Contains(codes, secret) {
			t.Errorf("nobody looks for %q", secret)
		}
	}
	if b, err = os.ReadFile("../testdata/make.py"); err != nil || len(all) != len(codes) || !strings.Contains(string(b), `PASSWORD = b"fixture password"`) {
		t.Errorf("%d secrets, %v", len(all), err)
	}
}

func forms32() []byte { return []byte(otp.Secret(marker).Base32()) }
