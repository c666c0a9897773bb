package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// firstData is the first visit: no goal is named yet.
type firstData struct {
	Links []foundLink
	Goal  string
	// Draft is what is to be written into the configuration, "" if nothing was chosen.
	Draft string
}

type foundLink struct {
	guard.LinkStatus
	Chosen bool
}

// longestGoal bounds what a goal is called here.
const longestGoal = 100

// firstVisit walks through what discovery found. It writes nothing: the configuration is
// the owner's, and the guard may not change it.
func firstVisit(s guard.Status, q url.Values, lang words.Lang) *firstData {
	d := &firstData{Goal: words.Clean(q.Get("goal"))}
	if r := []rune(d.Goal); len(r) > longestGoal {
		d.Goal = string(r[:longestGoal])
	}
	var chosen []string
	for _, l := range s.Links {
		f := foundLink{l, slices.Contains(q["link"], l.Name)}
		if f.Chosen {
			chosen = append(chosen, l.Name)
		}
		d.Links = append(d.Links, f)
	}
	if len(chosen) == 0 {
		return d
	}
	title := d.Goal
	if title == "" {
		title = lang.Text("web.first_goal_example")
	}
	var b strings.Builder
	b.WriteString("goals:\n  " + goalName(chosen) + ":\n    title: " + strconv.Quote(title) + "\n    ways:\n      main: [" + strings.Join(chosen, ", ") + "]\n")
	d.Draft = b.String()
	return d
}

// goalName is a name for a goal that rests on these links: a plain one.
func goalName(links []string) string {
	name := "visitors"
	if slices.Contains(links, name) {
		name = "goal"
	}
	return name
}
