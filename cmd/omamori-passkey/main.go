// Command omamori-passkey does one step of a passkey's ceremony, which it reads as JSON,
// and ends.
package main

import (
	"fmt"
	"os"

	"github.com/omamori-guard/omamori/web/passkey"
	"github.com/omamori-guard/omamori/words"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, words.FromEnv().Text("signin.passkey_help"))
		os.Exit(2)
	}
	if err := passkey.Main(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
