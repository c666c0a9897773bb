package guard_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// mendOff switches mending off for every link.
func mendOff(o *guard.Options) {
	for i := range o.Config.Links {
		o.Config.Links[i].Mend = false
	}
}

func rescue(t *testing.T, g *guard.Guard, goal string) guard.RescueStatus {
	t.Helper()
	s, err := g.Rescue(t.Context(), goal, words.English)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func act(t *testing.T, g *guard.Guard, goal, what, step string) {
	t.Helper()
	if err := g.RescueAct(t.Context(), guard.RescueAct{Goal: goal, Act: what, Step: step, Who: "owner"}); err != nil {
		t.Fatal(err)
	}
}

// next is what comes next as "do step", "do link" for a question, or what there is not.
func next(s guard.RescueStatus) string {
	switch n := s.Next; {
	case s.Plan == nil:
		return "no way"
	case n == nil:
		return "reached"
	case n.Step != "":
		return n.Do + " " + n.Step
	case n.Do == guard.RescueAnswer:
		return n.Do + " " + n.For
	default:
		return n.Do + " " + n.Phase
	}
}

func wantNext(t *testing.T, g *guard.Guard, goal, want string) guard.RescueStatus {
	t.Helper()
	s := rescue(t, g, goal)
	if got := next(s); got != want {
		t.Fatalf("next of %s: %q, want %q\n%+v", goal, got, want, s)
	}
	return s
}

// A link that the guard may not mend by itself is mended once a person says so, and
// is over only when it has held for ten seconds.
func TestRescueMends(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, mendOff, func(g *guard.Guard) {
		t := w.t
		wantNext(t, g, "blog", "reached")
		w.kill()
		after(10 * time.Second)
		s := wantNext(t, g, "blog", "mend start mariadb for mariadb")
		if s.Next.Why == "" || s.Next.Title != "start mariadb" || len(s.Plan.Steps) != 1 || s.Plan.Steps[0].Service != "mariadb" {
			t.Errorf("%+v", s)
		}
		if err := g.RescueAct(t.Context(), guard.RescueAct{Goal: "blog", Act: "mend", Step: s.Next.Step}); err == nil {
			t.Error("a step was done before the rescue had begun")
		}
		after(time.Minute)
		want(t, "deeds unasked", w.deeds(), []string{"plan"})
		act(t, g, "blog", "begin", "")
		act(t, g, "blog", "mend", s.Next.Step)
		after(2 * time.Second)
		want(t, "deeds", w.deeds(), []string{"plan", "plan", "start"})
		wantNext(t, g, "blog", "hold holding")
		if err := g.RescueAct(t.Context(), guard.RescueAct{Goal: "blog", Act: "mend", Step: s.Next.Step}); err == nil {
			t.Error("a healthy service can be mended")
		}
		after(20 * time.Second)
		wantNext(t, g, "blog", "reached")
		act(t, g, "blog", "end", "")
		want(t, "deeds at the end", w.deeds(), []string{"plan", "plan", "start"})
		var said []string
		for _, e := range w.entries {
			if e.What == "rescue" {
				said = append(said, e.Text.Key+" "+e.Text.Args["who"])
			}
		}
		want(t, "the journal", said, []string{"rescue.did_begin owner", "rescue.did_mend owner", "rescue.did_end owner"})
	})
}

// Nobody restarts anything for a wrong password: a person is shown what to do.
func TestRescueWrongPassword(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, mendOff, func(g *guard.Guard) {
		t := w.t
		w.set(func() { w.password = "wrong" })
		after(20 * time.Second)
		act(t, g, "blog", "begin", "")
		s := wantNext(t, g, "blog", "step by hand: sql")
		if s.Next.Instruction == "" || s.Next.Proof != "machine" {
			t.Errorf("%+v", s.Next)
		}
		if err := g.RescueAct(t.Context(), guard.RescueAct{Goal: "blog", Act: "mend", Step: "by hand: sql"}); err == nil {
			t.Error("a person's step was taken for a machine's")
		}
		act(t, g, "blog", "done", "by hand: sql") // it is not
		after(10 * time.Second)
		wantNext(t, g, "blog", "step by hand: sql")
		w.set(func() { w.password = "" })
		after(30 * time.Second)
		wantNext(t, g, "blog", "reached")
		want(t, "deeds", w.deeds(), []string{"plan"})
	})
}

