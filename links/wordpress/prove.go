package wordpress

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

// maxPage is how much of a page is read, in bytes.
const maxPage = 2 << 20

func (l *link) Prove(ctx context.Context) chain.Proof {
	var figures []chain.Figure
	steps := []struct {
		name string
		try  func(context.Context) *chain.Proof
	}{{"front", l.front}, {"post", l.known}, {"rest", l.rest}, {"trackback", l.trackback}}
	for _, s := range steps {
		began := time.Now()
		if broken := s.try(ctx); broken != nil {
			broken.Figures = figures
			return *broken
		}
		figures = append(figures, chain.Figure{Name: s.name, Value: time.Since(began).Seconds(), Unit: "s"})
	}
	because := chain.Say("wordpress.holds", "url", l.site.String())
	if l.post != nil {
		because = chain.Say("wordpress.holds_post", "url", l.site.String(), "post", l.post.Path)
	}
	p := chain.Held(because)
	p.Figures = figures
	return p
}

// get asks for a page. What WordPress shows in place of one is broken already.
func (l *link) get(ctx context.Context, u *url.URL) (probe.Answer, *chain.Proof) {
	a, err := probe.Do(ctx, probe.Request{URL: u, Connect: l.settings.Connect, MaxBody: maxPage})
	if err != nil {
		where := l.settings.Connect
		if where == "" {
			where = probe.Address(u)
		}
		p := probe.Broke(ctx, err, where)
		return a, &p
	}
	return a, recognise(u, a)
}

// broke makes a broken proof that quotes the answer.
func broke(cause, key string, u *url.URL, a probe.Answer, pairs ...any) *chain.Proof {
	pairs = append([]any{"url", u.String(), "status", a.Status}, pairs...)
	p := chain.Broke(cause, chain.Say("wordpress."+key, pairs...), chain.Say("wordpress."+key+"_hint", pairs...))
	p.Evidence = []string{fmt.Sprintf("%s: HTTP %d, %d bytes: %s", u.Path, a.Status, len(a.Body), probe.Quote(text(a.Body)))}
	return &p
}

func (l *link) front(ctx context.Context) *chain.Proof {
	a, broken := l.get(ctx, l.site)
	switch {
	case broken != nil:
		return broken
	case a.Status != 200:
		return broke("http_status", "status", l.site, a)
	}
	return nil
}

// known proves a post by its own content: the front page alone says too little.
func (l *link) known(ctx context.Context) *chain.Proof {
	if l.post == nil {
		return nil
	}
	a, broken := l.get(ctx, l.post)
	switch {
	case broken != nil:
		return broken
	case a.Status == 404:
		return broke("content_missing", "no_post", l.post, a)
	case a.Status != 200:
		return broke("http_status", "status", l.post, a)
	case l.settings.Contains != "" && !says(a.Body, l.settings.Contains):
		return broke("content_missing", "not_in_post", l.post, a, "text", l.settings.Contains)
	}
	if l.settings.Comments {
		if missing := commentForm(a.Body); missing != "" {
			return broke("comment_form", "comment_form", l.post, a, "missing", missing)
		}
	}
	if l.settings.Share {
		if missing := shareButtons(a.Body, l.settings.Contains); missing != "" {
			return broke("share_buttons", "share", l.post, a, "missing", missing)
		}
	}
	return nil
}

// rest asks the API for its newest post.
func (l *link) rest(ctx context.Context) *chain.Proof {
	if !l.settings.REST {
		return nil
	}
	u := *l.site
	u.RawQuery = "rest_route=/wp/v2/posts&per_page=1&_fields=id,link"
	a, broken := l.get(ctx, &u)
	if broken != nil {
		return broken
	}
	var posts []struct {
		ID int `json:"id"`
	}
	switch {
	case a.Status != 200:
		return broke("rest", "rest_status", &u, a)
	case json.Unmarshal(a.Body, &posts) != nil:
		return broke("rest", "rest_garbage", &u, a)
	case len(posts) == 0 && l.post != nil:
		return broke("content_missing", "rest_empty", &u, a)
	}
	return nil
}

// trackback calls the post's trackback URL with nothing to say: WordPress refuses
// that in XML, which proves that it listens, and leaves nothing behind.
func (l *link) trackback(ctx context.Context) *chain.Proof {
	if !l.settings.Trackback {
		return nil
	}
	u := l.post.JoinPath("trackback/")
	a, err := probe.Do(ctx, probe.Request{Method: "POST", URL: u, Connect: l.settings.Connect, Body: "title=", MaxBody: maxPage})
	if err != nil {
		p := probe.Broke(ctx, err, probe.Address(u))
		return &p
	}
	if broken := recognise(u, a); broken != nil {
		return broken
	}
	// Without a URL it redirects to the post; an old version answers in XML.
	if !bytes.Contains(a.Body, []byte("<response>")) && (a.Status < 300 || a.Status > 399) {
		return broke("trackback", "trackback", u, a)
	}
	return nil
}

// says reports whether a page shows a text, whatever its entities and quotes.
func says(page []byte, want string) bool {
	plain := func(s string) string {
		return strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`, "\u00a0", " ").Replace(html.UnescapeString(s))
	}
	return bytes.Contains(page, []byte(want)) || strings.Contains(plain(string(page)), plain(want))
}
