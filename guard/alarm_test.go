package guard_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/links/claim"
	"github.com/omamori-guard/omamori/words"
)

// ways is a small chain of the story's form: a shell by VPN, or by the console, which
// wants the phone; a spare device is not there yet.
const ways = `
things:
  phone: {title: my phone}
  company: {title: the VPN service}
  laptop: {given: yes, attrs: {os: macos-10.11}}
  spare: {absent: yes}
links:
  vpn: {kind: flag, needs: [company]}
  sshd: {kind: flag, needs: [vpn]}
  codes: {kind: claim, question: "Does the phone show codes?", fresh: 2h, needs: [phone], only: {laptop.os: macos-10.11}}
  console: {kind: flag, needs: [codes]}
goals:
  shell: {title: a shell, ways: {ssh: [sshd]}}
mends:
  door: {for: vpn, needs: [console], takes: 30m}
  reboot: {for: sshd, needs: [console], takes: 10m}
  code-of-spare: {for: codes, needs: [spare], takes: 1m}
  other-user: {for: console, needs: [codes], takes: 1m}
  get-spare: {for: spare, title: register a second MFA device, needs: [console], takes: 5m}
`

// flags is a world whose links stand as they are set, and that keeps what it is told.
type flags struct {
	*world
	verdicts map[string]chain.Verdict // holds where not set
	letters  []string
	ahead    map[string]bool          // those that are broken only ahead
	slow     map[string]time.Duration // proofs that take their time
	load     string                   // what a reload reads
	hands    guard.Hands
}

type flag struct {
	f    *flags
	name string
}

func (p flag) Prove(context.Context) chain.Proof {
	var takes time.Duration
	p.f.set(func() { takes = p.f.slow[p.name] })
	time.Sleep(takes)
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	switch v, set := p.f.verdicts[p.name]; {
	case !set:
		return chain.Held(chain.Say("test.holds"))
	case v == chain.Broken:
		broken := chain.Broke("failed", chain.Say("test.broken"), chain.Say("test.mend_it"))
		broken.Ahead = p.f.ahead[p.name]
		return broken
	}
	return chain.Untried(chain.Say("test.no_dns"), chain.Text{})
}

// service is a flag of which hands have evidence.
type service struct{ flag }

func (service) Service() string { return "vpn" }

func (service) Plan(p chain.Proof, _ chain.Evidence) chain.Plan {
	return chain.Plan{Cause: p.Cause, Why: p.Because, Next: p.Hint}
}

// given is a flag that hangs on what a thing is, and is not known without.
type given struct{ flag }

func (given) Suppose(p chain.Proof, s chain.Supposition) chain.Proof {
	if len(s.Attrs) == 0 {
		return chain.Untried(chain.Say("test.no_dns"), chain.Text{})
	}
	return p
}

// slowHands take their time over evidence.
type slowHands struct{ *world }

func (h slowHands) Evidence(ctx context.Context, name string) (chain.Evidence, error) {
	time.Sleep(time.Second)
	return h.world.Evidence(ctx, name)
}

func (f *flags) parse(t *testing.T, yaml string) *config.File {
	t.Helper()
	kind := chain.NewKind("flag", "", struct{}{}, func(_ struct{}, at chain.Place) (chain.Prover, error) { return flag{f, at.Link}, nil })
	service := chain.NewKind("service", "", struct{}{}, func(_ struct{}, at chain.Place) (chain.Prover, error) { return service{flag{f, at.Link}}, nil })
	given := chain.NewKind("given", "", struct{}{}, func(_ struct{}, at chain.Place) (chain.Prover, error) { return given{flag{f, at.Link}}, nil })
	aside := kind
	aside.Name, aside.Aside = "aside", true
	file, problems := config.Parse("omamori.yaml", []byte(yaml), config.Options{Kinds: []chain.Kind{claim.Kind(), kind, service, aside, given}})
	for _, p := range problems {
		t.Fatalf("%s: %s", p.Path, words.English.Say(p.Text))
	}
	return file
}

