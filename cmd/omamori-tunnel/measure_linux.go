package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/tunnel"
)

// leastMTU is the least that a device has: with less it would lose its IPv6 addresses, and
// what is sent to those would leave beside the tunnel.
const leastMTU = 1280

// again is how often the way is looked at: the device may have moved.
const again = time.Minute

// measure says on w, a line each, which MTU the device is to have, until ctx is done.
func measure(ctx context.Context, c tunnel.Conf, log *slog.Logger, w io.Writer) {
	t := time.NewTicker(again)
	defer t.Stop()
	before := most(c)
	for {
		if n := found(ctx, c, log); n != before && ctx.Err() == nil {
			log.Info("the way carries", "mtu", n)
			if _, err := fmt.Fprintln(w, "mtu", n); err != nil {
				return // who makes the device is gone, and so are we soon
			}
			before = n
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func setMTU(ctx context.Context, name string, mtu int) {
	_ = command(ctx, "", "ip", "link", "set", name, "mtu", strconv.Itoa(mtu)) // else as it was
}

// hear takes what an unprivileged process says, line by line, until it ends.
func hear(said io.Reader, take func(line string)) {
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		take(lines.Text())
	}
	_, _ = io.Copy(io.Discard, said) // after a line that is too long
}

// heard reads which MTU a device is to have.
func heard(line string, top int) (mtu int, ok bool) {
	text, ok := strings.CutPrefix(line, "mtu ")
	n, err := strconv.Atoi(text)
	return n, ok && err == nil && n >= leastMTU && n <= top
}
