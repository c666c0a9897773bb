// Package support is the help of people at a desk: what they must know to be asked, what
// is written and said to them, and a case until it is solved.
package support

import (
	"fmt"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Settings are the section support of a configuration.
type Settings struct {
	Desks []Desk `yaml:"desks" doc:"who helps when nothing else does"`
}

// Desk is who is asked for help, and what is told them.
type Desk struct {
	Name    string   `yaml:"name" json:"name" doc:"what the desk is called in commands"`
	Title   string   `yaml:"title" json:"title,omitempty" doc:"what it is called by people, such as AWS Support"`
	Mends   []string `yaml:"mends" json:"mends,omitempty" doc:"the mends that go through it"`
	Account string   `yaml:"account" json:"account" doc:"the number of the account"`
	Holder  string   `yaml:"holder" json:"holder" doc:"whose account it is, in Latin letters, as the account has it"`
	Email   string   `yaml:"email" json:"email" doc:"the account's mail address"`
	Phone   string   `yaml:"phone" json:"phone" doc:"the account's phone number, with +81 or the like"`
	From    string   `yaml:"from" json:"from,omitempty" doc:"from when you can be called, in your own time, such as 09:00"`
	Until   string   `yaml:"until" json:"until,omitempty" doc:"until when"`
	Zone    string   `yaml:"zone" json:"zone,omitempty" doc:"your time zone, such as Asia/Tokyo"`
	Theirs  string   `yaml:"desk_zone" json:"desk_zone,omitempty" doc:"the time zone of the desk, such as America/Los_Angeles"`
	Form    string   `yaml:"form" json:"form,omitempty" doc:"where the request is sent"`
}

// What stands for a setting that is left out: the desk of the story, and its owner.
const (
	defaultFrom, defaultUntil = "09:00", "21:00"
	defaultZone               = "Asia/Tokyo"
	defaultTheirs             = "America/Los_Angeles"
)

// longest bounds a setting, in bytes.
const longest = 200

// Check says what is wrong with settings.
func (s *Settings) Check() (bad []*chain.SettingError) {
	seen := map[string]bool{}
	for i, d := range s.Desks {
		wrong := func(field, key string, pairs ...any) {
			bad = append(bad, &chain.SettingError{Field: fmt.Sprintf("desks[%d].%s", i, field), Text: chain.Say(key, pairs...)})
		}
		switch {
		case !chain.ValidName(d.Name):
			wrong("name", "support.bad_name", "name", d.Name)
		case seen[d.Name]:
			wrong("name", "support.twice", "name", d.Name)
		}
		seen[d.Name] = true
		for _, f := range []struct{ field, value string }{
			{"account", d.Account}, {"holder", d.Holder}, {"email", d.Email}, {"phone", d.Phone},
		} {
			if strings.TrimSpace(f.value) == "" || len(f.value) > longest {
				wrong(f.field, "support.needed", "field", f.field)
			}
		}
		d = d.Whole()
		for _, f := range []struct{ field, value string }{{"zone", d.Zone}, {"desk_zone", d.Theirs}} {
			if _, err := time.LoadLocation(f.value); err != nil {
				wrong(f.field, "support.bad_zone", "zone", f.value)
			}
		}
		for _, f := range []struct{ field, value string }{{"from", d.From}, {"until", d.Until}} {
			if _, err := time.Parse(hour, f.value); err != nil {
				wrong(f.field, "support.bad_hour", "hour", f.value)
			}
		}
	}
	return bad
}

const hour = "15:04"

// Whole is d with what was left out.
func (d Desk) Whole() Desk {
	for _, f := range []struct {
		to *string
		be string
	}{{&d.Title, d.Name}, {&d.From, defaultFrom}, {&d.Until, defaultUntil}, {&d.Zone, defaultZone}, {&d.Theirs, defaultTheirs}} {
		if *f.to == "" {
			*f.to = f.be
		}
	}
	return d
}

// zone loads a zone that Check has seen; one that has gone since is UTC.
func zone(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return l
}

// Both writes a moment in the owner's time and in the desk's.
func (d Desk) Both(t time.Time) string {
	d = d.Whole()
	return clock(t.In(zone(d.Zone))) + " = " + clock(t.In(zone(d.Theirs)))
}

func clock(t time.Time) string { return t.Format("2006-01-02 15:04 MST") }

// Hours writes the hours in which the owner can be called, in his time and in the
// desk's, as they are on a day.
func (d Desk) Hours(on time.Time) (mine, theirs string) {
	d = d.Whole()
	at := func(s string) time.Time {
		h, err := time.Parse(hour, s)
		if err != nil {
			return on
		}
		o := on.In(zone(d.Zone))
		return time.Date(o.Year(), o.Month(), o.Day(), h.Hour(), h.Minute(), 0, 0, o.Location())
	}
	span := func(l *time.Location) string {
		from, until := at(d.From).In(l), at(d.Until).In(l)
		return from.Format(hour) + " - " + until.Format(hour) + from.Format(" MST")
	}
	return span(zone(d.Zone)), span(zone(d.Theirs))
}

// ParseMoment reads a promised hour as it is typed, "2026-11-26 02:00", in the owner's
// time or in the desk's. One without a day is the next such hour.
func (d Desk) ParseMoment(s string, theirs bool, now time.Time) (time.Time, error) {
	d = d.Whole()
	l := zone(d.Zone)
	if theirs {
		l = zone(d.Theirs)
	}
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "T", " ")), " ")
	if t, err := time.ParseInLocation("2006-01-02 15:04", s, l); err == nil {
		return t, nil
	}
	h, err := time.Parse(hour, s)
	if err != nil {
		return time.Time{}, &Problem{chain.Say("support.bad_moment", "typed", s), chain.Say("support.bad_moment_hint")}
	}
	n := now.In(l)
	t := time.Date(n.Year(), n.Month(), n.Day(), h.Hour(), h.Minute(), 0, 0, l)
	if !t.After(now) {
		t = t.AddDate(0, 0, 1)
	}
	return t, nil
}

