// Command omamori-send delivers one message, which it reads as JSON, and ends.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/omamori-guard/omamori/notify"
	"github.com/omamori-guard/omamori/notify/deliver"
)

// maxJob bounds what is read, in bytes.
const maxJob = 1 << 20

func main() { os.Exit(run(os.Stdin, os.Stdout)) }

func run(in io.Reader, out io.Writer) int {
	// Not every service obeys a deadline.
	time.AfterFunc(deliver.Timeout+time.Second, func() { answer(out, "the service did not answer in time"); os.Exit(1) })
	var j notify.Job
	if err := json.NewDecoder(io.LimitReader(in, maxJob)).Decode(&j); err != nil {
		return answer(out, fmt.Sprintf("read the message: %v", err))
	}
	if err := deliver.Deliver(context.Background(), j); err != nil {
		return answer(out, err.Error())
	}
	return answer(out, "")
}

// answer says what came of it, and returns the exit code for that.
func answer(out io.Writer, problem string) int {
	if err := json.NewEncoder(out).Encode(notify.Result{Error: problem}); err != nil || problem != "" {
		return 1
	}
	return 0
}
