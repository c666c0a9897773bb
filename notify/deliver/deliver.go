// Package deliver hands one message to one service of the outside world.
package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/notify"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/words"
)

// Timeout bounds one delivery.
const Timeout = 25 * time.Second

// maxURL bounds a channel's URL, in bytes.
const maxURL = 4 << 10

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 1 << 20

// Deliver delivers a message, or has given up when ctx is done. Errors are in the
// language of the message where they are ours, and never hold the channel's URL, which
// often is a secret.
func Deliver(ctx context.Context, j notify.Job) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	lang, _ := words.Parse(j.Message.Lang)
	given, send := j.Channel.URL, shout
	if j.Channel.Webhook != "" {
		given, send = j.Channel.Webhook, webhook
	}
	if given == "" {
		return errors.New(lang.Text("notify.one_of"))
	}
	to, err := resolve(given)
	if err != nil {
		return err
	}
	if to == "" || len(to) > maxURL {
		return errors.New(lang.Text("notify.unreadable_url"))
	}
	if strings.HasPrefix(to, "line://") {
		if _, ok := parseLine(to); !ok {
			return errors.New(lang.Text("notify.bad_line"))
		}
		send = line
	}
	// Not every service obeys a context: such a one is left behind.
	done := make(chan error, 1)
	go func() { done <- send(ctx, to, j.Message, lang) }()
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New(lang.Say(chain.Say("notify.no_answer", "limit", Timeout)))
	}
	if err != nil && strings.Contains(err.Error(), errRedirected.Error()) { // shoutrrr keeps no more than the text
		return errors.New(lang.Text("notify.redirected"))
	}
	return scrub(err, to, lang)
}

// resolve gives the URL that s is, or that it says where to find.
func resolve(s string) (string, error) {
	if !notify.Reference(s) {
		return s, nil
	}
	to, err := probe.Secret(chain.Secret(s))
	return strings.TrimSpace(to), err
}

// errRedirected is what comes of a redirect: it could lead the message, and the secret,
// to a stranger.
var errRedirected = errors.New("omamori follows no redirect")

func noRedirect(*http.Request, []*http.Request) error { return errRedirected }

// Careful is a transport that gives an error for each redirect and does not read
// answers without end.
func Careful(next http.RoundTripper) http.RoundTripper { return careful{next} }

type careful struct{ next http.RoundTripper }

func (c careful) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 == 3 {
		res.Body.Close()
		return nil, errRedirected
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// webhook posts the message as JSON. A service takes it by any status of 2xx.
func webhook(ctx context.Context, to string, m notify.Message, lang words.Lang) error {
	m.Answer, m.Boxes = "", ""
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(b))
	if err != nil {
		return errors.New(lang.Text("notify.unreadable_url"))
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "omamori")
	c := http.Client{CheckRedirect: noRedirect}
	res, err := c.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 == 2 {
		return nil
	}
	const most = 1024
	said, _ := io.ReadAll(io.LimitReader(res.Body, most)) // the status says enough
	return errors.New(lang.Say(chain.Say("notify.refused", "status", res.Status, "said", probe.Quote(said))))
}

// shout delivers by shoutrrr.
func shout(_ context.Context, to string, m notify.Message, _ words.Lang) error {
	scheme, _, _ := strings.Cut(to, ":")
	scheme, _, _ = strings.Cut(strings.ToLower(scheme), "+")
	if scheme == "smtp" && m.Page != "" {
		to = withSetting(to, "usehtml", "yes")
	}
	if scheme == "smtp" && m.Answer != "" && comesFrom(to, strings.Split(m.Boxes, "\n")) {
		m.Body += "\n" + m.Answer
	}
	service, err := locate(to)
	if err != nil {
		return err
	}
	if t, ok := service.(interface{ SetTemplateString(id, body string) error }); ok && m.Page != "" {
		if err := t.SetTemplateString("HTML", strings.ReplaceAll(m.Page, "{{", `{{"{{"}}`)); err != nil {
			return err
		}
	}
	// Services with a transport of their own, which is not ours (see Careful).
	switch s := service.(type) {
	case interface{ GetHTTPClient() *http.Client }:
		if c := s.GetHTTPClient(); c != nil {
			c.CheckRedirect = noRedirect
		}
	case interface{ SetHTTPClient(c *http.Client) }:
		if !strings.Contains(strings.ToLower(to), "disabletlsverification") {
			s.SetHTTPClient(&http.Client{Timeout: Timeout, CheckRedirect: noRedirect})
		}
	}
	params, text := types.Params{}, m.Title+"\n"+m.Body
	if titled(scheme) {
		params["title"], text = m.Title, m.Body
	}
	if scheme == "smtp" { // it goes into the header as it is
		params["title"] = mime.BEncoding.Encode("UTF-8", m.Title)
	}
	return service.Send(text, &params)
}

// comesFrom reports whether the mails of a URL come from one of the mailboxes, which are called
// by their address, or by what stands in it before the @.
func comesFrom(to string, boxes []string) bool {
	u, err := url.Parse(to)
	if err != nil {
		return false
	}
	for name, values := range u.Query() {
		if !strings.EqualFold(name, "from") && !strings.EqualFold(name, "fromaddress") {
			continue
		}
		for _, from := range values {
			local, _, _ := strings.Cut(from, "@")
			if slices.ContainsFunc(boxes, func(b string) bool { return b != "" && (strings.EqualFold(b, from) || strings.EqualFold(b, local)) }) {
				return true
			}
		}
	}
	return false
}

// withSetting is a URL with a setting more, unless it has it.
func withSetting(to, name, value string) string {
	u, err := url.Parse(to)
	if err != nil || u.Query().Has(name) {
		return to
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// locate makes the service that a URL is for, and asks nobody yet.
func locate(to string) (types.Service, error) { return (&router.ServiceRouter{}).Locate(to) }

// titled reports whether a service shows a title of its own; one that does not may
// refuse it.
func titled(scheme string) bool {
	switch scheme {
	case "bark", "discord", "generic", "gotify", "join", "lark", "matrix", "ntfy", "opsgenie",
		"pushbullet", "pushover", "slack", "smtp", "teams", "telegram", "zulip":
		return true
	}
	return false
}
