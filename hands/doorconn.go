package hands

import (
	"bufio"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
)

type doorOperation string

const (
	doorHello     doorOperation = "hello" // the first
	doorLook      doorOperation = "look"
	doorRecords   doorOperation = "records"
	doorLoad      doorOperation = "load"
	doorChallenge doorOperation = "challenge"
	doorAdmit     doorOperation = "admit"
	doorTry       doorOperation = "try"
	doorConfirm   doorOperation = "confirm"
	doorRollback  doorOperation = "rollback"
	doorLease     doorOperation = "lease"
	doorEnd       doorOperation = "end"
	doorSessions  doorOperation = "sessions"
)

// asker says whom an operation is for, besides root.
func (op doorOperation) asker() []role {
	switch op {
	case doorHello:
		return []role{roleKnock, roleGuard}
	case doorChallenge, doorAdmit:
		return []role{roleKnock}
	case doorLook, doorRecords, doorLoad:
		return []role{roleGuard}
	}
	return nil
}

type doorRequest struct {
	Op        doorOperation `json:"op"`
	Version   int           `json:"version,omitempty"`
	Permit    []byte        `json:"permit,omitempty"`
	Signature []byte        `json:"signature,omitempty"`
	Ports     []uint16      `json:"ports,omitempty"`
	Uninstall bool          `json:"uninstall,omitempty"`
	Session   door.Session  `json:"session,omitzero"`
	Lease     door.Lease    `json:"lease,omitzero"`
	For       time.Duration `json:"for,omitempty"`
	Cut       bool          `json:"cut,omitempty"`
	Who       string        `json:"who,omitempty"`
	Since     int64         `json:"since,omitempty"`
}

type doorReply struct {
	Refused   chain.Text     `json:"refused,omitzero"`
	Refusal   *door.Refusal  `json:"refusal,omitempty"`
	Error     string         `json:"error,omitempty"`
	Errno     int            `json:"errno,omitempty"`
	Version   int            `json:"version,omitempty"`
	Challenge door.Challenge `json:"challenge,omitzero"`
	State     *DoorState     `json:"state,omitempty"`
	Lease     *door.Lease    `json:"lease,omitempty"`
	Ended     []door.Lease   `json:"ended,omitempty"`
	Cuts      int            `json:"cuts,omitempty"`
	Records   []DoorRecord   `json:"records,omitempty"`
	Sessions  []door.Session `json:"sessions,omitempty"`
}

// DoorState is how the door stands.
type DoorState struct {
	// Rules are those that were confirmed, nil if none are.
	Rules *door.Rules `json:"rules"`
	Wall  door.Wall   `json:"wall"`
	// Trial is how long the owner has left to come in, 0 without a trial.
	Trial  time.Duration `json:"trial,omitempty"`
	Leases []door.Lease  `json:"leases"`
	// Page says that the guard may make leases, for its page.
	Page bool `json:"page,omitempty"`
}

// Stands reports whether the kernel has the rules that were confirmed: during a trial
// of others, as far as the trial leaves them.
func (s *DoorState) Stands() bool {
	return s.Rules != nil && s.Wall.Sound &&
		(s.Trial > 0 || slices.Equal(s.Wall.Closed, s.Rules.Closed) && len(s.Wall.Freed) == 0)
}

// doorConn is one connection; requests are answered one after another.
type doorConn struct {
	*net.UnixConn
	door *Door
	uid  int
	role role
}

func (c *doorConn) serve() {
	defer c.Close()
	in := bufio.NewReaderSize(c.UnixConn, 4096)
	for first := true; ; first = false {
		var q doorRequest
		if _, err := readFrame(in, &q); err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				c.door.log.Warn("read request", "error", err)
			}
			return
		}
		var p doorReply
		var err error
		if first && (q.Op != doorHello || q.Version != version) {
			err = refuse(chain.Say("hands.version", "ours", version, "theirs", q.Version))
		} else {
			p, err = c.answer(q)
		}
		var refused *Refused
		switch {
		case errors.As(err, &refused):
			p.Refused = refused.Text
		case errors.As(err, &p.Refusal):
		case err != nil:
			p.Error, p.Errno = err.Error(), errno(err)
		}
		b, err := frame(p, nil)
		if err == nil {
			err = c.SetWriteDeadline(time.Now().Add(writeTimeout))
		}
		if err == nil {
			_, err = c.Write(b)
		}
		if err != nil {
			return
		}
	}
}

