package signin

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/words"
)

// book is a journal of texts.
type book struct {
	mu   sync.Mutex // protects said
	said []string
}

func (b *book) Append(_ context.Context, e journal.Entry) error { b.Note(e); return nil }

func (b *book) Note(e journal.Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said = append(b.said, words.English.Say(e.Text))
}

func (b *book) all() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.said, "\n")
}

// place is a page behind a gate, without a network.
type place struct {
	in      []string // who may act, and came in
	t       *testing.T
	g       *Gate
	h       http.Handler
	journal *book
	dir     string
}

func at(t *testing.T, s *Settings) *place {
	t.Helper()
	p := &place{t: t, journal: &book{}, dir: t.TempDir()}
	p.open(s)
	return p
}

func (p *place) open(s *Settings) {
	p.t.Helper()
	g, aside, err := New(Options{Settings: s, State: p.dir, Journal: p.journal, Log: slog.New(slog.DiscardHandler),
		Asks: func(r *http.Request) bool { return r.URL.Path == "/ask" }, Open: func(r *http.Request) bool { return r.URL.Path == "/open" }, CameIn: func(name string) { p.in = append(p.in, name) }})
	if err != nil || aside != "" {
		p.t.Fatal(err, aside)
	}
	g.base = "http://" + LocalHost
	p.g = g
	p.h = g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := From(r.Context())
		if r.Method == http.MethodPost && !v.Act {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, "name=%s read=%v act=%v csrf=%s", v.Name, v.Read, v.Act, v.CSRF)
	}))
}

// browser keeps cookies, as browsers do.
type browser struct {
	p       *place
	from    string
	host    string
	scheme  string
	cookies map[string]string
	headers map[string]string
}

func (p *place) browser() *browser {
	return &browser{p: p, from: "127.0.0.1:50000", host: "omamori.localhost", scheme: "http", cookies: map[string]string{}, headers: map[string]string{}}
}

func (b *browser) do(method, path string, form url.Values) *http.Response {
	b.p.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "http://"+b.host+path, body)
	r.RemoteAddr = b.from
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if method == "POST" {
		r.Header.Set("Origin", b.scheme+"://"+b.host)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for n, v := range b.headers {
		r.Header.Set(n, v)
		if v == "" {
			r.Header.Del(n)
		}
	}
	for n, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: n, Value: v})
	}
	w := httptest.NewRecorder()
	b.p.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return w.Result()
}

func (b *browser) get(path string) (status int, body string) {
	b.p.t.Helper()
	res := b.do("GET", path, nil)
	all, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(all)
}

func (b *browser) post(path string, pairs ...string) (status int, body string) {
	b.p.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	res := b.do("POST", path, form)
	all, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(all)
}

// csrf is the token of the browser's session.
func (b *browser) csrf() string {
	_, body := b.get("/")
	_, token, _ := strings.Cut(body, "csrf=")
	return token
}

// link signs in by a one-time link.
func (b *browser) link() {
	b.p.t.Helper()
	if status, _ := b.post("/signin/link", "t", b.p.link()); status != http.StatusSeeOther {
		b.p.t.Fatalf("the link was refused: %d", status)
	}
}

func (p *place) link() string {
	p.t.Helper()
	l, err := p.g.Link(p.t.Context(), "hanako")
	if err != nil {
		p.t.Fatal(err)
	}
	_, token, _ := strings.Cut(l.URL, "?t=")
	return token
}

