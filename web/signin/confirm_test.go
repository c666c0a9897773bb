package signin

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

// TestConfirm: who has the code of a message gives it back by a button. To look at the page,
// as programs do with all that a mail links to, does nothing; and nobody comes in by it.
func TestConfirm(t *testing.T) {
	p := at(t, Defaults())
	var given []string
	p.g.o.Confirm = func(_ context.Context, code string) (string, error) {
		given = append(given, code)
		if code == "ABCDEFGH" {
			return "mail", nil
		}
		return "", nil
	}
	b := p.browser()
	for range 3 {
		if status, body := b.get(confirmPath + "?code=ABCDEFGH"); status != http.StatusOK || !strings.Contains(body, `name="code" value="ABCDEFGH"`) || !strings.Contains(body, "<button") {
			t.Errorf("%d %s", status, body)
		}
		b.do("HEAD", confirmPath+"?code=ABCDEFGH", nil)
	}
	if len(given) > 0 {
		t.Fatalf("looking at it has given back %q", given)
	}
	// What was typed into another's page does not come from ours.
	b.headers = map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
	if status, _ := b.post(confirmPath, "code", "ABCDEFGH"); status != http.StatusForbidden || len(given) > 0 {
		t.Errorf("from elsewhere: %d, %q", status, given)
	}
	b.headers = nil
	if status, body := b.post(confirmPath, "code", "ABCDEFGX"); status != http.StatusForbidden || !strings.Contains(body, "No message waits for this code") || strings.Contains(body, "ABCDEFGX") {
		t.Errorf("a wrong code: %d %s", status, body)
	}
	if status, body := b.post(confirmPath, "code", " ABCDEFGH "); status != http.StatusOK || !strings.Contains(body, "Messages by mail are known to come") || len(b.cookies) > 0 {
		t.Errorf("%d %v %s", status, b.cookies, body)
	}
	if status, _ := b.get("/"); status != http.StatusSeeOther {
		t.Errorf("he came in: %d", status)
	}
	// The owner, who is signed in, may press it too.
	b.link()
	if status, _ := b.post(confirmPath, "code", "ABCDEFGH"); status != http.StatusOK {
		t.Errorf("signed in: %d", status)
	}
	if said := p.journal.all(); strings.Contains(said, "ABCDEFG") {
		t.Errorf("a code stands in the journal: %s", said)
	}
	p.g.o.Confirm = nil
	if status, _ := b.get(confirmPath); status != http.StatusNotFound {
		t.Errorf("without a guard: %d", status)
	}
}

// TestConfirmAt: a link is sent only where others see the page.
func TestConfirmAt(t *testing.T) {
	for base, want := range map[string]string{
		"":                                "",
		"http://omamori.localhost:4649":   "",
		"https://guard.example.jp":        "https://guard.example.jp/signin/confirm?code=AB",
		"https://guard.example.jp:8443":   "https://guard.example.jp:8443/signin/confirm?code=AB",
		"https://another.example.jp:8443": "",
	} {
		s := Defaults()
		s.Hosts = []string{"guard.example.jp"}
		p := at(t, s)
		p.g.base = base
		if got := p.g.ConfirmAt("AB"); got != want {
			t.Errorf("%s: %q", base, got)
		}
	}
}
