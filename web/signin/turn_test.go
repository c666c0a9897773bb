package signin

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// copied is another browser with the same cookies.
func (b *browser) copied() *browser {
	c := *b
	c.cookies = maps.Clone(b.cookies)
	return &c
}

func (b *browser) in() bool {
	b.p.t.Helper()
	status, _ := b.get("/")
	return status == http.StatusOK
}

// stays reports whether the browser is let in twice, the second time by what it was given at the
// first.
func (b *browser) stays() bool {
	b.p.t.Helper()
	first := b.in()
	return b.in() && first
}

// A cookie that was copied is found out once both have used it: whoever comes first, the
// session ends for both, and that is on record.
func TestACookieThatWasCopied(t *testing.T) {
	for _, first := range []string{"owner", "thief"} {
		synctest.Test(t, func(t *testing.T) {
			p := at(t, Defaults())
			owner := p.browser()
			owner.device(Invitation{Name: "hanako", By: "root"})
			thief := owner.copied()
			thief.from = "203.0.113.66:1"
			one, two := owner, thief
			if first == "thief" {
				one, two = thief, owner
			}
			before := one.cookies[sessionCookie]
			for range 3 { // he is given another, shows it, and goes on
				time.Sleep(turnEach + time.Second)
				if !one.stays() {
					t.Fatal(first, " is out")
				}
			}
			if one.cookies[sessionCookie] == before {
				t.Fatal("the cookie has not changed")
			}
			if two.in() {
				t.Error(first, " first: a cookie that is over lets in")
			}
			if one.in() {
				t.Error(first, " first: the session goes on")
			}
			if said := p.journal.all(); strings.Count(said, "a cookie of hanako that was over came back") != 1 {
				t.Error(said)
			}
		})
	}
}

// Nobody is signed out by tabs that ask at once, by an answer that is lost on its way, or by a
// restart; and forms that are open go on working.
func TestACookieChangesUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := at(t, Defaults())
		b := p.browser()
		b.device(Invitation{Name: "hanako", By: "root"})
		csrf := b.csrf()
		tab := b.copied() // whose requests are under way while the cookie changes
		time.Sleep(turnEach + time.Second)
		for range 3 {
			if !b.in() || !tab.in() {
				t.Fatal("out")
			}
		}
		if status, _ := b.post("/deed", "csrf", csrf); status != http.StatusOK {
			t.Errorf("an open form: %d", status)
		}
		tab.cookies = maps.Clone(b.cookies) // of one browser
		for range 6 {
			time.Sleep(turnEach + time.Second)
			lost := b.copied()
			if !lost.in() { // an answer that never came
				t.Fatal("out")
			}
			if !b.in() {
				t.Fatal("out, by an answer that was lost")
			}
			p.open(Defaults()) // a restart
			b.p = p
		}
		time.Sleep(giveAgain)
		before := b.cookies[sessionCookie]
		if !b.stays() || b.cookies[sessionCookie] == before {
			t.Error("it does not change any more")
		}
		if said := p.journal.all(); strings.Contains(said, "was over came back") {
			t.Error(said)
		}
	})
}

// Who has a cookie alone reads, but does nothing: after an hour that needs the device itself.
func TestDeedsNeedASignInOfLately(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := at(t, Defaults())
		b := p.browser()
		a := b.device(Invitation{Name: "hanako", By: "root"})
		deed := func(path string) *http.Response {
			b.headers = map[string]string{"Referer": "http://omamori.localhost/rescue/blog?x=1", "X-Omamori-CSRF": b.csrf()}
			defer func() { b.headers = map[string]string{} }()
			return b.do("POST", path, nil)
		}
		if res := deed("/deed"); res.StatusCode != http.StatusOK {
			t.Errorf("just in: %d", res.StatusCode)
		}
		time.Sleep(deedCounts + time.Minute)
		for _, path := range []string{"/deed", "/ask"} { // asked before the question already
			if res := deed(path); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/signin?again=1&next=%2Frescue%2Fblog%3Fx%3D1" {
				t.Errorf("%s after an hour: %d %s", path, res.StatusCode, res.Header)
			}
		}
		if res := deed("/api/v1/prove"); res.StatusCode != http.StatusForbidden {
			t.Errorf("the API after an hour: %d", res.StatusCode)
		}
		if strings.Count(p.journal.all(), "asks over the page: /deed") != 1 {
			t.Error(p.journal.all())
		}
		if _, body := b.get("/signin?again=1&next=%2F"); !strings.Contains(body, "more than an hour ago") {
			t.Error(body)
		}
		if !b.in() {
			t.Error("he does not read any more")
		}
		if status, _ := b.post("/signin/totp", "name", "hanako", "code", a.Code(time.Now())); status != http.StatusSeeOther {
			t.Fatal(status)
		}
		if res := deed("/deed"); res.StatusCode != http.StatusOK {
			t.Errorf("in again: %d", res.StatusCode)
		}
		if n := len(p.g.kept.Sessions); n != 1 {
			t.Errorf("%d sessions", n)
		}
		// Where he came from may be forged: nobody is led elsewhere.
		time.Sleep(deedCounts + time.Minute)
		for _, from := range []string{"", "http://evil.example/x", "http://omamori.localhost.evil.example/x", "http://omamori.localhost//evil.example"} {
			b.headers = map[string]string{"Referer": from, "X-Omamori-CSRF": b.csrf()}
			if got := b.do("POST", "/deed", nil).Header.Get("Location"); got != "/signin?again=1&next=%2F" {
				t.Errorf("%q: %s", from, got)
			}
		}
	})
}

