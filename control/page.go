package control

import (
	"context"
	"net/http"

	"github.com/omamori-guard/omamori/web/signin"
)

// Page is what the server needs of the page: who may see it. None of this is answered
// but on the socket: whoever may act over the page cannot let others in.
type Page interface {
	// Link makes a one-time link for whom the journal is to call who.
	Link(ctx context.Context, who string) (signin.Link, error)
	Invite(ctx context.Context, i signin.Invitation) (signin.Invited, error)
	People(ctx context.Context) ([]signin.PersonStatus, error)
	// Dismiss ends what a person may do, and his sessions.
	Dismiss(ctx context.Context, name, who string) error
	// SignOut ends all sessions, and says how many those were.
	SignOut(ctx context.Context, who string) (int, error)
}

// SignedOut is what came of ending all sessions.
type SignedOut struct {
	Sessions int `json:"sessions"`
}

type pageRequest struct {
	Name string `json:"name,omitempty"`
	Who  string `json:"who"`
}

func (s *Server) pageRoutes() []route {
	return []route{
		{method: "POST", path: "/v1/page", local: true, do: answered(func(r *http.Request, q pageRequest) (any, error) {
			return s.Page.Link(r.Context(), who(r, q.Who))
		})},
		{method: "POST", path: "/v1/invite", local: true, do: answered(func(r *http.Request, i signin.Invitation) (any, error) {
			i.By = who(r, i.By)
			return s.Page.Invite(r.Context(), i)
		})},
		{method: "GET", path: "/v1/people", local: true, do: func(w http.ResponseWriter, r *http.Request) {
			all, err := s.Page.People(r.Context())
			if err != nil {
				fail(w, r, err)
				return
			}
			write(w, http.StatusOK, all)
		}},
		{method: "POST", path: "/v1/dismiss", local: true, do: answered(func(r *http.Request, q pageRequest) (any, error) {
			return struct{}{}, s.Page.Dismiss(r.Context(), q.Name, who(r, q.Who))
		})},
		{method: "POST", path: "/v1/signout", local: true, do: answered(func(r *http.Request, q pageRequest) (any, error) {
			n, err := s.Page.SignOut(r.Context(), who(r, q.Who))
			return SignedOut{n}, err
		})},
	}
}

// answered reads a request's body and answers with what do makes of it.
func answered[Q any](do func(*http.Request, Q) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q Q
		if !read(w, r, &q) {
			return
		}
		v, err := do(r, q)
		if err != nil {
			fail(w, r, err)
			return
		}
		write(w, http.StatusOK, v)
	}
}

// Link asks for a one-time link to the page.
func (c *Client) Link(ctx context.Context, who string) (l signin.Link, err error) {
	return l, c.ask(ctx, "POST", "/v1/page", nil, pageRequest{Who: who}, &l)
}

// Invite asks for a code by which somebody brings a device.
func (c *Client) Invite(ctx context.Context, i signin.Invitation) (d signin.Invited, err error) {
	return d, c.ask(ctx, "POST", "/v1/invite", nil, i, &d)
}

// People lists who may sign in.
func (c *Client) People(ctx context.Context) (all []signin.PersonStatus, err error) {
	return all, c.ask(ctx, "GET", "/v1/people", nil, nil, &all)
}

// Dismiss lets somebody in no longer.
func (c *Client) Dismiss(ctx context.Context, name, who string) error {
	var none struct{}
	return c.ask(ctx, "POST", "/v1/dismiss", nil, pageRequest{Name: name, Who: who}, &none)
}

// SignOut ends all sessions of the page, and says how many those were.
func (c *Client) SignOut(ctx context.Context, who string) (n int, err error) {
	var out SignedOut
	err = c.ask(ctx, "POST", "/v1/signout", nil, pageRequest{Who: who}, &out)
	return out.Sessions, err
}
