// Command omamori keeps a self-hosted server alive, and its owner able to get in.
package main

import (
	"context"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// version is set by the build.
var version = "dev"

func main() {
	home()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := wire().Main(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// home finds the home folder where nobody says it, as in a unit or under env -i: the doors,
// the keys and the state are looked for there.
func home() {
	if os.Getenv("HOME") != "" {
		return
	}
	if u, err := user.LookupId(strconv.Itoa(os.Geteuid())); err == nil && filepath.IsAbs(u.HomeDir) {
		_ = os.Setenv("HOME", u.HomeDir) // refused of no name like this
	}
}
