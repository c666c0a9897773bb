package cli

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/omamori-guard/omamori/due/notice"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/report/weekly"
	"github.com/omamori-guard/omamori/support"
	"github.com/omamori-guard/omamori/vantage"

	"github.com/omamori-guard/omamori/words"
)

// longest is the most columns of one text on a terminal; --json has all of it.
const longest = 600

// clean makes every string in what p points to fit for a terminal: no escapes, no
// turned-around text, no endless lines. The guard talks to strangers and has no
// privileges; who reads its answers is often root.
func clean(p any) { scrub(reflect.ValueOf(p)) }

func scrub(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			scrub(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				scrub(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return // JSON as it stands in the journal: never printed
		}
		for i := range v.Len() {
			scrub(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem() // what is in a map cannot be set
			value.Set(v.MapIndex(key))
			scrub(value)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(clip(words.Clean(head(v.String())), longest))
		}
	}
}

// head is as much of s as can matter, so that a megabyte costs nothing.
func head(s string) string { return s[:min(len(s), 8*longest)] }

// escaped writes as \u…, in JSON, what would move a terminal about and JSON leaves as it
// is: controls of eight bits, and what turns text around.
func escaped(s string) string {
	var out strings.Builder
	for _, r := range s {
		if r == '\n' || !unicode.In(r, unicode.Cc, unicode.Cf) {
			out.WriteRune(r)
			continue
		}
		for _, half := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, `\u%04x`, half)
		}
	}
	return out.String()
}

// cleaned is a guard whose answers are clean. It embeds none, so that no answer is
// forgotten.
type cleaned struct{ g Guard }

var _ Guard = cleaned{}

func answer[T any](v T, err error) (T, error) {
	clean(&v)
	var refused *guard.Refused
	if errors.As(err, &refused) {
		clean(refused)
	}
	return v, err
}

func (c cleaned) Status(ctx context.Context) (guard.Status, error) {
	return answer(c.g.Status(ctx))
}

func (c cleaned) Prove(ctx context.Context, links []string) (guard.Status, error) {
	return answer(c.g.Prove(ctx, links))
}

func (c cleaned) Support(ctx context.Context) ([]support.Status, error) {
	return answer(c.g.Support(ctx))
}

func (c cleaned) CaseAct(ctx context.Context, a guard.CaseAct) ([]support.Status, error) {
	return answer(c.g.CaseAct(ctx, a))
}

func (c cleaned) Typed(ctx context.Context, link, typed, who string) (guard.Status, error) {
	return answer(c.g.Typed(ctx, link, typed, who))
}

func (c cleaned) Answer(ctx context.Context, link string, yes bool, who string) (guard.Status, error) {
	return answer(c.g.Answer(ctx, link, yes, who))
}

func (c cleaned) Reload(ctx context.Context) (guard.Status, error) {
	return answer(c.g.Reload(ctx))
}

func (c cleaned) Ways(ctx context.Context, goal string, q guard.Supposed) ([]guard.GoalWays, error) {
	return answer(c.g.Ways(ctx, goal, q))
}

func (c cleaned) Model(ctx context.Context) (guard.ModelStatus, error) {
	return answer(c.g.Model(ctx))
}

func (c cleaned) Deadlines(ctx context.Context) ([]guard.Deadline, error) {
	return answer(c.g.Deadlines(ctx))
}

func (c cleaned) Lose(ctx context.Context, thing string, lost bool, who string) (guard.Status, error) {
	return answer(c.g.Lose(ctx, thing, lost, who))
}

func (c cleaned) Rescue(ctx context.Context, goal string) (guard.RescueStatus, error) {
	return answer(c.g.Rescue(ctx, goal))
}

func (c cleaned) RescueAct(ctx context.Context, a guard.RescueAct) (guard.RescueStatus, error) {
	return answer(c.g.RescueAct(ctx, a))
}

func (c cleaned) TestNotify(ctx context.Context) ([]guard.ChannelResult, error) {
	return answer(c.g.TestNotify(ctx))
}

func (c cleaned) Journal(ctx context.Context, since time.Time, link string, after int64, newest bool, limit int) ([]guard.JournalLine, error) {
	return answer(c.g.Journal(ctx, since, link, after, newest, limit))
}

func (c cleaned) Peers(ctx context.Context) ([]guard.PeerStatus, error) {
	return answer(c.g.Peers(ctx))
}

func (c cleaned) PairOffer(ctx context.Context) (guard.Offer, error) {
	return answer(c.g.PairOffer(ctx))
}

func (c cleaned) PairAnswer(ctx context.Context, code, as string, agree bool) (guard.Proposal, error) {
	return answer(c.g.PairAnswer(ctx, code, as, agree))
}

func (c cleaned) PairAccept(ctx context.Context, code, as string, route vantage.Route, agree bool) (guard.Proposal, error) {
	return answer(c.g.PairAccept(ctx, code, as, route, agree))
}

func (c cleaned) PairIdentity(ctx context.Context) (guard.Identity, error) {
	return answer(c.g.PairIdentity(ctx))
}

func (c cleaned) PairLetter(ctx context.Context, name string) ([]byte, error) {
	return answer(c.g.PairLetter(ctx, name))
}

func (c cleaned) PairMeet(ctx context.Context, name string) (guard.PeerStatus, error) {
	return answer(c.g.PairMeet(ctx, name))
}

func (c cleaned) Follow(ctx context.Context, after int64, each func(guard.JournalLine) error) error {
	_, err := answer(struct{}{}, c.g.Follow(ctx, after, func(l guard.JournalLine) error {
		clean(&l)
		return each(l)
	}))
	return err
}

func (c cleaned) PairTake(ctx context.Context, letter []byte) error {
	_, err := answer(struct{}{}, c.g.PairTake(ctx, letter))
	return err
}

func (c cleaned) PairForget(ctx context.Context, name string) error {
	_, err := answer(struct{}{}, c.g.PairForget(ctx, name))
	return err
}

func (c cleaned) Tune(ctx context.Context, t hands.Tuning, who string) (bool, string, error) {
	kept, why, err := c.g.Tune(ctx, t, who)
	why, err = answer(why, err)
	return kept, why, err
}

func (c cleaned) Due(ctx context.Context) ([]guard.DueItem, error) { return answer(c.g.Due(ctx)) }

func (c cleaned) Acknowledge(ctx context.Context, a guard.DueAck) ([]guard.DueItem, error) {
	return answer(c.g.Acknowledge(ctx, a))
}

func (c cleaned) AnswerNotice(ctx context.Context, a guard.DueAnswer) ([]guard.DueItem, error) {
	return answer(c.g.AnswerNotice(ctx, a))
}

func (c cleaned) Here(ctx context.Context, who string) ([]guard.DueItem, error) {
	return answer(c.g.Here(ctx, who))
}

func (c cleaned) Senders(ctx context.Context) ([]notice.Sender, error) {
	return answer(c.g.Senders(ctx))
}

func (c cleaned) AddNotice(ctx context.Context, f notice.Found, who string) (string, error) {
	return answer(c.g.AddNotice(ctx, f, who))
}

func (c cleaned) Week(ctx context.Context) (weekly.Week, error) { return answer(c.g.Week(ctx)) }
