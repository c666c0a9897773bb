// Package phpfpm is the kind "phpfpm": PHP-FPM answers its own ping, straight at its
// socket, and its pool has room.
package phpfpm

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Socket  string `yaml:"socket" doc:"the pool's Unix socket"`
	Address string `yaml:"address" doc:"host:port of the pool, in place of a socket"`
	Ping    string `yaml:"ping_path" doc:"the pool's ping.path"`
	Status  string `yaml:"status_path" doc:"the pool's pm.status_path, for figures of its workers"`
	Service string `yaml:"service" doc:"the service that hands start again to mend it"`
}

const example = `socket: /run/php/php8.2-fpm.sock
ping_path: /ping
service: php8.2-fpm
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("phpfpm", example, settings{}, build)
	k.Timeout = "3s"
	return k
}

func build(s settings, at chain.Place) (chain.Prover, error) {
	var bad []error
	wrong := func(field, key, value string) {
		bad = append(bad, &chain.SettingError{Field: field, Text: chain.Say(key, "value", value)})
	}
	l := &link{settings: s, at: at, network: "unix", address: s.Socket}
	switch {
	case s.Socket == "" && s.Address == "":
		wrong("socket", "phpfpm.where", "")
	case s.Socket != "" && s.Address != "":
		wrong("address", "phpfpm.both", "")
	case s.Address != "":
		l.network, l.address = "tcp", s.Address
		if _, port, err := net.SplitHostPort(s.Address); err != nil || port == "" {
			wrong("address", "phpfpm.bad_address", s.Address)
		}
	case !filepath.IsAbs(s.Socket):
		wrong("socket", "phpfpm.not_absolute", s.Socket)
	}
	if s.Ping == "" && s.Status == "" {
		wrong("ping_path", "phpfpm.no_path", "")
	}
	for field, path := range map[string]string{"ping_path": s.Ping, "status_path": s.Status} {
		if path != "" && (!strings.HasPrefix(path, "/") || strings.Contains(path, "?") || len(path) > 1000) {
			wrong(field, "phpfpm.bad_path", path)
		}
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	return l, nil
}

type link struct {
	settings         settings
	at               chain.Place
	network, address string
	// master is the process that was last seen to listen.
	master probe.Peer
	// silent is since when nothing but silence has come, zero if something has.
	silent time.Time
	// full counts the status pages in a row that showed requests waiting in vain.
	full int
}

// patience is how long all workers may be busy before that counts as a hang. It is
// also how long nginx waits by default: whoever came first has had his 504 by then,
// and what the workers still do is of use to nobody. Less would kill a pool that
// merely waits for a database which is being mended.
const patience = time.Minute

var (
	_ chain.Mender  = (*link)(nil)
	_ chain.Watcher = (*link)(nil)
)

func (l *link) Service() string { return l.settings.Service }

// reached is what PHP-FPM logs when a pool has no more workers to give.
const reached = "server reached pm.max_children setting"

// Plan restarts nothing for an answer that a living pool has given, nor for one that
// is busy, and knows by its log whether it has all the workers that it may have.
func (l *link) Plan(p chain.Proof, e chain.Evidence) chain.Plan {
	plan := cause.Plan(p, e)
	if plan.Cause != silence {
		return plan
	}
	for _, line := range slices.Backward(e.Log) {
		if strings.Contains(line, reached) {
			return chain.Plan{
				Cause: poolFull, Why: chain.Say("phpfpm.pool_full", "address", l.address),
				Evidence: append([]string{probe.Quote([]byte(line))}, p.Evidence...), Next: chain.Say("phpfpm.pool_full_hint"),
			}
		}
	}
	return plan
}

var errNoService = errors.New("no service to watch")

// Watch wakes when the service's process has ended.
func (l *link) Watch(ctx context.Context, wake func()) error {
	if l.settings.Service == "" || l.at.Hands == nil {
		return errNoService
	}
	return l.at.Hands.Watch(ctx, l.settings.Service, wake)
}
