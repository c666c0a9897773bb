package deliver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf16"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/notify"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/words"
)

// lineAPI is LINE's Messaging API.
const lineAPI = "https://api.line.me"

// A free account may send some hundreds of messages a month. The last of them are kept for
// what is urgent: a tenth, and at least this many.
const lineReserve = 10

// longestLine is how many UTF-16 units a text of LINE may have.
const longestLine = 5000

// lineTarget is a URL of the form line://TOKEN@TO, where TO is a user or a group; ?api= asks
// another server than LINE's.
type lineTarget struct{ token, to, api string }

func parseLine(s string) (t lineTarget, ok bool) {
	rest, ok := strings.CutPrefix(s, "line://")
	if !ok {
		return t, false
	}
	t.api = lineAPI
	if before, query, found := strings.Cut(rest, "?"); found {
		q, err := url.ParseQuery(query)
		api, bad := url.Parse(q.Get("api"))
		if err != nil || bad != nil || api.Host == "" || api.Scheme != "https" && api.Scheme != "http" || len(q) != 1 {
			return t, false
		}
		rest, t.api = before, strings.TrimSuffix(q.Get("api"), "/")
	}
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return t, false
	}
	t.token, t.to = rest[:at], rest[at+1:]
	if strings.Contains(t.token, "%") { // written as URLs want it
		if clear, err := url.PathUnescape(t.token); err == nil {
			t.token = clear
		}
	}
	return t, t.token != "" && t.to != "" && !strings.ContainsAny(t.token+t.to, " \r\n\"")
}

// line delivers a message by LINE.
func line(ctx context.Context, to string, m notify.Message, lang words.Lang) error {
	t, _ := parseLine(to) // Deliver has seen that it is one
	if m.Light {
		if left, limited := t.left(ctx); limited && left <= 0 {
			return errors.New(lang.Text("notify.line_quota"))
		}
	}
	text := utf16.Encode([]rune(m.Title + "\n" + m.Body))
	if len(text) > longestLine {
		text = append(text[:longestLine-1], '…')
	}
	b, err := json.Marshal(map[string]any{"to": t.to, "messages": []map[string]string{{"type": "text", "text": string(utf16.Decode(text))}}})
	if err != nil {
		return err
	}
	// The key makes a second try of one message the same message to LINE.
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", t.to, m.At.UnixNano(), b))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80 // as a UUID has its version and variant
	key := fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	res, err := t.do(ctx, http.MethodPost, "/v2/bot/message/push", b, key)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode/100 == 2 || res.StatusCode == http.StatusConflict: // it has taken this key before
		return nil
	case res.StatusCode == http.StatusTooManyRequests:
		return errors.New(lang.Text("notify.line_full"))
	}
	said, _ := io.ReadAll(io.LimitReader(res.Body, 1024)) // the status says enough
	return errors.New(lang.Say(chain.Say("notify.refused", "status", res.Status, "said", probe.Quote(said))))
}

// left is how many messages may be sent this month that are not urgent; limited is false
// where there is no bound, or it cannot be told.
func (t lineTarget) left(ctx context.Context) (left int64, limited bool) {
	var quota struct {
		Type  string `json:"type"`
		Value int64  `json:"value"`
	}
	var used struct {
		Total int64 `json:"totalUsage"`
	}
	if t.get(ctx, "/v2/bot/message/quota", &quota) != nil || quota.Type != "limited" || t.get(ctx, "/v2/bot/message/quota/consumption", &used) != nil {
		return 0, false
	}
	return quota.Value - used.Total - max(lineReserve, quota.Value/10), true
}

func (t lineTarget) get(ctx context.Context, path string, into any) error {
	res, err := t.do(ctx, http.MethodGet, path, nil, "")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return json.NewDecoder(io.LimitReader(res.Body, 4<<10)).Decode(into)
}

func (t lineTarget) do(ctx context.Context, method, path string, body []byte, key string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, t.api+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+t.token)
	if key != "" {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Line-Retry-Key", key)
	}
	return (&http.Client{CheckRedirect: noRedirect}).Do(r)
}
