package control

import (
	"context"
	"net/http"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/support"
)

func (s *Server) support(w http.ResponseWriter, r *http.Request) {
	all, err := s.Guard.Support(r.Context())
	if err != nil {
		fail(w, r, err)
		return
	}
	write(w, http.StatusOK, all)
}

func (s *Server) caseAct(w http.ResponseWriter, r *http.Request) {
	var a guard.CaseAct
	if !read(w, r, &a) {
		return
	}
	a.Who = who(r, a.Who)
	if err := s.Guard.CaseAct(r.Context(), a); err != nil {
		fail(w, r, err)
		return
	}
	s.support(w, r)
}

// Support asks for the desks, and the cases that are open there.
func (c *Client) Support(ctx context.Context) (all []support.Status, err error) {
	return all, c.ask(ctx, "GET", "/v1/support", nil, nil, &all)
}

// CaseAct says something of a case.
func (c *Client) CaseAct(ctx context.Context, a guard.CaseAct) (all []support.Status, err error) {
	return all, c.ask(ctx, "POST", "/v1/support", nil, a, &all)
}
