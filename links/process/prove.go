package process

import (
	"context"
	"errors"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

// Prove asks hands for the process, or looks for itself where they cannot be asked.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	var asked error
	if l.byHands() {
		p, err := l.at.Hands.Process(ctx, l.settings.Service)
		switch {
		case probe.Cancelled(ctx):
			return chain.Untried(probe.CancelledText(), chain.Text{})
		case err == nil:
			return l.judge(p)
		}
		asked = err
	}
	if !l.byOurselves() {
		if asked != nil {
			return chain.Untried(chain.Say("process.hands_failed", "service", l.settings.Service, "error", asked.Error()),
				chain.Say("process.hands_failed_hint", "service", l.settings.Service))
		}
		return chain.Untried(chain.Say("process.no_hands"), chain.Say("process.no_hands_hint"))
	}
	who, p, err := l.finder.find(ctx)
	switch {
	case probe.Cancelled(ctx):
		return chain.Untried(probe.CancelledText(), chain.Text{})
	case err != nil:
		return l.unfound(err)
	}
	if p.Running {
		l.tell(who)
	}
	return l.judge(p)
}

// tell leaves the process that was found for Watch.
func (l *link) tell(who self) {
	select {
	case <-l.seen:
	default:
	}
	l.seen <- who // has room: nobody else sends
}

// unfound is for a process of which nothing certain can be known.
func (l *link) unfound(err error) chain.Proof {
	var file *fileError
	switch {
	case errors.Is(err, errHidden):
		return chain.Untried(chain.Say("process.hidden", "service", l.title()), chain.Say("process.no_hands_hint"))
	case errors.Is(err, errReused):
		return chain.Untried(chain.Say("process.reused", "file", l.settings.PIDFile),
			chain.Say("process.reused_hint", "file", l.settings.PIDFile))
	case errors.As(err, &file):
		return chain.Untried(chain.Say("process.file_unread", "file", file.path, "error", file.err.Error()),
			chain.Say("process.file_unread_hint", "file", file.path))
	}
	return chain.Untried(chain.Say("process.unread", "error", err.Error()), chain.Say("process.no_hands_hint"))
}

// judge says what a process's state means.
func (l *link) judge(p chain.Process) chain.Proof {
	traced := l.traced
	l.traced = 0
	name := l.title()
	if !p.Running || p.State == "Z" || p.State == "X" {
		return l.dead(p)
	}
	figures := []chain.Figure{{Name: "pid", Value: float64(p.PID)}}
	if !p.Started.IsZero() {
		figures = append(figures, chain.Figure{Name: "uptime", Value: max(0, time.Since(p.Started).Seconds()), Unit: "s"})
	}
	proof := chain.Held(chain.Say("process.holds", "service", name, "pid", p.PID))
	state := []string{"/proc/" + strconv.Itoa(p.PID) + "/stat: " + p.State}
	switch p.State {
	case "T":
		proof = chain.Broke(cause.Hung, chain.Say("process.stopped", "service", name, "pid", p.PID),
			chain.Say("process.stopped_hint", "pid", p.PID))
		proof.Evidence = state
	case "t":
		l.traced = traced + 1
		if l.traced < 2 {
			break
		}
		proof = chain.Broke(cause.Traced, chain.Say("process.traced", "service", name, "pid", p.PID),
			chain.Say("process.traced_hint", "pid", p.PID))
		proof.Evidence = state
	}
	proof.Figures = figures
	return proof
}

// dead leaves the cause to the evidence, and says what the process alone shows.
func (l *link) dead(p chain.Process) chain.Proof {
	name := l.title()
	hint := chain.Say("process.dead_hint", "service", name)
	var because chain.Text
	switch {
	case p.State == "Z":
		because = chain.Say("process.zombie", "service", name, "pid", p.PID)
	case p.KnownExit && p.Signal != 0:
		because = chain.Say("process.by_signal", "service", name, "pid", p.PID, "signal", signalName(p.Signal))
	case p.KnownExit:
		because = chain.Say("process.exited", "service", name, "pid", p.PID, "code", p.Code)
	case p.PID != 0:
		because = chain.Say("process.gone", "service", name, "pid", p.PID)
	default:
		because = chain.Say("process.none", "service", name)
	}
	return chain.Broke("", because, hint)
}

func signalName(n int) string {
	if name := unix.SignalName(unix.Signal(n)); name != "" {
		return name
	}
	return strconv.Itoa(n)
}
