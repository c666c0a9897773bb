package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/words"
)

// Settings are the section report of a configuration.
type Settings struct {
	WordPress WordPress `yaml:"wordpress" doc:"the blog where drafts of post-mortems go"`
}

// WordPress is a blog, and who writes in it.
type WordPress struct {
	URL          string `yaml:"url" doc:"the blog's address, such as https://blog.example"`
	User         string `yaml:"user" doc:"who writes: a user's login name"`
	PasswordFile string `yaml:"password_file" doc:"a file, readable by the guard alone, with an application password of that user (wp-admin: Users, Profile)"`
}

// Section is the part of the configuration that says where drafts go.
func Section() config.Section {
	return config.Section{
		Name: "report", Settings: func() any { return &Settings{} },
		Check: func(s any) []*chain.SettingError { return s.(*Settings).Check() },
	}
}

// Check says what is wrong with settings.
func (s *Settings) Check() (bad []*chain.SettingError) {
	w := s.WordPress
	if w == (WordPress{}) {
		return nil
	}
	u, err := url.Parse(w.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		bad = append(bad, &chain.SettingError{Field: "wordpress.url", Text: chain.Say("report.bad_url")})
	}
	if w.User == "" {
		bad = append(bad, &chain.SettingError{Field: "wordpress.user", Text: chain.Say("report.no_user")})
	}
	if !strings.HasPrefix(w.PasswordFile, "/") {
		bad = append(bad, &chain.SettingError{Field: "wordpress.password_file", Text: chain.Say("report.no_password")})
	}
	return bad
}

// loopback: a password goes over the network only where nobody else reads it.
func loopback(host string) bool {
	return host == "127.0.0.1" || host == "::1" || host == "localhost"
}

// Bounds of what a blog may take and say.
const (
	postTime   = 20 * time.Second
	maxAnswer  = 1 << 20
	maxSecret  = 1 << 10
	maxSaidErr = 300
)

// refused is a blog's no.
type refused struct{ status, said string }

func (e *refused) Error() string { return "wordpress: " + e.status + ": " + e.said }

// Said puts the error into words.
func (e *refused) Said() (text, hint chain.Text) {
	return chain.Say("report.refused", "status", e.status, "said", e.said), chain.Say("report.refused_hint")
}

// Draft makes a draft of a post, and returns where it can be edited.
func (w WordPress) Draft(ctx context.Context, title, content string) (edit string, err error) {
	secret, err := readSecret(w.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("read the application password: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, postTime)
	defer cancel()
	body, err := json.Marshal(map[string]string{"title": title, "content": content, "status": "draft"})
	if err != nil {
		return "", err
	}
	base := strings.TrimRight(w.URL, "/")
	// This form of the address needs no rewriting of addresses in the blog's server.
	r, err := http.NewRequestWithContext(ctx, "POST", base+"/?rest_route=/wp/v2/posts", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(w.User, secret)
	// A redirect would carry the password elsewhere.
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		return "", fmt.Errorf("ask the blog: %w", err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("read the blog's answer: %w", err)
	}
	return parseAnswer(base, res.StatusCode, res.Status, b)
}

// parseAnswer reads what the blog said of a new post.
func parseAnswer(base string, code int, status string, b []byte) (edit string, err error) {
	var a struct {
		ID      int64  `json:"id"`
		Message string `json:"message"`
		Status  string `json:"status"`
	}
	bad := json.Unmarshal(b, &a)
	if code != http.StatusCreated || bad != nil || a.ID <= 0 {
		said := words.Clean(a.Message)
		if len(said) > maxSaidErr {
			said = strings.ToValidUTF8(said[:maxSaidErr], "")
		}
		return "", &refused{status, said}
	}
	return fmt.Sprintf("%s/wp-admin/post.php?post=%d&action=edit", base, a.ID), nil
}

func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return "", err
	}
	s := strings.TrimSpace(string(b))
	if s == "" {
		return "", errors.New("the file is empty")
	}
	return s, nil
}
