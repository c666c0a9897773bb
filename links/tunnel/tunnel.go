// Package tunnel is the kind "tunnel": a device's session with our own tunnel is
// fresh, and both directions move more bytes than handshakes do.
package tunnel

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/tunnel"
)

type settings struct {
	Socket string `yaml:"socket" doc:"where the running tunnel answers"`
	Peer   string `yaml:"peer" doc:"the device, as omamori tunnel list calls it"`
	Always bool   `yaml:"always" doc:"the device is to be connected at all times; else one that is not leaves the link unproven"`
}

const example = `socket: /run/omamori-tunnel/tunnel.sock
peer: laptop
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("tunnel", example, settings{Socket: tunnel.DefaultDir.Socket()}, build)
	k.Beat = "1m"
	return k
}

type link struct {
	settings settings
	// The counts of an earlier proof, from which the session must have moved on.
	seen tunnel.PeerStatus
	at   time.Time
	// The counts from which more must have come and gone than WireGuard says by itself.
	from  tunnel.PeerStatus
	since time.Time
	// said is when that was last so.
	said time.Time
}

func build(s settings, _ chain.Place) (chain.Prover, error) {
	if !filepath.IsAbs(s.Socket) {
		return nil, &chain.SettingError{Field: "socket", Text: chain.Say("tunnel.bad_socket", "value", s.Socket)}
	}
	if s.Peer == "" {
		return nil, &chain.SettingError{Field: "peer", Text: chain.Say("tunnel.whose")}
	}
	return &link{settings: s}, nil
}

func (l *link) Prove(ctx context.Context) chain.Proof {
	s, err := tunnel.Call(ctx, l.settings.Socket, tunnel.Ask)
	if err != nil {
		return probe.Broke(ctx, err, l.settings.Socket)
	}
	return l.judge(s, time.Now())
}

// moved is within which time a session that is alive must have moved bytes both ways:
// its own handshake does so every two minutes.
const moved = 3 * time.Minute

// byItself is how many bytes WireGuard may have received and sent by itself in a while,
// with nothing said through the tunnel: a handshake every five seconds at most, begun by
// the device or by us, and keepalives.
func byItself(d time.Duration) uint64 {
	const initiation, keepalive = 148, 32
	return (uint64(d/(5*time.Second))+1)*initiation + (uint64(d/(10*time.Second))+1)*2*keepalive
}

// talks looks whether what has come and gone is more than that, both ways.
func (l *link) talks(p tunnel.PeerStatus, now time.Time) {
	most := byItself(now.Sub(l.since))
	switch {
	case l.since.IsZero(), p.Received < l.from.Received, p.Sent < l.from.Sent: // the first look, or since a restart
		l.said = time.Time{}
	case p.Received-l.from.Received > most && p.Sent-l.from.Sent > most:
		l.said = now
	case now.Sub(l.since) <= moved:
		return
	}
	l.from, l.since = p, now
}

func (l *link) judge(s tunnel.Status, now time.Time) chain.Proof {
	i := slices.IndexFunc(s.Peers, func(p tunnel.PeerStatus) bool { return p.Name == l.settings.Peer })
	if i < 0 {
		return chain.Broke("no_peer", chain.Say("tunnel.no_peer", "name", l.settings.Peer), chain.Say("tunnel.no_peer_hint"))
	}
	p := s.Peers[i]
	if !p.Alive(now) {
		l.at, l.since, l.said = time.Time{}, time.Time{}, time.Time{}
		because, hint := chain.Say("tunnel.asleep", "name", p.Name, "at", p.Handshake), chain.Say("tunnel.asleep_hint", "name", p.Name)
		if p.Handshake.IsZero() {
			because = chain.Say("tunnel.never", "name", p.Name)
		}
		if l.settings.Always {
			return chain.Broke("no_handshake", because, hint)
		}
		return chain.Untried(because, hint)
	}
	before := l.seen
	stuck := p.Received <= before.Received || p.Sent <= before.Sent
	restarted := p.Received < before.Received || p.Sent < before.Sent
	switch {
	case l.at.IsZero(), restarted, !stuck:
		l.seen, l.at = p, now
	case now.Sub(l.at) > moved:
		return chain.Broke("one_way", chain.Say("tunnel.one_way", "name", p.Name), chain.Say("tunnel.one_way_hint"))
	}
	if p.Received == 0 || p.Sent == 0 {
		return chain.Broke("one_way", chain.Say("tunnel.one_way", "name", p.Name), chain.Say("tunnel.one_way_hint"))
	}
	first := l.since.IsZero()
	l.talks(p, now)
	proof := chain.Held(chain.Say("tunnel.moves", "name", p.Name))
	switch {
	case first:
		proof = chain.Untried(chain.Say("tunnel.first", "name", p.Name), chain.Text{})
	case l.said.IsZero() || now.Sub(l.said) > moved:
		proof = chain.Untried(chain.Say("tunnel.idle", "name", p.Name), chain.Say("tunnel.idle_hint", "name", p.Name))
	}
	proof.Figures = []chain.Figure{
		{Name: "handshake_age", Value: now.Sub(p.Handshake).Seconds(), Unit: "s"},
		{Name: "received", Value: float64(p.Received), Unit: "B"}, {Name: "sent", Value: float64(p.Sent), Unit: "B"},
	}
	return proof
}
