// Command omamori-send delivers one message, which it reads as JSON, and ends.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/notify"
	"github.com/omamori-guard/omamori/notify/deliver"
	"github.com/omamori-guard/omamori/words"
)

// maxJob bounds what is read, in bytes.
const maxJob = 1 << 20

// Exit codes: the message was taken; it was not; it could not be read.
const (
	exitSent   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, words.FromEnv().Text("notify.send_help"))
		os.Exit(exitUsage)
	}
	// Most of shoutrrr's services use this one.
	http.DefaultTransport = deliver.Careful(http.DefaultTransport)
	os.Exit(run(os.Stdin, os.Stdout))
}

func run(in io.Reader, out io.Writer) int {
	var j notify.Job
	if err := read(in, &j); err != nil {
		return answer(out, exitUsage, words.FromEnv().Say(chain.Say("notify.bad_job", "error", err)))
	}
	if err := deliver.Deliver(context.Background(), j); err != nil {
		return answer(out, exitFailed, err.Error())
	}
	return answer(out, exitSent, "")
}

func read(in io.Reader, j *notify.Job) error {
	b, err := io.ReadAll(io.LimitReader(in, maxJob+1))
	if err != nil {
		return err
	}
	if len(b) > maxJob {
		return fmt.Errorf("longer than %d bytes", maxJob)
	}
	return json.Unmarshal(b, j)
}

// answer says what came of it, and returns the exit code for that.
func answer(out io.Writer, code int, problem string) int {
	if err := json.NewEncoder(out).Encode(notify.Result{Error: problem}); err != nil {
		return exitFailed
	}
	return code
}
