package deliver

import (
	"encoding/base64"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/words"
)

// shortest is the length from which a part of a URL is taken for a secret: a shorter
// one says little, and would tear ordinary words apart.
const shortest = 4

// maxSaid is how much of an error is looked at, in bytes.
const maxSaid = 32 << 10

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

// hosted reports whether the host in a URL of that scheme is where a service is. With
// the others a token stands there.
func hosted(scheme string) bool {
	scheme, _, _ = strings.Cut(strings.ToLower(scheme), "+")
	switch scheme {
	case "http", "https", "bark", "generic", "gotify", "lark", "matrix", "mattermost", "opsgenie", "rocketchat", "signal", "smtp":
		return true
	}
	return false
}

// scrub takes whatever could be a secret out of an error: the channel's URL, its
// parts, and every URL that a service has made of them.
func scrub(err error, to string, lang words.Lang) error {
	if err == nil {
		return nil
	}
	parts := secrets(to)
	text, tail := err.Error(), 0
	if len(text) > maxSaid { // it may end within a secret, which escaping has made longer
		text, tail = text[:maxSaid], 3*len(to)
	}
	// Made plain first: nothing is put together that was apart when it was looked for.
	said := plain(text)
	said = strings.ReplaceAll(said, plain(to), redact(to))
	said = address.ReplaceAllStringFunc(said, redact)
	for _, p := range parts {
		said = strings.ReplaceAll(said, p, "…")
	}
	said = probe.Quote([]byte(said[:max(0, len(said)-tail)]))
	if slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(said, p) }) {
		return errors.New(lang.Text("notify.hidden"))
	}
	return errors.New(said)
}

// plain is text as probe.Quote shows it, but whole.
func plain(s string) string { return strings.Join(strings.Fields(words.Clean(s)), " ") }

// setting is the name of a setting in a URL, which is no secret.
var setting = regexp.MustCompile(`([?&])[a-z]{1,20}=`)

// secrets lists the parts of a URL that could be one, the longest first, each as it
// stands and as it may have been written by a library.
func secrets(to string) []string {
	scheme, rest, _ := strings.Cut(to, "://")
	if u, err := url.Parse(to); err == nil && hosted(scheme) && (strings.Contains(u.Hostname(), ".") || u.Hostname() == "localhost") {
		user, after, _ := strings.Cut(rest, u.Host)
		rest = user + "/" + after
	}
	rest = setting.ReplaceAllString(rest, "$1")
	parts := []string{rest}
	split := func(s, separators string) {
		parts = append(parts, strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(separators, r) })...)
	}
	split(rest, "/?#@&=:")
	for _, p := range parts {
		if clear, err := url.QueryUnescape(p); err == nil { // "Bearer a/b" is two
			parts = append(parts, clear)
			split(clear, " ")
		}
		if clear, err := url.PathUnescape(p); err == nil {
			parts = append(parts, clear)
		}
	}
	for _, p := range parts { // some tokens are several, joined
		split(p, "/?#@&=:,;.-_+!|~*$ ")
	}
	for _, p := range parts {
		parts = append(parts, url.PathEscape(p), url.QueryEscape(p))
	}
	if u, err := url.Parse(to); err == nil && u.User != nil { // as HTTP and SMTP write it
		password, _ := u.User.Password()
		for _, login := range []string{u.User.Username() + ":" + password, "\x00" + u.User.Username() + "\x00" + password} {
			parts = append(parts, base64.StdEncoding.EncodeToString([]byte(login)))
		}
	}
	for i := range parts {
		parts[i] = plain(parts[i])
	}
	parts = slices.DeleteFunc(parts, func(p string) bool { return len(p) < shortest })
	slices.SortFunc(parts, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(parts)
}
