// Package nft is the door in the host's own firewall: a table of ours that closes ports
// to everybody without a lease, and touches no rule of anybody else's.
//
// The table is stateless. A closed port is one for whose connections no first packet
// comes through, so a session that stands is never cut: not by an install, not by the
// end of its lease, and not by a kernel that has begun to track connections only a moment
// ago, or has forgotten one. Nor can anybody keep the owner out by filling the kernel's
// table of connections.
//
// What is to end by itself ends in the kernel: leases, and a trial of new rules, are
// elements of sets with a timeout.
package nft
