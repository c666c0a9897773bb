package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"text/template"

	"github.com/omamori-guard/omamori/chain"
)

// writeGuardFile writes the omamori.yaml that guards the site. One that its owner has
// changed since is left alone.
func (b *build) writeGuardFile() error {
	content, err := b.guard()
	if err != nil {
		return err
	}
	now := sum(content)
	old, err := os.ReadFile(b.guardFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read omamori.yaml: %w", err)
	}
	if there := err == nil; !there || sum(old) != now {
		if there && !slices.Contains(b.GuardFiles, sum(old)) {
			b.tell(chain.Say("site.keeps_guard_file", "path", b.guardFile()))
			return nil
		}
		b.GuardFiles = append(b.GuardFiles, now) // noted first: interrupted, it is known to be ours
		if err := writeSettings(b.layout, b.settings); err != nil {
			return err
		}
	}
	if _, err := writeFile(b.guardFile(), content, 0o644, nil); err != nil {
		return err
	}
	b.GuardFiles = []string{now}
	return nil
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// guard is the content of omamori.yaml.
func (b *build) guard() ([]byte, error) {
	t, err := template.New("omamori.yaml").Funcs(template.FuncMap{
		// What JSON quotes, YAML reads.
		"quote": func(s string) (string, error) {
			var out bytes.Buffer
			e := json.NewEncoder(&out)
			e.SetEscapeHTML(false)
			err := e.Encode(s)
			return string(bytes.TrimSpace(out.Bytes())), err
		},
	}).ParseFS(files, "files/omamori.yaml")
	if err != nil {
		return nil, err
	}
	titles := map[string]string{
		"mariadb": b.lang.Text("site.link_mariadb"), "php": b.lang.Text("site.link_php"), "nginx": b.lang.Text("site.link_nginx"),
		"sql": b.lang.Text("site.link_sql"), "fpm": b.lang.Text("site.link_fpm"), "front": b.lang.Text("site.link_front"),
		"posts": b.lang.Text("site.link_posts"), "disk": b.lang.Text("site.link_disk"), "memory": b.lang.Text("site.link_memory"),
		"goal": b.lang.Text("site.goal"), "head": b.lang.Text("site.guard_head"), "contains": b.lang.Text("site.sample_phrase"),
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		Say                                                     map[string]string
		Lang, URL, Post, WPConfig, PHPSocket, HandsSocket, Data string
	}{titles, b.Lang, b.url(), b.PostURL, b.wpConfig(), b.PHPSocket(), b.handsSocket(), b.DB()})
	return out.Bytes(), err
}
