// Package omamori holds the laws of the tree, as tests.
package omamori_test

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/words"
)

const module = "github.com/omamori-guard/omamori"

// only lists packages that may import less of the project than their layer allows.
var only = map[string][]string{
	"chain":        nil,
	"door":         {},
	"hands":        {"chain", "door", "linux", "mounts", "words"},
	"light":        nil,
	"linux":        nil,
	"mounts":       nil,
	"paper":        nil,
	"tunnel":       {"chain"},
	"vantage":      {"chain"},
	"vault":        {"chain", "vault/otp"},
	"vault/kit":    {"chain", "vault/shamir"},
	"vault/shamir": nil,
	"words":        nil,
}

// stdlibOnly lists the packages without any dependency.
var stdlibOnly = []string{"chain", "vault/otp", "words"}

// long lists the files that may have more than 400 lines; each says why at its top.
const longest = 400

// file is one Go file of the project.
type file struct {
	path, pkg string // pkg is its folder
	test      bool
	ast       *ast.File
	fset      *token.FileSet
	lines     int
}

func files(t *testing.T) []file {
	t.Helper()
	var all []file
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, path, src, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, file{
			path: path, pkg: filepath.ToSlash(filepath.Dir(path)), test: strings.HasSuffix(path, "_test.go"),
			ast: tree, fset: fset, lines: strings.Count(string(src), "\n"),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWhoImportsWhom(t *testing.T) {
	for _, f := range files(t) {
		if f.test || f.pkg == "." {
			continue
		}
		layer, known := layers[f.pkg]
		if !known {
			t.Errorf("%s: package %s is not in the table of layers", f.path, f.pkg)
			continue
		}
		for _, i := range f.ast.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			in, ours := strings.CutPrefix(path, module+"/")
			if !ours {
				if slices.Contains(stdlibOnly, f.pkg) && strings.Contains(strings.Split(path, "/")[0], ".") {
					t.Errorf("%s: imports %s, but %s has no dependencies", f.path, path, f.pkg)
				}
				continue
			}
			below, known := layers[in]
			switch allowed, limited := only[f.pkg]; {
			case !known:
				t.Errorf("%s: imports %s, which is not in the table of layers", f.path, in)
			case below >= layer:
				t.Errorf("%s: %s (layer %d) imports %s (layer %d)", f.path, f.pkg, layer, in, below)
			case limited && !slices.Contains(allowed, in):
				t.Errorf("%s: %s must not import %s", f.path, f.pkg, in)
			}
		}
	}
}

func TestNoEmptyRooms(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range files(t) {
		seen[f.pkg] = true
	}
	for pkg := range layers {
		if !seen[pkg] {
			t.Errorf("the table of layers has %s, which does not exist", pkg)
		}
	}
}

func TestEachPackageHasOneSentence(t *testing.T) {
	docs := map[string]int{}
	for _, f := range files(t) {
		if f.test {
			continue
		}
		if f.ast.Doc != nil && strings.TrimSpace(f.ast.Doc.Text()) != "" {
			docs[f.pkg]++
		} else if _, ok := docs[f.pkg]; !ok {
			docs[f.pkg] = 0
		}
	}
	for pkg, n := range docs {
		if n != 1 {
			t.Errorf("%s: %d package comments, want one", pkg, n)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, f := range files(t) {
		if f.lines <= longest || f.test {
			continue
		}
		reason := false
		for _, c := range f.ast.Comments {
			reason = reason || f.fset.Position(c.Pos()).Line < 15 && strings.Contains(c.Text(), "longer than 400 lines")
		}
		if !reason {
			t.Errorf("%s has %d lines; a file has one subject, or says at its top why it is longer than 400 lines", f.path, f.lines)
		}
	}
}

// Nothing runs by being imported, and no package keeps state of its own.
func TestNoInit(t *testing.T) {
	for _, f := range files(t) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: has an init function", f.path)
			}
		}
	}
}

// aKey is what keys of the catalogue look like; a key that ends in "_" or "." is
// the beginning of one that is put together.
var aKey = regexp.MustCompile(`^[a-z]+(\.[a-z0-9_]+)+$|^[a-z]+\.([a-z0-9_]+_)?$`)

