package control

import (
	"context"
	"net/http"

	"github.com/omamori-guard/omamori/guard"
)

func (s *Server) deadlines(w http.ResponseWriter, r *http.Request) {
	all, err := s.Guard.Deadlines(r.Context(), lang(r))
	if err != nil {
		fail(w, r, err)
		return
	}
	write(w, http.StatusOK, all)
}

// Deadlines asks for everything that is known to end, the soonest first.
func (c *Client) Deadlines(ctx context.Context) (all []guard.Deadline, err error) {
	return all, c.ask(ctx, "GET", "/v1/deadlines", nil, nil, &all)
}
