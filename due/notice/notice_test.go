package notice

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var things = []Sender{
	{Thing: "vpn", From: []string{"fixed-ip.example.net"}, Words: []string{"vpn", "the VPN company"}},
	{Thing: "aws", Words: []string{"aws", "AWS のアカウント"}},
	{Thing: "domain", Words: []string{"domain", "レジストラ"}},
	{Thing: "cert", Words: []string{"cert", "certificate of example.jp"}},
	{Thing: "sakura", Words: []string{"sakura"}},
	{Thing: "phone", Words: []string{"phone"}},
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		file         string
		handed       bool
		about, topic string
		day, unsure  string
		days         string
		not          bool
	}{
		{file: "pptp-ja", about: "vpn", topic: "ends", day: "2016-12-31"},
		{file: "pptp-en", about: "vpn", topic: "ends", day: "2016-12-31"},
		{file: "pptp-noday-ja", about: "vpn", topic: "ends", unsure: "day"},
		{file: "aws-retire", about: "aws", topic: "ends", day: "2027-03-18"},
		{file: "domain-reiwa", about: "domain", topic: "expires", day: "2027-03-31"},
		{file: "letsencrypt", about: "cert", topic: "expires", day: "2027-01-30"},
		{file: "two-days", about: "vpn", topic: "ends", unsure: "day", days: "2027-02-01 2027-06-01"},
		{file: "slashes", about: "vpn", topic: "expires", unsure: "day", days: "2027-04-05 2027-05-04"},
		{file: "sale", about: "domain", topic: "ends", day: "2027-01-31", unsure: "what"},
		{file: "receipt", not: true},
		{file: "receipt", handed: true, about: "vpn", topic: "other", day: "2028-01-11", unsure: "what"},
		{file: "stranger", not: true},
		{file: "stranger", handed: true, topic: "other", unsure: "what about day", days: "2027-01-20"},
		{file: "stranger-ends", topic: "ends", day: "2027-02-28", unsure: "about"},
		{file: "half-jis", about: "vpn", topic: "ends", unsure: "day"},
		{file: "html", about: "sakura", topic: "ends", day: "2027-06-30"},
	} {
		raw, err := os.Open(filepath.Join("testdata", c.file+".eml"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(raw)
		raw.Close()
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		f, ok := Find(m, things, c.handed, m.Date.Add(time.Hour))
		var days []string
		for _, d := range f.Days {
			days = append(days, d.Day)
		}
		if ok == c.not {
			t.Errorf("%s: a notice: %v; %+v", c.file, ok, f)
		}
		if ok && (f.About != c.about || f.Topic != c.topic || f.Day != c.day || strings.Join(f.Unsure, " ") != c.unsure || strings.Join(days, " ") != c.days || f.ID == "") {
			t.Errorf("%s: got %+v\nof %q", c.file, f, m.Text)
		}
		if ok && c.topic == "ends" && f.Quote == "" {
			t.Errorf("%s: no quote", c.file)
		}
	}
}

// What a mail says is quoted as it was written, whatever it is searched in.
func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"We will discontinue PPTP for all Customers on January 8, 2027.": "We will discontinue PPTP for all Customers on January 8, 2027.",
		"İSTANBUL, 300 K. We Will Discontinue PPTP On 8 January 2027.":   "We Will Discontinue PPTP On 8 January 2027.",
		"ＰＰＴＰ 接続は２０２７年１月８日をもって終了し、IPsec へ移行します。":                         "PPTP 接続は2027年1月8日をもって終了し、IPsec へ移行します。",
	} {
		f, _ := Find(Mail{From: "support@fixed-ip.example.net", Subject: "Notice", Text: text}, nil, true, time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC))
		if f.Day != "2027-01-08" || f.Quote != want {
			t.Errorf("%q: %q of %s", text, f.Quote, f.Day)
		}
	}
}