// during runs a guard over f, while play plays.
func (f *flags) during(t *testing.T, play func(t *testing.T, g *guard.Guard)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f.world.t = t
		f.live(func(o *guard.Options) {
			o.Config, o.Hands = f.parse(t, f.load), f.hands
			o.Load = func() (*config.File, error) { return f.parse(t, f.load), nil }
			o.Tell = func(m guard.Message) {
				f.tell(m)
				title, body := m.Say(words.English)
				f.set(func() { f.letters = append(f.letters, m.Event+": "+title+"\n"+body) })
			}
		}, func(g *guard.Guard) { play(t, g) })
	})
}

func newFlags(t *testing.T) *flags {
	return &flags{world: newWorld(t), verdicts: map[string]chain.Verdict{}, ahead: map[string]bool{}, slow: map[string]time.Duration{}, load: ways}
}

func (f *flags) be(name string, v chain.Verdict) {
	f.set(func() {
		if f.verdicts[name] = v; v == chain.Holds {
			delete(f.verdicts, name)
		}
	})
}

// heard takes the letters that have come since it was last called.
func (f *flags) heard() (letters []string) {
	f.set(func() { letters, f.letters = f.letters, nil })
	return letters
}

// hears fails unless the letters begin as wanted, each.
func (f *flags) hears(t *testing.T, when string, want ...string) {
	t.Helper()
	got := f.heard()
	bad := len(got) != len(want)
	for i := range want {
		bad = bad || !strings.HasPrefix(got[i], want[i])
	}
	if bad {
		t.Errorf("%s: heard %q, want %q", when, got, want)
	}
}

