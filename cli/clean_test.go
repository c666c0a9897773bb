package cli

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/report/weekly"
	"github.com/omamori-guard/omamori/support"
	"github.com/omamori-guard/omamori/words"
)

// evil sets a terminal's title, moves about in it, in seven bits and in eight, and
// turns text around.
const evil = "a\x1b]0;owned\x07\x1b[2Jb\u009b2Jc\u202ed\r\x7f"

// filled is an answer in which every string is evil.
func filled[T any]() (v T) {
	fillIn(reflect.ValueOf(&v).Elem())
	return v
}

func fillIn(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(evil)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillIn(v.Elem())
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			v.Set(reflect.ValueOf(night))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fillIn(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fillIn(v.Index(0))
			fillIn(v.Index(1))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillIn(key)
		fillIn(value)
		v.SetMapIndex(key, value)
	}
}

// turned is a guard that somebody has taken over.
type turned struct{ Guard }

func (turned) Status(context.Context) (guard.Status, error) { return filled[guard.Status](), nil }
func (turned) Reload(context.Context) (guard.Status, error) { return filled[guard.Status](), nil }
func (turned) Prove(context.Context, []string) (guard.Status, error) {
	return filled[guard.Status](), nil
}
func (turned) Lose(context.Context, string, bool, string) (guard.Status, error) {
	return filled[guard.Status](), nil
}
func (turned) Ways(context.Context, string, guard.Supposed) ([]guard.GoalWays, error) {
	return filled[[]guard.GoalWays](), nil
}
func (turned) Model(context.Context) (guard.ModelStatus, error) {
	return filled[guard.ModelStatus](), nil
}
func (turned) Rescue(context.Context, string) (guard.RescueStatus, error) {
	return filled[guard.RescueStatus](), nil
}
func (turned) Peers(context.Context) ([]guard.PeerStatus, error) {
	return filled[[]guard.PeerStatus](), nil
}
func (turned) PairMeet(context.Context, string) (guard.PeerStatus, error) {
	r := filled[guard.Refused]()
	r.Code = "failed"
	return guard.PeerStatus{}, &r
}
func (turned) TestNotify(context.Context) ([]guard.ChannelResult, error) {
	return filled[[]guard.ChannelResult](), nil
}
func (turned) Support(context.Context) ([]support.Status, error) {
	return filled[[]support.Status](), nil
}
func (turned) Due(context.Context) ([]guard.DueItem, error) { return filled[[]guard.DueItem](), nil }
func (turned) Acknowledge(context.Context, guard.DueAck) ([]guard.DueItem, error) {
	return filled[[]guard.DueItem](), nil
}
func (turned) Week(context.Context) (weekly.Week, error) { return filled[weekly.Week](), nil }
func (turned) Journal(context.Context, time.Time, string, int64, bool, int) ([]guard.JournalLine, error) {
	return filled[[]guard.JournalLine](), nil
}

// Who asks is often root, and the guard has no privileges: whatever it answers, root's
// terminal does nothing but show it.
func TestNothingOfTheGuardsMovesTheTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	for _, command := range []string{"", "status", "prove", "due", "due ack x", "due week", "due week --html", "due case", "ways", "ways --dot", "what-if --lose x", "lost x", "have x", "rescue --dry-run",
		"reload", "journal", "notify test", "pair list", "pair call x", "status --json", "ways --json"} {
		t.Run(command, func(t *testing.T) {
			tty, seen := terminal(t, 80)
			a := &App{Out: tty, Err: tty, Dial: func(string, words.Lang) Guard { return turned{} }}
			a.Main(t.Context(), append(strings.Fields(command), "--state", t.TempDir()))
			out := seen()
			if bare := ansi.Strip(out); !strings.Contains(bare, "a") {
				t.Fatalf("nothing is shown: %q", out)
			}
			for _, bad := range []string{"\x1b]", "\x1b[2J", "\u009b", "\u202e", "\x7f"} {
				if strings.Contains(out, bad) {
					t.Errorf("%q is shown: %q", bad, out)
				}
			}
		})
	}
}

func TestEscapedSaysTheSame(t *testing.T) {
	for _, s := range []string{evil, "\U000e0041", "日本語 é \u2028 <&>"} {
		var b strings.Builder
		if err := encode(&b, s, ""); err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal([]byte(b.String()), &back); err != nil || back != s {
			t.Errorf("%q became %s, that is %q (%v)", s, b.String(), back, err)
		}
		if strings.ContainsAny(b.String(), "\u009b\u202e\x7f\U000e0041") {
			t.Errorf("%q is shown as it is: %q", s, b.String())
		}
	}
}

// offers is a guard whose offer is what somebody else would like to run elsewhere.
type offers struct {
	Guard
	code string
}

func (g offers) PairOffer(context.Context) (guard.Offer, error) {
	return guard.Offer{Code: g.code}, nil
}

// The offer of the guard here goes into a command over there: it must not be one.
func TestPairGivesNoCommandOfTheGuards(t *testing.T) {
	dir := t.TempDir()
	ssh := "#!/bin/sh\necho \"$@\" > " + dir + "/asked\n"
	if err := os.WriteFile(dir+"/ssh", []byte(ssh), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	pair := func(code string) (asked bool) {
		a := &App{In: strings.NewReader("y\n"), Out: io.Discard, Err: io.Discard, Dial: func(string, words.Lang) Guard { return offers{code: code} }}
		a.Main(t.Context(), []string{"pair", "elsewhere", "--state", dir})
		_, err := os.Stat(dir + "/asked")
		os.Remove(dir + "/asked")
		return err == nil
	}
	if !pair("omamori-offer-1.AbZ09-_") {
		t.Error("an offer is not passed on")
	}
	for _, code := range []string{"", "reboot", "omamori-offer-1.", "omamori-offer-1.a;reboot", "omamori-offer-1.a\nreboot", "omamori-offer-1.$(reboot)", "omamori-offer-1.a reboot", "omamori-offer-1.é"} {
		if pair(code) {
			t.Errorf("%q becomes part of a command", code)
		}
	}
}
