package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vault/kit"
)

// Who has lost his codes is told what is left, in order of time, where no guard runs and
// nobody can be asked.
func TestLastResort(t *testing.T) {
	k := newKeeper(t)
	printed, err := kit.Make([]byte("payload"), 2, 3, 5, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r, err := kit.NewRecord(printed, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(k.store.Dir); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"rescue", "console"}, {"rescue", "console", "--dry-run"}} {
		rest := k.run(1, "", args...)
		for _, want := range []string{"No guard runs", "1. the vault on this machine", "omamori vault code NAME", "2. another device", "3. the printed kit",
			kit.IDWords(printed.ID), "any 3 of its 5 shares", "omamori vault restore", "4. somebody who may administer", "deactivate-mfa-device",
			"5. by e-mail and telephone", "6. the support desk", mfaSupport} {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Fatalf("%q is not said in its turn:\n%s", want, rest)
			}
			rest = after
		}
	}
	var e rescueEvent
	if err := json.Unmarshal([]byte(k.run(1, "", "rescue", "console", "--json")), &e); err != nil || e.Event != "last_resort" || len(e.Rungs) != 6 {
		t.Fatalf("%+v, %v", e, err)
	}
	for i, one := range e.Rungs[1:] {
		if one.Seconds < e.Rungs[i].Seconds {
			t.Errorf("%s comes after %s", one.Name, e.Rungs[i].Name)
		}
	}
	if out := k.run(1, "", "rescue", "blog"); strings.Contains(out, "the printed kit") || !strings.Contains(out, "guard") {
		t.Errorf("of another goal:\n%s", out)
	}
}

// What breaks dozens of links is told with few names.
func TestFewNames(t *testing.T) {
	var blame []string
	for c := 'a'; c <= 'z'; c++ {
		blame = append(blame, "link-"+string(c))
	}
	s := guard.Status{Goals: []guard.GoalStatus{{Name: "shell", Verdict: chain.Broken, Blame: blame}, {Name: "blog", Verdict: chain.Broken, Blame: blame[:4]}}}
	out := strings.Join(strings.Fields(show(t, 80, s, "status", "--lang", "en")), " ")
	if !strings.Contains(out, "link-a, link-b, link-c and 23 more") || strings.Contains(out, "link-x") || !strings.Contains(out, "link-a, link-b, link-c, link-d") {
		t.Errorf("26 names, and 4:\n%s", out)
	}
}
