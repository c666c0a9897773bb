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
	"regexp"
	"slices"
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
	params, text := types.Params{}, m.Title+"\n"+m.Body
	if scheme, _, _ := strings.Cut(to, ":"); titled(scheme) {
		params["title"], text = m.Title, m.Body
	}
	return errors.Join(r.Send(text, &params)...)
}

// titled reports whether a service shows a title of its own; one that does not may
// refuse it.
func titled(scheme string) bool {
	service, _, _ := strings.Cut(strings.ToLower(scheme), "+")
	switch service {
	case "bark", "discord", "generic", "gotify", "join", "lark", "matrix", "ntfy", "opsgenie",
		"pushbullet", "pushover", "slack", "smtp", "teams", "telegram", "zulip":
		return true
	}
	return false
}

// address is a URL in an error. A service often puts parts of its secret into one
// that it makes itself, so that only scheme and host may be shown.
var address = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s"'<>` + "`" + `]+`)

// redact shows of a URL no more than scheme and host, and not even the host where
// that could be a secret.
func redact(found string) string {
	u, err := url.Parse(found)
	if err != nil {
		scheme, _, _ := strings.Cut(found, "://")
		return scheme + "://…"
	}
	if u.Scheme != "http" && u.Scheme != "https" { // shoutrrr's own: a token may stand anywhere
		return u.Scheme + "://…"
	}
	return u.Scheme + "://" + u.Host + "/…"
}

// scrub takes whatever could be a secret out of an error: the channel's URL, its
// parts, and every URL that a service has made of them.
func scrub(err error, to string) error {
	if err == nil {
		return nil
	}
	said := strings.ReplaceAll(err.Error(), to, redact(to))
	said = address.ReplaceAllStringFunc(said, redact)
	for _, p := range secrets(to) {
		said = strings.ReplaceAll(said, p, "…")
	}
	return errors.New(probe.Quote([]byte(said)))
}

// secrets lists the parts of a URL that could be one, the longest first, each as it
// stands and as it may have been written by a library.
func secrets(to string) []string {
	_, rest, _ := strings.Cut(to, "://")
	if u, err := url.Parse(to); err == nil {
		if u.Scheme == "http" || u.Scheme == "https" || strings.Contains(u.Hostname(), ".") { // that is where it is, no token
			rest = strings.Replace(rest, u.Host, "", 1)
		}
	}
	parts := []string{rest}
	for _, sep := range []string{"/?#@&=:", "/?#@&=:,;.-_+"} { // some tokens are several, joined
		parts = append(parts, strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(sep, r) })...)
	}
	for _, p := range parts {
		if plain, err := url.PathUnescape(p); err == nil {
			parts = append(parts, plain, url.PathEscape(plain), url.QueryEscape(plain))
		}
	}
	parts = slices.DeleteFunc(parts, func(p string) bool { return len(p) < shortest })
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(parts)
}

// shortest is the length from which a part is taken for a secret: a shorter one says
// little, and would tear ordinary words apart.
const shortest = 4