// What starts and dies again is tried three times; then a person is called, and can
// have it tried again.
func TestRescueContradicted(t *testing.T) {
	w := newWorld(t)
	w.diesAfter = 3 * time.Second
	guarded(t, w, mendOff, func(g *guard.Guard) {
		t := w.t
		w.kill()
		after(10 * time.Second)
		act(t, g, "blog", "begin", "")
		act(t, g, "blog", "mend", "start mariadb for mariadb")
		after(2 * time.Minute)
		s := wantNext(t, g, "blog", "step by hand: mariadb")
		if s.Next.Instruction == "" {
			t.Errorf("%+v", s.Next)
		}
		starts := func() (n int) {
			for _, d := range w.deeds() {
				if d == "start" {
					n++
				}
			}
			return n
		}
		if starts() != 3 {
			t.Errorf("%d tries", starts())
		}
		after(10 * time.Minute)
		if starts() != 3 {
			t.Errorf("%d tries later", starts())
		}
		act(t, g, "blog", "aside", "by hand: mariadb")
		s = wantNext(t, g, "blog", "no way")
		if !s.Missing.Retry || !slices.Equal(s.Missing.Any, []string{"mariadb"}) || len(s.Aside) != 1 {
			t.Errorf("%+v", s.Missing)
		}
		w.set(func() { w.diesAfter = 0 })
		act(t, g, "blog", "again", "")
		after(time.Second)
		wantNext(t, g, "blog", "mend start mariadb for mariadb")
		act(t, g, "blog", "mend", "start mariadb for mariadb")
		after(30 * time.Second)
		wantNext(t, g, "blog", "reached")
	})
}

func TestRescueWithoutHands(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, func(o *guard.Options) { o.Hands = nil }, func(g *guard.Guard) {
		w.kill()
		after(10 * time.Second)
		s := wantNext(w.t, g, "blog", "step by hand: mariadb")
		if s.Next.Instruction == "" || len(s.Troubles) == 0 {
			w.t.Errorf("%+v", s)
		}
	})
}

// What was set aside outlives the guard, and so does the incident.
func TestRescueTakenUpAgain(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, mendOff, func(g *guard.Guard) {
		w.kill()
		after(10 * time.Second)
		act(w.t, g, "blog", "begin", "")
		act(w.t, g, "blog", "aside", "start mariadb for mariadb")
		wantNext(w.t, g, "blog", "step by hand: mariadb")
	})
	guarded(t, w, mendOff, func(g *guard.Guard) {
		after(10 * time.Second)
		wantNext(w.t, g, "blog", "step by hand: mariadb")
	})
}

// story is the chain of doc/examples/story.yaml: claims alone, and steps of a person.
func (w *world) story(t *testing.T) *config.File {
	t.Helper()
	needs := []struct {
		name  string
		needs []string
	}{
		{"vpn", []string{"laptop", "vpn-company"}}, {"firewall", []string{"vpn"}}, {"sshd", []string{"laptop", "firewall"}},
		{"codes", []string{"phone"}}, {"console", []string{"laptop", "codes"}}, {"support", []string{"phone-number"}},
		{"mysqld", nil}, {"front", []string{"mysqld"}},
	}
	f := &config.File{Path: "omamori.yaml"}
	m := chain.Model{
		Things: []chain.Thing{{Name: "phone"}, {Name: "laptop", Given: true}, {Name: "vpn-company"}, {Name: "phone-number"}},
		Goals: []chain.Goal{
			{Name: "shell", Ways: []chain.Way{{Name: "ssh", Links: []string{"sshd"}}}},
			{Name: "blog", Ways: []chain.Way{{Name: "web", Links: []string{"front"}}}},
		},
		Mends: []chain.Mend{
			{Name: "open-security-group", For: "firewall", Needs: []string{"console"}, Takes: 30 * time.Minute},
			{Name: "reboot", For: "sshd", Needs: []string{"console", "firewall"}, Takes: 10 * time.Minute},
			{Name: "support-case", For: "codes", Needs: []string{"support"}, Takes: 7 * 24 * time.Hour},
			{Name: "restart-mysqld", For: "mysqld", Needs: []string{"shell"}, Takes: time.Minute},
			{Name: "new-phone", For: "phone-number", Takes: 30 * 24 * time.Hour},
		},
	}
	for _, n := range needs {
		f.Links = append(f.Links, config.Link{
			Name: n.name, Every: time.Hour, Timeout: time.Second, Fresh: 2400 * time.Hour, Mend: true,
			Kind: chain.Kind{Name: "claim", Person: true, New: func(any, chain.Place) (chain.Prover, error) { return person{}, nil }},
		})
		m.Links = append(m.Links, chain.Link{Name: n.name, Kind: "claim", Needs: n.needs, Fresh: 2400 * time.Hour, Person: true})
	}
	c, bad := chain.New(m)
	if bad != nil {
		t.Fatal(bad)
	}
	f.Chain = c
	return f
}

