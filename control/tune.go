package control

import (
	"context"
	"net/http"

	"github.com/omamori-guard/omamori/hands"
)

// TuneStatus is how a tuning went, for people.
type TuneStatus struct {
	Kept bool   `json:"kept"`
	Why  string `json:"why,omitempty"`
}

func (s *Server) tune(w http.ResponseWriter, r *http.Request) {
	var q tuneRequest
	if !read(w, r, &q) {
		return
	}
	result, err := s.Guard.Tune(r.Context(), q.Tuning, who(r, q.Who))
	if err != nil {
		fail(w, r, err)
		return
	}
	write(w, http.StatusOK, TuneStatus{Kept: result.Kept, Why: lang(r).Say(result.Why)})
}

// Tune has a tuning tried, and kept if the site can be proved with it. It takes as long
// as that does.
func (c *Client) Tune(ctx context.Context, t hands.Tuning, who string) (kept bool, why string, err error) {
	var s TuneStatus
	err = c.ask(ctx, "POST", "/v1/tune", nil, map[string]any{"tuning": t, "who": who}, &s)
	return s.Kept, s.Why, err
}
