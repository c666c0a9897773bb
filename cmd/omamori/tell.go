package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/notify"
	"github.com/omamori-guard/omamori/words"
)

func notifySection() config.Section {
	return config.Section{
		Name: "notify", Settings: func() any { return &notify.Settings{} },
		Check: func(s any) []*chain.SettingError { return s.(*notify.Settings).Check() },
	}
}

// teller passes the guard's messages to the channels of the configuration, in their
// languages.
type teller struct {
	queue *notify.Queue
	lang  atomic.Value // of words.Lang, the owner's: a reload may change it at any time
}

func newTeller(file *config.File, j *journal.Journal, log *slog.Logger) *teller {
	t := &teller{queue: notify.NewQueue(context.Background(), j, notify.Program(beside("omamori-send")), log)}
	t.use(file)
	return t
}

// use takes the channels of a configuration.
func (t *teller) use(file *config.File) {
	lang := file.Lang
	if lang == "" {
		lang = words.FromEnv()
	}
	t.lang.Store(lang)
	s, ok := file.Sections["notify"].(*notify.Settings)
	if !ok {
		s = &notify.Settings{}
	}
	t.queue.Use(s.Channels)
}

func (t *teller) langOf(c notify.Channel) words.Lang {
	if c.Lang == "" {
		return t.lang.Load().(words.Lang)
	}
	lang, _ := words.Parse(c.Lang)
	return lang
}

// tell does not block.
func (t *teller) tell(m guard.Message) {
	pick := func(c notify.Channel) bool { return slices.Contains(m.To, c.Name) }
	t.queue.TellTo(pick, func(c notify.Channel) notify.Message {
		lang := t.langOf(c)
		title, body := m.Say(lang)
		told := notify.Message{
			Event: m.Event, Incident: m.Incident, At: m.At, Lang: string(lang), Title: title, Body: body, Light: m.Light, Only: m.Only,
		}
		if m.Page != nil {
			told.Page = m.Page(lang)
		}
		if m.Answer != nil && len(m.Boxes) > 0 {
			told.Answer, told.Boxes = m.Answer(lang), strings.Join(m.Boxes, "\n")
		}
		return told
	})
}

func (t *teller) test(ctx context.Context) []guard.ChannelResult {
	channels, errs := t.queue.Test(ctx, func(c notify.Channel) notify.Message { return notify.TestMessage(t.langOf(c), time.Now()) })
	results := make([]guard.ChannelResult, len(channels))
	for i, c := range channels {
		results[i].Channel = c.Name
		if errs[i] != nil {
			results[i].Error = errs[i].Error()
		}
	}
	return results
}

// run delivers until ctx is done.
func (t *teller) run(ctx context.Context) { t.queue.Run(ctx) }
