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

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/tunnel/engine"
)

// table is the number of the routing table that leads into the tunnel.
const table = "28525"

// upTUN makes a TUN and the routes to it, has another process without any right carry
// the packets, and takes back what does not go with the device. It keeps root for that,
// and neither hears nor says anything on the network.
func upTUN(ctx context.Context, o options, c tunnel.Conf, log *slog.Logger) error {
	if os.Geteuid() != 0 {
		return &tunnel.Refusal{Text: chain.Say("tunnel.needs_root"), Hint: chain.Say("tunnel.needs_root_hint", "path", o.args[0])}
	}
	uid, _, err := unprivileged(o.user)
	if err != nil {
		return err
	}
	name := o.tun
	if name == "" {
		name = "omamori0"
	}
	if err := makeKernel(ctx, name); err == nil {
		defer func() { _ = command(context.WithoutCancel(ctx), "", "ip", "link", "delete", name) }()
		return upKernel(ctx, o, c, name, uid)
	} else if ctx.Err() == nil {
		log.Info("no WireGuard of the kernel's: this program carries the packets", "error", err)
	}
	fd, err := openTUN(name)
	if err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	device := os.NewFile(uintptr(fd), name)
	defer device.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return child(ctx, o, "carry", c, device, func(said io.Reader) error {
		// Undone even if only some of it was done.
		defer func() { _ = routes(context.WithoutCancel(ctx), name, uid, "", c, false) }()
		if err := routes(ctx, name, uid, "", c, true); err != nil {
			cancel()
			return err
		}
		hear(said, func(line string) {
			if n, ok := heard(line, most(c)); ok {
				setMTU(ctx, name, n)
			}
		})
		return nil
	})
}

// child runs a process of this program that gives its rights up, until ctx is done, beside
// what takes what it says. It has the configuration, and perhaps a device.
func child(ctx context.Context, o options, verb string, c tunnel.Conf, device *os.File, beside func(said io.Reader) error) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, verb, "-user", o.user)
	cmd.Stdin = strings.NewReader(c.String()) // the private key is for it alone
	cmd.Stderr = os.Stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if device != nil {
		cmd.ExtraFiles = []*os.File{device} // 3
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	runtime.LockOSThread() // with which Pdeathsig would end it
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := beside(said); err != nil {
		_ = cmd.Wait() // it was told to end
		return err
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(errEnded, err)
}

// carry is the process of up that has no right: it has a configuration on its standard
// input, and a TUN.
func carry(ctx context.Context, o options, log *slog.Logger) error {
	c, err := shed(o)
	if err != nil {
		return err
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
	work.Go(func() { measure(ctx, c, log, os.Stdout) })
	select {
	case <-ctx.Done():
		return nil
	case <-v.Wait():
		return errEnded
	}
}

// routes gives the device its addresses, and the system the routes through it, or
// takes away what does not go with the device. Who carries the packets is user uid: his
// own go where they always went. So do the kernel's own, by their mark, if it carries them.
func routes(ctx context.Context, name string, uid int, mark string, c tunnel.Conf, add bool) error {
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
		order("ip", "link", "set", name, "mtu", strconv.Itoa(most(c)), "up")
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
		rules := [][]string{{"not", "uidrange", carrier, "table", table}}
		if mark != "" {
			rules = [][]string{{"not", "fwmark", mark, "table", table}, {"uidrange", carrier, "table", "main"}}
		}
		rules = append(rules, []string{"table", "main", "suppress_prefixlength", "0"})
		if !add {
			for _, r := range rules {
				order(append([]string{"ip", family(six), "rule", "del"}, r...)...)
			}
			continue
		}
		// All goes through the tunnel but its own packets and what is near by.
		order("ip", family(six), "route", "replace", "default", "dev", name, "table", table)
		for _, r := range rules { // each before the one before it
			order(append([]string{"ip", family(six), "rule", "add"}, r...)...)
		}
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
