// Package kit is the kind "kit": a printed share of the vault's recovery kit is still
// there and can be read, and the kit is not stale.
package kit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/vault/kit"
)

type settings struct {
	Record string `yaml:"record" doc:"the kit.json beside the vault that the kit was made of"`
	Kit    string `yaml:"kit" doc:"the name of the kit, as it stands at the top of its pages"`
	Share  int    `yaml:"share" doc:"which of its shares this is"`
}

const example = `record: /home/me/.local/share/omamori/vault/kit.json
kit: 4KNMH 9L8RK
share: 2
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("kit", example, settings{}, build)
	k.Person = true
	return k
}

func build(s settings, at chain.Place) (chain.Prover, error) {
	var bad []error
	setting := func(field string, text chain.Text) {
		bad = append(bad, &chain.SettingError{Field: field, Text: text})
	}
	if !filepath.IsAbs(s.Record) {
		setting("record", chain.Say("kitlink.bad_record"))
	}
	s.Kit = strings.ToUpper(strings.Join(strings.Fields(s.Kit), ""))
	if len(s.Kit) != 10 || strings.Trim(s.Kit, kit.Alphabet) != "" {
		setting("kit", chain.Say("kitlink.bad_kit"))
	}
	if s.Share < 1 || s.Share > kit.MostShares {
		setting("share", chain.Say("kitlink.bad_share", "most", kit.MostShares))
	}
	return &link{settings: s, name: at.Link}, errors.Join(bad...)
}

// link is proved by a person who types words of the share; a machine can only tell that
// the kit is stale, or another one is out.
type link struct {
	settings settings
	name     string

	// mu protects the field below.
	mu   sync.Mutex
	last *kit.Record // as it was last read, nil while it was not
}

var (
	_ chain.Checker = (*link)(nil)
	_ chain.Watcher = (*link)(nil)
)

func (l *link) read() (*kit.Record, error) {
	r, err := kit.ReadRecord(l.settings.Record)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = r // nil, if it cannot be read any more
	return r, err
}

// Ask asks for other words each day.
func (l *link) Ask() chain.Text {
	l.mu.Lock()
	r := l.last
	l.mu.Unlock()
	if r != nil && r.Kit == l.settings.Kit {
		if q, ok := r.Ask(l.settings.Share, time.Now()); ok {
			return chain.Say("kitlink.ask", "kit", kit.IDWords(r.Kit), "share", l.settings.Share, "words", q.Places())
		}
	}
	return chain.Say("kitlink.ask_later", "kit", kit.IDWords(l.settings.Kit), "share", l.settings.Share)
}

// Prove never holds: that takes somebody who reads the paper.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	r, err := l.read()
	if err != nil {
		return l.unread(err)
	}
	if p := l.judge(r); p.Verdict == chain.Broken {
		return p
	}
	return chain.Untried(chain.Say("kitlink.person"), chain.Say("kitlink.person_hint", "link", l.name))
}

func (l *link) unread(err error) chain.Proof {
	return chain.Untried(chain.Say("kitlink.unread", "path", l.settings.Record, "error", chain.ErrorText(err)),
		chain.Say("kitlink.unread_hint"))
}

// judge says what breaks the kit whatever stands on the paper.
func (l *link) judge(r *kit.Record) chain.Proof {
	switch {
	case r.Kit != l.settings.Kit:
		return chain.Broke("replaced", chain.Say("kitlink.replaced", "kit", kit.IDWords(l.settings.Kit), "newer", kit.IDWords(r.Kit), "day", r.Made),
			chain.Say("kitlink.replaced_hint", "newer", kit.IDWords(r.Kit), "link", l.name))
	case l.settings.Share > r.Of:
		return chain.Broke("no_share", chain.Say("kitlink.no_share", "share", l.settings.Share, "of", r.Of),
			chain.Say("kitlink.no_share_hint", "of", r.Of))
	case r.Missing > 0:
		return chain.Broke("stale", chain.Say("kitlink.stale", "kit", kit.IDWords(r.Kit), "day", r.Made, "n", r.Missing),
			chain.Say("kitlink.stale_hint", "need", r.Need, "of", r.Of))
	}
	return chain.Proof{}
}

// Check compares what was typed with the words that were asked for.
func (l *link) Check(ctx context.Context, typed string) (chain.Proof, error) {
	r, err := l.read()
	if err != nil {
		p := l.unread(err)
		return chain.Proof{}, &kit.Problem{Text: p.Because, Hint: p.Hint}
	}
	if p := l.judge(r); p.Verdict == chain.Broken {
		return p, nil
	}
	right, err := r.Answers(l.settings.Share, time.Now(), typed)
	switch {
	case err != nil:
		return chain.Proof{}, err
	case !right:
		return chain.Broke("other_words", chain.Say("kitlink.other_words", "share", l.settings.Share, "kit", kit.IDWords(r.Kit)),
			chain.Say("kitlink.other_words_hint", "link", l.name)), nil
	}
	return chain.Held(chain.Say("kitlink.held", "share", l.settings.Share, "kit", kit.IDWords(r.Kit))), nil
}

// look is how often it is seen whether the record has changed.
const look = time.Minute

// Watch wakes when the record has come to say that the kit is broken. Otherwise the link
// is never woken: a proof by machine would displace the person's answer.
func (l *link) Watch(ctx context.Context, wake func()) error {
	var seen os.FileInfo
	for {
		now, err := os.Stat(l.settings.Record)
		if err == nil && (seen == nil || !now.ModTime().Equal(seen.ModTime()) || now.Size() != seen.Size()) {
			if r, err := l.read(); err == nil {
				seen = now
				if l.judge(r).Verdict == chain.Broken {
					wake()
				}
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
	}
}
