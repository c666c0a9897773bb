package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/omamori-guard/omamori/door/nft"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/words"
)

// runDoor is the door's half: a process of its own, since it alone may change the
// firewall, and nothing else.
func runDoor(lang words.Lang, o options) int {
	file, err := hands.LoadDoor(o.file)
	if err != nil {
		return fail(lang, err)
	}
	if o.check {
		return 0
	}
	frugal()
	if err := keepDoor(o, file); err != nil {
		return fail(lang, err)
	}
	return 0
}

func keepDoor(o options, file hands.DoorFile) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	d, err := hands.NewDoor(file, nft.New(), log, nil)
	if err != nil {
		return err
	}
	if o.load { // the rules are in place, which is all that was asked
		return d.Close()
	}
	path := o.listen
	if path == "" {
		path = hands.DefaultDoorSocket
	}
	l, err := d.Listen(path)
	if err == nil {
		_, _ = daemon.SdNotify(false, daemon.SdNotifyReady) //nolint:errcheck // without systemd nobody waits
		err = d.Serve(ctx, l)
	}
	return errors.Join(err, d.Close())
}
