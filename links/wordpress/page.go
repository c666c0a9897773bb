package wordpress

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"

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
		"There has been a critical error on this website", "このサイトで重大なエラーが発生しました", "<b>Fatal error</b>", "<b>Parse error</b>", "PHP Fatal error",
	}},
	{"maintenance", "maintenance", []string{
		"Briefly unavailable for scheduled maintenance", "現在メンテナンス中のため",
	}},
	{"upgrade_needed", "upgrade", []string{"Database Update Required", "データベースの更新が必要です"}},
	{"not_installed", "not_installed", []string{"wp-admin/setup-config.php", "id=\"setup\" method=\"post\" action=\"install.php"}},
}

// recognise names what came in place of a page, nil for nothing of the kind. A text
// counts only where a page is short or has failed: a post may quote any of them.
func recognise(u *url.URL, a probe.Answer) *chain.Proof {
	if to := a.Header.Get("Location"); a.Status >= 300 && a.Status <= 399 && to != "" {
		switch {
		case strings.Contains(to, "wp-admin/install.php"), strings.Contains(to, "wp-admin/setup-config.php"):
			return broke("not_installed", "not_installed", u, a)
		case strings.Contains(to, "wp-admin/upgrade.php"):
			return broke("upgrade_needed", "upgrade", u, a)
		case u.RawQuery == "" && !strings.HasSuffix(u.Path, "/trackback/"):
			return broke("redirect", "redirect", u, a, "to", to)
		}
		return nil
	}
	const short = 8 << 10
	if a.Status != 200 || len(a.Body) < short {
		for _, f := range faces {
			for _, text := range f.says {
				if bytes.Contains(a.Body, []byte(text)) {
					return broke(f.cause, f.key, u, a)
				}
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
	case len(bytes.TrimSpace(a.Body)) == 0 && a.Status == 200:
		return broke("empty_page", "empty", u, a)
	}
	return nil
}

var (
	tags   = regexp.MustCompile(`(?s)<(script|style|head)\b.*?</(script|style|head)>|<[^>]*>`)
	blanks = regexp.MustCompile(`\s+`)
)

// text is what a page says to a reader, roughly.
func text(page []byte) []byte {
	if len(page) > 64<<10 {
		page = page[:64<<10]
	}
	return bytes.TrimSpace(blanks.ReplaceAll(tags.ReplaceAll(page, []byte(" ")), []byte(" ")))
}

// commentForm says what a comment form lacks, "" for nothing: a place for the
// comment, a name and an e-mail address that are required and marked so, and the
// notice that the address is not published.
func commentForm(page []byte) string {
	field := func(name string) []byte {
		return regexp.MustCompile(`(?s)<(input|textarea)\b[^>]*\bname="` + name + `"[^>]*>`).Find(page)
	}
	required := func(tag []byte) bool { return bytes.Contains(tag, []byte("required")) }
	switch {
	case field("comment") == nil:
		return "comment"
	case field("author") == nil || !required(field("author")):
		return "author (required)"
	case field("email") == nil || !required(field("email")):
		return "email (required)"
	case !bytes.Contains(page, []byte(`id="email-notes"`)):
		return "email-notes"
	case !bytes.Contains(page, []byte(`class="required"`)):
		return "required *"
	}
	return ""
}

// shareLinks are the addresses that share buttons lead to.
var shareLinks = []struct{ name, pattern string }{
	{"X", `https://(x|twitter)\.com/(intent/(tweet|post)|share)`},
	{"Facebook", `https://www\.facebook\.com/sharer`},
	{"LINE", `https://(social-plugins\.line\.me/lineit/share|line\.me/R/)`},
	{"Hatena Bookmark", `https://b\.hatena\.ne\.jp/(entry|add)`},
}

// shareButtons says which buttons a post lacks, "" for none: each is to stand twice,
// above and below the post's text.
func shareButtons(page []byte, content string) string {
	middle := -1
	if content != "" {
		middle = bytes.Index(page, []byte(content))
	}
	for _, s := range shareLinks {
		all := regexp.MustCompile(s.pattern).FindAllIndex(page, -1)
		if len(all) < 2 {
			return s.name
		}
		if middle >= 0 && (all[0][0] > middle || all[len(all)-1][0] < middle) {
			return s.name
		}
	}
	return ""
}