// walk plays a rescue: at each turn what comes next must be as wanted; then what is
// said there is done. "y" and "n" answer a question, "d" says that a step is done,
// "no" that it is not possible, "?" that nobody can tell.
func walk(t *testing.T, g *guard.Guard, goal string, turns ...[2]string) {
	t.Helper()
	for _, turn := range turns {
		s := wantNext(t, g, goal, turn[0])
		time.Sleep(time.Second)
		switch n := s.Next; turn[1] {
		case "y", "n":
			if err := g.Answer(t.Context(), n.For, turn[1] == "y", "owner"); err != nil {
				t.Fatal(err)
			}
		case "d":
			act(t, g, goal, "done", n.Step)
		case "no":
			act(t, g, goal, "aside", n.Step)
		case "?":
			act(t, g, goal, "aside", n.For)
		}
	}
}

func loseAll(t *testing.T, g *guard.Guard, things ...string) {
	t.Helper()
	for _, thing := range things {
		lose(t, g, thing, true)
	}
}

func TestRescueStory(t *testing.T) {
	told := func(t *testing.T, play func(w *world, g *guard.Guard)) {
		w := newWorld(t)
		guarded(t, w, func(o *guard.Options) { o.Config = w.story(t) }, func(g *guard.Guard) { play(w, g) })
	}
	t.Run("a way in is left", func(t *testing.T) {
		told(t, func(w *world, g *guard.Guard) {
			walk(w.t, g, "blog", [2]string{"answer front", "n"}, [2]string{"answer mysqld", "n"},
				[2]string{"answer sshd", "y"}) // what is below need not be asked
			act(w.t, g, "blog", "begin", "")
			walk(w.t, g, "blog", [2]string{"step restart-mysqld", "d"}, [2]string{"answer mysqld", "n"},
				[2]string{"step restart-mysqld", "d"}, [2]string{"answer mysqld", "y"}, [2]string{"answer front", "y"}, [2]string{"reached", ""})
			act(w.t, g, "blog", "end", "")
		})
	})
	t.Run("the week", func(t *testing.T) {
		told(t, func(w *world, g *guard.Guard) {
			loseAll(w.t, g, "vpn-company", "phone")
			act(w.t, g, "blog", "begin", "")
			walk(w.t, g, "blog", [2]string{"answer front", "n"}, [2]string{"answer mysqld", "n"})
			s := wantNext(w.t, g, "blog", "answer support")
			if len(s.Plan.Steps) != 3 || s.Plan.Seconds < 7*24*3600 {
				w.t.Errorf("%+v", s.Plan)
			}
			walk(w.t, g, "blog", [2]string{"answer support", "y"}, [2]string{"step support-case", "d"}, [2]string{"answer codes", "y"},
				[2]string{"answer console", "y"},
				[2]string{"step open-security-group", "d"}, [2]string{"answer firewall", "y"}, [2]string{"answer sshd", "n"},
				[2]string{"step reboot", "d"}, [2]string{"answer sshd", "y"},
				[2]string{"step restart-mysqld", "d"}, [2]string{"answer mysqld", "y"},
				[2]string{"answer front", "y"}, [2]string{"reached", ""})
			act(w.t, g, "blog", "end", "")
			wantNext(w.t, g, "shell", "reached") // what was put back counts for every goal
			loseAll(w.t, g, "phone")
			wantNext(w.t, g, "shell", "reached") // nothing new: it was lost before
		})
	})
	t.Run("no way back", func(t *testing.T) {
		told(t, func(w *world, g *guard.Guard) {
			loseAll(w.t, g, "vpn-company", "phone", "phone-number")
			act(w.t, g, "shell", "begin", "")
			walk(w.t, g, "shell", [2]string{"step new-phone", "no"})
			s := wantNext(w.t, g, "shell", "no way")
			if !slices.Equal(s.Missing.Any, []string{"phone", "vpn-company", "phone-number"}) || !s.Missing.Retry {
				w.t.Errorf("%+v", s.Missing)
			}
			act(w.t, g, "shell", "again", "")
			walk(w.t, g, "shell", [2]string{"step new-phone", "d"}, [2]string{"answer support", "?"})
			s = wantNext(w.t, g, "shell", "no way")
			if !slices.Equal(s.Missing.Any, []string{"phone", "vpn-company", "support"}) {
				w.t.Errorf("%+v", s.Missing)
			}
		})
	})
}

