package knock

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/chain"
)

// The links of the way in, as failures name them.
const (
	LinkName = "name" // the machine's name has an address
	LinkKey  = "key"  // something signs
	LinkDoor = "door" // the door hears the knock, and grants it
	LinkPort = "port" // the port answers
)

const (
	// doubt is how long an answer is waited for before the port is tried without one: it
	// may be open as it is.
	doubt = 400 * time.Millisecond
	// keyTime is how long a key is tried before the next; who is not known hears nothing.
	keyTime = 1500 * time.Millisecond
	// touchTime is what somebody gets to touch a key.
	touchTime   = 30 * time.Second
	connectTime = 5 * time.Second
)

// WayError is a link of the way in that failed.
type WayError struct {
	// Link is one of the above.
	Link string
	// Where is the machine, as far as it is known.
	Where string
	// Let says that the door has let us in.
	Let bool
	Err error
}

func (e *WayError) Error() string { return fmt.Sprintf("%s of %s: %v", e.Link, e.Where, e.Err) }

// Unwrap gives what went wrong.
func (e *WayError) Unwrap() error { return e.Err }

// Way is how an owner gets to a port behind a door.
type Way struct {
	Pass *Pass
	Keys []ssh.Signer
	// For is how long the lease is to be.
	For time.Duration
	// Memory is the file that keeps our address as the door saw it last; "" keeps none.
	Memory string
	// Resolve finds addresses; nil asks the system.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
}

// memory is what is remembered of a door.
type memory struct {
	Seen  netip.Addr `json:"seen"`
	Local netip.Addr `json:"local"`
	Until time.Time  `json:"until"`
	Port  uint16     `json:"port"`
	To    netip.Addr `json:"to"`
}

func (w *Way) recall() (m memory) {
	if w.Memory == "" {
		return m
	}
	b, err := os.ReadFile(w.Memory)
	if err != nil || json.Unmarshal(b, &m) != nil {
		return memory{}
	}
	return m
}

// remember is only to save time: nothing depends on it.
func (w *Way) remember(m memory) {
	if w.Memory == "" {
		return
	}
	b, err := json.Marshal(m)
	if err != nil || os.MkdirAll(filepath.Dir(w.Memory), 0o700) != nil {
		return
	}
	next := w.Memory + "-" + strconv.Itoa(os.Getpid())
	if os.WriteFile(next, b, 0o600) == nil && os.Rename(next, w.Memory) != nil {
		_ = os.Remove(next)
	}
}

// Addresses are where host is.
func (w *Way) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	resolve := w.Resolve
	if resolve == nil {
		resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	all, err := resolve(ctx, host)
	if err == nil && len(all) == 0 {
		err = errNone
	}
	if err != nil {
		return nil, &WayError{Link: LinkName, Where: host, Err: err}
	}
	for i := range all {
		all[i] = all[i].Unmap()
	}
	return all[:min(len(all), 4)], nil
}

