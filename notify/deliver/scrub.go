package deliver

import (
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
	// Made plain first: nothing is put together that was apart when it was looked for.
	said := plain(err.Error())
	said = strings.ReplaceAll(said, plain(to), redact(to))
	said = address.ReplaceAllStringFunc(said, redact)
	for _, p := range parts {
		said = strings.ReplaceAll(said, p, "…")
	}
	said = probe.Quote([]byte(said))
	if slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(said, p) }) {
		return errors.New(lang.Text("notify.hidden"))
	}
	return errors.New(said)
}

// plain is text as probe.Quote shows it, but whole.
func plain(s string) string { return strings.Join(strings.Fields(words.Clean(s)), " ") }

// secrets lists the parts of a URL that could be one, the longest first, each as it
// stands and as it may have been written by a library.
func secrets(to string) []string {
	scheme, rest, _ := strings.Cut(to, "://")
	if u, err := url.Parse(to); err == nil && hosted(scheme) && (strings.Contains(u.Hostname(), ".") || u.Hostname() == "localhost") {
		user, after, _ := strings.Cut(rest, u.Host)
		rest = user + "/" + after
	}
	parts := []string{rest}
	for _, sep := range []string{"/?#@&=:", "/?#@&=:,;.-_+"} { // some tokens are several, joined
		parts = append(parts, strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(sep, r) })...)
	}
	for _, p := range parts {
		if clear, err := url.PathUnescape(p); err == nil {
			parts = append(parts, clear, url.PathEscape(clear), url.QueryEscape(clear))
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