// Every key that the code names is in the catalogue, and every entry of the
// catalogue is named by the code.
func TestTextsAreUsedAndThere(t *testing.T) {
	areas := map[string]bool{}
	for _, k := range words.Keys() {
		area, _, _ := strings.Cut(k, ".")
		areas[area] = true
	}
	used, prefixes := map[string]bool{}, map[string]bool{}
	for _, f := range files(t) {
		if f.test || f.pkg == "words" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			s, err := strconv.Unquote(lit.Value)
			if err != nil || !aKey.MatchString(s) {
				return true
			}
			area, _, _ := strings.Cut(s, ".")
			if !areas[area] {
				return true
			}
			if strings.HasSuffix(s, "_") || strings.HasSuffix(s, ".") {
				prefixes[s] = true
			} else {
				used[s] = true
			}
			return true
		})
		for _, key := range saidKeys(f.ast) {
			if !words.Has(key) {
				t.Errorf("%s: says %q, which the catalogue does not have", f.path, key)
			}
		}
	}
	for _, key := range templateKeys(t) {
		area, _, _ := strings.Cut(key, ".")
		if !areas[area] {
			continue
		}
		if strings.HasSuffix(key, "_") || strings.HasSuffix(key, ".") {
			prefixes[key] = true
		} else if used[key] = true; !words.Has(key) {
			t.Errorf("a template says %q, which the catalogue does not have", key)
		}
	}
	for _, k := range words.Keys() {
		begun := false
		for p := range prefixes {
			begun = begun || strings.HasPrefix(k, p)
		}
		if !used[k] && !begun {
			t.Errorf("the catalogue's %q is said nowhere", k)
		}
	}
}

// The page and the configuration know no kind of link by name: a new one needs nothing there.
func TestNoKindIsKnownByName(t *testing.T) {
	of := func(e ast.Expr) bool {
		s, ok := e.(*ast.SelectorExpr)
		return ok && s.Sel.Name == "Kind"
	}
	for _, f := range files(t) {
		if f.test || f.pkg != "web" && f.pkg != "web/api" && f.pkg != "config" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if (of(n.X) || of(n.Y)) && (n.Op == token.EQL || n.Op == token.NEQ) {
					t.Errorf("%s asks which kind it is", f.fset.Position(n.Pos()))
				}
			case *ast.SwitchStmt:
				if n.Tag != nil && of(n.Tag) {
					t.Errorf("%s switches on kinds", f.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
	for _, pattern := range []string{"web/templates/*", "web/static/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal(pattern, err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if found := regexp.MustCompile(`(eq|ne) [^}]*\.Kind|\.[kK]ind [=!]=`).Find(b); found != nil {
				t.Errorf("%s asks which kind it is: %s", path, found)
			}
		}
	}
}

// templateKeys lists the keys that the page's templates say.
func templateKeys(t *testing.T) (keys []string) {
	paths, err := filepath.Glob("web/templates/*.html")
	if own, _ := filepath.Glob("web/signin/templates/*.html"); err == nil {
		paths = append(paths, own...)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"([a-z]+\.[a-z0-9_.]+)"`).FindAllStringSubmatch(string(b), -1) {
			if aKey.MatchString(m[1]) {
				keys = append(keys, m[1])
			}
		}
	}
	return keys
}

// saidKeys lists the literal keys given to Say and Text.
func saidKeys(f *ast.File) (keys []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		name := ""
		switch fn := call.Fun.(type) {
		case *ast.SelectorExpr:
			name = fn.Sel.Name
		case *ast.Ident:
			name = fn.Name
		}
		lit, ok := call.Args[0].(*ast.BasicLit)
		if ok && (name == "Say" || name == "say" || name == "Text") && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil && aKey.MatchString(s) {
				keys = append(keys, s)
			}
		}
		return true
	})
	return keys
}

// The promises of the documents are kept where they can be looked up: every make
// target that a document names exists.
func TestDocumentsNameRealTargets(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`(?:^|[^a-z])make ([a-z][a-z-]+)`)
	for _, doc := range []string{"README.md", "README.ja.md", "CONTRIBUTING.md", "bench/RESULTS.md"} {
		f, err := os.Open(doc)
		if err != nil {
			t.Error(err)
			continue
		}
		defer f.Close()
		for line := bufio.NewScanner(f); line.Scan(); {
			for _, m := range names.FindAllStringSubmatch(line.Text(), -1) {
				if !strings.Contains(string(makefile), fmt.Sprintf("\n%s:", m[1])) && strings.Contains(line.Text(), "make "+m[1]) &&
					strings.ContainsAny(line.Text(), "`$") {
					t.Errorf("%s speaks of make %s, which does not exist", doc, m[1])
				}
			}
		}
	}
}
