package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/notify"
)

func TestMain(m *testing.M) {
	http.DefaultTransport = Careful(http.DefaultTransport) // as omamori-send does
	os.Exit(m.Run())
}

// receiver is a server that notes what it is asked.
type receiver struct {
	*httptest.Server
	mu  sync.Mutex // protects got
	got []string   // "METHOD path?query body"
}

func receive(t *testing.T, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, err := io.ReadAll(io.LimitReader(q.Body, 1<<20))
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.got = append(r.got, q.Method+" "+q.URL.RequestURI()+" "+string(b))
		r.mu.Unlock()
		if answer != nil {
			answer(w, q)
		}
	}))
	t.Cleanup(r.Close)
	t.Cleanup(r.CloseClientConnections) // first: some are left behind
	return r
}

func (r *receiver) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.got...)
}

func (r *receiver) host() string { return strings.TrimPrefix(r.URL, "http://") }

func message(lang string) notify.Message {
	return notify.Message{Event: "begin", Incident: "i1", At: time.Unix(1500000000, 0).UTC(), Lang: lang, Title: "障害: mariadb", Body: "止まりました。\n再起動します。"}
}

func job(c notify.Channel) notify.Job {
	return notify.Job{Channel: c, Message: message("ja")}
}

func TestWebhook(t *testing.T) {
	r := receive(t, nil)
	path := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(path, []byte(r.URL+"/from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOOK_URL", r.URL+"/from-env")
	for _, to := range []string{r.URL + "/hook?token=abcd", "file:" + path, "env:HOOK_URL"} {
		if err := Deliver(t.Context(), job(notify.Channel{Webhook: to})); err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
	all := r.all()
	if len(all) != 3 || !strings.HasPrefix(all[0], "POST /hook?token=abcd {") || !strings.HasPrefix(all[1], "POST /from-file {") || !strings.HasPrefix(all[2], "POST /from-env {") {
		t.Fatalf("got %q", all)
	}
	var m notify.Message
	if err := json.Unmarshal([]byte(all[0][strings.Index(all[0], "{"):]), &m); err != nil || m != message("ja") {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestGeneric(t *testing.T) {
	r := receive(t, nil)
	if err := Deliver(t.Context(), job(notify.Channel{URL: "generic://" + r.host() + "/hook?disabletls=yes&template=json"})); err != nil {
		t.Fatal(err)
	}
	all := r.all()
	if len(all) != 1 || !strings.HasPrefix(all[0], "POST /hook {") {
		t.Fatalf("got %q", all)
	}
	var m struct{ Title, Message string }
	if err := json.Unmarshal([]byte(all[0][strings.Index(all[0], "{"):]), &m); err != nil || m.Title != message("ja").Title || m.Message != message("ja").Body {
		t.Errorf("got %+v, %v", m, err)
	}
}

// hooks are channels of either sort that lead to host.
func hooks(host string) map[string]notify.Channel {
	return map[string]notify.Channel{
		"webhook":    {Webhook: "http://" + host + "/s3cret-path"},
		"generic":    {URL: "generic://" + host + "/s3cret-path?disabletls=yes"},
		"gotify":     {URL: "gotify://" + host + "/AbcdefghijklmnO?disabletls=yes"},
		"ntfy":       {URL: "ntfy://:s3cret-pass@" + host + "/s3cret-topic?scheme=http"},
		"mattermost": {URL: "mattermost://" + host + "/s3cret-token?disabletls=yes"},
	}
}

// A redirect is not followed: neither message nor secret get elsewhere.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := receive(t, nil)
	for _, status := range []int{301, 302, 303, 307, 308} {
		r := receive(t, func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, elsewhere.URL+"/elsewhere", status) })
		for name, c := range hooks(r.host()) {
			err := Deliver(t.Context(), job(c))
			if err == nil || !strings.Contains(err.Error(), "転送") {
				t.Errorf("%s, %d: got %v, want an error that says so", name, status, err)
			}
		}
		if n := len(r.all()); n != len(hooks("")) {
			t.Errorf("%d: %d requests, want one of each", status, n)
		}
	}
	if all := elsewhere.all(); len(all) > 0 {
		t.Errorf("elsewhere got %q", all)
	}
}

// Refusals are told, and show nothing of the secret.
func TestRefusals(t *testing.T) {
	r := receive(t, func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"error":"forbidden","errorDescription":"you asked for %s"}`, q.URL.RequestURI())
	})
	for name, c := range hooks(r.host()) {
		err := Deliver(t.Context(), job(c))
		switch {
		case err == nil:
			t.Errorf("%s: taken", name)
		case strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "Abcdefgh"):
			t.Errorf("%s: shows the secret: %v", name, err)
		case name == "webhook" && !strings.Contains(err.Error(), "403"):
			t.Errorf("%s: %v", name, err)
		}
	}
	// One that is not there.
	r.Close()
	for name, c := range hooks(r.host()) {
		if err := Deliver(t.Context(), job(c)); err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "Abcdefgh") {
			t.Errorf("%s, gone: %v", name, err)
		}
	}
}

// Answers without end, of whatever sort, end.
func TestHostileReceivers(t *testing.T) {
	endless := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) {
			w.WriteHeader(status)
			for q.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("x", 64<<10)); err != nil {
					return
				}
			}
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"taken, endless":   endless(200),
		"refused, endless": endless(500),
		"headers": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("y", 12<<20))
		},
		"nonsense": func(w http.ResponseWriter, _ *http.Request) { raw(w, strings.Repeat("\x00\xff", 1000)) },
		"closed":   func(w http.ResponseWriter, _ *http.Request) { raw(w, "") },
		"early end": func(w http.ResponseWriter, _ *http.Request) {
			raw(w, "HTTP/1.1 500 Oh\r\nContent-Length: 1000\r\n\r\nhalf")
		},
	} {
		r := receive(t, answer)
		for kind, c := range map[string]notify.Channel{
			"webhook": {Webhook: r.URL + "/s3cret-path"},
			"generic": {URL: "generic://" + r.host() + "/s3cret-path?disabletls=yes"},
		} {
			err := Deliver(t.Context(), job(c))
			if taken := strings.HasPrefix(name, "taken"); taken != (err == nil) {
				t.Errorf("%s, %s: got %v", name, kind, err)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || len(err.Error()) > 1000) {
				t.Errorf("%s, %s: %v", name, kind, err)
			}
		}
	}
}

// raw answers with these bytes and closes.
func raw(w http.ResponseWriter, text string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, text) // the client may have gone
}

// One that says nothing is given up, whether or not its library obeys a context.
func TestSilentReceivers(t *testing.T) {
	stop := make(chan struct{})
	r := receive(t, func(_ http.ResponseWriter, q *http.Request) {
		select {
		case <-q.Context().Done():
		case <-stop:
		}
	})
	t.Cleanup(func() { close(stop) })
	for name, c := range hooks(r.host()) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		before := len(r.all())
		go func() { done <- Deliver(ctx, job(c)) }()
		for deadline := time.Now().Add(20 * time.Second); len(r.all()) == before && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		cancel()
		if err := <-done; !isCancelled(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if err := Deliver(late, job(notify.Channel{URL: "generic://" + r.host() + "/?disabletls=yes"})); err == nil || !strings.Contains(err.Error(), "応答がありません") {
		t.Errorf("too late: got %v", err)
	}
}

func isCancelled(err error) bool {
	return err != nil && (errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "context canceled"))
}

func TestJobsThatSayNothing(t *testing.T) {
	for name, c := range map[string]notify.Channel{
		"neither":         {},
		"no such file":    {URL: "file:/nonexistent"},
		"no such env":     {Webhook: "env:OMAMORI_NONE"},
		"no service":      {URL: "nosuch://s3cret-token"},
		"no URL":          {URL: "s3cret"},
		"broken URL":      {URL: "telegram://s3cret%zz"},
		"broken webhook":  {Webhook: "http://s3cret%zz"},
		"wrong webhook":   {Webhook: "nosuch://s3cret"},
		"control":         {Webhook: "http://example.org/s3cret\x00"},
		"newline":         {URL: "smtp://s3cret\n@x"},
		"incomplete URL":  {URL: "telegram://"},
		"incomplete smtp": {URL: "smtp://s3cret@localhost:1/"},
	} {
		if err := Deliver(t.Context(), job(c)); err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
