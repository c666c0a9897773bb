package cause

import (
	"cmp"
	"fmt"

	"github.com/omamori-guard/omamori/chain"
)

// Plan says what is to be done about a link whose service is the trouble, for the
// kinds whose mend is to start that service again. A cause that the proof has
// recognised is only refined by the evidence, except where the evidence knows
// better what a start would do.
//
// A process that lives is killed only when the proof says that it hangs, or the
// system shows it stopped.
//
// Without evidence of any service the proof speaks alone, and nothing is done.
func Plan(p chain.Proof, e chain.Evidence) chain.Plan {
	if e.Service == "" {
		return chain.Plan{Cause: cmp.Or(p.Cause, Unknown), Why: p.Because, Evidence: p.Evidence, Next: p.Hint}
	}
	f := Of(e)
	alive := e.Process.Running && e.Process.State != "Z"
	if alive && f.Code == Unknown {
		f = ofProof(p, e, f)
	}
	plan := chain.Plan{Cause: f.Code, Why: f.Why, Evidence: append(f.Evidence, p.Evidence...), Next: f.Next}
	if !f.Restartable {
		return plan
	}
	switch {
	case !alive:
		plan.Deeds = deeds(e.Service, chain.Start)
	case f.Code == Hung:
		// It does not listen to a polite signal any more.
		plan.Deeds = deeds(e.Service, chain.Kill, chain.Start)
	default:
		plan.Deeds = deeds(e.Service, chain.Restart)
	}
	return plan
}

const (
	// Silence is what provers call it when nothing answered in time.
	Silence = "timeout"
	starved = 60 // percent
)

// ofProof is for a process that lives and shows nothing wrong by itself.
func ofProof(p chain.Proof, e chain.Evidence, f Finding) Finding {
	if !p.At.IsZero() && e.Process.Started.After(p.At) {
		return Finding{
			Code: Starting,
			Why:  chain.Say("cause.started_since", "service", e.Service, "since", e.Process.Started),
			Next: chain.Say("cause.next_starting"),
		}
	}
	// What waits for the processor does not hang: killed, it would want still more of it.
	if e.Waited >= starved && (p.Cause == Hung || p.Cause == Refused || p.Cause == Silence) {
		return Finding{
			Code: Starved, Evidence: []string{fmt.Sprintf("/proc/%d/task/*/schedstat: ready to run, and waited %d%% of the time", e.Process.PID, e.Waited)},
			Why:  chain.Say("cause.starved", "service", e.Service, "percent", e.Waited),
			Next: chain.Say("cause.next_starved"),
		}
	}
	switch p.Cause {
	case Hung:
		f.Code = Hung
		f.Why = chain.Say("cause.hung", "service", e.Service, "pid", e.Process.PID)
		if e.Process.State == "D" {
			f.Why = chain.Say("cause.hung_on_disk", "service", e.Service, "pid", e.Process.PID)
		}
		f.Evidence = append(stateLine(e), lastLines(e.Log, 1)...)
	case Refused:
		f.Code = Refused
		f.Why = chain.Say("cause.refused", "service", e.Service, "pid", e.Process.PID)
		f.Evidence = append(stateLine(e), lastLines(e.Log, 1)...)
	default:
		if p.Cause != "" {
			f.Code, f.Why = p.Cause, p.Because
		}
		f.Restartable = false
		f.Next = p.Hint
	}
	return f
}

func deeds(service string, verbs ...chain.Verb) []chain.Deed {
	var ds []chain.Deed
	for _, v := range verbs {
		ds = append(ds, chain.Deed{Verb: v, Service: service})
	}
	return ds
}

// StartCommand is what a person types to start the service of e.
func StartCommand(e chain.Evidence) string {
	name := cmp.Or(e.Unit, e.Service)
	switch e.Manager {
	case "systemd":
		return "systemctl start " + name
	case "service":
		return "service " + name + " start"
	}
	// A child of hands comes back with them.
	return "omamori run"
}
