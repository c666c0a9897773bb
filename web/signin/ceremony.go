package signin

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/omamori-guard/omamori/chain"
)

func (g *Gate) beginPasskey(w http.ResponseWriter, r *http.Request) {
	b, err := g.beginIn(r)
	if err != nil {
		g.failPasskey(w, r, err)
		return
	}
	answer(w, http.StatusOK, b)
}

func (g *Gate) finishPasskey(w http.ResponseWriter, r *http.Request) {
	f, ok := read(w, r)
	if !ok {
		return
	}
	name, token, err := g.finishIn(r, f)
	if err != nil {
		g.failPasskey(w, r, err)
		return
	}
	g.cameIn(r.Context(), "signin.did_in_passkey", name, r)
	g.enter(w, r, token)
	answer(w, http.StatusOK, map[string]string{"next": next(f.Next)})
}

func read(w http.ResponseWriter, r *http.Request) (f finished, ok bool) {
	if err := json.NewDecoder(r.Body).Decode(&f); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"code": "bad_request", "error": Lang(r).Text("signin.passkey_failed")})
		return f, false
	}
	return f, true
}

func (g *Gate) failPasskey(w http.ResponseWriter, r *http.Request, err error) {
	text := chain.Say("signin.passkey_failed")
	var told *Trouble
	if errors.As(err, &told) {
		text = told.Text
	} else {
		g.wrongTry(r, err)
	}
	answer(w, http.StatusForbidden, map[string]string{"code": "refused", "error": Lang(r).Say(text)})
}

func (g *Gate) beginDevice(w http.ResponseWriter, r *http.Request) {
	b, err := g.beginBring(r, cookie(r, sessionCookie))
	if err != nil {
		g.failPasskey(w, r, err)
		return
	}
	answer(w, http.StatusOK, b)
}

func (g *Gate) finishDevice(w http.ResponseWriter, r *http.Request) {
	f, ok := read(w, r)
	if !ok {
		return
	}
	name, token, err := g.finishBring(r, cookie(r, sessionCookie), f)
	if err != nil {
		g.failPasskey(w, r, err)
		return
	}
	g.cameIn(r.Context(), "signin.did_bring_passkey", name, r)
	g.enter(w, r, token)
	answer(w, http.StatusOK, map[string]string{"next": "/"})
}
