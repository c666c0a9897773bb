package knock

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
)

// Settings are one door, as an owner's configuration has it.
type Settings struct {
	Pass  chain.Secret  `yaml:"pass" doc:"where the door's line (omamori-door1:…) is: file:PATH, env:NAME or credential:NAME"`
	Hosts []string      `yaml:"hosts" doc:"names that ssh has for the machine, besides the door's own name and the host in its line"`
	Key   string        `yaml:"key" doc:"the file of the key that signs, or of its public half if the agent has it; by default what the agent has"`
	For   time.Duration `yaml:"for" doc:"how long a lease is asked for; 10m by default"`
}

// Doors are the section doors of a configuration, by name.
type Doors map[string]Settings

// DefaultFor is how long a lease is asked for.
const DefaultFor = 10 * time.Minute

// Check says what is wrong with settings.
func (d *Doors) Check() (bad []*chain.SettingError) {
	for name, s := range *d {
		for _, e := range s.Check() {
			e.Field = name + "." + e.Field
			bad = append(bad, e)
		}
	}
	return bad
}

// Check says what is wrong with the settings of one door.
func (s *Settings) Check() (bad []*chain.SettingError) {
	if s.Pass == "" {
		bad = append(bad, &chain.SettingError{Field: "pass", Text: chain.Say("knock.no_pass")})
	}
	if s.For != 0 && s.For < door.Shortest {
		bad = append(bad, &chain.SettingError{Field: "for", Text: chain.Say("knock.bad_for", "min", door.Shortest)})
	}
	return bad
}

// PassError is a door's line that cannot be had.
type PassError struct {
	Door, Where string
	Err         error
}

func (e *PassError) Error() string { return fmt.Sprintf("line of the door %s: %v", e.Door, e.Err) }

// Unwrap gives what went wrong.
func (e *PassError) Unwrap() error { return e.Err }

// Said puts the error into words.
func (e *PassError) Said() (text, hint chain.Text) {
	return chain.Say("knock.pass_unread", "door", e.Door, "where", e.Where, "error", e.Err.Error()), chain.Say("knock.pass_unread_hint")
}

// ErrNoDoor is that none of the doors is that of a host.
var ErrNoDoor = errors.New("no door of that name")

// Find finds the door of a host: by its name, by its hosts, and last by the host in its
// line. Read reads secrets.
func (d Doors) Find(host string, read func(chain.Secret) (string, error)) (name string, s Settings, p *Pass, err error) {
	names := make([]string, 0, len(d))
	for n := range d {
		names = append(names, n)
	}
	slices.Sort(names)
	match := func(n string) bool { return n == host || slices.Contains(d[n].Hosts, host) }
	for _, n := range names {
		if !match(n) {
			continue
		}
		p, err := d[n].pass(n, read)
		return n, d[n], p, err
	}
	for _, n := range names {
		if p, err := d[n].pass(n, read); err == nil && p.Host == host {
			return n, d[n], p, nil
		}
	}
	return "", Settings{}, nil, ErrNoDoor
}

func (s Settings) pass(name string, read func(chain.Secret) (string, error)) (*Pass, error) {
	line, err := read(s.Pass)
	if err == nil {
		var p *Pass
		if p, err = ParsePass(line); err == nil {
			return p, nil
		}
	}
	return nil, &PassError{name, string(s.Pass), err}
}

// Way makes the way through a door. Its keys are found anew: the caller closes them.
func (s Settings) Way(p *Pass) (*Way, *Keys, error) {
	keys, err := FindKeys(s.Key, os.Getenv("SSH_AUTH_SOCK"))
	if err != nil {
		return nil, nil, &WayError{Link: LinkKey, Where: p.Host, Err: err}
	}
	w := &Way{Pass: p, Keys: keys.Signers, For: s.For}
	if w.For == 0 {
		w.For = DefaultFor
	}
	return w, keys, nil
}