func TestNobodyGetsInUnasked(t *testing.T) {
	p := at(t, Defaults())
	b := p.browser()
	if status, body := b.get("/"); status != http.StatusSeeOther || body != "" && strings.Contains(body, "read=") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := b.get("/api/v1/status"); status != http.StatusUnauthorized {
		t.Errorf("the API: %d", status)
	}
	// What is open to all sees somebody who may do nothing.
	if _, body := b.get("/open"); body != "name= read=false act=false csrf=" {
		t.Error(body)
	}
	if status, _ := b.post("/open"); status != http.StatusForbidden {
		t.Errorf("a stranger posted: %d", status)
	}
	for _, token := range []string{"", "x", strings.Repeat("a", 43), strings.Repeat("a", 5000)} {
		b.cookies["omamori"] = token
		if status, _ := b.get("/"); status != http.StatusSeeOther {
			t.Errorf("cookie %q: %d", token, status)
		}
		if status, _ := b.post("/signin/link", "t", token); status != http.StatusForbidden {
			t.Errorf("link %q: %d", token, status)
		}
	}
	if len(p.g.kept.Sessions) != 0 {
		t.Errorf("%d sessions", len(p.g.kept.Sessions))
	}
}

func TestALinkLetsInOnce(t *testing.T) {
	p := at(t, Defaults())
	token := p.link()
	b := p.browser()
	for range 3 { // to look at it does not use it up
		if status, body := b.get("/signin/link?t=" + token); status != http.StatusOK || !strings.Contains(body, "hanako") {
			t.Fatalf("%d %s", status, body)
		}
	}
	if status, _ := b.post("/signin/link", "t", token); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	if _, body := b.get("/"); !strings.HasPrefix(body, "name=hanako read=true act=true csrf=") {
		t.Error(body)
	}
	if status, _ := p.browser().post("/signin/link", "t", token); status != http.StatusForbidden {
		t.Errorf("used again: %d", status)
	}
	if said := p.journal.all(); !strings.Contains(said, "hanako made a one-time link") || !strings.Contains(said, "hanako signed in to the page by a one-time link, from 127.0.0.1") {
		t.Error(said)
	}
	// Neither the token nor the cookie lies on the disk.
	kept, err := os.ReadFile(filepath.Join(p.dir, fileName))
	if err != nil || strings.Contains(string(kept), token) || strings.Contains(string(kept), b.cookies["omamori"]) {
		t.Errorf("%v %s", err, kept)
	}
	if st, err := os.Stat(filepath.Join(p.dir, fileName)); err != nil || st.Mode().Perm() != 0o600 {
		t.Error(err, st.Mode())
	}
	// A restart signs nobody out.
	p.open(Defaults())
	b.p = p
	if _, body := b.get("/"); !strings.HasPrefix(body, "name=hanako") {
		t.Error(body)
	}
	// To sign out ends the session itself: a copy of the cookie opens nothing.
	stolen := b.cookies["omamori"]
	if status, _ := b.post("/signin/out", "csrf", b.csrf()); status != http.StatusSeeOther {
		t.Error(status)
	}
	b.cookies["omamori"] = stolen
	if status, _ := b.get("/"); status != http.StatusSeeOther {
		t.Errorf("a stolen cookie after signing out: %d", status)
	}
}

func TestTimeEndsWhatLetsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := at(t, Defaults())
		token := p.link()
		time.Sleep(linkCounts + time.Second)
		if status, _ := p.browser().post("/signin/link", "t", token); status != http.StatusForbidden {
			t.Errorf("an old link: %d", status)
		}
		b := p.browser()
		b.link()
		time.Sleep(localCounts + time.Second)
		if status, _ := b.get("/"); status != http.StatusSeeOther {
			t.Errorf("an old session: %d", status)
		}
		d, err := p.g.Invite(t.Context(), Invitation{Name: "taro", By: "root"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(inviteCounts + time.Second)
		if status, _ := b.post("/signin/code", "code", d.Code); status != http.StatusForbidden {
			t.Errorf("an old invitation: %d", status)
		}
	})
}

