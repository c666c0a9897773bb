package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/tunnel/engine"
	"github.com/omamori-guard/omamori/words"
)

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
		return upTUN(ctx, o, c, log)
	}
	if c.MTU = found(ctx, c, log); ctx.Err() != nil {
		return nil
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
