// Package web is the page: how things stand, drawn, and what a person can do about it.
//
// It knows no kind of link by name, and trusts nothing that it shows: every text goes
// through html/template. Who looks at it, and what he may do, package web/signin says.
package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/web/signin"
	"github.com/omamori-guard/omamori/words"
)

//go:embed templates static
var files embed.FS

// Guard is what the page needs of a guard.
type Guard interface {
	Status(ctx context.Context, lang words.Lang) (guard.Status, error)
	Model(ctx context.Context) (guard.ModelStatus, error)
	// Glance is both of these without what takes long to reckon.
	Glance(ctx context.Context, lang words.Lang) (guard.ModelStatus, guard.Status, error)
	Ways(ctx context.Context, goal string, q guard.Supposed, lang words.Lang) ([]guard.GoalWays, error)
	// Changes has something to receive whenever a verdict has changed or something was
	// recorded; it never makes the guard wait.
	Changes(ctx context.Context) <-chan struct{}
	Prove(ctx context.Context, links []string) error
	Answer(ctx context.Context, link string, yes bool, who string) error
	Typed(ctx context.Context, link, typed, who string) error
	Lose(ctx context.Context, thing string, lost bool, who string) error
	Rescue(ctx context.Context, goal string, lang words.Lang) (guard.RescueStatus, error)
	RescueAct(ctx context.Context, a guard.RescueAct) error
}

// Journal is what the page needs of a journal.
type Journal interface {
	Records(ctx context.Context, f journal.Filter) ([]journal.Record, error)
	Plot(ctx context.Context, link string, since time.Time) ([]journal.Point, error)
	// Append returns once the record is kept, Note does not wait.
	Append(ctx context.Context, e journal.Entry) error
	Note(e journal.Entry)
}

// Options are what a page is made of.
type Options struct {
	Guard   Guard
	Journal Journal
	// Door is nil where the page can reach none.
	Door Door
	// From is where a request comes from, past proxies that are trusted; nil takes the
	// connection's other end.
	From func(r *http.Request) netip.Addr
	// Publish makes a draft of a post, and says where it can be edited; nil makes none.
	Publish func(ctx context.Context, title, html string) (edit string, err error)
	Log     *slog.Logger
}

// page is the handler.
type page struct {
	o   Options
	mux *http.ServeMux
	// sets are the templates of each language, made when they are first wanted.
	sets map[words.Lang]func() *template.Template
	hub  hub
	// known keeps what was last reckoned of the goals.
	known reckoned
	// asked are the questions that stand before deeds.
	asked asked
}

// New makes the page. It answers GET requests of whoever may read, and POST requests of
// whoever may act; see signin.Visitor.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &page{o: o, mux: http.NewServeMux(), sets: map[words.Lang]func() *template.Template{}}
	for _, lang := range words.Langs {
		p.sets[lang] = sync.OnceValue(func() *template.Template { return parse(lang) })
	}
	p.hub.p = p
	p.routes()
	return p
}

func (p *page) routes() {
	for path, fill := range map[string]func(*http.Request, *screen) error{
		"/{$}": p.home, "/goal/{name}": p.goal, "/link/{name}": p.link, "/incidents": p.incidents, "/incident/{id}": p.incident,
		"/incident/{id}/draft": p.draft, "/drills": p.drills, "/door": p.doorView, "/rescue/{name}": p.rescue, "/thing/{name}": p.thing, "/day": p.day,
	} {
		p.mux.HandleFunc("GET "+path, p.reads(fill))
	}
	for path, prepare := range map[string]func(*http.Request, *screen) (*deed, error){
		"/link/{name}/prove": p.prove, "/drill/{name}": p.answer, "/rescue/{name}": p.rescueAct, "/thing/{name}": p.lose,
		"/door/open": p.openDoor, "/door/close": p.closeDoor, "/incident/{id}/draft": p.publish,
	} {
		p.mux.HandleFunc("POST "+path, p.acts(prepare))
	}
	p.mux.HandleFunc("GET /incident/{id}/report.md", p.reportMarkdown)
	p.mux.HandleFunc("GET /events", p.events)
	p.mux.HandleFunc("GET /whatif", p.whatIf)
	p.mux.HandleFunc("GET /lang/{lang}", switchLang)
	p.mux.HandleFunc("GET /static/{file}", static)
	p.mux.HandleFunc("/", p.reads(func(*http.Request, *screen) error { return errNotFound }))
}

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// screen is what one view is made of: its template, its data, and what stands around it.
type screen struct {
	Lang    words.Lang
	Visitor signin.Visitor
	Path    string // where the view is, for the switch of the language
	Title   string
	View    string // the template
	Data    any
	// Notice is said above the view.
	Notice string
	// Live says that the view is fetched anew when something has changed.
	Live bool
	// Forms says that the view has forms, and so a secret: it is not compressed.
	Forms  bool
	Status int
}