func (c *doorConn) answer(q doorRequest) (p doorReply, err error) {
	d := c.door
	forPage := d.file.Page && c.role == roleGuard && (q.Op == doorEnd && !q.Cut && q.Lease.ID != "" || q.Op == doorLease && q.Lease.From.IsSingleIP())
	if c.role != roleRoot && !forPage && !slices.Contains(q.Op.asker(), c.role) {
		return p, refuse(chain.Say("hands.root_only"))
	}
	if c.role == roleGuard {
		// The knocks are not to wait for one that was taken over: but for one question of his.
		d.pace()
		d.looking.Lock()
		defer d.looking.Unlock()
	}
	switch q.Op {
	case doorHello:
		p.Version = version
		return p, nil
	case doorRecords:
		p.Records, err = d.book.since(q.Since)
		return p, err
	case doorSessions:
		p.Sessions, err = d.wall.Sessions(nil)
		return p, err
	case doorChallenge:
		if !d.asks.take() {
			return p, &door.Refusal{Code: door.CodeBusy}
		}
		p.Challenge = d.gate.Challenge()
		return p, nil
	case doorAdmit:
		if !d.asks.take() {
			return p, &door.Refusal{Code: door.CodeBusy}
		}
		w, err := d.gate.Admit(q.Permit, q.Signature)
		d.mu.Lock()
		defer d.mu.Unlock()
		if err != nil {
			d.refused++
			return p, err
		}
		l, err := d.admit(w)
		p.Lease = &l
		return p, err
	}
	who := q.Who
	if who == "" {
		who = "uid " + strconv.Itoa(c.uid)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch q.Op {
	case doorLook:
		if p.State, err = d.look(); err == nil {
			p.State.Page = d.file.Page || c.role == roleRoot
		}
	case doorLoad:
		if d.trial != nil {
			return p, refuse(chain.Say("hands.trial_on"))
		}
		_, err = d.repair()
	case doorTry:
		err = d.try(q.Ports, q.Uninstall, who)
	case doorConfirm:
		err = d.confirm(q.Session, who)
	case doorRollback:
		if d.trial == nil {
			return p, refuse(chain.Say("hands.no_trial"))
		}
		err = d.rollback("asked for by " + who)
	case doorLease:
		if err = d.limits().Check(q.Lease.From, q.Lease.Ports, q.For); err != nil {
			return p, err
		}
		if c.role == roleGuard && d.unsigned() >= max(1, d.file.limits().Most/2) {
			return p, &door.Refusal{Code: door.CodeFull} // the rest is for who signs
		}
		now := d.now()
		l := door.Lease{ID: door.NewID(), From: q.Lease.From, Ports: q.Lease.Ports, Since: now, Until: now.Add(q.For), Who: who, Why: q.Lease.Why}
		l, err = d.lease(l, q.For, false, who)
		p.Lease = &l
	case doorEnd:
		p.Ended, p.Cuts, err = d.end(q.Lease.ID, q.Cut, who)
	default:
		err = refuse(chain.Say("hands.unknown_request"))
	}
	return p, err
}

// unsigned is how many leases there are that no owner has signed for.
func (d *Door) unsigned() (n int) {
	for _, h := range d.held {
		if !h.permit {
			n++
		}
	}
	return n
}

func (d *Door) look() (*DoorState, error) {
	w, err := d.wall.Read(d.keeps())
	if err != nil {
		return nil, err
	}
	s := &DoorState{Rules: d.rules, Wall: w, Leases: []door.Lease{}}
	now := sinceBoot()
	for _, h := range d.held {
		if h.ends > now {
			s.Leases = append(s.Leases, h.Lease)
		}
	}
	if d.trial != nil {
		s.Trial = max(0, d.trial.ends-now)
	}
	return s, nil
}
