package address

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/chain"
)

func TestAddress(t *testing.T) {
	says := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, says) }))
	defer server.Close()
	p, err := build(settings{Ask: []string{"http://127.0.0.1:1/", server.URL}, Allowed: []string{"203.0.113.7", "2001:db8::/56"}}, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	for answer, want := range map[string]string{
		"203.0.113.7\n":          "address.holds",
		"::ffff:203.0.113.7":     "address.holds",
		"2001:db8:0:1::5":        "address.holds",
		"203.0.113.8":            "address.changed",
		"2001:db8:1::5":          "address.changed",
		"<html>":                 "address.not_told",
		"":                       "address.not_told",
		strings.Repeat("9", 1e6): "address.not_told",
		"fe80::1%eth0":           "address.not_told",
	} {
		says = answer
		if got := p.Prove(context.Background()); got.Because.Key != want || (got.Verdict == chain.Broken) != (want == "address.changed") {
			t.Errorf("%.20q: %v %s", answer, got.Verdict, got.Because.Key)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, s := range []settings{
		{}, {Ask: []string{"https://x/"}}, {Ask: []string{"ftp://x"}, Allowed: []string{"203.0.113.7"}},
		{Ask: []string{"https://x/"}, Allowed: []string{"home"}}, {Ask: []string{"https://x/"}, Allowed: []string{"0.0.0.0/0"}},
	} {
		if _, err := build(s, chain.Place{}); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}
