package http

import (
	"errors"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/probe/probetest"
)

func TestAnswers(t *testing.T) {
	s := newServer(t)
	at := func(path string) string { return "http://" + s.plain + path }
	for name, c := range map[string]struct {
		set   settings
		cause string // "" for one that holds
	}{
		"a page":               {settings{URL: at("/"), Contains: []string{"A page", "blog."}, NotContains: []string{"error"}}, ""},
		"not found":            {settings{URL: at("/404")}, "http_status"},
		"unavailable":          {settings{URL: at("/503")}, "http_status"},
		"rightly not found":    {settings{URL: at("/404"), Status: []string{"200", "400-499"}}, ""},
		"wrongly found":        {settings{URL: at("/"), Status: []string{"404"}}, "http_status"},
		"lacks a text":         {settings{URL: at("/"), Contains: []string{"A page", "a sentence"}}, "content_missing"},
		"an unwanted text":     {settings{URL: at("/"), NotContains: []string{"blog"}}, "content_wrong"},
		"too small":            {settings{URL: at("/"), MinSize: 20}, "size"},
		"just large enough":    {settings{URL: at("/"), MinSize: 19}, ""},
		"too large":            {settings{URL: at("/large"), MaxSize: 2_000_000}, "size"},
		"just small enough":    {settings{URL: at("/large"), MaxSize: 2_400_003, Contains: []string{"end"}}, ""},
		"large, and no limit":  {settings{URL: at("/large")}, ""},
		"empty":                {settings{URL: at("/empty"), MinSize: 1}, "size"},
		"a head":               {settings{URL: at("/"), Method: "HEAD"}, ""},
		"moved":                {settings{URL: at("/moved")}, "redirect"},
		"moved, and may":       {settings{URL: at("/moved"), Status: []string{"301"}}, ""},
		"moved as it should":   {settings{URL: at("/moved"), Redirect: at("/page")}, ""},
		"moved, relatively":    {settings{URL: at("/moved"), Redirect: "/page"}, ""},
		"moved elsewhere":      {settings{URL: at("/moved"), Redirect: "/elsewhere"}, "redirect"},
		"not moved":            {settings{URL: at("/"), Redirect: "/page"}, "http_status"},
		"goes nowhere":         {settings{URL: at("/"), Redirect: "/", Status: []string{"200"}}, "redirect"},
		"followed":             {settings{URL: at("/moved"), Follow: 1, Contains: []string{"A page"}}, ""},
		"a circle":             {settings{URL: at("/a"), Follow: 10}, "redirect_loop"},
		"a circle, unfollowed": {settings{URL: at("/itself")}, "redirect_loop"},
		"no end":               {settings{URL: at("/many/"), Follow: 10}, "redirect"},
		"of another scheme":    {settings{URL: at("/odd"), Follow: 3}, "redirect"},
		"by another way":       {settings{URL: "http://blog.test/", Connect: s.plain}, ""},
		"breaks off":           {settings{URL: at("/reset")}, "closed"},
		"a key":                {settings{URL: at("/key"), Header: map[string]string{"X-Key": "sesame"}}, ""},
		"no key":               {settings{URL: at("/key")}, "http_status"},
		"another host":         {settings{URL: at("/host"), Header: map[string]string{"host": "blog.test"}, Contains: []string{"blog.test|omamori"}}, ""},
		"nothing compressed":   {settings{URL: at("/host"), Contains: []string{"|omamori (a proof by the owner's guard)|"}}, ""},
		"http to https":        {settings{URL: at("/"), Connect: s.secure}, "http_status"},
	} {
		t.Run(name, func(t *testing.T) {
			p := made(t, c.set)
			proof := probetest.Prove(p, 10*time.Second)
			if c.cause == "" {
				probetest.Expect(t, proof, chain.Holds, "")
			} else {
				probetest.Expect(t, proof, chain.Broken, c.cause)
			}
			if c.cause != "closed" && (len(proof.Figures) != 2 || proof.Figures[0].Value < 200) {
				t.Errorf("figures %v", proof.Figures)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	s := newServer(t)
	_, port, err := net.SplitHostPort(s.secure)
	if err != nil {
		t.Fatal(err)
	}
	at := "https://blog.test:" + port + "/"
	probetest.Expect(t, probetest.Prove(made(t, settings{URL: at, Connect: s.secure, CA: s.ca}), 10*time.Second), chain.Holds, "")
	probetest.Expect(t, probetest.Prove(made(t, settings{URL: at, Connect: s.secure}), 10*time.Second), chain.Broken, "tls")
	probetest.Expect(t, probetest.Prove(made(t, settings{URL: "https://other.test/", Connect: s.secure, CA: s.ca}), 10*time.Second), chain.Broken, "tls")
	probetest.Expect(t, probetest.Prove(made(t, settings{URL: "https://" + s.plain + "/"}), 10*time.Second), chain.Broken, "tls")
	// From http to https at the same host: its other port, by the same way.
	_, plain, _ := net.SplitHostPort(s.plain)
	p := made(t, settings{URL: "http://blog.test:" + plain + "/secure", Connect: s.plain, CA: s.ca, Follow: 1, Contains: []string{"A page"}})
	probetest.Expect(t, probetest.Prove(p, 10*time.Second), chain.Holds, "")
}

func TestDeathAndHang(t *testing.T) {
	s := newServer(t)
	p := made(t, settings{URL: "http://" + s.plain + "/", Service: "nginx"})
	probetest.Expect(t, probetest.Prove(p, 10*time.Second), chain.Holds, "")
	probetest.Expect(t, probetest.Prove(made(t, settings{URL: "http://" + s.plain + "/hang"}), 300*time.Millisecond), chain.Broken, "timeout")
	probetest.Expect(t, probetest.Prove(made(t, settings{URL: "http://name.invalid/"}), 10*time.Second), chain.Broken, "dns")

	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	proof := probetest.Prove(p, 300*time.Millisecond)
	probetest.Expect(t, proof, chain.Broken, "timeout")
	e := chain.Evidence{Service: "nginx", Process: chain.Process{PID: s.cmd.Process.Pid, Running: true, State: "S"}}
	if plan := p.Plan(proof, e); len(plan.Deeds) > 0 { // PHP or the database may be slow
		t.Errorf("a slow page is answered by %+v", plan.Deeds)
	}
	e.Process.State = "T"
	if plan := p.Plan(proof, e); plan.Cause != "hung" || len(plan.Deeds) != 2 {
		t.Errorf("planned %+v", plan)
	}

	s.kill()
	proof = probetest.Prove(p, 10*time.Second)
	probetest.Expect(t, proof, chain.Broken, "refused")
	plan := p.Plan(proof, chain.Evidence{Service: "nginx", Process: chain.Process{PID: 1, KnownExit: true, Signal: 9}})
	if plan.Cause != "killed" || len(plan.Deeds) != 1 || plan.Deeds[0].Verb != chain.Start {
		t.Errorf("planned %+v", plan)
	}
}

// What is sent along for one host is for it alone.
func TestHeadersStayAtHome(t *testing.T) {
	l := made(t, settings{URL: "https://blog.test/", Connect: "10.0.0.1:8443", Header: map[string]string{"Authorization": "sesame"}})
	for to, want := range map[string]struct {
		header  bool
		connect string
	}{
		"https://blog.test/x":     {true, "10.0.0.1:8443"},
		"https://blog.test:444/x": {false, "10.0.0.1:444"},
		"http://blog.test/x":      {false, "10.0.0.1:80"},
		"https://evil.test/x":     {false, ""},
		"https://xblog.test/":     {false, ""},
	} {
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		if q := l.request(u); (q.Header != nil) != want.header || q.Connect != want.connect {
			t.Errorf("%s: connects to %q with %v", to, q.Connect, q.Header)
		}
	}
}

func TestMistakes(t *testing.T) {
	const good = "https://blog.test/"
	for name, c := range map[string]struct {
		set   settings
		field string
	}{
		"no URL":            {settings{}, "url"},
		"no scheme":         {settings{URL: "blog.test"}, "url"},
		"another scheme":    {settings{URL: "ftp://blog.test/"}, "url"},
		"no host":           {settings{URL: "http:///x"}, "url"},
		"a port alone":      {settings{URL: "http://:80/"}, "url"},
		"a password":        {settings{URL: "http://u:p@blog.test/"}, "url"},
		"connect":           {settings{URL: good, Connect: "10.0.0.1"}, "connect"},
		"a header's name":   {settings{URL: good, Header: map[string]string{"X Key": "v"}}, "header"},
		"a header in two":   {settings{URL: good, Header: map[string]string{"X-Key": "v\r\nX-Other: w"}}, "header"},
		"a status":          {settings{URL: good, Status: []string{"ok"}}, "status"},
		"a status too high": {settings{URL: good, Status: []string{"200-600"}}, "status"},
		"a range backwards": {settings{URL: good, Status: []string{"299-200"}}, "status"},
		"follows too far":   {settings{URL: good, Follow: 11}, "follow"},
		"sizes":             {settings{URL: good, MinSize: 10, MaxSize: 9}, "min_size"},
		"too large":         {settings{URL: good, MaxSize: 1 << 40}, "max_size"},
		"body of a head":    {settings{URL: good, Method: "HEAD", Contains: []string{"x"}}, "method"},
		"no CA":             {settings{URL: good, CA: "/nonexistent"}, "ca"},
		"no certificate":    {settings{URL: good, CA: os.DevNull}, "ca"},
	} {
		_, err := build(c.set, chain.Place{})
		if e, ok := errors.AsType[*chain.SettingError](err); !ok || e.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzRange: what is taken for statuses is a range of them.
func FuzzRange(f *testing.F) {
	for _, s := range []string{"200", " 200-299", "599-600", "-", "1e2", "２００"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, ok := parseRange(s); ok && (r.from < 100 || r.to > 599 || r.from > r.to) {
			t.Errorf("%q is %v", s, r)
		}
	})
}

// FuzzLocation: wherever a server sends us, we go by http or https or not at all,
// and take nothing along that is for another.
func FuzzLocation(f *testing.F) {
	for _, s := range []string{
		"/page", "//evil.test/", "https://evil.test/", "https://blog.test@evil.test/", "https://blog.test:443/", "HTTPS://BLOG.TEST/",
		"javascript:alert(1)", "http://blog.test/", "https://[::1]/", "https:///x", "\x00", "?a#b", "https://u:p@blog.test/",
	} {
		f.Add(s, 301)
	}
	p, err := build(settings{URL: "https://blog.test/", Method: "GET", Connect: "10.0.0.1:443", Header: map[string]string{"Cookie": "sesame"}}, chain.Place{})
	if err != nil {
		f.Fatal(err)
	}
	l := p.(*link)
	f.Fuzz(func(t *testing.T, location string, status int) {
		a := probe.Answer{Status: status, Header: map[string][]string{"Location": {location}}}
		if v := l.verdict(l.url, a); v.Verdict == chain.Broken && (v.Because.IsZero() || v.Hint.IsZero()) {
			t.Errorf("says too little: %+v", v)
		}
		to := redirected(l.url, a)
		if to == nil {
			return
		}
		if !slices.Contains([]string{"http", "https"}, to.Scheme) || to.Hostname() == "" {
			t.Errorf("goes to %s", to)
		}
		q := l.request(to)
		if ours := to.Host == "blog.test" && to.Scheme == "https"; (q.Header != nil) != ours {
			t.Errorf("to %s goes %v", to, q.Header)
		}
		if !strings.HasPrefix(q.Connect, "10.0.0.1:") && to.Hostname() == "blog.test" {
			t.Errorf("to %s by %q", to, q.Connect)
		}
	})
}
