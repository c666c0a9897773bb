package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

var (
	aToken   = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
	anAnswer = regexp.MustCompile(`name="sure" value="([^"]+)"`)
	aDraft   = regexp.MustCompile(`http://127\.0\.0\.1/wp-admin/post\.php\?post=[0-9]+`)
)

// postMortem has the server's guard draft what it found and did to the blog that it has
// saved: on its page, as the owner would, and by the same forms.
func (s *stage) postMortem() {
	id := ""
	for _, i := range s.status("server").Incidents {
		if len(i.Deeds) > 0 {
			id = i.ID
			break // the newest comes first
		}
	}
	if id == "" {
		s.must("post-mortem", errors.New("there is no incident to write of"))
	}
	var link struct {
		URL string `json:"url"`
	}
	out := s.sure("server", "", "page", "--json")
	s.must("page", json.Unmarshal([]byte(out[:strings.LastIndex(out, "}")+1]), &link))
	in, err := url.Parse(link.URL)
	s.must("page", err)
	jar, err := cookiejar.New(nil)
	s.must("page", err)
	client := http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, "server", "127.0.0.1:4649") },
	}}
	base := in.Scheme + "://" + in.Host
	ask := func(to string, form url.Values) string {
		method, body := http.MethodGet, io.Reader(nil)
		if form != nil {
			method, body = http.MethodPost, strings.NewReader(form.Encode())
		}
		r, err := http.NewRequestWithContext(s.ctx, method, to, body)
		s.must("page", err)
		r.Header.Set("Accept-Language", string(s.lang))
		r.Header.Set("Origin", base)
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		res, err := client.Do(r)
		s.must("page", err)
		defer res.Body.Close()
		b, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
		s.must("page", err)
		if res.StatusCode != http.StatusOK {
			s.must("page", fmt.Errorf("%s: %s: %.2000s", to, res.Status, b))
		}
		return string(b)
	}
	ask(base+in.Path, in.Query()) // the link's button
	at := base + "/incident/" + url.PathEscape(id)
	question := ask(at+"/draft", nil)
	token, sure := aToken.FindStringSubmatch(question), anAnswer.FindStringSubmatch(question)
	if token == nil || sure == nil {
		s.must("page", errors.New("the page does not offer a draft"))
	}
	said := ask(at+"/draft", url.Values{"csrf": {token[1]}, "sure": {sure[1]}})
	edit := ""
	s.soon(10*time.Second, func() bool { // the journal does not wait for the disk
		for _, l := range s.records("server") {
			if found := aDraft.FindString(l.Said); found != "" {
				edit = found
			}
		}
		return edit != ""
	})
	if edit == "" {
		s.must("post-mortem", fmt.Errorf("not drafted: %.3000s", said))
	}
	s.did("report", s.lang.Text("week.did_report"), s.lang.Text("week.proof_wordpress", "edit", edit), true)
}
