package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/web/signin"
	"github.com/omamori-guard/omamori/words"
)

// reckoned keeps what the guard has reckoned of the goals' ways while nothing moves.
type reckoned struct {
	mu   sync.Mutex // protects the field below
	last map[words.Lang]*reckonedFor
}

type reckonedFor struct {
	print string
	ways  map[string]*guard.GoalWays
}

// waysTime is for how long a view waits for what is reckoned of large chains; it does
// without what has not come by then.
const waysTime = 2 * time.Second

// waysOf gives the ways of each goal, reckoned anew only if verdicts or things have
// changed.
func (p *page) waysOf(ctx context.Context, s guard.Status, lang words.Lang) map[string]*guard.GoalWays {
	var print strings.Builder
	for _, l := range s.Links {
		print.WriteString(l.Name + "\x00" + l.Verdict.String() + "\x00")
	}
	for _, t := range s.Things {
		print.WriteString(t.Name + "\x00")
		if t.Lost || t.Absent {
			print.WriteString("lost\x00")
		}
	}
	k := &p.known
	k.mu.Lock()
	defer k.mu.Unlock()
	if last := k.last[lang]; last != nil && last.print == print.String() {
		return last.ways
	}
	ctx, cancel := context.WithTimeout(ctx, waysTime)
	defer cancel()
	all, err := p.o.Guard.Ways(ctx, "", guard.Supposed{}, lang)
	if err != nil {
		return nil
	}
	ways := make(map[string]*guard.GoalWays, len(all))
	for i := range all {
		ways[all[i].Name] = &all[i]
	}
	if k.last == nil {
		k.last = map[words.Lang]*reckonedFor{}
	}
	k.last[lang] = &reckonedFor{print.String(), ways}
	return ways
}

// without is what would be without something.
type without struct {
	Name  string   `json:"name"`
	Falls []string `json:"falls"`
	// Said says it, a sentence for each goal.
	Said []string `json:"said"`
}

func (p *page) without(ctx context.Context, lose string, lang words.Lang) (w without, err error) {
	all, err := p.o.Guard.Ways(ctx, "", guard.Supposed{Lose: []string{lose}}, lang)
	if err != nil {
		return w, err
	}
	w.Name, w.Falls, w.Said = foreign(lose), []string{}, []string{}
	seen := map[string]bool{}
	for _, g := range all {
		if n, ok := g.Names[lose]; ok && n.Title != "" {
			w.Name = foreign(n.Title)
		}
		for _, f := range g.Falls {
			if !seen[f.Name] {
				seen[f.Name] = true
				w.Falls = append(w.Falls, f.Name)
			}
		}
		title := called(g.Title, g.Name)
		switch before, after := figureOf(g.Before), figureOf(&g.Margin); {
		case g.Back == nil:
			w.Said = append(w.Said, lang.Text("web.without_no_way", "goal", title))
		case seen[g.Name] && g.Back.Seconds > 0:
			w.Said = append(w.Said, lang.Text("web.without_stops", "goal", title, "takes", time.Duration(g.Back.Seconds*float64(time.Second)).String()))
		case before != after:
			w.Said = append(w.Said, lang.Text("web.without_margin", "goal", title, "from", before, "to", after))
		default:
			w.Said = append(w.Said, lang.Text("web.without_same", "goal", title))
		}
	}
	return w, nil
}

func figureOf(m *guard.Margin) string {
	switch {
	case m == nil || m.Unknown:
		return "?"
	case m.Now == nil:
		return "∞"
	}
	return signed(*m.Now)
}

// whatIf tells a browser what would fall without something that is pointed at.
func (p *page) whatIf(w http.ResponseWriter, r *http.Request) {
	lang := signin.Lang(r)
	if !signin.From(r.Context()).Read {
		http.Error(w, lang.Text("web.forbidden"), http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookTime)
	defer cancel()
	answer, err := p.without(ctx, r.URL.Query().Get("lose"), lang)
	if err != nil {
		http.Error(w, lang.Text("web.not_found"), http.StatusNotFound)
		return
	}
	b, err := json.Marshal(answer)
	if err != nil { // strings: cannot fail
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	send(w, r, http.StatusOK, b, true)
}
