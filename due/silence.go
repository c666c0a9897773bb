package due

import (
	"slices"
	"time"
)

// Other is somebody who is told when the owner has not given a sign of life for so long.
type Other struct {
	Name string `yaml:"name" doc:"who is told"`
	// Channel is one of notify's, kept for this person.
	Channel string        `yaml:"channel" doc:"the channel of notify by which he is told; it is his alone"`
	After   time.Duration `yaml:"after" doc:"for how long nobody has given a sign of life by then; at least 21d, and 7d more than for the one before"`
	May     []string      `yaml:"may" doc:"what this person may do, a sentence each; he is told exactly this"`
}

// Silence is how far the telling of others has gone.
type Silence struct {
	// First is when the owner was warned first, Warned when last, Warnings how often.
	First    time.Time `json:"first,omitzero"`
	Warned   time.Time `json:"warned,omitzero"`
	Warnings int       `json:"warnings,omitempty"`
	// Told are those who were told, in their order.
	Told []OtherTold `json:"told,omitempty"`
}

// OtherTold is somebody who was told.
type OtherTold struct {
	Name    string    `json:"name"`
	Channel string    `json:"channel"`
	At      time.Time `json:"at"`
}

// The timetable, as doc/due.md has it.
const (
	// FirstAfter is the least silence after which anybody else is told.
	FirstAfter = 21 * day
	// BetweenOthers is the least time between two who are told, and between the last
	// warning of the owner and the first of them.
	BetweenOthers = 7 * day
)

// warnBefore is how long before somebody else is told the owner is warned.
var warnBefore = []time.Duration{14 * day, 7 * day, 3 * day, 1 * day}

// Move is what the silence asks for: to warn the owner that Other will be told at At, or to
// tell Other.
type Move struct {
	Warn  bool
	Other Other
	At    time.Time
}

// Follow says what is to be done at now, and takes it that it is. Seen is the last sign of
// life. Nothing is done in a hurry: after a guard was away for months, the owner is warned
// first, and has a week.
func (s *Silence) Follow(others []Other, seen, now time.Time) (m Move, ok bool) {
	i := slices.IndexFunc(others, func(o Other) bool {
		return !slices.ContainsFunc(s.Told, func(t OtherTold) bool { return t.Name == o.Name })
	})
	if i < 0 {
		return Move{}, false
	}
	o := others[i]
	at := seen.Add(o.After)
	if n := len(s.Told); n > 0 { // they go on, one at a time
		if next := s.Told[n-1].At.Add(BetweenOthers); next.After(at) {
			at = next
		}
		if now.Before(at) {
			return Move{}, false
		}
		s.Told = append(s.Told, OtherTold{o.Name, o.Channel, now})
		return Move{Other: o, At: at}, true
	}
	if s.Warnings == 0 && at.Sub(now) < warnBefore[1] {
		at = now.Add(warnBefore[1])
	}
	if s.Warnings > 0 && at.Before(s.First.Add(warnBefore[1])) {
		at = s.First.Add(warnBefore[1])
	}
	if s.Warnings > 0 && !now.Before(at) {
		s.Told = append(s.Told, OtherTold{o.Name, o.Channel, now})
		return Move{Other: o, At: at}, true
	}
	for _, before := range warnBefore { // the last of them that has come, if it was not told
		w := at.Add(-before)
		if now.Before(w) || s.Warnings > 0 && !s.Warned.Before(w) {
			continue
		}
		if s.Warnings == 0 {
			s.First = now
		}
		s.Warned, s.Warnings = now, s.Warnings+1
		return Move{Warn: true, Other: o, At: at}, true
	}
	return Move{}, false
}

// Cancel ends it: somebody has given a sign of life. It returns those who are to be told so.
func (s *Silence) Cancel() []OtherTold {
	told := s.Told
	*s = Silence{}
	return told
}
