//go:build !linux

package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/omamori-guard/omamori/tunnel"
)

// verbs are what this program does elsewhere than on Linux: it is only known to compile.
var verbs = map[string]func(context.Context, options, *slog.Logger) error{"up": up}

func slim() {}

func upTUN(context.Context, options, tunnel.Conf, *slog.Logger) error {
	return errors.New("here only with -socks 127.0.0.1:1080, and that untested; WireGuard's own app makes a device")
}
