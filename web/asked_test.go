package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/words"
)

// A yes counts once, for what was asked, of whom it was asked, and not for ever: a form that
// comes again does nothing again.
func TestAYesCountsOnce(t *testing.T) {
	w, h := made(t, "calm", words.English)
	leases := func() int {
		s, _ := w.Door.Look(t.Context())
		return len(s.Leases)
	}
	const form = "csrf=once&from=198.51.100.9&for=1h0m0s"
	asks := func(why, form string) {
		t.Helper()
		before := leases()
		if out := post(h, mika, "/door/open", form); out.Code != http.StatusOK || leases() != before || !strings.Contains(out.Body.String(), "198.51.100.") {
			t.Errorf("%s: %d, %d leases", why, out.Code, leases()-before)
		}
	}
	for _, made := range []string{"&sure=1", "&sure=", "&sure=" + strings.Repeat("A", 26), "&sure=" + strings.Repeat("x", 10_000)} {
		asks(fmt.Sprintf("made up %.12s", made), form+made)
	}
	sure := answerOf(t, post(h, mika, "/door/open", form))
	asks("for another address", strings.Replace(form, ".9&", ".10&", 1)+sure)
	asks("for longer", strings.Replace(form, "1h", "12h", 1)+sure)
	if out := post(h, mika, "/door/close", "id=x"+sure); out.Code != http.StatusConflict {
		t.Errorf("for another deed: %d", out.Code)
	}
	other := mika
	other.CSRF = "another session"
	if out := post(h, other, "/door/open", form+sure); out.Code != http.StatusOK || leases() != 1 {
		t.Errorf("of another session: %d, %d leases", out.Code, leases())
	}
	if out := post(h, mika, "/door/open", form+sure); out.Code != http.StatusSeeOther || leases() != 2 {
		t.Fatalf("rightly: %d, %d leases", out.Code, leases())
	}
	for range 3 { // pressed twice, or come again: it leads to where the first has led
		if out := post(h, mika, "/door/open", form+sure); out.Code != http.StatusSeeOther || out.Header().Get("Location") != "/door" || leases() != 2 {
			t.Errorf("again: %d, %d leases", out.Code, leases())
		}
	}
	// Those whom nobody has answered do not add up.
	first := answerOf(t, post(h, mika, "/door/open", form))
	for range 300 {
		get(h, mika, "/thing/phone")
	}
	asks("long since forgotten", form+first)
}