var errNotFound = errors.New("not found")

// reads makes a handler of what fills a screen, for whoever may read.
func (p *page) reads(fill func(r *http.Request, s *screen) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := p.screenOf(r)
		err := errForbidden
		if s.Visitor.Read {
			err = fill(r, s)
		}
		if err != nil {
			p.fail(r, s, err)
		}
		p.show(w, r, s)
	}
}

func (p *page) screenOf(r *http.Request) *screen {
	s := &screen{Lang: signin.Lang(r), Visitor: signin.From(r.Context()), Path: "/", Status: http.StatusOK}
	if r.Method == http.MethodGet { // elsewhere there is nothing to come back to
		s.Path = r.URL.RequestURI()
	}
	return s
}

var errForbidden = errors.New("may not do that")

// failure is a view that says why there is no other.
type failure struct{ Text, Hint string }

func (p *page) fail(r *http.Request, s *screen, err error) {
	f := &failure{Text: s.Lang.Text("web.failed", "error", err.Error())}
	s.Status = http.StatusInternalServerError
	var unknown *guard.UnknownName
	switch text, hint, spoken := chain.Spoken(err); {
	case errors.Is(err, errNotFound), errors.As(err, &unknown):
		s.Status, f.Text = http.StatusNotFound, s.Lang.Text("web.not_found")
	case errors.Is(err, errForbidden):
		s.Status, f.Text, f.Hint = http.StatusForbidden, s.Lang.Text("web.forbidden"), s.Lang.Text("web.forbidden_hint")
	case errors.Is(err, guard.ErrStopped):
		s.Status, f.Text = http.StatusServiceUnavailable, s.Lang.Text("web.stopped")
	case errors.Is(err, errMayNotAct):
		s.Status, f.Text, f.Hint = http.StatusForbidden, s.Lang.Say(text), s.Lang.Say(hint)
	case spoken:
		s.Status, f.Text, f.Hint = http.StatusConflict, s.Lang.Say(text), s.Lang.Say(hint)
	default:
		p.o.Log.Warn("show a page", "path", r.URL.Path, "error", err)
	}
	s.View, s.Data, s.Title, s.Live = "failure", f, s.Lang.Text("web.failure"), false
}

// show writes a screen, or only what changes of it.
func (p *page) show(w http.ResponseWriter, r *http.Request, s *screen) {
	var b bytes.Buffer
	name := "layout"
	if r.Header.Get("X-Fragment") != "" {
		name = "main"
	}
	if err := p.sets[s.Lang]().ExecuteTemplate(&b, name, s); err != nil {
		p.o.Log.Error("make a page", "view", s.View, "error", err)
		http.Error(w, s.Lang.Text("web.failure"), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language, Cookie, X-Fragment, Accept-Encoding")
	h.Set("Content-Language", string(s.Lang))
	send(w, r, s.Status, b.Bytes(), !s.Forms)
}

// switchLang keeps the language in a cookie, and goes back.
func switchLang(w http.ResponseWriter, r *http.Request) {
	lang, ok := words.Parse(r.PathValue("lang"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: signin.LangCookie, Value: string(lang), Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, localPath(r.URL.Query().Get("back")), http.StatusSeeOther)
}

// localPath is s if it is a path of this page, else the first view: nobody is led
// elsewhere.
func localPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return "/"
	}
	return s
}
