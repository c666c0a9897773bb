package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/tunnel/engine"
)

const (
	// askWithin is how long who connects has to say where to.
	askWithin = 10 * time.Second
	// maxProxied bounds the connections at once.
	maxProxied = 256
)

// proxy is a SOCKS proxy of version 5 (RFC 1928) that dials through the tunnel, until
// ctx is done. It serves this machine alone.
func proxy(ctx context.Context, address string, v *engine.Client, log *slog.Logger) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().IsLoopback() {
		return &tunnel.Refusal{Text: chain.Say("tunnel.socks_local", "address", address), Hint: chain.Say("tunnel.socks_local_hint")}
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	log.Info("up", "socks", l.Addr())
	slots := make(chan struct{}, maxProxied)
	var work sync.WaitGroup
	defer work.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			defer c.Close()
			stop := context.AfterFunc(ctx, func() { _ = c.Close() })
			defer stop()
			_ = c.SetDeadline(time.Now().Add(askWithin)) // fails on a closed one alone
			to, err := asked(ctx, c)
			if err != nil {
				return
			}
			dial, cancel := context.WithTimeout(ctx, askWithin)
			out, err := v.Dial(dial, "tcp", to)
			cancel()
			if err != nil {
				_, _ = c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0}) // refused
				return
			}
			defer out.Close()
			stopOut := context.AfterFunc(ctx, func() { _ = out.Close() })
			defer stopOut()
			if _, err := c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0}); err != nil {
				return
			}
			_ = c.SetDeadline(time.Time{})
			engine.Both(c.(*net.TCPConn), out)
		})
	}
}

var errAsked = errors.New("not a request to connect")

// asked reads where to, and answers up to there.
func asked(ctx context.Context, c io.ReadWriter) (to netip.AddrPort, err error) {
	var b [257]byte
	if _, err := io.ReadFull(c, b[:2]); err != nil || b[0] != 5 {
		return to, errAsked
	}
	if _, err := io.ReadFull(c, b[:b[1]]); err != nil { // the ways to log in
		return to, err
	}
	if _, err := c.Write([]byte{5, 0}); err != nil { // none is needed
		return to, err
	}
	if _, err := io.ReadFull(c, b[:4]); err != nil || b[0] != 5 || b[1] != 1 {
		_, _ = c.Write([]byte{5, 7, 0, 1, 0, 0, 0, 0, 0, 0}) // no such command
		return to, errAsked
	}
	var a netip.Addr
	switch b[3] {
	case 1, 4:
		n := map[byte]int{1: 4, 4: 16}[b[3]]
		if _, err := io.ReadFull(c, b[:n]); err != nil {
			return to, err
		}
		a, _ = netip.AddrFromSlice(b[:n])
	case 3:
		if _, err := io.ReadFull(c, b[:1]); err != nil {
			return to, err
		}
		n := int(b[0])
		if _, err := io.ReadFull(c, b[:n]); err != nil {
			return to, err
		}
		all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", string(b[:n]))
		if err != nil {
			_, _ = c.Write([]byte{5, 4, 0, 1, 0, 0, 0, 0, 0, 0}) // no such host
			return to, err
		}
		a = all[0].Unmap()
	default:
		return to, errAsked
	}
	if _, err := io.ReadFull(c, b[:2]); err != nil {
		return to, err
	}
	return netip.AddrPortFrom(a, binary.BigEndian.Uint16(b[:])), nil
}
