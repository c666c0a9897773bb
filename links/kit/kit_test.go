package kit

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault/kit"
	"github.com/omamori-guard/omamori/words"
)

// printed makes a kit of two shares of three, its record in a folder, and the link of
// its share 2.
func printed(t *testing.T) (*kit.Kit, string, *link) {
	t.Helper()
	k, err := kit.Make([]byte("payload"), 1, 2, 3, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	record(t, k, dir, "aws")
	p, err := build(settings{Record: filepath.Join(dir, kit.RecordFile), Kit: kit.IDWords(k.ID), Share: 2}, chain.Place{Link: "kit"})
	if err != nil {
		t.Fatal(err)
	}
	return k, dir, p.(*link)
}

// record writes the record of a kit that covers aws, as it is once the vault has accounts.
func record(t *testing.T, k *kit.Kit, dir string, accounts ...string) {
	t.Helper()
	r, err := kit.NewRecord(k, [][]byte{[]byte("aws")})
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for _, a := range accounts {
		all = append(all, []byte(a))
	}
	r.Look(all)
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
}

// read is what somebody reads from a share's paper when the link asks.
func read(t *testing.T, l *link, k *kit.Kit, share int) string {
	t.Helper()
	l.Prove(t.Context())
	var all []string
	line := strings.Fields(kit.Words(k.Shares[share-1].Lines()[1].Text))
	asked := l.Ask()
	if asked.Key != "kitlink.ask" {
		t.Fatalf("asks %s", words.English.Say(asked))
	}
	for p := range strings.SplitSeq(asked.Args["words"], ", ") {
		all = append(all, line[int(p[0]-'1')])
	}
	return strings.Join(all, " ")
}

// TestWords: only the words of this share, of this kit, prove it.
func TestWords(t *testing.T) {
	k, _, l := printed(t)
	other, _, _ := printed(t)
	if p := l.Prove(t.Context()); p.Verdict != chain.Unproven || p.Because.Key != "kitlink.person" {
		t.Errorf("by machine: %+v", p)
	}
	for name, c := range map[string]struct {
		typed string
		want  chain.Verdict
	}{
		"right":              {strings.ToLower(read(t, l, k, 2)), chain.Holds},
		"another share":      {read(t, l, k, 3), chain.Broken},
		"of another kit":     {read(t, l, other, 2), chain.Broken},
		"in the wrong order": {strings.Join(reversed(strings.Fields(read(t, l, k, 2))), " "), chain.Broken},
	} {
		p, err := l.Check(t.Context(), c.typed)
		if err != nil || p.Verdict != c.want || p.Because.IsZero() || c.want == chain.Broken && p.Hint.IsZero() {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if strings.Contains(words.English.Say(p.Because), strings.Fields(c.typed)[0]) {
			t.Errorf("%s: the proof tells what was typed", name)
		}
	}
	for _, typed := range []string{"", "AAAAA", "yes", "あ"} {
		if _, err := l.Check(t.Context(), typed); err == nil {
			t.Errorf("%q is an answer", typed)
		} else if _, hint, ok := chain.Spoken(err); !ok || hint.IsZero() {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func reversed(s []string) []string {
	return []string{s[3], s[2], s[1], s[0]}
}

// TestStale: an account more, and a newer kit, break the link whatever is read.
func TestStale(t *testing.T) {
	k, dir, l := printed(t)
	right := read(t, l, k, 2)
	record(t, k, dir, "aws", "bank")
	for _, p := range []chain.Proof{l.Prove(t.Context()), must(l.Check(t.Context(), right))} {
		if p.Cause != "stale" || p.Verdict != chain.Broken || p.Because.Args["n"] != "1" || p.Hint.IsZero() {
			t.Errorf("stale: %+v", p)
		}
	}
	newer, err := kit.Make([]byte("payload"), 2, 2, 3, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	record(t, newer, dir, "aws")
	if p := l.Prove(t.Context()); p.Cause != "replaced" || p.Hint.IsZero() {
		t.Errorf("replaced: %+v", p)
	}
	l.settings.Kit, l.settings.Share = newer.ID, 4
	if p := l.Prove(t.Context()); p.Cause != "no_share" || p.Hint.IsZero() {
		t.Errorf("share 4 of 3: %+v", p)
	}
	l.settings.Record = filepath.Join(dir, "none.json")
	if p := l.Prove(t.Context()); p.Verdict != chain.Unproven || p.Because.Key != "kitlink.unread" {
		t.Errorf("no record: %+v", p)
	}
	if _, err := l.Check(t.Context(), right); err == nil {
		t.Error("checked without a record")
	}
}

func must(p chain.Proof, err error) chain.Proof {
	if err != nil {
		panic(err)
	}
	return p
}

// TestWatch: nobody wakes the link while the kit is good, as a proof by machine would
// displace the person's answer; a minute after it has become stale, it is woken.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, dir, l := printed(t)
		ctx, cancel := context.WithCancel(t.Context())
		var woken atomic.Int32
		go func() {
			if err := l.Watch(ctx, func() { woken.Add(1) }); !errors.Is(err, context.Canceled) {
				t.Errorf("watching ended with %v", err)
			}
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		if woken.Load() != 0 {
			t.Errorf("a good kit has woken %d times", woken.Load())
		}
		record(t, k, dir, "aws", "bank")
		time.Sleep(2 * look)
		synctest.Wait()
		if woken.Load() != 1 {
			t.Errorf("a stale kit has woken %d times", woken.Load())
		}
		cancel()
		synctest.Wait()
	})
}
