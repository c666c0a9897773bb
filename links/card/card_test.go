package card

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// A card is good through the last day of its month.
func TestCard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := build(settings{Expires: "2000-02", Pays: "the domain"}, chain.Place{Link: "card"})
		if err != nil {
			t.Fatal(err)
		}
		over := time.Date(2000, 3, 1, 0, 0, 0, 0, time.Local)
		ends := p.(chain.Ender).Ends()
		if len(ends) != 1 || !ends[0].At.Equal(over) {
			t.Fatalf("%+v", ends)
		}
		time.Sleep(time.Until(over) - time.Second)
		probetest.Expect(t, probetest.Prove(p, time.Second), chain.Holds, "")
		time.Sleep(time.Second)
		probetest.Expect(t, probetest.Prove(p, time.Second), chain.Broken, "expired")
	})
}

func TestSettings(t *testing.T) {
	for _, s := range []settings{{}, {Expires: "08/27"}, {Expires: "2027-08", Pays: string(make([]byte, 301))}} {
		if _, err := build(s, chain.Place{}); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}
