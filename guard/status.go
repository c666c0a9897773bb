package guard

import (
	"encoding/json"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Status is how things stand, in the reader's language. Its JSON is an interface
// that other programs use: fields are added, never renamed.
type Status struct {
	At        time.Time        `json:"at"`
	Guard     About            `json:"guard"`
	Goals     []GoalStatus     `json:"goals"`
	Links     []LinkStatus     `json:"links"`
	Incidents []IncidentStatus `json:"incidents"`
	Things    []ThingStatus    `json:"things,omitempty"`
}

// ThingStatus is one thing that can be lost.
type ThingStatus struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	Given bool   `json:"given,omitempty"`
	// Absent: it was never there yet.
	Absent bool              `json:"absent,omitempty"`
	Lost   bool              `json:"lost,omitempty"`
	Attrs  map[string]string `json:"attrs,omitempty"`
}

// About is the guard itself.
type About struct {
	Version string    `json:"version"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Config  string    `json:"config"` // the file in force, "" for what discovery found
	// Troubles are what keeps the guard from doing all of its work: no hands, a
	// journal that cannot be written, a new configuration that was refused.
	Troubles []string `json:"troubles,omitempty"`
}

// GoalStatus is one goal.
type GoalStatus struct {
	Name    string        `json:"name"`
	Title   string        `json:"title"`
	Verdict chain.Verdict `json:"verdict"`
	// Since is when the verdict began; zero if nothing was proved yet.
	Since  time.Time `json:"since,omitzero"`
	Margin Margin    `json:"margin"`
	// WayBack is in seconds: 0 when nothing is lost, nil when there is none or it
	// is not computed.
	WayBack *float64 `json:"way_back_s"`
	Blame   []string `json:"blame"`
	// Ahead is what becomes of it as things end on days that are known.
	Ahead []AheadStatus `json:"ahead,omitempty"`
}

// Margin is how many further losses a goal survives; nil where no set of losses
// would take it, or it is not known.
type Margin struct {
	Now       *int `json:"now"`
	IfAllWell *int `json:"if_all_well"`
	// Unknown says that one of them could not be found out: the chain is too large.
	Unknown bool `json:"unknown,omitempty"`
}

// Gone reports whether a goal of this verdict held when it was proved last, and has lost what
// it rests on: somebody has said that a thing is lost, or what is needed is broken.
func (m Margin) Gone(v chain.Verdict) bool {
	return v == chain.Holds && m.IfAllWell != nil && *m.IfAllWell < 0
}

// LinkStatus is one link.
type LinkStatus struct {
	Name    string        `json:"name"`
	Title   string        `json:"title,omitempty"`
	Kind    string        `json:"kind"`
	Verdict chain.Verdict `json:"verdict"`
	Because string        `json:"because"`
	Hint    string        `json:"hint"`
	Cause   string        `json:"cause,omitempty"`
	Blame   []string      `json:"blame"`
	Needs   []string      `json:"needs,omitempty"`
	// Person says that only a person can prove it, by answering Question.
	Person bool `json:"person,omitempty"`
	// Typed says that the answer is something to be typed, not yes or no.
	Typed bool `json:"typed,omitempty"`
	// Code says that what is typed is a one-time code of this entry of the vault, which
	// is compared where the vault is; Device shows it.
	Code     string `json:"code,omitempty"`
	Device   string `json:"device,omitempty"`
	Question string `json:"question,omitempty"`
	// Entry is the entry of the vault with which a code is compared that was refused.
	Entry string `json:"entry,omitempty"`
	// ProvedAt and FreshUntil are zero for a link that was never tried.
	ProvedAt   time.Time `json:"proved_at,omitzero"`
	FreshUntil time.Time `json:"fresh_until,omitzero"`
	TookMS     float64   `json:"took_ms"`
	Vantage    string    `json:"vantage"` // "" is this machine
	// Waived lists needs that are broken although this link holds.
	Waived  []string       `json:"waived,omitempty"`
	Figures []chain.Figure `json:"figures,omitempty"`
	// Ends are what is known to end of it, the soonest first.
	Ends []EndStatus `json:"ends,omitempty"`
}

// EndStatus is an end of a link.
type EndStatus struct {
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	What string    `json:"what"`
	Hint string    `json:"hint"`
}

// IncidentStatus is one incident, open or lately ended.
type IncidentStatus struct {
	ID string `json:"id"`
	// Link is empty where a margin has fallen: then Goal names whose. From and To
	// are the margin when all is well, and what is left of it (nil has no bound).
	Link  string    `json:"link"`
	Goal  string    `json:"goal,omitempty"`
	From  *int      `json:"margin_from,omitempty"`
	To    *int      `json:"margin_to,omitempty"`
	Began time.Time `json:"began"`
	// Ended is nil while the incident is open.
	Ended    *time.Time     `json:"ended"`
	Cause    string         `json:"cause"`
	Why      string         `json:"why"`
	Next     string         `json:"next,omitempty"` // what a person is to do
	Evidence []string       `json:"evidence"`
	Deeds    []DeedStatus   `json:"deeds"`
	Fell     []string       `json:"fell,omitempty"`
	Outages  []OutageStatus `json:"outages,omitempty"`
	// Mending says what the guard is at: "", "waiting", "mending", "proving",
	// "holding" (all holds, ten seconds not yet over), "gave_up".
	Mending string `json:"mending,omitempty"`
}

// DeedStatus is one thing done.
type DeedStatus struct {
	At      time.Time `json:"at"`
	Verb    string    `json:"verb"`
	Service string    `json:"service"`
	Said    string    `json:"said"` // the deed as a sentence
	TookMS  float64   `json:"took_ms"`
	Error   string    `json:"error,omitempty"`
}

// OutageStatus is for how long a goal was out of reach during an incident.
type OutageStatus struct {
	Goal    string  `json:"goal"`
	Seconds float64 `json:"seconds"`
	Over    bool    `json:"over"`
}

// JournalLine is one record of the journal, in the reader's language.
type JournalLine struct {
	Seq      int64     `json:"seq"`
	At       time.Time `json:"at"`
	What     string    `json:"what"`
	Link     string    `json:"link,omitempty"`
	Incident string    `json:"incident,omitempty"`
	Said     string    `json:"said"`
	// Body is the record's content as it stands in the journal; Hash its link in
	// the hash chain, in hexadecimal.
	Body json.RawMessage `json:"body,omitempty"`
	Hash string          `json:"hash"`
}
