// Package linux holds what Linux alone has of what this project asks of a system, so that
// all else can be built for an owner's laptop too: there each call fails as unsupported.
// Names and meanings are those of golang.org/x/sys/unix.
package linux
