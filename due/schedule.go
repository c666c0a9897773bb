package due

import "time"

const day = 24 * time.Hour

// The schedule of telling, as doc/due.md has it: from when something is first told at
// widening intervals, toward its deadline at narrowing ones, after that every day and
// then every week.
var (
	widening  = []time.Duration{0, 1 * day, 3 * day, 7 * day, 14 * day, 30 * day}
	narrowing = []time.Duration{30 * day, 14 * day, 7 * day, 3 * day, 2 * day, 1 * day, 0}
)

const (
	// thenEvery is the interval after the last of widening.
	thenEvery = 30 * day
	// dailyAfter is for how long a deadline that has passed is told of every day.
	dailyAfter = 7 * day
	// urgentWithin is how near a deadline must be for something new to be told at once.
	urgentWithin = 7 * day
	// lastCall is how near a deadline must be for it to be told at once a second time. What is
	// told at once waits for the morning, unless its deadline does not.
	lastCall = 1 * day
)

// Next is the first moment after last at which something is to be told that was first told
// at first, and whose deadline is zero if there is none.
func Next(first, deadline, last time.Time) time.Time {
	if last.Before(first) {
		return first
	}
	narrow := deadline.Add(-narrowing[0])
	if deadline.IsZero() || last.Before(narrow) {
		next := first
		for i := 0; !next.After(last); i++ {
			if i < len(widening) {
				next = first.Add(widening[i])
				continue
			}
			n := last.Sub(first.Add(widening[len(widening)-1]))/thenEvery + 1
			next = first.Add(widening[len(widening)-1] + n*thenEvery)
		}
		if deadline.IsZero() || next.Before(narrow) {
			return next
		}
	}
	for _, d := range narrowing {
		if at := deadline.Add(-d); at.After(last) {
			return at
		}
	}
	if last.Before(deadline.Add(dailyAfter)) {
		return deadline.Add((last.Sub(deadline)/day + 1) * day)
	}
	return deadline.Add((last.Sub(deadline)/(7*day) + 1) * 7 * day)
}

// Hours are when the owner likes to be told.
type Hours struct {
	Zone *time.Location
	// Digest is the hour and minute of the one message a day.
	Digest time.Duration
	// Letter is the day of the weekly letter.
	Letter time.Weekday
	// From and To are the hours in which nobody is told of what can wait for the morning;
	// they may span midnight. Where they are equal there are none.
	From, To time.Duration
}

// Quiet reports whether now is within the quiet hours.
func (h Hours) Quiet(now time.Time) bool {
	local := now.In(h.Zone)
	at := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	if h.From <= h.To {
		return h.From <= at && at < h.To
	}
	return at >= h.From || at < h.To
}

// Morning is the end of the quiet hours in which now is, and now where it is in none.
func (h Hours) Morning(now time.Time) time.Time {
	if !h.Quiet(now) {
		return now
	}
	local := now.In(h.Zone)
	at := h.at(local.Year(), local.Month(), local.Day(), h.To)
	if !at.After(now) {
		at = h.at(local.Year(), local.Month(), local.Day()+1, h.To)
	}
	return at
}

// LastDigest is the latest moment of a digest that is not after now.
func (h Hours) LastDigest(now time.Time) time.Time {
	local := now.In(h.Zone)
	at := h.on(local.Year(), local.Month(), local.Day())
	if at.After(now) {
		at = h.on(local.Year(), local.Month(), local.Day()-1)
	}
	return at
}

// NextDigest is the first moment of a digest after now.
func (h Hours) NextDigest(now time.Time) time.Time {
	local := h.LastDigest(now).In(h.Zone)
	return h.on(local.Year(), local.Month(), local.Day()+1)
}

// LastLetter is the latest moment of a letter that is not after now.
func (h Hours) LastLetter(now time.Time) time.Time {
	at := h.LastDigest(now).In(h.Zone)
	back := (int(at.Weekday()) - int(h.Letter) + 7) % 7
	return h.on(at.Year(), at.Month(), at.Day()-back)
}

func (h Hours) on(y int, m time.Month, d int) time.Time {
	return h.at(y, m, d, h.Digest)
}

func (h Hours) at(y int, m time.Month, d int, t time.Duration) time.Time {
	return time.Date(y, m, d, int(t/time.Hour), int(t%time.Hour/time.Minute), 0, 0, h.Zone)
}

// Day is the first moment of a day written as 2027-03-31, where the owner is.
func (h Hours) Day(s string) (time.Time, error) {
	return time.ParseInLocation(time.DateOnly, s, h.Zone)
}
