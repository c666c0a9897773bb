package config

import (
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// Run is what omamori rescue does for a person's mend, one of a few deeds of omamori's own.
// It is read from the owner's file alone, by the command that he types: no plan, and nothing
// that another machine has said, carries one. The zero Run is none.
type Run struct {
	Open   string `yaml:"open" doc:"a link whose security group is opened for where we come from, as omamori door open --cloud does"`
	Code   string `yaml:"code" doc:"the vault's entry whose code that takes; alone, it is shown"`
	Rescue string `yaml:"rescue" doc:"a goal or link that the omamori of another machine is to bring back, by its own rules"`
	On     string `yaml:"on" doc:"that machine, as ssh calls it"`
	SSH    string `yaml:"ssh" doc:"a machine on which a shell is opened, for what is done by hand there"`
}

// Command is what a person could type instead, "" for none. It is to be read, not run.
func (r Run) Command() string {
	switch {
	case r.Open != "" && r.Code != "":
		return "omamori door open --cloud " + r.Open + " --mfa"
	case r.Open != "":
		return "omamori door open --cloud " + r.Open
	case r.Rescue != "":
		return "omamori ssh " + r.On + " omamori rescue " + r.Rescue + " --yes"
	case r.SSH != "":
		return "omamori ssh " + r.SSH
	case r.Code != "":
		return "omamori vault code " + r.Code
	}
	return ""
}

// IsHost reports whether a name may be given to ssh as that of a machine: none that ssh, or
// a shell, could take for something else.
func IsHost(s string) bool {
	ends := func(c byte) bool { return c == '-' || c == '@' }
	return s != "" && len(s) <= 255 && !ends(s[0]) && !ends(s[len(s)-1]) && !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-:@", c))
	})
}

func runHint() chain.Text {
	return chain.Say("config.run_hint", "example", "run: {rescue: blog, on: server}")
}

// run takes in the deed of a mend, if it is one.
func (r *reader) run(at *node, mend string, d Run, m *chain.Model, f *File) {
	if at == nil || len(r.problems) > 0 && d == (Run{}) {
		return
	}
	deeds := 0
	for _, word := range []string{d.Open, d.Rescue, d.SSH} {
		if word != "" {
			deeds++
		}
	}
	bad := func(key string, text chain.Text) {
		where := at
		if n := at.get(key); n != nil {
			where = n
		}
		r.problem(where, text, runHint())
	}
	isLink := false
	for _, l := range m.Links {
		isLink = isLink || l.Name == d.Open
	}
	switch {
	case deeds == 0 && d.Code == "", deeds > 1, d.Code != "" && d.Rescue+d.SSH != "", (d.Rescue == "") != (d.On == ""):
		bad("", chain.Say("config.run_one"))
	case d.Open != "" && !isLink:
		bad("open", chain.Say("config.run_no_link", "name", d.Open))
	case d.Rescue != "" && !chain.ValidName(d.Rescue):
		bad("rescue", chain.Say("config.bad_name", "name", d.Rescue))
	case d.On != "" && !IsHost(d.On):
		bad("on", chain.Say("config.run_bad_host", "host", d.On))
	case d.SSH != "" && !IsHost(d.SSH):
		bad("ssh", chain.Say("config.run_bad_host", "host", d.SSH))
	default:
		if f.Runs == nil {
			f.Runs = map[string]Run{}
		}
		f.Runs[mend] = d
	}
}
