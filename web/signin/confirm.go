package signin

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// confirmPath is where a code that was sent by a channel is given back.
const confirmPath = "/signin/confirm"

// ConfirmAt is the address at which a code is given back by a click; "" where the page is seen
// from this machine alone.
func (g *Gate) ConfirmAt(code string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	u, err := url.Parse(g.base)
	if err != nil || u.Scheme != "https" || !g.names[u.Hostname()] || len(g.settings.Hosts) == 0 {
		return ""
	}
	return g.base + confirmPath + "?code=" + url.QueryEscape(code)
}

// getConfirm asks for the click. Nothing is done before: programs look at what mails link to.
func (g *Gate) getConfirm(w http.ResponseWriter, r *http.Request) {
	if g.o.Confirm == nil {
		g.refuse(w, r, http.StatusNotFound, "signin.not_found")
		return
	}
	g.show(w, r, http.StatusOK, view{What: "confirm", Title: "signin.confirm_title", Code: r.URL.Query().Get("code")})
}

// postConfirm takes the code. Who has it need not be signed in, and comes in nowhere by it.
func (g *Gate) postConfirm(w http.ResponseWriter, r *http.Request) {
	if g.o.Confirm == nil {
		g.refuse(w, r, http.StatusNotFound, "signin.not_found")
		return
	}
	channel, err := g.o.Confirm(r.Context(), strings.TrimSpace(r.PostFormValue("code")))
	if err != nil || channel == "" {
		if err == nil {
			err = errors.New("no channel waits for that code")
		}
		g.wrongTry(r, err)
		g.show(w, r, http.StatusForbidden, view{What: "confirm", Title: "signin.confirm_title", Wrong: "signin.confirm_over", Path: confirmPath})
		return
	}
	g.show(w, r, http.StatusOK, view{What: "confirmed", Title: "signin.confirm_title", Who: channel, Path: confirmPath})
}
