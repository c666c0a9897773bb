package hands

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/omamori-guard/omamori/chain"
)

// maxStop bounds stop_timeout: a deed must end.
const maxStop = 5 * time.Minute

// mostDeeds bounds deeds.
const mostDeeds = 1000

// check says everything that is wrong with f besides its form.
func (r *reader) check(f *File) {
	if f.Guard != "" && !userName(f.Guard) {
		r.say("guard", chain.Say("hands.bad_user", "user", f.Guard))
	}
	r.path("run", f.Run, true)
	r.path("state", f.State, true)
	r.paths("files", f.Files)
	r.paths("sockets", f.Sockets)
	if f.Deeds < 0 || f.Deeds > mostDeeds {
		r.say("deeds", chain.Say("hands.bad_deeds", "deeds", f.Deeds, "max", mostDeeds))
	}
	if len(f.Services) > maxList {
		r.say("services", chain.Say("hands.too_many", "max", maxList))
		return
	}
	names := map[string]bool{}
	for i := range f.Services {
		s, at := &f.Services[i], fmt.Sprintf("services[%d]", i)
		switch {
		case !serviceName(s.Name):
			r.at(at, "name", chain.Say("hands.bad_name", "name", s.Name))
		case names[s.Name]:
			r.at(at, "name", chain.Say("hands.name_twice", "name", s.Name))
		}
		names[s.Name] = true
		r.service(at, s)
	}
}

// at says a text about a field, or about its object if the field is missing.
func (r *reader) at(object, field string, t chain.Text) {
	way := object + "." + field
	if r.lines[way] == 0 {
		r.lines[way] = r.lines[object]
	}
	r.say(way, t)
}

func (r *reader) service(at string, s *Service) {
	managers := 0
	if s.Systemd != "" {
		managers++
		if !unitName(s.Systemd) {
			r.at(at, "systemd", chain.Say("hands.bad_unit", "unit", s.Systemd))
		}
	}
	if s.SysV != "" {
		managers++
		if !scriptName(s.SysV) {
			r.at(at, "sysv", chain.Say("hands.bad_script", "script", s.SysV))
		}
		if s.PIDFile == "" {
			r.at(at, "pid_file", chain.Say("hands.no_pid_file", "service", s.Name))
		}
	}
	if s.Child != nil {
		managers++
		r.child(at+".child", s.Child)
	}
	if managers != 1 {
		r.say(at, chain.Say("hands.one_manager", "service", s.Name))
	}
	r.path(at+".pid_file", s.PIDFile, true)
	r.paths(at+".logs", s.Logs)
	r.paths(at+".writes", s.Writes)
	r.tunes(at, s)
}

func (r *reader) child(at string, c *Child) {
	if len(c.Argv) == 0 {
		r.at(at, "argv", chain.Say("hands.no_argv"))
	} else {
		r.path(at+".argv[0]", c.Argv[0], false)
	}
	r.words(at+".argv", c.Argv)
	r.words(at+".env", c.Env)
	for i, e := range c.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" {
			r.say(fmt.Sprintf("%s.env[%d]", at, i), chain.Say("hands.bad_env", "entry", name))
		}
	}
	if c.User != "" && !userName(c.User) {
		r.at(at, "user", chain.Say("hands.bad_user", "user", c.User))
	}
	r.path(at+".dir", c.Dir, true)
	r.path(at+".output", c.Output, true)
	if _, ok := stopSignal(c.StopSignal); !ok {
		r.at(at, "stop_signal", chain.Say("hands.bad_signal", "signal", c.StopSignal))
	}
	if c.StopTimeout != "" {
		if d, err := time.ParseDuration(c.StopTimeout); err != nil || d <= 0 || d > maxStop {
			r.at(at, "stop_timeout", chain.Say("hands.bad_time", "time", c.StopTimeout, "max", maxStop))
		}
	}
}

func (r *reader) paths(at string, list []string) {
	if len(list) > maxList {
		r.say(at, chain.Say("hands.too_many", "max", maxList))
		return
	}
	for i, p := range list {
		r.path(fmt.Sprintf("%s[%d]", at, i), p, false)
	}
}

// path wants an absolute path, written in its shortest form.
func (r *reader) path(at, p string, optional bool) {
	if p == "" && optional {
		return
	}
	if !cleanPath(p) {
		r.say(at, chain.Say("hands.bad_path", "path", p))
	}
}

func (r *reader) words(at string, list []string) {
	if len(list) > maxList {
		r.say(at, chain.Say("hands.too_many", "max", maxList))
		return
	}
	for i, w := range list {
		if len(w) > maxWord || strings.ContainsRune(w, 0) || !utf8.ValidString(w) {
			r.say(fmt.Sprintf("%s[%d]", at, i), chain.Say("hands.bad_word"))
		}
	}
}

func cleanPath(p string) bool {
	return len(p) <= maxWord && filepath.IsAbs(p) && filepath.Clean(p) == p &&
		utf8.ValidString(p) && !strings.ContainsFunc(p, func(c rune) bool { return c < ' ' || c == 0x7f })
}

func matches(expression, s string) bool { return regexp.MustCompile(expression).MatchString(s) }

func serviceName(s string) bool { return matches(`^[a-z0-9-]{1,32}$`, s) }
func userName(s string) bool    { return matches(`^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,31}$`, s) }
func scriptName(s string) bool  { return matches(`^[a-zA-Z0-9][a-zA-Z0-9_.+-]{0,63}$`, s) }
func unitName(s string) bool {
	return matches(`^[a-zA-Z0-9][a-zA-Z0-9:_.\\@-]{0,200}\.service$`, s)
}
