package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/support"
	"github.com/omamori-guard/omamori/words"
)

// Guard is what the server needs of a guard.
type Guard interface {
	Status(ctx context.Context, lang words.Lang) (guard.Status, error)
	Prove(ctx context.Context, links []string) error
	Answer(ctx context.Context, link string, yes bool, who string) error
	Typed(ctx context.Context, link, typed, who string) error
	Support(ctx context.Context) ([]support.Status, error)
	CaseAct(ctx context.Context, a guard.CaseAct) error
	Reload(ctx context.Context) error
	Ways(ctx context.Context, goal string, q guard.Supposed, lang words.Lang) ([]guard.GoalWays, error)
	Model(ctx context.Context) (guard.ModelStatus, error)
	Deadlines(ctx context.Context, lang words.Lang) ([]guard.Deadline, error)
	Lose(ctx context.Context, thing string, lost bool, who string) error
	Tune(ctx context.Context, t hands.Tuning, who string) (guard.TuneResult, error)
	Rescue(ctx context.Context, goal string, lang words.Lang) (guard.RescueStatus, error)
	RescueAct(ctx context.Context, a guard.RescueAct) error
}

// Journal is what the server needs of a journal.
type Journal interface {
	Records(ctx context.Context, f journal.Filter) ([]journal.Record, error)
	Follow(ctx context.Context, after int64) <-chan journal.Record
}

// Server answers on the control socket.
type Server struct {
	Guard   Guard
	Peers   Peers
	Journal Journal
	Due     Due // nil where nothing is due
	// Page makes links to the page, and lets devices in; nil where there is none.
	Page Page
	// TestNotify sends a message to every channel.
	TestNotify func(ctx context.Context) []guard.ChannelResult
	Log        *slog.Logger
}

// Serve answers until ctx is done; it closes l.
func (s *Server) Serve(ctx context.Context, l *net.UnixListener) error {
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.HandleFunc(r.method+" "+r.path, r.do)
	}
	s.pairs(mux)
	srv := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		IdleTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if srv.Shutdown(end) != nil {
			srv.Close()
		}
	})
	err := srv.Serve(guarded{l})
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// problem is the answer when something went wrong: Code tells a client which.
type problem struct {
	Code    string `json:"code"`
	Error   string `json:"error"`
	Hint    string `json:"hint,omitempty"`
	Name    string `json:"name,omitempty"`
	Nearest string `json:"nearest,omitempty"`
}

func fail(w http.ResponseWriter, r *http.Request, err error) {
	p, status := told("failed", r, err), http.StatusInternalServerError
	var unknown *guard.UnknownName
	var persons *guard.NotAPersons
	var act *guard.BadAct
	var goal *guard.IsGoal
	var none *guard.NoAnswer
	switch {
	case errors.As(err, &unknown):
		p, status = problem{Code: "unknown_name", Error: err.Error(), Name: unknown.Name, Nearest: unknown.Nearest}, http.StatusNotFound
	case errors.As(err, &goal):
		p, status = problem{Code: "is_goal", Error: err.Error(), Name: goal.Name}, http.StatusConflict
	case errors.As(err, &persons):
		p, status = problem{Code: "not_a_persons", Error: err.Error(), Name: persons.Name}, http.StatusConflict
	case errors.As(err, &none):
		p.Code, status = "no_answer", http.StatusConflict
	case errors.As(err, &act):
		p, status = problem{Code: "bad_act", Error: err.Error(), Name: act.Step}, http.StatusConflict
	}
	write(w, status, p)
}

// told puts an error into the asker's language, if it has words of its own.
func told(code string, r *http.Request, err error) problem {
	text, hint, ok := chain.Spoken(err)
	if !ok {
		return problem{Code: code, Error: err.Error()}
	}
	return problem{Code: code, Error: lang(r).Say(text), Hint: lang(r).Say(hint)}
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// An error here is a client that has gone: there is nobody to tell.
	_ = json.NewEncoder(w).Encode(v)
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	return readUpTo(w, r, into, maxBody)
}

func readUpTo(w http.ResponseWriter, r *http.Request, into any, limit int64) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		write(w, http.StatusBadRequest, problem{Code: "bad_request", Error: fmt.Sprintf("read the request: %v", err)})
		return false
	}
	return true
}

func lang(r *http.Request) words.Lang {
	l, _ := words.Parse(r.URL.Query().Get("lang"))
	return l
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	st, err := s.Guard.Status(r.Context(), lang(r))
	if err != nil {
		fail(w, r, err)
		return
	}
	write(w, http.StatusOK, st)
}

func (s *Server) prove(w http.ResponseWriter, r *http.Request) {
	var q proveRequest
	if !read(w, r, &q) {
		return
	}
	if err := s.Guard.Prove(r.Context(), q.Links); err != nil {
		fail(w, r, err)
		return
	}
	s.status(w, r)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	var q answerRequest
	if !read(w, r, &q) {
		return
	}
	if err := s.Guard.Answer(r.Context(), q.Link, q.Yes, who(r, q.Who)); err != nil {
		fail(w, r, err)
		return
	}
	s.status(w, r)
}

func (s *Server) ways(w http.ResponseWriter, r *http.Request) {
	var q waysRequest
	if !read(w, r, &q) {
		return
	}
	all, err := s.Guard.Ways(r.Context(), q.Goal, q.If, lang(r))
	if err != nil {
		fail(w, r, err)
		return
	}
	write(w, http.StatusOK, all)
}

func (s *Server) model(w http.ResponseWriter, r *http.Request) {
	m, err := s.Guard.Model(r.Context())
	if err != nil {
		fail(w, r, err)
		return
	}
	write(w, http.StatusOK, m)
}

func (s *Server) lose(w http.ResponseWriter, r *http.Request) {
	var q loseRequest
	if !read(w, r, &q) {
		return
	}
	if err := s.Guard.Lose(r.Context(), q.Thing, q.Lost, who(r, q.Who)); err != nil {
		fail(w, r, err)
		return
	}
	s.status(w, r)
}

func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	if err := s.Guard.Reload(r.Context()); err != nil {
		write(w, http.StatusUnprocessableEntity, told("refused", r, err))
		return
	}
	s.status(w, r)
}

func (s *Server) notify(w http.ResponseWriter, r *http.Request) {
	write(w, http.StatusOK, s.TestNotify(r.Context()))
}

func (s *Server) journal(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := journal.Filter{Link: q.Get("link"), Incident: q.Get("incident"), Limit: maxLines}
	if since := q.Get("since"); since != "" {
		t, err := time.Parse(time.RFC3339Nano, since)
		if err != nil {
			write(w, http.StatusBadRequest, problem{Code: "bad_request", Error: "since is no RFC 3339 time"})
			return
		}
		f.Since = t
	}
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n > 0 && n < maxLines {
		f.Limit = n
	}
	f.After, _ = strconv.ParseInt(q.Get("after"), 10, 64) // none is from the start
	f.Newest = q.Get("newest") != ""
	records, err := s.Journal.Records(r.Context(), f)
	if err != nil {
		fail(w, r, err)
		return
	}
	lines := make([]guard.JournalLine, len(records))
	for i, rec := range records {
		lines[i] = guard.Line(rec, lang(r))
	}
	write(w, http.StatusOK, lines)
}

func (s *Server) follow(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	_ = out.Flush()
	for rec := range s.Journal.Follow(r.Context(), after) {
		// A reader that is too slow is let go; it can come back with after.
		_ = out.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if json.NewEncoder(w).Encode(guard.Line(rec, lang(r))) != nil || out.Flush() != nil {
			return
		}
	}
}
