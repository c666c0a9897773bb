// Command omamori-mail reads a mailbox for notices of providers, and ends.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/due/inbox"
	"github.com/omamori-guard/omamori/words"
)

// Bounds of a job, and of the reading.
const (
	maxJob = 1 << 20
	limit  = 4 * time.Minute
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, words.FromEnv().Text("due.mail_help"))
		os.Exit(2)
	}
	debug.SetMemoryLimit(64 << 20)
	var j due.MailJob
	if err := json.NewDecoder(io.LimitReader(os.Stdin, maxJob)).Decode(&j); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := json.NewEncoder(os.Stdout).Encode(inbox.Read(ctx, j, time.Now())); err != nil {
		os.Exit(1)
	}
}
