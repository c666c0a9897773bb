package nft

import (
	"context"
	"errors"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Watch calls changed whenever our table is changed, by whomever, until ctx is done. An
// error says that changes may have been missed.
func (f *Firewall) Watch(ctx context.Context, changed func()) error {
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, &netlink.Config{NetNS: f.fd(), Groups: 1 << (unix.NFNLGRP_NFTABLES - 1)})
	if err != nil {
		return fmt.Errorf("watch the firewall: %w", err)
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	for {
		messages, err := c.Receive()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, unix.ENOBUFS): // there were more than there was room for
			changed()
			continue
		case err != nil:
			return fmt.Errorf("watch the firewall: %w", err)
		}
		for _, m := range messages {
			if about(m) == TableName {
				changed()
				break
			}
		}
	}
}

// about is the name of the table that a message is about: it is the first attribute of
// those about tables, chains, rules, sets and elements alike.
func about(m netlink.Message) string {
	if len(m.Data) < 4 || m.Data[0] != unix.NFPROTO_INET {
		return ""
	}
	ad, err := netlink.NewAttributeDecoder(m.Data[4:])
	if err != nil {
		return ""
	}
	for ad.Next() {
		if ad.Type() == unix.NFTA_TABLE_NAME {
			return ad.String()
		}
	}
	return ""
}