// Every POST needs the token of the visitor's own session, and an origin that is ours.
func TestForgedRequests(t *testing.T) {
	p := at(t, Defaults())
	b, other := p.browser(), p.browser()
	b.link()
	other.link()
	csrf := b.csrf()
	deed := func(want int, why string, set map[string]string, pairs ...string) {
		t.Helper()
		b.headers = set
		if status, _ := b.post("/deed", pairs...); status != want {
			t.Errorf("%s: %d, want %d", why, status, want)
		}
		b.headers = map[string]string{}
	}
	deed(200, "rightly", nil, "csrf", csrf, "link", "mariadb", "typed", "123456")
	deed(200, "without the headers of newer browsers", map[string]string{"Origin": "", "Sec-Fetch-Site": ""}, "csrf", csrf)
	deed(200, "by a header", map[string]string{"X-Omamori-CSRF": csrf})
	deed(403, "no token", nil)
	deed(403, "another's token", nil, "csrf", other.csrf())
	deed(403, "a wrong token in the header", map[string]string{"X-Omamori-CSRF": "x"}, "csrf", csrf)
	for _, origin := range []string{"http://evil.example", "https://omamori.localhost", "http://omamori.localhost:8080", "null", "http://omamori.localhost.evil.example", "http://127.0.0.1"} {
		deed(403, origin, map[string]string{"Origin": origin}, "csrf", csrf)
	}
	for _, site := range []string{"cross-site", "same-site", "none"} {
		deed(403, site, map[string]string{"Sec-Fetch-Site": site}, "csrf", csrf)
	}
	deed(403, "as JSON without the header", map[string]string{"Content-Type": "application/json"}, "csrf", csrf)
	deed(403, "as multipart", map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, "csrf", csrf)
	if said := p.journal.all(); strings.Count(said, "asks over the page: /deed") != 3 || !strings.Contains(said, "hanako asks over the page: /deed link=mariadb") || strings.Contains(said, "123456") {
		t.Error(said)
	}
	// Forms of signing in cannot be posted from elsewhere either.
	token := p.link()
	s := p.browser()
	s.headers = map[string]string{"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
	if status, _ := s.post("/signin/link", "t", token); status != http.StatusForbidden || s.cookies["omamori"] != "" {
		t.Errorf("a forged signing in: %d", status)
	}
	s.headers = map[string]string{"Origin": "", "Sec-Fetch-Site": ""}
	if status, _ := s.post("/signin/link", "t", token); status != http.StatusForbidden {
		t.Errorf("a signing in from nowhere: %d", status)
	}
	if status := b.do("PUT", "/deed", url.Values{"csrf": {csrf}}).StatusCode; status != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", status)
	}
}

func TestHostsAndProxies(t *testing.T) {
	s := &Settings{Listen: DefaultListen, Hosts: []string{"guard.example.org"}, OpenReading: true, Proxies: []string{"10.0.0.2"}}
	p := at(t, s)
	for host, want := range map[string]int{
		"127.0.0.1:4649": 200, "localhost:4649": 200, "[::1]:4649": 200, "omamori.localhost": 200, "OMAMORI.localhost": 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "127.0.0.1:4649:1": 421, "": 421, "[::1]x": 421, "0.0.0.0:4649": 421, "127.1": 421, "2130706433": 421,
		"guard.example.org": 303, // reading is open on this machine, not to whom a proxy lets in
	} {
		b := p.browser()
		r := httptest.NewRequest("GET", "http://x/", nil)
		r.Host, r.RemoteAddr = host, b.from
		w := httptest.NewRecorder()
		p.h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("host %q: %d, want %d", host, w.Code, want)
		}
	}
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "X-Original-URL", "X-Forwarded", "x-forwarded-scheme", "X-Cluster-Client-IP", "Fastly-Client-IP", "X-Azure-ClientIP"} {
		b := p.browser()
		b.headers[name] = "203.0.113.5"
		if status, _ := b.get("/"); status != http.StatusBadRequest {
			t.Errorf("%s from a stranger: %d", name, status)
		}
	}
	b := p.browser()
	b.from, b.host, b.scheme = "10.0.0.2:1", "guard.example.org", "https"
	b.headers = map[string]string{"X-Forwarded-For": "203.0.113.5, 198.51.100.7", "X-Forwarded-Proto": "https"}
	if status, _ := b.get("/"); status != http.StatusSeeOther {
		t.Errorf("through a proxy: %d", status)
	}
	b.link()
	if b.cookies["__Host-omamori"] == "" {
		t.Errorf("no cookie for TLS alone: %v", b.cookies)
	}
	if said := p.journal.all(); !strings.Contains(said, "from 198.51.100.7") {
		t.Error(said)
	}
	// Reading is open on the loopback, and acting not.
	if _, body := p.browser().get("/"); body != "name= read=true act=false csrf=" {
		t.Error(body)
	}
	if status, _ := p.browser().post("/deed"); status != http.StatusForbidden {
		t.Errorf("acting: %d", status)
	}
	far := p.browser()
	far.from = "203.0.113.9:1"
	if status, _ := far.get("/"); status != http.StatusSeeOther {
		t.Errorf("reading from elsewhere: %d", status)
	}
	r := httptest.NewRequest("GET", "http://127.0.0.1/", nil)
	r.RemoteAddr, r.ProtoMajor, r.ProtoMinor = "127.0.0.1:1", 1, 0
	w := httptest.NewRecorder()
	if p.h.ServeHTTP(w, r); w.Code != http.StatusSeeOther {
		t.Errorf("reading through what may be a proxy: %d", w.Code)
	}
}

