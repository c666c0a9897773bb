package guard

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// mostEnds bounds how many ends of one link are kept.
const mostEnds = 64

// known is an end of a link.
type known struct {
	chain.End
	link, kind string
}

// id names the end among all; it stays the same when the day moves.
func (k known) id() string {
	if k.Of == "" {
		return k.link
	}
	return k.link + "/" + k.Of
}

// learn keeps what a proof shows to end. A link that cannot be reached shows nothing: what
// was known of it goes on.
func (g *Guard) learn(name string, p chain.Proof) {
	if p.Verdict != chain.Holds && p.Ends == nil {
		return
	}
	ends := slices.DeleteFunc(slices.Clone(p.Ends), func(e chain.End) bool { return e.At.IsZero() || e.What.IsZero() })
	ends = ends[:min(len(ends), mostEnds)]
	if len(ends) == 0 {
		ends = nil
	}
	if reflect.DeepEqual(ends, g.ends[name]) {
		return
	}
	if ends == nil {
		delete(g.ends, name)
	} else {
		g.ends[name] = ends
	}
	g.save()
}

// knownEnds lists what ends, by the day.
func (g *Guard) knownEnds() (all []known) {
	for _, l := range g.file.Links {
		ends := g.ends[l.Name]
		if rt := g.links[l.Name]; rt != nil {
			if e, ok := rt.prover.(chain.Ender); ok {
				ends = e.Ends()
			}
		}
		for _, e := range ends {
			switch {
			case l.Lead != nil:
				e.Lead = l.Lead
			case e.Lead == nil:
				e.Lead = chain.DefaultLead()
			}
			all = append(all, known{End: e, link: l.Name, kind: l.Kind.Name})
		}
	}
	slices.SortStableFunc(all, func(a, b known) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.id(), b.id()))
	})
	return all
}

// addEnds writes the ends beside their links.
func (r *reckoning) addEnds(s *Status, lang words.Lang) {
	of := map[string][]EndStatus{}
	for _, k := range r.ends {
		of[k.link] = append(of[k.link], EndStatus{ID: k.id(), At: k.At, What: lang.Say(k.What), Hint: lang.Say(k.Hint)})
	}
	for i, l := range s.Links {
		s.Links[i].Ends = of[l.Name]
	}
}

// endedBy is the first end of a link that has come by then.
func (r *reckoning) endedBy(link string, at time.Time) (chain.End, bool) {
	for _, k := range r.ends {
		if k.link == link && !at.Before(k.At) {
			return k.End, true
		}
	}
	return chain.End{}, false
}
