// Package deliver hands one message to one service of the outside world.
package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/notify"
	"github.com/omamori-guard/omamori/probe"
)

// Timeout bounds one delivery.
const Timeout = 25 * time.Second

// Deliver delivers a message. Errors never hold the channel's URL, which often is a
// secret.
func Deliver(ctx context.Context, j notify.Job) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if j.Channel.Webhook != "" {
		to, err := resolve(j.Channel.Webhook)
		if err != nil {
			return err
		}
		return scrub(webhook(ctx, to, j.Message), to)
	}
	to, err := resolve(j.Channel.URL)
	if err != nil {
		return err
	}
	return scrub(shout(to, j.Message), to)
}

// resolve gives the URL that s is, or that it says where to find.
func resolve(s string) (string, error) {
	if !notify.Reference(s) {
		return s, nil
	}
	to, err := probe.Secret(chain.Secret(s))
	return strings.TrimSpace(to), err
}

// webhook posts the message as JSON. A service takes it by any status of 2xx.
func webhook(ctx context.Context, to string, m notify.Message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(b))
	if err != nil {
		return errors.New("the webhook's URL cannot be read")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "omamori")
	// A redirect could lead the message to a stranger.
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 1024))
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook answered %s: %s", res.Status, probe.Quote(said))
	}
	return err
}

// shout delivers by shoutrrr. It has no context of its own: the program ends with
// its deadline.
func shout(to string, m notify.Message) error {
	r, err := router.New(nil, to)
	if err != nil {
		return err
	}
	params := types.Params{"title": m.Title}
	text := m.Body
	if u, err := url.Parse(to); err != nil || !titled(u.Scheme) {
		text = m.Title + "\n" + m.Body
	}
	return errors.Join(r.Send(text, &params)...)
}

// titled reports whether a service shows a title of its own.
func titled(scheme string) bool {
	switch strings.SplitN(scheme, "+", 2)[0] {
	case "smtp", "pushover", "gotify", "ntfy", "bark", "pushbullet", "join", "generic", "discord", "teams":
		return true
	}
	return false
}

// scrub takes the URL, and whatever of it could be a secret, out of an error.
func scrub(err error, to string) error {
	if err == nil {
		return nil
	}
	said := err.Error()
	parts := []string{to}
	if u, e := url.Parse(to); e == nil {
		if p, ok := u.User.Password(); ok {
			parts = append(parts, p)
		}
		parts = append(parts, u.User.Username(), u.RawQuery, u.Path)
		if host := u.Hostname(); !strings.Contains(host, ".") && host != "localhost" { // a token, in the place of a host
			parts = append(parts, host)
		}
		for _, p := range strings.Split(u.Path, "/") {
			parts = append(parts, p)
		}
		for _, values := range u.Query() {
			parts = append(parts, values...)
		}
	}
	for _, p := range parts {
		if len(p) >= 4 {
			said = strings.ReplaceAll(said, p, "…")
			said = strings.ReplaceAll(said, url.PathEscape(p), "…")
			said = strings.ReplaceAll(said, url.QueryEscape(p), "…")
		}
	}
	return errors.New(probe.Quote([]byte(said)))
}