func answer(t *testing.T, g *guard.Guard, link string, yes bool) {
	t.Helper()
	if err := g.Answer(t.Context(), link, yes, "owner"); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func lose(t *testing.T, g *guard.Guard, thing string, lost bool) {
	t.Helper()
	if err := g.Lose(t.Context(), thing, lost, "owner"); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// margins gives the open incidents on margins.
func margins(s guard.Status) (open []guard.IncidentStatus) {
	for _, i := range s.Incidents {
		if i.Goal != "" && i.Ended == nil {
			open = append(open, i)
		}
	}
	return open
}

// A start at which nothing was proved yet, names that do not resolve, and a start
// anew are no falls.
func TestMarginsStayQuiet(t *testing.T) {
	f := newFlags(t)
	for _, link := range []string{"vpn", "sshd", "console"} {
		f.be(link, chain.Unproven)
	}
	f.during(t, func(t *testing.T, g *guard.Guard) {
		after(10 * time.Minute)
		f.hears(t, "a first start without names")
		for _, link := range []string{"vpn", "sshd", "console"} {
			f.be(link, chain.Holds)
		}
		answer(t, g, "codes", true)
		after(time.Minute)
		if m := status(t, g).Goals[0].Margin; *m.Now != 1 || *m.IfAllWell != 1 {
			t.Errorf("all is well: margin %d, %d", *m.Now, *m.IfAllWell)
		}
		for _, link := range []string{"vpn", "sshd", "console"} {
			f.be(link, chain.Unproven)
		}
		after(time.Hour)
		f.hears(t, "an hour without names")
	})
	f.during(t, func(t *testing.T, g *guard.Guard) {
		after(10 * time.Minute)
		f.hears(t, "a start anew")
	})
}

func TestMarginFallsByALoss(t *testing.T) {
	f := newFlags(t)
	f.during(t, func(t *testing.T, g *guard.Guard) {
		answer(t, g, "codes", true)
		after(10 * time.Second)
		lose(t, g, "company", true)
		f.hears(t, "the company is gone", `begin: a shell: nearer to being locked out
You are one loss away from being locked out of: a shell. That loss: my phone (phone); codes. It has come to this because this is lost: the VPN service (company).
To get the margin back: register a second MFA device (5 minutes).`)
		lose(t, g, "company", true)
		after(time.Hour)
		f.hears(t, "said twice, and an hour later")
		if open := margins(status(t, g)); len(open) != 1 || open[0].Goal != "shell" || open[0].Link != "" || open[0].Cause != "thing_lost" ||
			*open[0].From != 1 || *open[0].To != 0 || open[0].Next == "" {
			t.Errorf("got %+v", open)
		}
		lose(t, g, "phone", true)
		f.hears(t, "the phone too", "cause: a shell: the margin has changed\nYou are locked out of: a shell, because this is lost: my phone (phone); "+
			"this is lost: the VPN service (company). Nothing that is written down brings it back.")
	})
	// The guard starts anew: it knows, and says nothing twice.
	f.during(t, func(t *testing.T, g *guard.Guard) {
		after(time.Minute)
		f.hears(t, "a start anew")
		if open := margins(status(t, g)); len(open) != 1 || *open[0].To != -1 {
			t.Errorf("after a start anew: %+v", open)
		}
		lose(t, g, "phone", false)
		f.hears(t, "the phone is back", "cause: a shell: the margin has changed\nYou are one loss away")
		lose(t, g, "company", false)
		f.hears(t, "all is back", "end: a shell: the margin is back")
		if s := status(t, g); len(margins(s)) != 0 || len(s.Incidents) != 1 || s.Incidents[0].Ended == nil {
			t.Errorf("got %+v", s.Incidents)
		}
		// What was never there is no loss, but once it was there it is.
		lose(t, g, "spare", true)
		f.hears(t, "an absent thing is lost")
		lose(t, g, "spare", false)
		if m := status(t, g).Goals[0].Margin; *m.Now != 2 {
			t.Errorf("with the spare: margin %d", *m.Now)
		}
		lose(t, g, "spare", true)
		f.hears(t, "the spare is lost", "begin: a shell: nearer to being locked out\na shell: 1 more loss is survived, fewer")
	})
	var texts []string
	for _, e := range f.entries {
		if e.What == "margin" {
			texts = append(texts, e.Link)
		}
	}
	if len(texts) != 5 {
		t.Errorf("%d records on margins: %v", len(texts), texts)
	}
}

func TestMarginFallsByABreak(t *testing.T) {
	f := newFlags(t)
	f.during(t, func(t *testing.T, g *guard.Guard) {
		answer(t, g, "codes", true)
		after(10 * time.Second)
		// The console does not take the codes: the shell works as ever, and nothing but
		// this says that its second way is gone.
		answer(t, g, "codes", false)
		f.be("console", chain.Broken)
		after(10 * time.Second)
		f.hears(t, "no codes", "begin: codes: broken", "begin: a shell: nearer to being locked out\nYou are one loss away from being locked out of: a shell. That loss: the VPN service (company); sshd; vpn. "+
			"It has come to this because this is broken: codes.")
		f.be("console", chain.Holds)
		after(20 * time.Second)
		f.hears(t, "the console does without codes", "end: a shell")
		answer(t, g, "codes", true)
		after(5 * time.Second)
		f.hears(t, "codes have not held for ten seconds yet")
		after(time.Minute)
		f.hears(t, "they hold", "end: codes")

		// The shell itself breaks for good: the incident on it says so, not the margin's.
		f.load = strings.Replace(ways, "reboot: {for: sshd", "reboot: {for: vpn", 1) // nothing mends sshd
		if err := g.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.hears(t, "a reload")
		f.be("sshd", chain.Broken)
		after(time.Minute)
		f.hears(t, "sshd breaks", "begin: sshd: broken")
		f.be("sshd", chain.Holds)
		after(time.Minute)
		f.hears(t, "sshd is back", "end: sshd")
	})
}

// What was foreseen comes about, and what needs it takes its time to break: the margin is not
// told as better meanwhile.
func TestMarginWaitsForWhatNeedsIt(t *testing.T) {
	f := newFlags(t)
	flagged := func(kind string) string {
		return strings.Replace(ways, `codes: {kind: claim, question: "Does the phone show codes?", fresh: 2h, needs: [phone], only: {laptop.os: macos-10.11}}`,
			"codes: {kind: "+kind+", needs: [phone]}", 1)
	}
	f.load = flagged("flag")
	f.set(func() { f.ahead["codes"] = true })
	f.during(t, func(t *testing.T, g *guard.Guard) {
		after(20 * time.Second)
		f.be("codes", chain.Broken)
		after(20 * time.Second)
		f.hears(t, "foreseen", "begin: codes", "begin: a shell")
		f.set(func() {
			f.ahead["codes"], f.slow["console"] = false, 4*time.Second
			f.verdicts["console"] = chain.Broken
		})
		f.load = flagged("given") // another link by its name, as with another system
		if err := g.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		after(30 * time.Second)
		for _, letter := range f.heard() {
			if strings.Contains(letter, "a shell") {
				t.Errorf("heard %q", letter)
			}
		}
		if open := margins(status(t, g)); len(open) != 1 {
			t.Errorf("got %+v", open)
		}
	})
}

func TestMarginFallsByADrill(t *testing.T) {
	f := newFlags(t)
	f.during(t, func(t *testing.T, g *guard.Guard) {
		answer(t, g, "codes", true)
		after(119 * time.Minute)
		f.hears(t, "before the drill is due")
		after(3 * time.Minute)
		f.hears(t, "the drill is overdue", "begin: a shell: nearer to being locked out\nYou are one loss away from being locked out of: a shell. That loss: the VPN service (company); sshd; vpn. "+
			"It has come to this because nobody has proved this for too long: codes.\nTo get the margin back: prove what is overdue (omamori due drill).")
		if open := margins(status(t, g)); len(open) != 1 || open[0].Cause != "drill_overdue" {
			t.Errorf("got %+v", open)
		}
		answer(t, g, "codes", true)
		f.hears(t, "it is proved", "end: a shell")
	})
}

// A new configuration is reckoned anew: what it says of ways is no fall, and what is
// lost stays so.
func TestMarginsOfANewConfiguration(t *testing.T) {
	f := newFlags(t)
	f.during(t, func(t *testing.T, g *guard.Guard) {
		t.Helper()
		answer(t, g, "codes", true)
		after(10 * time.Second)
		reload := func(yaml string) {
			t.Helper()
			f.load = yaml
			if err := g.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			after(30 * time.Second)
		}
		reload(strings.NewReplacer("door: {for: vpn", "door: {for: console", "reboot: {for: sshd", "reboot: {for: console").Replace(ways))
		f.hears(t, "fewer ways")
		if m := status(t, g).Goals[0].Margin; *m.Now != 0 {
			t.Errorf("margin %d", *m.Now)
		}
		reload(ways)
		lose(t, g, "company", true)
		f.hears(t, "a loss", "begin: a shell")
		reload(strings.ReplaceAll(ways, "needs: [company]", "needs: []"))
		f.hears(t, "what was lost is not needed any more", "end: a shell")
		reload(ways)
		f.hears(t, "it is needed again", "begin: a shell")
		reload(strings.NewReplacer("shell:", "root:").Replace(ways))
		f.hears(t, "the goal has another name", "begin: a shell", "end: shell")
		lose(t, g, "company", false)
		f.heard()

		// The laptop is another: what hangs on it breaks, and the answer from before is
		// kept where it does not.
		reload(strings.Replace(ways, "attrs: {os: macos-10.11}", "attrs: {os: macos-10.11, size: small}", 1))
		if v := verdict(status(t, g), "codes"); v != chain.Holds {
			t.Errorf("an attribute that matters to nobody: codes %v", v)
		}
		f.heard()
		reload(strings.Replace(ways, "attrs: {os: macos-10.11}", "attrs: {os: macos-10.12}", 1))
		if v := verdict(status(t, g), "codes"); v != chain.Broken {
			t.Errorf("another system: codes %v", v)
		}
		f.hears(t, "another system", "begin: codes: broken")
	})
}

// A need that a link demonstrably does without is waived until the next loss.
func TestWaivedUntilTheNextLoss(t *testing.T) {
	f := newFlags(t)
	f.load = strings.Replace(ways, "sshd: {kind: flag,", `sshd: {kind: claim, question: "Does ssh work?",`, 1)
	f.during(t, func(t *testing.T, g *guard.Guard) {
		answer(t, g, "codes", true)
		answer(t, g, "sshd", true)
		after(10 * time.Second)
		f.be("vpn", chain.Broken)
		after(30 * time.Second)
		// The answer about sshd is older than the break: it shows nothing.
		f.hears(t, "the vpn breaks", "begin: vpn", "begin: a shell")
		if l := link(status(t, g), "sshd"); len(l.Waived) != 0 {
			t.Errorf("an old answer waives %v", l.Waived)
		}
		answer(t, g, "sshd", true)
		f.hears(t, "sshd works without", "end: a shell")
		if l := link(status(t, g), "sshd"); len(l.Waived) != 1 {
			t.Errorf("a new answer waives %v", l.Waived)
		}
		after(time.Second)
		lose(t, g, "phone", true)
		if l := link(status(t, g), "sshd"); len(l.Waived) != 0 {
			t.Errorf("after the next loss it waives %v", l.Waived)
		}
	})
}

// A door that is open already cannot be tried. What its link was shown to do without is not
// needed again for that.
func TestWaivedWhileItCannotBeTried(t *testing.T) {
	f := newFlags(t)
	f.during(t, func(t *testing.T, g *guard.Guard) {
		answer(t, g, "codes", true)
		after(10 * time.Second)
		f.be("vpn", chain.Broken)
		after(30 * time.Second)
		margin := func(when string, want int) {
			t.Helper()
			if m := status(t, g).Goals[0].Margin; m.IfAllWell == nil || *m.IfAllWell != want {
				t.Errorf("%s: if all is well, the margin is %d, not %d", when, *m.IfAllWell, want)
			}
		}
		lose(t, g, "phone", true)
		after(30 * time.Second)
		margin("sshd works without", 0)
		f.heard()
		f.be("sshd", chain.Unproven)
		after(30 * time.Second)
		f.hears(t, "sshd cannot be tried")
		if l := link(status(t, g), "sshd"); len(l.Waived) > 0 {
			t.Errorf("it holds without %v, though it is unproven", l.Waived)
		}
		margin("it cannot be tried", 0)
		f.be("sshd", chain.Broken)
		after(30 * time.Second)
		margin("it breaks", -1)
		f.be("sshd", chain.Unproven)
		after(30 * time.Second)
		margin("it cannot be tried, and was broken", -1)
	})
}

func link(s guard.Status, name string) guard.LinkStatus {
	for _, l := range s.Links {
		if l.Name == name {
			return l
		}
	}
	return guard.LinkStatus{}
}

func TestSuppose(t *testing.T) {
	f := newFlags(t)
	f.during(t, func(t *testing.T, g *guard.Guard) {
		answer(t, g, "codes", true)
		after(10 * time.Second)
		ask := func(q guard.Supposed) guard.GoalWays {
			t.Helper()
			all, err := g.Ways(t.Context(), "shell", q, words.English)
			if err != nil {
				t.Fatal(err)
			}
			return all[0]
		}
		fallen := func(w guard.GoalWays) string {
			var names []string
			for _, f := range w.Falls {
				names = append(names, f.Name)
			}
			return strings.Join(names, " ")
		}
		w := ask(guard.Supposed{Change: map[string]string{"laptop.os": "macos-10.12"}})
		if *w.Before.Now != 1 || *w.Margin.Now != 0 || fallen(w) != "codes console" || !strings.Contains(w.Falls[0].Because, "macos-10.12") {
			t.Errorf("another system: %d → %d, falls %q: %+v", *w.Before.Now, *w.Margin.Now, fallen(w), w.Falls)
		}
		w = ask(guard.Supposed{On: time.Now().Add(time.Hour)})
		if *w.Margin.Now != 1 || len(w.Falls) != 0 {
			t.Errorf("in an hour: %d, falls %q", *w.Margin.Now, fallen(w))
		}
		w = ask(guard.Supposed{On: time.Now().Add(3 * time.Hour)})
		if *w.Margin.Now != 0 || *w.Margin.IfAllWell != 1 || fallen(w) != "codes console" || w.Next.Do != "prove" {
			t.Errorf("in three hours: %d, %d, falls %q, next %+v", *w.Margin.Now, *w.Margin.IfAllWell, fallen(w), w.Next)
		}
		f.hears(t, "what is only supposed")
		var unknown *guard.UnknownName
		var goal *guard.IsGoal
		if _, err := g.Ways(t.Context(), "", guard.Supposed{Lose: []string{"fone", "phone"}}, words.English); !errors.As(err, &unknown) {
			t.Errorf("an unknown name: %v", err)
		}
		if _, err := g.Ways(t.Context(), "", guard.Supposed{Lose: []string{"shell"}}, words.English); !errors.As(err, &goal) {
			t.Errorf("a goal: %v", err)
		}
	})
}

// One loss that lowers the margins of several goals is one message.
func TestOneLossIsOneMessage(t *testing.T) {
	f := newFlags(t)
	f.load = strings.Replace(ways, "goals:", `goals:
  site: {title: the blog, ways: {web: [vpn]}}
  aws: {title: the AWS console, ways: {web: [console]}}`, 1)
	f.during(t, func(t *testing.T, g *guard.Guard) {
		answer(t, g, "codes", true)
		after(10 * time.Second)
		lose(t, g, "phone", true)
		f.hears(t, "the phone is lost", `begin: 3 goals: nearer to being locked out
It has come to this because this is lost: my phone (phone):
the AWS console: locked out, and nothing that is written down brings it back
the blog: one loss away from being locked out: the VPN service (company); vpn
a shell: one loss away from being locked out: the VPN service (company); sshd; vpn
To get the margin back: get this back, or replace it: my phone (phone).`)
		open := margins(status(t, g))
		if len(open) != 3 || open[0].Goal != "aws" || *open[0].To != -1 {
			t.Errorf("got %+v", open)
		}
		for _, i := range open {
			if strings.Join(i.Fell, " ") != "phone" {
				t.Errorf("%s fell by %v", i.Goal, i.Fell)
			}
		}
		lose(t, g, "company", true)
		f.hears(t, "the company too", "cause: 2 goals: the margin has changed\nIt has come to this because this is lost: my phone (phone); this is lost: the VPN service (company):")
		lose(t, g, "phone", false)
		lose(t, g, "company", false)
		after(time.Minute)
		f.heard()
		lose(t, g, "phone", true)
		lose(t, g, "phone", false)
		f.hears(t, "lost and found", "begin: 3 goals", "end: 3 goals: the margin is back\nthe margin is back: the AWS console (after 0 seconds)\n")
	})
	told := 0
	for _, e := range f.entries {
		if e.What == "told" {
			told++
		}
	}
	if told != len(f.messages) {
		t.Errorf("%d records of %d messages", told, len(f.messages))
	}
}

// A goal stands as it does since its own verdict changed, whatever its links do, also
// when the configuration is read anew.
func TestGoalSince(t *testing.T) {
	f := newFlags(t)
	f.load = strings.Replace(ways, "ways: {ssh: [sshd]}", "ways: {ssh: [vpn, sshd]}", 1)
	f.during(t, func(t *testing.T, g *guard.Guard) {
		since := func(when string, verdict chain.Verdict, want time.Time) {
			t.Helper()
			s := status(t, g).Goals[0]
			if off := s.Since.Sub(want); s.Verdict != verdict || off < -10*time.Second || off > 10*time.Second {
				t.Errorf("%s: %v since %v, want %v since %v", when, s.Verdict, s.Since, verdict, want)
			}
		}
		start := time.Now()
		after(10 * time.Minute)
		since("at first", chain.Holds, start)
		f.be("sshd", chain.Broken)
		broke := time.Now()
		after(10 * time.Minute)
		since("sshd broke", chain.Broken, broke)
		f.be("vpn", chain.Broken)
		after(10 * time.Minute)
		since("the vpn broke too", chain.Broken, broke)
		if err := g.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		after(time.Minute)
		since("a reload", chain.Broken, broke)
		f.be("vpn", chain.Holds)
		f.be("sshd", chain.Holds)
		well := time.Now()
		after(10 * time.Minute)
		since("all is well", chain.Holds, well)
		if err := g.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		since("another reload", chain.Holds, well)
	})
}

// What follows from a break is told after the break, however long its evidence takes.
func TestMarginIsToldAfterItsBreak(t *testing.T) {
	f := newFlags(t)
	f.hands = slowHands{f.world}
	f.load = strings.NewReplacer("sshd: {kind: flag,", "sshd: {kind: service, mend: no,", "{for: vpn,", "{for: console,", "{for: sshd,", "{for: console,",
		"{ssh: [sshd]}", "{ssh: [sshd], web: [console]}").Replace(ways)
	f.during(t, func(t *testing.T, g *guard.Guard) {
		answer(t, g, "codes", true)
		after(10 * time.Second)
		f.be("sshd", chain.Broken)
		after(10 * time.Second)
		f.hears(t, "sshd breaks", "begin: sshd: broken", "begin: a shell: nearer to being locked out")
	})
}
