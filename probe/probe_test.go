package probe

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

func TestExplain(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	for _, c := range []struct{ network, address, want string }{
		{"unix", filepath.Join(dir, "none"), "no_socket"},
		{"unix", stale, "refused"},
		{"tcp", "127.0.0.1:1", "refused"},
		{"tcp", "name.invalid:80", "dns"},
	} {
		_, err := Dial(t.Context(), c.network, c.address)
		if got, _, _ := Explain(err, c.address); got != c.want {
			t.Errorf("%s: %s, want %s (%v)", c.address, got, c.want, err)
		}
	}
}

func TestExplainAlwaysHasWords(t *testing.T) {
	for _, err := range []error{
		context.DeadlineExceeded, syscall.EACCES, syscall.EHOSTUNREACH, syscall.EAGAIN, syscall.ECONNRESET,
		errors.New("odd"), nil, &net.DNSError{Name: "x"}, net.ErrClosed,
	} {
		_, because, hint := Explain(err, "here")
		for _, text := range []chain.Text{because, hint} {
			if !words.Has(text.Key) {
				t.Errorf("%v: no words for %q", err, text.Key)
			}
		}
	}
}

func TestCancelledIsUnproven(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p := Broke(ctx, errors.New("x"), "here"); p.Verdict != chain.Unproven {
		t.Errorf("got %v", p.Verdict)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 0)
	defer cancel()
	if p := Broke(ctx, context.DeadlineExceeded, "here"); p.Verdict != chain.Broken || p.Cause != "timeout" {
		t.Errorf("got %v %v", p.Verdict, p.Cause)
	}
}

// A peer that says nothing is left as soon as ctx is cancelled.
func TestDialEndsWithContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	c, err := Dial(ctx, "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestReadingIsBounded(t *testing.T) {
	b, more, err := ReadAll(strings.NewReader("0123456789"), 4)
	if string(b) != "0123" || !more || err != nil {
		t.Errorf("got %q %v %v", b, more, err)
	}
	if _, err := ReadLine(strings.NewReader(strings.Repeat("x", 100)), 10); !errors.Is(err, ErrLongLine) {
		t.Errorf("got %v", err)
	}
	if s, err := ReadLine(strings.NewReader("220 hello\r\nmore"), 100); s != "220 hello" || err != nil {
		t.Errorf("got %q %v", s, err)
	}
}

func TestQuote(t *testing.T) {
	if got := Quote([]byte("a\x1b[31m\n\tb\xff")); strings.ContainsAny(got, "\x1b\n\t") {
		t.Errorf("got %q", got)
	}
	if got := Quote([]byte(strings.Repeat("x", 1000))); len(got) > 200 {
		t.Errorf("%d bytes", len(got))
	}
}

func TestSecret(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "password")
	if err := os.WriteFile(path, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PW", "fromenv")
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	for s, want := range map[chain.Secret]string{
		"": "", "file:" + chain.Secret(path): "hunter2", "env:PW": "fromenv", "credential:password": "hunter2",
	} {
		if got, err := Secret(s); got != want || err != nil {
			t.Errorf("%s: %q %v", s, got, err)
		}
	}
	for _, s := range []chain.Secret{"hunter2", "env:NOPE", "file:/nope", "credential:../x", "file:" + chain.Secret(fifo), "file:" + chain.Secret(dir)} {
		if _, err := Secret(s); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", s, err)
		}
	}
}
