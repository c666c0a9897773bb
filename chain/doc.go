// Package chain is the core: things, links, goals and ways, the proofs that are
// made of them, and what follows from those proofs: verdicts, blame, incidents.
//
// It has no dependencies and does no I/O. Time is always passed in.
package chain
