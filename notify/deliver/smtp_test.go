package deliver

import (
	"bufio"
	"encoding/base64"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/omamori-guard/omamori/notify"
)

// postOffice takes letters by a real server of SMTP.
type postOffice struct {
	address string
	letters chan letter
	refuse  string // the command that it answers with 550
}

type letter struct{ from, to, auth, text string }

// openPostOffice starts one. refuse is the command that it answers with 550.
func openPostOffice(t *testing.T, refuse string) *postOffice {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{address: l.Addr().String(), letters: make(chan letter, 10), refuse: refuse}
	srv := smtp.NewServer(p)
	srv.Domain, srv.AllowInsecureAuth, srv.ErrorLog = "office.example.org", true, log.New(io.Discard, "", 0)
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }() // it ends when it is closed
	t.Cleanup(func() { srv.Close(); <-done })
	return p
}

// NewSession begins what one client says.
func (p *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &visit{p: p}, p.may("EHLO") }

func (p *postOffice) may(verb string) error {
	if verb == p.refuse {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not from you: " + verb}
	}
	return nil
}

type visit struct {
	p *postOffice
	l letter
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(identity, user, password string) error {
		v.l.auth = identity + "|" + user + "|" + password
		return v.p.may("AUTH")
	}), nil
}

func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	v.l.from = from
	return v.p.may("MAIL")
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.l.to = to
	return v.p.may("RCPT")
}

func (v *visit) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err == nil {
		err = v.p.may("DATA")
	}
	if err == nil {
		v.l.text = strings.ReplaceAll(string(b), "\r\n", "\n")
		v.p.letters <- v.l
	}
	return err
}

func (v *visit) Reset()        {}
func (v *visit) Logout() error { return nil }

func smtpURL(address string) string {
	return "smtp://owner:s3cret-pass@" + address + "/?from=guard@example.org&to=owner@example.net&auth=Plain&encryption=None&usestarttls=no"
}

func TestSMTP(t *testing.T) {
	p := openPostOffice(t, "")
	if err := Deliver(t.Context(), job(notify.Channel{URL: smtpURL(p.address)})); err != nil {
		t.Fatal(err)
	}
	l := <-p.letters
	if l.auth != "|owner|s3cret-pass" || l.from != "guard@example.org" || l.to != "owner@example.net" {
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

// A mail says how it is answered where its answers are read, and elsewhere does not.
func TestSMTPAnswer(t *testing.T) {
	p := openPostOffice(t, "")
	for _, c := range []struct {
		boxes string
		said  bool
	}{{"", false}, {"other@example.org\nguard@example.org", true}, {"GUARD", true}, {"owner@example.net\n", false}} {
		j := job(notify.Channel{URL: smtpURL(p.address)})
		j.Message.Answer, j.Message.Boxes = "answer this mail", c.boxes
		if err := Deliver(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		if text := (<-p.letters).text; strings.Contains(text, "answer this mail") != c.said {
			t.Errorf("%q: %s", c.boxes, text)
		}
	}
}
