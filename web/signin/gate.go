package signin

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
)

// Journal is where it is written who came in, and what he had done.
type Journal interface {
	Append(ctx context.Context, e journal.Entry) error
	Note(e journal.Entry)
}

// Options are what a gate is made of.
type Options struct {
	Settings *Settings
	// State is the folder in which it is kept who may come in.
	State   string
	Journal Journal
	Log     *slog.Logger
	// Asks reports whether a POST only asks something: it is no deed.
	Asks func(*http.Request) bool
	// Streams reports whether a request is answered for as long as somebody listens.
	Streams func(*http.Request) bool
	// Passkeys does a step of a ceremony: see PasskeyProgram.
	Passkeys func(context.Context, PasskeyJob) (PasskeyResult, error)
	// CameIn is called when somebody who may act has signed in; it must not block. May be nil.
	CameIn func(name string)
	// Open reports whether a request is answered to everybody, or sees to that itself.
	Open func(*http.Request) bool
	// Confirm takes a code that was sent by a channel, and names that; "" if none waits for
	// it. May be nil.
	Confirm func(ctx context.Context, code string) (channel string, err error)
}

// Gate stands before the page: it knows who asks, and refuses what was forged.
type Gate struct {
	o   Options
	key [32]byte // seals what is given to browsers to bring back

	lines *lines
	rate  *rate
	crowd *crowd
	steps chan struct{} // the steps of passkeys that are being done

	// mu protects the fields below.
	mu       sync.Mutex
	settings *Settings
	names    map[string]bool
	proxies  map[netip.Addr]bool
	kept     kept
	links    map[hash]link
	used     map[string]time.Time // ceremonies that are over, until when they would count
	base     string
	nowhere  chain.Text
	wrong    wrongTries
}

// New makes the gate. A file that is damaged is put aside: aside is where.
func New(o Options) (g *Gate, aside string, err error) {
	no := func(*http.Request) bool { return false }
	if o.Asks == nil {
		o.Asks = no
	}
	if o.Streams == nil {
		o.Streams = no
	}
	if o.Open == nil {
		o.Open = no
	}
	g = &Gate{o: o, lines: newLines(), rate: newRate(), crowd: newCrowd(), steps: make(chan struct{}, maxSteps), links: map[hash]link{}, used: map[string]time.Time{},
		nowhere: chain.Say("signin.off")}
	_, _ = rand.Read(g.key[:])
	g.Use(o.Settings)
	g.kept, aside, err = load(o.State)
	return g, aside, err
}

// Use takes other settings. Where it listens, and by which certificate, stays.
func (g *Gate) Use(s *Settings) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settings, g.names, g.proxies = s, s.hosts(), map[netip.Addr]bool{}
	for _, p := range s.Proxies {
		if a, err := netip.ParseAddr(p); err == nil {
			g.proxies[a.Unmap()] = true
		}
	}
}

func (g *Gate) note(ctx context.Context, text chain.Text) error {
	return g.o.Journal.Append(ctx, journal.Entry{At: time.Now(), What: "page", Text: text})
}

// caller is who is at the other end of a request, as far as the connection says.
type caller struct {
	addr    netip.Addr
	proxied bool
	secure  bool // it comes by TLS
	host    string
}

type callerKey struct{}

func callerOf(r *http.Request) caller {
	c, _ := r.Context().Value(callerKey{}).(caller)
	return c
}

// origin is what browsers call the page that is being asked for.
func (c caller) origin(r *http.Request) string {
	if c.secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// forwarding lists the headers by which proxies say who asks, besides those that begin with
// X-Forwarded.
var forwarding = map[string]bool{"Forwarded": true, "X-Real-Ip": true, "True-Client-Ip": true, "Cf-Connecting-Ip": true, "Cf-Connecting-Ipv6": true, "X-Client-Ip": true,
	"X-Cluster-Client-Ip": true, "Fastly-Client-Ip": true, "Fly-Client-Ip": true, "X-Azure-Clientip": true, "X-Envoy-External-Address": true, "X-Proxyuser-Ip": true,
	"X-Original-Forwarded-For": true, "X-Original-Host": true, "X-Original-Url": true, "X-Rewrite-Url": true, "X-Host": true}

// call finds out who asks; ok is false if he pretends to be somebody else.
func (g *Gate) call(r *http.Request) (c caller, ok bool) {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return c, false
	}
	c = caller{addr: at.Addr().Unmap().WithZone(""), secure: r.TLS != nil, host: hostOnly(r.Host)}
	forwarded := false
	for h := range r.Header {
		forwarded = forwarded || forwarding[h] || strings.HasPrefix(h, "X-Forwarded")
	}
	if !forwarded {
		return c, true
	}
	g.mu.Lock()
	trusted := g.proxies
	g.mu.Unlock()
	if !trusted[c.addr] {
		return c, false
	}
	c.proxied = true
	// The last whom no trusted proxy names is the one who asks: what stands before him
	// he has written himself.
	all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(all) - 1; i >= 0 && len(all)-i < 10; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(all[i]))
		if err != nil {
			break
		}
		if c.addr = a.Unmap().WithZone(""); !trusted[c.addr] {
			break
		}
	}
	if proto := r.Header.Values("X-Forwarded-Proto"); len(proto) == 1 && proto[0] == "https" {
		c.secure = true
	}
	return c, true
}