func TestNothingFromElsewhereIsLoaded(t *testing.T) {
	p := at(t, Defaults())
	res := p.browser().do("GET", "/signin", nil)
	csp := res.Header.Get("Content-Security-Policy")
	if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Error(csp)
	}
	body, _ := io.ReadAll(res.Body)
	if m := regexp.MustCompile(`(?i)\son\w+=|\sstyle=|<style|javascript:|(src|href|action)="(//|https?:)`).Find(body); m != nil {
		t.Errorf("%s", m)
	}
}

func TestWhereSomebodyGoesNext(t *testing.T) {
	for s, want := range map[string]string{
		"/links/mariadb?x=1": "/links/mariadb?x=1", "": "/", "//evil.example": "/", "/\\evil.example": "/", "https://evil.example/": "/", "/a\nb": "/", "/signin/out": "/", "javascript:alert(1)": "/",
		"/" + strings.Repeat("a", 3000): "/",
	} {
		if got := next(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
}

// device brings an authenticator app by an invitation.
func (b *browser) device(i Invitation) otp.Account {
	t := b.p.t
	t.Helper()
	d, err := b.p.g.Invite(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := b.post("/signin/code", "code", strings.ToLower(strings.ReplaceAll(d.Code, "-", " "))); status != http.StatusSeeOther {
		t.Fatalf("the code was refused: %d", status)
	}
	// Until he has a device he may see nothing.
	if status, _ := b.get("/"); status != http.StatusSeeOther {
		t.Fatalf("reading without a device: %d", status)
	}
	if status, _ := b.p.browser().post("/signin/code", "code", d.Code); status != http.StatusForbidden {
		t.Fatalf("the code was taken twice: %d", status)
	}
	_, body := b.get("/signin/device")
	secret := regexp.MustCompile(`class="secret"[^>]*>([A-Z2-7 ]+)<`).FindStringSubmatch(body)
	csrf := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(body)
	if secret == nil || csrf == nil {
		t.Fatal(body)
	}
	raw, err := otp.ParseSecret(secret[1])
	if err != nil {
		t.Fatal(err)
	}
	a := otp.Account{Secret: raw}
	if status, _ := b.post("/signin/device/totp", "csrf", csrf[1], "code", "000000"); status != http.StatusForbidden && a.Code(time.Now()) != "000000" {
		t.Fatalf("a wrong code: %d", status)
	}
	if status, body := b.post("/signin/device/totp", "csrf", csrf[1], "code", a.Code(time.Now())); status != http.StatusSeeOther {
		t.Fatalf("%d %s", status, body)
	}
	return a
}

func TestCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := at(t, Defaults())
		b := p.browser()
		a := b.device(Invitation{Name: "花子", By: "root"})
		if _, body := b.get("/"); !strings.HasPrefix(body, "name=花子 read=true act=true") {
			t.Error(body)
		}
		c := p.browser()
		// The code that was shown while the app was brought does not let in again.
		if status, _ := c.post("/signin/totp", "name", "花子", "code", a.Code(time.Now())); status != http.StatusForbidden {
			t.Errorf("replayed: %d", status)
		}
		time.Sleep(2 * otp.DefaultPeriod)
		code := a.Code(time.Now())
		if status, _ := c.post("/signin/totp", "name", "taro", "code", code); status != http.StatusForbidden {
			t.Errorf("another's name: %d", status)
		}
		if status, _ := c.post("/signin/totp", "name", "花子", "code", code, "next", "/links/x"); status != http.StatusSeeOther {
			t.Errorf("rightly: %d", status)
		}
		if status, _ := p.browser().post("/signin/totp", "name", "花子", "code", code); status != http.StatusForbidden {
			t.Errorf("replayed: %d", status)
		}
		// An older one than the last does not count either, though it is near in time.
		if status, _ := p.browser().post("/signin/totp", "name", "花子", "code", a.Code(time.Now().Add(-otp.DefaultPeriod))); status != http.StatusForbidden {
			t.Errorf("an older one: %d", status)
		}

		// By an enrolment and a code; not by what was refused, nor a guest who only looks.
		if got := fmt.Sprint(p.in); got != "[花子 花子]" {
			t.Errorf("signs of life of %s", got)
		}
		r := p.browser()
		r.device(Invitation{Name: "taro", Read: true, By: "root"})
		if len(p.in) != 2 {
			t.Errorf("a guest is taken for the owner: %v", p.in)
		}
		if _, body := r.get("/"); !strings.HasPrefix(body, "name=taro read=true act=false") {
			t.Error(body)
		}
		if status, _ := r.post("/deed", "csrf", r.csrf()); status != http.StatusForbidden {
			t.Errorf("a reader acted: %d", status)
		}

		// A lost device: the new one takes its place, and its sessions end.
		n := p.browser()
		lost := a
		n.device(Invitation{Name: "花子", Replace: true, By: "root"})
		time.Sleep(2 * otp.DefaultPeriod)
		if status, _ := b.get("/"); status != http.StatusSeeOther {
			t.Errorf("the old session: %d", status)
		}
		if status, _ := p.browser().post("/signin/totp", "name", "花子", "code", lost.Code(time.Now())); status != http.StatusForbidden {
			t.Errorf("the lost device: %d", status)
		}
		all, err := p.g.People(t.Context())
		if err != nil || len(all) != 2 || len(all[0].Devices) != 1 || !all[0].Act || all[1].Act {
			t.Errorf("%+v %v", all, err)
		}
		if err := p.g.Dismiss(t.Context(), "taro", "root"); err != nil {
			t.Error(err)
		}
		if status, _ := r.get("/"); status != http.StatusSeeOther {
			t.Errorf("somebody dismissed reads: %d", status)
		}
		if err := p.g.Dismiss(t.Context(), "taro", "root"); err == nil {
			t.Error("nobody was dismissed")
		}
	})
}

