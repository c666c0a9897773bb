// Package notice reads mails of providers: what is announced, about which thing, and by
// which day. It follows no link, and what it is not sure of it says so.
package notice

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/omamori-guard/omamori/chain"
)

// Bounds of what is read of one mail.
const (
	maxMail   = 4 << 20   // bytes; what is beyond is not looked at
	maxHeader = 128 << 10 // bytes
	maxText   = 128 << 10 // bytes, of all parts that are text
	maxParts  = 50
	maxDepth  = 8
	maxField  = 1000 // bytes of one field that is kept
)

// Mail is what is kept of a mail.
type Mail struct {
	// ID tells it from others: of its Message-ID, else of all of it.
	ID string
	// From is the bare address of the sender, in lower case.
	From, Subject string
	// Date is what the mail says, zero if it does not.
	Date time.Time
	Text string
	// Answers says that a person answers another mail with it.
	Answers bool
	// Cut says that not all of it was read.
	Cut bool
}

// Unreadable is a mail of which nothing can be made. Why is "header" (it is longer than any
// honest one), "empty" or "form".
type Unreadable struct{ Why string }

func (e *Unreadable) Error() string { return "unreadable mail: " + e.Why }

// Said puts the error into words.
func (e *Unreadable) Said() (text, hint chain.Text) {
	return chain.Say("notice.unreadable_" + e.Why), chain.Say("notice.unreadable_hint")
}

// Parse reads a mail, of at most some mebibytes.
func Parse(r io.Reader) (Mail, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxMail+1))
	if err != nil {
		return Mail{}, fmt.Errorf("read the mail: %w", err)
	}
	m := Mail{Cut: len(raw) > maxMail}
	raw = raw[:min(len(raw), maxMail)]
	raw = bytes.TrimLeft(raw, "\r\n")
	if bytes.HasPrefix(raw, []byte("From ")) { // a line of an mbox
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return Mail{}, &Unreadable{"empty"}
	}
	if headerLength(raw) > maxHeader {
		return Mail{}, &Unreadable{"header"}
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Mail{}, &Unreadable{"form"}
	}
	m.From, m.Subject = sender(msg.Header.Get("From")), clip(header(msg.Header.Get("Subject")), maxField)
	if m.Date, err = msg.Header.Date(); err != nil || m.Date.Year() < 1990 || m.Date.Year() > 2200 {
		m.Date = time.Time{}
	}
	if m.From == "" && m.Subject == "" {
		return Mail{}, &Unreadable{"form"}
	}
	m.Answers = answers(msg.Header)
	w := walker{left: maxText, parts: maxParts}
	body, _ := io.ReadAll(msg.Body) // of memory: cannot fail
	w.part(textproto.MIMEHeader(msg.Header), body, 0)
	m.Text, m.Cut = w.chosen(), m.Cut || w.cut
	id := strings.TrimSpace(msg.Header.Get("Message-Id"))
	if id == "" {
		id = fmt.Sprintf("%s\n%s\n%v\n%s", m.From, m.Subject, m.Date, m.Text)
	}
	sum := sha256.Sum256([]byte(id))
	m.ID = hex.EncodeToString(sum[:4])
	return m, nil
}

// answers reports whether a person answers another mail: it says which, and no program says
// that it wrote it by itself (RFC 3834), as one does that tells that somebody is away, or that
// a mail cannot be delivered.
func answers(h mail.Header) bool {
	if h.Get("In-Reply-To") == "" && h.Get("References") == "" {
		return false
	}
	auto, _, _ := strings.Cut(h.Get("Auto-Submitted"), ";")
	if auto = strings.TrimSpace(auto); auto != "" && !strings.EqualFold(auto, "no") {
		return false
	}
	for _, field := range []string{"X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id"} {
		if h.Get(field) != "" {
			return false
		}
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) {
	case "bulk", "junk", "list", "auto_reply":
		return false
	}
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return kind != "multipart/report" && strings.TrimSpace(h.Get("Return-Path")) != "<>"
}

// headerLength is where the header of a mail ends.
func headerLength(raw []byte) int {
	n := len(raw)
	for _, end := range []string{"\n\n", "\n\r\n"} {
		if i := bytes.Index(raw, []byte(end)); i >= 0 {
			n = min(n, i)
		}
	}
	return n
}

