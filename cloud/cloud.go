// Package cloud asks omamori-aws, a program of its own, for the few things that omamori
// wants of AWS: what it takes to speak to AWS is not in the guard's memory.
//
// One request goes in as JSON, one answer comes out, and the program ends. Secrets go
// the same way, never as arguments.
package cloud

import (
	"encoding/json"
	"net/netip"
	"time"
)

// Access is how an account is reached: the usual configuration of AWS's SDK (files,
// environment, the instance's role), with what is to differ from it.
type Access struct {
	Profile string `json:"profile,omitempty"`
	Region  string `json:"region,omitempty"`
	// Serial names an MFA device, and Code is what it shows: then all is done in a
	// session that was opened with it. Without a serial the profile's mfa_serial counts.
	Serial string `json:"serial,omitempty"`
	Code   string `json:"code,omitempty"`
}

// Request is what the program reads.
type Request struct {
	Do     string          `json:"do"`
	Access Access          `json:"access,omitzero"`
	With   json.RawMessage `json:"with,omitempty"`
}

// Answer is what the program writes: a result, or an error.
type Answer struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  *Error          `json:"error,omitempty"`
}

// The requests that there are.
const (
	DoAddress    = "address"
	DoGroups     = "groups"
	DoOpen       = "open"
	DoEnd        = "end"
	DoKeep       = "keep"
	DoInstance   = "instance"
	DoReboot     = "reboot"
	DoBalancer   = "balancer"
	DoAgent      = "agent"
	DoPushKey    = "push_key"
	DoSerial     = "serial"
	DoProveCode  = "prove_code"
	DoDevices    = "devices"
	DoResync     = "resync"
	DoMay        = "may"
	DoContact    = "contact"
	DoSendCode   = "send_code"
	DoVerifyCode = "verify_code"
	DoKeys       = "keys"
	DoUsage      = "usage"
)

// Nothing is what some requests want, and some answers say.
type Nothing struct{}

// Target is where security groups are looked for: one of its fields is set. Balancer is
// a load balancer's name or, if it is no classic one, its ARN. An Instance of "self" is
// the one that the program runs on.
type Target struct {
	Group    string `json:"group,omitempty"`
	Balancer string `json:"balancer,omitempty"`
	Instance string `json:"instance,omitempty"`
}

// Group is a security group with its rules for what comes in.
type Group struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Region string `json:"region"`
	// Left says that the target does not have it, or not any more: then only those rules
	// are listed that were leases of ours and should be gone.
	Left  bool   `json:"left,omitempty"`
	Rules []Rule `json:"rules,omitempty"`
}

// Rule is a rule of a security group.
type Rule struct {
	ID       string `json:"id"`
	Protocol string `json:"protocol"` // "tcp", "udp", "icmp", "-1" for all
	From     int    `json:"from"`
	To       int    `json:"to"`
	// Source is a prefix, or the id of another group (sg-) or a prefix list (pl-).
	Source      string `json:"source"`
	Description string `json:"description,omitempty"`
	// Ours says that it has our tag: a lease, or, with Kept, a rule without end.
	Ours bool `json:"ours,omitempty"`
	Kept bool `json:"kept,omitempty"`
	// Lease is the one that it belongs to, nil if it is none of ours, if its description
	// has been changed to something that says no end, or if it lets in more than a lease
	// ever does.
	Lease *Lease `json:"lease,omitempty"`
}

// Passes reports whether the rule lets TCP in at a port.
func (r Rule) Passes(port uint16) bool {
	return r.Protocol == "-1" || r.Protocol == "tcp" && r.From <= int(port) && int(port) <= r.To
}

// Single gives the address that the rule lets in, at one port; ok is false if it lets in
// more than a lease ever does.
func (r Rule) Single() (from netip.Prefix, ok bool) {
	from, err := netip.ParsePrefix(r.Source)
	return from, err == nil && OneOwner(from) && r.Protocol == "tcp" && r.From == r.To && r.From >= 1 && r.From <= 65535
}

// Lent reports whether the rule is one that we have made for a while, and may end. If
// somebody has made it let in more it still is while it says when it ends; if it does not
// say that either, our tag is all that is left of ours, and that alone takes nothing away.
func (r Rule) Lent() bool {
	_, said := ReadDescription(r.Description)
	_, single := r.Single()
	return r.Ours && !r.Kept && (said || single)
}

// Ended reports whether the rule is one of ours that should be gone by now. One of which
// nobody can read any more when it ends is.
func (r Rule) Ended(now time.Time) bool {
	l, said := ReadDescription(r.Description)
	return r.Lent() && (!said || !now.Before(l.Until))
}

// Lease is permission for an address to pass a security group until a stated time.
type Lease struct {
	ID    string       `json:"id"`
	From  netip.Prefix `json:"from"`
	Ports []uint16     `json:"ports"`
	Since time.Time    `json:"since"`
	Until time.Time    `json:"until"`
	Who   string       `json:"who"`
}

// Wish is a lease that is asked for.
type Wish struct {
	Target Target        `json:"target"`
	From   netip.Prefix  `json:"from"`
	Ports  []uint16      `json:"ports"`
	Last   time.Duration `json:"last"`
	Who    string        `json:"who"`
	// Longest and Most bound what is given: the time, and how many leases there are in
	// the group.
	Longest time.Duration `json:"longest"`
	Most    int           `json:"most"`
}

