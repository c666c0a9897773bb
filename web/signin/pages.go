package signin

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"rsc.io/qr"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/words"
)

//go:embed templates static
var files embed.FS

// taken reports whether a port is somebody else's.
func taken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// templates are made when they are first wanted, for each language.
var templates = map[words.Lang]func() *template.Template{
	words.English: parsed(words.English), words.Japanese: parsed(words.Japanese),
}

func parsed(lang words.Lang) func() *template.Template {
	return sync.OnceValue(func() *template.Template {
		return template.Must(template.New("").Funcs(template.FuncMap{
			"t": func(key string, pairs ...any) string { return lang.Say(chain.Say(key, pairs...)) },
		}).ParseFS(files, "templates/*.html"))
	})
}

// view is what a page of signing in shows.
type view struct {
	Lang    words.Lang
	Visitor Visitor
	What    string // the template of its middle
	Title   string // its key
	Path    string // for the switch of the language
	Wrong   string // the key of what was wrong
	Next    string
	// NoPasskey is the key of why there can be none here.
	NoPasskey string
	Token     string // of a link
	Who       string // whom a link is for
	Code      string
	Secret    string // of a code generator, for typing
	// Address is the same for an app on the same device.
	Address template.URL
	QR      *picture
	Act     bool
	// Again says that he is to prove once more who he is.
	Again bool
}

// Locale is the language, for the element that says so.
func (v view) Locale() string { return string(v.Lang) }

func (v view) English() bool { return v.Lang == words.English }

// picture is a QR code as the path of a drawing.
type picture struct {
	Size int
	Path string
}

func draw(text string) *picture {
	c, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil
	}
	const margin = 4
	var b strings.Builder
	for y := range c.Size {
		for x := range c.Size {
			if c.Black(x, y) {
				b.WriteString("M" + strconv.Itoa(x+margin) + " " + strconv.Itoa(y+margin) + "h1v1h-1z")
			}
		}
	}
	return &picture{c.Size + 2*margin, b.String()}
}

