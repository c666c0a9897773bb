//go:build goexperiment.runtimesecret

package vault

import "runtime/secret"

// erasing runs f and has what it leaves in registers, on its stack and, once it is
// garbage, on the heap overwritten.
func erasing(f func()) { secret.Do(f) }
