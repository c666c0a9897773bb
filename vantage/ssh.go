package vantage

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/chain"
)

const (
	sshKeyFile = "vantage_ssh"
	// maxNoise bounds what a login shell may print before our line.
	maxNoise = 64 << 10
)

// Identity is the SSH key that the guard calls with: where it is, and the line of its
// public half. It is made if there is none.
func (b *Book) Identity() (path, public string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	path = filepath.Join(filepath.Dir(b.path), sshKeyFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, secret, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return "", "", err
		}
		block, err := ssh.MarshalPrivateKey(secret, "omamori")
		if err != nil {
			return "", "", err
		}
		raw = pem.EncodeToMemory(block)
		if err := writeWhole(path, raw); err != nil {
			return "", "", err
		}
	} else if err != nil {
		return "", "", err
	}
	signer, err := ssh.ParsePrivateKey(raw)
	if err != nil {
		return "", "", fmt.Errorf("SSH key of this vantage, %s: %w", path, err)
	}
	return path, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))), nil
}

// Good reports whether the route can be given to ssh: no part of it may be taken for
// an option, or for more than one word.
func (r Route) Good() bool {
	return r.Host != "" && !strings.HasPrefix(r.Host, "-") && !strings.ContainsFunc(r.Host, func(c rune) bool { return c <= ' ' || c == 0x7f }) &&
		!strings.HasPrefix(r.Config, "-") && !strings.ContainsAny(r.There, "\n\r\x00")
}

// Command is ssh on its way to run what at the other end; its options come before
// ours. It is killed with ctx.
func (r Route) Command(ctx context.Context, what string, options ...string) (*exec.Cmd, error) {
	if !r.Good() {
		return nil, ErrBadHost
	}
	if r.Config != "" {
		options = append(options, "-F", r.Config)
	}
	there := r.There
	if there == "" {
		there = "omamori"
	}
	cmd := exec.CommandContext(ctx, "ssh", append(options, "--", r.Host, there+" "+what)...)
	cmd.WaitDelay = 2 * time.Second
	return cmd, nil
}

// Call carries a letter to the guard at the end of a route, and returns its answer. The
// error is a *Refusal if that guard refused the letter. Identity is the SSH key to try
// first; then nobody is asked anything. Without one the user himself calls, and ssh may
// ask him.
func (r Route) Call(ctx context.Context, identity string, letter []byte) ([]byte, error) {
	options := []string{
		"-T", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3",
		"-o", "ClearAllForwardings=yes", "-o", "ForwardAgent=no", "-o", "LogLevel=ERROR",
	}
	if identity != "" {
		options = append(options, "-o", "BatchMode=yes", "-i", identity)
	}
	cmd, err := r.Command(ctx, "exchange", options...)
	if err != nil {
		return nil, err
	}
	cmd.Stdin = strings.NewReader(Line(letter))
	var out, said bytes.Buffer
	cmd.Stdout = &capped{&out, MaxLine + maxNoise}
	cmd.Stderr = &capped{&said, 4 << 10}
	failed := cmd.Run()
	if b, err := Answer(&out); err == nil || errors.As(err, new(*Refusal)) {
		return b, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	last := ""
	for line := range strings.Lines(said.String()) { // what is indented is a hint to the line above
		if line == strings.TrimLeft(line, " \t\r\n") {
			last = strings.TrimSpace(line)
		}
	}
	switch {
	case last == "" && failed != nil:
		last = failed.Error()
	case last == "":
		last = "no guard's answer"
	}
	return nil, &CallError{r.Host, last}
}

// CallError is a guard that could not be called.
type CallError struct{ Host, Why string }

func (e *CallError) Error() string { return fmt.Sprintf("call %s by ssh: %s", e.Host, e.Why) }

// Said puts the error into words.
func (e *CallError) Said() (text, hint chain.Text) {
	return chain.Say("vantage.call_failed", "host", e.Host, "why", e.Why), chain.Text{}
}

// Answer finds the line with a letter, or with a refusal, among what r has. What a
// login shell prints is passed over.
func Answer(r io.Reader) ([]byte, error) {
	lines := bufio.NewScanner(io.LimitReader(r, MaxLine+maxNoise))
	lines.Buffer(nil, MaxLine+maxNoise)
	for lines.Scan() {
		if b, ok, err := ReadLine(lines.Text()); ok {
			return b, err
		}
	}
	return nil, errors.Join(errMalformed, lines.Err())
}

// capped keeps the first n bytes that are written to it, and drops the rest.
type capped struct {
	w io.Writer
	n int
}

func (c *capped) Write(b []byte) (int, error) {
	keep := b[:min(len(b), c.n)]
	c.n -= len(keep)
	if _, err := c.w.Write(keep); err != nil {
		return 0, err
	}
	return len(b), nil
}