// Whoever guesses codes is let in by none after a few; the owner, in his own browser, is.
func TestGuessingCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := at(t, Defaults())
		owner := p.browser()
		a := owner.device(Invitation{Name: "hanako", By: "root"})
		wrong := func() string { // a code that counts neither now nor beside
			for n := 0; ; n++ {
				if c := fmt.Sprintf("%06d", n); !fits(a, c) {
					return c
				}
			}
		}
		for day := range 12 {
			for n := range 30 {
				s := p.browser()
				s.from = fmt.Sprintf("203.0.113.%d:1", n+1)
				s.post("/signin/totp", "name", "hanako", "code", wrong())
			}
			s := p.browser()
			s.from = "198.51.100.1:1"
			if status, _ := s.post("/signin/totp", "name", "hanako", "code", a.Code(time.Now())); status != http.StatusForbidden {
				t.Fatalf("day %d: after too many tries a stranger was let in: %d", day, status)
			}
			time.Sleep(24*time.Hour + time.Minute)
		}
		// After a hundred in all, no day gives a stranger more.
		s := p.browser()
		if status, _ := s.post("/signin/totp", "name", "hanako", "code", a.Code(time.Now())); status != http.StatusForbidden {
			t.Errorf("after a hundred: %d", status)
		}
		delete(owner.cookies, "omamori")
		if status, _ := owner.post("/signin/totp", "name", "hanako", "code", a.Code(time.Now())); status != http.StatusSeeOther {
			t.Errorf("the owner in his own browser: %d", status)
		}
		if n := strings.Count(p.journal.all(), "to sign in to the page failed"); n == 0 || n > 20 {
			t.Errorf("wrong tries were journalled %d times", n)
		}
	})
}

