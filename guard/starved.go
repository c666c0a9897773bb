package guard

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
)

// How it is found out whether the guard itself gets the processor: it sleeps, and sees
// when it wakes.
const (
	naps    = 10
	fewest  = 3 // of fewer, nothing is concluded
	nap     = 20 * time.Millisecond
	starved = 60 // percent of the time, as for a service
)

// want is the want of the processor that the guard felt itself; zero is none.
type want struct {
	percent  int // of the time that it waited for its turn
	evidence string
}

// doze finds out, while a proof waits for its answer, whether the guard itself gets the
// processor: from the moment after, when half of the proof's time has gone by. The func
// that it returns is called once when the proof is over, and tells.
func doze(ctx context.Context, after time.Duration, sleep func(context.Context, time.Duration)) (awake func() want) {
	ctx, cancel := context.WithCancel(ctx)
	felt := make(chan want, 1)
	timer := time.AfterFunc(after, func() { felt <- feel(ctx, sleep) })
	return func() want {
		cancel()
		if timer.Stop() {
			return want{}
		}
		return <-felt
	}
}

func feel(ctx context.Context, sleep func(context.Context, time.Duration)) want {
	began := time.Now()
	var slept int
	var took time.Duration
	for slept < naps {
		if sleep(ctx, nap); ctx.Err() != nil {
			break
		}
		slept++
		took = time.Since(began)
	}
	if slept < fewest {
		return want{}
	}
	w := want{percent: int(100 * (took - time.Duration(slept)*nap) / took)}
	if w.percent < starved {
		return want{}
	}
	w.evidence = fmt.Sprintf("slept for %v, %d times: awake again after %v each", nap, slept, (took / time.Duration(slept)).Round(time.Millisecond))
	return w
}

// explain takes the word of a link that was silent for what it is: where the guard itself
// hardly got the processor meanwhile, neither did those whom it asked. Killed for that,
// they would want still more of it; one that a signal has stopped is another matter.
func (w want) explain(plan chain.Plan, e chain.Evidence) chain.Plan {
	stopped := e.Process.State == "T" || len(e.Stopped) > 0
	if w.percent == 0 || stopped || !slices.Contains(silences, plan.Cause) {
		return plan
	}
	return chain.Plan{
		Cause: cause.Starved, Why: chain.Say("guard.starved", "percent", w.percent), Next: chain.Say("cause.next_starved"),
		Evidence: append(plan.Evidence, w.evidence),
	}
}

// silences are how it is called that no answer came in time: of whatever, once a connection
// was taken, several times in a row, and when no connection was taken any more.
var silences = []string{cause.Silence, "silent", cause.Hung, cause.Refused}

func sleepFor(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
