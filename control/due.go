package control

import (
	"context"
	"net/http"

	"github.com/omamori-guard/omamori/due/notice"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/report/weekly"
	"github.com/omamori-guard/omamori/words"
)

// Due is what the server needs of a guard for what wants an answer.
type Due interface {
	Due(ctx context.Context, lang words.Lang) ([]guard.DueItem, error)
	Acknowledge(ctx context.Context, a guard.DueAck) error
	Senders(ctx context.Context) ([]notice.Sender, error)
	AddNotice(ctx context.Context, f notice.Found, who string) (id string, err error)
	AnswerNotice(ctx context.Context, a guard.DueAnswer) error
	Here(ctx context.Context, who string) error
	Week(ctx context.Context, lang words.Lang) (weekly.Week, error)
}

func (s *Server) dueRoutes() []route {
	return []route{
		{method: "GET", path: "/v1/due", says: "what wants an answer, the most pressing first", answer: []guard.DueItem{}, do: s.due},
		{method: "GET", path: "/v1/due/senders", says: "from whom mail about which thing comes", answer: []notice.Sender{}, do: s.senders},
		{method: "GET", path: "/v1/due/week", says: "the letter of the week until now", answer: weekly.Week{}, do: s.week},
		{method: "POST", path: "/v1/due/ack", says: "know of something until a day and for a reason, or give back the code of a channel", acts: true, ask: guard.DueAck{}, answer: []guard.DueItem{},
			do: dueAct(s, func(ctx context.Context, a guard.DueAck) error {
				a.Who = words.Clean(a.Who)
				return s.Due.Acknowledge(ctx, a)
			})},
		{method: "POST", path: "/v1/due/answer", says: "say what a notice is about, by when, or that it is none", acts: true, ask: guard.DueAnswer{}, answer: []guard.DueItem{},
			do: dueAct(s, func(ctx context.Context, a guard.DueAnswer) error {
				a.Who = words.Clean(a.Who)
				return s.Due.AnswerNotice(ctx, a)
			})},
		{method: "POST", path: "/v1/due/here", says: "give a sign of life", acts: true, ask: guard.DueAck{}, answer: []guard.DueItem{},
			do: dueAct(s, func(ctx context.Context, a guard.DueAck) error { return s.Due.Here(ctx, a.Who) })},
		{method: "POST", path: "/v1/due/notice", says: "hand in what a mail announces", acts: true, ask: addedNotice{}, answer: addedNotice{}, do: s.addNotice},
	}
}

// dueAct does what a request asks for, and answers with what is due then.
func dueAct[A any](s *Server, do func(context.Context, A) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var a A
		if !read(w, r, &a) {
			return
		}
		if err := do(r.Context(), a); err != nil {
			dueFail(w, r, err)
			return
		}
		s.due(w, r)
	}
}

func dueFail(w http.ResponseWriter, r *http.Request, err error) {
	if bad, ok := err.(*guard.DueError); ok {
		write(w, http.StatusConflict, told("bad_due", r, bad))
		return
	}
	fail(w, r, err)
}

func (s *Server) due(w http.ResponseWriter, r *http.Request) {
	all, err := s.Due.Due(r.Context(), lang(r))
	if err != nil {
		fail(w, r, err)
		return
	}
	write(w, http.StatusOK, all)
}

func (s *Server) senders(w http.ResponseWriter, r *http.Request) {
	all, err := s.Due.Senders(r.Context())
	if err != nil {
		fail(w, r, err)
		return
	}
	write(w, http.StatusOK, all)
}

func (s *Server) week(w http.ResponseWriter, r *http.Request) {
	week, err := s.Due.Week(r.Context(), lang(r))
	if err != nil {
		fail(w, r, err)
		return
	}
	write(w, http.StatusOK, week)
}

// addedNotice is a notice on its way to the guard, and its name on the way back.
type addedNotice struct {
	Found notice.Found `json:"found,omitzero"`
	Who   string       `json:"who,omitempty"`
	ID    string       `json:"id,omitempty"`
}

func (s *Server) addNotice(w http.ResponseWriter, r *http.Request) {
	var a addedNotice
	if !read(w, r, &a) {
		return
	}
	id, err := s.Due.AddNotice(r.Context(), a.Found, words.Clean(a.Who))
	if err != nil {
		dueFail(w, r, err)
		return
	}
	write(w, http.StatusOK, addedNotice{ID: id})
}

// Due asks what wants an answer, the most pressing first.
func (c *Client) Due(ctx context.Context) (all []guard.DueItem, err error) {
	return all, c.ask(ctx, "GET", "/v1/due", nil, nil, &all)
}

// Acknowledge says that a person knows of something, or that a channel's code has come.
func (c *Client) Acknowledge(ctx context.Context, a guard.DueAck) (all []guard.DueItem, err error) {
	return all, c.ask(ctx, "POST", "/v1/due/ack", nil, a, &all)
}

// AnswerNotice says what a person knows of a notice.
func (c *Client) AnswerNotice(ctx context.Context, a guard.DueAnswer) (all []guard.DueItem, err error) {
	return all, c.ask(ctx, "POST", "/v1/due/answer", nil, a, &all)
}

// Here gives a sign of life.
func (c *Client) Here(ctx context.Context, who string) (all []guard.DueItem, err error) {
	return all, c.ask(ctx, "POST", "/v1/due/here", nil, guard.DueAck{Who: who}, &all)
}

// Senders asks from whom mail about which thing comes.
func (c *Client) Senders(ctx context.Context) (all []notice.Sender, err error) {
	return all, c.ask(ctx, "GET", "/v1/due/senders", nil, nil, &all)
}

// AddNotice hands in what a mail announces.
func (c *Client) AddNotice(ctx context.Context, f notice.Found, who string) (id string, err error) {
	var a addedNotice
	err = c.ask(ctx, "POST", "/v1/due/notice", nil, addedNotice{Found: f, Who: who}, &a)
	return a.ID, err
}

// Week asks for the letter of the week until now.
func (c *Client) Week(ctx context.Context) (w weekly.Week, err error) {
	return w, c.ask(ctx, "GET", "/v1/due/week", nil, nil, &w)
}
