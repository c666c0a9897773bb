package discover

import (
	"fmt"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// Question is something that the machine cannot tell and its owner can.
type Question struct {
	// Name is what the answer is called in Answers.
	Name string
	Text chain.Text
	// Default is the answer of who just goes on; it is zero where that means none.
	Default chain.Text
	// Needed says that there is no answer "none".
	Needed bool
}

// Answers are what the owner said, by a question's name. None is that there is no such
// thing; the empty answer, and none at all, is the default.
type Answers map[string]string

// None is the answer that there is no such thing.
const None = "-"

// Ask returns the next question that is to be answered; ok is false when nothing is
// left to ask. There are seven at most.
func (f *Found) Ask(a Answers) (q Question, ok bool) {
	for _, q := range f.questions(a) {
		if _, answered := a[q.Name]; !answered {
			return q, true
		}
	}
	return Question{}, false
}

func (f *Found) questions(a Answers) (all []Question) {
	add := func(name string, needed, has bool, pairs ...any) {
		q := Question{Name: name, Text: chain.Say("discover.ask_"+name, pairs...), Needed: needed}
		if has {
			q.Default = chain.Say("discover.default_" + name)
		}
		all = append(all, q)
	}
	if f.SSH > 0 {
		add("laptop", true, true)
		add("second", false, false)
		add("address", false, false)
	}
	company := "AWS"
	if f.EC2 == nil {
		add("company", false, false)
		company = clip(strings.TrimSpace(words.Clean(a["company"])), maxAnswer)
	}
	if company != "" && company != None {
		add("phone", false, true, "company", company)
		add("mailbox", false, true, "company", company)
		add("number", false, true, "company", company)
	}
	return all
}

// maxAnswer is how much of an answer is kept, in letters: two fit into a question.
const maxAnswer = 60

// owner is what the draft knows of the person: names of things, "" for what there is
// not.
type owner struct {
	laptop, second, address, company string
	phone, mailbox, number           string
	account                          string // the thing's name
}

func (f *Found) owner(lang words.Lang, a Answers) owner {
	said := map[string]string{}
	for _, q := range f.questions(a) {
		answer := strings.TrimSpace(clip(words.Clean(a[q.Name]), maxAnswer))
		if answer == None && !q.Needed {
			continue
		}
		if answer == "" || answer == None {
			answer = lang.Say(q.Default)
		}
		said[q.Name] = answer
	}
	o := owner{
		laptop: said["laptop"], second: said["second"], address: said["address"], company: said["company"],
		phone: said["phone"], mailbox: said["mailbox"], number: said["number"], account: "hosting-account",
	}
	if f.EC2 != nil {
		o.company, o.account = "AWS", "aws-account"
	}
	return o
}

// console says that there is a company with a console, by which a machine is reached
// when it cannot be reached itself.
func (o owner) console() bool { return o.company != "" }

// support says that the company's support has something to know the owner by.
func (o owner) support() bool { return o.console() && o.mailbox+o.number != "" }

// firewall says that something may keep the owner's address out.
func (d *draft) firewall() bool {
	return d.f.SSH > 0 && (d.o.address != "" || d.f.Firewall != "" || d.f.EC2 != nil)
}

// things are what can be lost as one.
func (d *draft) things() {
	var lines []string
	add := func(name, title, more string) {
		if title != "" {
			lines = append(lines, fmt.Sprintf("  %s: {title: %s%s}\n", name, quote(title), more))
		}
	}
	add("laptop", d.o.laptop, "")
	add("second-computer", d.o.second, "")
	add("home-address", d.o.address, "")
	if d.o.console() {
		add("phone", d.o.phone, "")
		add("mailbox", d.o.mailbox, "")
		add("phone-number", d.o.number, "")
		add(d.o.account, d.say("discover.title_account", "company", d.o.company), ", given: yes")
	}
	if len(lines) == 0 {
		return
	}
	d.WriteString("\n")
	d.comment("", "discover.about_things")
	if d.f.EC2 != nil {
		d.comment("", "discover.on_ec2", "what", d.f.EC2.String())
	}
	d.WriteString("things:\n" + strings.Join(lines, ""))
}

// claim writes a link that a person alone can prove.
func (d *draft) claim(name, key string, pairs []any, needs ...string) {
	d.entry(name, "kind", "claim", "title", quote(d.say("discover.title_"+key, pairs...)), "question", quote(d.say("discover.question_"+key, pairs...)), "needs", list(needs...))
}

// claims are the links of the owner's own way in, with what puts them back.
func (d *draft) claims() {
	if d.f.SSH > 0 || d.o.console() {
		d.WriteString("\n")
		d.comment("  ", "discover.about_claims")
	}
	if d.f.SSH > 0 {
		d.shell()
	}
	if d.o.console() {
		d.consoleLinks()
	}
}

func (d *draft) shell() {
	filter := ""
	if d.firewall() {
		filter = "firewall"
		name := d.f.Firewall
		if d.f.EC2 != nil {
			name = strings.TrimSpace(clip(strings.Join(d.f.EC2.Groups, ", "), maxAnswer) + " " + d.say("discover.security_group"))
		}
		if name == "" {
			name = d.say("discover.some_firewall")
		}
		address := ""
		if d.o.address != "" {
			address = "home-address"
		}
		d.claim("firewall", "firewall", []any{"name", name}, address)
	}
	d.claim("login", "login", []any{"from", d.o.laptop}, "laptop", "sshd", filter)
	if d.o.second != "" {
		d.claim("login-second", "login", []any{"from", d.o.second}, "second-computer", "sshd", filter)
	}
	if !d.o.console() {
		return
	}
	d.mend("reboot", "sshd", "10m", d.say("discover.mend_reboot", "company", d.o.company), "console")
	d.mend("new-key", "login", "2h", d.say("discover.mend_key", "company", d.o.company), "console", "sshd", filter)
	if filter != "" {
		d.mend("open-firewall", "firewall", "30m", d.say("discover.mend_firewall", "company", d.o.company), "console")
	}
}

func (d *draft) consoleLinks() {
	company := []any{"company", d.o.company}
	codes, support := "", ""
	if d.o.phone != "" {
		codes = "codes"
		d.claim("codes", "codes", []any{"company", d.o.company, "phone", d.o.phone}, "phone")
	}
	d.claim("sign-in", "sign_in", company, d.o.account, codes)
	var known []string
	if d.o.mailbox != "" {
		known = append(known, "mailbox")
		d.mend("reset-password", "sign-in", "30m", d.say("discover.mend_password"), "mailbox", d.o.account, codes)
	}
	if d.o.number != "" {
		known = append(known, "phone-number")
	}
	if !d.o.support() {
		return
	}
	support = "support"
	d.claim(support, "support", company, known...)
	if codes != "" {
		d.mend("support-case", codes, "7d", d.say("discover.mend_codes", company...), support, d.o.account)
	} else {
		d.mend("support-case", "sign-in", "7d", d.say("discover.mend_sign_in", company...), support, d.o.account)
	}
}

// ownGoals are the goals of who looks after the machine.
func (d *draft) ownGoals() {
	if d.f.SSH > 0 {
		ways := []string{"ssh", "login"}
		if d.o.second != "" {
			ways = append(ways, "second", "login-second")
		}
		d.goal("shell", d.say("discover.title_goal_shell"), ways...)
	}
	if d.o.console() {
		d.goal("console", d.say("discover.title_goal_console", "company", d.o.company), "web", "sign-in")
	}
}
