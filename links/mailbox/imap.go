package mailbox

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// box is an IMAP4rev1 session with the inbox selected. Of the protocol it speaks what the
// kind needs, so that what a server says costs bounded memory.
type box struct {
	conn    net.Conn
	in      *bufio.Reader
	n       int  // of the last command
	uidPlus bool // single messages can be expunged
}

// maxLine bounds one line, in bytes: an inbox can hold many messages that a search finds.
const maxLine = 32 << 10

var errIMAP = errors.New("imap: not what a server says")

// open signs in and selects the inbox.
func (l *link) open(ctx context.Context, config *tls.Config, password string) (*box, error) {
	conn, conf, later, err := l.dial(ctx, l.settings.IMAP, "993", config)
	if err != nil {
		return nil, err
	}
	b := &box{conn: conn, in: bufio.NewReader(conn)}
	if err := b.begin(ctx, conf, later, l.settings.User, password); err != nil {
		conn.Close()
		return nil, err
	}
	return b, nil
}

func (b *box) begin(ctx context.Context, conf *tls.Config, later bool, user, password string) error {
	greeting, err := b.line()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(greeting, "* OK") {
		return &errRefused{said: greeting}
	}
	if later {
		if _, err := b.do("STARTTLS"); err != nil {
			return err
		}
		if b.in.Buffered() > 0 { // said before the seal, to be taken for what came after
			return errIMAP
		}
		t := tls.Client(b.conn, conf)
		if err := t.HandshakeContext(ctx); err != nil {
			return err
		}
		b.conn, b.in = t, bufio.NewReader(t)
	}
	if _, err := b.do("LOGIN " + quoted(user) + " " + quoted(password)); err != nil {
		var refused *errRefused
		if errors.As(err, &refused) && !strings.Contains(strings.ToUpper(refused.said), "UNAVAILABLE") {
			refused.password = true
		}
		return err
	}
	lines, err := b.do("CAPABILITY")
	if err != nil {
		return err
	}
	for _, line := range lines {
		if strings.HasPrefix(line, "* CAPABILITY ") {
			b.uidPlus = b.uidPlus || strings.Contains(" "+strings.ToUpper(line)+" ", " UIDPLUS ")
		}
	}
	_, err = b.do("SELECT INBOX")
	return err
}

// find reports whether the message with a token has come, and clears away it and what came
// late of others before.
func (b *box) find(token string) (bool, error) {
	if _, err := b.do("NOOP"); err != nil { // lets the server tell what is new
		return false, err
	}
	mine, err := b.search("SUBJECT " + quoted(subject+" "+token))
	if err != nil || len(mine) == 0 {
		return false, err
	}
	// What cannot be cleared away does not take from the proof.
	if late, err := b.search(lateOnes(time.Now())); err == nil {
		set := strings.Join(append(mine, late...), ",")
		if _, err := b.do("UID STORE " + set + ` +FLAGS.SILENT (\Seen \Deleted)`); err == nil && b.uidPlus {
			_, _ = b.do("UID EXPUNGE " + set) // never EXPUNGE, which takes the owner's too
		}
	}
	return true, nil
}

// lateOnes finds what this kind sent more than an hour ago: by the Message-ID, as the owner's
// own mail may have the subject, and not what is on its way for another guard. IMAP knows
// days alone, of whatever time zone, which is twelve hours west of Greenwich at most.
func lateOnes(now time.Time) string {
	return fmt.Sprintf("HEADER MESSAGE-ID %s SUBJECT %s BEFORE %s", quoted(messageID), quoted(subject), now.UTC().Add(-13*time.Hour).Format("2-Jan-2006"))
}

// mostFound bounds how many messages are cleared away at once.
const mostFound = 100

// search returns the numbers of the messages for which something holds.
func (b *box) search(holds string) ([]string, error) {
	lines, err := b.do("UID SEARCH " + holds)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, line := range lines {
		numbers, ok := strings.CutPrefix(line, "* SEARCH")
		if !ok {
			continue
		}
		for _, n := range strings.Fields(numbers) {
			if _, err := strconv.ParseUint(n, 10, 32); err != nil {
				return nil, errIMAP
			}
			if len(found) < mostFound {
				found = append(found, n)
			}
		}
	}
	return found, nil
}

// do sends a command, and returns the untagged lines that came before its success.
func (b *box) do(command string) (lines []string, err error) {
	b.n++
	tag := fmt.Sprintf("o%d", b.n)
	if _, err := io.WriteString(b.conn, tag+" "+command+"\r\n"); err != nil {
		return nil, err
	}
	for {
		line, err := b.line()
		if err != nil {
			return nil, err
		}
		switch status, ok := strings.CutPrefix(line, tag+" "); {
		case !ok && strings.HasPrefix(line, "* BYE"):
			return nil, &errRefused{said: line}
		case !ok && strings.HasPrefix(line, "* "):
			if len(lines) < 1000 {
				lines = append(lines, line)
			}
		case !ok:
			return nil, errIMAP
		case strings.HasPrefix(strings.ToUpper(status), "OK"):
			return lines, nil
		default:
			return nil, &errRefused{said: status}
		}
	}
}

// line reads a line with the literals in it, whose bytes are passed over.
func (b *box) line() (string, error) {
	var whole strings.Builder
	for {
		for {
			part, err := b.in.ReadSlice('\n')
			if whole.Len()+len(part) > maxLine {
				return "", errIMAP
			}
			whole.Write(part)
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if err != nil {
				return "", err
			}
			break
		}
		s := strings.TrimRight(whole.String(), "\r\n")
		n, ok := literal(s)
		if !ok {
			return s, nil
		}
		if _, err := b.in.Discard(n); err != nil {
			return "", err
		}
		whole.Reset()
		whole.WriteString(s)
	}
}

// literal is the length of the bytes that follow a line that ends in {n}.
func literal(s string) (n int, ok bool) {
	open := strings.LastIndexByte(s, '{')
	if open < 0 || !strings.HasSuffix(s, "}") {
		return 0, false
	}
	v, err := strconv.ParseUint(s[open+1:len(s)-1], 10, 31)
	return int(v), err == nil
}

// quoted writes a string as IMAP does. It has no line breaks in it.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func (b *box) close() {
	_, _ = b.do("LOGOUT") // the session is over either way
	_ = b.conn.Close()
}
