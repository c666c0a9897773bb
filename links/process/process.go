// Package process is the kind "process": a service's main process runs, and is
// neither stopped nor dead.
package process

import (
	"context"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
)

type settings struct {
	Service string `yaml:"service" doc:"the service, as hands' own file names it"`
	PIDFile string `yaml:"pid_file" doc:"the file with the process's number, for where hands cannot be asked"`
	Name    string `yaml:"name" doc:"the process's name as ps -o comm shows it, for where hands cannot be asked"`
	User    string `yaml:"user" doc:"whose process of that name"`
}

const example = `service: mariadb
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("process", example, settings{}, build)
	k.Beat, k.Timeout = "5s", "2s"
	return k
}

// longestName is how much of a process's name the kernel keeps, in bytes.
const longestName = 15

func build(s settings, at chain.Place) (chain.Prover, error) {
	wrong := func(field string, text chain.Text) (chain.Prover, error) {
		return nil, &chain.SettingError{Field: field, Text: text}
	}
	switch {
	case s.Service == "" && s.PIDFile == "" && s.Name == "":
		return wrong("service", chain.Say("process.which"))
	case s.PIDFile != "" && !filepath.IsAbs(s.PIDFile):
		return wrong("pid_file", chain.Say("process.not_absolute", "value", s.PIDFile))
	case len(s.Name) > longestName:
		return wrong("name", chain.Say("process.long_name", "short", s.Name[:longestName]))
	case s.User != "" && s.Name == "":
		return wrong("user", chain.Say("process.user_alone"))
	}
	l := &link{settings: s, at: at, seen: make(chan self, 1), finder: finder{file: s.PIDFile, name: s.Name, uid: anyone}}
	if s.User != "" {
		u, err := user.Lookup(s.User)
		if err != nil {
			return wrong("user", chain.Say("process.no_user", "user", s.User))
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return wrong("user", chain.Say("process.no_user", "user", s.User))
		}
		l.finder.uid = int64(uid)
	}
	return l, nil
}

// link proves that a process runs.
type link struct {
	settings settings
	at       chain.Place
	finder   finder
	// traced counts the proofs in a row that found a debugger holding it: one
	// that only looks on holds a process for moments.
	traced int
	// seen hands the process that was found to Watch; the newest alone.
	seen chan self
}

var (
	_ chain.Mender  = (*link)(nil)
	_ chain.Watcher = (*link)(nil)
)

func (l *link) Service() string { return l.settings.Service }

func (l *link) Plan(p chain.Proof, e chain.Evidence) chain.Plan { return cause.Plan(p, e) }

// byHands reports whether hands know the process.
func (l *link) byHands() bool { return l.settings.Service != "" && l.at.Hands != nil }

// byOurselves reports whether the process can be found without hands.
func (l *link) byOurselves() bool { return l.settings.PIDFile != "" || l.settings.Name != "" }

// title is the service as a person would call it.
func (l *link) title() string {
	switch s := l.settings; {
	case s.Service != "":
		return s.Service
	case s.Name != "":
		return s.Name
	default:
		return s.PIDFile
	}
}

// Watch wakes when the process has ended: as hands tell, or else by a descriptor
// of the process that the last proof found.
func (l *link) Watch(ctx context.Context, wake func()) error {
	if l.byHands() {
		return l.at.Hands.Watch(ctx, l.settings.Service, wake)
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case who := <-l.seen:
			if err := who.wait(ctx); err != nil {
				return err
			}
			wake()
		}
	}
}
