// Package probe is bounded dialling and reading, shared by the kinds.
package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// Dial connects to address and hands ctx over to the connection: its deadline is
// that of ctx, and when ctx is cancelled every Read and Write ends at once. The
// caller closes it.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return Bind(ctx, c), nil
}

// Bind makes reading and writing on c end when ctx does. Closing what it returns
// closes c.
func Bind(ctx context.Context, c net.Conn) net.Conn {
	if d, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(d) // fails on a closed connection alone, as all else will
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	return &bound{c, stop}
}

type bound struct {
	net.Conn
	stop func() bool
}

func (b *bound) Close() error {
	b.stop()
	return b.Conn.Close()
}

// Cancelled reports whether ctx was cancelled, rather than having met its deadline:
// then a trial has proved nothing.
func Cancelled(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// CancelledText says that a proof was cut short.
func CancelledText() chain.Text { return chain.Say("probe.cancelled") }

// ReadAll reads r to its end, but at most limit bytes; more says that there were
// more.
func ReadAll(r io.Reader, limit int64) (b []byte, more bool, err error) {
	b, err = io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(b)) > limit {
		return b[:limit], true, err
	}
	return b, false, err
}

// ErrLongLine is a line longer than its limit.
var ErrLongLine = errors.New("line too long")

// ReadLine reads one line of at most limit bytes, without its end.
func ReadLine(r io.Reader, limit int) (string, error) {
	b, err := bufio.NewReaderSize(io.LimitReader(r, int64(limit)), 256).ReadString('\n')
	if errors.Is(err, io.EOF) && len(b) >= limit {
		return "", ErrLongLine
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(b, "\r\n"), nil
}

// quoted is how many bytes of a stranger's words are kept as evidence.
const quoted = 160

// Quote makes one clean, short line of bytes that came from elsewhere.
func Quote(b []byte) string {
	cut := ""
	if len(b) > quoted {
		b, cut = b[:quoted], "…"
	}
	return strings.Join(strings.Fields(words.Clean(strings.ToValidUTF8(string(b), "�"))), " ") + cut
}

// LastDay reads a day, such as 2027-03-31, or a month, such as 2027-03, for its last day,
// and returns the first moment after it, in the local zone.
func LastDay(s string) (over time.Time, err error) {
	if over, err = time.ParseInLocation("2006-01", s, time.Local); err == nil {
		return over.AddDate(0, 1, 0), nil
	}
	over, err = time.ParseInLocation(time.DateOnly, s, time.Local)
	return over.AddDate(0, 0, 1), err
}

// ReadFile reads at most so many bytes of a regular file: opening a fifo would wait for ever.
func ReadFile(path string, limit int64) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, more, err := ReadAll(f, limit)
	if err == nil && more {
		err = fmt.Errorf("%s is longer than %d bytes", path, limit)
	}
	return b, err
}
