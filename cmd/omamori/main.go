// Command omamori keeps a self-hosted server alive, and its owner able to get in.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := wire().Main(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
