// Package api answers programs that watch the guard: figures for Prometheus, and whether
// it lives.
package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/web/signin"
	"github.com/omamori-guard/omamori/words"
)

// Guard is what is asked for figures.
type Guard interface {
	Status(ctx context.Context, lang words.Lang) (guard.Status, error)
}

// Watch answers /metrics, /healthz and /readyz.
type Watch struct {
	Guard Guard
	// Gate knows who asks.
	Gate Gate

	mu    sync.Mutex // protects the fields below
	token string
	open  bool
}

// Gate is what is asked of the page's gate.
type Gate interface {
	// Here reports whether a request comes from this machine, by no proxy.
	Here(r *http.Request) bool
	// MayTry counts a try to come in.
	MayTry(r *http.Request) bool
}

// patience is how long the guard may take to answer.
const patience = 5 * time.Second

// Use says who may read figures: who knows the token, and, if open, everybody on this
// machine. Without a token nobody comes in by one.
func (w *Watch) Use(token string, open bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token, w.open = token, open
}

// Answers reports whether a request is for a Watch.
func Answers(r *http.Request) bool {
	switch r.URL.Path {
	case "/metrics", "/healthz", "/readyz":
		return true
	}
	return false
}

func (w *Watch) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		out.Header().Set("Allow", "GET, HEAD")
		http.Error(out, "not asked so", http.StatusMethodNotAllowed)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if r.URL.Path != "/metrics" {
		w.lives(ctx, out, r.URL.Path == "/readyz")
		return
	}
	if !w.may(r) {
		out.Header().Set("WWW-Authenticate", `Bearer realm="omamori"`)
		http.Error(out, signin.Lang(r).Text("signin.signed_out"), http.StatusUnauthorized)
		return
	}
	s, err := w.Guard.Status(ctx, words.English)
	if err != nil {
		http.Error(out, "the guard does not answer", http.StatusServiceUnavailable)
		return
	}
	out.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = out.Write(figures(s)) // an error is a reader that has gone
}

func (w *Watch) may(r *http.Request) bool {
	w.mu.Lock()
	token, open := w.token, w.open
	w.mu.Unlock()
	if signin.From(r.Context()).Read || open && w.Gate.Here(r) {
		return true
	}
	given, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || token == "" || !w.Gate.MayTry(r) {
		return false
	}
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// lives says whether the guard answers, and, if asked whether it is ready, whether it can
// do all of its work. What it guards is another matter: see /metrics.
func (w *Watch) lives(ctx context.Context, out http.ResponseWriter, ready bool) {
	s, err := w.Guard.Status(ctx, words.English)
	switch {
	case err != nil:
		http.Error(out, "the guard does not answer", http.StatusServiceUnavailable)
	case ready && len(s.Guard.Troubles) > 0:
		http.Error(out, "the guard cannot do all of its work: omamori status says why", http.StatusServiceUnavailable)
	default:
		out.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = out.Write([]byte("ok\n"))
	}
}
