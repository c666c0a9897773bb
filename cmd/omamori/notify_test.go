package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/notify"
)

// inbox is a server that takes messages by webhook.
type inbox struct {
	*httptest.Server
	mu  sync.Mutex // protects got
	got map[string][]notify.Message
}

func openInbox(t *testing.T) *inbox {
	t.Helper()
	b := &inbox{got: map[string][]notify.Message{}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m notify.Message
		if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&m); err != nil {
			t.Error(err)
		}
		if strings.HasPrefix(r.URL.Path, "/bad") {
			http.Error(w, "gone: "+r.URL.Path, http.StatusGone)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got[r.URL.Path] = append(b.got[r.URL.Path], m)
	}))
	t.Cleanup(b.Close)
	return b
}

// at lists the messages of an event that have come to path.
func (b *inbox) at(path, event string) (all []notify.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.got[path] {
		if m.Event == event {
			all = append(all, m)
		}
	}
	return all
}

// TestMessages proves the channels of a guard, and has each told of an incident once.
func TestMessages(t *testing.T) {
	t.Parallel()
	needRoot(t) // the guard that root starts drops its rights: it must reach program and secrets all the same
	b := &blog{t: t, bin: programs(t), dir: open(t), state: filepath.Join(open(t), "state")}
	in := openInbox(t)
	secret := filepath.Join(b.dir, "hook")
	if err := os.WriteFile(secret, []byte(in.URL+"/secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(secret, 65534, 65534); err != nil { // nobody's
		t.Fatal(err)
	}
	watched, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`lang: en
links:
  door:
    kind: tcp
    every: 1s
    timeout: 1s
    address: %s
goals:
  in:
    ways: {door: [door]}
notify:
  channels:
    - {name: plain, webhook: "%s/plain"}
    - {name: secret, webhook: "file:%s", lang: ja}
    - {name: shout, url: "generic://%s/shout?disabletls=yes&template=json&messagekey=body"}
%%s`, watched.Addr(), in.URL, secret, strings.TrimPrefix(in.URL, "http://"))
	write := func(more string) {
		if err := os.WriteFile(filepath.Join(b.dir, "omamori.yaml"), []byte(strings.Replace(config, "%s", more, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	b.start()
	t.Run("all good", func(t *testing.T) {
		b.t = t
		if out, code := b.omamori("notify", "test"); code != 0 || strings.Count(out, "sent") != 3 {
			t.Errorf("exit %d:\n%s", code, out)
		}
		en, ja := in.at("/plain", "test"), in.at("/secret", "test")
		if len(en) != 1 || en[0].Title != "omamori: a test" || len(ja) != 1 || ja[0].Title != "omamori: 通知のテスト" || ja[0].Lang != "ja" {
			t.Errorf("got %+v and %+v", en, ja)
		}
	})
	t.Run("one bad, after a reload", func(t *testing.T) {
		b.t = t
		write("    - {name: wrong, webhook: \"" + in.URL + "/bad-s3cret\"}\n")
		if out, code := b.omamori("reload"); code != 0 {
			t.Fatalf("exit %d:\n%s", code, out)
		}
		out, code := b.omamori("notify", "test", "--json")
		var results []guard.ChannelResult
		if err := json.Unmarshal([]byte(out), &results); err != nil || code != 1 || len(results) != 4 {
			t.Fatalf("exit %d, %v:\n%s", code, err, out)
		}
		for _, r := range results {
			if bad := r.Channel == "wrong"; bad != (r.Error != "") || strings.Contains(r.Error, "s3cret") || bad && !strings.Contains(r.Error, "410") {
				t.Errorf("got %+v", r)
			}
		}
	})
	t.Run("an incident", func(t *testing.T) {
		b.t = t
		address := watched.Addr().String()
		watched.Close()
		await(t, "the beginning is told", func() bool { return len(in.at("/plain", "begin")) > 0 && len(in.at("/secret", "begin")) > 0 })
		again, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		await(t, "the end is told", func() bool { return len(in.at("/plain", "end")) > 0 && len(in.at("/secret", "end")) > 0 })
		for _, path := range []string{"/plain", "/secret"} {
			began, ended := in.at(path, "begin"), in.at(path, "end")
			if len(began) != 1 || len(ended) != 1 || began[0].Incident == "" || began[0].Incident != ended[0].Incident {
				t.Errorf("%s: told %+v and %+v, want each once", path, began, ended)
			}
		}
		if b := in.at("/secret", "begin")[0]; !strings.Contains(b.Title, "障害が発生しました") {
			t.Errorf("not in Japanese: %+v", b)
		}
	})
	if strings.Contains(b.stderr.String(), "s3cret") {
		t.Errorf("the log shows a secret URL:\n%s", b.stderr)
	}
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}
