package nft

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/door"
)

const (
	// TableName is that of our table, of the family inet.
	TableName = "omamori"
	chainName = "input"
	// priority is before the usual filters: what is dropped here costs them nothing.
	priority = -10
	// roomFor is how many elements each set of leases takes.
	roomFor = 4096
	// longest is the timeout of a lease that came without one, which none does.
	longest = 24 * time.Hour
)

// Firewall is our table in one network namespace.
type Firewall struct {
	ns *os.File // nil for that of the caller
}

// New gives the firewall of the caller's network namespace.
func New() *Firewall { return &Firewall{} }

// In gives the firewall of the network namespace that ns is open on.
func In(ns *os.File) *Firewall { return &Firewall{ns: ns} }

func (f *Firewall) fd() int {
	if f.ns == nil {
		return 0
	}
	return int(f.ns.Fd())
}

func (f *Firewall) conn() (*nftables.Conn, error) {
	c, err := nftables.New(nftables.WithNetNSFd(f.fd()))
	if err != nil {
		return nil, fmt.Errorf("reach the firewall: %w", err)
	}
	return c, nil
}

// lasting is a connection for several questions.
func (f *Firewall) lasting() (*nftables.Conn, error) {
	c, err := nftables.New(nftables.WithNetNSFd(f.fd()), nftables.AsLasting())
	if err != nil {
		return nil, fmt.Errorf("reach the firewall: %w", err)
	}
	return c, nil
}

func table() *nftables.Table {
	return &nftables.Table{Name: TableName, Family: nftables.TableFamilyINet}
}

func chain() *nftables.Chain {
	accept := nftables.ChainPolicyAccept
	return &nftables.Chain{Name: chainName, Table: table(), Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookInput, Priority: nftables.ChainPriorityRef(priority), Policy: &accept}
}

// The sets. Those of prefixes are apart: the kernel's set for single addresses is the
// simpler and the older one.
const (
	closedSet = "closed" // ports; with a timeout while on trial
	freedSet  = "freed"  // ports that are open to all, on trial
	leases4   = "leases4"
	leases6   = "leases6"
	wide4     = "wide4"
	wide6     = "wide6"
)

func ports(name string) *nftables.Set {
	return &nftables.Set{Table: table(), Name: name, KeyType: nftables.TypeInetService, HasTimeout: true}
}

func leases(name string) *nftables.Set {
	address := nftables.TypeIPAddr
	if name == leases6 || name == wide6 {
		address = nftables.TypeIP6Addr
	}
	return &nftables.Set{Table: table(), Name: name, KeyType: nftables.MustConcatSetType(address, nftables.TypeInetService),
		Concatenation: true, Interval: name == wide4 || name == wide6, HasTimeout: true, Timeout: longest, Size: roomFor}
}

var leaseSets = [...]string{leases4, wide4, leases6, wide6}

func sets() []*nftables.Set {
	all := []*nftables.Set{ports(closedSet), ports(freedSet)}
	for _, name := range leaseSets {
		all = append(all, leases(name))
	}
	return all
}

// Flags of TCP.
const tcpRST, tcpACK = 0x04, 0x10

// rules are those of the chain, in order.
func rules(keep []string) [][]expr.Any {
	accept, drop := &expr.Verdict{Kind: expr.VerdictAccept}, &expr.Verdict{Kind: expr.VerdictDrop}
	equal := func(b ...byte) expr.Any { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: b} }
	tcp := []expr.Any{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal(unix.IPPROTO_TCP)}
	ip := func(family byte) []expr.Any {
		return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1}, equal(family)}
	}
	port := func(register uint32) expr.Any {
		return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2}
	}
	in := func(set string) expr.Any { return &expr.Lookup{SourceRegister: 1, SetName: set} }
	rule := func(parts ...[]expr.Any) (all []expr.Any) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	from4 := []expr.Any{&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 12, Len: 4}, port(unix.NFT_REG32_01)}
	from6 := []expr.Any{&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 8, Len: 16}, port(unix.NFT_REG_2)}

	var all [][]expr.Any
	for _, name := range append([]string{"lo"}, keep...) {
		all = append(all, []expr.Any{&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1}, equal(ifname(name)...), accept})
	}
	return append(all,
		rule(tcp, []expr.Any{port(1), in(freedSet), accept}),
		rule(ip(unix.NFPROTO_IPV4), tcp, from4, []expr.Any{in(leases4), accept}),
		rule(ip(unix.NFPROTO_IPV4), tcp, from4, []expr.Any{in(wide4), accept}),
		rule(ip(unix.NFPROTO_IPV6), tcp, from6, []expr.Any{in(leases6), accept}),
		rule(ip(unix.NFPROTO_IPV6), tcp, from6, []expr.Any{in(wide6), accept}),
		// IPv6 puts fragments together only behind this chain: what has its ports in one
		// and its flags in the next would not be seen for what it is.
		rule(ip(unix.NFPROTO_IPV6), tcp, []expr.Any{port(1), in(closedSet),
			&expr.Exthdr{Op: expr.ExthdrOpIpv6, Type: unix.IPPROTO_FRAGMENT, Len: 1, Flags: unix.NFT_EXTHDR_F_PRESENT, DestRegister: 1},
			equal(1), drop}),
		// A packet with ACK belongs to a session or is answered as by any port without
		// one; one with RST is never answered. Every other would say whether somebody
		// listens, or begin a session.
		rule(tcp, []expr.Any{port(1), in(closedSet),
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 13, Len: 1},
			&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{tcpRST | tcpACK}, Xor: []byte{0}},
			equal(0), drop}),
	)
}

