package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/words"
)

// Door is what the page needs of a door.
type Door interface {
	// Look says how the door stands; ErrNoDoor where there is none.
	Look(ctx context.Context) (hands.DoorState, error)
	// Open makes a lease, on the word of who; the door's own file says whether and what
	// the page may.
	Open(ctx context.Context, from netip.Addr, last time.Duration, who string) (door.Lease, error)
	// End ends a lease.
	End(ctx context.Context, id, who string) error
}

// ErrNoDoor says that this machine has no door.
var ErrNoDoor = errors.New("no door")

// doorData is the view of the door.
type doorData struct {
	Absent, Trial, Sound bool
	MayOpen              bool
	Closed               string
	Here                 string
	Times                []leaseTime
	Leases               []leaseRow
}

type leaseTime struct {
	Value, Said string
	Default     bool
}

type leaseRow struct {
	ID, From, Who, Why, Ports, Left string
	Until                           time.Time
	Percent                         int
}

// leaseTimes are for how long a page opens.
var leaseTimes = []time.Duration{10 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour}

func (p *page) doorView(r *http.Request, s *screen) error {
	s.View, s.Title, s.Live, s.Forms = "door", s.Lang.Text("web.nav_door"), true, true
	d := doorData{}
	if p.o.Door == nil {
		d.Absent, s.Data = true, d
		return nil
	}
	st, err := p.o.Door.Look(r.Context())
	if errors.Is(err, ErrNoDoor) {
		d.Absent, s.Data = true, d
		return nil
	}
	if err != nil {
		return err
	}
	d.Absent = st.Rules == nil && st.Trial == 0
	d.Trial, d.Sound, d.MayOpen = st.Trial > 0, st.Stands(), st.Page
	if st.Rules != nil {
		d.Closed = ports(st.Rules.Closed)
	}
	if a := p.addressOf(r); a.IsValid() && !a.IsLoopback() {
		d.Here = a.String()
	}
	for _, t := range leaseTimes {
		d.Times = append(d.Times, leaseTime{t.String(), s.Lang.Duration(t), t == time.Hour})
	}
	now := time.Now()
	for _, l := range st.Leases {
		d.Leases = append(d.Leases, leaseOf(l, now, s.Lang))
	}
	slices.SortStableFunc(d.Leases, func(a, b leaseRow) int { return a.Until.Compare(b.Until) })
	s.Data = d
	return nil
}

func leaseOf(l door.Lease, now time.Time, lang words.Lang) leaseRow {
	from := l.From.String()
	if l.From.IsSingleIP() {
		from = l.From.Addr().String()
	}
	left, whole := max(0, l.Until.Sub(now)), l.Until.Sub(l.Since)
	row := leaseRow{ID: l.ID, From: from, Who: foreign(l.Who), Why: foreign(l.Why), Ports: ports(l.Ports), Until: l.Until, Left: lang.Duration(left)}
	if whole > 0 {
		row.Percent = int(100 * left / whole)
	}
	return row
}

func ports(all []uint16) string {
	said := make([]string, len(all))
	for i, p := range all {
		said[i] = strconv.Itoa(int(p))
	}
	return strings.Join(said, ", ")
}

// addressOf is where a request comes from.
func (p *page) addressOf(r *http.Request) netip.Addr {
	if p.o.From != nil {
		return p.o.From(r)
	}
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap().WithZone("")
}

func (p *page) openDoor(r *http.Request, s *screen) (*deed, error) {
	from, err := netip.ParseAddr(strings.TrimSpace(r.PostForm.Get("from")))
	last, err2 := time.ParseDuration(r.PostForm.Get("for"))
	if err != nil || err2 != nil || from.Zone() != "" || !slices.Contains(leaseTimes, last) || p.o.Door == nil {
		return nil, &said{"web.door_bad", "web.door_bad_hint"}
	}
	from = from.Unmap()
	return &deed{
		then: "/door",
		ask: confirm{
			Question: s.Lang.Text("web.door_sure", "address", from.String(), "for", last.String()), Do: s.Lang.Text("web.door_open"),
			Notes: []string{s.Lang.Text("web.door_sure_note")},
		},
		do: func(ctx context.Context) error {
			l, err := p.o.Door.Open(ctx, from, last, s.Visitor.Name)
			if err == nil {
				p.note("", chain.Say("web.did_open", "who", s.Visitor.Name, "from", from.String(), "until", l.Until))
			}
			return doorSaid(err)
		},
	}, nil
}

func (p *page) closeDoor(r *http.Request, s *screen) (*deed, error) {
	id := r.PostForm.Get("id")
	if !door.ValidID(id) || p.o.Door == nil {
		return nil, errBadForm
	}
	return &deed{
		then: "/door",
		ask:  confirm{Question: s.Lang.Text("web.door_close_sure"), Do: s.Lang.Text("web.lease_close"), Notes: []string{s.Lang.Text("web.door_close_note")}},
		do: func(ctx context.Context) error {
			err := p.o.Door.End(ctx, id, s.Visitor.Name)
			if err == nil {
				p.note("", chain.Say("web.did_close", "who", s.Visitor.Name, "id", id))
			}
			return doorSaid(err)
		},
	}, nil
}

// doorSaid puts a refusal of the door into words.
func doorSaid(err error) error {
	if _, ok := errors.AsType[*door.Refusal](err); ok {
		return &said{"web.door_refused", "web.door_bad_hint"}
	}
	return err
}

// said is an error in the reader's words.
type said struct{ text, hint string }

func (e *said) Error() string { return e.text }

// Said puts the error into words.
func (e *said) Said() (text, hint chain.Text) { return chain.Say(e.text), chain.Say(e.hint) }

var (
	errMayNotAct = &said{"web.may_not_act", "web.may_not_act_hint"}
	errBadForm   = &said{"web.bad_form", "web.bad_form_hint"}
	errMovedOn   = &said{"web.moved_on", "web.moved_on_hint"}
)
