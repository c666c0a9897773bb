package claim

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

func newLink(t *testing.T, until string) *link {
	t.Helper()
	p, err := build(settings{Question: "Do the codes work?", Until: until}, chain.Place{Link: "codes"})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}

func TestPersonOnly(t *testing.T) {
	if !Kind().Person {
		t.Error("the kind is not a person's")
	}
	l := newLink(t, "")
	if p := l.Prove(context.Background()); p.Verdict != chain.Unproven || p.Because.Key != "claim.person" || p.Hint.IsZero() {
		t.Errorf("proved: %+v", p)
	}
	if q := l.Ask(); q.Args["question"] != "Do the codes work?" {
		t.Errorf("asks %v", q)
	}
}

// TestUntil: nobody wakes the link before its day is over, as a proof by machine
// would displace the person's answer; then it is broken, and stays so.
func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock begins on 2000-01-01
		last := time.Now().AddDate(0, 0, 3)
		l := newLink(t, last.Local().Format(time.DateOnly))
		ctx, cancel := context.WithCancel(context.Background())
		var woken atomic.Int32
		go func() {
			if err := l.Watch(ctx, func() { woken.Add(1) }); !errors.Is(err, context.Canceled) {
				t.Errorf("watching ended with %v", err)
			}
		}()
		time.Sleep(time.Until(l.over) - time.Second)
		synctest.Wait()
		if p := l.Prove(ctx); woken.Load() > 0 || p.Verdict != chain.Unproven {
			t.Errorf("before its end: woken %d times, %v", woken.Load(), p.Verdict)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		p := l.Prove(ctx)
		if woken.Load() != 1 || p.Verdict != chain.Broken || p.Cause != "expired" || p.Because.IsZero() || p.Hint.IsZero() {
			t.Errorf("after its end: woken %d times, %+v", woken.Load(), p)
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if woken.Load() != 4 {
			t.Errorf("woken %d times in three hours more", woken.Load())
		}
		cancel()
		synctest.Wait()
	})
}

func TestSettings(t *testing.T) {
	for field, s := range map[string]settings{
		"question": {}, "until": {Question: "?", Until: "next year"},
	} {
		_, err := build(s, chain.Place{})
		var bad *chain.SettingError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := build(settings{Question: strings.Repeat("?", 501)}, chain.Place{}); err == nil {
		t.Error("a question without end is taken")
	}
}

// TestSuppose: a day to come, and a thing that has changed, break what a person said.
func TestSuppose(t *testing.T) {
	only := map[string][]string{"laptop.os": {"macos-10.10", "macos-10.11"}}
	p, err := build(settings{Question: "?", Until: "2027-03-31", Only: only},
		chain.Place{Link: "vpn", Attrs: map[string]string{"laptop.os": "macos-10.11"}})
	if err != nil {
		t.Fatal(err)
	}
	l := p.(*link)
	held := chain.Held(chain.Say("test.said"))
	at := func(month time.Month, day int) time.Time {
		return time.Date(2027, month, day, 23, 59, 59, 0, time.Local)
	}
	for name, c := range map[string]struct {
		s     chain.Supposition
		cause string
	}{
		"its last day":      {chain.Supposition{At: at(3, 31)}, ""},
		"the day after":     {chain.Supposition{At: at(4, 1)}, "expired"},
		"as it is":          {chain.Supposition{At: at(1, 1), Attrs: map[string]string{"laptop.os": "macos-10.11"}}, ""},
		"another system":    {chain.Supposition{At: at(1, 1), Attrs: map[string]string{"laptop.os": "macos-10.12"}}, "changed"},
		"nobody knows what": {chain.Supposition{At: at(1, 1)}, ""},
	} {
		p := l.Suppose(held, c.s)
		if p.Cause != c.cause || (p.Verdict == chain.Broken) != (c.cause != "") || c.cause != "" && p.Because.IsZero() {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// An attribute that no thing has is a mistake; so is none where it matters.
func TestOnly(t *testing.T) {
	only := settings{Question: "?", Only: map[string][]string{"laptop.oss": {"x"}}}
	_, err := build(only, chain.Place{Attrs: map[string]string{"laptop.os": "macos-10.11"}})
	var bad *chain.SettingError
	if !errors.As(err, &bad) || bad.Field != "only" || bad.Text.Args["nearest"] != "laptop.os" {
		t.Errorf("got %v", err)
	}
	only.Only = map[string][]string{"laptop.os": {"macos-10.11"}}
	p, err := build(only, chain.Place{Attrs: map[string]string{"laptop.os": "macos-10.12"}})
	if err != nil {
		t.Fatal(err)
	}
	if proof := p.Prove(context.Background()); proof.Cause != "changed" || proof.Hint.IsZero() {
		t.Errorf("a thing that is another: %+v", proof)
	}
}
