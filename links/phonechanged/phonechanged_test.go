package phonechanged

import (
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/words"
)

func TestAsk(t *testing.T) {
	p, err := build(settings{Phone: "the blue Xperia", Number: "42"}, chain.Place{Link: "phone"})
	if err != nil {
		t.Fatal(err)
	}
	if said := words.English.Say(p.(chain.Answerer).Ask()); !strings.Contains(said, "Xperia") || !strings.Contains(said, "42") {
		t.Error(said)
	}
	probetest.Expect(t, probetest.Prove(p, time.Second), chain.Unproven, "")
	for _, s := range []settings{{}, {Phone: "x", Number: "+81 90"}, {Phone: "x", Number: "12345"}, {Phone: strings.Repeat("x", 101)}} {
		if _, err := build(s, chain.Place{}); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}
