package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.zx2c4.com/wireguard/tun"

	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/tunnel/engine"
	"github.com/omamori-guard/omamori/words"
)

// table is the number of the routing table that leads into the tunnel.
const table = "28525"

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
	if o.socks == "" {
		return upTUN(ctx, o, c)
	}
	v, err := engine.Connect(ctx, c, engine.Options{Log: log})
	if err != nil {
		return err
	}
	defer v.Close()
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	work.Go(func() { v.Follow(ctx, c, log) })
	return proxy(ctx, o.socks, v, log)
}

// upTUN makes a TUN and the routes to it, has another process without any right carry
// the packets, and takes back what does not go with the device. It keeps root for that,
// and neither hears nor says anything on the network.
func upTUN(ctx context.Context, o options, c tunnel.Conf) error {
	if os.Geteuid() != 0 {
		return errors.New("a TUN needs root; without: -socks 127.0.0.1:1080")
	}
	uid, _, err := unprivileged(o.user)
	if err != nil {
		return err
	}
	name := o.tun
	if name == "" {
		name = "omamori0"
	}
	fd, err := openTUN(name)
	if err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	device := os.NewFile(uintptr(fd), name)
	defer device.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	carrier := exec.CommandContext(ctx, self, "carry", "-user", o.user)
	carrier.Stdin = strings.NewReader(c.String()) // the private key is for it alone
	carrier.Stderr = os.Stderr
	carrier.ExtraFiles = []*os.File{device} // 3
	carrier.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	carrier.Cancel = func() error { return carrier.Process.Signal(syscall.SIGTERM) }
	carrier.WaitDelay = 10 * time.Second
	runtime.LockOSThread() // with which Pdeathsig would end it
	defer runtime.UnlockOSThread()
	if err := carrier.Start(); err != nil {
		return err
	}
	// Undone even if only some of it was done.
	defer func() { _ = routes(context.WithoutCancel(ctx), name, uid, c, false) }()
	if err := routes(ctx, name, uid, c, true); err != nil {
		cancel()
		_ = carrier.Wait() // it was told to end
		return err
	}
	err = carrier.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(errEnded, err)
}

// carry is the process of up that has no right: it has a configuration on its standard
// input, and a TUN.
func carry(ctx context.Context, o options, log *slog.Logger) error {
	uid, gid, err := unprivileged(o.user)
	if err != nil {
		return err
	}
	if err := become(uid, gid); err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(os.Stdin, tunnel.MaxConf+1))
	if err != nil {
		return err
	}
	c, mistakes := tunnel.ParseConf(b)
	if tunnel.Wrong(mistakes) {
		return &badConf{"stdin", mistakes}
	}
	device, _, err := tun.CreateUnmonitoredTUNFromFD(3)
	if err != nil {
		return err
	}
	v, err := engine.Connect(ctx, c, engine.Options{TUN: device, Log: log})
	if err != nil {
		return err
	}
	defer v.Close()
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	work.Go(func() { v.Follow(ctx, c, log) })
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
// takes away what does not go with the device. Who carries the packets is user uid: his
// own go where they always went.
func routes(ctx context.Context, name string, uid int, c tunnel.Conf, add bool) error {
	var orders [][]string
	order := func(words ...string) { orders = append(orders, words) }
	all, carrier := map[bool]bool{}, fmt.Sprintf("%d-%d", uid, uid)
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
		mtu := c.MTU
		if mtu == 0 {
			mtu = tunnel.DefaultMTU
		}
		order("ip", "link", "set", name, "mtu", strconv.Itoa(mtu), "up")
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
			order("ip", family(six), "rule", "del", "not", "uidrange", carrier, "table", table)
			order("ip", family(six), "rule", "del", "table", "main", "suppress_prefixlength", "0")
			continue
		}
		// All goes through the tunnel but its own packets and what is near by.
		order("ip", family(six), "route", "replace", "default", "dev", name, "table", table)
		order("ip", family(six), "rule", "add", "not", "uidrange", carrier, "table", table)
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
