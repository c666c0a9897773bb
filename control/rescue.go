package control

import (
	"context"
	"net/http"
	"net/url"

	"github.com/omamori-guard/omamori/guard"
)

func (s *Server) rescue(w http.ResponseWriter, r *http.Request) {
	s.answerRescue(w, r, r.URL.Query().Get("goal"))
}

func (s *Server) answerRescue(w http.ResponseWriter, r *http.Request, goal string) {
	st, err := s.Guard.Rescue(r.Context(), goal, lang(r))
	if err != nil {
		fail(w, r, err)
		return
	}
	write(w, http.StatusOK, st)
}

func (s *Server) rescueAct(w http.ResponseWriter, r *http.Request) {
	var a guard.RescueAct
	if !read(w, r, &a) {
		return
	}
	a.Who = who(r, a.Who)
	if err := s.Guard.RescueAct(r.Context(), a); err != nil {
		fail(w, r, err)
		return
	}
	s.answerRescue(w, r, a.Goal)
}

// Rescue asks how a goal stands, and what comes next on the way back to it.
func (c *Client) Rescue(ctx context.Context, goal string) (s guard.RescueStatus, err error) {
	return s, c.ask(ctx, "GET", "/v1/rescue", url.Values{"goal": {goal}}, nil, &s)
}

// RescueAct has something done in a rescue, or says something; the answer is how the
// goal stands then.
func (c *Client) RescueAct(ctx context.Context, a guard.RescueAct) (s guard.RescueStatus, err error) {
	return s, c.ask(ctx, "POST", "/v1/rescue", nil, a, &s)
}
