package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/knock"
	"github.com/omamori-guard/omamori/hands"
)

// doorHalf is the door's half of hands. It is connected to anew when it was away.
type doorHalf struct {
	socket string

	mu     sync.Mutex // protects client
	client *hands.DoorClient
}

var _ knock.Door = (*doorHalf)(nil)

func (d *doorHalf) Challenge(ctx context.Context) (c door.Challenge, err error) {
	err = d.ask(ctx, func(client *hands.DoorClient) error {
		c, err = client.Challenge(ctx)
		return err
	})
	return c, err
}

// Admit brings a permit. Should the connection break in between, it is brought again:
// then either the door has not seen it, or it says that it is a copy.
func (d *doorHalf) Admit(ctx context.Context, permit, signature []byte) (l door.Lease, err error) {
	err = d.ask(ctx, func(client *hands.DoorClient) error {
		l, err = client.Admit(ctx, permit, signature)
		return err
	})
	return l, err
}

// ask asks, and once more by a new connection if the old one was of no use.
func (d *doorHalf) ask(ctx context.Context, what func(*hands.DoorClient) error) error {
	for again := false; ; again = true {
		client, err := d.connected(ctx)
		if err != nil {
			return err
		}
		err = what(client)
		if answered(err) {
			return err
		}
		d.drop(client)
		if again || ctx.Err() != nil {
			return err
		}
	}
}

// answered reports whether err came from the other side rather than from the connection.
func answered(err error) bool {
	var refusal *door.Refusal
	var refused *hands.Refused
	return err == nil || errors.As(err, &refusal) || errors.As(err, &refused)
}

func (d *doorHalf) connected(ctx context.Context) (*hands.DoorClient, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.client == nil {
		c, err := hands.ConnectDoor(ctx, d.socket)
		if err != nil {
			return nil, err
		}
		d.client = c
	}
	return d.client, nil
}

func (d *doorHalf) drop(client *hands.DoorClient) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = client.Close()
	if d.client == client {
		d.client = nil
	}
}

func (d *doorHalf) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.client != nil {
		_ = d.client.Close()
	}
}

// signersFile is allowed_signers, read anew when it has changed.
type signersFile struct {
	path string
	log  *slog.Logger

	mu    sync.Mutex // protects the fields below
	stamp fs.FileInfo
	all   door.Signers
}

func (f *signersFile) read() (door.Signers, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := os.Stat(f.path)
	if err != nil {
		return nil, fmt.Errorf("read who may knock: %w", err)
	}
	if f.stamp != nil && os.SameFile(f.stamp, now) && f.stamp.ModTime().Equal(now.ModTime()) && f.stamp.Size() == now.Size() {
		return f.all, nil
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, fmt.Errorf("read who may knock: %w", err)
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, door.MaxSigners+1))
	if err != nil {
		return nil, fmt.Errorf("read who may knock: %w", err)
	}
	all, wrong := door.ParseSigners(b)
	if wrong != nil {
		f.log.Warn("lines that authorise nobody", "file", f.path, "error", wrong)
	}
	f.stamp, f.all = now, all
	return all, nil
}
