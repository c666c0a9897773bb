package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/linux"
	"github.com/omamori-guard/omamori/words"
)

// sendTime bounds one delivery.
const sendTime = 30 * time.Second

// Program makes a Send that has each message delivered by a program of its own, given
// by its path: what it takes to speak to many services does not stay in memory.
func Program(path string) Send {
	return func(ctx context.Context, c Channel, m Message) error {
		ctx, cancel := context.WithTimeout(ctx, sendTime)
		defer cancel()
		in, err := json.Marshal(Job{c, m})
		if err != nil {
			return err
		}
		var out limited
		cmd := exec.CommandContext(ctx, path)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, io.Discard
		cmd.WaitDelay = time.Second
		cmd.SysProcAttr = linux.EndWithUs(syscall.SIGKILL)
		err = cmd.Run()
		var r Result
		answer := json.Unmarshal(out.all.Bytes(), &r)
		switch {
		case answer == nil && r.Error != "":
			return errors.New(words.Clean(r.Error))
		case ctx.Err() != nil:
			lang, _ := words.Parse(m.Lang)
			return errors.New(lang.Say(chain.Say("notify.no_answer", "limit", sendTime)))
		case err != nil:
			return fmt.Errorf("run %s: %w", path, err)
		case answer != nil: // it has said nothing of the message
			return fmt.Errorf("read the answer of %s: %w", path, answer)
		}
		return nil
	}
}

// limited is a buffer of at most 64 KiB; what comes after is thrown away. The buffer is
// not embedded: io.Copy would find its ReadFrom, and go around the bound.
type limited struct{ all bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	if room := 64<<10 - l.all.Len(); room > 0 {
		l.all.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

// withDropped says in the message that others before it were given up.
func withDropped(m Message, n int) Message {
	if n > 0 {
		lang, _ := words.Parse(m.Lang)
		m.Body = lang.Say(chain.Say("notify.dropped", "n", n)) + "\n" + m.Body
	}
	return m
}

// TestMessage is what a channel is proved with.
func TestMessage(lang words.Lang, now time.Time) Message {
	return Message{
		Event: "test", At: now, Lang: string(lang),
		Title: lang.Say(chain.Say("notify.test_title")), Body: lang.Say(chain.Say("notify.test_body", "at", now)),
	}
}
