// Package wordpress is the kind "wordpress": visitors see the site, and a known post
// shows its own content.
//
// A front page that answers 200 is no proof: it does so with the posts table gone.
package wordpress

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

type settings struct {
	URL       string   `yaml:"url" doc:"the site's address"`
	Connect   string   `yaml:"connect" doc:"host:port to connect to, in place of the URL's own"`
	Post      string   `yaml:"post" doc:"the URL or path of a post that is known"`
	Contains  string   `yaml:"post_contains" doc:"a text that stands in that post"`
	REST      bool     `yaml:"rest" doc:"whether the REST API is asked too"`
	Comments  bool     `yaml:"comments" doc:"whether the post's comment form is to be complete"`
	Trackback bool     `yaml:"trackback" doc:"whether the post's trackback URL is to answer"`
	Services  []string `yaml:"services" doc:"services whose logs tell why a page fails, PHP's and the web server's; none is started for it"`
	Share     bool     `yaml:"share" doc:"whether the post is to have share buttons above and below it"`
}

const example = `url: https://blog.example.org/
post: /2017/08/02/diary20170802/
post_contains: a sentence of that post
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("wordpress", example, settings{REST: true}, build)
	k.Beat, k.Timeout = "30s", "15s"
	return k
}

func build(s settings, _ chain.Place) (chain.Prover, error) {
	var bad []error
	wrong := func(field, key, value string) {
		bad = append(bad, &chain.SettingError{Field: field, Text: chain.Say(key, "value", value)})
	}
	l := &link{settings: s}
	var err error
	l.site, err = url.Parse(s.URL)
	if err != nil || l.site.Hostname() == "" || l.site.Scheme != "http" && l.site.Scheme != "https" || l.site.User != nil {
		wrong("url", "wordpress.bad_url", s.URL)
		l.site = &url.URL{}
	}
	if !strings.HasSuffix(l.site.Path, "/") {
		l.site.Path += "/"
	}
	if s.Post != "" {
		l.post, err = l.site.Parse(strings.TrimSpace(s.Post))
		if err != nil || l.post.Host != l.site.Host || l.post.Scheme != l.site.Scheme || l.post.User != nil || l.post.String() == l.site.String() {
			wrong("post", "wordpress.bad_post", s.Post)
		}
	}
	if s.Connect != "" {
		if _, port, err := net.SplitHostPort(s.Connect); err != nil || port == "" {
			wrong("connect", "wordpress.bad_address", s.Connect)
		}
	}
	if s.Post == "" && !s.REST {
		wrong("post", "wordpress.front_alone", "")
	}
	if s.Post == "" {
		for field, set := range map[string]bool{
			"post_contains": s.Contains != "", "comments": s.Comments, "trackback": s.Trackback, "share": s.Share,
		} {
			if set {
				wrong(field, "wordpress.needs_post", field)
			}
		}
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	return l, nil
}

type link struct {
	settings   settings
	site, post *url.URL
	// seen is set once the API has had a post.
	seen bool
}
