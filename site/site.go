// Package site makes a WordPress blog out of Debian's own packages, all of it below
// one folder, and leaves the rest of the system as it is.
package site

import (
	"context"
	"path/filepath"

	"github.com/omamori-guard/omamori/chain"
)

// Options say what blog to bring up. What is left empty stays as an earlier Up made
// it; Lang and Title count only for the first.
type Options struct {
	// Dir is the folder below which everything is.
	Dir string
	// Address is host:port, at first 127.0.0.1:8080: what visitors type, and where nginx
	// listens.
	Address string
	Title   string
	// Lang is "en" (the default) or "ja".
	Lang string
	// Sample publishes an article.
	Sample bool
	// WithSystemd has systemd run the services, rather than hands.
	WithSystemd bool
	// GuardUser is who guards the site, at first "omamori": the user that may ask hands.
	GuardUser string
	// HandsBinary is the path of omamori-hands.
	HandsBinary string
	// Progress is told of each step; nil is told nothing.
	Progress func(chain.Text)
}

// Info tells of a site.
type Info struct {
	Dir string `json:"dir"`
	URL string `json:"url"`
	// PostURL is the sample article's address, "" without one.
	PostURL string `json:"post_url,omitempty"`
	// User is who may sign in; PasswordFile, for root alone, has the password, and
	// ApplicationFile the one for programs, which use REST.
	User            string `json:"user"`
	PasswordFile    string `json:"password_file"`
	ApplicationFile string `json:"application_password_file"`
	Budget          Budget `json:"budget"`
}

// Up makes the site in o.Dir and starts it. Run again, it changes nothing that is
// as it should be; interrupted at any moment, it can be run again. Errors that
// concern the user are a *Problem.
func Up(ctx context.Context, o Options) (*Info, error) {
	if err := checkUser(); err != nil {
		return nil, err
	}
	dir, err := checkDir(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	if o.Progress == nil {
		o.Progress = func(chain.Text) {}
	}
	l := layout{dir}
	if err := makeOpen(dir); err != nil {
		return nil, err
	}
	unlock, err := lock(l)
	if err != nil {
		return nil, err
	}
	defer unlock()
	b, err := prepare(ctx, o, l)
	if err != nil {
		return nil, err
	}
	if err := b.raise(ctx); err != nil {
		return nil, err
	}
	return inform(l, b.settings), nil
}

// Down stops the site in dir; its data stays. One that is down already is no error.
func Down(ctx context.Context, dir string) error {
	if err := checkUser(); err != nil {
		return err
	}
	s, l, err := open(dir)
	if err != nil {
		return err
	}
	unlock, err := lock(l)
	if err != nil {
		return err
	}
	defer unlock()
	if s.WithSystemd {
		return systemdDown(ctx, l)
	}
	return handsDown(ctx, l, s.HandsBinary)
}

// Look tells of the site in dir without changing it.
func Look(_ context.Context, dir string) (*Info, error) {
	s, l, err := open(dir)
	if err != nil {
		return nil, err
	}
	return inform(l, s), nil
}

func inform(l layout, s settings) *Info {
	return &Info{
		Dir: l.dir, URL: s.url(), PostURL: s.PostURL, User: admin, PasswordFile: l.secretFile("admin-password"),
		ApplicationFile: l.secretFile("application-password"), Budget: s.Budget,
	}
}

// open reads what Up has noted about the site in dir.
func open(dir string) (settings, layout, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return settings{}, layout{}, err
	}
	l := layout{abs}
	s, found, err := readSettings(l)
	if err == nil && !found {
		err = problem(chain.Say("site.no_site", "dir", abs), chain.Say("site.no_site_hint", "dir", abs))
	}
	return s, l, err
}
