package knock

import "net/netip"

const (
	// mostRecent is how many knocks are remembered by their tags.
	mostRecent = 512
	// mostAgain is how often one answer is sent: a client sends a knock again where the
	// answer was lost.
	mostAgain = 8
	// mostSources is how many addresses one knock is heard from. Whoever copies a
	// knock and is faster must not be the only one who is answered.
	mostSources = 4
)

// recent remembers the last knocks, so that what is sent twice costs nothing twice.
type recent struct {
	all  map[tag]*heard
	ring [mostRecent]tag
	next int
}

// heard is one knock.
type heard struct {
	from []visit
	// closed says that it has had its effect: no other address hears of it.
	closed bool
}

type visit struct {
	from   netip.AddrPort
	answer []byte // nil until there is one
	sent   int
}

func newRecent() *recent { return &recent{all: map[tag]*heard{}} }

// meet looks at a knock that came from an address. Fresh says that it is to be worked
// on; else answer is to be sent again, if there is any.
func (r *recent) meet(t tag, from netip.AddrPort) (answer []byte, fresh bool) {
	h := r.all[t]
	if h == nil {
		return nil, true
	}
	for i := range h.from {
		v := &h.from[i]
		if v.from != from {
			continue
		}
		if v.answer == nil || v.sent >= mostAgain {
			return nil, false
		}
		v.sent++
		return v.answer, false
	}
	return nil, !h.closed && len(h.from) < mostSources
}

// begin notes that a fresh knock is worked on.
func (r *recent) begin(t tag, from netip.AddrPort) {
	h := r.all[t]
	if h == nil {
		h = &heard{}
		delete(r.all, r.ring[r.next])
		r.ring[r.next], r.all[t] = t, h
		r.next = (r.next + 1) % mostRecent
	}
	h.from = append(h.from, visit{from: from})
}

// end notes what came of it.
func (r *recent) end(t tag, from netip.AddrPort, answer []byte, closed bool) {
	h := r.all[t]
	if h == nil {
		return
	}
	h.closed = h.closed || closed
	for i := range h.from {
		if h.from[i].from == from {
			h.from[i].answer, h.from[i].sent = answer, 1
		}
	}
}

// forget takes back what begin noted, where nothing came of it.
func (r *recent) forget(t tag) { delete(r.all, t) }
