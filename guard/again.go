package guard

import (
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// subject is what a mend is at work on: the service, or the link where that has none, as
// where a doer mends, or nothing does.
func (m *mend) subject() string {
	if m.service == "" {
		return m.incident.Link
	}
	return m.service
}

// serviceBusy reports whether another incident's deed is at work on the service, or the
// link's chores are being done.
func (g *Guard) serviceBusy(m *mend) bool {
	if l := g.links[m.incident.Link]; l != nil && l.chores {
		return true
	}
	for _, o := range g.mends {
		if o != m && o.subject() == m.subject() && (o.phase == mending || o.phase == proving) {
			return true
		}
	}
	return false
}

// remember notes when what was mended for an incident was, as that is over, or goes on
// with another link.
func (g *Guard) remember(m *mend, at time.Time) {
	if m == nil {
		return
	}
	for _, subject := range m.tried {
		g.mended[subject] = append(g.lately(subject), at)
	}
	m.tried = nil
}

// lately is when a subject was mended within window.
func (g *Guard) lately(subject string) []time.Time {
	now := time.Now()
	return slices.DeleteFunc(g.mended[subject], func(t time.Time) bool { return now.Sub(t) > window })
}

// tooSoon has a mend wait for which the service was mended lately already: what comes
// back again and again is not answered by ever more restarts.
func (g *Guard) tooSoon(m *mend) bool {
	lately := g.lately(m.subject())
	g.mended[m.subject()] = lately
	if m.paused || m.asked || len(lately) == 0 {
		return false
	}
	m.paused = true
	m.rest(waiting, min(time.Second<<(2*min(len(lately)-1, 10)), longestWait))
	return true
}

// servicesOfDeeds lists what the deeds were done to, each once.
func servicesOfDeeds(deeds []chain.Done) (names []string) {
	for _, d := range deeds {
		if d.Service != "" && !slices.Contains(names, d.Service) {
			names = append(names, d.Service)
		}
	}
	return names
}
