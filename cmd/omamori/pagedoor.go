package main

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/report"
	"github.com/omamori-guard/omamori/web"
)

// pageDoor is the door whose half answers at a socket. What of it the page may, that half
// decides.
type pageDoor string

func (d pageDoor) ask(ctx context.Context) (*hands.DoorClient, error) {
	c, err := hands.ConnectDoor(ctx, string(d))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, web.ErrNoDoor
	}
	return c, err
}

func (d pageDoor) Look(ctx context.Context) (hands.DoorState, error) {
	c, err := d.ask(ctx)
	if err != nil {
		return hands.DoorState{}, err
	}
	defer c.Close()
	return c.Look(ctx)
}

// Open makes a lease for all ports that are closed.
func (d pageDoor) Open(ctx context.Context, from netip.Addr, last time.Duration, who string) (door.Lease, error) {
	c, err := d.ask(ctx)
	if err != nil {
		return door.Lease{}, err
	}
	defer c.Close()
	s, err := c.Look(ctx)
	if err != nil {
		return door.Lease{}, err
	}
	if s.Rules == nil {
		return door.Lease{}, web.ErrNoDoor
	}
	return c.Lease(ctx, door.Lease{From: netip.PrefixFrom(from, from.BitLen()), Ports: s.Rules.Closed, Why: "page"}, last, who)
}

func (d pageDoor) End(ctx context.Context, id, who string) error {
	c, err := d.ask(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	_, _, err = c.End(ctx, id, false, who)
	return err
}

func reportSettings(file *config.File) *report.Settings {
	if s, ok := file.Sections["report"].(*report.Settings); ok {
		return s
	}
	return &report.Settings{}
}

// drafts is what puts a draft into the owner's blog, nil where none is configured.
func (p *page) drafts() func(ctx context.Context, title, html string) (string, error) {
	if p.blog.URL == "" {
		return nil
	}
	return p.blog.Draft
}
