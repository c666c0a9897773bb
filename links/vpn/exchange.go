package vpn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

const (
	// patience is how long an answer is waited for before the message is sent again:
	// of UDP, one may be lost.
	patience = time.Second
	// maxPackets is how many packets are looked at in search of the answer.
	maxPackets = 64
	// maxPacket bounds a packet, in bytes.
	maxPacket = 2048
)

// exchange sends message, and again whenever patience is over, until a packet came
// that take takes. Take returns errOther for one that is not of the protocol, and an
// error of another kind to give up at once.
func exchange(ctx context.Context, c net.Conn, message []byte, take func(packet []byte) error) error {
	b := make([]byte, maxPacket)
	seen := 0
	other := false
	for {
		if _, err := c.Write(message); err != nil {
			return fmt.Errorf("send: %w", err)
		}
		for again := false; !again; {
			n, err := readUntil(ctx, c, b, time.Now().Add(patience))
			switch {
			case err == nil:
				if err := take(b[:n]); !errors.Is(err, errOther) {
					return err
				}
				other = true
				if seen++; seen == maxPackets {
					return errOther
				}
			case ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded):
				again = true
			case other && errors.Is(err, os.ErrDeadlineExceeded):
				return errOther
			default:
				return err
			}
		}
	}
}

// readUntil reads once, until the moment or the end of ctx, whichever is first.
func readUntil(ctx context.Context, c net.Conn, b []byte, moment time.Time) (int, error) {
	if d, ok := ctx.Deadline(); ok && d.Before(moment) {
		moment = d
	}
	if err := c.SetReadDeadline(moment); err != nil {
		return 0, err
	}
	// The end of ctx sets a deadline too, which this one may have displaced.
	if ctx.Err() != nil {
		return 0, fmt.Errorf("wait: %w", os.ErrDeadlineExceeded)
	}
	n, err := c.Read(b)
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
			<-ctx.Done() // its clock may be a moment behind
		}
	}
	return n, err
}
