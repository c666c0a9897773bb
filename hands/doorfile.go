package hands

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
)

// DoorFile is what the door's half may do, as its own root-owned file says. LoadDoor
// makes one that has been checked. The zero value closes nothing and lets nobody in.
type DoorFile struct {
	// Guard is the user whose processes may look, and have the rules loaded again;
	// Knock is the user who may bring permits. Root may do both, and all else.
	Guard string `json:"guard,omitempty"`
	Knock string `json:"knock,omitempty"`
	// Page lets the guard's own user make leases, for a page on which somebody has signed
	// in: of single addresses, for a default time, without an owner's signature. So who
	// takes over the guard can open the door. It is off unless root writes it.
	Page bool `json:"page,omitempty"`
	// Door is the fingerprint of the door's key, in hex: permits for another are refused.
	Door string `json:"door"`
	// Ports are those that may be closed, and leased; what is closed may be leased still.
	Ports []uint16 `json:"ports"`
	// Keep are the interfaces where the next rules on trial are to close nothing.
	Keep []string `json:"keep,omitempty"`
	// Longest ("12h") is the longest lease, Most how many there may be at once.
	Longest string `json:"longest,omitempty"`
	Most    int    `json:"most,omitempty"`
	// Bits4 and Bits6 are the widest prefixes that may be leased, single addresses if 0.
	Bits4 int `json:"bits4,omitempty"`
	Bits6 int `json:"bits6,omitempty"`
	// Signers is the file, in the format of ssh-keygen's allowed_signers, that says whose
	// signature opens.
	Signers string `json:"signers"`
	// State is the folder for what must outlive a restart, DefaultDoorState if empty.
	State string `json:"state,omitempty"`
}

// Where the door's half has its things unless it is told otherwise. Its socket too is in a
// folder of root's own.
const (
	DefaultDoorFile   = "/etc/omamori/door.json"
	DefaultDoorSocket = "/run/omamori-door/door.sock"
	DefaultDoorState  = "/var/lib/omamori-door"
	DefaultSigners    = "/etc/omamori/allowed_signers"
)

// longestLease bounds longest: the firewall forgets a lease after a day in any case.
const longestLease = 24 * time.Hour

const mostLeases = 1000

// LoadDoor reads the file at path as Load does.
func LoadDoor(path string) (DoorFile, error) { return load(path, ParseDoor) }

// ParseDoor reads the door's file. With problems the DoorFile is not to be used.
func ParseDoor(b []byte) (DoorFile, []Problem) { return parse(b, doorFields, (*reader).checkDoor) }

func doorFields(object string) []string {
	if object != "" {
		return nil
	}
	return []string{"guard", "knock", "page", "door", "ports", "keep", "longest", "most", "bits4", "bits6", "signers", "state"}
}

func (r *reader) checkDoor(f *DoorFile) {
	for at, name := range map[string]string{"guard": f.Guard, "knock": f.Knock} {
		if name != "" && !userName(name) {
			r.say(at, chain.Say("hands.bad_user", "user", name))
		}
	}
	if b, err := hex.DecodeString(f.Door); err != nil || len(b) != len(door.Fingerprint{}) {
		r.say("door", chain.Say("hands.bad_fingerprint"))
	}
	if len(f.Ports) == 0 || len(f.Ports) > door.MostPorts || !slices.IsSorted(f.Ports) || len(slices.Compact(slices.Clone(f.Ports))) != len(f.Ports) || f.Ports[0] == 0 {
		r.say("ports", chain.Say("hands.bad_ports", "max", door.MostPorts))
	}
	r.words("keep", f.Keep)
	for i, name := range f.Keep {
		if !matches(`^[a-zA-Z0-9_.-]{1,15}$`, name) {
			r.say(fmt.Sprintf("keep[%d]", i), chain.Say("hands.bad_interface", "name", name))
		}
	}
	if f.Longest != "" {
		if d, err := time.ParseDuration(f.Longest); err != nil || d < door.Shortest || d > longestLease {
			r.say("longest", chain.Say("hands.bad_time", "time", f.Longest, "max", longestLease))
		}
	}
	if f.Most < 0 || f.Most > mostLeases {
		r.say("most", chain.Say("hands.bad_most", "most", f.Most, "max", mostLeases))
	}
	for at, n := range map[string][2]int{"bits4": {f.Bits4, 32}, "bits6": {f.Bits6, 128}} {
		if n[0] != 0 && (n[0] < n[1]/4 || n[0] > n[1]) {
			r.say(at, chain.Say("hands.bad_bits", "bits", n[0], "min", n[1]/4, "max", n[1]))
		}
	}
	r.path("signers", f.Signers, false)
	r.path("state", f.State, true)
}

// fingerprint is that of the door's key. The file has been checked.
func (f *DoorFile) fingerprint() (p door.Fingerprint) {
	_, _ = hex.Decode(p[:], []byte(f.Door))
	return p
}

func (f *DoorFile) limits() door.Limits {
	l := door.DefaultLimits(f.Ports...)
	if d, err := time.ParseDuration(f.Longest); err == nil {
		l.Longest = d
	}
	if f.Most > 0 {
		l.Most = f.Most
	}
	l.Bits4, l.Bits6 = f.Bits4, f.Bits6
	return l
}

func (f *DoorFile) state() string {
	if f.State == "" {
		return DefaultDoorState
	}
	return f.State
}
