package linktest

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// plans: a plan follows from what it is given alone, touches its own service alone,
// and where nothing is to be done says why and what a person can do.
func plans(t *testing.T, k chain.Kind) {
	m, ok := build(t, k, k.Example, place()).(chain.Mender)
	if !ok {
		return
	}
	for _, p := range breaks() {
		for name, e := range evidence(m.Service()) {
			before := asJSON(t, p, e)
			plan := m.Plan(p, e)
			if again := m.Plan(p, e); !reflect.DeepEqual(plan, again) {
				t.Errorf("%s, %s: planned %+v, and then %+v", p.Cause, name, plan, again)
			}
			if after := asJSON(t, p, e); after != before {
				t.Errorf("%s, %s: planning has changed\n%s\nto\n%s", p.Cause, name, before, after)
			}
			if plan.Cause == "" {
				t.Errorf("%s, %s: no cause, not even unknown", p.Cause, name)
			}
			said(t, "why", plan.Why)
			if len(plan.Deeds) == 0 {
				said(t, "next", plan.Next)
			}
			for _, d := range plan.Deeds {
				_, itself := m.(chain.Doer)
				if itself && m.Service() == "" && d.Service != "" {
					continue // what it is called in the cloud
				}
				if m.Service() == "" || d.Service != m.Service() {
					t.Errorf("%s, %s: would %s %q", p.Cause, name, d.Verb, d.Service)
				}
			}
		}
	}
}

func asJSON(t *testing.T, v ...any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// breaks are broken proofs, of causes that provers give and of none.
func breaks() (all []chain.Proof) {
	at := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	for _, cause := range []string{"", "hung", "refused", "timeout", "wrong_password", "disk_full", "no_such_cause"} {
		p := chain.Broke(cause, chain.Say("chain.unknown_name", "name", "it"), chain.Say("guard.report_bug"))
		p.At, p.Evidence = at, append(make([]string, 0, 8), "seen")
		all = append(all, p)
	}
	return all
}

// evidence is what hands could read of a service in several states.
func evidence(service string) map[string]chain.Evidence {
	at := time.Date(2026, 4, 1, 12, 0, 1, 0, time.UTC)
	of := func(p chain.Process, log ...string) chain.Evidence {
		return chain.Evidence{
			Service: service, At: at, Process: p, Manager: "systemd", Log: append(make([]string, 0, 8), log...),
			Disks: []chain.Disk{{Path: "/", Free: 1 << 40, Size: 2 << 40, Inodes: 1000, Nodes: 2000}},
		}
	}
	began := at.Add(-time.Hour)
	full := of(chain.Process{PID: 42, KnownExit: true, Code: 1})
	full.Disks[0].Free = 0
	purpose := of(chain.Process{PID: 42, KnownExit: true})
	purpose.OnPurpose = true
	if service == "" { // then the guard gathers none
		return map[string]chain.Evidence{"none": {}}
	}
	return map[string]chain.Evidence{
		"none":      {}, // as where there are no hands
		"empty":     {Service: service},
		"running":   of(chain.Process{PID: 42, Running: true, State: "S", Started: began}, "ready for connections"),
		"stopped":   of(chain.Process{PID: 42, Running: true, State: "T", Started: began}),
		"killed":    of(chain.Process{PID: 42, KnownExit: true, Signal: 9, Exited: at}),
		"exited":    of(chain.Process{PID: 42, KnownExit: true, Code: 1, Exited: at}, "[ERROR] unknown variable 'x'"),
		"ended":     of(chain.Process{PID: 42, Exited: at}),
		"disk full": full,
		"purpose":   purpose,
	}
}
