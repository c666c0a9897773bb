package control

import (
	"context"
	"net/http"

	"github.com/omamori-guard/omamori/guard"
)

func (s *Server) typed(w http.ResponseWriter, r *http.Request) {
	var q typedRequest
	if !read(w, r, &q) {
		return
	}
	if err := s.Guard.Typed(r.Context(), q.Link, q.Typed, who(r, q.Who)); err != nil {
		fail(w, r, err)
		return
	}
	s.status(w, r)
}

// Typed passes on what a person typed to prove a link. It is refused with the code
// "no_answer" where it can be none, such as a word too short.
func (c *Client) Typed(ctx context.Context, link, typed, who string) (s guard.Status, err error) {
	return s, c.ask(ctx, "POST", "/v1/typed", nil, map[string]any{"link": link, "typed": typed, "who": who}, &s)
}
