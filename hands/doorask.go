package hands

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/door"
)

// DoorClient asks the door's half. It may be used from several goroutines; requests are
// answered one after another.
type DoorClient struct {
	mu   sync.Mutex // one request at a time
	conn *net.UnixConn
	in   *bufio.Reader
}

// doorPatience bounds each request, besides the context.
const doorPatience = 10 * time.Second

// ConnectDoor connects to the socket of the door's half. Who is not known there gets a
// *Refused.
func ConnectDoor(ctx context.Context, socketPath string) (*DoorClient, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socketPath)
	if err != nil {
		return nil, fmt.Errorf("connect to the door: %w", err)
	}
	c := &DoorClient{conn: conn.(*net.UnixConn), in: bufio.NewReader(conn)}
	if _, err := c.ask(ctx, doorRequest{Op: doorHello, Version: version}); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection. A deed that has begun is carried out all the same.
func (c *DoorClient) Close() error { return c.conn.Close() }

// ask asks. The error is a *Refused, a *door.Refusal, or what went wrong; after one of
// the connection's, the client is of no use any more.
func (c *DoorClient) ask(ctx context.Context, q doorRequest) (p doorReply, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := frame(q, nil)
	if err != nil {
		return p, err
	}
	deadline := time.Now().Add(doorPatience)
	if at, ok := ctx.Deadline(); ok && at.Before(deadline) {
		deadline = at
	}
	if err := c.conn.SetDeadline(deadline); err != nil {
		return p, fmt.Errorf("ask the door: %w", err)
	}
	defer context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })() //nolint:errcheck // it ends soon in any case
	if _, err = c.conn.Write(b); err == nil || q.Op == doorHello {                 // who is turned away is told why
		_, err = readFrame(c.in, &p)
	}
	switch {
	case err != nil:
		c.conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return p, fmt.Errorf("ask the door: %w", err)
	case !p.Refused.IsZero():
		return p, refuse(p.Refused)
	case p.Refusal != nil:
		return p, p.Refusal
	case p.Error != "":
		return p, told(p.Error, p.Errno)
	}
	return p, nil
}

// Challenge gives a number for an owner to sign.
func (c *DoorClient) Challenge(ctx context.Context) (door.Challenge, error) {
	p, err := c.ask(ctx, doorRequest{Op: doorChallenge})
	return p.Challenge, err
}

// Admit brings a signed permit; the lease is in force when Admit returns. The error is
// a *door.Refusal if the permit is not good, or not now.
func (c *DoorClient) Admit(ctx context.Context, permit, signature []byte) (door.Lease, error) {
	p, err := c.ask(ctx, doorRequest{Op: doorAdmit, Permit: permit, Signature: signature})
	if err != nil || p.Lease == nil {
		return door.Lease{}, err
	}
	return *p.Lease, nil
}

// Look says how the door stands.
func (c *DoorClient) Look(ctx context.Context) (DoorState, error) {
	p, err := c.ask(ctx, doorRequest{Op: doorLook})
	if err != nil || p.State == nil {
		return DoorState{}, err
	}
	return *p.State, nil
}

// Records lists what the door's half has done since the record of that number.
func (c *DoorClient) Records(ctx context.Context, since int64) ([]DoorRecord, error) {
	p, err := c.ask(ctx, doorRequest{Op: doorRecords, Since: since})
	return p.Records, err
}

// Load has the confirmed rules put back, should they not be there.
func (c *DoorClient) Load(ctx context.Context) error {
	_, err := c.ask(ctx, doorRequest{Op: doorLoad})
	return err
}

// Try begins a trial: these ports closed, or with uninstall none. See Trial.
func (c *DoorClient) Try(ctx context.Context, ports []uint16, uninstall bool, who string) error {
	_, err := c.ask(ctx, doorRequest{Op: doorTry, Ports: ports, Uninstall: uninstall, Who: who})
	return err
}

// Confirm ends a trial well: its rules are for good. The session is the one by which
// the owner came in; only its addresses count.
func (c *DoorClient) Confirm(ctx context.Context, s door.Session, who string) error {
	_, err := c.ask(ctx, doorRequest{Op: doorConfirm, Session: s, Who: who})
	return err
}

// Rollback ends a trial: everything is as before.
func (c *DoorClient) Rollback(ctx context.Context, who string) error {
	_, err := c.ask(ctx, doorRequest{Op: doorRollback, Who: who})
	return err
}

// Lease makes a lease that no owner has signed for; root alone may.
func (c *DoorClient) Lease(ctx context.Context, l door.Lease, last time.Duration, who string) (door.Lease, error) {
	p, err := c.ask(ctx, doorRequest{Op: doorLease, Lease: l, For: last, Who: who})
	if err != nil || p.Lease == nil {
		return door.Lease{}, err
	}
	return *p.Lease, nil
}

// End ends a lease, or all with "", and with cut the sessions that came by them.
func (c *DoorClient) End(ctx context.Context, id string, cut bool, who string) (ended []door.Lease, cuts int, err error) {
	p, err := c.ask(ctx, doorRequest{Op: doorEnd, Lease: door.Lease{ID: id}, Cut: cut, Who: who})
	return p.Ended, p.Cuts, err
}

// Sessions lists the established connections of the host.
func (c *DoorClient) Sessions(ctx context.Context) ([]door.Session, error) {
	p, err := c.ask(ctx, doorRequest{Op: doorSessions})
	return p.Sessions, err
}
