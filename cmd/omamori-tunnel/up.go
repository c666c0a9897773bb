package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"sync"

	"golang.zx2c4.com/wireguard/tun"

	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/tunnel/engine"
	"github.com/omamori-guard/omamori/words"
)

// mark tells WireGuard's own packets from those that are to go through it.
const mark = 0x6f6d

// up is a device's end of a tunnel, until ctx is done: with a TUN as root, or with a
// SOCKS proxy as anybody.
func up(ctx context.Context, o options, log *slog.Logger) error {
	if len(o.args) != 1 {
		return errors.New("up takes one configuration")
	}
	c, err := readConf(o.args[0])
	if err != nil {
		return err
	}
	options := engine.Options{Log: log}
	if o.socks == "" {
		if os.Geteuid() != 0 {
			return errors.New("a TUN needs root; without: -socks 127.0.0.1:1080")
		}
		mtu := c.MTU
		if mtu == 0 {
			mtu = tunnel.DefaultMTU
		}
		name := o.tun
		if name == "" {
			name = "omamori0"
		}
		if options.TUN, err = tun.CreateTUN(name, mtu); err != nil {
			return err
		}
		options.Mark = mark
		// Undone even if only some of it was done; all of it goes with the device but
		// the rules.
		defer func() { _ = routes(context.WithoutCancel(ctx), name, c, false) }()
	}
	v, err := engine.Connect(ctx, c, options)
	if err != nil {
		return err
	}
	defer v.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if options.TUN != nil {
		name, err := options.TUN.Name()
		if err == nil {
			err = routes(ctx, name, c, true)
		}
		if err != nil {
			return err
		}
	}
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	work.Go(func() { v.Follow(ctx, c, log) })
	if o.socks != "" {
		return proxy(ctx, o.socks, v, log)
	}
	log.Info("up")
	select {
	case <-ctx.Done():
		return nil
	case <-v.Wait():
		return errEnded
	}
}

// readConf reads a standard configuration, and says what is to be known of it.
func readConf(path string) (tunnel.Conf, error) {
	f, err := os.Open(path)
	if err != nil {
		return tunnel.Conf{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, tunnel.MaxConf+1))
	if err != nil {
		return tunnel.Conf{}, err
	}
	c, mistakes := tunnel.ParseConf(b)
	if tunnel.Wrong(mistakes) {
		return c, &badConf{path, mistakes}
	}
	(&badConf{path, mistakes}).tell(os.Stderr, words.FromEnv())
	return c, nil
}

// routes gives the device its addresses, and the system the routes through it, or
// takes away what does not go with the device.
func routes(ctx context.Context, name string, c tunnel.Conf, add bool) error {
	var orders [][]string
	order := func(words ...string) { orders = append(orders, words) }
	table, all := strconv.Itoa(mark), map[bool]bool{}
	family := func(six bool) string {
		if six {
			return "-6"
		}
		return "-4"
	}
	if add {
		for _, a := range c.Addresses {
			order("ip", "addr", "add", a.String(), "dev", name)
		}
		order("ip", "link", "set", name, "up")
	}
	for _, p := range c.Peers {
		for _, a := range p.AllowedIPs {
			switch {
			case a.Bits() == 0:
				all[a.Addr().Is6()] = true
			case add:
				order("ip", "route", "replace", a.String(), "dev", name)
			}
		}
	}
	for six := range all {
		if !add {
			order("ip", family(six), "rule", "del", "not", "fwmark", table, "table", table)
			order("ip", family(six), "rule", "del", "table", "main", "suppress_prefixlength", "0")
			continue
		}
		// All goes through the tunnel but its own packets and what is near by.
		order("ip", family(six), "route", "replace", "default", "dev", name, "table", table)
		order("ip", family(six), "rule", "add", "not", "fwmark", table, "table", table)
		order("ip", family(six), "rule", "add", "table", "main", "suppress_prefixlength", "0")
	}
	var wrong []error
	for _, o := range orders {
		if err := command(ctx, "", o...); err != nil {
			wrong = append(wrong, err)
			if add {
				break
			}
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("routes: %w", err)
	}
	return nil
}
