package main

import (
	"context"
	"log/slog"

	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/tunnel/engine"
)

// most is how large a packet may be, as far as the configuration knows.
func most(c tunnel.Conf) int {
	if c.MTU == 0 {
		return tunnel.DefaultMTU
	}
	return c.MTU
}

// found is how large a packet goes whole to the servers of a configuration.
func found(ctx context.Context, c tunnel.Conf, log *slog.Logger) int {
	mtu := most(c)
	for _, p := range c.Peers {
		if p.Endpoint == "" {
			continue
		}
		n, err := engine.MTU(ctx, p.Endpoint)
		if err != nil {
			if ctx.Err() == nil {
				log.Debug("find out the MTU", "server", p.Endpoint, "error", err)
			}
			continue
		}
		mtu = min(mtu, n)
	}
	return mtu
}
