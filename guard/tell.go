package guard

import (
	"strings"
	"time"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/words"
)

// tell passes an event of an incident on to whoever is to know.
func (g *Guard) tell(event string, i *chain.Incident) {
	if g.quietLink(i.Link) {
		return
	}
	now := time.Now()
	told := *i // as it is now; the message is put into words later
	told.Outages = append([]chain.Outage(nil), i.Outages...)
	told.Deeds = append([]chain.Done(nil), i.Deeds...)
	titles := g.titles()
	g.append(journal.Entry{At: now, What: "told", Link: i.Link, Incident: i.ID,
		Text: chain.Say("guard.told", "event", chain.Say("guard.event_"+event), "link", i.Link)})
	g.send(Message{Event: event, Incident: i.ID, At: now, Say: func(lang words.Lang) (string, string) {
		return letter(lang, event, &told, titles, now)
	}})
}

// titles maps the names of links and goals to what the owner calls them.
func (g *Guard) titles() map[string]string {
	titles := map[string]string{}
	m := g.file.Chain.Model()
	for _, l := range m.Links {
		titles[l.Name] = l.Title
	}
	for _, goal := range m.Goals {
		titles[goal.Name] = goal.Title
	}
	for name, title := range titles {
		if title == "" {
			titles[name] = name
		}
	}
	return titles
}

// letter puts an event into words.
func letter(lang words.Lang, event string, i *chain.Incident, titles map[string]string, now time.Time) (title, body string) {
	say := func(key string, pairs ...any) string { return lang.Say(chain.Say(key, pairs...)) }
	name := titles[i.Link]
	if name == "" {
		name = i.Link
	}
	title = say("guard.title_"+event, "link", name)
	var lines []string
	add := func(line string) {
		if line != "" {
			lines = append(lines, line)
		}
	}
	if event == "end" {
		add(say("guard.letter_over", "took", i.Ended.Sub(i.Began).Round(time.Millisecond), "began", i.Began))
	} else {
		add(say("guard.letter_began", "began", i.Began))
	}
	add(say("guard.letter_cause", "cause", i.Cause, "why", i.Why))
	for _, e := range i.Evidence {
		add("  " + words.Clean(e))
	}
	for _, d := range i.Deeds {
		add(lang.Say(deedText(d)))
	}
	for _, goal := range goals(i) {
		without := i.Without(goal, now)
		title := titles[goal]
		if over(i, goal) {
			add(say("guard.letter_without", "goal", title, "took", without.Round(time.Millisecond)))
		} else {
			add(say("guard.letter_still_without", "goal", title, "took", without.Round(time.Second)))
		}
	}
	if (event != "end" || comesAgain(i)) && !i.Next.IsZero() {
		add(say("guard.letter_next", "next", i.Next))
	}
	return title, strings.Join(lines, "\n")
}

// comesAgain: a restart was the answer and is none for long; what is to be done is to be
// done still.
func comesAgain(i *chain.Incident) bool { return i.Cause == cause.OOM && !i.Next.IsZero() }

// goals lists the goals that an incident put out of reach, each once.
func goals(i *chain.Incident) (names []string) {
	seen := map[string]bool{}
	for _, o := range i.Outages {
		if !seen[o.Goal] {
			seen[o.Goal] = true
			names = append(names, o.Goal)
		}
	}
	return names
}

// over reports whether the goal can be reached again.
func over(i *chain.Incident, goal string) bool {
	for _, o := range i.Outages {
		if o.Goal == goal && o.To.IsZero() {
			return false
		}
	}
	return true
}

// DeedSaid says what was done and what came of it, in a language.
func DeedSaid(d chain.Done, lang words.Lang) string { return lang.Say(deedText(d)) }

// deedText says what was done and what came of it.
func deedText(d chain.Done) chain.Text {
	key := "guard.deed_" + string(d.Verb)
	if d.Error != "" {
		return chain.Say("guard.deed_failed", "deed", chain.Say(key, "service", d.Service), "error", d.Error)
	}
	return chain.Say("guard.deed_done", "deed", chain.Say(key, "service", d.Service), "took", d.Took.Round(time.Millisecond))
}

// deedsText says what is to be done: one deed, or several in their order.
func deedsText(deeds []chain.Deed) chain.Text {
	var all chain.Text
	for _, d := range deeds {
		one := chain.Say("guard.deed_"+string(d.Verb), "service", d.Service)
		if all.IsZero() {
			all = one
		} else {
			all = chain.Say("guard.deed_then", "first", all, "then", one)
		}
	}
	return all
}
