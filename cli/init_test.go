package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/discover"
	"github.com/omamori-guard/omamori/links"
	"github.com/omamori-guard/omamori/words"
)

// personAt opens a pseudo-terminal: the side of a person, and that of a program.
func personAt(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

// asking is what is said while the program asks; calls to each see what is new.
type asking struct {
	mu   sync.Mutex
	all  bytes.Buffer
	each func(said string)
}

func (a *asking) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all.Write(b)
	if a.each != nil {
		a.each(string(b))
	}
	return len(b), nil
}

func (a *asking) String() string { a.mu.Lock(); defer a.mu.Unlock(); return a.all.String() }

func initApp(in io.Reader, out io.Writer) *App {
	return &App{In: in, Out: out, Err: io.Discard, lang: words.English, Config: config.Options{Kinds: links.All(), Sections: []config.Section{{
		Name: "hands", Settings: func() any {
			return &struct {
				Socket string `yaml:"socket"`
			}{}
		},
	}}}}
}

// instance lets init find what wants questions, whatever this machine is.
func instance() *discover.Found { return &discover.Found{SSH: 22, EC2: &discover.EC2{}} }

func TestAskOwner(t *testing.T) {
	lines := []string{"", "-", "it's: [x]", "電話", "me@example.com", ""}
	out := &asking{}
	a := initApp(strings.NewReader(strings.Join(lines, "\n")+"\n"), out)
	answers, err := a.askOwner(t.Context(), instance())
	if err != nil {
		t.Fatal(err)
	}
	want := discover.Answers{"laptop": "", "second": "-", "address": "it's: [x]", "phone": "電話", "mailbox": "me@example.com", "number": ""}
	if fmt.Sprint(answers) != fmt.Sprint(want) {
		t.Errorf("%v", answers)
	}
	if said := out.String(); strings.Count(said, "] ") != 6 || !strings.Contains(said, "[my laptop]") || !strings.Contains(said, "[none]") {
		t.Errorf("%s", said)
	}
}

// The end of the input leaves the rest to the defaults.
func TestAskOwnerEnds(t *testing.T) {
	answers, err := initApp(strings.NewReader("my box\n"), io.Discard).askOwner(t.Context(), instance())
	if err != nil || len(answers) != 1 || answers["laptop"] != "my box" {
		t.Errorf("%v %v", answers, err)
	}
}

func TestInitIsInterrupted(t *testing.T) {
	_, program := personAt(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := t.TempDir()
	out := &asking{}
	out.each = func(said string) { // while the first question stands there
		if strings.Contains(said, "?") {
			cancel()
		}
	}
	a := initApp(program, out)
	if _, err := a.askOwner(ctx, instance()); err == nil {
		t.Error("no error")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("%v %v", entries, err)
	}
}

// The whole command on a terminal: a person answers each question that comes.
func TestInitOnATerminal(t *testing.T) {
	person, program := personAt(t)
	path := filepath.Join(t.TempDir(), "new", "omamori.yaml")
	out := &asking{}
	out.each = func(said string) {
		if strings.HasSuffix(said, "] ") {
			_ = person.SetWriteDeadline(time.Now().Add(time.Minute))
			_, _ = person.WriteString("it's \"me\": [#]\n")
		}
	}
	a := initApp(program, out)
	if code := a.Main(t.Context(), []string{"init", "-c", path, "--lang", "ja"}); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	_, problems, err := config.Load(path, a.Config)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v %+v", err, problems)
	}
	if !strings.Contains(out.String(), "管理コンソール") {
		t.Errorf("it did not ask: %s", out)
	}
	if b, err := os.ReadFile(path); err != nil || !strings.Contains(string(b), "it''s \"me\": [#]") {
		t.Errorf("%v\n%s", err, b)
	}
}

func TestInitOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "omamori.yaml")
	a := initApp(strings.NewReader(""), io.Discard)
	if code := a.Main(t.Context(), []string{"init", "-c", path}); code != 0 {
		t.Fatalf("exit %d", code)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "omamori.yaml" && e.Name() != "hands.json" {
			t.Errorf("left behind: %s", e.Name())
		}
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	for _, make := range []func() error{
		func() error { return os.WriteFile(path, []byte("mine"), 0o600) },
		func() error { return os.Symlink("/nowhere/at/all", path) },
		func() error { return os.Mkdir(path, 0o700) },
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Lstat(path)
		if code := initApp(strings.NewReader(""), io.Discard).Main(t.Context(), []string{"init", "-c", path, "--yes"}); code != exitBad {
			t.Errorf("exit %d", code)
		}
		if err := writeNew(path, first, 0o644); err == nil {
			t.Error("it was overwritten")
		}
		after, err := os.Lstat(path)
		if err != nil || before.Mode() != after.Mode() || before.Size() != after.Size() {
			t.Errorf("%v became %v", before, after)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInitPrints(t *testing.T) {
	var out bytes.Buffer
	a := initApp(strings.NewReader(""), &out)
	if code := a.Main(t.Context(), []string{"init", "--print", "--lang", "ja"}); code != 0 {
		t.Fatalf("exit %d", code)
	}
	if _, problems := config.Parse("", out.Bytes(), a.Config); len(problems) > 0 {
		t.Errorf("%+v\n%s", problems, out.String())
	}
}
