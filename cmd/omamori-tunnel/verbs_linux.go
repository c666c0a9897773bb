package main

import (
	"context"
	"log/slog"

	"golang.org/x/sys/unix"
)

// verbs are what this program does.
var verbs = map[string]func(context.Context, options, *slog.Logger) error{
	"serve": serve, "up": up, "carry": carry, "look": look, "prepare": prepare, "undo": undo,
}

// slim keeps what is next to a page in use from taking memory too: each time 2 MiB.
func slim() { _ = unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0) }
