package door

import (
	"net/netip"
	"slices"
	"time"
)

// Rules are what a host's firewall is to do for the door.
type Rules struct {
	// Closed are the TCP ports that nobody reaches without a lease, ascending.
	Closed []uint16 `json:"closed"`
	// Keep are the interfaces where nothing is closed: that of a tunnel, so that it stays
	// a way in of its own.
	Keep []string `json:"keep,omitempty"`
}

// Equal reports whether both do the same; nil are none at all.
func (r *Rules) Equal(o *Rules) bool {
	if r == nil || o == nil {
		return r == o
	}
	return slices.Equal(r.Closed, o.Closed) && slices.Equal(r.Keep, o.Keep)
}

// Opening is one address and port that the firewall lets through, for as long as Left.
type Opening struct {
	From netip.Prefix `json:"from"`
	Port uint16       `json:"port"`
	// Lease is the ID of the lease that it is for.
	Lease string        `json:"lease"`
	Left  time.Duration `json:"left"`
}

// Wall is how a host's firewall stands.
type Wall struct {
	// There says that our rules are there, Sound that they are what they should be.
	There bool `json:"there"`
	Sound bool `json:"sound"`
	// Closed are the ports that are closed for good, Trying those that are closed on
	// trial, Freed those that are open on trial.
	Closed []uint16 `json:"closed,omitempty"`
	Trying []uint16 `json:"trying,omitempty"`
	Freed  []uint16 `json:"freed,omitempty"`
	// Left is when the kernel ends the trial by itself.
	Left time.Duration `json:"left,omitempty"`
	Open []Opening     `json:"open,omitempty"`
}

// Session is one established TCP connection of the host.
type Session struct {
	Local  netip.AddrPort `json:"local"`
	Remote netip.AddrPort `json:"remote"`
	// Cookie is the kernel's name for it, never used again.
	Cookie uint64 `json:"cookie"`
	Inode  uint32 `json:"inode"`
}
