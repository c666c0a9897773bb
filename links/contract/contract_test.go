package contract

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// A contract runs through its last day.
func TestContract(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := build(settings{Ends: "2000-03-31", With: "the VPN company"}, chain.Place{Link: "vpn"})
		if err != nil {
			t.Fatal(err)
		}
		over := time.Date(2000, 4, 1, 0, 0, 0, 0, time.Local)
		if ends := p.(chain.Ender).Ends(); len(ends) != 1 || !ends[0].At.Equal(over) {
			t.Fatalf("%+v", ends)
		}
		time.Sleep(time.Until(over) - time.Second)
		probetest.Expect(t, probetest.Prove(p, time.Second), chain.Holds, "")
		time.Sleep(time.Second)
		probetest.Expect(t, probetest.Prove(p, time.Second), chain.Broken, "expired")
	})
}

func TestSettings(t *testing.T) {
	long := string(make([]byte, 301))
	for _, s := range []settings{{}, {Ends: "next year"}, {Ends: "2027-03-31", With: long}, {Ends: "2027-03-31", How: long}} {
		if _, err := build(s, chain.Place{}); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}
