package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vantage"
)

const (
	// letterTime is how long one exchange may take.
	letterTime = 10 * time.Second
	// lettersOfOne is how many a user may be at the same time, lettersAtOnce how many
	// all users but root and the guard's own: more are turned away, so that nobody can
	// keep the others out by connecting and saying nothing.
	lettersOfOne  = 4
	lettersAtOnce = 16
)

// callers counts who is at the socket for letters.
type callers struct {
	mu sync.Mutex // protects of
	of map[uint32]int
}

// enter lets uid in if there is room for him; he is to leave.
func (c *callers) enter(uid uint32) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	others := 0
	for of, n := range c.of {
		if !trusted(of) {
			others += n
		}
	}
	if c.of[uid] >= lettersOfOne || others >= lettersAtOnce && !trusted(uid) {
		return false
	}
	c.of[uid]++
	return true
}

func (c *callers) leave(uid uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[uid]--; c.of[uid] == 0 {
		delete(c.of, uid)
	}
}

// LettersPath is where the guard that answers at socket takes letters.
func LettersPath(socket string) string { return filepath.Join(filepath.Dir(socket), "letters.sock") }

// ListenLetters makes the socket for letters, as Listen does. Every user may write to
// it: SSH logs in as somebody else than the guard. A letter is believed for its
// signature, not for who carried it, and nothing else can be asked there.
func ListenLetters(path string, uid int) (*net.UnixListener, error) {
	return listen(path, uid, 0o666)
}

// ServeLetters gives each letter that comes to take, and writes back its answer, until
// ctx is done; it closes l.
func ServeLetters(ctx context.Context, l *net.UnixListener, take func(context.Context, []byte) ([]byte, error)) error {
	var work sync.WaitGroup
	defer work.Wait()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	at := &callers{of: map[uint32]int{}}
	for {
		c, err := l.AcceptUnix()
		if ctx.Err() != nil {
			if err == nil {
				c.Close()
			}
			return nil
		}
		if err != nil {
			// Too many open files: it is tried again rather than given up for good.
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		who, err := peer(c)
		if err != nil || !at.enter(who.Uid) {
			c.Close()
			continue
		}
		work.Go(func() {
			defer at.leave(who.Uid)
			defer c.Close()
			defer context.AfterFunc(ctx, func() { c.Close() })()
			if c.SetDeadline(time.Now().Add(letterTime)) == nil {
				// An error here is a caller that has gone.
				_, _ = io.WriteString(c, answerLetter(ctx, c, take))
			}
		})
	}
}

func answerLetter(ctx context.Context, r io.Reader, take func(context.Context, []byte) ([]byte, error)) string {
	line, err := bufio.NewReader(io.LimitReader(r, vantage.MaxLine)).ReadString('\n')
	if err != nil {
		return vantage.RefusedLine(vantage.Malformed)
	}
	raw, ok, err := vantage.ReadLine(line)
	if !ok || err != nil {
		return vantage.RefusedLine(vantage.Malformed)
	}
	answer, err := take(ctx, raw)
	var refused *vantage.Refusal
	switch {
	case errors.As(err, &refused):
		return vantage.RefusedLine(refused.Code)
	case err != nil:
		return vantage.RefusedLine(vantage.Unsaved)
	}
	return vantage.Line(answer)
}

// CarryLetter takes one letter from in to the first guard that answers at paths, and
// its answer to out.
func CarryLetter(ctx context.Context, paths []string, in io.Reader, out io.Writer) error {
	// First: the guard is not kept waiting for one who is slow.
	raw, err := vantage.Answer(in)
	if err != nil {
		return fmt.Errorf("read the letter: %w", err)
	}
	var c net.Conn
	err = guard.ErrNoGuard
	for _, path := range paths {
		if c, err = dial(ctx, path); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", guard.ErrNoGuard, err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(letterTime)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, vantage.Line(raw)); err != nil {
		return fmt.Errorf("hand over the letter: %w", err)
	}
	line, err := bufio.NewReader(io.LimitReader(c, vantage.MaxLine)).ReadString('\n')
	if err != nil {
		return fmt.Errorf("wait for the answer: %w", err)
	}
	_, err = io.WriteString(out, line)
	return err
}
