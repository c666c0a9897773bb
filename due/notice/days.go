package notice

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// day is a day that a text names.
type day struct {
	date time.Time // midnight of it, in UTC
	// other is what it may be instead ("04/05/2027"); zero if there is no doubt.
	other time.Time
	// vague says that only the month is named.
	vague    bool
	from, to int // bytes of the folded text
}

// maxDays bounds how many days of a text are looked at.
const maxDays = 200

// fold puts a text into the form in which words are looked for: plain, without capitals.
func fold(s string) string { return small(plain(s)) }

// small has no capitals, and every other byte where it was: what is found in it can be quoted
// from the text as it was written.
func small(s string) string {
	return strings.Map(func(r rune) rune {
		if l := unicode.ToLower(r); utf8.RuneLen(l) == utf8.RuneLen(r) {
			return l
		}
		return r
	}, s)
}

// plain puts a text into one form: full-width letters and digits, and old numerals before 年,
// 月 and 日, as they are written most. Lines stay.
func plain(s string) string {
	s = width.Fold.String(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.NewReplacer("\u00a0", " ", "\u3000", " ", "‐", "-", "–", "-", "−", "-", "㍻", "平成", "㋿", "令和").Replace(s)
	var out strings.Builder
	for len(s) > 0 {
		n, digits := kanjiNumber(s)
		if digits > 0 {
			if after, _ := utf8.DecodeRuneInString(s[digits:]); strings.ContainsRune("年月日", after) {
				out.WriteString(strconv.Itoa(n))
				s = s[digits:]
				continue
			}
			out.WriteString(s[:digits])
			s = s[digits:]
			continue
		}
		_, size := utf8.DecodeRuneInString(s)
		out.WriteString(s[:size])
		s = s[size:]
	}
	return out.String()
}

// kanjiNumber is the number at the beginning of s, and how many bytes it has: 二十八 or
// 二〇二七.
func kanjiNumber(s string) (n, size int) {
	const digits = "〇一二三四五六七八九" // three bytes each
	tens, last := 0, -1
	for i, c := range s {
		at := strings.IndexRune(digits, c)
		if c < 0x3000 {
			at = -1
		} else if at > 0 {
			at /= 3
		}
		switch {
		case i > 20:
			return 0, 0
		case c == '十':
			tens += 10 * max(1, last)
			last = -1
		case at >= 0 && last >= 0:
			last = 10*last + at
		case at >= 0:
			last = at
		default:
			return tens + max(0, last), i
		}
	}
	return tens + max(0, last), len(s)
}

const months = `(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?`

var monthNames = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// form is one way to write a day. Its groups are named y, m, d, era, rel (来年), mon (a
// month's name), a and b (of which either may be the month).
type form struct{ re *regexp.Regexp }

// forms are tried in this order: a place that one has taken is not looked at again.
var forms = sync.OnceValue(func() (all []form) {
	const era = `(?P<era>令和|平成|昭和)\s*(?P<y>\d{1,2}|元)\s*年`
	for _, re := range []string{
		era + `\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2}|末)日?`,
		`\b(?P<era>[rh])\s?(?P<y>\d{1,2})[./](?P<m>\d{1,2})[./](?P<d>\d{1,2})\b`,
		`(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2}|末)日?`,
		`\b(?P<y>\d{4})\s?[-/.]\s?(?P<m>\d{1,2})\s?[-/.]\s?(?P<d>\d{1,2})\b`,
		`\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})t\d`,
		`(?P<rel>来年|翌年|本年|今年)の?\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2}|末)日?`,
		`(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2}|末)日?`,
		`\b(?P<d>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<mon>` + months + `),?\s+(?P<y>\d{4})\b`,
		`\b(?P<mon>` + months + `)\s*(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})\b`,
		`\bend of\s+(?P<mon>` + months + `),?\s*(?P<y>\d{4})?\b`,
		`\b(?P<d>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<mon>` + months + `)\b`,
		`\b(?P<mon>` + months + `)\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?\b`,
		`\b(?P<a>\d{1,2})[/.](?P<b>\d{1,2})[/.](?P<y>\d{4})\b`,
		era + `\s*(?P<m>\d{1,2})\s*月`,
		`(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月`,
		`\b(?P<mon>` + months + `),?\s+(?P<y>\d{4})\b`,
	} {
		all = append(all, form{regexp.MustCompile(re)})
	}
	return all
})

// days finds the days that a folded text names, in its order. Base is the day of the text:
// a day without a year is the nearest to come, unless it was within the last half year.
func days(text string, base time.Time) (all []day) {
	base = time.Date(base.Year(), base.Month(), base.Day(), 0, 0, 0, 0, time.UTC)
	var taken [][]int // also by what looks like a day and is none
	for _, f := range forms() {
		for _, at := range f.re.FindAllStringSubmatchIndex(text, maxDays) {
			if slices.ContainsFunc(taken, func(o []int) bool { return at[0] < o[1] && o[0] < at[1] }) || len(taken) >= maxDays {
				continue
			}
			// "12345年" or "2016年11月300日" name no day.
			if before, _ := utf8.DecodeLastRuneInString(text[:at[0]]); unicode.IsDigit(before) {
				continue
			}
			taken = append(taken, at[:2])
			if d, ok := f.day(text, at, base); ok {
				d.from, d.to = at[0], at[1]
				all = append(all, d)
			}
		}
	}
	slices.SortFunc(all, func(a, b day) int { return a.from - b.from })
	return all
}

func (f form) day(text string, at []int, base time.Time) (d day, ok bool) {
	get := func(name string) string {
		i := f.re.SubexpIndex(name)
		if i < 0 || at[2*i] < 0 {
			return ""
		}
		return text[at[2*i]:at[2*i+1]]
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(get(name)) // digits, or nothing
		return n
	}
	y, m, dd := number("y"), number("m"), number("d")
	if get("era") != "" && y == 0 { // 元年
		y = 1
	}
	switch get("era") {
	case "令和", "r":
		y += 2018
	case "平成", "h":
		y += 1988
	case "昭和":
		y += 1925
	}
	if mon := get("mon"); mon != "" {
		m = 1 + slices.Index(monthNames, mon[:3])
	}
	if a, b := number("a"), number("b"); a > 0 { // the day first, or the month
		first, good := date(y, a, b)
		second, fine := date(y, b, a)
		switch {
		case good && fine && a != b:
			return day{date: first, other: second}, true
		case good:
			return day{date: first}, true
		}
		return day{date: second}, fine
	}
	last := get("d") == "末" || f.re.SubexpIndex("d") < 0 && strings.HasPrefix(text[at[0]:], "end of")
	vague := f.re.SubexpIndex("d") < 0 && !last
	year := y
	switch get("rel") {
	case "来年", "翌年":
		year = base.Year() + 1
	case "本年", "今年":
		year = base.Year()
	}
	if year == 0 {
		year = base.Year()
	}
	in := func(year int) (time.Time, bool) {
		switch {
		case last:
			return date(year, m, daysIn(year, m))
		case vague:
			return date(year, m, 1)
		}
		return date(year, m, dd)
	}
	d.vague = vague
	d.date, ok = in(year)
	if y == 0 && get("rel") == "" && (!ok || base.Sub(d.date) > 182*24*time.Hour) {
		d.date, ok = in(year + 1)
	}
	return d, ok
}

// date is a day that exists, within two centuries.
func date(y, m, d int) (time.Time, bool) {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, y >= 1990 && y < 2200 && m >= 1 && m <= 12 && d >= 1 && t.Month() == time.Month(m) && t.Day() == d
}

func daysIn(y, m int) int { return time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day() }
