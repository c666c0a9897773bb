// Package notify carries messages out: each once to each channel, in order, with
// retries, over restarts.
package notify

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Settings are the section notify of a configuration.
type Settings struct {
	Channels []Channel `yaml:"channels" doc:"where messages go"`
}

// Channel is one place to which messages go: by a shoutrrr URL or a plain webhook.
// Either may be a reference in place of the URL itself, which often is a secret.
type Channel struct {
	Name    string `yaml:"name" json:"name" doc:"what the channel is called"`
	URL     string `yaml:"url" json:"url,omitempty" doc:"a shoutrrr URL, or where one is: file:PATH, env:NAME or credential:NAME"`
	Webhook string `yaml:"webhook" json:"webhook,omitempty" doc:"an http or https URL that takes JSON by POST, or where one is"`
	// Spare channels are used while no other is known to reach the owner.
	Spare  bool   `yaml:"spare" json:"spare,omitempty" doc:"whether it is used only while no other channel is confirmed, or one does not answer"`
	Letter bool   `yaml:"letter" json:"letter,omitempty" doc:"whether it gets the weekly letter; where none says so, the mails do"`
	Lang   string `yaml:"lang" json:"lang,omitempty" doc:"the language of its messages; by default the owner's" enum:"en,ja"`
}

// Check says what is wrong with settings.
func (s *Settings) Check() (bad []*chain.SettingError) {
	wrong := func(i int, field, key string, pairs ...any) {
		bad = append(bad, &chain.SettingError{Field: fmt.Sprintf("channels[%d].%s", i, field), Text: chain.Say(key, pairs...)})
	}
	seen := map[string]bool{}
	for i, c := range s.Channels {
		switch {
		case c.Name == "":
			wrong(i, "name", "notify.no_name")
		case seen[c.Name]:
			wrong(i, "name", "notify.twice", "name", c.Name)
		}
		seen[c.Name] = true
		if (c.URL == "") == (c.Webhook == "") {
			wrong(i, "url", "notify.one_of")
		}
		if u, err := url.Parse(c.URL); c.URL != "" && !Reference(c.URL) && (err != nil || u.Scheme == "") {
			wrong(i, "url", "notify.bad_url")
		}
		if u, err := url.Parse(c.Webhook); c.Webhook != "" && !Reference(c.Webhook) && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			wrong(i, "webhook", "notify.bad_webhook")
		}
	}
	return bad
}

// Reference reports whether s says where a URL is, rather than being one.
func Reference(s string) bool {
	where, name, _ := strings.Cut(s, ":")
	return name != "" && (where == "file" && !strings.HasPrefix(name, "//") || where == "env" || where == "credential")
}

// Message is what a channel is told.
type Message struct {
	Event    string    `json:"event"`
	Incident string    `json:"incident,omitempty"`
	At       time.Time `json:"at"`
	Lang     string    `json:"lang"`
	Title    string    `json:"title"`
	Body     string    `json:"body"`
	// Page is the same as HTML, for those who can show it; "" for none. Light says that it
	// may stay away where messages are counted.
	Page  string `json:"page,omitempty"`
	Light bool   `json:"light,omitempty"`
	// Only says that it is for the reader of this channel alone.
	Only bool `json:"only,omitempty"`
	// Answer says how it is answered. It is said in a mail alone, and only if that comes from
	// one of Boxes, the addresses or names of mailboxes that are read, a line each.
	Answer string `json:"answer,omitempty"`
	Boxes  string `json:"boxes,omitempty"`
}

// maxText bounds a title and a body, in bytes: a message may be made of what others
// have written.
const maxText = 8 << 10

// maxPage bounds a page, in bytes.
const maxPage = 64 << 10

func (m Message) bounded() Message {
	m.Title, m.Body, m.Answer = cut(m.Title), cut(m.Body), cut(m.Answer)
	if len(m.Page) > maxPage { // half a page is worse than none
		m.Page = ""
	}
	return m
}

func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}

// Job is what the program that delivers is given on its standard input: nothing of
// it may stand in a command line, where every user could read it.
type Job struct {
	Channel Channel `json:"channel"`
	Message Message `json:"message"`
}

// Result is what that program answers.
type Result struct {
	// Error is empty if the message was taken. It never holds the channel's URL.
	Error string `json:"error,omitempty"`
}
