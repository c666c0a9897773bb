package deliver

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/notify"
)

// postOffice speaks enough SMTP (RFC 5321) to take a letter.
type postOffice struct {
	address string
	letters chan letter
}

type letter struct{ from, to, auth, text string }

// openPostOffice starts one. refuse is the command that it answers with 550.
func openPostOffice(t *testing.T, refuse string) *postOffice {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{address: l.Addr().String(), letters: make(chan letter, 10)}
	done, stop := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			served := make(chan struct{})
			go func() { // a refused client may stay connected
				select {
				case <-stop:
					conn.Close()
				case <-served:
				}
			}()
			p.serve(conn, refuse)
			close(served)
		}
	}()
	return p
}

func (p *postOffice) serve(conn net.Conn, refuse string) {
	defer conn.Close()
	in := bufio.NewScanner(conn)
	say := func(line string) { fmt.Fprint(conn, line+"\r\n") }
	say("220 office.example.org ESMTP")
	var l letter
	for in.Scan() {
		line := in.Text()
		verb, rest, _ := strings.Cut(line, " ")
		verb = strings.ToUpper(verb)
		switch {
		case verb == refuse:
			say("550 5.7.1 not from you: " + line)
		case verb == "EHLO":
			say("250-office.example.org")
			say("250-AUTH PLAIN")
			say("250 8BITMIME")
		case verb == "AUTH":
			_, word, _ := strings.Cut(rest, " ")
			clear, err := base64.StdEncoding.DecodeString(word)
			if err != nil {
				say("501 what?")
				continue
			}
			l.auth = strings.ReplaceAll(string(clear), "\x00", "|")
			say("235 welcome")
		case verb == "MAIL":
			l.from = rest
			say("250 so be it")
		case verb == "RCPT":
			l.to = rest
			say("250 so be it")
		case verb == "DATA":
			say("354 go on")
			var text strings.Builder
			for in.Scan() && in.Text() != "." {
				text.WriteString(strings.TrimPrefix(in.Text(), ".") + "\n")
			}
			l.text = text.String()
			p.letters <- l
			say("250 taken")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("502 " + verb)
		}
	}
}

func smtpURL(address string) string {
	return "smtp://owner:s3cret-pass@" + address + "/?from=guard@example.org&to=owner@example.net&auth=Plain&encryption=None&usestarttls=no"
}

func TestSMTP(t *testing.T) {
	p := openPostOffice(t, "")
	if err := Deliver(t.Context(), job(notify.Channel{URL: smtpURL(p.address)})); err != nil {
		t.Fatal(err)
	}
	l := <-p.letters
	if l.auth != "|owner|s3cret-pass" || !strings.Contains(l.from, "<guard@example.org>") || !strings.Contains(l.to, "<owner@example.net>") {
		t.Errorf("got %+v", l)
	}
	m, err := mail.ReadMessage(strings.NewReader(l.text))
	if err != nil {
		t.Fatal(err)
	}
	raw := m.Header.Get("Subject")
	subject, err := new(mime.WordDecoder).DecodeHeader(raw)
	if err != nil || subject != message("ja").Title || strings.ContainsFunc(raw, func(r rune) bool { return r > 126 }) {
		t.Errorf("the subject is %q (%q, %v)", raw, subject, err)
	}
	body := new(strings.Builder)
	if _, err := bufio.NewReader(m.Body).WriteTo(body); err != nil || strings.TrimSpace(body.String()) != message("ja").Body {
		t.Errorf("the body is %q (%v)", body, err)
	}
	if kind := m.Header.Get("Content-Type"); !strings.Contains(kind, "text/plain") || !strings.Contains(kind, "UTF-8") {
		t.Errorf("the body is said to be %q", kind)
	}
}

// A title can make no header of its own.
func TestSMTPHeaderInjection(t *testing.T) {
	p := openPostOffice(t, "")
	j := job(notify.Channel{URL: smtpURL(p.address)})
	j.Message.Title = "x\r\nBcc: everybody@example.com\n\nbody"
	if err := Deliver(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	l := <-p.letters
	m, err := mail.ReadMessage(strings.NewReader(l.text))
	if err != nil || m.Header.Get("Bcc") != "" || !strings.Contains(l.text, "止まりました") {
		t.Errorf("%v: %s", err, l.text)
	}
}

func TestSMTPRefusals(t *testing.T) {
	for _, verb := range []string{"EHLO", "AUTH", "MAIL", "RCPT", "DATA"} {
		p := openPostOffice(t, verb)
		c := notify.Channel{URL: smtpURL(p.address)}
		err := Deliver(t.Context(), job(c))
		if err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "owner") || strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte("\x00owner\x00s3cret-pass"))) {
			t.Errorf("%s refused: got %v", verb, err)
		}
	}
}

// The letter goes out as text and as a page, each whole.
func TestSMTPPage(t *testing.T) {
	p := openPostOffice(t, "")
	j := job(notify.Channel{URL: smtpURL(p.address)})
	j.Message.Page = "<!doctype html><p>便り {{.Message}} {{if}} &amp; more</p>\n"
	if err := Deliver(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(strings.NewReader((<-p.letters).text))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("it is %q (%v)", kind, err)
	}
	got := map[string]string{}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			break
		}
		b, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		got[kind] = strings.TrimSpace(string(b))
	}
	if got["text/plain"] != j.Message.Body || got["text/html"] != strings.TrimSpace(j.Message.Page) {
		t.Errorf("got %q", got)
	}
}
