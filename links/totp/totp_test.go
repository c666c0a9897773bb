package totp

import (
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/words"
)

func TestCheck(t *testing.T) {
	p, err := build(settings{Entry: "aws", Device: "phone"}, chain.Place{Link: "aws-phone"})
	if err != nil {
		t.Fatal(err)
	}
	l := p.(*link)
	found := func(steps int) chain.CodeResult {
		return chain.CodeResult{Found: true, Steps: steps, Period: 30 * time.Second}
	}
	for _, c := range []struct {
		result  chain.CodeResult
		verdict chain.Verdict
		cause   string
		says    string
	}{
		{found(0), chain.Holds, "", "right code"},
		{found(1), chain.Holds, "", "one step ahead"},
		{found(-1), chain.Holds, "", "one step behind"},
		{found(2), chain.Broken, "clock", "2 steps (1 minute) ahead"},
		{found(-7), chain.Broken, "clock", "7 steps (3 minutes) behind"},
		{chain.CodeResult{}, chain.Broken, "wrong_code", "no code of aws"},
		{chain.CodeResult{Moving: true}, chain.Broken, "moving", "not shown a code yet"},
	} {
		proof, err := l.Check(t.Context(), c.result.String())
		if err != nil {
			t.Fatal(err)
		}
		probetest.Expect(t, proof, c.verdict, c.cause)
		if said := words.English.Say(proof.Because); !strings.Contains(said, c.says) {
			t.Errorf("%v: %q does not say %q", c.result, said, c.says)
		}
	}
	// What is no result is no answer; above all the code itself is none.
	for _, typed := range []string{"", "yes", "123456", "code:", "code:0/30", "code:+0/0", "code:+0/30 ", "code:+9999/30", "code:+1/30/7"} {
		if proof, err := l.Check(t.Context(), typed); err == nil {
			t.Errorf("%q proves %v", typed, proof.Verdict)
		} else if text, hint, ok := chain.Spoken(err); !ok || !words.Has(text.Key) || !words.Has(hint.Key) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func FuzzCodeResult(f *testing.F) {
	for _, s := range []string{"code:+0/30", "code:-3/60", "code:none", "code:moving", "code:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, ok := chain.ParseCodeResult(s); ok && r.String() != s {
			t.Errorf("%q is read as %v", s, r)
		}
	})
}
