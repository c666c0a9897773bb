// Package due says what wants a person's answer, when he is told of it again, and who is
// told when he does not answer at all. It does no I/O, and takes the time from its caller.
package due
