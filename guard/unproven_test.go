package guard_test

import (
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

// What could not be looked at while the database was down is looked at once it is back, not
// after its own beat of hours.
func TestWhatWasUnprovenIsTriedAfterAnIncident(t *testing.T) {
	f := newFlags(t)
	f.load = `
links:
  database: {kind: flag}
  updates: {kind: flag, every: 6h}
goals:
  blog: {title: the blog, ways: {web: [database]}}
`
	f.be("database", chain.Broken)
	f.be("updates", chain.Unproven)
	f.during(t, func(t *testing.T, g *guard.Guard) {
		after(10 * time.Minute)
		f.be("database", chain.Holds)
		f.be("updates", chain.Holds)
		after(2 * time.Minute)
		s := status(t, g)
		if len(s.Incidents) != 1 || s.Incidents[0].Ended == nil {
			t.Fatalf("incidents: %+v", s.Incidents)
		}
		if v := verdict(s, "updates"); v != chain.Holds {
			t.Errorf("the updates are %v", v)
		}
	})
}
