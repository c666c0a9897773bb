package notify

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/omamori-guard/omamori/words"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		channels []Channel
		want     []string // "field key"
	}{
		{[]Channel{{Name: "a", URL: "telegram://token@telegram?chats=1"}, {Name: "b", Webhook: "https://example.org/x"}}, nil},
		{[]Channel{{Name: "a", URL: "file:/etc/x"}, {Name: "b", Webhook: "credential:hook"}, {Name: "c", URL: "env:URL"}}, nil},
		{[]Channel{{URL: "logger://"}}, []string{"channels[0].name notify.no_name"}},
		{[]Channel{{Name: "a", URL: "logger://"}, {Name: "a", URL: "logger://"}}, []string{"channels[1].name notify.twice"}},
		{[]Channel{{Name: "a"}}, []string{"channels[0].url notify.one_of"}},
		{[]Channel{{Name: "a", URL: "logger://", Webhook: "http://x"}}, []string{"channels[0].url notify.one_of"}},
		{[]Channel{{Name: "a", URL: "nonsense"}}, []string{"channels[0].url notify.bad_url"}},
		{[]Channel{{Name: "a", URL: "smtp://\x00"}}, []string{"channels[0].url notify.bad_url"}},
		{[]Channel{{Name: "a", Webhook: "ftp://example.org"}}, []string{"channels[0].webhook notify.bad_webhook"}},
		{[]Channel{{Name: "a", Webhook: "https:///path"}}, []string{"channels[0].webhook notify.bad_webhook"}},
		{[]Channel{{Name: "a", Webhook: "file://etc/x"}}, []string{"channels[0].webhook notify.bad_webhook"}},
	} {
		var got []string
		for _, b := range (&Settings{c.channels}).Check() {
			got = append(got, b.Field+" "+b.Text.Key)
			for _, lang := range words.Langs {
				if said := lang.Say(b.Text); said == "" || strings.Contains(said, "{") {
					t.Errorf("%s: %q", lang, said)
				}
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%+v: got %q, want %q", c.channels, got, c.want)
		}
	}
}

func TestBounded(t *testing.T) {
	m := Message{Title: strings.Repeat("題", maxText), Body: "短い"}.bounded()
	if len(m.Title) > maxText+len("…") || !utf8.ValidString(m.Title) || !strings.HasSuffix(m.Title, "題…") || m.Body != "短い" {
		t.Errorf("got %d bytes ending in %q, and %q", len(m.Title), m.Title[len(m.Title)-9:], m.Body)
	}
}

// script makes a program that does as the shell is told.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "send")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProgram(t *testing.T) {
	for text, want := range map[string]string{
		`echo '{}'`:                                    "",
		`cat >/dev/null; echo '{}'`:                    "",
		`echo '{"error":"no such chat"}'; exit 1`:      "no such chat",
		`printf '%s' '{"error":"two\nlines"}'; exit 1`: "two lines",
		`echo '{}'; exit 1`:                            "exit status 1",
		`exit 0`:                                       "read the answer",
		`echo nonsense`:                                "read the answer",
		`kill -9 $$`:                                   "killed",
		`yes | head -c 10000000`:                       "read the answer",
		`yes | head -c 1000000 >&2; echo '{}'`:         "",
	} {
		err := Program(script(t, text))(t.Context(), Channel{URL: "logger://"}, Message{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	if err := Program("/nonexistent")(t.Context(), Channel{}, Message{}); err == nil {
		t.Error("a program that is not there: no error")
	}
	// Its input is the job, and its command line and environment hold nothing of it.
	program := script(t, `in=$(cat); case "$in" in *s3cret*) ;; *) echo '{"error":"no job"}';; esac
if tr '\0' ' ' </proc/$$/cmdline | grep -q s3cret || env | grep -q s3cret; then echo '{"error":"shown to all"}'; fi; echo '{}'`)
	if err := Program(program)(t.Context(), Channel{URL: "telegram://s3cret@telegram"}, Message{}); err != nil {
		t.Error(err)
	}
	// One that never ends is ended, with the queue.
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan error, 1)
	fifo := filepath.Join(t.TempDir(), "begun")
	go func() {
		begun <- Program(script(t, "echo > "+fifo+"; exec sleep 1000"))(ctx, Channel{}, Message{Lang: "ja"})
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(fifo); err == nil || time.Now().After(deadline) {
			break
		}
	}
	cancel()
	if err := <-begun; err == nil || !strings.Contains(err.Error(), "応答がありません") {
		t.Errorf("cancelled: got %v", err)
	}
}
