package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/links/presence"
	"github.com/omamori-guard/omamori/linux"
)

const (
	// mailTime bounds the reading of one mailbox, mostMail what is answered, in bytes.
	mailTime = 5 * time.Minute
	mostMail = 4 << 20
)

// mailReader has mailboxes read by a program of its own: what it takes to read a mail does
// not stay in memory, and what strangers write is not read by the guard.
func mailReader(path string) func(context.Context, due.MailJob) (due.MailAnswer, error) {
	return func(ctx context.Context, job due.MailJob) (a due.MailAnswer, err error) {
		ctx, cancel := context.WithTimeout(ctx, mailTime)
		defer cancel()
		in, err := json.Marshal(job)
		if err != nil {
			return a, err
		}
		cmd := exec.CommandContext(ctx, path)
		cmd.Stdin, cmd.Stderr = bytes.NewReader(in), io.Discard
		cmd.WaitDelay = time.Second
		cmd.SysProcAttr = linux.EndWithUs(syscall.SIGKILL)
		out, err := cmd.StdoutPipe()
		if err != nil {
			return a, err
		}
		if err := cmd.Start(); err != nil {
			return a, fmt.Errorf("run %s: %w", path, err)
		}
		bad := json.NewDecoder(io.LimitReader(out, mostMail)).Decode(&a)
		_, _ = io.Copy(io.Discard, out) // so that it can end; how it ended says the next line
		if err := cmd.Wait(); err != nil {
			return due.MailAnswer{}, fmt.Errorf("run %s: %w", path, err)
		}
		if bad != nil {
			return due.MailAnswer{}, fmt.Errorf("read the answer of %s: %w", path, bad)
		}
		return a, nil
	}
}

// signedIn is when a person last signed in to this machine.
func signedIn() time.Time {
	at, err := presence.LastSignIn("/var/log/wtmp", time.Now())
	if err != nil {
		return time.Time{} // a file that may not be read tells nothing
	}
	return at
}
