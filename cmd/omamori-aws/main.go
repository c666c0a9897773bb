// Command omamori-aws does one thing at AWS, which it reads as JSON, and ends.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/words"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, words.FromEnv().Text("cloud.program_help"))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := aws.Serve(ctx, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
