package phpfpm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

func (l *link) Prove(ctx context.Context) chain.Proof {
	var figures []chain.Figure
	for _, path := range []string{l.settings.Ping, l.settings.Status} {
		if path == "" {
			continue
		}
		status, body, err := l.ask(ctx, path)
		if err != nil {
			return l.failed(ctx, err)
		}
		if path == l.settings.Status {
			if status == 200 {
				figures = parseStatus(body)
			}
			if len(figures) == 0 {
				return l.odd(path, status, body)
			}
		} else if status != 200 || strings.TrimSpace(string(body)) == "" {
			return l.odd(path, status, body)
		}
	}
	l.silent = 0
	p := chain.Held(chain.Say("phpfpm.holds", "address", l.address))
	p.Figures = figures
	return p
}

func (l *link) ask(ctx context.Context, path string) (int, []byte, error) {
	c, err := l.dial(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer c.Close()
	if path == l.settings.Status {
		path += "?json"
	}
	return ask(c, path)
}

// dial connects, through hands where we may not ourselves.
func (l *link) dial(ctx context.Context) (net.Conn, error) {
	c, err := probe.Dial(ctx, l.network, l.address)
	if l.at.Hands == nil || l.network != "unix" || !errors.Is(err, fs.ErrPermission) {
		return c, err
	}
	c, err = l.at.Hands.Dial(ctx, l.address)
	if err != nil {
		return nil, err
	}
	return probe.Bind(ctx, c), nil
}

// failed: silence is a hang only when it is not the first in a row.
func (l *link) failed(ctx context.Context, err error) chain.Proof {
	if errors.Is(err, errProtocol) {
		p := chain.Broke("not_fastcgi", chain.Say("phpfpm.not_fastcgi", "address", l.address), chain.Say("phpfpm.not_fastcgi_hint"))
		p.Evidence = []string{err.Error()}
		return p
	}
	p := probe.Broke(ctx, err, l.address)
	if p.Cause != "timeout" && p.Cause != "busy" {
		return p
	}
	l.silent++
	code := "timeout"
	if l.silent >= 2 {
		code = cause.Hung
	}
	return chain.Broke(code, chain.Say("phpfpm.silent", "address", l.address), chain.Say("phpfpm.silent_hint"))
}

// odd: it answers, but not as a ping or a status page does.
func (l *link) odd(path string, status int, body []byte) chain.Proof {
	l.silent = 0
	p := chain.Broke("wrong_answer", chain.Say("phpfpm.odd", "path", path, "status", status), chain.Say("phpfpm.odd_hint", "path", path))
	p.Evidence = []string{fmt.Sprintf("HTTP %d: %s", status, probe.Quote(body))}
	return p
}

// parseStatus reads the figures of a status page, nil if it is none.
func parseStatus(body []byte) []chain.Figure {
	var page struct {
		Pool      string  `json:"pool"`
		Active    float64 `json:"active processes"`
		Idle      float64 `json:"idle processes"`
		Queue     float64 `json:"listen queue"`
		MaxActive float64 `json:"max active processes"`
		Reached   float64 `json:"max children reached"`
	}
	if json.Unmarshal(body, &page) != nil || page.Pool == "" {
		return nil
	}
	return []chain.Figure{
		{Name: "active", Value: page.Active}, {Name: "idle", Value: page.Idle}, {Name: "queue", Value: page.Queue},
		{Name: "max_active", Value: page.MaxActive}, {Name: "max_children_reached", Value: page.Reached},
	}
}