// sender is the bare address of a From field, however it is written.
func sender(field string) string {
	if a, err := mail.ParseAddress(field); err == nil {
		return clip(strings.ToLower(a.Address), maxField)
	}
	// A name in a charset that is not known is no reason to lose the address.
	if open := strings.LastIndexByte(field, '<'); open >= 0 {
		field, _, _ = strings.Cut(field[open+1:], ">")
	}
	field = strings.TrimSpace(field)
	if strings.Count(field, "@") != 1 || strings.ContainsAny(field, " \t\"") {
		return ""
	}
	return clip(strings.ToLower(field), maxField)
}

// header decodes a field of a header.
func header(field string) string {
	d := mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
		b, err := io.ReadAll(in)
		return strings.NewReader(decode(charset, b)), err
	}}
	text, err := d.DecodeHeader(field)
	if err != nil {
		text = field
	}
	return strings.Join(strings.Fields(decode("", []byte(text))), " ")
}

// decode puts bytes of a charset into UTF-8. What cannot be read becomes U+FFFD; a charset
// that is wrong or unknown is no error.
func decode(charset string, b []byte) string {
	if bytes.Contains(b, []byte("\x1b$")) { // ISO-2022-JP, whatever it calls itself
		charset = "iso-2022-jp"
	}
	var e encoding.Encoding
	if charset != "" {
		e, _ = htmlindex.Get(charset) // nil if it is unknown
	}
	if e != nil && !strings.EqualFold(charset, "utf-8") {
		if out, err := e.NewDecoder().Bytes(b); err == nil {
			b = out
		}
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// walker goes through the parts of a mail.
type walker struct {
	plain, html strings.Builder
	left        int // bytes of text that may still be kept
	parts       int // that may still be looked at
	cut         bool
}

// chosen is the plain text, unless it is no more than a hint to the other.
func (w *walker) chosen() string {
	plain, rich := strings.TrimSpace(w.plain.String()), strings.TrimSpace(w.html.String())
	if len(plain)*4 < len(rich) {
		return plain + "\n" + rich
	}
	return plain
}

func (w *walker) part(h textproto.MIMEHeader, body []byte, depth int) {
	if w.parts--; w.parts < 0 || depth > maxDepth {
		w.cut = true
		return
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil && kind == "" {
		kind = "text/plain"
	}
	if disposition, _, _ := mime.ParseMediaType(h.Get("Content-Disposition")); disposition == "attachment" {
		return
	}
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		if params["boundary"] == "" {
			return
		}
		r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
		for w.parts > 0 {
			p, err := r.NextRawPart()
			if err != nil {
				return // the end, or what is no part any more
			}
			b, err := io.ReadAll(io.LimitReader(p, maxMail))
			if err != nil && len(b) == 0 {
				return
			}
			w.part(p.Header, b, depth+1)
		}
		w.cut = true
	case kind == "message/rfc822":
		if m, err := mail.ReadMessage(bytes.NewReader(body)); err == nil && headerLength(body) <= maxHeader {
			inner, _ := io.ReadAll(m.Body)
			w.part(textproto.MIMEHeader(m.Header), inner, depth+1)
		}
	case kind == "text/plain" || kind == "text/html":
		text := decode(params["charset"], w.transferred(h.Get("Content-Transfer-Encoding"), body))
		out := &w.plain
		if kind == "text/html" {
			text, out = stripped(text), &w.html
		}
		if len(text) > w.left {
			text, w.cut = clip(text, w.left), true
		}
		w.left -= len(text)
		out.WriteString(text + "\n")
	}
}

// transferred undoes the encoding of a part. Of what is broken, what could be read counts.
func (w *walker) transferred(encoding string, body []byte) []byte {
	var r io.Reader = bytes.NewReader(body)
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	// A text of four bytes a letter, or of tags for the most part, is no longer than this.
	most := 4*w.left + 1
	b, err := io.ReadAll(io.LimitReader(r, int64(most)))
	w.cut = w.cut || len(b) == most || err != nil && !errors.Is(err, io.EOF)
	return b
}

// stripped is the text of a page.
func stripped(page string) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	z.SetMaxBuf(maxText)
	hidden := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out.String()
		case html.TextToken:
			if hidden == "" {
				out.WriteString(strings.Join(strings.Fields(string(z.Text())), " "))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "script", "style", "head", "title":
				hidden = string(name)
			case "br", "p", "div", "tr", "li", "h1", "h2", "h3", "table":
				out.WriteByte('\n')
			default:
				out.WriteByte(' ')
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if string(name) == hidden {
				hidden = ""
			}
			switch string(name) {
			case "p", "div", "tr", "li", "h1", "h2", "h3":
				out.WriteByte('\n')
			case "td", "th":
				out.WriteByte(' ')
			}
		}
	}
}

// clip is s, of at most n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:max(0, n)], "")
}
