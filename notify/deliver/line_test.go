package deliver

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/omamori-guard/omamori/notify"
)

// lineServer is LINE's Messaging API as its reference has it: it refuses what that refuses.
type lineServer struct {
	t *testing.T
	// mu protects the fields below.
	mu     sync.Mutex
	got    []string
	keys   map[string]bool
	quota  string // the answer on the quota
	used   int
	status int // answered to a push, 0 for what is right
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func (s *lineServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refuse := func(status int, why string) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"message":"`+why+`"}`)
	}
	if r.Header.Get("Authorization") != "Bearer to+ken/x=" {
		refuse(http.StatusUnauthorized, "Authentication failed")
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /v2/bot/message/quota":
		_, _ = io.WriteString(w, s.quota)
	case "GET /v2/bot/message/quota/consumption":
		_ = json.NewEncoder(w).Encode(map[string]int{"totalUsage": s.used})
	case "POST /v2/bot/message/push":
		if s.status != 0 {
			refuse(s.status, "no")
			return
		}
		var m struct {
			To       string `json:"to"`
			Messages []struct {
				Type string `json:"type"`
				Text string `json:"text"`
			} `json:"messages"`
		}
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&m); err != nil || r.Header.Get("Content-Type") != "application/json" {
			refuse(http.StatusBadRequest, "The request body could not be parsed as JSON")
			return
		}
		if m.To != "U4af4980629" || len(m.Messages) != 1 || m.Messages[0].Type != "text" || m.Messages[0].Text == "" ||
			len(utf16.Encode([]rune(m.Messages[0].Text))) > 5000 {
			refuse(http.StatusBadRequest, "The request body has 1 error(s)")
			return
		}
		key := r.Header.Get("X-Line-Retry-Key")
		if !uuid.MatchString(key) {
			refuse(http.StatusBadRequest, "The retry key is invalid")
			return
		}
		if s.keys[key] {
			refuse(http.StatusConflict, "The retry key is already accepted")
			return
		}
		s.keys[key] = true
		s.got = append(s.got, m.Messages[0].Text)
		_, _ = io.WriteString(w, `{"sentMessages":[{"id":"1","quoteToken":"q"}]}`)
	default:
		refuse(http.StatusNotFound, "Not found")
	}
}

func (s *lineServer) set(f func()) { s.mu.Lock(); defer s.mu.Unlock(); f() }

func (s *lineServer) count() (n int) { s.set(func() { n = len(s.got) }); return n }

func TestLine(t *testing.T) {
	s := &lineServer{t: t, keys: map[string]bool{}, quota: `{"type":"limited","value":200}`}
	server := httptest.NewServer(s)
	defer server.Close()
	url := "line://to+ken/x=@U4af4980629?api=" + server.URL
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	send := func(url string, m notify.Message) string {
		err := Deliver(t.Context(), notify.Job{Channel: notify.Channel{Name: "line", URL: url}, Message: m})
		if err == nil {
			return ""
		}
		if strings.Contains(err.Error(), "to+ken") {
			t.Errorf("the token is shown: %v", err)
		}
		return err.Error()
	}
	m := notify.Message{Event: "digest", At: at, Lang: "ja", Title: "omamori: 返事を待っていることが 1 件あります", Body: "・あと21日: PPTP", Light: true}
	if err := send(url, m); err != "" || s.count() != 1 || s.got[0] != m.Title+"\n"+m.Body {
		t.Errorf("%s, %q", err, s.got)
	}
	// A second try of the same message is no second message.
	if err := send(url, m); err != "" || s.count() != 1 {
		t.Errorf("%s, %q", err, s.got)
	}
	if err := send(strings.Replace(url, "to+ken/x=", "to%2Bken%2Fx%3D", 1), notify.Message{At: at, Title: "as URLs are written"}); err != "" || s.count() != 2 {
		t.Errorf("%s, %q", err, s.got)
	}
	// The longest that LINE takes, in its own units.
	if err := send(url, notify.Message{At: at.Add(1), Title: "long", Body: strings.Repeat("𠮷", 4000)}); err != "" || s.count() != 3 {
		t.Errorf("%s", err)
	}
	// Of the month's messages the last tenth is for what is urgent.
	for _, c := range []struct {
		quota    string
		used     int
		goesAway bool // the light one
	}{
		{`{"type":"limited","value":200}`, 179, false},
		{`{"type":"limited","value":200}`, 180, true},
		{`{"type":"limited","value":50}`, 39, false},
		{`{"type":"limited","value":50}`, 40, true},
		{`{"type":"none"}`, 100000, false},
		{`nonsense`, 100000, false},
	} {
		s.set(func() { s.quota, s.used = c.quota, c.used })
		at = at.Add(time.Hour)
		before := s.count()
		err := send(url, notify.Message{Event: "letter", At: at, Lang: "en", Title: "light", Light: true})
		if (err != "") != c.goesAway || (s.count() == before) != c.goesAway {
			t.Errorf("%s, %d used: %q", c.quota, c.used, err)
		}
		if err := send(url, notify.Message{Event: "begin", At: at.Add(1), Lang: "en", Title: "urgent"}); err != "" {
			t.Errorf("%s, %d used: what is urgent: %s", c.quota, c.used, err)
		}
	}
	s.set(func() { s.status = http.StatusTooManyRequests })
	if err := send(url, notify.Message{At: at.Add(2), Lang: "en", Title: "x"}); err != "LINE takes no more messages this month, or just now" {
		t.Errorf("the month is used up: %q", err)
	}
	s.set(func() { s.status = 0 })
	if err := send(strings.Replace(url, "x=", "y=", 1), notify.Message{At: at.Add(3), Lang: "en", Title: "x"}); !strings.Contains(err, "401") || strings.Contains(err, "y=") {
		t.Errorf("a wrong token: %q", err)
	}
	for _, bad := range []string{"line://", "line://token", "line://@U1", "line://token@", "line://to ken@U1", "line://t@u?api=ftp://x", "line://t@u?api=http://x&more=1", "line://t@u?x=1"} {
		if err := send(bad, notify.Message{At: at, Lang: "en", Title: "x"}); err != "write LINE's channel as line://TOKEN@USER" {
			t.Errorf("%s: %q", bad, err)
		}
	}
}
