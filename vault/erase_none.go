//go:build !goexperiment.runtimesecret

package vault

// erasing runs f. This Go was built without the experiment runtimesecret, so that what
// f leaves behind stays until it is overwritten.
func erasing(f func()) { f() }
