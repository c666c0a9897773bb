package wordpress

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

// faces are what WordPress shows in place of a site. Where the language pack leaves
// a text in English, the English one is all there is.
var faces = []struct {
	cause, key string
	says       []string
}{
	{"db_error", "db_error", []string{"Error establishing a database connection", "データベース接続確立エラー"}},
	{"php_fatal", "fatal", []string{
		"There has been a critical error on this website", "このサイトで重大なエラーが発生しました",
		"<b>Fatal error</b>", "<b>Parse error</b>", "Fatal error: Uncaught", "PHP Parse error", // as PHP itself says it
	}},
	{"maintenance", "maintenance", []string{
		"Briefly unavailable for scheduled maintenance", "現在メンテナンス中のため",
	}},
	{"upgrade_needed", "upgrade", []string{"Database Update Required", "データベースの更新が必要です"}},
	{"not_installed", "not_installed", []string{`wp-admin/setup-config.php`, `<form id="setup" method="post" action="`}},
}

// errorPage is how each page begins that wp_die makes. No post can have it.
const errorPage = `<body id="error-page">`

// short is the length of a page, in bytes, below which it is no site's.
const short = 8 << 10

// recognise names what came in place of a page, nil for nothing of the kind. A post
// may quote any of the texts: they count only where a page is short or has failed,
// or from where on it is WordPress's own error page.
func recognise(u *url.URL, a probe.Answer) *chain.Proof {
	if to := a.Header.Get("Location"); a.Status >= 300 && a.Status <= 399 && to != "" {
		return recogniseRedirect(u, a, to)
	}
	suspect := a.Body
	died := bytes.Index(a.Body, []byte(errorPage))
	switch {
	case a.Status != 200 || len(a.Body) < short:
	case died >= 0:
		suspect = a.Body[died:]
	case !a.More && brokenOff(a.Body):
		return broke("cut_off", "cut_off", u, a)
	default:
		return nil
	}
	for _, f := range faces {
		for _, text := range f.says {
			if bytes.Contains(suspect, []byte(text)) {
				return broke(f.cause, f.key, u, a)
			}
		}
	}
	switch {
	case a.Status == 503 && a.Header.Get("Retry-After") != "":
		return broke("maintenance", "maintenance", u, a)
	case a.Status == 502:
		return broke("bad_gateway", "bad_gateway", u, a)
	case a.Status == 504:
		return broke("gateway_timeout", "gateway_timeout", u, a)
	case a.Status >= 500:
		return broke("http_status", "status", u, a)
	case died >= 0 && a.Status == 200:
		return broke("error_page", "error_page", u, a)
	case len(bytes.TrimSpace(a.Body)) == 0 && a.Status == 200:
		return broke("empty_page", "empty", u, a)
	}
	return nil
}

func recogniseRedirect(u *url.URL, a probe.Answer, to string) *chain.Proof {
	next, err := u.Parse(to)
	if err != nil {
		return broke("redirect", "redirect", u, a, "to", to)
	}
	switch {
	case strings.HasSuffix(next.Path, "wp-admin/install.php"), strings.HasSuffix(next.Path, "wp-admin/setup-config.php"):
		return broke("not_installed", "not_installed", u, a)
	case strings.HasSuffix(next.Path, "wp-admin/upgrade.php"):
		return broke("upgrade_needed", "upgrade", u, a)
	case next.String() == u.String():
		return broke("redirect_loop", "redirect_loop", u, a)
	}
	return broke("redirect", "redirect", u, a, "to", to)
}

// brokenOff: a page that has begun and does not end. PHP ends so when it fails in the
// midst of one; it may have printed why, and mostly is told not to.
func brokenOff(page []byte) bool {
	begin, end := page[:min(len(page), 1<<10)], page[len(page)-min(len(page), short):]
	return bytes.Contains(bytes.ToLower(begin), []byte("<html")) && !bytes.Contains(bytes.ToLower(end), []byte("</html"))
}

// shareLinks are the addresses that share buttons lead to.
var shareLinks = []struct {
	name string
	link *regexp.Regexp
}{
	{"X", regexp.MustCompile(`href=["']?https://(x|twitter)\.com/(intent/(tweet|post)|share)`)},
	{"Facebook", regexp.MustCompile(`href=["']?https://(www\.)?facebook\.com/(sharer|share\.php)`)},
	{"LINE", regexp.MustCompile(`href=["']?https://(social-plugins\.line\.me/lineit/share|(www\.)?line\.me/R/)`)},
	{"Hatena Bookmark", regexp.MustCompile(`href=["']?https://b\.hatena\.ne\.jp/(entry|add)`)},
}

// someText is how much text, in characters, is more than two rows of buttons.
const someText = 100

// shareButtons says which buttons a post lacks: each is to stand twice, with the
// post between. That is known by its content, or by there being something to read:
// what an owner gave as content may be the title.
func shareButtons(page []byte, content string) (missing []string) {
	page = page[bodyOf(page):]
	for _, s := range shareLinks {
		all := s.link.FindAllIndex(page, -1)
		if len(all) >= 2 {
			_, between, _ := bytes.Cut(page[all[0][1]:all[len(all)-1][0]], []byte(">"))
			if content != "" && says(between, content) || utf8.RuneCountInString(plain(text(between))) >= someText {
				continue
			}
		}
		missing = append(missing, s.name)
	}
	return missing
}
