package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/journal"
)

// maxForm bounds a form, deedTime what is waited for of a deed.
const (
	maxForm  = 16 << 10
	deedTime = 30 * time.Second
)

// confirm is the view that asks once more.
type confirm struct {
	Action, Question, Do, Back string
	Plan, Notes                []string
	Fields                     url.Values
	// Sure is the token of the answer.
	Sure string
}

// deed is something to be done: it is asked once more unless the form says that it was.
type deed struct {
	ask confirm
	// do does it. It runs only after the question was answered.
	do func(ctx context.Context) error
	// then is where to look afterwards, said what to say there.
	then string
}

// acts makes a handler of what a form asks for, for whoever may act. Prepare reads the
// form and finds out what would be done, changing nothing.
func (p *page) acts(prepare func(r *http.Request, s *screen) (*deed, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := p.screenOf(r)
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		var sure bool
		var then string
		d, err := func() (*deed, error) {
			if !s.Visitor.Act || s.Visitor.Name == "" {
				return nil, errMayNotAct
			}
			if err := r.ParseForm(); err != nil {
				return nil, errBadForm
			}
			if sure, then = p.asked.answer(r.PostForm.Get("sure"), about(s.Visitor, r.URL.Path, fieldsOf(r.PostForm))); then != "" {
				return &deed{}, nil
			}
			return prepare(r, s)
		}()
		if then != "" { // pressed twice: the first does it
			http.Redirect(w, r, localPath(then), http.StatusSeeOther)
			return
		}
		if err == nil && d.ask.Question != "" && !sure {
			d.ask.Action, d.ask.Back, d.ask.Fields = r.URL.Path, localPath(d.then), fieldsOf(r.PostForm)
			p.asked.ask(s.Visitor, r.URL.Path, &d.ask)
			s.View, s.Title, s.Data, s.Forms = "confirm", s.Lang.Text("web.sure"), d.ask, true
			p.show(w, r, s)
			return
		}
		if err == nil {
			// Whatever the browser does meanwhile, what was said yes to is done.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), deedTime)
			err = d.do(ctx)
			cancel()
		}
		if err != nil {
			p.fail(r, s, err)
			p.show(w, r, s)
			return
		}
		http.Redirect(w, r, localPath(d.then), http.StatusSeeOther)
	}
}

// Asks reports whether a POST, whose form was read, does nothing yet: it is answered by
// a question.
func Asks(r *http.Request) bool {
	proves := strings.HasSuffix(r.URL.Path, "/prove") || r.PostForm.Get("typed") != ""
	return !strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasPrefix(r.URL.Path, "/signin") && !proves && r.PostForm.Get("sure") == ""
}

// note writes down who has done something that the guard does not write down itself.
func (p *page) note(link string, text chain.Text) {
	p.o.Journal.Note(journal.Entry{At: time.Now(), What: "page", Link: link, Text: text})
}

func (p *page) prove(r *http.Request, s *screen) (*deed, error) {
	name := r.PathValue("name")
	// It changes nothing, so it is not asked once more; the gate writes down who asked.
	return &deed{then: "/link/" + escape(name), do: func(ctx context.Context) error {
		return p.o.Guard.Prove(ctx, []string{name})
	}}, nil
}

func (p *page) answer(r *http.Request, s *screen) (*deed, error) {
	st, err := p.o.Guard.Status(r.Context(), s.Lang)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	i := slices.IndexFunc(st.Links, func(l guard.LinkStatus) bool { return l.Name == name && l.Person })
	if i < 0 {
		return nil, errNotFound
	}
	return p.answerTo(st.Links[i].Question, name, r.PostForm.Get("yes") == "1", r.PostForm.Get("typed"), "/drills", s), nil
}

// answerTo takes in what a person says of a claim, or types.
func (p *page) answerTo(question, name string, yes bool, typed, then string, s *screen) *deed {
	said, who := s.Lang.Text("web.no"), s.Visitor.Name
	if yes {
		said = s.Lang.Text("web.yes")
	}
	d := &deed{then: then, ask: confirm{Question: foreign(question), Do: s.Lang.Text("web.record"), Plan: []string{s.Lang.Text("web.you_say", "answer", said)}}}
	if yes && typed != "" {
		d.ask = confirm{} // it is checked, and proves itself
		d.do = func(ctx context.Context) error { return p.o.Guard.Typed(ctx, name, typed, who) }
		return d
	}
	d.do = func(ctx context.Context) error { return p.o.Guard.Answer(ctx, name, yes, who) }
	return d
}

// thing asks whether a thing is lost, or there again.
func (p *page) thing(r *http.Request, s *screen) error {
	st, err := p.o.Guard.Status(r.Context(), s.Lang)
	if err != nil {
		return err
	}
	if !s.Visitor.Act {
		return errMayNotAct
	}
	i := slices.IndexFunc(st.Things, func(t guard.ThingStatus) bool { return t.Name == r.PathValue("name") })
	if i < 0 {
		return errNotFound
	}
	t := st.Things[i]
	c := confirm{Action: "/thing/" + escape(t.Name), Back: "/", Do: s.Lang.Text("web.record"), Fields: url.Values{"lost": {"1"}}}
	c.Question = s.Lang.Text("web.thing_lost_sure", "name", called(t.Title, t.Name))
	if t.Lost || t.Absent {
		c.Fields = url.Values{"lost": {"0"}}
		c.Question = s.Lang.Text("web.thing_had_sure", "name", called(t.Title, t.Name))
	} else if w, err := p.without(r.Context(), t.Name, s.Lang); err == nil {
		c.Notes = w.Said
	}
	p.asked.ask(s.Visitor, r.URL.Path, &c)
	s.View, s.Title, s.Data, s.Forms = "confirm", s.Lang.Text("web.sure"), c, true
	return nil
}

func (p *page) lose(r *http.Request, s *screen) (*deed, error) {
	name, lost, who := r.PathValue("name"), r.PostForm.Get("lost") == "1", s.Visitor.Name
	question := "web.thing_had_sure"
	if lost {
		question = "web.thing_lost_sure"
	}
	return &deed{then: "/", ask: confirm{Question: s.Lang.Text(question, "name", name), Do: s.Lang.Text("web.record")},
		do: func(ctx context.Context) error { return p.o.Guard.Lose(ctx, name, lost, who) }}, nil
}

// drillRow is what a person proves.
type drillRow struct {
	guard.LinkStatus
	Due bool
}

func (p *page) drills(r *http.Request, s *screen) error {
	st, err := p.o.Guard.Status(r.Context(), s.Lang)
	if err != nil {
		return err
	}
	var rows []drillRow
	for _, l := range st.Links {
		if l.Person {
			rows = append(rows, drillRow{l, l.Verdict != chain.Holds})
		}
	}
	slices.SortStableFunc(rows, func(a, b drillRow) int {
		switch {
		case a.Due != b.Due && a.Due:
			return -1
		case a.Due != b.Due:
			return 1
		}
		return a.FreshUntil.Compare(b.FreshUntil)
	})
	s.View, s.Title, s.Data, s.Live, s.Forms = "drills", s.Lang.Text("web.nav_drills"), rows, true, true
	return nil
}