// policy lets a page load nothing but its own, and nobody put it into a frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func protect(h http.Header, secure bool) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: with that, browsers hide the origin of our own forms.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)")
	h.Set("Cache-Control", "no-store")
	if secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// What is read of a request at most: of strangers little, as many may send at once.
const maxBody, maxStrangersBody = 64 << 10, 8 << 10

// whole reads all that a request sends, before it takes a place among those who are answered:
// whoever sends slowly has a connection, and no place.
func whole(w http.ResponseWriter, r *http.Request, known bool) bool {
	most := int64(maxStrangersBody)
	if known {
		most = maxBody
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	r.Body = io.NopCloser(bytes.NewReader(b))
	return err == nil
}

// Handler is the page behind the gate.
func (g *Gate) Handler(page http.Handler) http.Handler {
	own := g.pages()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := g.call(r)
		protect(w.Header(), c.secure)
		if !ok {
			g.refuse(w, r, http.StatusBadRequest, "signin.forwarded")
			return
		}
		g.mu.Lock()
		known, open := g.names[c.host] && c.host != "", g.settings.OpenReading
		g.mu.Unlock()
		if !known {
			g.refuse(w, r, http.StatusMisdirectedRequest, "signin.wrong_host")
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
			w.Header().Set("Allow", "GET, HEAD, POST")
			g.refuse(w, r, http.StatusMethodNotAllowed, "signin.method")
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
		at := g.seatOf(r, c)
		if at.fresh != "" {
			setCookie(w, c.secure, sessionCookie, at.fresh, personCounts)
		}
		v := at.Visitor
		if !v.Read && at.how == "" && open && c.here(r) {
			v.Name, v.Read = "", true
		}
		if v.Name != "" {
			g.lines.admit(r.Context())
		}
		ctx := With(r.Context(), v)
		if g.streams(r) {
			var cancel context.CancelFunc
			ctx, cancel = at.followed(ctx)
			defer cancel()
		}
		r = r.WithContext(ctx)
		if !whole(w, r, v.Name != "") {
			g.refuse(w, r, http.StatusForbidden, "signin.forged")
			return
		}
		leave, ok := g.crowd.enter(r.Context(), v.Name != "", g.streams(r))
		if !ok {
			w.Header().Set("Retry-After", "5")
			g.refuse(w, r, http.StatusServiceUnavailable, "signin.crowded")
			return
		}
		defer leave()
		if r.Method == http.MethodPost && !g.genuine(r, c, v) {
			g.refuse(w, r, http.StatusForbidden, "signin.forged")
			return
		}
		switch {
		case strings.HasPrefix(r.URL.Path, "/signin"):
			own.ServeHTTP(w, r)
			return
		case !v.Read && !g.o.Open(r):
			g.turnAway(w, r)
			return
		case r.Method == http.MethodPost && v.Act && at.stale && !(strings.HasPrefix(r.URL.Path, "/api/") && g.o.Asks(r)):
			g.askAgain(w, r)
			return
		case r.Method == http.MethodPost && v.Act && !g.o.Asks(r):
			// A journal that cannot write keeps the record, and says so itself.
			_ = g.note(r.Context(), chain.Say("signin.did", "who", v.Name, "what", deed(r)))
		}
		page.ServeHTTP(w, r)
	})
}

// here reports whether a request comes from this machine, and by no proxy that we could
// know of: such as still speak HTTP 1.0.
func (c caller) here(r *http.Request) bool {
	local := c.host == LocalHost || c.host == "localhost"
	if a, err := netip.ParseAddr(c.host); err == nil {
		local = a.IsLoopback()
	}
	return local && !c.proxied && c.addr.IsLoopback() && r.ProtoAtLeast(1, 1) && r.Header.Get("Via") == ""
}

// Here reports whether a request that was let through comes from this machine.
func (g *Gate) Here(r *http.Request) bool { return callerOf(r).here(r) }

// Address is where a request that was let through comes from.
func (g *Gate) Address(r *http.Request) netip.Addr { return callerOf(r).addr }

// MayTry counts a try to come in by whoever asks.
func (g *Gate) MayTry(r *http.Request) bool { return g.rate.allow(callerOf(r).addr) }

func (g *Gate) streams(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream") || g.o.Streams(r)
}

// deed is what a request has done, for the journal: nothing that was typed to prove
// something.
func deed(r *http.Request) string {
	what := r.URL.Path
	for _, name := range []string{"link", "goal", "thing", "act", "step", "address", "desk", "lost", "yes"} {
		if v := r.PostForm.Get(name); v != "" {
			what += " " + name + "=" + v
		}
	}
	if len(what) > 300 {
		what = strings.ToValidUTF8(what[:300], "") + "…"
	}
	return plain(what)
}

// turnAway sends whoever may not read to where he can sign in.
func (g *Gate) turnAway(w http.ResponseWriter, r *http.Request) {
	browser := r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/api/") && r.Header.Get("X-Fragment") == "" && !g.streams(r)
	if !browser {
		g.refuse(w, r, http.StatusUnauthorized, "signin.signed_out")
		return
	}
	to := "/signin"
	if back := r.URL.RequestURI(); back != "/" {
		to += "?next=" + escape(back)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
