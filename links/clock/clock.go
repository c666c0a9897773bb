// Package clock is the kind "clock": this machine's clock is right enough for one-time
// codes, as a time server says by SNTP (RFC 5905).
package clock

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Address string        `yaml:"address" doc:"the time server's host:port, asked over UDP"`
	Within  time.Duration `yaml:"within" doc:"how far the clock may be off"`
}

const example = `address: ntp.nict.jp:123
within: 10s
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("clock", example, settings{Within: 10 * time.Second}, build)
	k.Beat, k.Timeout = "5m", "5s" // public servers do not like to be asked more often
	return k
}

// step is that of the usual one-time code.
const step = 30 * time.Second

func build(s settings, _ chain.Place) (chain.Prover, error) {
	if s.Address == "" {
		return nil, &chain.SettingError{Field: "address", Text: chain.Say("clock.no_address")}
	}
	if s.Within <= 0 || s.Within > step {
		return nil, &chain.SettingError{Field: "within", Text: chain.Say("clock.bad_within", "most", step)}
	}
	return &link{s}, nil
}

type link struct{ settings settings }

// Prove asks the server. One that gives no answer, or one that cannot be used, says
// nothing of the clock.
func (l *link) Prove(ctx context.Context) chain.Proof {
	c, err := probe.Dial(ctx, "udp", l.settings.Address)
	if err != nil {
		return l.untried(ctx, err)
	}
	defer c.Close()
	request := make([]byte, packetSize)
	request[0] = 4<<3 | modeClient
	// The server gives it back: nobody who does not see it can answer. It need not be the
	// time, which is nobody's business.
	if _, err := rand.Read(request[transmitAt:]); err != nil {
		return l.untried(ctx, err)
	}
	sent := time.Now()
	if _, err := c.Write(request); err != nil {
		return l.untried(ctx, err)
	}
	answer := make([]byte, 1024)
	for {
		n, err := c.Read(answer)
		if err != nil {
			return l.untried(ctx, err)
		}
		took := time.Since(sent)
		a, fault := parse(answer[:n], binary.BigEndian.Uint64(request[transmitAt:]))
		switch fault {
		case "":
			return l.judge(a, sent, took)
		case "not_ours": // a late answer, or somebody's guess
			continue
		}
		return chain.Untried(chain.Say("clock.fault_"+fault, "address", l.settings.Address), chain.Say("clock.other_server"))
	}
}

func (l *link) untried(ctx context.Context, err error) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	_, because, _ := probe.Explain(err, l.settings.Address)
	return chain.Untried(because, chain.Say("clock.other_server"))
}

// judge compares the clocks. The answer was sent at some moment between the question and
// its arrival; by that much the result is uncertain, and that counts for the clock.
func (l *link) judge(a answer, sent time.Time, took time.Duration) chain.Proof {
	back := sent.Add(took)
	off := (sent.Sub(a.received) + back.Sub(a.sent)) / 2 // how far this clock is ahead
	apart := max(off, -off)
	unsure := max(0, took-a.sent.Sub(a.received)) / 2
	figures := []chain.Figure{{Name: "offset", Value: off.Seconds(), Unit: "s"}}
	say := func(key string) chain.Text {
		return chain.Say(key, "apart", apart.Round(10*time.Millisecond), "steps", int((apart+step/2)/step), "address", l.settings.Address, "within", l.settings.Within)
	}
	var p chain.Proof
	switch {
	case apart-unsure > l.settings.Within && off > 0:
		p = chain.Broke("clock", say("clock.ahead"), chain.Say("clock.hint"))
	case apart-unsure > l.settings.Within:
		p = chain.Broke("clock", say("clock.behind"), chain.Say("clock.hint"))
	case apart+unsure > l.settings.Within:
		p = chain.Untried(say("clock.unsure"), chain.Say("clock.other_server"))
	default:
		p = chain.Held(say("clock.right"))
	}
	p.Figures = figures
	return p
}
