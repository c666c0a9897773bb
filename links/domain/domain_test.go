package domain

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

func made(t *testing.T, s settings) *link {
	t.Helper()
	p, err := build(s, chain.Place{Link: "domain"})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}

func prove(t *testing.T, s settings) chain.Proof {
	t.Helper()
	return probetest.Prove(made(t, s), 30*time.Second)
}

// registry is an RDAP server that answers one text.
func registry(t *testing.T, status int, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/domain/example.test" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/rdap+json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/v1/"
}

// whoisd is a WHOIS server; it fails the test if it is asked something else.
func whoisd(t *testing.T, query, answer string) string {
	return probetest.Serve(t, "tcp", func(c net.Conn) {
		line, _ := bufio.NewReader(c).ReadString('\n')
		if line != query+"\r\n" {
			t.Errorf("asked %q", line)
		}
		_, _ = io.WriteString(c, answer)
	})
}

func rdapAnswer(name, action string, at time.Time) string {
	return fmt.Sprintf(`{"objectClassName":"domain","ldhName":%q,"status":["active"],"events":[
		{"eventAction":"registration","eventDate":"1997-09-15T04:00:00Z"},{"eventAction":%q,"eventDate":%q}]}`, name, action, at.Format(time.RFC3339))
}

func TestRDAP(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	in := func(days int) time.Time { return now.AddDate(0, 0, days) }
	for name, c := range map[string]struct {
		status int
		body   string
		want   chain.Verdict
		cause  string
	}{
		"good":         {200, rdapAnswer("EXAMPLE.TEST.", "expiration", in(200)), chain.Holds, ""},
		"over":         {200, rdapAnswer("example.test", "expiration", in(-3)), chain.Broken, "expired"},
		"another name": {200, rdapAnswer("example.net", "expiration", in(200)), chain.Unproven, ""},
		"no date":      {200, rdapAnswer("example.test", "last changed", in(-3)), chain.Unproven, ""},
		"no such":      {404, `{"errorCode":404}`, chain.Broken, "not_registered"},
		"busy":         {429, `{}`, chain.Unproven, ""},
		"no JSON":      {200, "<html>", chain.Unproven, ""},
		"endless":      {200, `{"objectClassName":"` + strings.Repeat("x", maxAnswer) + `"}`, chain.Unproven, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := prove(t, settings{Name: "Example.test.", RDAP: registry(t, c.status, c.body)})
			probetest.Expect(t, p, c.want, c.cause)
			if c.want == chain.Holds && (len(p.Ends) != 1 || !p.Ends[0].At.Equal(in(200))) {
				t.Errorf("ends %+v", p.Ends)
			}
		})
	}
}

// The answers are of the forms that registries give; the dates are moved near today.
func TestWHOIS(t *testing.T) {
	now := time.Now()
	later := now.AddDate(0, 5, 0)
	day := func(form string) string { return later.Format(form) }
	for name, c := range map[string]struct {
		domain, query, answer string
		want                  chain.Verdict
		cause                 string
	}{
		"jp": {"example.jp", "example.jp/e", "[ JPRS database provides information on network administration. ]\r\n\r\nDomain Information:\r\n" +
			"[Domain Name]                EXAMPLE.JP\r\n\r\n[Created on]                    2001/03/26\r\n[Expires on]                    " + day("2006/01/02") +
			"\r\n[Status]                        Active\r\n", chain.Holds, ""},
		"co.jp": {"example.co.jp", "example.co.jp/e", "Domain Information:\r\na. [Domain Name]                EXAMPLE.CO.JP\r\n[State]                         Connected (" +
			day("2006/01/02") + ")\r\n", chain.Holds, ""},
		"none in jp":  {"example.jp", "example.jp/e", "No match!!\r\n", chain.Broken, "not_registered"},
		"com":         {"example.test", "example.test", "   Registry Expiry Date: " + day(time.RFC3339) + "\r\nRegistrar Registration Expiration Date: " + day(time.RFC3339) + "\r\n", chain.Holds, ""},
		"day first":   {"example.test", "example.test", "Expiry date:  " + day("02-Jan-2006") + "\n", chain.Holds, ""},
		"no date":     {"example.test", "example.test", "domain: example.test\n", chain.Unproven, ""},
		"none":        {"example.test", "example.test", "NOT FOUND\n", chain.Broken, "not_registered"},
		"nothing":     {"example.test", "example.test", "", chain.Unproven, ""},
		"absurd date": {"example.test", "example.test", "expires: 9999-12-31\n", chain.Unproven, ""},
	} {
		t.Run(name, func(t *testing.T) {
			probetest.Expect(t, prove(t, settings{Name: c.domain, WHOIS: whoisd(t, c.query, c.answer)}), c.want, c.cause)
		})
	}
}

