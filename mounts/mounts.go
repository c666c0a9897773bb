// Package mounts tells whether a file system can be written to, whatever a sandbox
// makes of it.
package mounts
