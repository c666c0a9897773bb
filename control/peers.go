package control

import (
	"context"
	"net/http"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vantage"
	"github.com/omamori-guard/omamori/words"
)

// Peers is what the server needs of a guard that can be paired with others.
type Peers interface {
	Peers(ctx context.Context, lang words.Lang) ([]guard.PeerStatus, error)
	PairOffer(ctx context.Context) (guard.Offer, error)
	PairAnswer(ctx context.Context, code, as string, agree bool) (guard.Proposal, error)
	PairAccept(ctx context.Context, code, as string, route vantage.Route, agree bool) (guard.Proposal, error)
	PairLetter(ctx context.Context, name string) ([]byte, error)
	PairIdentity(ctx context.Context) (guard.Identity, error)
	PairMeet(ctx context.Context, name string, lang words.Lang) (guard.PeerStatus, error)
	PairForget(ctx context.Context, name string) error
	Letter(ctx context.Context, raw []byte) ([]byte, error)
}

// pairRequest is what the requests below have in their bodies; each reads its part.
type pairRequest struct {
	Code   string        `json:"code,omitempty"`
	Name   string        `json:"name,omitempty"`
	Agree  bool          `json:"agree,omitempty"`
	Route  vantage.Route `json:"route,omitzero"`
	Letter []byte        `json:"letter,omitempty"`
}

// pairs adds what concerns other guards.
func (s *Server) pairs(mux *http.ServeMux) {
	if s.Peers == nil {
		return
	}
	handle := func(path string, limit int64, do func(r *http.Request, q pairRequest) (any, error)) {
		mux.HandleFunc("POST /v1/peers"+path, func(w http.ResponseWriter, r *http.Request) {
			var q pairRequest
			if !readUpTo(w, r, &q, limit) {
				return
			}
			v, err := do(r, q)
			if err != nil {
				fail(w, r, err)
				return
			}
			write(w, http.StatusOK, v)
		})
	}
	handle("", maxBody, func(r *http.Request, _ pairRequest) (any, error) { return s.Peers.Peers(r.Context(), lang(r)) })
	handle("/offer", maxBody, func(r *http.Request, _ pairRequest) (any, error) { return s.Peers.PairOffer(r.Context()) })
	handle("/answer", maxBody, func(r *http.Request, q pairRequest) (any, error) {
		return s.Peers.PairAnswer(r.Context(), q.Code, q.Name, q.Agree)
	})
	handle("/accept", maxBody, func(r *http.Request, q pairRequest) (any, error) {
		return s.Peers.PairAccept(r.Context(), q.Code, q.Name, q.Route, q.Agree)
	})
	handle("/identity", maxBody, func(r *http.Request, _ pairRequest) (any, error) { return s.Peers.PairIdentity(r.Context()) })
	handle("/meet", maxBody, func(r *http.Request, q pairRequest) (any, error) {
		return s.Peers.PairMeet(r.Context(), q.Name, lang(r))
	})
	handle("/forget", maxBody, func(r *http.Request, q pairRequest) (any, error) {
		return struct{}{}, s.Peers.PairForget(r.Context(), q.Name)
	})
	handle("/letter", maxBody, func(r *http.Request, q pairRequest) (any, error) { return s.Peers.PairLetter(r.Context(), q.Name) })
	handle("/take", vantage.MaxLine+maxBody, func(r *http.Request, q pairRequest) (any, error) {
		return s.Peers.Letter(r.Context(), q.Letter)
	})
}

func (c *Client) pair(ctx context.Context, path string, q pairRequest, into any) error {
	return c.ask(ctx, "POST", "/v1/peers"+path, nil, q, into)
}

// Peers lists the guards that are paired with this one.
func (c *Client) Peers(ctx context.Context) (all []guard.PeerStatus, err error) {
	return all, c.pair(ctx, "", pairRequest{}, &all)
}

// PairOffer begins a pairing.
func (c *Client) PairOffer(ctx context.Context) (o guard.Offer, err error) {
	return o, c.pair(ctx, "/offer", pairRequest{}, &o)
}

// PairAnswer looks at another guard's offer, and with agree agrees to it.
func (c *Client) PairAnswer(ctx context.Context, code, as string, agree bool) (p guard.Proposal, err error) {
	return p, c.pair(ctx, "/answer", pairRequest{Code: code, Name: as, Agree: agree}, &p)
}

// PairAccept looks at the answer to our offer, and with agree agrees to it.
func (c *Client) PairAccept(ctx context.Context, code, as string, route vantage.Route, agree bool) (p guard.Proposal, err error) {
	return p, c.pair(ctx, "/accept", pairRequest{Code: code, Name: as, Route: route, Agree: agree}, &p)
}

// PairIdentity is the SSH key that the guard calls others with.
func (c *Client) PairIdentity(ctx context.Context) (i guard.Identity, err error) {
	return i, c.pair(ctx, "/identity", pairRequest{}, &i)
}

// PairLetter is the guard's next letter to a peer, to be carried by hand.
func (c *Client) PairLetter(ctx context.Context, name string) (letter []byte, err error) {
	return letter, c.pair(ctx, "/letter", pairRequest{Name: name}, &letter)
}

// PairTake hands a peer's letter to the guard.
func (c *Client) PairTake(ctx context.Context, letter []byte) error {
	var answer []byte // it goes with the next letter
	return c.pair(ctx, "/take", pairRequest{Letter: letter}, &answer)
}

// PairMeet has the guard call a peer now.
func (c *Client) PairMeet(ctx context.Context, name string) (s guard.PeerStatus, err error) {
	return s, c.pair(ctx, "/meet", pairRequest{Name: name}, &s)
}

// PairForget has the guard forget a peer.
func (c *Client) PairForget(ctx context.Context, name string) error {
	return c.pair(ctx, "/forget", pairRequest{Name: name}, &struct{}{})
}
