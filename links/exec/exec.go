// Package exec is the kind "exec": a program of the monitoring-plugins protocol
// says that all is well.
package exec

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

type settings struct {
	Argv    []string `yaml:"argv" doc:"the program, by its absolute path, and its arguments; no shell is in between"`
	Warning string   `yaml:"warning" doc:"what a warning (exit 1) makes of the link" enum:"broken,holds"`
}

const example = `argv: [/usr/lib/nagios/plugins/check_load, -w, "8", -c, "16"]
warning: holds
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("exec", example, settings{Warning: "broken"}, build)
	k.Beat, k.Timeout = "1m", "15s"
	return k
}

const (
	maxArgs = 256     // of one command line
	maxLine = 8 << 10 // bytes of each of them
)

func build(s settings, at chain.Place) (chain.Prover, error) {
	var bad []error
	wrong := func(text chain.Text) { bad = append(bad, &chain.SettingError{Field: "argv", Text: text}) }
	switch {
	case len(s.Argv) == 0:
		wrong(chain.Say("exec.no_argv"))
	case !filepath.IsAbs(s.Argv[0]):
		wrong(chain.Say("exec.not_absolute", "value", s.Argv[0]))
	case len(s.Argv) > maxArgs, slices.ContainsFunc(s.Argv, unfit):
		wrong(chain.Say("exec.bad_word"))
	}
	if s.Warning != "broken" && s.Warning != "holds" {
		bad = append(bad, &chain.SettingError{Field: "warning", Text: chain.Say("exec.bad_warning", "value", s.Warning)})
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	return &link{argv: s.Argv, tolerant: s.Warning == "holds", name: at.Link}, nil
}

func unfit(word string) bool { return len(word) > maxLine || strings.ContainsRune(word, 0) }

// link proves what a program says. Its arguments may hold passwords: they are never
// shown.
type link struct {
	argv     []string
	tolerant bool // of warnings
	name     string
}

var _ chain.Prover = (*link)(nil)