func (g *Gate) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	v.Lang, v.Visitor = Lang(r), From(r.Context())
	if v.Path == "" {
		v.Path = r.URL.RequestURI()
	}
	if v.What == "" {
		v.What = "in"
	}
	var b bytes.Buffer
	if err := templates[v.Lang]().ExecuteTemplate(&b, "layout", v); err != nil {
		g.o.Log.Error("make a page", "error", err)
		http.Error(w, "omamori", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", string(v.Lang))
	w.Header().Set("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // an error is a browser that has gone
}

// refuse answers a request that is not to be answered otherwise. Nothing of it is said
// again.
func (g *Gate) refuse(w http.ResponseWriter, r *http.Request, status int, key string) {
	lang := Lang(r)
	w.Header().Del("Set-Cookie")
	if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/signin/passkey") || strings.HasPrefix(r.URL.Path, "/signin/device/passkey") {
		answer(w, status, map[string]string{"code": after(key), "error": lang.Text(key), "hint": lang.Text("signin.refused_hint")})
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(lang.Text(key) + "\n"))
}

// after is a key without its area: a code for programs.
func after(key string) string {
	_, code, _ := strings.Cut(key, ".")
	return code
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// pages are those of signing in.
func (g *Gate) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /signin", g.getIn)
	mux.HandleFunc("GET /signin/link", g.getLink)
	// Nobody guesses a link, so that its tries are not counted: a neighbour who uses up those of
	// this machine's address does not keep out its owner.
	mux.HandleFunc("POST /signin/link", g.postLink)
	mux.HandleFunc("GET /signin/code", g.getCode)
	mux.HandleFunc("POST /signin/code", g.tries(g.postCode))
	mux.HandleFunc("GET /signin/device", g.getDevice)
	mux.HandleFunc("POST /signin/device/totp", g.tries(g.postDevice))
	mux.HandleFunc("POST /signin/totp", g.tries(g.postTOTP))
	mux.HandleFunc("POST /signin/passkey/begin", g.tries(g.beginPasskey))
	mux.HandleFunc("POST /signin/passkey/finish", g.tries(g.finishPasskey))
	mux.HandleFunc("POST /signin/device/passkey/begin", g.tries(g.beginDevice))
	mux.HandleFunc("POST /signin/device/passkey/finish", g.tries(g.finishDevice))
	mux.HandleFunc("POST /signin/out", g.postOut)
	mux.HandleFunc("GET /signin/confirm", g.getConfirm)
	mux.HandleFunc("POST /signin/confirm", g.tries(g.postConfirm))
	mux.HandleFunc("GET /signin/lang/{lang}", func(w http.ResponseWriter, r *http.Request) {
		if lang, ok := words.Parse(r.PathValue("lang")); ok {
			http.SetCookie(w, &http.Cookie{Name: LangCookie, Value: string(lang), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		}
		back := r.URL.Query().Get("back")
		if !strings.HasPrefix(back, "/signin") || next("/x"+back) == "/" {
			back = "/signin"
		}
		http.Redirect(w, r, back, http.StatusSeeOther)
	})
	mux.HandleFunc("GET /signin/static/{file}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		http.ServeFileFS(w, r, files, "static/"+r.PathValue("file"))
	})
	mux.HandleFunc("/signin/", func(w http.ResponseWriter, r *http.Request) { g.refuse(w, r, http.StatusNotFound, "signin.not_found") })
	return mux
}

// tries bounds how often one address may try.
func (g *Gate) tries(do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !g.rate.allow(callerOf(r).addr) {
			w.Header().Set("Retry-After", "60")
			g.refuse(w, r, http.StatusTooManyRequests, "signin.too_often")
			return
		}
		do(w, r)
	}
}

// wrongTry journals that somebody was not let in, at most once in a while.
func (g *Gate) wrongTry(r *http.Request, err error) {
	g.o.Log.Debug("sign in", "error", err)
	g.mu.Lock()
	n := g.wrong.add(time.Now())
	g.mu.Unlock()
	if n > 0 {
		g.o.Journal.Note(journal.Entry{At: time.Now(), What: "page", Text: chain.Say("signin.did_wrong", "n", n, "from", callerOf(r).addr)})
	}
}

func (g *Gate) getIn(w http.ResponseWriter, r *http.Request) {
	g.show(w, r, http.StatusOK, view{Title: "signin.title", Next: next(r.URL.Query().Get("next")), NoPasskey: noPasskey(callerOf(r).origin(r)),
		Again: r.URL.Query().Get("again") != "" && From(r.Context()).Name != ""})
}

// enter gives a browser its session, and the visitor the page he wanted.
func (g *Gate) enter(w http.ResponseWriter, r *http.Request, token string) {
	g.mu.Lock() // the session that he had ends: who has stolen its cookie does not stay
	if old, _ := g.match(cookie(r, sessionCookie)); old != nil {
		g.end(func(s *session) bool { return s == old })
		g.save()
	}
	g.mu.Unlock()
	w.Header().Del("Set-Cookie") // a cookie that was to take the place of the old one
	setCookie(w, callerOf(r).secure, sessionCookie, token, personCounts)
}

func (g *Gate) getLink(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("t")
	g.mu.Lock()
	l, ok := g.links[hashOf(token)]
	g.mu.Unlock()
	if !ok || time.Now().After(l.until) {
		g.show(w, r, http.StatusForbidden, view{What: "told", Title: "signin.link_title", Wrong: "signin.link_over", Path: "/signin"})
		return
	}
	// It is used only by the button: what looks at links by itself does not use it up.
	g.show(w, r, http.StatusOK, view{What: "link", Title: "signin.link_title", Token: token, Who: l.name, Act: true})
}

func (g *Gate) postLink(w http.ResponseWriter, r *http.Request) {
	h := hashOf(r.PostFormValue("t"))
	g.mu.Lock()
	l, ok := g.links[h]
	ok = ok && time.Now().Before(l.until)
	delete(g.links, h)
	token := ""
	if ok {
		token = g.begin(session{Name: l.name, How: "link", Act: true, From: network(callerOf(r).addr)})
	}
	g.mu.Unlock()
	if !ok {
		g.wrongTry(r, errors.New("no such link"))
		g.show(w, r, http.StatusForbidden, view{What: "told", Title: "signin.link_title", Wrong: "signin.link_over", Path: "/signin"})
		return
	}
	g.cameIn(r.Context(), "signin.did_in_link", l.name, r)
	g.enter(w, r, token)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (g *Gate) postTOTP(w http.ResponseWriter, r *http.Request) {
	name, to := strings.TrimSpace(r.PostFormValue("name")), next(r.PostFormValue("next"))
	g.mu.Lock()
	token, browser, ok := g.code(name, r.PostFormValue("code"), cookie(r, browserCookie))
	g.mu.Unlock()
	if !ok {
		g.wrongTry(r, errors.New("wrong name or code"))
		g.show(w, r, http.StatusForbidden, view{Title: "signin.title", Wrong: "signin.wrong_code", Next: to, NoPasskey: noPasskey(callerOf(r).origin(r)), Path: "/signin"})
		return
	}
	g.cameIn(r.Context(), "signin.did_in_totp", name, r)
	g.enter(w, r, token)
	if browser != "" {
		setCookie(w, callerOf(r).secure, browserCookie, browser, 365*24*time.Hour)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// postOut ends a session, or all that the same person has.
func (g *Gate) postOut(w http.ResponseWriter, r *http.Request) {
	all := r.PostFormValue("all") == "1"
	g.mu.Lock()
	if s := g.find(cookie(r, sessionCookie)); s != nil {
		g.end(func(o *session) bool { return o == s || all && o.Name == s.Name })
		g.save()
	}
	g.mu.Unlock()
	if name := From(r.Context()).Name; all && name != "" {
		_ = g.note(r.Context(), chain.Say("signin.did_out_all", "name", name)) // the journal keeps it in memory
	}
	w.Header().Del("Set-Cookie")
	setCookie(w, callerOf(r).secure, sessionCookie, "", 0)
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}

func (g *Gate) getCode(w http.ResponseWriter, r *http.Request) {
	g.show(w, r, http.StatusOK, view{What: "code", Title: "signin.code_title", Code: r.URL.Query().Get("code")})
}

func (g *Gate) postCode(w http.ResponseWriter, r *http.Request) {
	token, ok := g.use(r.Context(), r.PostFormValue("code"))
	if !ok {
		g.wrongTry(r, errors.New("no such code"))
		g.show(w, r, http.StatusForbidden, view{What: "code", Title: "signin.code_title", Wrong: "signin.code_over", Path: "/signin/code"})
		return
	}
	g.enter(w, r, token)
	http.Redirect(w, r, "/signin/device", http.StatusSeeOther)
}

func (g *Gate) getDevice(w http.ResponseWriter, r *http.Request) { g.device(w, r, http.StatusOK, "") }

// device shows what somebody can bring.
func (g *Gate) device(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	g.mu.Lock()
	s := g.find(cookie(r, sessionCookie))
	if s == nil || s.How != "enrol" {
		g.mu.Unlock()
		http.Redirect(w, r, "/signin", http.StatusSeeOther)
		return
	}
	if s.secret == nil {
		s.secret = newID()[:secretOfCodes]
	}
	name, act := s.Name, s.Act
	a := otp.Account{Issuer: "omamori " + callerOf(r).host, Name: name, Secret: append(otp.Secret(nil), s.secret...)}
	g.mu.Unlock()
	address := setup(a)
	g.show(w, r, status, view{What: "device", Title: "signin.device_title", Who: name, Act: act, NoPasskey: noPasskey(callerOf(r).origin(r)),
		Secret: spaced(a.Secret.Base32()), Address: template.URL(address), QR: draw(address), Wrong: wrong, Path: "/signin/device"})
}

// setup is an account as apps read it from a QR code.
func setup(a otp.Account) string {
	q := url.Values{"secret": {a.Secret.Base32()}, "issuer": {a.Issuer}}
	return "otpauth://totp/" + url.PathEscape(a.Issuer+":"+a.Name) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// spaced is a long word in groups of four.
func spaced(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (g *Gate) postDevice(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	s := g.find(cookie(r, sessionCookie))
	var token, browser string
	var ok bool
	var err error
	if s != nil && s.How == "enrol" {
		token, browser, ok, err = g.bringCodes(s, r.PostFormValue("code"))
	}
	g.mu.Unlock()
	if !ok || err != nil {
		g.device(w, r, http.StatusForbidden, "signin.wrong_new_code")
		return
	}
	g.cameIn(r.Context(), "signin.did_bring_totp", s.Name, r)
	g.enter(w, r, token)
	setCookie(w, callerOf(r).secure, browserCookie, browser, 365*24*time.Hour)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
