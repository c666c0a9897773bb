package control

import (
	"context"
	"net/http"
	"strings"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/support"
	"github.com/omamori-guard/omamori/words"
)

// route is one thing that can be asked, over the socket and, unless local, over the
// page's API.
type route struct {
	method, path string
	// says is what it does, for programmers.
	says string
	// acts says that it changes something: reading is not right enough for it.
	acts bool
	// local says that it is answered on the socket alone.
	local bool
	// streams says that it answers for as long as somebody listens.
	streams bool
	query   []parameter
	// ask and answer are zero values of the bodies, nil where there is none.
	ask, answer any
	do          http.HandlerFunc
}

// parameter is one that may stand in a query.
type parameter struct{ name, says string }

// What requests have in their bodies.
type (
	proveRequest struct {
		Links []string `json:"links"`
	}
	answerRequest struct {
		Link string `json:"link"`
		Yes  bool   `json:"yes"`
		Who  string `json:"who,omitempty"`
	}
	typedRequest struct {
		Link  string `json:"link"`
		Typed string `json:"typed"`
		Who   string `json:"who,omitempty"`
	}
	waysRequest struct {
		Goal string         `json:"goal"`
		If   guard.Supposed `json:"if,omitzero"`
	}
	loseRequest struct {
		Thing string `json:"thing"`
		Lost  bool   `json:"lost"`
		Who   string `json:"who,omitempty"`
	}
	tuneRequest struct {
		Tuning hands.Tuning `json:"tuning"`
		Who    string       `json:"who,omitempty"`
	}
)

func (s *Server) routes() []route {
	all := []route{
		{method: "GET", path: "/v1/status", says: "goals, links, incidents and things, as they stand", answer: guard.Status{}, do: s.status},
		{method: "GET", path: "/v1/model", says: "the whole chain, to be drawn", answer: guard.ModelStatus{}, do: s.model},
		{method: "GET", path: "/v1/deadlines", says: "everything that is known to end, the soonest first, and what falls with it", answer: []guard.Deadline{}, do: s.deadlines},
		{method: "POST", path: "/v1/ways", says: "how a goal can be reached, what would take it, and the way back; or each goal. It changes nothing", ask: waysRequest{}, answer: []guard.GoalWays{}, do: s.ways},
		{method: "POST", path: "/v1/prove", says: "have links proved now, all if none is named", acts: true, ask: proveRequest{}, answer: guard.Status{}, do: s.prove},
		{method: "POST", path: "/v1/answer", says: "say whether a claim that only a person can prove is so", acts: true, ask: answerRequest{}, answer: guard.Status{}, do: s.answer},
		{method: "POST", path: "/v1/typed", says: "pass on what a person typed to prove a link", acts: true, ask: typedRequest{}, answer: guard.Status{}, do: s.typed},
		{method: "POST", path: "/v1/lose", says: "say that a thing is lost, or had again", acts: true, ask: loseRequest{}, answer: guard.Status{}, do: s.lose},
		{method: "GET", path: "/v1/rescue", says: "how a goal stands, and what comes next on the way back to it", query: []parameter{{"goal", "the goal's name"}}, answer: guard.RescueStatus{}, do: s.rescue},
		{method: "POST", path: "/v1/rescue", says: "have something done in a rescue, or say something of it", acts: true, ask: guard.RescueAct{}, answer: guard.RescueStatus{}, do: s.rescueAct},
		{method: "GET", path: "/v1/support", says: "the desks of support, and the cases that are open there", answer: []support.Status{}, do: s.support},
		{method: "POST", path: "/v1/support", says: "say something of a case", acts: true, ask: guard.CaseAct{}, answer: []support.Status{}, do: s.caseAct},
		{method: "POST", path: "/v1/tune", says: "have a tuning tried, and kept if the site is proved with it", acts: true, ask: tuneRequest{}, answer: TuneStatus{}, do: s.tune},
		{method: "POST", path: "/v1/reload", says: "have the configuration read anew", acts: true, answer: guard.Status{}, do: s.reload},
		{method: "POST", path: "/v1/notify/test", says: "have a message sent to every channel", acts: true, answer: []guard.ChannelResult{}, do: s.notify},
		{method: "GET", path: "/v1/journal", says: "records of the journal, oldest first, at most a thousand", answer: []guard.JournalLine{}, do: s.journal, query: []parameter{
			{"link", "only those of this link"}, {"incident", "only those of this incident"}, {"since", "only those since this RFC 3339 time"},
			{"after", "only those after this sequence number"}, {"newest", "1: the newest, not the first"}, {"limit", "how many"}}},
		{method: "GET", path: "/v1/journal/follow", says: "records of the journal as they come, one JSON object on each line", streams: true, answer: guard.JournalLine{}, do: s.follow,
			query: []parameter{{"after", "only those after this sequence number"}}},
	}
	if s.Due != nil {
		all = append(all, s.dueRoutes()...)
	}
	if s.Page != nil {
		all = append(all, s.pageRoutes()...)
	}
	return all
}

// Visitor says who asks over the page, and what he may do.
type Visitor struct {
	Name      string
	Read, Act bool
}

type visitorKey struct{}

// who is whom the journal is to name: over the page the visitor, whatever he says of
// himself, and over the socket whoever he says that he is.
func who(r *http.Request, said string) string {
	if v, ok := r.Context().Value(visitorKey{}).(Visitor); ok {
		return words.Clean(v.Name)
	}
	return words.Clean(said)
}

// API answers below /api as the socket does, but for what is for the socket alone. Each
// request is that of the visitor whom visitor names.
func (s *Server) API(visitor func(*http.Request) Visitor) http.Handler {
	mux := http.NewServeMux()
	for _, rt := range s.routes() {
		if rt.local {
			continue
		}
		mux.HandleFunc(rt.method+" /api"+rt.path, func(w http.ResponseWriter, r *http.Request) {
			v := visitor(r)
			if !v.Read || rt.acts && !v.Act {
				forbid(w, r, v)
				return
			}
			rt.do(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)))
		})
	}
	mux.HandleFunc("GET /api/v1/openapi.json", func(w http.ResponseWriter, r *http.Request) {
		if v := visitor(r); !v.Read {
			forbid(w, r, v)
			return
		}
		write(w, http.StatusOK, s.openAPI())
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		if v := visitor(r); !v.Read {
			forbid(w, r, v)
			return
		}
		write(w, http.StatusNotFound, problem{Code: "not_found", Error: "no such request: see /api/v1/openapi.json"})
	})
	return mux
}

// forbid answers whoever may not ask that.
func forbid(w http.ResponseWriter, r *http.Request, v Visitor) {
	status, p := http.StatusUnauthorized, problem{Code: "signed_out", Error: lang(r).Text("control.signed_out"), Hint: lang(r).Text("control.signed_out_hint")}
	if v.Read {
		status, p = http.StatusForbidden, problem{Code: "not_allowed", Error: lang(r).Text("control.not_allowed"), Hint: lang(r).Text("control.not_allowed_hint")}
	}
	write(w, status, p)
}

// Streams reports whether a request to the API is one that is answered for as long as
// somebody listens.
func Streams(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/v1/journal/follow") }

// Asks reports whether a POST to the API only asks something.
func Asks(r *http.Request) bool { return r.URL.Path == "/api/v1/ways" }
