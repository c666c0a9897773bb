package wordpress

import (
	"bytes"
	"cmp"
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
		try  func(context.Context) *chain.Proof // nil if all is well
	}{{"front", l.front}, {"post", l.known}, {"rest", l.rest}}
	for _, s := range steps {
		began := time.Now()
		if bad := s.try(ctx); bad != nil {
			bad.Figures = figures
			return *bad
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
	a, broken := l.do(ctx, probe.Request{URL: u})
	if broken == nil {
		broken = recognise(u, a)
	}
	return a, broken
}

func (l *link) do(ctx context.Context, q probe.Request) (probe.Answer, *chain.Proof) {
	q.Connect, q.MaxBody = l.settings.Connect, maxPage
	a, err := probe.Do(ctx, q)
	if err != nil {
		p := probe.Broke(ctx, err, cmp.Or(q.Connect, probe.Address(q.URL)))
		return a, &p
	}
	return a, nil
}

// broke makes a broken proof that quotes the answer.
func broke(cause, key string, u *url.URL, a probe.Answer, pairs ...any) *chain.Proof {
	pairs = append([]any{"url", u.String(), "status", a.Status}, pairs...)
	p := chain.Broke(cause, chain.Say("wordpress."+key, pairs...), chain.Say("wordpress."+key+"_hint", pairs...))
	begin := a.Body[bodyOf(a.Body):]
	begin = begin[:min(len(begin), 16<<10)] // a line of it is enough
	line := fmt.Sprintf("%s: HTTP %d, %d bytes", u.Path, a.Status, len(a.Body))
	if said := strings.Join(strings.Fields(text(begin)), " "); said != "" {
		line += ": " + said
	} else if to := a.Header.Get("Location"); to != "" {
		line += ", to " + to
	}
	p.Evidence = []string{probe.Quote([]byte(line))}
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
	case broken != nil && broken.Cause == "redirect":
		return broke("redirect", "post_redirect", l.post, a, "to", a.Header.Get("Location"))
	case broken != nil:
		return broken
	case a.Status == 404 || a.Status == 410:
		return broke("content_missing", "no_post", l.post, a)
	case a.Status != 200:
		return broke("http_status", "status", l.post, a)
	case l.settings.Contains != "" && !says(a.Body, l.settings.Contains):
		return broke("content_missing", "not_in_post", l.post, a, "text", l.settings.Contains)
	}
	if l.settings.Comments {
		missing, there := commentForm(a.Body)
		if !there {
			return broke("comment_form", "no_comment_form", l.post, a)
		}
		if len(missing) > 0 {
			return broke("comment_form", "comment_form", l.post, a, "missing", strings.Join(missing, ", "))
		}
	}
	if l.settings.Share {
		if missing := shareButtons(a.Body, l.settings.Contains); len(missing) > 0 {
			return broke("share_buttons", "share", l.post, a, "missing", strings.Join(missing, ", "))
		}
	}
	if l.settings.Trackback {
		return l.trackback(ctx, a)
	}
	return nil
}

// rest asks the API for its newest post. None at all is a loss where there was one,
// and else proves nothing of the content: the table of the posts may be gone, which
// WordPress does not tell.
func (l *link) rest(ctx context.Context) *chain.Proof {
	if !l.settings.REST {
		return nil
	}
	u := *l.site
	u.RawQuery = "rest_route=/wp/v2/posts&per_page=1&_fields=id,link"
	a, broken := l.get(ctx, &u)
	if broken != nil && broken.Cause != "redirect" {
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
	case len(posts) > 0 && posts[0].ID > 0:
		l.seen = true
		return nil
	case l.post != nil || l.seen:
		return broke("content_missing", "rest_empty", &u, a)
	}
	p := chain.Untried(chain.Say("wordpress.no_posts", "url", l.site.String()), chain.Say("wordpress.no_posts_hint"))
	return &p
}

// trackback calls the post's trackback URL with nothing to say: WordPress sends that
// back to the post, which proves that it listens, and leaves nothing behind. It does
// so for a post that takes none, too: whether this one does shows in the post.
func (l *link) trackback(ctx context.Context, post probe.Answer) *chain.Proof {
	u := trackbackURL(l.site, l.post)
	if post.Header.Get("X-Pingback") == "" && !bytes.Contains(post.Body, []byte(html.EscapeString(u.String()))) {
		return broke("trackback", "trackback_closed", l.post, post)
	}
	a, broken := l.do(ctx, probe.Request{Method: "POST", URL: u, Body: "title="})
	if broken != nil {
		return broken
	}
	if to, err := u.Parse(a.Header.Get("Location")); err == nil && a.Status >= 300 && a.Status <= 399 && to.Path == l.post.Path && to.RawQuery == l.post.RawQuery {
		return nil
	}
	if broken := recognise(u, a); broken != nil && broken.Cause != "redirect" {
		return broken
	}
	if bytes.Contains(a.Body, []byte("<response>")) { // as versions before 3.0 and plug-ins answer
		return nil
	}
	return broke("trackback", "trackback", u, a)
}

// trackbackURL is where WordPress has it: below the post, or, with permalinks such
// as ?p=4, beside the front page.
func trackbackURL(site, post *url.URL) *url.URL {
	if p := post.Query().Get("p"); p != "" {
		u := site.JoinPath("wp-trackback.php")
		u.RawQuery = url.Values{"p": {p}}.Encode()
		return u
	}
	u := post.JoinPath("trackback/")
	u.RawQuery = ""
	return u
}