// Opened is what came of a wish.
type Opened struct {
	Group   string `json:"group"`
	Lease   Lease  `json:"lease,omitzero"`
	Renewed bool   `json:"renewed,omitempty"`
	// Others are rules of somebody else that let the same in already: they are left
	// alone, now and at the end.
	Others []string `json:"others,omitempty"`
	// Seen says that AWS itself shows it by now.
	Seen bool `json:"seen"`
}

// Which says which of our leases are to end: one by its id, those that are over, or all.
type Which struct {
	Target  Target `json:"target"`
	ID      string `json:"id,omitempty"`
	Expired bool   `json:"expired,omitempty"`
	All     bool   `json:"all,omitempty"`
}

// Ended is what was ended.
type Ended struct {
	Rules []Rule `json:"rules,omitempty"`
	Seen  bool   `json:"seen"`
}

// Keep are rules without end that are to be there.
type Keep struct {
	Target Target         `json:"target"`
	From   []netip.Prefix `json:"from"`
	Ports  []uint16       `json:"ports"`
}

// Instance is a machine and how it does.
type Instance struct {
	ID      string `json:"id"`
	Region  string `json:"region"`
	Zone    string `json:"zone,omitempty"`
	State   string `json:"state"`
	Address string `json:"address,omitempty"`
	Profile string `json:"profile,omitempty"` // the instance profile that gives it a role
	// System and Machine are AWS's two checks: "ok", "impaired", "initializing",
	// "insufficient-data", "not-applicable". Since is when the machine's failed first.
	System  string    `json:"system,omitempty"`
	Machine string    `json:"machine,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// Balancer is a load balancer and how it does.
type Balancer struct {
	Name      string     `json:"name"`
	Type      string     `json:"type"`
	State     string     `json:"state"`
	Groups    []string   `json:"groups,omitempty"`
	Listeners []Listener `json:"listeners,omitempty"`
	Targets   []Health   `json:"targets,omitempty"`
}

// Listener is a port that a load balancer answers at.
type Listener struct {
	Protocol string `json:"protocol"`
	Port     int    `json:"port"`
}

// Health is that of one target, as the load balancer sees it.
type Health struct {
	ID   string `json:"id"`
	Well bool   `json:"well"`
	Says string `json:"says"`
}

// Agent is that of Session Manager on an instance. Status is "" if it was never heard.
type Agent struct {
	Instance Instance  `json:"instance"`
	Status   string    `json:"status,omitempty"`
	Pinged   time.Time `json:"pinged,omitzero"`
}

// PublicKey is one that Instance Connect is to take for a minute.
type PublicKey struct {
	Instance string `json:"instance"`
	User     string `json:"user"`
	Key      string `json:"key"`
}

// Serial says whether the serial console is switched on in a region.
type Serial struct {
	Region string `json:"region"`
	On     bool   `json:"on"`
}

// Code is what an MFA device shows; a resync wants the next one too.
type Code struct {
	Serial string `json:"serial"`
	Code   string `json:"code"`
	Second string `json:"second,omitempty"`
}

// Devices are the MFA devices of who asks.
type Devices struct {
	ARN     string   `json:"arn"`
	User    string   `json:"user"`
	Devices []string `json:"devices"` // serial numbers
	// Root says that the root user has one at all. More is not told of it.
	Root bool `json:"root"`
}

// May asks whether who asks may do actions.
type May struct {
	Actions []string `json:"actions"`
}

// Might says which of the actions may not be done.
type Might struct {
	ARN    string   `json:"arn"`
	Denied []string `json:"denied,omitempty"`
}

// Contact is what the account has on file.
type Contact struct {
	Name   string               `json:"name"`
	Phone  string               `json:"phone"`
	Others map[string]Alternate `json:"others,omitempty"` // by "billing", "operations", "security"
}

// Alternate is one more contact of an account.
type Alternate struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Phone string `json:"phone"`
}

// Keys are the access keys of who asks.
type Keys struct {
	ARN   string `json:"arn"`
	Using string `json:"using"` // the one that the question was signed with
	// Temporary says that it is one of a session or a role, which ends by itself.
	Temporary bool  `json:"temporary,omitempty"`
	Keys      []Key `json:"keys,omitempty"`
}

// Key is an access key.
type Key struct {
	ID      string    `json:"id"`
	Active  bool      `json:"active"`
	Created time.Time `json:"created"`
	Used    time.Time `json:"used,omitzero"`
	By      string    `json:"by,omitempty"` // the service that it was last used for
}

// Look says what of an account's use is asked for.
type Look struct {
	Spend bool `json:"spend,omitempty"`
}

// Usage is what runs in an account, in every region that is switched on.
type Usage struct {
	Regions  int     `json:"regions"`
	Machines []Seen  `json:"machines,omitempty"`
	Spend    float64 `json:"spend,omitempty"` // of this month
	Unit     string  `json:"unit,omitempty"`
}

// Seen is a machine that was found.
type Seen struct {
	ID     string `json:"id"`
	Region string `json:"region"`
	Name   string `json:"name,omitempty"`
	Type   string `json:"type,omitempty"`
	State  string `json:"state"`
}
