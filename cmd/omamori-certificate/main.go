// Command omamori-certificate gets or renews one certificate, of which it reads as JSON, and
// ends.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/omamori-guard/omamori/web/certificate"
	"github.com/omamori-guard/omamori/words"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, words.FromEnv().Text("certificate.program_help"))
		os.Exit(2)
	}
	debug.SetMemoryLimit(64 << 20)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := certificate.Main(ctx, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
