// Package door is what lets an owner in: the permit he signs, who may sign one, what a
// lease may be, and the gate that admits each permit once.
//
// The package does no more than judge: door/knock carries permits over the network,
// and a firewall's room makes leases of what the gate has admitted.
package door
