package main_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/omamori-guard/omamori/notify"
)

// The real program: a job on its standard input, what came of it on its output.
func TestSend(t *testing.T) {
	program := filepath.Join(t.TempDir(), "omamori-send")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var taken, strayed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			taken.Add(1)
		case "/away":
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		default:
			http.Error(w, "no such hook "+r.URL.Path, http.StatusNotFound)
		}
	}))
	defer server.Close()
	job := func(c notify.Channel) string {
		b, err := json.Marshal(notify.Job{Channel: c, Message: notify.Message{Lang: "ja", Title: "題", Body: "文"}})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	generic := "generic://" + strings.TrimPrefix(server.URL, "http://")
	for _, c := range []struct {
		name, in string
		args     []string
		code     int
		want     string // of the error
	}{
		{"webhook", job(notify.Channel{Webhook: server.URL + "/good"}), nil, 0, ""},
		{"shoutrrr", job(notify.Channel{URL: generic + "/good?disabletls=yes"}), nil, 0, ""},
		{"white space after it", job(notify.Channel{Webhook: server.URL + "/good"}) + "\n\n", nil, 0, ""},
		{"refused", job(notify.Channel{Webhook: server.URL + "/s3cret"}), nil, 1, "webhook の応答は 404"},
		{"redirected", job(notify.Channel{URL: generic + "/away?disabletls=yes"}), nil, 1, "転送"},
		{"redirected webhook", job(notify.Channel{Webhook: server.URL + "/away"}), nil, 1, "転送"},
		{"no channel", job(notify.Channel{}), nil, 1, "url か webhook"},
		{"nothing", "", nil, 2, "cannot be read"},
		{"no JSON", "hello", nil, 2, "cannot be read"},
		{"not an object", "[1]", nil, 2, "cannot be read"},
		{"half", `{"channel":{"webhook":"http://x`, nil, 2, "cannot be read"},
		{"two", job(notify.Channel{}) + job(notify.Channel{}), nil, 2, "cannot be read"},
		{"wrong type", `{"channel":{"webhook":1}}`, nil, 2, "cannot be read"},
		{"endless", strings.Repeat(" ", 2<<20), nil, 2, "longer than"},
		{"with arguments", "", []string{"--help"}, 2, "reads as JSON"},
	} {
		cmd := exec.Command(program, c.args...)
		cmd.Env = []string{"LANG=C"}
		cmd.Stdin = strings.NewReader(c.in)
		var out, said strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &said
		if err := cmd.Run(); cmd.ProcessState == nil {
			t.Fatal(err)
		}
		var r notify.Result
		err := json.Unmarshal([]byte(out.String()), &r)
		if len(c.args) > 0 {
			r.Error, err = said.String(), nil
		}
		if code := cmd.ProcessState.ExitCode(); code != c.code || err != nil || !strings.Contains(r.Error, c.want) || (c.want == "") != (r.Error == "") {
			t.Errorf("%s: exit %d, %q (%v), stderr %q", c.name, code, out.String(), err, said.String())
		}
		if strings.Contains(out.String()+said.String(), "s3cret") {
			t.Errorf("%s: the secret is shown: %s %s", c.name, &out, &said)
		}
	}
	if taken.Load() != 3 || strayed.Load() != 0 {
		t.Errorf("%d taken, want 3; %d went elsewhere", taken.Load(), strayed.Load())
	}
}