func fits(a otp.Account, code string) bool {
	_, found := a.Drift(code, time.Now(), 1)
	return found
}

func TestOneAddressTriesOnlySoOften(t *testing.T) {
	p := at(t, Defaults())
	b := p.browser()
	b.from = "203.0.113.5:1"
	refused := 0
	for range burst + 20 {
		if status, _ := b.post("/signin/code", "code", "AAAA-BBBB-CCCC-DDDD"); status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < 15 {
		t.Errorf("refused %d of %d", refused, burst+20)
	}
	// Others are not kept out, and so many addresses cost no memory.
	other := p.browser()
	other.from = "198.51.100.5:1"
	if status, _ := other.post("/signin/code", "code", "x"); status != http.StatusForbidden {
		t.Errorf("another: %d", status)
	}
	// A neighbour on the machine uses up what its address has: a link lets in all the same.
	b.from = "127.0.0.1:2"
	for range localBurst + 50 {
		b.post("/signin/code", "code", "x")
	}
	if status, _ := b.post("/signin/code", "code", "x"); status != http.StatusTooManyRequests {
		t.Errorf("a neighbour: %d", status)
	}
	p.browser().link()
	for n := range 3 * maxBuckets {
		other.from = fmt.Sprintf("[2001:db8:%x:%x::1]:1", n>>8, n&255)
		other.post("/signin/code", "code", "x")
	}
	if n := len(p.g.rate.buckets); n > maxBuckets+1 {
		t.Errorf("%d buckets", n)
	}
}

func TestManyOfEverythingStayBounded(t *testing.T) {
	p := at(t, Defaults())
	for range 3 * maxPeople {
		p.link()
	}
	if len(p.g.links) > maxPeople {
		t.Errorf("%d links", len(p.g.links))
	}
	for range 2 * maxSessions {
		p.browser().link()
	}
	if n := len(p.g.kept.Sessions); n != maxSessions {
		t.Errorf("%d sessions", n)
	}
	b := p.browser()
	b.link() // the newest stays
	if _, body := b.get("/"); !strings.HasPrefix(body, "name=hanako") {
		t.Error(body)
	}
	if status, _ := b.post("/deed", "csrf", b.csrf(), "link", strings.Repeat("x", 2*maxBody)); status != http.StatusForbidden {
		t.Errorf("a body without end: %d", status)
	}
}

func TestADamagedFileLetsNobodyIn(t *testing.T) {
	p := at(t, Defaults())
	b := p.browser()
	b.link()
	path := filepath.Join(p.dir, fileName)
	if err := os.WriteFile(path, []byte(`{"sessions": [null]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	g, aside, err := New(Options{Settings: Defaults(), State: p.dir, Journal: p.journal, Log: slog.New(slog.DiscardHandler)})
	if err != nil || aside != path+".damaged" || len(g.kept.Sessions) != 0 {
		t.Errorf("%q %v", aside, err)
	}
}

func TestBothLanguages(t *testing.T) {
	p := at(t, Defaults())
	b := p.browser()
	b.headers["Accept-Language"] = "ja,en;q=0.5"
	if _, body := b.get("/signin"); !strings.Contains(body, `<html lang="ja">`) || !strings.Contains(body, "パスキーでサインイン") {
		t.Error(body)
	}
	res := b.do("GET", "/signin/lang/en?back=/signin/code", nil)
	if res.Header.Get("Location") != "/signin/code" {
		t.Error(res.Header)
	}
	if _, body := b.get("/signin"); !strings.Contains(body, `<html lang="en">`) {
		t.Error(body)
	}
	if res := b.do("GET", "/signin/lang/en?back=//evil.example", nil); res.Header.Get("Location") != "/signin" {
		t.Error(res.Header)
	}
}

func TestSettings(t *testing.T) {
	keys := func(s Settings) (all []string) {
		for _, e := range s.Check() {
			all = append(all, e.Text.Key)
		}
		return all
	}
	tls := TLSSettings{Certificate: "/c", Key: "/k"}
	for _, c := range []struct {
		s    Settings
		want string
	}{
		{*Defaults(), ""},
		{Settings{Listen: "off", Hosts: []string{"#"}}, ""},
		{Settings{Listen: "0.0.0.0:4649"}, "signin.needs_tls signin.needs_hosts"},
		{Settings{Listen: "[::]:443", TLS: tls, Hosts: []string{"guard.example.org"}}, ""},
		{Settings{Listen: "4649"}, "signin.bad_listen"},
		{Settings{Listen: DefaultListen, TLS: TLSSettings{Key: "/k"}}, "signin.half_tls"},
		{Settings{Listen: DefaultListen, Hosts: []string{"Guard.example.org", "a:1", "x.example"}, Proxies: []string{"nginx"}}, "signin.bad_host signin.bad_host signin.bad_proxy"},
	} {
		if got := strings.Join(keys(c.s), " "); got != c.want {
			t.Errorf("%+v: %s, want %s", c.s, got, c.want)
		}
	}
	for base, want := range map[string]string{
		"https://guard.example.org": "", "http://omamori.localhost:4649": "", "http://guard.example.org": "signin.passkey_plain", "https://192.0.2.1": "signin.passkey_address", "http://127.0.0.1:4649": "signin.passkey_address",
	} {
		if got := noPasskey(base); got != want {
			t.Errorf("%s: %q", base, got)
		}
	}
}

func FuzzHost(f *testing.F) {
	for _, s := range []string{"127.0.0.1:4649", "[::1]:1", "a.b", "[::1", ":", "a:b:c", "[fe80::1%25eth0]:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if h := hostOnly(s); h != "" && !validHost(h) {
			t.Errorf("%q: %q", s, h)
		}
	})
}

func FuzzCode(f *testing.F) {
	f.Add("abcd-efgh-jkmn-pqrs")
	f.Add("ＡＢＣＤ　ＥＦＧＨ－ＪＫＭＮ")
	f.Fuzz(func(t *testing.T, s string) {
		p := plainCode(s)
		if p != "" && (len(p) != 16 || strings.Trim(p, alphabet) != "" || plainCode(p) != p) {
			t.Errorf("%q: %q", s, p)
		}
	})
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"people":[{"id":"eA==","name":"a","devices":[{"kind":"totp"}]}],"sessions":[],"invites":[]}`))
	f.Add([]byte(`{"sessions":[{"hash":"00","name":"a"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := parse(b)
		if err != nil {
			return
		}
		g := &Gate{kept: k}
		g.find("x")
		g.byID(nil)
		g.withKey(nil)
	})
}
