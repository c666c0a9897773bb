package signin

import (
	"crypto/subtle"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/words"
)

// Names of cookies. Over TLS they begin with __Host-, so that no other host and no plain
// connection can set them.
const (
	sessionCookie = "omamori"
	browserCookie = "omamori-browser"
	hostPrefix    = "__Host-"
)

func cookieName(name string, secure bool) string {
	if secure {
		return hostPrefix + name
	}
	return name
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(cookieName(name, callerOf(r).secure))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie keeps a secret in the browser. It is Lax, not Strict: the address of an
// incident opens from a mail too; what acts is guarded by more than cookies.
func setCookie(w http.ResponseWriter, secure bool, name, value string, life time.Duration) {
	age := int(life / time.Second)
	if value == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName(name, secure), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode})
}

// genuine reports whether a POST comes from a page of ours, which the visitor himself
// has open.
func (g *Gate) genuine(r *http.Request, c caller, v Visitor) bool {
	origin := r.Header.Get("Origin")
	site := r.Header.Get("Sec-Fetch-Site")
	if len(r.Header.Values("Origin")) > 1 || origin != "" && !strings.EqualFold(origin, c.origin(r)) {
		return false
	}
	if site != "" && site != "same-origin" {
		return false
	}
	own := strings.HasPrefix(r.URL.Path, "/signin")
	if own && v.CSRF == "" { // he has no session yet: what he brings is his secret
		return origin != "" || site != ""
	}
	given := r.Header.Get("X-Omamori-CSRF")
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); given == "" && err == nil && kind == "application/x-www-form-urlencoded" {
		if r.ParseForm() != nil {
			return false
		}
		given = r.PostForm.Get("csrf")
	}
	if own && given == "" && anew(r.URL.Path) { // signing in anew over an old session
		return origin != "" || site != ""
	}
	return v.CSRF != "" && subtle.ConstantTimeCompare([]byte(given), []byte(v.CSRF)) == 1
}

// anew reports whether a path lets somebody in, or takes his code, whoever was in before.
func anew(path string) bool {
	switch path {
	case "/signin/link", "/signin/code", "/signin/totp", "/signin/confirm", "/signin/passkey/begin", "/signin/passkey/finish":
		return true
	}
	return false
}

// next is where somebody goes who has signed in: a path of the page, whatever was asked.
func next(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || len(s) > 2000 || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") ||
		strings.HasPrefix(s, "/signin") {
		return "/"
	}
	return s
}

func escape(s string) string { return url.QueryEscape(s) }

// plain is text of a request as a journal can take it.
func plain(s string) string { return strings.TrimSpace(words.Clean(s)) }