// The session of a link counts only where the link was used: it can be proved anew by no device.
func TestALinkCountsWhereItWasUsed(t *testing.T) {
	s := Defaults()
	s.Hosts = []string{"guard.example.org"}
	p := at(t, s)
	for from, want := range map[string]map[string]bool{
		"127.0.0.1:1":          {"[::1]:9": true, "127.0.0.1:9": true, "203.0.113.5:1": false},
		"203.0.113.5:1":        {"203.0.113.5:9": true, "203.0.113.6:1": false, "127.0.0.1:1": false},
		"[2001:db8::1]:1":      {"[2001:db8::2]:1": true, "[2001:db8:0:1::1]:1": false},
		"[::ffff:192.0.2.1]:1": {"192.0.2.1:5": true},
	} {
		b := p.browser()
		b.host, b.from = "guard.example.org", from
		b.link()
		for at, in := range want {
			c := b.copied()
			if c.from = at; c.in() != in {
				t.Errorf("a link used at %s, then %s: %v", from, at, !in)
			}
		}
		if !b.in() { // whoever tried elsewhere has not ended it
			t.Errorf("%s: it has ended", from)
		}
	}
}

// To sign out everywhere, on the page or on the machine, ends what others have, and what is
// followed by it too.
func TestSigningOutEverywhere(t *testing.T) {
	p := at(t, Defaults())
	follow := func(b *browser) (ended chan struct{}) {
		began := make(chan struct{})
		ended = make(chan struct{})
		h := p.g.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(began)
			<-r.Context().Done()
		}))
		r := httptest.NewRequest("GET", "http://"+b.host+"/events", nil)
		r.RemoteAddr = b.from
		r.Header.Set("Accept", "text/event-stream")
		for n, v := range b.cookies {
			r.AddCookie(&http.Cookie{Name: n, Value: v})
		}
		go func() { defer close(ended); h.ServeHTTP(httptest.NewRecorder(), r) }()
		<-began
		return ended
	}
	gone := func(what string, ended chan struct{}) {
		t.Helper()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Error(what, " goes on")
		}
	}
	one, two, other := p.browser(), p.browser(), p.browser()
	one.link()
	two.link()
	other.device(Invitation{Name: "taro", By: "root"})
	stream := follow(two)
	if status, _ := one.post("/signin/out", "csrf", one.csrf(), "all", "1"); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	gone("a stream of the other browser", stream)
	if one.in() || two.in() || !other.in() {
		t.Error("the wrong ones are out")
	}
	one.link()
	unused := p.link()
	stream = follow(other)
	if n, err := p.g.SignOut(context.Background(), "root"); n != 2 || err != nil {
		t.Error(n, err)
	}
	gone("a stream of taro", stream)
	if one.in() || other.in() {
		t.Error("somebody is in")
	}
	if status, _ := one.post("/signin/link", "t", unused); status != http.StatusForbidden {
		t.Errorf("an unused link: %d", status)
	}
	if said := p.journal.all(); !strings.Contains(said, "hanako signed out of the page everywhere") || !strings.Contains(said, "root ended all sessions") {
		t.Error(said)
	}
	// His device lets him in again.
	if len(p.g.kept.People) != 1 || p.g.kept.People[0].Devices[0].Kind != "totp" {
		t.Errorf("%+v", p.g.kept.People)
	}
}
