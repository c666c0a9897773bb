package wordpress

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/words"
)

// A post may speak of any fault, which is none then; a fault is one on any page.
func TestRecognise(t *testing.T) {
	long := "<!DOCTYPE html><html><head></head><body>" + strings.Repeat("<p>A paragraph.</p>", short/8)
	const end = "</body></html>"
	for name, c := range map[string]struct {
		status int
		page   string
		cause  string
	}{
		"a page":                     {200, long + end, ""},
		"a short page":               {200, "<html><body>Hello</body></html>", ""},
		"a post on databases":        {200, long + "<h1>Error establishing a database connection</h1>" + end, ""},
		"a post on PHP":              {200, long + "<br />\n<b>Fatal error</b>:  Uncaught Error" + end, ""},
		"no database":                {500, "<html><body id=\"error-page\"><h1>Error establishing a database connection</h1></body></html>", "db_error"},
		"no database, and a 200":     {200, "<html><body><h1>データベース接続確立エラー</h1></body></html>", "db_error"},
		"no database, long":          {503, long + "Error establishing a database connection" + end, "db_error"},
		"an error below a page":      {200, long + "<html><body id=\"error-page\"><p>There has been a critical error on this website.</p></body></html>", "php_fatal"},
		"a fatal error in a page":    {200, long + "<br />\n<b>Fatal error</b>:  Uncaught Error: x in /x.php:2\n", "cut_off"},
		"a fatal error alone":        {200, "<br />\n<b>Parse error</b>:  syntax error in <b>/x.php</b> on line <b>2</b><br />\n", "php_fatal"},
		"a page that breaks off":     {200, long, "cut_off"},
		"another who is unavailable": {503, "<html><body>busy</body></html>", "http_status"},
		"spaces":                     {200, " \n\t\n", "empty_page"},
	} {
		u := &url.URL{Scheme: "https", Host: "blog.test", Path: "/"}
		got := ""
		if p := recognise(u, probe.Answer{Status: c.status, Header: http.Header{}, Body: []byte(c.page)}); p != nil {
			got = p.Cause
		}
		if got != c.cause {
			t.Errorf("%s: %q, want %q", name, got, c.cause)
		}
	}
}

func TestSays(t *testing.T) {
	const page = `<html><head><title>a title</title><meta name="description" content="a description"></head>
<BODY class="x"><!-- a comment > here --><script>var a = "a script";</script><style>.a{content:"a style"}</style>
<p>It&#8217;s &#8220;so&#8221; &#8212; a <b>sen</b>tence&#8230; that
goes on&nbsp;and 2 &lt; 3 &amp; 4</p><p>日本語の
文です。</p></BODY></html>`
	for want, there := range map[string]bool{
		"It's \"so\" -- a sentence...": true, "It’s “so” —": true, "that goes on and": true, "2 < 3 & 4": true, "2 &lt; 3": true,
		"日本語の文です。": true, "a title": false, "a description": false, "a comment": false, "a script": false, "a style": false,
		"another sentence": false,
	} {
		if got := says([]byte(page), want); got != there {
			t.Errorf("%q: %v", want, got)
		}
	}
}

func TestCommentFormHoweverQuoted(t *testing.T) {
	const form = `<form action="https://blog.test/wp-comments-post.php" method="post"><p><span id="email-notes">Your email address will not be published.</span></p>` +
		`<textarea id="comment" name="comment" required></textarea><label for="author">Name <span class="required">*</span></label>` +
		`<input id="author" name="author" required /><label for="email">Email <span class="required">*</span></label><input name="email" aria-required='true' /></form>`
	for _, page := range []string{form, strings.ReplaceAll(form, `"`, `'`), strings.NewReplacer(`"`, "", " class=required", "").Replace(form), strings.ReplaceAll(form, `<span class="required">*</span>`, "（必須）")} {
		if missing, there := commentForm([]byte(page)); !there || len(missing) > 0 {
			t.Errorf("lacks %v of\n%s", missing, page)
		}
	}
	if _, there := commentForm([]byte(`<form action="/search"><input name="comment"></form>`)); there {
		t.Error("a search is taken for a comment form")
	}
	// What is required elsewhere on the page does not count.
	missing, _ := commentForm([]byte(strings.ReplaceAll(form, " required />", " />") + `<form><input name="author" required></form>`))
	if strings.Join(missing, ", ") != "author (required)" {
		t.Errorf("lacks %v", missing)
	}
}

// FuzzPage: whatever a page is, all that is asked of it ends, and what is told is
// whole and clean.
func FuzzPage(f *testing.F) {
	for _, page := range []string{
		"<html><body id=\"error-page\"><h1>Error establishing a database connection</h1></body></html>",
		"<!DOCTYPE html><html><head><title>x</title></head><BODY><script>a</script ><p>text</p><!-- c --></body></html>",
		"<form id=\"setup\" method=\"post\" action=\"?step=1\">", "<body", "<", "<!--", "<script><script>", "<style", "&#x110000;&#0;&amp",
		`<form action="/wp-comments-post.php"><input name=author required><label for=email>*</label>`,
		strings.Repeat(`<a href="https://x.com/intent/post?url=x">X</a>`, 2), "[{\"id\":4}]", "\xff\xfe\x00",
	} {
		f.Add(200, page, "", "a text")
		f.Add(503, page, "120", "")
	}
	f.Add(302, "", "https://blog.test/wp-admin/install.php", "")
	f.Add(301, "", "//[", "")
	u := &url.URL{Scheme: "https", Host: "blog.test", Path: "/p/"}
	f.Fuzz(func(t *testing.T, status int, page, location, want string) {
		a := probe.Answer{Status: status, Header: http.Header{"Location": {location}, "Retry-After": {location}}, Body: []byte(page)}
		if p := recognise(u, a); p != nil {
			if p.Verdict != chain.Broken || p.Cause == "" || !words.Has(p.Because.Key) || !words.Has(p.Hint.Key) {
				t.Errorf("says too little: %+v", p)
			}
			for _, e := range p.Evidence {
				if len(e) > 1024 || e != words.Clean(e) || e == "" {
					t.Errorf("evidence %q", e)
				}
			}
		}
		if at := bodyOf(a.Body); at < 0 || at > len(page) {
			t.Errorf("the body is at %d of %d", at, len(page))
		}
		if says(nil, want) && plain(want) != "" {
			t.Errorf("nothing says %q", want)
		}
		_ = says(a.Body, want)
		commentForm(a.Body)
		if missing := shareButtons(a.Body, want); len(page) < 20 && len(missing) != len(shareLinks) {
			t.Errorf("%q has buttons", page)
		}
	})
}

// A page that was made to be slow is not: with a quadratic reader this does not end.
func TestSlowPages(t *testing.T) {
	for _, piece := range []string{"<script", "<!--", "<", "<body", "<a ", "&", "<input ", "<form ", "<label for=", "--", "<style></style", `href="https://x.com/share" `} {
		page := []byte(strings.Repeat(piece, maxPage/8/len(piece)))
		u := &url.URL{Scheme: "https", Host: "blog.test", Path: "/"}
		recognise(u, probe.Answer{Status: 500, Header: http.Header{}, Body: page})
		says(page, "a text")
		commentForm(page)
		shareButtons(page, "a text")
	}
}
