package signin

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/vault/otp"
)

// A form of a session that is over does nothing: not with that session's cookie, not with a
// newer one's, nor with another's; and to send a form of signing in once more lets nobody in.
func TestReplayedForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := at(t, Defaults())
		deeds := func() int { return strings.Count(p.journal.all(), "asks over the page: /deed") }
		none := func(why string, b *browser, form url.Values) {
			t.Helper()
			before := deeds()
			if res := b.do("POST", "/deed", form); res.StatusCode != http.StatusForbidden || deeds() != before {
				t.Errorf("%s: %d", why, res.StatusCode)
			}
			b.headers = map[string]string{"X-Omamori-CSRF": form.Get("csrf")} // as programs send it
			if res := b.do("POST", "/api/v1/deed", nil); res.StatusCode != http.StatusForbidden {
				t.Errorf("%s, by a header: %d", why, res.StatusCode)
			}
			b.headers = map[string]string{}
		}
		b := p.browser()
		a := b.device(Invitation{Name: "hanako", By: "root"})
		old := url.Values{"csrf": {b.csrf()}, "link": {"mariadb"}}
		if res := b.do("POST", "/deed", old); res.StatusCode != http.StatusOK || deeds() != 1 {
			t.Fatal(res.StatusCode)
		}
		copied := b.copied()
		if status, _ := b.post("/signin/out", "csrf", old.Get("csrf")); status != http.StatusSeeOther {
			t.Fatal(status)
		}
		none("after signing out", b, old)
		none("after signing out, with the old cookie", copied, old)

		// In again, it is another session, with forms of its own.
		time.Sleep(2 * otp.DefaultPeriod)
		in := url.Values{"name": {"hanako"}, "code": {a.Code(time.Now())}}
		if res := b.do("POST", "/signin/totp", in); res.StatusCode != http.StatusSeeOther {
			t.Fatal(res.StatusCode)
		}
		none("of the session before", b, old)
		none("without its token", b, url.Values{"link": {"mariadb"}})
		other := p.browser()
		other.link()
		none("of another's session", other, url.Values{"csrf": {b.csrf()}})
		none("by a stranger", p.browser(), url.Values{"csrf": {b.csrf()}})
		if res := p.browser().do("POST", "/signin/totp", in); res.StatusCode != http.StatusForbidden {
			t.Errorf("signing in by the same form: %d", res.StatusCode)
		}
		// That form, sent again by who is in, does not end his session.
		if res := b.do("POST", "/signin/totp", in); res.StatusCode != http.StatusForbidden || !b.in() {
			t.Errorf("signing in twice: %d", res.StatusCode)
		}
		// A session that has ended by itself has no forms either.
		form := url.Values{"csrf": {other.csrf()}}
		time.Sleep(localCounts + time.Second)
		none("of a session that is over", other, form)
	})
}
