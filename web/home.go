package web

import (
	"net/http"

	"github.com/omamori-guard/omamori/guard"
)

// homeData is the first view.
type homeData struct {
	Status guard.Status
}

func (p *page) home(r *http.Request, s *screen) error {
	st, err := p.o.Guard.Status(r.Context(), s.Lang)
	if err != nil {
		return err
	}
	s.View, s.Title = "home", s.Lang.Text("web.home")
	s.Data = homeData{Status: st}
	return nil
}
