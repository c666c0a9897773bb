package tunnel

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Status is how a running tunnel stands.
type Status struct {
	Since time.Time `json:"since"`
	// TUN says that the kernel carries the packets on, and not this process.
	TUN   bool         `json:"tun,omitempty"`
	Peers []PeerStatus `json:"peers"`
}

// PeerStatus is how a peer stands.
type PeerStatus struct {
	Name      string    `json:"name"`
	Endpoint  string    `json:"endpoint,omitempty"`
	Handshake time.Time `json:"handshake,omitzero"`
	// Received and Sent count bytes since the tunnel is up.
	Received uint64 `json:"received"`
	Sent     uint64 `json:"sent"`
}

// Alive reports whether the peer's session was fresh at that moment: WireGuard makes
// a new one every two minutes while anything is said, and forgets it after three.
func (p PeerStatus) Alive(now time.Time) bool {
	return !p.Handshake.IsZero() && now.Sub(p.Handshake) < 3*time.Minute
}

// A Request is what a running tunnel is asked, in one line: how it stands, or to read
// its file again first.
type Request string

const (
	Ask    Request = "status"
	Reload Request = "reload"
)

// reply is the answer, in one line.
type reply struct {
	Status *Status `json:"status,omitempty"`
	Error  string  `json:"error,omitempty"`
}

const maxReply = 1 << 18

// Call asks the tunnel at that socket.
func Call(ctx context.Context, socket string, r Request) (Status, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return Status{}, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := fmt.Fprintln(c, r); err != nil {
		return Status{}, err
	}
	return readReply(c)
}

func readReply(r io.Reader) (Status, error) {
	var a reply
	if err := json.NewDecoder(io.LimitReader(r, maxReply)).Decode(&a); err != nil {
		return Status{}, fmt.Errorf("read the tunnel's answer: %w", err)
	}
	switch {
	case a.Error != "":
		return Status{}, errors.New(a.Error)
	case a.Status == nil:
		return Status{}, errors.New("the tunnel's answer is empty")
	}
	return *a.Status, nil
}

// answerWithin is how long one who asks has for it.
const answerWithin = 5 * time.Second

// Answer serves who asks at l, one at a time, until l is closed.
func Answer(l net.Listener, answer func(Request) (Status, error)) error {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		_ = c.SetDeadline(time.Now().Add(answerWithin)) // it fails on a closed one alone
		line, err := bufio.NewReaderSize(io.LimitReader(c, 64), 64).ReadString('\n')
		if err == nil {
			var a reply
			s, err := answer(Request(line[:len(line)-1]))
			if a.Status = &s; err != nil {
				a = reply{Error: err.Error()}
			}
			_ = json.NewEncoder(c).Encode(a) // who asked may have gone
		}
		_ = c.Close()
	}
}
