package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/tun"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/tunnel/engine"
)

var errEnded = errors.New("the tunnel's device was taken away")

// serve is the server, until ctx is done.
func serve(ctx context.Context, o options, log *slog.Logger) error {
	dir := tunnel.Dir(o.dir)
	if o.tun != "" && isKernel(ctx, o.tun) {
		s, err := dir.Load()
		if err != nil {
			return err
		}
		v, err := serveKernel(s, o.tun, log)
		if err != nil {
			return err
		}
		return keep(ctx, v, dir, s, o.tun, log)
	}
	var device tun.Device
	if o.tun != "" { // first: /dev/net/tun is root's alone where there is no udev
		var err error
		if device, err = attach(o.tun); err != nil {
			return err
		}
	}
	if os.Geteuid() == 0 {
		if err := drop(dir, o.user); err != nil {
			return err
		}
	}
	s, err := dir.Load()
	if err != nil {
		return err
	}
	v, err := engine.Serve(s, engine.Options{TUN: device, Log: log})
	if errors.Is(err, syscall.EADDRINUSE) {
		return &tunnel.Refusal{Text: chain.Say("tunnel.port_taken", "port", s.Port), Hint: chain.Say("tunnel.port_taken_hint")}
	}
	if err != nil {
		return err
	}
	return keep(ctx, v, dir, s, o.tun, log)
}

// serving is a server's tunnel that is up, whoever carries its packets.
type serving interface {
	Update(s tunnel.Server, now time.Time) error
	Watch(ctx context.Context)
	Status() (tunnel.Status, error)
	Wait() <-chan struct{}
	Close()
}

// keep keeps a tunnel up and answers for it, until ctx is done.
func keep(ctx context.Context, v serving, dir tunnel.Dir, s tunnel.Server, tun string, log *slog.Logger) error {
	defer v.Close()
	l, err := listen(dir.Socket())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { v.Watch(ctx) })
	work.Go(func() {
		err := tunnel.Answer(l, func(r tunnel.Request) (tunnel.Status, error) { return answer(v, dir, r) })
		if err != nil {
			log.Error("answer", "error", err)
		}
	})
	log.Info("serving", "port", s.Port, "peers", len(s.Peers), "tun", tun)
	select {
	case <-ctx.Done():
	case <-v.Wait():
		err = errEnded
	}
	cancel()
	_ = l.Close() // so that Answer ends
	work.Wait()
	return err
}

func answer(v serving, dir tunnel.Dir, r tunnel.Request) (tunnel.Status, error) {
	switch r {
	case tunnel.Ask:
	case tunnel.Reload:
		s, err := dir.Load()
		if err == nil {
			err = v.Update(s, time.Now())
		}
		if err != nil {
			return tunnel.Status{}, err
		}
	default:
		return tunnel.Status{}, fmt.Errorf("unknown request %.20q", string(r))
	}
	return v.Status()
}

// listen makes the socket at which the guard and the command line ask.
func listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	if c, err := net.Dial("unix", path); err == nil {
		_ = c.Close()
		return nil, &tunnel.Refusal{Text: chain.Say("tunnel.another", "path", path), Hint: chain.Say("tunnel.another_hint")}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	defer unix.Umask(unix.Umask(0o117)) // for its owner and group
	return net.Listen("unix", path)
}

// unprivileged looks a user up who is not root.
func unprivileged(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, &tunnel.Refusal{Text: chain.Say("tunnel.no_user", "user", name), Hint: chain.Say("tunnel.no_user_hint", "user", name)}
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, err
	}
	if gid, err = strconv.Atoi(u.Gid); err != nil {
		return 0, 0, err
	}
	if uid == 0 {
		return 0, 0, fmt.Errorf("%s is root", name)
	}
	return uid, gid, nil
}

// become gives root's rights up for a user's.
func become(uid, gid int) error {
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(gid); err != nil {
		return err
	}
	return syscall.Setuid(uid)
}

// drop becomes a user who has no rights, and gives him the server's files.
func drop(dir tunnel.Dir, name string) error {
	uid, gid, err := unprivileged(name)
	if err != nil {
		return err
	}
	run := filepath.Dir(dir.Socket())
	if err := os.MkdirAll(run, 0o750); err != nil {
		return err
	}
	for _, path := range []string{run, string(dir), filepath.Join(string(dir), "server.json")} {
		if err := os.Lchown(path, uid, gid); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return become(uid, gid)
}

// attach takes up a TUN that prepare has made for this user: for that no right is
// needed.
func attach(name string) (tun.Device, error) {
	fd, err := openTUN(name)
	if err != nil {
		return nil, fmt.Errorf("attach to %s (made by: omamori-tunnel prepare): %w", name, err)
	}
	d, _, err := tun.CreateUnmonitoredTUNFromFD(fd)
	if err != nil {
		_ = unix.Close(fd)
	}
	return d, err
}

func openTUN(name string) (int, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	r, err := unix.NewIfreq(name)
	if err == nil {
		r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, r)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
