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
		for _, c := range []struct {
			name  string
			plan  chain.Plan
			sleep func(context.Context, time.Duration)
			want  string
		}{
			{"awake in time", silent, sleepFor, cause.Silence},
			{"a busy machine", silent, busy, cause.Silence},
			{"a scarce processor", silent, scarce, cause.Starved},
			{"another cause", chain.Plan{Cause: "dns"}, scarce, "dns"},
			{"mended by a deed", chain.Plan{Cause: cause.Silence, Deeds: []chain.Deed{{Verb: chain.Start}}}, scarce, cause.Silence},
		} {
			got := starving(t.Context(), c.plan, c.sleep)
			if got.Cause != c.want {
				t.Errorf("%s: named %s, not %s", c.name, got.Cause, c.want)
			}
			if got.Cause == cause.Starved && !strings.Contains(got.Evidence[1], "10 times: awake again after 100ms") {
				t.Errorf("evidence: %q", got.Evidence)
			}
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if got := starving(gone, silent, scarce); got.Cause != cause.Silence {
			t.Errorf("ended: named %s", got.Cause)
		}
	})
}
