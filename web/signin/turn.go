package signin

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
)

// A cookie that was stolen is as good as its owner's, until one of the two shows one that is
// over: then nobody can tell which of them is the thief, and the session ends for both. So
// cookies change while they are in use. A browser is given the next one once, and has it from
// when it first shows it; if the answer was lost on its way, the old one goes on counting.
const (
	// turnEach is how old a cookie in use becomes.
	turnEach = 5 * time.Minute
	// overlap is for how long the last one counts beside it: requests may be under way.
	overlap = time.Minute
	// giveAgain is when another is given to who has not shown the last.
	giveAgain = time.Hour
	maxGiven  = 4
	maxPast   = 8
)

// deedCounts is for how long after somebody has proved who he is by a device of his own he may
// change anything: whoever has his cookie then reads, and does nothing.
const deedCounts = time.Hour

// A stream is followed for a day at most, and no longer than its session counts.
const streamCounts = 24 * time.Hour

func among(all []hash, h hash) bool {
	found := 0
	for i := range all {
		found |= subtle.ConstantTimeCompare(all[i][:], h[:])
	}
	return found == 1
}

// last keeps the newest of all.
func last(all []hash, n int) []hash { return all[max(0, len(all)-n):] }

// match finds the session that a token is or was of, nil if there is none that is not over;
// past says that nobody should have the token any more. g.mu is held.
func (g *Gate) match(token string) (s *session, past bool) {
	if token == "" || len(token) > 100 {
		return nil, false
	}
	h, now := hashOf(token), time.Now()
	for _, s := range g.kept.Sessions {
		if s.over(now) {
			continue
		}
		switch {
		case subtle.ConstantTimeCompare(s.Hash[:], h[:]) == 1, among(s.Given, h):
			return s, false
		case among(s.Old, h):
			return s, now.Sub(s.Turned) >= overlap
		case among(s.Past, h):
			return s, true
		}
	}
	return nil, false
}

// turn takes in that a token of a session was shown that is not past, and returns the one that
// takes its place, "" if none does. g.mu is held.
func (g *Gate) turn(s *session, token string) (fresh string) {
	now, h := time.Now(), hashOf(token)
	switch {
	case among(s.Old, h): // a request that was under way
		return ""
	case h != s.Hash: // the browser has what it was given
		s.Past = last(append(s.Past, s.Old...), maxPast)
		s.Old = []hash{s.Hash}
		for _, given := range s.Given {
			if given != h {
				s.Old = append(s.Old, given)
			}
		}
		s.Hash, s.Given, s.Turned = h, nil, now
		g.save()
	}
	if s.How == "enrol" || now.Sub(s.Turned) < turnEach || len(s.Given) > 0 && now.Sub(s.Gave) < giveAgain {
		return ""
	}
	fresh = newToken()
	if len(s.Given) == maxGiven {
		s.Past, s.Given = last(append(s.Past, s.Given[0]), maxPast), s.Given[1:]
	}
	s.Given, s.Gave = append(s.Given, hashOf(fresh)), now
	g.save()
	return fresh
}

// seat is a visitor with his session.
type seat struct {
	Visitor
	how string // he came in, "" for a stranger
	// fresh is the cookie that takes the place of his, "" if none does.
	fresh string
	// stale says that it is long ago that he has proved who he is.
	stale bool
	// life is done when the session is ended, and over when it ends by itself.
	life context.Context
	over time.Time
}

// seatOf says who asks.
func (g *Gate) seatOf(r *http.Request, c caller) (at seat) {
	token := cookie(r, sessionCookie)
	g.mu.Lock()
	defer g.mu.Unlock()
	s, past := g.match(token)
	if s == nil || s.From != "" && s.From != network(c.addr) {
		return at
	}
	now := time.Now()
	if past {
		g.end(func(o *session) bool { return o == s })
		g.save()
		g.o.Journal.Note(journal.Entry{At: now, What: "page", Text: chain.Say("signin.did_stolen", "name", s.Name, "from", c.addr)})
		return at
	}
	fresh := g.turn(s, token)
	if now.Sub(s.Seen) > time.Hour {
		s.Seen = now
		g.save()
	}
	at = seat{Visitor: Visitor{Name: s.Name, CSRF: s.Form}, how: s.How, fresh: fresh, life: s.living(), over: s.ends()}
	if s.How != "enrol" {
		at.Read, at.Act = true, s.Act
	}
	at.stale = (s.How == "passkey" || s.How == "totp") && now.Sub(s.Began) > deedCounts
	return at
}

// network is where an address is: that of IPv4, the 64 bits of IPv6 that a customer has, or
// this machine, whose loopback has two.
func network(a netip.Addr) string {
	if a.IsLoopback() {
		return "loopback"
	}
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.String()
	}
	return a.String()
}

// followed is the context of a request that is answered for as long as somebody listens: it
// ends with the session.
func (at seat) followed(ctx context.Context) (context.Context, context.CancelFunc) {
	if at.life == nil {
		return context.WithTimeout(ctx, streamCounts)
	}
	ctx, cancel := context.WithTimeout(ctx, min(streamCounts, time.Until(at.over)))
	stop := context.AfterFunc(at.life, cancel)
	return ctx, func() { stop(); cancel() }
}

// askAgain sends whoever wants to change something to prove once more who he is.
func (g *Gate) askAgain(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		g.refuse(w, r, http.StatusForbidden, "signin.again")
		return
	}
	back := "/"
	if from, ok := strings.CutPrefix(r.Header.Get("Referer"), callerOf(r).origin(r)); ok {
		back = next(from)
	}
	http.Redirect(w, r, "/signin?again=1&next="+escape(back), http.StatusSeeOther)
}
