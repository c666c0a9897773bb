package control

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vantage"
)

// lettered takes letters for the length of a test; it answers each with itself, and
// refuses "bad".
func lettered(t *testing.T) (path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "omamori-letters")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path = LettersPath(filepath.Join(dir, "control.sock"))
	l, err := ListenLetters(path, os.Geteuid())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- ServeLetters(ctx, l, func(_ context.Context, raw []byte) ([]byte, error) {
			switch string(raw) {
			case "bad":
				return nil, &vantage.Refusal{Code: vantage.Replayed, Peer: "a secret"}
			case "stopped":
				return nil, guard.ErrStopped
			}
			return raw, nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return path
}

func TestLetters(t *testing.T) {
	path := lettered(t)
	for in, want := range map[string]string{
		vantage.Line([]byte("hello")):                  vantage.Line([]byte("hello")),
		"Welcome!\n\n" + vantage.Line([]byte("hello")): vantage.Line([]byte("hello")), // what a login prints is passed over
		vantage.Line([]byte("bad")):                    "omamori-refused replayed\n",
		vantage.Line([]byte("stopped")):                "omamori-refused unsaved\n",
	} {
		var out bytes.Buffer
		if err := CarryLetter(t.Context(), []string{path + "-none", path}, strings.NewReader(in), &out); err != nil || out.String() != want {
			t.Errorf("%q: got %q, %v", in, out.String(), err)
		}
	}
	for _, in := range []string{"", "nonsense\n", strings.Repeat("x", 1<<21)} {
		if err := CarryLetter(t.Context(), []string{path}, strings.NewReader(in), io.Discard); err == nil {
			t.Errorf("carries %.20q", in)
		}
	}
	if err := CarryLetter(t.Context(), []string{path + "-none"}, strings.NewReader(vantage.Line([]byte("hello"))), io.Discard); !errors.Is(err, guard.ErrNoGuard) {
		t.Errorf("without a guard: %v", err)
	}
}

// What comes straight to the socket is bounded, and says nothing but that it is refused.
func TestJunkForTheLetters(t *testing.T) {
	path := lettered(t)
	for _, in := range []string{"\n", "GET / HTTP/1.1\r\n\r\n", "omamori-letter !!!\n", strings.Repeat("omamori-letter ", 1<<17)} {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, in) // it may be cut short, as the rest is not read
		_ = c.(*net.UnixConn).CloseWrite()
		out, err := io.ReadAll(c)
		if string(out) != "omamori-refused malformed\n" && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%.20q: got %q, %v", in, out, err)
		}
		c.Close()
	}
}

// Another user, as whom SSH has logged in, can hand in a letter, and nothing else.
func TestLettersOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must run this as root")
		}
		t.Skip("becomes another user: needs root")
	}
	path := lettered(t)
	binary := stranger(t)
	carry := exec.Command(binary, "-test.run", "^TestCarryAsAnotherUser$")
	carry.Env = append(os.Environ(), "OMAMORI_LETTERS_TEST="+path)
	carry.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := carry.CombinedOutput(); err != nil || !strings.Contains(string(out), vantage.Line([]byte("hello"))) {
		t.Errorf("%v: %s", err, out)
	}

	// One who connects as often as he can, and says nothing, keeps nobody else out.
	crowd := exec.Command(binary, "-test.run", "^TestCrowdAsAnotherUser$", "-test.v")
	crowd.Env = carry.Env
	crowd.SysProcAttr = carry.SysProcAttr
	stay, err := crowd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := crowd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := crowd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stay.Close()
		if err := crowd.Wait(); err != nil {
			t.Error(err)
		}
	}()
	for lines := bufio.NewScanner(said); lines.Scan() && lines.Text() != "crowded"; {
	}
	began := time.Now()
	var out bytes.Buffer
	if err := CarryLetter(t.Context(), []string{path}, strings.NewReader(vantage.Line([]byte("hello"))), &out); err != nil || out.String() != vantage.Line([]byte("hello")) {
		t.Errorf("behind a crowd: %q, %v after %s", out.String(), err, time.Since(began))
	}
}

// TestCrowdAsAnotherUser is what TestLettersOfAnotherUser runs as another user.
func TestCrowdAsAnotherUser(t *testing.T) {
	path := os.Getenv("OMAMORI_LETTERS_TEST")
	if path == "" {
		return
	}
	for range 50 {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	fmt.Println("crowded")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test is over
}

// What all users may hold together leaves room for root and for the guard's own.
func TestCallers(t *testing.T) {
	c := &callers{of: map[uint32]int{}}
	let := 0
	for uid := uint32(1000); uid < 1100; uid++ {
		for range 10 {
			if c.enter(uid) {
				let++
			}
		}
	}
	if let != lettersAtOnce || !c.enter(0) || !c.enter(uint32(os.Geteuid())) || c.enter(1099) {
		t.Errorf("%d were let in, %v", let, c.of)
	}
	for range lettersOfOne {
		c.leave(1000)
	}
	if !c.enter(1099) {
		t.Error("who leaves makes no room")
	}
}

// TestCarryAsAnotherUser is what TestLettersOfAnotherUser runs as another user.
func TestCarryAsAnotherUser(t *testing.T) {
	path := os.Getenv("OMAMORI_LETTERS_TEST")
	if path == "" {
		return
	}
	if err := CarryLetter(t.Context(), []string{path}, strings.NewReader(vantage.Line([]byte("hello"))), os.Stdout); err != nil {
		t.Error(err)
	}
}
