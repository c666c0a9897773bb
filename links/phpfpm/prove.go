package phpfpm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

// The causes that this kind alone gives.
const (
	silence  = "timeout"
	poolFull = "pool_full"
)

func (l *link) Prove(ctx context.Context) chain.Proof {
	p := chain.Held(chain.Say("phpfpm.holds", "address", l.address))
	if l.settings.Ping != "" {
		status, body, err := l.ask(ctx, l.settings.Ping)
		if err != nil {
			return l.failed(ctx, err)
		}
		if status != 200 || strings.TrimSpace(string(body)) == "" {
			return l.odd(l.settings.Ping, status, body)
		}
	}
	if l.settings.Status == "" {
		return p
	}
	status, body, err := l.ask(ctx, l.settings.Status)
	if err != nil {
		return l.failed(ctx, err)
	}
	now, ok := parseStatus(body)
	if status != 200 || !ok {
		return l.odd(l.settings.Status, status, body)
	}
	return l.judge(p, now)
}

// judge: a pool in which requests wait for a worker more than once in a row has no
// room.
func (l *link) judge(p chain.Proof, now pool) chain.Proof {
	if now.Queue > 0 && now.Idle == 0 {
		l.full++
	} else {
		l.full = 0
	}
	if l.full >= 2 {
		p = chain.Broke(poolFull, chain.Say("phpfpm.pool_full", "address", l.address), chain.Say("phpfpm.pool_full_hint"))
		p.Evidence = []string{fmt.Sprintf("pool %s: %g active, %g idle, %g waiting", probe.Quote([]byte(now.Pool)), now.Active, now.Idle, now.Queue)}
	}
	p.Figures = now.figures()
	return p
}

func (l *link) ask(ctx context.Context, path string) (int, []byte, error) {
	c, err := l.dial(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer c.Close()
	if p := probe.PeerOf(c); p.PID > 0 {
		l.master = p
	}
	if path == l.settings.Status {
		path += "?json"
	}
	status, body, err := ask(c, path)
	if err == nil {
		l.silent = time.Time{}
	}
	return status, body, err
}

// dial connects, through hands where we may not ourselves.
func (l *link) dial(ctx context.Context) (net.Conn, error) {
	c, err := probe.Dial(ctx, l.network, l.address)
	if l.at.Hands == nil || l.network != "unix" || !errors.Is(err, fs.ErrPermission) {
		return c, err
	}
	c, err = l.at.Hands.Dial(ctx, l.address)
	switch {
	case err == nil:
		return probe.Bind(ctx, c), nil
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.EAGAIN):
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", errHands, err)
}

// errHands is when it is hands that fail: that says nothing of PHP-FPM.
var errHands = errors.New("hands did not connect")

func (l *link) failed(ctx context.Context, err error) chain.Proof {
	p := probe.Broke(ctx, err, l.address)
	if p.Verdict != chain.Broken {
		return p
	}
	if errors.Is(err, errHands) {
		return chain.Untried(chain.Say("phpfpm.no_hands", "address", l.address, "error", err), chain.Say("phpfpm.no_hands_hint", "address", l.address))
	}
	l.full = 0
	if p.Cause == "timeout" || p.Cause == "busy" {
		return l.silence()
	}
	l.silent = time.Time{}
	if errors.Is(err, errProtocol) {
		p = chain.Broke("not_fastcgi", chain.Say("phpfpm.not_fastcgi", "address", l.address), chain.Say("phpfpm.not_fastcgi_hint"))
		p.Evidence = []string{err.Error()}
	}
	return p
}

// silence is a hang where a process is known to be stopped, or when it has lasted:
// from here a pool whose workers are all busy looks the same.
func (l *link) silence() chain.Proof {
	if l.silent.IsZero() {
		l.silent = time.Now()
	}
	lasted := time.Since(l.silent)
	workers := l.master.Workers()
	for _, w := range append([]probe.Peer{l.master}, workers...) {
		if w.State() == "T" {
			p := chain.Broke(cause.Hung, chain.Say("phpfpm.stopped", "address", l.address, "pid", w.PID), chain.Say("phpfpm.stopped_hint", "pid", w.PID))
			p.Evidence = []string{fmt.Sprintf("/proc/%d/stat: T", w.PID)}
			return p
		}
	}
	p := chain.Broke(silence, chain.Say("phpfpm.silent", "address", l.address), chain.Say("phpfpm.silent_hint"))
	if lasted >= patience {
		p = chain.Broke(cause.Hung, chain.Say("phpfpm.hung", "address", l.address, "after", lasted), chain.Say("phpfpm.silent_hint"))
	}
	if len(workers) > 0 {
		states := ""
		for _, w := range workers[:min(len(workers), 32)] {
			states += " " + w.State()
		}
		p.Evidence = []string{fmt.Sprintf("pid %d has %d workers, in the states%s", l.master.PID, len(workers), states)}
	}
	return p
}

// odd: it answers, but not as a ping or a status page does.
func (l *link) odd(path string, status int, body []byte) chain.Proof {
	p := chain.Broke("wrong_answer", chain.Say("phpfpm.odd", "path", path, "status", status), chain.Say("phpfpm.odd_hint", "path", path))
	p.Evidence = []string{fmt.Sprintf("HTTP %d: %s", status, probe.Quote(body))}
	return p
}

// pool is what a status page says of one.
type pool struct {
	Pool      string  `json:"pool"`
	Active    float64 `json:"active processes"`
	Idle      float64 `json:"idle processes"`
	Queue     float64 `json:"listen queue"`
	MaxActive float64 `json:"max active processes"`
	Reached   float64 `json:"max children reached"`
}

// parseStatus reads a status page; ok is false if it is none.
func parseStatus(body []byte) (now pool, ok bool) {
	err := json.Unmarshal(body, &now)
	return now, err == nil && now.Pool != ""
}

func (p pool) figures() []chain.Figure {
	return []chain.Figure{
		{Name: "active", Value: p.Active}, {Name: "idle", Value: p.Idle}, {Name: "queue", Value: p.Queue},
		{Name: "max_active", Value: p.MaxActive}, {Name: "max_children_reached", Value: p.Reached},
	}
}
