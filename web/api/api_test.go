package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/web/signin"
	"github.com/omamori-guard/omamori/words"
)

type watched struct {
	s   guard.Status
	err error
}

func (w *watched) Status(context.Context, words.Lang) (guard.Status, error) { return w.s, w.err }

// gate is one that believes a header.
type gate struct{ tries int }

func (g *gate) Here(r *http.Request) bool { return r.Header.Get("Here") != "" }
func (g *gate) MayTry(*http.Request) bool { g.tries--; return g.tries >= 0 }

func status() guard.Status {
	one, back := 1, 42.5
	return guard.Status{
		Guard: guard.About{Version: `v"1\`, Started: time.Unix(1_790_000_000, 0)},
		Goals: []guard.GoalStatus{
			{Name: "blog", Verdict: chain.Holds, Margin: guard.Margin{Now: &one, IfAllWell: &one}, WayBack: &back},
			{Name: "shell", Verdict: chain.Broken},
		},
		Links:     []guard.LinkStatus{{Name: "my\"sql\\\n{x}", Kind: "mysql", Verdict: chain.Holds, ProvedAt: time.Unix(1_790_000_100, 0), TookMS: 3.5}, {Name: "never", Kind: "tcp"}},
		Incidents: []guard.IncidentStatus{{ID: "1"}, {ID: "2", Ended: &time.Time{}}},
		Things:    []guard.ThingStatus{{Name: "phone", Lost: true}},
	}
}

func ask(w *Watch, path string, change func(*http.Request) *http.Request) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "http://127.0.0.1"+path, nil)
	if change != nil {
		r = change(r)
	}
	out := httptest.NewRecorder()
	w.ServeHTTP(out, r)
	return out
}

func bearer(token string) func(*http.Request) *http.Request {
	return func(r *http.Request) *http.Request { r.Header.Set("Authorization", "Bearer "+token); return r }
}

func TestWhoMayReadFigures(t *testing.T) {
	here := func(r *http.Request) *http.Request { r.Header.Set("Here", "1"); return r }
	reader := func(r *http.Request) *http.Request {
		return r.WithContext(signin.With(r.Context(), signin.Visitor{Name: "taro", Read: true}))
	}
	for _, c := range []struct {
		why    string
		token  string
		open   bool
		change func(*http.Request) *http.Request
		want   int
	}{
		{"nobody", "", false, nil, 401},
		{"on this machine", "", false, here, 401},
		{"no token, and an empty one", "", false, bearer(""), 401},
		{"open, from elsewhere", "", true, nil, 401},
		{"open, here", "", true, here, 200},
		{"a wrong token", "secret", false, bearer("secre"), 401},
		{"a longer token", "secret", false, bearer("secret "), 401},
		{"the token", "secret", false, bearer("secret"), 200},
		{"who has signed in", "secret", false, reader, 200},
	} {
		w := &Watch{Guard: &watched{s: status()}, Gate: &gate{tries: 5}}
		w.Use(c.token, c.open)
		if got := ask(w, "/metrics", c.change).Code; got != c.want {
			t.Errorf("%s: %d, want %d", c.why, got, c.want)
		}
	}
	// Whoever tries too often is not looked at any more.
	w := &Watch{Guard: &watched{s: status()}, Gate: &gate{}}
	w.Use("secret", false)
	if got := ask(w, "/metrics", bearer("secret")).Code; got != 401 {
		t.Errorf("tried too often: %d", got)
	}
}

// promtool, which knows the conventions, has nothing to say.
func TestFiguresPassPromtool(t *testing.T) {
	path, err := exec.LookPath("promtool")
	if err != nil {
		probetest.Needs(t, "prometheus: "+err.Error())
	}
	b := figures(status())
	cmd := exec.Command(path, "check", "metrics")
	cmd.Stdin = bytes.NewReader(b)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v %s\n%s", err, out, b)
	}
	for _, want := range []string{
		"\nomamori_goal_verdict{goal=\"shell\",verdict=\"broken\"} 1\n", "\nomamori_goal_margin{goal=\"blog\",counted=\"now\"} 1\n", "\nomamori_goal_way_back_seconds{goal=\"blog\"} 42.5\n",
		`omamori_link_verdict{link="my\"sql\\\n{x}",kind="mysql",verdict="holds"} 1`, "omamori_link_proof_duration_seconds{", "\nomamori_open_incidents 1\n", "\nomamori_lost_things 1\n",
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %q in\n%s", want, b)
		}
	}
	if strings.Contains(string(b), `way_back_seconds{goal="shell"}`) || strings.Contains(string(b), `timestamp_seconds{link="never"`) {
		t.Errorf("figures of what is not known:\n%s", b)
	}
}

func TestLife(t *testing.T) {
	g := &watched{s: status()}
	w := &Watch{Guard: g, Gate: &gate{}}
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := ask(w, path, nil); got.Code != 200 || got.Body.String() != "ok\n" {
			t.Errorf("%s: %d %s", path, got.Code, got.Body)
		}
	}
	g.s.Guard.Troubles = []string{"/var is full: a secret path"}
	if got := ask(w, "/healthz", nil).Code; got != 200 {
		t.Errorf("it lives: %d", got)
	}
	if got := ask(w, "/readyz", nil); got.Code != 503 || strings.Contains(got.Body.String(), "secret") {
		t.Errorf("it is not ready: %d %s", got.Code, got.Body)
	}
	g.err = errors.New("stopped")
	if got := ask(w, "/healthz", nil).Code; got != 503 {
		t.Errorf("it does not answer: %d", got)
	}
	r := httptest.NewRequest("POST", "/healthz", nil)
	out := httptest.NewRecorder()
	if w.ServeHTTP(out, r); out.Code != 405 {
		t.Errorf("POST: %d", out.Code)
	}
}