// Problem is an error that is said to the user.
type Problem struct{ text, hint chain.Text }

func (p *Problem) Error() string { return p.text.Key }

// Said puts the problem into words.
func (p *Problem) Said() (text, hint chain.Text) { return p.text, p.hint }

// Case is a request that was sent, until it is solved.
type Case struct {
	Desk   string    `json:"desk"`
	Number string    `json:"number,omitempty"`
	Opened time.Time `json:"opened"`
	// Promised is when they said they would call, zero if they did not.
	Promised time.Time `json:"promised,omitzero"`
	// Missed is how many promised calls did not come.
	Missed int `json:"missed,omitempty"`
	// Asked is when the owner was last asked after it.
	Asked time.Time `json:"asked,omitzero"`
}

// When a case is asked after.
const (
	before = 30 * time.Minute // a promised call
	after  = 30 * time.Minute // its hour
	again  = 24 * time.Hour
)

// Due says what the owner is to be told now: "soon", that a promised call is about to
// come; "ask", whether it has, or whether anything was heard; "" for nothing.
func (c Case) Due(now time.Time) string {
	first := c.Opened.Add(again)
	if !c.Promised.IsZero() {
		if soon := c.Promised.Add(-before); !now.Before(soon) && now.Before(c.Promised) && c.Asked.Before(soon) {
			return "soon"
		}
		first = c.Promised.Add(after)
	}
	if now.Before(first) {
		return ""
	}
	last := first.Add(now.Sub(first) / again * again)
	if c.Asked.Before(last) {
		return "ask"
	}
	return ""
}

// Status is a desk with the case that is open there, if one is.
type Status struct {
	Desk Desk  `json:"desk"`
	Case *Case `json:"case,omitempty"`
	// Lost says what was lost, for the request.
	Lost []string `json:"lost,omitempty"`
}