// What is broken by what a thing is, nobody puts right by hand.
func TestRescueOfWhatIsGiven(t *testing.T) {
	for kind, want := range map[string]string{"flag": "step by hand: vpn", "given": "no way"} {
		f := newFlags(t)
		f.load = "links: {vpn: {kind: " + kind + "}}\ngoals: {shell: {title: a shell, ways: {vpn: [vpn]}}}\n"
		f.during(t, func(t *testing.T, g *guard.Guard) {
			f.be("vpn", chain.Broken)
			after(30 * time.Second)
			if got := next(rescue(t, g, "shell")); got != want {
				t.Errorf("%s: next is %q, want %q", kind, got, want)
			}
		})
	}
}

func TestRescueUnknown(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, nil, func(g *guard.Guard) {
		if _, err := g.Rescue(w.t.Context(), "blgo", words.English); err == nil || err.(*guard.UnknownName).Nearest != "blog" {
			w.t.Errorf("got %v", err)
		}
		act(w.t, g, "blog", "begin", "")
		for _, a := range []guard.RescueAct{
			{Goal: "sqll", Act: "begin"}, {Goal: "blog", Act: "dance"}, {Goal: "blog", Act: "mend", Step: "rm -rf"},
			{Goal: "blog", Act: "aside", Step: "x"}, {Goal: "blog", Act: "done", Step: "sql"},
		} {
			if err := g.RescueAct(w.t.Context(), a); err == nil {
				w.t.Errorf("%+v was accepted", a)
			}
		}
	})
}

// The way back that is told of a goal is the one that a rescue would walk: a mend that has
// been left to a person is none of the guard's any more.
func TestWayBackAgreesWithRescue(t *testing.T) {
	for what, c := range map[string]struct {
		breaks func(*world)
		left   string // the step, "" where the guard mends by itself
	}{
		"a wrong password": {func(w *world) { w.set(func() { w.password = "wrong" }) }, "by hand: sql"},
		"given up":         {func(w *world) { w.set(func() { w.failStart = 1000 }); w.kill() }, "by hand: mariadb"},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			guarded(t, w, nil, func(g *guard.Guard) {
				t := w.t
				c.breaks(w)
				after(5 * time.Minute)
				s := status(t, g)
				r, err := g.Rescue(t.Context(), "blog", words.English)
				if err != nil || r.Plan == nil {
					t.Fatalf("%v %+v", err, r)
				}
				if back := s.Goals[0].WayBack; back == nil || *back != r.Plan.Seconds || *back < 60*15 {
					t.Errorf("told %v, the rescue takes %v", back, r.Plan.Seconds)
				}
				all, err := g.Ways(t.Context(), "blog", guard.Supposed{}, words.English)
				if err != nil || all[0].Back == nil || all[0].Back.Seconds != r.Plan.Seconds || len(all[0].Back.Steps) != 1 || all[0].Back.Steps[0].Mend != c.left ||
					!strings.HasPrefix(all[0].Back.Steps[0].Title, "put this right by hand") || all[0].Back.Steps[0].Service != "" {
					t.Errorf("%v %+v", err, all[0].Back)
				}
				w.set(func() { w.password, w.failStart, w.oom = "", 0, true })
				after(5 * time.Minute)
				if s := status(t, g); s.Goals[0].WayBack == nil || *s.Goals[0].WayBack != 0 {
					t.Errorf("when all is well: %v", s.Goals[0].WayBack)
				}
			})
		})
	}
}
