package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"syscall"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/control"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/report"
	"github.com/omamori-guard/omamori/web"
	"github.com/omamori-guard/omamori/web/api"
	"github.com/omamori-guard/omamori/web/signin"
)

func pageSection() config.Section {
	return config.Section{
		Name: "page", Settings: func() any { return signin.Defaults() },
		Check: func(s any) []*chain.SettingError { return s.(*signin.Settings).Check() },
	}
}

func pageSettings(file *config.File) *signin.Settings {
	if s, ok := file.Sections["page"].(*signin.Settings); ok {
		return s
	}
	return signin.Defaults()
}

// page is what browsers are served. Whatever is amiss with it, the guard goes on.
type page struct {
	blog      report.WordPress // where drafts of post-mortems go
	settings  *signin.Settings // of the start: where it listens stays
	listeners *signin.Listeners
	why       chain.Text // why there are none
	gate      *signin.Gate
	watch     *api.Watch
	log       *slog.Logger
}

// listenPage takes the page's port while the program may take any. It does not fail.
func listenPage(file *config.File, log *slog.Logger) *page {
	p := &page{blog: reportSettings(file).WordPress, settings: pageSettings(file), why: chain.Say("signin.off"), log: log}
	if p.settings.Off() {
		return p
	}
	var err error
	if p.listeners, err = signin.Listen(p.settings); err != nil {
		p.why = chain.Say("signin.port_taken", "listen", p.settings.Listen, "error", short(err))
	}
	return p
}

// short is an error without what is said beside it.
func short(err error) string {
	var no syscall.Errno
	if errors.As(err, &no) {
		return no.Error()
	}
	return err.Error()
}

// open makes the gate and what is behind it.
func (p *page) open(s *control.Server, g *guard.Guard, j *journal.Journal, state string) (http.Handler, error) {
	var aside string
	var err error
	p.gate, aside, err = signin.New(signin.Options{
		Settings: p.settings, State: state, Journal: j, Log: p.log, Passkeys: signin.PasskeyProgram(beside("omamori-passkey")),
		Asks: func(r *http.Request) bool { return control.Asks(r) || web.Asks(r) }, Streams: func(r *http.Request) bool { return control.Streams(r) || web.Streams(r) },
		CameIn: g.SignedIn, Confirm: g.Confirm,
		Open: func(r *http.Request) bool {
			return api.Answers(r) || strings.HasPrefix(r.URL.Path, "/static/") || strings.HasPrefix(r.URL.Path, "/lang/") || strings.HasPrefix(r.URL.Path, "/api/")
		},
	})
	if err != nil {
		return nil, err
	}
	if aside != "" {
		p.log.Warn("read who may see the page: the file is damaged", "aside", aside)
		j.Note(journal.Entry{What: "page", Text: chain.Say("signin.put_aside", "path", aside)})
	}
	p.watch = &api.Watch{Guard: g, Gate: p.gate}
	p.useToken(p.settings)
	if p.listeners == nil {
		p.gate.Nowhere(p.why)
	}
	s.Page = p.gate
	answers := s.API(func(r *http.Request) control.Visitor {
		v := signin.From(r.Context())
		return control.Visitor{Name: v.Name, Read: v.Read, Act: v.Act}
	})
	views := web.New(web.Options{Guard: g, Journal: j, Door: pageDoor(hands.DefaultDoorSocket), From: p.gate.Address, Publish: p.drafts(), Log: p.log})
	return p.gate.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case api.Answers(r):
			p.watch.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/api/"):
			answers.ServeHTTP(w, r)
		default:
			views.ServeHTTP(w, r)
		}
	})), nil
}

// confirmAt is where others give a code back by a click, "" where they do not see the page.
func (p *page) confirmAt(code string) string {
	if p.gate == nil {
		return ""
	}
	return p.gate.ConfirmAt(code)
}

// use takes the settings of a configuration that was read anew.
func (p *page) use(file *config.File) {
	if p.gate == nil {
		return
	}
	s := pageSettings(file)
	p.gate.Use(s)
	p.useToken(s)
}

func (p *page) useToken(s *signin.Settings) {
	token, err := probe.Secret(s.Metrics.Token)
	if err != nil {
		p.log.Warn("read the token of /metrics", "error", err)
		token = ""
	}
	p.watch.Use(strings.TrimSpace(token), s.Metrics.Open)
}

// serve answers browsers until ctx is done.
func (p *page) serve(ctx context.Context, h http.Handler, say func(chain.Text)) {
	if p.listeners == nil || h == nil {
		if !p.settings.Off() {
			say(p.why)
		}
		return
	}
	say(chain.Say("run.page_at", "url", p.listeners.URL(p.settings)))
	if p.settings.TLS.Waits() {
		say(chain.Say("certificate.waits"))
	}
	if err := p.gate.Serve(ctx, p.listeners, h); err != nil {
		p.why = chain.Say("signin.no_certificate", "error", chain.ErrorText(err))
		p.gate.Nowhere(p.why)
		say(p.why)
	}
}
