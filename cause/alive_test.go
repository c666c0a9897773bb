package cause

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// What a service that lives shows by itself.
func TestAlive(t *testing.T) {
	hung := chain.Broke(Hung, chain.Say("cause.hung"), chain.Text{})
	for name, c := range map[string]struct {
		proof   chain.Proof
		stopped []int
		waited  int
		code    string
		deeds   int
	}{
		"it hangs":                {hung, nil, 0, Hung, 2},
		"its workers are stopped": {chain.Broke("timeout", chain.Say("cause.hung"), chain.Text{}), []int{8, 9}, 0, Hung, 2},
		"it wants the processor":  {hung, nil, 90, Starved, 0},
		"it is merely busy":       {hung, nil, 30, Hung, 2},
		"a first silence":         {chain.Broke("timeout", chain.Say("cause.hung"), chain.Text{}), nil, 90, Starved, 0},
		"it says what is wrong":   {chain.Broke("wrong_answer", chain.Say("cause.hung"), chain.Text{}), nil, 90, "wrong_answer", 0},
	} {
		plan := Plan(c.proof, chain.Evidence{Service: "php", Process: alive, Stopped: c.stopped, Waited: c.waited})
		if plan.Cause != c.code || len(plan.Deeds) != c.deeds {
			t.Errorf("%s: %+v", name, plan)
		}
		if c.code == Starved && (plan.Next.IsZero() || len(plan.Evidence) == 0 || !strings.Contains(plan.Evidence[0], "90%")) {
			t.Errorf("%s: says too little: %+v", name, plan)
		}
	}
}

// In a container the kernel's lines have other numbers; they were chosen by name.
func TestKilledInAContainer(t *testing.T) {
	e := chain.Evidence{Service: "mariadb", Process: chain.Process{PID: 70, KnownExit: true, Signal: 9, Exited: time.Now()}, Kernel: kernel}
	if f := Of(e); f.Code != Killed {
		t.Errorf("the kernel killed another: %+v", f)
	}
	e.Contained = true
	if f := Of(e); f.Code != OOM || len(f.Evidence) != 2 {
		t.Errorf("%+v", f)
	}
}

// A daemon whose clock is a day off tells as much as another.
func TestAnotherClock(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 0, 5, 0, time.Local) // the log is of the day before
	e := chain.Evidence{Service: "mariadb", At: now, Log: []string{said[30]},
		Process: chain.Process{PID: 7, KnownExit: true, Code: 7, Started: now.Add(-time.Second), Exited: now}}
	if f := Of(e); f.Code != Unknown {
		t.Errorf("an old line is believed: %+v", f)
	}
	e.Sure = 1
	if f := Of(e); f.Code != BadConfig {
		t.Errorf("%+v", f)
	}
	e.Log, e.Process.Started = []string{said[30]}, now.AddDate(0, 0, -2)
	if f := Of(e); f.Code != BadConfig {
		t.Errorf("the clock went forward: %+v", f)
	}
}

func TestRecent(t *testing.T) {
	e := chain.Evidence{At: time.Date(2026, 11, 20, 10, 1, 30, 0, time.Local), Log: []string{
		"without a time", "2026/11/20 09:00:00 [error] old", "of the old", "[20-Nov-2026 10:00:01] WARNING: old", "2026/11/20 10:01:00 [error] new", "of the new",
	}}
	if got := Recent(e, time.Minute); !slices.Equal(got, e.Log[4:]) {
		t.Errorf("%q", got)
	}
	// A keeper of lines knows their times best; a syslog has forms of its own.
	e.Times = []time.Time{e.At.Add(-time.Second), e.At.Add(-time.Hour), e.At.Add(-time.Second)}
	e.Log = []string{"new", "2026/11/20 10:01:00 old", "2026/11/20 09:00:00 new", "who knows",
		"Nov 20 10:01:00 host x: new", "Nov 20 09:01:00 host x: old", e.At.Format(time.RFC3339Nano) + " host x: new", "Dec 20 10:01:00 host x: of last year"}
	if got := Recent(e, time.Minute); !slices.Equal(got, []string{e.Log[0], e.Log[2], e.Log[4], e.Log[6]}) {
		t.Errorf("%q", got)
	}
}

// What a log would forbid is not done because there was no time to read it.
func TestLogLate(t *testing.T) {
	dead := chain.Proof{Verdict: chain.Broken}
	failed := chain.Process{PID: 7, KnownExit: true, Code: 1}
	if p := Plan(dead, chain.Evidence{Service: "mariadb", Process: failed, LogLate: true}); len(p.Deeds) > 0 || p.Next.IsZero() {
		t.Errorf("started blindly: %+v", p)
	}
	if p := Plan(dead, chain.Evidence{Service: "mariadb", Process: failed}); len(p.Deeds) != 1 {
		t.Errorf("an empty log: %+v", p)
	}
	// A signal from outside says enough by itself.
	if p := Plan(dead, chain.Evidence{Service: "mariadb", Process: chain.Process{PID: 7, KnownExit: true, Signal: 9}, LogLate: true}); p.Cause != Killed || len(p.Deeds) != 1 {
		t.Errorf("%+v", p)
	}
}
