package guard

import (
	"context"
	"fmt"
	"time"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
)

// How it is found out whether the guard itself gets the processor: it sleeps, and sees
// when it wakes.
const (
	naps    = 10
	nap     = 20 * time.Millisecond
	napping = time.Second // the most that it may take
	starved = 60          // percent of the time, as for a service
)

// starving takes the word of a link that was silent for what it is: where the guard itself
// hardly gets the processor, neither do those whom it asks. Then plan names that.
func starving(ctx context.Context, plan chain.Plan, sleep func(context.Context, time.Duration)) chain.Plan {
	if plan.Cause != cause.Silence || len(plan.Deeds) > 0 {
		return plan
	}
	began := time.Now()
	slept := 0
	for slept < naps && time.Since(began) < napping && ctx.Err() == nil {
		sleep(ctx, nap)
		slept++
	}
	took := time.Since(began)
	if slept == 0 || ctx.Err() != nil {
		return plan
	}
	waited := int(100 * (took - time.Duration(slept)*nap) / took)
	if waited < starved {
		return plan
	}
	return chain.Plan{
		Cause: cause.Starved, Why: chain.Say("guard.starved", "percent", waited), Next: chain.Say("cause.next_starved"),
		Evidence: append(plan.Evidence, fmt.Sprintf("slept for %v, %d times: awake again after %v each", nap, slept, (took/time.Duration(slept)).Round(time.Millisecond))),
	}
}

func sleepFor(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
