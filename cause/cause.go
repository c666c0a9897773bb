// Package cause names why a service ended or hangs, from the evidence that hands
// read, and says what may be done about it. It does no I/O.
package cause

import (
	"strings"
	"syscall"

	"github.com/omamori-guard/omamori/chain"
)

// The stable codes that this package gives.
const (
	Killed         = "killed"             // by a signal that omamori did not send
	OOM            = "oom"                // by the kernel, for memory
	Hung           = "hung"               // it lives, and answers nothing
	Crashed        = "crashed"            // by a fault of its own
	Refused        = "refused"            // it lives, and does not listen
	Starting       = "starting"           // it lives, and is not ready yet
	Traced         = "traced"             // a debugger holds it
	Starved        = "cpu_starved"        // it does not get the processor
	StoppedByGuard = "stopped_by_omamori" // omamori ended it and has not started it yet
	StoppedOn      = "stopped_on_purpose" // somebody ended it who may
	DiskFull       = "disk_full"
	ReadOnlyDisk   = "read_only_disk"
	Corrupt        = "corrupt"
	BadConfig      = "bad_config"
	WrongOwner     = "wrong_owner"
	SecondInstance = "second_instance"
	NoMemory       = "no_memory" // it was refused the memory that it asked for
	Unknown        = "unknown"
)

// Finding is what the evidence of one service tells.
type Finding struct {
	// Code is stable: one of the constants above.
	Code string
	Why  chain.Text
	// Evidence quotes the lines and figures that the finding rests on.
	Evidence []string
	// Restartable says that starting the service again is an answer. Where it is
	// not, Next says what a person is to do.
	Restartable bool
	Next        chain.Text
}

// Of names the cause from the evidence alone. For a service that runs and shows
// nothing wrong the code is Unknown: only a proof can tell that it hangs.
func Of(e chain.Evidence) Finding {
	e.Log = sinceStart(e)
	if e.Process.Running && e.Process.State != "Z" {
		return ofRunning(e)
	}
	return ofDead(e)
}

func ofRunning(e chain.Evidence) Finding {
	switch e.Process.State {
	case "T":
		return Finding{
			Code: Hung, Restartable: true, Evidence: stateLine(e),
			Why: chain.Say("cause.stopped_by_signal", "service", e.Service, "pid", e.Process.PID),
		}
	case "t":
		return Finding{
			Code: Traced, Evidence: stateLine(e),
			Why:  chain.Say("cause.traced", "service", e.Service, "pid", e.Process.PID),
			Next: chain.Say("cause.next_traced", "pid", e.Process.PID),
		}
	}
	if len(e.Stopped) > 0 {
		return Finding{
			Code: Hung, Restartable: true, Evidence: stoppedLines(e),
			Why: chain.Say("cause.workers_stopped", "service", e.Service, "count", len(e.Stopped)),
		}
	}
	// A full disk makes a server wait, and starting it again makes that worse.
	if f, ok := byDisk(e); ok {
		return f
	}
	if r, line := match(e.Log, whileAlive); r != nil {
		return r.finding(e, line)
	}
	if starting(e) {
		return Finding{
			Code: Starting, Evidence: lastLines(e.Log, 1),
			Why:  chain.Say("cause.starting", "service", e.Service, "since", e.Process.Started),
			Next: chain.Say("cause.next_starting"),
		}
	}
	return Finding{Code: Unknown, Restartable: true, Why: chain.Say("cause.runs", "service", e.Service, "pid", e.Process.PID)}
}

// ofDead asks in the order of what each answer would forbid: first what somebody
// wanted, then what the kernel says, then what makes a restart harmful.
func ofDead(e chain.Evidence) Finding {
	if f, ok := onPurpose(e); ok {
		return f
	}
	if f, ok := byKernel(e); ok {
		return f
	}
	if f, ok := byDisk(e); ok {
		return f
	}
	p := e.Process
	from := p.KnownExit && fromOutside(syscall.Signal(p.Signal))
	// A service that was running when a signal ended it did not end because of
	// what its log had complained of.
	if !from {
		if r, line := match(e.Log, onceDead); r != nil {
			return r.finding(e, line)
		}
		// Started blindly, a damaged database would only be damaged more.
		if e.LogLate && !p.Asked {
			return Finding{Code: Unknown, Why: chain.Say("cause.log_late", "service", e.Service), Next: chain.Say("cause.next_log_late")}
		}
	}
	switch {
	case p.Asked:
		return Finding{Code: StoppedByGuard, Restartable: true, Why: chain.Say("cause.stopped_by_omamori", "service", e.Service)}
	case p.KnownExit && p.Signal != 0:
		return bySignal(e)
	case p.KnownExit && p.Code == 0:
		return Finding{
			Code: Killed, Restartable: true, Evidence: lastLines(e.Log, 1),
			Why: chain.Say("cause.ended_in_order", "service", e.Service),
		}
	case p.KnownExit:
		return Finding{
			Code: Unknown, Restartable: true, Evidence: lastLines(e.Log, 3),
			Why: chain.Say("cause.exited", "service", e.Service, "code", p.Code),
		}
	case p.PID == 0 && p.Exited.IsZero():
		return Finding{
			Code: Unknown, Restartable: true, Evidence: lastLines(e.Log, 3),
			Why: chain.Say("cause.not_running", "service", e.Service),
		}
	}
	return Finding{
		Code: Unknown, Restartable: true, Evidence: lastLines(e.Log, 3),
		Why: chain.Say("cause.ended", "service", e.Service),
	}
}

// onPurpose: the manager says so, or MariaDB's log names an account that asked
// it to shut down. A signal has no account ("initiated by: unknown").
func onPurpose(e chain.Evidence) (Finding, bool) {
	f := Finding{
		Code: StoppedOn,
		Why:  chain.Say("cause.stopped_on_purpose", "service", e.Service),
		Next: chain.Say("cause.next_stopped_on_purpose", "command", StartCommand(e)),
	}
	if e.OnPurpose {
		if e.ManagerOf != "" {
			f.Evidence = []string{quote(e.Manager + ": " + e.ManagerOf)}
		}
		return f, true
	}
	if e.Process.Asked {
		return Finding{}, false
	}
	for _, line := range e.Log {
		_, by, ok := strings.Cut(line, "(initiated by: ")
		if who, _, shut := strings.Cut(by, "): Normal shutdown"); ok && shut && who != "unknown" {
			f.Evidence = []string{quote(line)}
			f.Why = chain.Say("cause.shut_down_by", "service", e.Service, "who", strings.TrimSuffix(who, " []"))
			return f, true
		}
	}
	return Finding{}, false
}

// fromOutside reports whether a signal is one that people and programs send,
// rather than one that a process brings on itself.
func fromOutside(s syscall.Signal) bool {
	switch s {
	case syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT:
		return true
	}
	return false
}

func bySignal(e chain.Evidence) Finding {
	name := signalName(e.Process.Signal)
	f := Finding{Code: Killed, Restartable: true, Evidence: []string{"pid " + itoa(e.Process.PID) + ": " + name}}
	if fromOutside(syscall.Signal(e.Process.Signal)) {
		f.Why = chain.Say("cause.killed", "service", e.Service, "signal", name)
		return f
	}
	f.Code = Crashed
	f.Evidence = append(f.Evidence, lastLines(e.Log, 3)...)
	f.Why = chain.Say("cause.crashed", "service", e.Service, "signal", name)
	return f
}