// JPRS moves a date on by itself the day after, and a registrar cancels an unpaid domain
// only later: a date that has just been moved is believed only where the owner gives it.
func TestAYearTooFar(t *testing.T) {
	jst := time.FixedZone("JST", 9*60*60)
	until := time.Now().In(jst).AddDate(1, 0, -10)
	answer := "[Expires on]                    " + until.Format("2006/01/02") + "\r\n"
	p := prove(t, settings{Name: "example.jp", WHOIS: whoisd(t, "example.jp/e", answer)})
	if p.Verdict != chain.Unproven || p.Because.Key != "domain.moved" || len(p.Ends) != 0 {
		t.Errorf("%+v", p)
	}
	p = prove(t, settings{Name: "example.jp", Expires: until.AddDate(-1, 1, 0).Format(time.DateOnly), WHOIS: "127.0.0.1:1"})
	probetest.Expect(t, p, chain.Holds, "")
	if len(p.Ends) != 1 || p.Ends[0].At.Sub(until.AddDate(-1, 1, 0)).Abs() > 49*time.Hour {
		t.Errorf("the owner's date is not what counts: %+v", p.Ends)
	}
	p = prove(t, settings{Name: "example.jp", Expires: "2020-03-31"})
	probetest.Expect(t, p, chain.Broken, "expired")
}

func TestServerFor(t *testing.T) {
	list := []byte(`{"services":[[["test"],["http://plain.test/","https://rdap.test/"]],[["co.test"],["https://co.test/"]],[["x"]],[[],[]]]}`)
	for name, want := range map[string]string{"example.test": "https://rdap.test/", "a.co.test": "https://co.test/"} {
		if got, err := serverFor(list, name); got != want || err != nil {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if _, err := serverFor(list, "example.jp"); err != errNoRDAP {
		t.Error(err)
	}
}

// Who redirects for ever, or to a place that is not sealed, is not followed.
func TestRedirects(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}))
	defer s.Close()
	if p := prove(t, settings{Name: "example.test", RDAP: s.URL}); p.Verdict != chain.Unproven {
		t.Errorf("%+v", p)
	}
}

func TestHostileWHOIS(t *testing.T) {
	for name, talk := range map[string]func(net.Conn){
		"endless": probetest.Endless("expires: 2030-01-01\r\n"), "one line": probetest.Endless("x"), "slow": probetest.Slowly("expires: 2030-01-01\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			l := made(t, settings{Name: "example.test", WHOIS: probetest.Serve(t, "tcp", talk)})
			if p := probetest.Bounded(t, l, 4<<20); p.Verdict == chain.Holds {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	for field, s := range map[string]settings{
		"name": {Name: "example"}, "expires": {Name: "example.jp", Expires: "soon"}, "rdap": {Name: "example.jp", RDAP: "rdap"},
		"whois": {Name: "example.jp", WHOIS: "whois.jprs.jp"}, "pays": {Name: "example.jp", Pays: strings.Repeat("x", 301)},
	} {
		_, err := build(s, chain.Place{})
		var bad *chain.SettingError
		if e, ok := err.(*chain.SettingError); !ok || e.Field != field {
			t.Errorf("%s: %v %v", field, err, bad)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p := made(t, settings{Name: "example.jp"}).Prove(ctx); p.Verdict != chain.Unproven {
		t.Errorf("%+v", p)
	}
}

func FuzzWHOIS(f *testing.F) {
	f.Add([]byte("[Expires on]                    2027/03/31\r\n[State] Connected (2027/03/31)\r\n"))
	f.Add([]byte("Registry Expiry Date: 2028-09-14T04:00:00Z\r\nNo match for \"X\".\r\n"))
	f.Add([]byte("a. [状態]  (((\n[有効期限]\nexpires:\n: :\n[[]]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := parseWHOIS(b, time.UTC)
		if r.no && !r.until.IsZero() {
			t.Error("not there, and yet it ends")
		}
		if y := r.until.Year(); !r.until.IsZero() && (y < 1989 || y > 2200) {
			t.Error(r.until)
		}
	})
}

func FuzzRDAP(f *testing.F) {
	f.Add([]byte(rdapAnswer("example.test", "expiration", time.Unix(1800000000, 0))))
	f.Add([]byte(`{"services":[[["test"],["https://rdap.test/"]]]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := parseRDAP(b, "example.test"); err != nil && !r.until.IsZero() {
			t.Error("an error, and yet a date")
		}
		if s, err := serverFor(b, "example.test"); err == nil && !strings.HasPrefix(s, "https://") {
			t.Error(s)
		}
	})
}
