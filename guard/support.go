package guard

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/support"
	"github.com/omamori-guard/omamori/words"
)

// SupportSection is the part of the configuration that says who helps when nothing else
// does.
func SupportSection() config.Section {
	return config.Section{
		Name: "support", Settings: func() any { return &support.Settings{} },
		Check: func(s any) []*chain.SettingError { return s.(*support.Settings).Check() },
	}
}

// desks are those of the configuration.
func (g *Guard) desks() []support.Desk {
	s, ok := g.file.Sections["support"].(*support.Settings)
	if !ok {
		return nil
	}
	return s.Desks
}

// deskFor is the desk through which a mend goes, "" if none.
func (g *Guard) deskFor(mend string) string {
	for _, d := range g.desks() {
		if slices.Contains(d.Mends, mend) {
			return d.Name
		}
	}
	return ""
}

const supportKey = "support"

func (g *Guard) restoreCases() {
	b, err := g.o.Journal.LoadState(g.ctx, supportKey)
	if err == nil && len(b) > 0 {
		err = json.Unmarshal(b, &g.cases)
	}
	if err != nil {
		g.o.Log.Warn("read what was remembered of cases", "error", err)
	}
	if g.cases == nil {
		g.cases = map[string]support.Case{}
	}
}

func (g *Guard) saveCases() {
	b, err := json.Marshal(g.cases)
	if err != nil {
		g.o.Log.Error("remember the cases", "error", err)
		return
	}
	g.o.Journal.NoteState(supportKey, b)
}

// Support tells of the desks, and of the cases that are open there. A case outlives its
// desk in the configuration: it is asked after until it is solved.
func (g *Guard) Support(ctx context.Context) (all []support.Status, err error) {
	err = g.call(ctx, func() {
		var lost []string
		for _, t := range g.file.Chain.Model().Things {
			if g.said[t.Name].Lost {
				lost = append(lost, inLatin(t))
			}
		}
		seen := map[string]bool{}
		for _, d := range g.desks() {
			s := support.Status{Desk: d.Whole(), Lost: lost}
			if c, open := g.cases[d.Name]; open {
				s.Case = &c
			}
			seen[d.Name] = true
			all = append(all, s)
		}
		for name, c := range g.cases {
			if !seen[name] {
				all = append(all, support.Status{Desk: support.Desk{Name: name}.Whole(), Case: &c, Lost: lost})
			}
		}
	})
	return all, err
}

// inLatin is what a thing is called in an English letter: its title, or its name if the
// title is in another script.
func inLatin(t chain.Thing) string {
	if t.Title == "" || strings.ContainsFunc(t.Title, func(r rune) bool { return r > unicode.MaxLatin1 }) {
		return t.Name
	}
	return t.Title
}

// CaseAct is what a person says of a case.
type CaseAct struct {
	Desk string `json:"desk"`
	// Act is "open", which may be said again to add what is known; "missed", the promised
	// call did not come; "solved".
	Act    string `json:"act"`
	Number string `json:"number,omitempty"`
	// Promised is when they said they would call.
	Promised time.Time `json:"promised,omitzero"`
	Who      string    `json:"who"`
}

// longestNumber bounds the number of a case, in bytes.
const longestNumber = 100

// CaseAct takes in what a person says of a case. It is in the journal first.
func (g *Guard) CaseAct(ctx context.Context, a CaseAct) error {
	var bad error
	err := g.call(ctx, func() { bad = g.caseAct(a) })
	if err == nil {
		err = bad
	}
	return err
}

func (g *Guard) caseAct(a CaseAct) error {
	c, open := g.cases[a.Desk]
	if !open && !slices.ContainsFunc(g.desks(), func(d support.Desk) bool { return d.Name == a.Desk }) {
		var names []string
		for _, d := range g.desks() {
			names = append(names, d.Name)
		}
		return &UnknownName{a.Desk, chain.Nearest(a.Desk, names)}
	}
	now := time.Now()
	g.alive(now, "answer")
	switch {
	case len(a.Number) > longestNumber:
		return &BadAct{a.Act, a.Desk}
	case a.Act == "open":
		if !open {
			c = support.Case{Desk: a.Desk, Opened: now}
		}
	case !open:
		return &BadAct{a.Act, a.Desk}
	case a.Act == "missed":
		c.Missed++
		c.Promised = time.Time{}
		c.Opened = now // asked after again in a day
	case a.Act == "solved":
	default:
		return &BadAct{a.Act, a.Desk}
	}
	if a.Number != "" {
		c.Number = words.Clean(a.Number)
	}
	if !a.Promised.IsZero() {
		c.Promised, c.Asked = a.Promised, time.Time{}
	}
	g.append(journal.Entry{What: "case", Text: chain.Say("guard.case_"+a.Act, "desk", a.Desk, "who", a.Who), Body: a})
	if g.cases[a.Desk] = c; a.Act == "solved" {
		delete(g.cases, a.Desk)
	}
	g.saveCases()
	return nil
}

// solveCase ends the case of the desk through which a step went that is done.
func (g *Guard) solveCase(mend, who string) {
	if desk := g.deskFor(mend); desk != "" {
		if _, open := g.cases[desk]; open {
			_ = g.caseAct(CaseAct{Desk: desk, Act: "solved", Who: who}) // it is open, so this is known
		}
	}
}

// askAfter tells the owner of promised calls, and asks after cases, each at its hour and
// every day from then on.
func (g *Guard) askAfter(now time.Time) {
	for name, c := range g.cases {
		due := c.Due(now)
		if due == "" {
			continue
		}
		c.Asked = now
		g.cases[name] = c
		g.saveCases()
		desk := support.Desk{Name: name}
		for _, d := range g.desks() {
			if d.Name == name {
				desk = d
			}
		}
		desk = desk.Whole()
		promised := "-"
		if !c.Promised.IsZero() {
			promised = desk.Both(c.Promised)
		}
		args := []any{"desk", desk.Title, "name", name, "number", orDash(c.Number), "promised", promised}
		body := "guard.case_" + due + "_call"
		if c.Promised.IsZero() {
			body = "guard.case_ask_open"
		}
		g.append(journal.Entry{What: "told", Text: chain.Say(body, args...)})
		g.send(Message{Event: "case", At: now, Say: func(lang words.Lang) (string, string) {
			return lang.Say(chain.Say("guard.case_title", args...)), lang.Say(chain.Say(body, args...))
		}})
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
