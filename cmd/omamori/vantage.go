package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/vantage"
)

// openVantage gives the guard the book of those that are paired with it. Without one it
// guards all the same, and says why. A damaged one is put aside: nobody is known then.
func openVantage(g *guard.Options, state string, log *slog.Logger) {
	b, aside, err := vantage.Open(state)
	if err != nil {
		g.NoVantage = err
		log.Error("read who is paired", "error", err)
		return
	}
	g.Vantage, g.Call = b, caller(b)
	if aside == "" {
		return
	}
	log.Warn("read who is paired: the file is damaged", "aside", aside)
	// A journal that cannot write keeps the record and says so itself.
	_ = g.Journal.Append(context.Background(), journal.Entry{At: time.Now(), What: "pair", Text: chain.Say("vantage.put_aside", "path", aside)})
}

// caller calls peers by SSH, with the guard's own key first.
func caller(b *vantage.Book) func(context.Context, vantage.Peer, []byte) ([]byte, error) {
	return func(ctx context.Context, p vantage.Peer, letter []byte) ([]byte, error) {
		key, _, err := b.Identity()
		if err != nil {
			return nil, err
		}
		return p.Route.Call(ctx, key, letter)
	}
}

// hostName is what this machine is called, as far as it can name a vantage.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	name, _, _ = strings.Cut(name, ".")
	if !chain.ValidName(name) {
		return ""
	}
	return name
}
