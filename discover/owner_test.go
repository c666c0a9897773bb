package discover

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/words"
)

// odd is an answer with whatever could break out of a text.
const odd = "it's: \"my\" [phone] {x} # & * ! | > % @ ` \\ \x1b[31m\u202e\n  y: z\t- , 電話 "

func machines() map[string]*Found {
	ssh := Service{Name: "ssh", Process: "sshd", User: "root", Running: true}
	return map[string]*Found{
		"ec2":    {Services: []Service{ssh}, SSH: 22, sshHost: "127.0.0.1", EC2: &EC2{Kind: "t3.micro", Groups: []string{"it's open"}}},
		"server": {Services: []Service{ssh}, SSH: 22, sshHost: "127.0.0.1", Firewall: "ufw"},
		"no ssh": {EC2: &EC2{}}, "nothing": {},
	}
}

// The draft is right whatever is answered, in every combination.
func TestEveryAnswer(t *testing.T) {
	kinds := options()
	for name, f := range machines() {
		asked := 0
		var each func(a Answers)
		each = func(a Answers) {
			q, ok := f.Ask(a)
			if ok {
				if !words.Has(q.Text.Key) || !q.Default.IsZero() && !words.Has(q.Default.Key) {
					t.Fatalf("no words for %+v", q)
				}
				for _, answer := range []string{"", None, odd} {
					next := Answers{q.Name: answer}
					for k, v := range a {
						next[k] = v
					}
					each(next)
				}
				return
			}
			asked = max(asked, len(a))
			lang := words.Langs[len(fmt.Sprint(a))%2]
			b, err := f.Draft(lang, a)
			if err != nil {
				t.Fatal(err)
			}
			if _, problems := config.Parse("", b, kinds); len(problems) > 0 {
				t.Fatalf("%s: %v: line %d: %s\n%s", name, a, problems[0].Line, words.English.Say(problems[0].Text), b)
			}
		}
		each(Answers{})
		if asked > 7 {
			t.Errorf("%s: %d questions", name, asked)
		}
	}
}

// An answer reaches the draft as a text, whole and harmless.
func TestAnswersAreQuoted(t *testing.T) {
	f := machines()["ec2"]
	b, err := f.Draft(words.Japanese, Answers{"phone": odd, "laptop": strings.Repeat("長", 5000)})
	if err != nil {
		t.Fatal(err)
	}
	file, problems := config.Parse("", b, options())
	if len(problems) > 0 {
		t.Fatalf("%+v\n%s", problems, b)
	}
	things := file.Chain.Model().Things
	i := slices.IndexFunc(things, func(t chain.Thing) bool { return t.Name == "phone" })
	if i < 0 || !strings.HasPrefix(things[i].Title, "it's: \"my\" [phone] {x} # & * ! | > % @ ` \\ ") || strings.ContainsAny(things[i].Title, "\n\x1b\u202e") {
		t.Errorf("%+v", things)
	}
}

// Margins mean something from the first day: what the draft of each machine says
// of them, if all is well.
func TestDraftedMargins(t *testing.T) {
	for name, c := range map[string]struct {
		f             *Found
		answers       Answers
		shell, consol string
	}{
		// The console is the other way to a shell; its codes are on one phone.
		"ec2": {machines()["ec2"], nil, "1", "0 phone codes"},
		// Without codes, a password is set anew by mail: nothing alone takes the console.
		"ec2, no codes": {machines()["ec2"], Answers{"phone": None}, "2", "1"},
		// Nothing but one laptop leads in.
		"server":             {machines()["server"], nil, "0 laptop", ""},
		"server, two people": {machines()["server"], Answers{"second": "Aiko"}, "0 firewall", ""},
		"server, console":    {machines()["server"], Answers{"company": "Example"}, "1", "0 phone codes"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := c.f.Draft(words.English, c.answers)
			if err != nil {
				t.Fatal(err)
			}
			file, problems := config.Parse("", b, options())
			if len(problems) > 0 {
				t.Fatalf("%+v\n%s", problems, b)
			}
			m := file.Chain.Model()
			// What hands start again by themselves, as the guard adds it.
			for _, l := range m.Links {
				if l.Name == "ssh" || l.Name == "sshd" {
					m.Mends = append(m.Mends, chain.Mend{Name: "start for " + l.Name, For: l.Name, Needs: l.Needs, Takes: time.Minute, By: chain.Machine})
				}
			}
			g := ways.New(m)
			for goal, want := range map[string]string{"shell": c.shell, "console": c.consol} {
				if want == "" {
					continue
				}
				margin := g.Margins(goal, ways.State{}).IfAllWell
				want, losses, _ := strings.Cut(want, " ")
				if fmt.Sprint(margin.Survives) != want {
					t.Errorf("%s: margin %+v, want %s; cuts %v", goal, margin, want, g.Cuts(goal, ways.State{}, 2).Sets)
				}
				for _, loss := range strings.Fields(losses) {
					if !slices.ContainsFunc(g.Cuts(goal, ways.State{}, 1).Sets, func(c []string) bool { return c[0] == loss }) {
						t.Errorf("%s: %s alone does not take it: %v", goal, loss, g.Cuts(goal, ways.State{}, 1).Sets)
					}
				}
			}
		})
	}
}
