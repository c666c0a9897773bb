package guard

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
)

// A quota lets all run for 4 ms of each 100.
func TestStarving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const period = 100 * time.Millisecond
		scarce := func(_ context.Context, d time.Duration) { time.Sleep((d + period).Truncate(period)) }
		busy := func(_ context.Context, d time.Duration) { time.Sleep(d + 20*time.Millisecond) }
		silent := chain.Plan{Cause: cause.Silence, Why: chain.Say("probe.timeout"), Evidence: []string{"nothing came"}}
		hung := chain.Plan{Cause: cause.Hung, Deeds: []chain.Deed{{Verb: chain.Kill}, {Verb: chain.Start}}, Evidence: []string{"it lives"}}
		for _, c := range []struct {
			name  string
			plan  chain.Plan
			sleep func(context.Context, time.Duration)
			took  time.Duration // by the proof
			state string        // of the service's process
			want  string
		}{
			{"awake in time", silent, sleepFor, 3 * time.Second, "S", cause.Silence},
			{"a busy machine", silent, busy, 3 * time.Second, "S", cause.Silence},
			{"a scarce processor", silent, scarce, 3 * time.Second, "S", cause.Starved},
			{"scarce, and a short proof", silent, scarce, 1500 * time.Millisecond, "S", cause.Starved},
			{"too short to tell", silent, scarce, 1200 * time.Millisecond, "S", cause.Silence},
			{"answered at once", silent, scarce, time.Millisecond, "S", cause.Silence},
			{"another cause", chain.Plan{Cause: "dns"}, scarce, 3 * time.Second, "S", "dns"},
			{"hung, they say", hung, scarce, 3 * time.Second, "S", cause.Starved},
			{"stopped by a signal", hung, scarce, 3 * time.Second, "T", cause.Hung},
			{"hung, with the processor free", hung, sleepFor, 3 * time.Second, "S", cause.Hung},
		} {
			awake := doze(t.Context(), time.Second, c.sleep)
			time.Sleep(c.took)
			got := awake().explain(c.plan, chain.Evidence{Process: chain.Process{State: c.state}})
			if got.Cause != c.want {
				t.Errorf("%s: named %s, not %s", c.name, got.Cause, c.want)
			}
			if got.Cause == cause.Starved && len(got.Deeds) > 0 {
				t.Errorf("%s: is to be %v", c.name, got.Deeds)
			}
			if got.Cause == cause.Starved && !strings.Contains(got.Evidence[1], "times: awake again after 100ms") {
				t.Errorf("%s: evidence: %q", c.name, got.Evidence)
			}
		}
	})
}
