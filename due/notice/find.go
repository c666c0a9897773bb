package notice

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/publicsuffix"
)

// Sender is a thing, with the domains or addresses from which mail about it comes, and the
// words by which the owner calls it.
type Sender struct {
	Thing string
	From  []string
	Words []string
}

// Candidate is a day that may be the one.
type Candidate struct {
	// Day is of the form 2027-03-31, Quote the text around it.
	Day   string `json:"day"`
	Quote string `json:"quote"`
}

// Found is what a mail announces.
type Found struct {
	ID string `json:"id"`
	// About is the thing, "" if that is not known; Company who wrote, if omamori knows him.
	About   string `json:"about,omitempty"`
	Company string `json:"company,omitempty"`
	// Topic is "ends", "expires", "pay", "changes" or "other".
	Topic   string    `json:"topic"`
	From    string    `json:"from"`
	Subject string    `json:"subject"`
	Date    time.Time `json:"date"`
	// Day is by when, "" if no day is named, or it is not sure which: then Days has them.
	Day  string      `json:"day,omitempty"`
	Days []Candidate `json:"days,omitempty"`
	// Quote is the sentence that says so.
	Quote string `json:"quote,omitempty"`
	// Unsure lists what a person is asked: "about" (which thing), "day", "what" (whether it
	// announces anything at all).
	Unsure []string `json:"unsure,omitempty"`
}

// longestQuote bounds a quoted sentence, in characters.
const longestQuote = 160

// maxCandidates bounds how many days a person is asked about.
const maxCandidates = 5

// Find reads what a mail announces. Ok is false for one that announces nothing, or comes
// from somebody nobody knows without a word of an end on a day. Handed says that the owner
// gave this mail himself: then it is one.
func Find(m Mail, senders []Sender, handed bool, now time.Time) (f Found, ok bool) {
	f = Found{ID: m.ID, From: m.From, Subject: m.Subject, Date: m.Date}
	if f.Date.IsZero() || f.Date.After(now.Add(24*time.Hour)) { // nobody writes tomorrow
		f.Date = now
	}
	text := plain(m.Subject + "。\n" + m.Text)
	folded := small(text)
	known := false
	f.About, f.Company, known = who(m.From, folded, senders)
	topic, strong := topicOf(folded)
	f.Topic = topic
	sentences := split(text)
	f.setDay(sentences, f.Date)
	switch {
	case topic == "done" && !handed:
		return f, false
	case !known && !handed && (!strong || f.Day == "" && len(f.Days) == 0):
		return f, false
	case topic == "" && !handed:
		return f, false
	}
	if topic == "" || topic == "done" {
		f.Topic = "other"
		f.Unsure = append(f.Unsure, "what")
	} else if anyOf(folded, sales) && !anyOf(folded, services) {
		f.Unsure = append(f.Unsure, "what")
	}
	if f.About == "" {
		f.Unsure = append(f.Unsure, "about")
	}
	if f.Day == "" && (len(f.Days) > 0 || f.Topic != "other") {
		f.Unsure = append(f.Unsure, "day")
	}
	return f, true
}

// who is the thing that a sender writes about: one that names him; else one that the owner
// calls by a word of a company that omamori knows.
func who(from, text string, senders []Sender) (thing, company string, known bool) {
	var named []string
	for _, s := range senders {
		if slices.ContainsFunc(s.From, func(d string) bool { return comesFrom(from, d) }) {
			named = append(named, s.Thing)
		}
	}
	for _, c := range companies {
		if slices.ContainsFunc(c.from, func(d string) bool { return comesFrom(from, d) }) {
			company = c.title
			if len(named) > 0 {
				break
			}
			known = true
			var called []string
			for _, s := range senders {
				if slices.ContainsFunc(s.Words, func(w string) bool {
					return slices.ContainsFunc(c.words, func(o string) bool { return strings.Contains(fold(w), o) })
				}) {
					called = append(called, s.Thing)
				}
			}
			if len(called) == 1 {
				return called[0], company, true
			}
		}
	}
	if len(named) == 1 {
		return named[0], company, true
	}
	if len(named) > 1 { // two things of one company: the one that the mail speaks of
		var spoken []string
		for _, s := range senders {
			if slices.Contains(named, s.Thing) && slices.ContainsFunc(s.Words, func(w string) bool { return strings.Contains(text, fold(w)) }) {
				spoken = append(spoken, s.Thing)
			}
		}
		if len(spoken) == 1 {
			return spoken[0], company, true
		}
		return "", company, true
	}
	return "", company, known
}

