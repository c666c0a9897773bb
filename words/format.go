package words

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// format puts a value into the reader's form. The verbs are:
//
//	duration  of a Go duration: "3 minutes", 「3分」
//	bytes     of a number of bytes: "1.5 GiB"
//	date      of an RFC 3339 time: the day
//	time      of an RFC 3339 time: day and time of day, in the local zone
//	text      of a message as JSON: that message, said
//
// A value that does not parse is said as it is. Every value is cleaned, since it
// may have come from a stranger.
func (l Lang) format(verb, value string) string {
	switch verb {
	case "duration":
		if d, err := time.ParseDuration(value); err == nil {
			return l.Duration(d)
		}
	case "bytes":
		if n, err := strconv.ParseUint(value, 10, 64); err == nil {
			return Bytes(n)
		}
	case "date":
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			return l.Date(t)
		}
	case "time":
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			return l.Date(t.Local()) + t.Local().Format(" 15:04:05")
		}
	case "text":
		var m struct {
			Key  string            `json:"key"`
			Args map[string]string `json:"args"`
		}
		if json.Unmarshal([]byte(value), &m) == nil {
			return l.say(m.Key, m.Args)
		}
	}
	return Clean(value)
}

// Duration says d with its largest unit, or its two largest where the second
// matters: "0.4 seconds", "3 minutes", "1 day 4 hours".
func (l Lang) Duration(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	units := []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}}
	for i, u := range units {
		if d < u.of {
			continue
		}
		said := l.count(int(d/u.of), u.name)
		if i+1 < len(units) && d < 10*u.of {
			if rest := int(d % u.of / units[i+1].of); rest > 0 {
				said += l.space() + l.count(rest, units[i+1].name)
			}
		}
		return said
	}
	seconds := d.Seconds()
	digits := 0
	if seconds < 10 && d%time.Second != 0 {
		digits = 1
		if seconds < 1 {
			digits = 2
		}
	}
	n := strconv.FormatFloat(seconds, 'f', digits, 64)
	return l.unit(n, "second")
}

func (l Lang) count(n int, unit string) string { return l.unit(strconv.Itoa(n), unit) }

func (l Lang) unit(n, unit string) string {
	if l == Japanese {
		return n + map[string]string{"day": "日", "hour": "時間", "minute": "分", "second": "秒"}[unit]
	}
	if n != "1" {
		unit += "s"
	}
	return n + " " + unit
}

func (l Lang) space() string {
	if l == Japanese {
		return ""
	}
	return " "
}

// Date says the day of t in t's own zone.
func (l Lang) Date(t time.Time) string {
	if l == Japanese {
		return t.Format("2006年1月2日")
	}
	return t.Format("2006-01-02")
}

// Bytes says n in binary units.
func Bytes(n uint64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n), -1
	for value >= 1024 && unit < 5 {
		value /= 1024
		unit++
	}
	digits := 1
	if value >= 100 {
		digits = 0
	}
	return strconv.FormatFloat(value, 'f', digits, 64) + " " + string("KMGTPE"[unit]) + "iB"
}

// Clean makes foreign text safe to show on one line: control characters,
// invisible and direction-changing ones become U+FFFD, white space a blank.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