func ifname(name string) []byte {
	b := make([]byte, unix.IFNAMSIZ)
	copy(b, name)
	return b
}

// Load makes the table anew, with its ports closed for good and these openings, in one
// step: no packet meets a half of it.
func (f *Firewall) Load(r door.Rules, open []door.Opening) error {
	return f.replace(r, 0, open)
}

// replace makes the table anew; with a timeout, its ports are closed for that long.
func (f *Firewall) replace(r door.Rules, timeout time.Duration, open []door.Opening) error {
	for _, name := range r.Keep {
		if name == "" || len(name) >= unix.IFNAMSIZ {
			return fmt.Errorf("no interface is called %q", name)
		}
	}
	elements, err := group(open)
	if err != nil {
		return err
	}
	c, err := f.conn()
	if err != nil {
		return err
	}
	c.AddTable(table()) // or there might be none to delete
	c.DelTable(table())
	c.AddTable(table())
	for i, set := range sets() {
		set.ID = uint32(i + 1)
		if err := c.AddSet(set, nil); err != nil {
			return fmt.Errorf("make set %s: %w", set.Name, err)
		}
	}
	c.AddChain(chain())
	for _, r := range rules(r.Keep) {
		c.AddRule(&nftables.Rule{Table: table(), Chain: chain(), Exprs: r})
	}
	if err := c.SetAddElements(ports(closedSet), portElements(r.Closed, timeout)); err != nil {
		return fmt.Errorf("close ports: %w", err)
	}
	for set, list := range elements {
		if err := c.SetAddElements(leases(set), list); err != nil {
			return fmt.Errorf("add leases: %w", err)
		}
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("load the rules: %w", err)
	}
	return nil
}

func portElements(list []uint16, timeout time.Duration) (all []nftables.SetElement) {
	for _, p := range list {
		all = append(all, nftables.SetElement{Key: portKey(p)[:2], Timeout: timeout})
	}
	return all
}

// Try begins a trial of new rules, at whose end the kernel itself puts the old ones
// back, unless they are settled before. With was, the table is there and keeps its
// interfaces and leases; without, it is made, and what is left of it in the end closes
// nothing.
func (f *Firewall) Try(was *door.Rules, to door.Rules, trial time.Duration) error {
	if trial < time.Second { // less may mean for ever
		return fmt.Errorf("a trial of %v is too short", trial)
	}
	if was == nil {
		return f.replace(to, trial, nil)
	}
	c, err := f.conn()
	if err != nil {
		return err
	}
	if err := renewPorts(c, closedSet, without(to.Closed, was.Closed), trial); err != nil {
		return err
	}
	if err := renewPorts(c, freedSet, without(was.Closed, to.Closed), trial); err != nil {
		return err
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("try the rules: %w", err)
	}
	return nil
}

// Settle ends a trial: the ports of r, and no others, are closed for good.
func (f *Firewall) Settle(r door.Rules) error {
	c, err := f.conn()
	if err != nil {
		return err
	}
	c.FlushSet(ports(closedSet))
	c.FlushSet(ports(freedSet))
	if err := c.SetAddElements(ports(closedSet), portElements(r.Closed, 0)); err != nil {
		return fmt.Errorf("close ports: %w", err)
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("settle the rules: %w", err)
	}
	return nil
}

// Remove deletes the table; it is no error if there is none.
func (f *Firewall) Remove() error {
	c, err := f.conn()
	if err != nil {
		return err
	}
	c.AddTable(table())
	c.DelTable(table())
	if err := c.Flush(); err != nil {
		return fmt.Errorf("remove the rules: %w", err)
	}
	return nil
}

// renewPorts gives every port of the list its timeout, whether or not it is in the set.
func renewPorts(c *nftables.Conn, set string, list []uint16, timeout time.Duration) error {
	if len(list) == 0 {
		return nil
	}
	elements := portElements(list, timeout)
	return errors.Join(
		c.SetAddElements(ports(set), elements),
		c.SetDeleteElements(ports(set), elements),
		c.SetAddElements(ports(set), elements))
}

// without lists those of a that are not in b.
func without(a, b []uint16) (rest []uint16) {
	in := map[uint16]bool{}
	for _, p := range b {
		in[p] = true
	}
	for _, p := range a {
		if !in[p] {
			rest = append(rest, p)
		}
	}
	return rest
}