func TestDays(t *testing.T) {
	base := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2027-03-31 と 2027/4/1、2027.4.2":   "2027-03-31 2027-04-01 2027-04-02",
		"２０２７年３月３１日（水）":                    "2027-03-31",
		"令和９年３月３１日 令和元年5月1日 R9.4.1 r9/4/2": "2027-03-31 2019-05-01 2027-04-01 2027-04-02",
		"平成28年11月15日、Ｈ２８．１１．１６":            "2016-11-15 2016-11-16",
		"昭和64年1月7日":                        "", // before there were servers
		"令和九年三月三十一日 二〇二七年十二月一日":            "2027-03-31 2027-12-01",
		"11月30日 1月15日 10月1日":               "2026-11-30 2027-01-15 2026-10-01",
		"来年3月末 本年12月末日 2027年2月末":           "2027-03-31 2026-12-31 2027-02-28",
		"2027年5月に": "2027-05-01?",
		"令和9年5月より": "2027-05-01?",
		"31 March 2027, March 30th, 2027 and Mar. 29, 2027": "2027-03-31 2027-03-30 2027-03-29",
		"the 1st of June 2027; May 2nd; 3 may":              "2027-06-01 2027-05-02 2027-05-03",
		"end of February 2028":                              "2028-02-29",
		"in April 2027":                                     "2027-04-01?",
		"04/05/2027":                                        "2027-04-05|2027-05-04",
		"12/31/2027 31/12/2027":                             "2027-12-31 2027-12-31",
		"2027-03-31T12:00:00Z":                              "2027-03-31",
		"2027-02-30 2027年13月1日 99/99/2027":                  "",
		"version 1.2.3, 10.0.0.1, tel 03-1234-5678, 100月1日": "",
		"you may 2 do it":                                   "2027-05-02", // words beside it decide
	} {
		var got []string
		for _, d := range days(fold(text), base) {
			s := d.date.Format(time.DateOnly)
			if d.vague {
				s += "?"
			}
			if !d.other.IsZero() {
				s += "|" + d.other.Format(time.DateOnly)
			}
			got = append(got, s)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestComesFrom(t *testing.T) {
	for _, c := range []struct {
		from, domain string
		want         bool
	}{
		{"a@example.jp", "example.jp", true},
		{"a@mail.example.jp", "@Example.JP", true},
		{"a@notexample.jp", "example.jp", false},
		{"a@example.jp.evil.example", "example.jp", false},
		{"a@example.jp", "a@example.jp", true},
		{"b@example.jp", "a@example.jp", false},
		{"a@anybody.co.jp", "co.jp", false},
		{"", "example.jp", false}, {"a@x", "", false},
	} {
		if got := comesFrom(c.from, c.domain); got != c.want {
			t.Errorf("%s from %s: %v", c.from, c.domain, got)
		}
	}
}

// bomb is a mail of n parts in each of the levels below it.
func bomb(levels, n int) string {
	if levels == 0 {
		return "Content-Type: text/plain\r\n\r\n終了 2027-01-01 " + strings.Repeat("x", 1000)
	}
	b := fmt.Sprintf("b%d", levels)
	inner := bomb(levels-1, n)
	return "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n" + strings.Repeat("--"+b+"\r\n"+inner+"\r\n", n) + "--" + b + "--\r\n"
}

// Hostile mails end with an error or a bounded text, soon and in little memory.
func TestHostile(t *testing.T) {
	head := "From: a@fixed-ip.example.net\r\nSubject: x\r\n"
	for name, c := range map[string]struct{ mail, why string }{
		"nothing":          {"", "empty"},
		"blanks":           {"\r\n\r\n  ", "empty"},
		"no mail":          {"hello there, this is no mail\n\nbody", "form"},
		"no header":        {"\x00\x01\x02", "form"},
		"header for ever":  {head + strings.Repeat("X-A: "+strings.Repeat("y", 900)+"\r\n", 5000), "header"},
		"one long field":   {"Subject: " + strings.Repeat("=?utf-8?B?44GC?=", 1<<20), "header"},
		"many parts":       {head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 100_000), ""},
		"parts of parts":   {head + bomb(6, 3), ""},
		"very deep":        {head + bomb(40, 1), ""},
		"empty boundary":   {head + "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n--", ""},
		"no end":           {head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nend 2027-01-01", ""},
		"base64 cut":       {head + "Content-Transfer-Encoding: base64\r\n\r\n5pyA57WCA", ""},
		"base64 nonsense":  {head + "Content-Transfer-Encoding: base64\r\n\r\n!!!!", ""},
		"qp cut":           {head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E7=B5=82=E", ""},
		"unknown charset":  {head + "Content-Type: text/plain; charset=martian\r\n\r\n\xff\xfe\x00", ""},
		"two charsets":     {head + "Content-Type: text/plain; charset=utf-8\r\n\r\n\x1b$B=*N;\x1b(", ""},
		"jis without end":  {head + "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B" + strings.Repeat("=*N;", 100_000), ""},
		"tags":             {head + "Content-Type: text/html\r\n\r\n" + strings.Repeat("<div ", 500_000), ""},
		"days":             {head + "\r\n" + strings.Repeat("ends 2027-01-01 31 March 2027 令和9年1月1日 ", 50_000), ""},
		"digits":           {head + "\r\n" + strings.Repeat("1", 1<<20), ""},
		"kanji":            {head + "\r\n" + strings.Repeat("十二〇", 1<<18), ""},
		"a mail in a mail": {head + strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 1000) + "x", ""},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := Parse(strings.NewReader(c.mail))
		var bad *Unreadable
		if (c.why != "") != errors.As(err, &bad) || bad != nil && bad.Why != c.why {
			t.Errorf("%s: got %v, want %q", name, err, c.why)
		}
		f, _ := Find(m, things, true, time.Now())
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 200<<20 {
			t.Errorf("%s: %d MiB were needed", name, n>>20)
		}
		bounded(t, m, f)
	}
}

func bounded(t *testing.T, m Mail, f Found) {
	t.Helper()
	if len(m.Text) > 2*maxText || len(m.Subject) > maxField || len(m.From) > maxField || utf8.RuneCountInString(f.Quote) > longestQuote+1 || len(f.Days) > maxCandidates {
		t.Errorf("too much is kept: %d of text, %d of the quote, %d days", len(m.Text), len(f.Quote), len(f.Days))
	}
	for _, s := range []string{m.Text, m.Subject, f.Quote} {
		if !utf8.ValidString(s) {
			t.Errorf("not UTF-8: %q", s)
		}
	}
	for _, d := range append(slices.Clone(f.Days), Candidate{Day: f.Day}) {
		if _, err := time.Parse(time.DateOnly, d.Day); err != nil && d.Day != "" {
			t.Errorf("no day: %q", d.Day)
		}
	}
}

func FuzzMail(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) < 10 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)*2/3])
	}
	f.Add([]byte("From: a@b\nContent-Type: multipart/x; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nFrom: c\n\n--b--"))
	f.Add([]byte("Subject: =?iso-2022-jp?B?GyRCPSo=?=\n\n\x1b$B=*N"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(bytes.NewReader(b))
		if err != nil {
			return
		}
		now := time.Date(2027, 1, 11, 0, 0, 0, 0, time.UTC)
		found, ok := Find(m, things, false, now)
		bounded(t, m, found)
		handed, also := Find(m, things, true, now)
		bounded(t, m, handed)
		if !also || ok && handed.Day != found.Day {
			t.Errorf("a mail that is handed in is none: %+v", handed)
		}
	})
}

func FuzzDays(f *testing.F) {
	for _, s := range []string{"令和元年5月1日", "2027-03-31", "end of march", "二〇二七年十二月一日", "1/2/2027", "来年2月末", "㋿9年1月1日"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, last := fold(s), 0
		if written := plain(s); len(written) != len(text) {
			t.Fatalf("%q is not %q, but for capitals", written, text)
		}
		for _, d := range days(text, time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)) {
			if d.from < last || d.to <= d.from || d.to > len(text) || d.date.Year() < 1990 || d.date.Year() > 2200 {
				t.Fatalf("%q: %+v", text, d)
			}
			last = d.to
		}
	})
}