// comesFrom reports whether an address is one of a domain or below it, or is it.
func comesFrom(from, domain string) bool {
	domain = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(domain), "@"))
	if domain == "" {
		return false
	}
	if strings.Contains(domain, "@") {
		return from == domain
	}
	_, host, _ := strings.Cut(from, "@")
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain { // "co.jp" is nobody
		return false
	}
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// setDay finds by when it is. Exactly one day to come beside words of an end is it; any
// other is asked about.
func (f *Found) setDay(sentences []string, base time.Time) {
	today := time.Date(base.Year(), base.Month(), base.Day(), 0, 0, 0, 0, time.UTC)
	var sure, maybe []Candidate
	add := func(to *[]Candidate, t time.Time, quote string) {
		c := Candidate{t.Format(time.DateOnly), quote}
		if !slices.ContainsFunc(*to, func(o Candidate) bool { return o.Day == c.Day }) {
			*to = append(*to, c)
		}
	}
	doubt := false
	for i, s := range sentences {
		folded := small(s)
		if strings.HasPrefix(s, ">") || anyOf(folded, written) {
			continue
		}
		around := s
		if i > 0 && len(s) < 80 { // a day in a line of its own belongs to the line above
			around = clip(sentences[i-1], maxField) + " " + s
		}
		ending := anyOf(small(around), endWords) || anyOf(small(around), byWords)
		for _, d := range days(folded, base) {
			if d.date.Before(today) && (d.other.IsZero() || d.other.Before(today)) {
				continue
			}
			quote := short(around)
			if len(s) >= 30 {
				quote = short(near(s, d))
			}
			to := &maybe
			if ending {
				to = &sure
				doubt = doubt || d.vague || !d.other.IsZero()
			}
			if !d.date.Before(today) {
				add(to, d.date, quote)
			}
			if !d.other.IsZero() && !d.other.Before(today) {
				add(to, d.other, quote)
			}
		}
		if f.Quote == "" && anyOf(folded, endWords) {
			f.Quote = short(s)
		}
	}
	if len(sure) == 1 && !doubt {
		f.Day, f.Quote = sure[0].Day, sure[0].Quote
		return
	}
	f.Days = append(sure, maybe...)
	slices.SortStableFunc(f.Days, func(a, b Candidate) int { return strings.Compare(a.Day, b.Day) })
	f.Days = slices.CompactFunc(f.Days, func(a, b Candidate) bool { return a.Day == b.Day })
	f.Days = f.Days[:min(len(f.Days), maxCandidates)]
	if len(f.Days) > 0 {
		f.Quote = f.Days[0].Quote
	}
}

// split cuts a text into sentences: at stops, and at lines that do not go on. A stop inside
// a day ("R8.3.31") or a name ("example.jp") is none.
func split(text string) (all []string) {
	var b strings.Builder
	end := func() {
		if s := strings.TrimSpace(b.String()); s != "" {
			all = append(all, s)
		}
		b.Reset()
	}
	runes := []rune(text)
	for i, r := range runes {
		next := ' '
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		switch {
		case r == '。' || r == '｡' || r == '!' || r == '?' || (r == '.' && unicode.IsSpace(next) && (i < 3 || !abbreviated(string(runes[i-3:i])))):
			b.WriteRune(r)
			end()
		case r == '\n':
			// A line that was only folded goes on; Japanese has no blank between words.
			if s := b.String(); len(s) < 50 || next == '\n' || next == '>' || next == '-' || next == '*' || next == '・' || next == '■' {
				end()
			} else if r := []rune(s); r[len(r)-1] < 0x3000 {
				b.WriteByte(' ')
			}
		default:
			b.WriteRune(r)
		}
	}
	end()
	return all
}

func abbreviated(s string) bool {
	s = small(s)
	return slices.Contains(monthNames, s) || strings.HasSuffix(s, "no")
}

func anyOf(s string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
}

// near is what stands around a day in a sentence that may be very long.
func near(s string, d day) string {
	const most = 2 * longestQuote
	from := max(0, d.from-most)
	return strings.ToValidUTF8(s[from:min(len(s), d.to+most)], "")
}

// short is a quote of bounded length, on one line.
func short(s string) string {
	s = clip(s, 8*longestQuote)
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	r := []rune(s)
	if len(r) <= longestQuote {
		return s
	}
	return string(r[:longestQuote]) + "…"
}