// Dial gets to a port of host, and knocks where that is needed. The error is a *WayError
// for the address that got furthest.
func (w *Way) Dial(ctx context.Context, host string, port uint16) (net.Conn, *Answer, error) {
	all, err := w.addresses(ctx, host)
	if err != nil {
		return nil, nil, err
	}
	var worst error
	for _, a := range all {
		c, got, err := w.dial(ctx, netip.AddrPortFrom(a, port))
		if err == nil {
			return c, got, nil
		}
		var now, before *WayError
		if !errors.As(worst, &before) || errors.As(err, &now) && now.Let && !before.Let {
			worst = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, nil, worst
}

// dial knocks, then connects: a connection that was begun before the lease would be
// taken up only when the kernel sends again, a second later.
func (w *Way) dial(ctx context.Context, to netip.AddrPort) (net.Conn, *Answer, error) {
	m := w.recall()
	type outcome struct {
		answer Answer
		err    error
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var knocked chan outcome
	knock := func() {
		knocked = make(chan outcome, 1)
		go func() {
			a, err := w.knock(inner, to.Addr(), to.Port(), m)
			knocked <- outcome{a, err}
		}()
	}
	var without chan net.Conn // a connection that needed no lease
	try := func() {
		without = make(chan net.Conn, 1)
		go func() {
			c, _ := connect(inner, to, connectTime)
			without <- c
		}()
	}
	patience := time.NewTimer(doubt)
	defer patience.Stop()
	if m.To == to.Addr() && m.Port == to.Port() && time.Until(m.Until) > 5*time.Second && m.Local == localTo(to) {
		try() // the lease of before, unless somebody has ended it
	} else {
		knock()
	}
	for {
		select {
		case <-patience.C:
			if knocked == nil {
				knock()
			} else if without == nil {
				try()
			}
		case c := <-without:
			without = nil
			switch {
			case c != nil:
				cancel()
				if knocked != nil {
					<-knocked
				}
				return c, nil, nil
			case knocked == nil:
				knock()
			}
		case o := <-knocked:
			if o.err == nil || without == nil {
				cancel()
				if without != nil {
					if c := <-without; c != nil {
						return c, &o.answer, nil
					}
				}
				return w.finish(ctx, to, o.answer, o.err)
			}
			if c := <-without; c != nil {
				return c, nil, nil
			}
			return nil, nil, o.err
		}
	}
}

// finish connects after a knock.
func (w *Way) finish(ctx context.Context, to netip.AddrPort, a Answer, failed error) (net.Conn, *Answer, error) {
	c, err := connect(ctx, to, connectTime)
	switch {
	case err == nil && failed != nil: // it was open
		return c, nil, nil
	case failed != nil:
		return nil, nil, failed
	case err != nil:
		return nil, nil, &WayError{Link: LinkPort, Where: to.String(), Let: true, Err: err}
	}
	return c, &a, nil
}

func connect(ctx context.Context, to netip.AddrPort, patience time.Duration) (net.Conn, error) {
	d := net.Dialer{Timeout: patience}
	return d.DialContext(ctx, "tcp", to.String())
}

// Knock asks for a lease, for the port at an address where the door is, with each key in
// turn.
func (w *Way) Knock(ctx context.Context, to netip.Addr, port uint16) (Answer, error) {
	return w.knock(ctx, to, port, w.recall())
}

func (w *Way) knock(ctx context.Context, to netip.Addr, port uint16, m memory) (Answer, error) {
	door := netip.AddrPortFrom(to, w.Pass.Port)
	failed := error(&WayError{Link: LinkKey, Where: door.String(), Err: &KeyError{Err: errNone}})
	for _, key := range w.Keys {
		patience := keyTime
		if touch(key) > 0 {
			patience = touchTime
		}
		if len(w.Keys) == 1 {
			patience = max(patience, connectTime)
		}
		inner, cancel := context.WithTimeout(ctx, patience)
		c := Client{Pass: w.Pass, Signer: key}
		a, err := c.Knock(inner, door, Ask{Guess: m.Seen, Ports: []uint16{port}, For: w.For})
		cancel()
		if err == nil {
			w.remember(memory{a.Seen, localTo(door), a.Until, port, to})
			return a, nil
		}
		failed = &WayError{Link: LinkDoor, Where: door.String(), Err: err}
		if !errors.As(err, new(*SilentError)) || ctx.Err() != nil {
			break
		}
	}
	return Answer{}, failed
}

// localTo is our own address on the way to another.
func localTo(to netip.AddrPort) netip.Addr {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return netip.Addr{}
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone("")
}

// Renew keeps a lease while a session lasts: it knocks again when half of the time is
// over, and at once when our address has changed. It returns when ctx is done, and tells
// of each knock that failed. A key that somebody has to touch is not asked again: the
// session that is there goes on without a lease.
func (w *Way) Renew(ctx context.Context, to netip.AddrPort, a *Answer, tell func(error)) {
	if len(w.Keys) == 0 || touch(w.Keys[0]) > 0 {
		return
	}
	local, next := localTo(to), time.Now()
	if a != nil {
		next = next.Add(time.Until(a.Until) / 2)
	} else {
		next = next.Add(w.For / 2)
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		now := localTo(to)
		if !now.IsValid() || now == local && time.Now().Before(next) {
			continue
		}
		got, err := w.Knock(ctx, to.Addr(), to.Port())
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			tell(err)
			next = time.Now().Add(lookEvery * 5)
		default:
			next = time.Now().Add(time.Until(got.Until) / 2)
		}
		local = now
	}
}

// lookEvery is how often our own address is looked at; that asks nobody.
const lookEvery = 2 * time.Second

// Said puts the failure into words, and names the link.
func (e *WayError) Said() (text, hint chain.Text) {
	if t, h, ok := chain.Spoken(e.Err); ok {
		return t, h
	}
	switch e.Link {
	case LinkName:
		return chain.Say("knock.link_name", "host", e.Where, "error", e.Err.Error()), chain.Say("knock.link_name_hint", "host", e.Where)
	case LinkPort:
		if refusedConnection(e.Err) {
			return chain.Say("knock.link_port_refused", "where", e.Where), chain.Say("knock.link_port_refused_hint")
		}
		return chain.Say("knock.link_port", "where", e.Where), chain.Say("knock.link_port_hint")
	}
	return chain.Say("knock.link_other", "link", e.Link, "where", e.Where, "error", e.Err.Error()), chain.Text{}
}
