package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/tunnel/engine"
)

// upKernel is a device's end that the kernel carries, by a device that is made already. A
// process without any right looks the servers' names up, and what the way carries.
func upKernel(ctx context.Context, o options, c tunnel.Conf, name string, uid int) error {
	if err := command(ctx, bare(c, mark), "wg", "setconf", name, "/dev/stdin"); err != nil {
		return err
	}
	defer func() { _ = routes(context.WithoutCancel(ctx), name, uid, mark, c, false) }()
	if err := routes(ctx, name, uid, mark, c, true); err != nil {
		return err
	}
	known := c
	known.PrivateKey = tunnel.NewKey() // it needs none
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return child(ctx, o, "look", known, nil, func(said io.Reader) error {
		hear(said, func(line string) { obey(ctx, line, name, c) })
		return nil
	})
}

// obey does what an unprivileged process asks for, if it is one of the two things that it
// may ask for.
func obey(ctx context.Context, line, name string, c tunnel.Conf) {
	if n, ok := heard(line, most(c)); ok {
		setMTU(ctx, name, n)
		return
	}
	if k, a, ok := heardEndpoint(line, c); ok {
		_ = command(ctx, "", "wg", "set", name, "peer", k.String(), "endpoint", a.String()) // else as it was
	}
}

// heardEndpoint reads where a server of the configuration is.
func heardEndpoint(line string, c tunnel.Conf) (k tunnel.Key, a netip.AddrPort, ok bool) {
	f := strings.Fields(line)
	if len(f) != 3 || f[0] != "endpoint" {
		return k, a, false
	}
	k, err := tunnel.ParseKey(f[1])
	a, err2 := netip.ParseAddrPort(f[2])
	ok = err == nil && err2 == nil && slices.ContainsFunc(c.Peers, func(p tunnel.ConfPeer) bool { return p.PublicKey == k })
	return k, a, ok
}

// look is the process of up that looks names up and ways over, for a device of the kernel.
func look(ctx context.Context, o options, log *slog.Logger) error {
	c, err := shed(o)
	if err != nil {
		return err
	}
	told := map[tunnel.Key]netip.AddrPort{}
	t := time.NewTicker(again)
	defer t.Stop()
	before := most(c)
	log.Info("up", "by", "the kernel")
	for {
		for _, p := range c.Peers {
			if p.Endpoint == "" {
				continue
			}
			a, err := engine.Resolve(ctx, p.Endpoint)
			if err != nil {
				if ctx.Err() == nil {
					log.Warn("look the server up", "error", err)
				}
				continue
			}
			if told[p.PublicKey] != a {
				told[p.PublicKey] = a
				fmt.Fprintln(os.Stdout, "endpoint", p.PublicKey, a)
			}
		}
		if n := found(ctx, c, log); n != before && ctx.Err() == nil {
			fmt.Fprintln(os.Stdout, "mtu", n)
			before = n
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// shed gives root's rights up, and reads the configuration on the standard input.
func shed(o options) (tunnel.Conf, error) {
	uid, gid, err := unprivileged(o.user)
	if err != nil {
		return tunnel.Conf{}, err
	}
	if err := become(uid, gid); err != nil {
		return tunnel.Conf{}, err
	}
	b, err := io.ReadAll(io.LimitReader(os.Stdin, tunnel.MaxConf+1))
	if err != nil {
		return tunnel.Conf{}, err
	}
	c, mistakes := tunnel.ParseConf(b)
	if tunnel.Wrong(mistakes) {
		return c, &badConf{"stdin", mistakes}
	}
	return c, nil
}
