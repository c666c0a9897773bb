package web

import (
	"context"
	"net/http"

	"github.com/omamori-guard/omamori/guard"
)

// rescueData is the view of a way back, as it is walked.
type rescueData struct {
	R        guard.RescueStatus
	Blaming  string
	Evidence []string
}

func (p *page) rescue(r *http.Request, s *screen) error {
	st, err := p.o.Guard.Status(r.Context(), s.Lang)
	if err != nil {
		return err
	}
	rescue, err := p.o.Guard.Rescue(r.Context(), r.PathValue("name"), s.Lang)
	if err != nil {
		return err
	}
	d := rescueData{R: rescue, Blaming: blaming(rescue.Blame, rescue.Goal, titlesOf(st), s.Lang)}
	if rescue.Next != nil {
		d.Evidence, _ = cutEvidence(rescue.Next.Evidence)
	}
	s.View, s.Title, s.Data, s.Live, s.Forms = "rescue", s.Lang.Text("web.rescue_title", "name", called(rescue.Title, rescue.Goal)), d, true, true
	return nil
}

// rescueAct does the next step, or takes in what a person says of it. What is asked
// for must still be the next thing: a form from before does nothing.
func (p *page) rescueAct(r *http.Request, s *screen) (*deed, error) {
	name, act := r.PathValue("name"), r.PostForm.Get("act")
	rescue, err := p.o.Guard.Rescue(r.Context(), name, s.Lang)
	if err != nil {
		return nil, err
	}
	here, who := "/rescue/"+escape(name), s.Visitor.Name
	do := func(a guard.RescueAct) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			begin := guard.RescueAct{Goal: name, Act: "begin", Who: who}
			if err := p.o.Guard.RescueAct(ctx, begin); err != nil {
				return err
			}
			return p.o.Guard.RescueAct(ctx, a)
		}
	}
	d := &deed{then: here, ask: confirm{Do: s.Lang.Text("web.do_it")}}
	if act == "again" {
		d.ask.Question = s.Lang.Text("web.rescue_again_sure")
		d.do = do(guard.RescueAct{Goal: name, Act: "again", Who: who})
		return d, nil
	}
	next := rescue.Next
	if next == nil || next.Step != r.PostForm.Get("step") || next.For != r.PostForm.Get("for") {
		return nil, errMovedOn
	}
	step := next.Step
	switch {
	case act == "mend" && next.Do == guard.RescueMend:
		d.ask.Question = s.Lang.Text("web.rescue_mend_sure", "step", called(next.Title, next.Step))
		d.ask.Plan = []string{called(next.Title, next.Step)}
		if next.Why != "" {
			d.ask.Notes = append(d.ask.Notes, foreign(next.Why))
		}
		d.ask.Notes = append(d.ask.Notes, s.Lang.Text("web.rescue_mend_note"))
	case act == "done" && next.Do == guard.RescueStep:
		d.ask.Question = s.Lang.Text("web.rescue_done_sure", "step", called(next.Title, next.Step))
	case (act == "yes" || act == "no") && next.Do == guard.RescueAnswer:
		return p.answerTo(next.Question, next.For, act == "yes", r.PostForm.Get("typed"), here, s), nil
	case act == "aside":
		if next.Do == guard.RescueAnswer {
			step = next.For
		}
		d.ask.Question = s.Lang.Text("web.rescue_aside_sure", "step", called(next.Title+next.Question, step))
	default:
		return nil, errMovedOn
	}
	d.do = do(guard.RescueAct{Goal: name, Act: act, Step: step, Who: who})
	return d, nil
}
