package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// says is a guard with one answer.
type says struct {
	Guard
	status guard.Status
}

func (g says) Status(context.Context) (guard.Status, error)          { return g.status, nil }
func (g says) Prove(context.Context, []string) (guard.Status, error) { return g.status, nil }

// terminal is a real one, of so many columns; seen returns all that was shown.
func terminal(t *testing.T, columns int) (tty *os.File, seen func() string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	out := make(chan string)
	go func() {
		b, _ := io.ReadAll(master) // ends by EIO once the terminal is closed
		out <- string(b)
	}()
	t.Cleanup(func() { master.Close() })
	return tty, func() string {
		tty.Close()
		return strings.ReplaceAll(<-out, "\r\n", "\n")
	}
}

// show runs omamori in a terminal of so many columns over a guard with one status.
func show(t *testing.T, columns int, s guard.Status, args ...string) string {
	t.Helper()
	t.Setenv("TERM", "xterm-256color")
	t.Setenv("NO_COLOR", "")
	tty, seen := terminal(t, columns)
	a := &App{Out: tty, Err: tty, Dial: func(string, words.Lang) Guard { return says{status: s} }}
	a.Main(t.Context(), args)
	return seen()
}

var night = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

func link(name string, v chain.Verdict, because string) guard.LinkStatus {
	return guard.LinkStatus{Name: name, Kind: "exec", Verdict: v, Because: because, ProvedAt: night.Add(-3 * time.Second)}
}

func goal(name, title string, v chain.Verdict) guard.GoalStatus {
	return guard.GoalStatus{Name: name, Title: title, Verdict: v, Since: night.Add(-time.Minute)}
}

// down is a blog whose MariaDB is down, and what the guard is at about it.
func down(mending, next string) guard.Status {
	g := goal("blog", "visitors read the blog", chain.Broken)
	g.Blame = []string{"mariadb"}
	return guard.Status{
		At: night, Guard: guard.About{PID: 4711, Started: night.Add(-time.Hour), Config: "/etc/omamori/omamori.yaml"},
		Goals: []guard.GoalStatus{g},
		Links: []guard.LinkStatus{link("mariadb", chain.Broken, "mariadb (process 7) was ended by SIGKILL"), link("disk", chain.Holds, "77 GiB are free")},
		Incidents: []guard.IncidentStatus{{
			ID: "1", Link: "mariadb", Began: night.Add(-time.Minute), Cause: "killed", Why: "mariadb was killed by SIGKILL from outside",
			Evidence: []string{"pid 7: SIGKILL"}, Mending: mending, Next: next,
			Outages: []guard.OutageStatus{{Goal: "blog", Seconds: 60}},
		}},
	}
}

// lastLine is what stands next to the prompt.
func lastLine(page string) string {
	lines := strings.Split(strings.TrimSpace(ansi.Strip(page)), "\n")
	return lines[len(lines)-1]
}

// Whoever looks at two in the morning learns what is wrong, since when, what
// omamori does about it, and what to type: the last stands last.
func TestStatusAtNight(t *testing.T) {
	for _, c := range []struct {
		mending, next string
		goal, last    string
	}{
		{"mending", "", "omamori is mending mariadb", "Nothing to do yet: omamori is mending mariadb. Watch it: omamori journal -f"},
		{"holding", "", "omamori is mending mariadb", "Nothing to do yet: omamori is mending mariadb. Watch it: omamori journal -f"},
		{"told", "free some space: du -xh /var | sort -h | tail", "wants you: see below", "Next: free some space: du -xh /var | sort -h | tail"},
		{"gave_up", "look at it yourself", "wants you: see below", "Next: look at it yourself"},
	} {
		page := show(t, 100, down(c.mending, c.next), "--lang", "en", "status")
		plain := ansi.Strip(page)
		for _, want := range []string{"visitors read the blog  broken for 1 minute  because of mariadb", c.goal,
			"mariadb was killed by SIGKILL from outside [killed]", "pid 7: SIGKILL", `"visitors read the blog" is out of reach, for 1 minute so far`} {
			if !strings.Contains(plain, want) {
				t.Errorf("%s: the page does not say %q:\n%s", c.mending, want, plain)
			}
		}
		if got := lastLine(page); got != c.last {
			t.Errorf("%s: it ends in %q, want %q", c.mending, got, c.last)
		}
	}
}

// A hint would send the owner to work beside omamori: it waits until that has failed.
func TestNoHintsForWhatIsInHand(t *testing.T) {
	s := down("mending", "")
	s.Links = append(s.Links, link("sql", chain.Broken, "no server"))
	s.Links[2].Hint, s.Incidents[0].Fell = "start it yourself", []string{"sql"}
	if page := show(t, 100, s, "status"); strings.Contains(page, "start it yourself") {
		t.Errorf("a hint while omamori is at work:\n%s", page)
	}
	s.Incidents[0].Mending = "gave_up"
	if page := show(t, 100, s, "status"); !strings.Contains(page, "start it yourself") {
		t.Errorf("no hint, and omamori has given up:\n%s", page)
	}
}

// What a person alone can do comes before what omamori does by itself.
func TestNextIsThePersons(t *testing.T) {
	s := down("mending", "")
	s.Incidents = append(s.Incidents, guard.IncidentStatus{ID: "2", Link: "disk", Began: night, Mending: "told", Next: "make room"})
	if got := lastLine(show(t, 80, s, "--lang", "en")); got != "Next: make room" {
		t.Errorf("it ends in %q", got)
	}
}

// Of two, the one that keeps a goal out of reach comes first.
func TestNextIsTheGoals(t *testing.T) {
	s := down("told", "bring the blog back")
	s.Incidents = append([]guard.IncidentStatus{{ID: "2", Link: "disk", Began: night, Mending: "told", Next: "make room"}}, s.Incidents...)
	page := show(t, 80, s, "--lang", "en")
	if got := lastLine(page); got != "Next: bring the blog back" {
		t.Errorf("it ends in %q", got)
	}
	if !strings.Contains(page, "make room") {
		t.Errorf("the other one is not told:\n%s", page)
	}
}

func TestAllWellSaysSoOnlyIfProved(t *testing.T) {
	s := guard.Status{At: night, Goals: []guard.GoalStatus{goal("blog", "", chain.Holds)}, Links: []guard.LinkStatus{link("a", chain.Holds, "")}}
	if got := lastLine(show(t, 80, s, "--lang", "en", "status")); got != "Nothing to do: all is well." {
		t.Errorf("it ends in %q", got)
	}
	s.Links = append(s.Links, guard.LinkStatus{Name: "b"})
	if got := lastLine(show(t, 80, s, "--lang", "en", "status")); !strings.HasPrefix(got, "Not everything is proved yet.") {
		t.Errorf("it ends in %q", got)
	}
}

// foreign is what a stranger would like to have printed.
const foreign = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u200b\x9b31m\r\n\x00"

// hostile is a status in which every text is a stranger's.
func hostile() guard.Status {
	long := strings.Repeat("あいうえお long-path/", 100_000) + foreign
	s := down("told", foreign+long)
	s.Guard.Config = foreign
	s.Guard.Troubles = []string{foreign + long}
	s.Goals[0].Title = strings.Repeat("とても長い目標の名前", 30) + foreign
	s.Goals[0].Blame = []string{foreign, strings.Repeat("y", 64), strings.Repeat("z", 64)}
	for i := range s.Links {
		s.Links[i].Because, s.Links[i].Hint, s.Links[i].Waived = long, foreign+long, []string{foreign}
	}
	s.Links = append(s.Links, link(strings.Repeat("長", 64), chain.Broken, long), link(strings.Repeat("x", 64), chain.Unproven, foreign))
	i := &s.Incidents[0]
	i.Link, i.Cause, i.Why = strings.Repeat("長", 64)+foreign, foreign, long
	for range 100 {
		i.Evidence = append(i.Evidence, foreign+long)
	}
	i.Deeds = []guard.DeedStatus{{At: night, Said: foreign}}
	return s
}

func TestNothingForeignReachesTheTerminal(t *testing.T) {
	s := hostile()
	for _, lang := range words.Langs {
		a := &App{lang: lang}
		for _, columns := range []int{30, 80, 120} {
			for _, command := range [][]string{{}, {"status"}, {"prove"}} {
				page := show(t, columns, s, append([]string{"--lang", string(lang)}, command...)...)
				plain := ansi.Strip(page)
				if len(page) > 64<<10 {
					t.Errorf("%s %v at %d: %d bytes", lang, command, columns, len(page))
				}
				if strings.ContainsAny(plain, "\x1b\x07\x00\u202e\u200b\u009b") || strings.Contains(page, "owned\x07") || strings.Contains(page, "\x1b[2J") {
					t.Errorf("%s %v at %d: a stranger's escapes are shown", lang, command, columns)
				}
				if columns < 80 {
					continue // too narrow to be tidy
				}
				body, _, _ := strings.Cut(plain, a.say("cli.next", "next", "")) // which stays in one piece
				for _, line := range strings.Split(body, "\n") {
					if n := ansi.StringWidth(line); n > columns {
						t.Errorf("%s %v at %d: a line has %d: %q", lang, command, columns, n, line)
					}
				}
			}
		}
	}
}

// The columns of a table stand below each other, whatever letters are in it.
func TestColumnsStandBelowEachOther(t *testing.T) {
	s := guard.Status{At: night, Links: []guard.LinkStatus{
		link("データベース", chain.Holds, "REASON"), link("sql", chain.Broken, "REASON"), link("ｎｇｉｎｘ", chain.Unproven, "REASON"),
	}}
	for _, lang := range []string{"en", "ja"} {
		at := map[int]bool{}
		for _, line := range strings.Split(ansi.Strip(show(t, 80, s, "--lang", lang, "status")), "\n") {
			if before, _, ok := strings.Cut(line, "REASON"); ok {
				at[ansi.StringWidth(before)] = true
			}
		}
		if len(at) != 1 {
			t.Errorf("%s: the reasons stand in columns %v", lang, at)
		}
	}
}

// Colours only where a terminal can show them; shapes and words everywhere.
func TestColourOnlyOnTerminals(t *testing.T) {
	s := down("mending", "")
	t.Setenv("TERM", "xterm-256color")
	if page := show(t, 80, s, "status"); !strings.Contains(page, "\x1b[") {
		t.Error("a terminal shows no colour")
	}
	run := func(env, value string) string {
		t.Setenv("TERM", "xterm-256color")
		t.Setenv(env, value)
		tty, seen := terminal(t, 80)
		a := &App{Out: tty, Err: tty, Dial: func(string, words.Lang) Guard { return says{status: s} }}
		a.Main(t.Context(), []string{"status"})
		return seen()
	}
	if page := run("NO_COLOR", "1"); strings.Contains(page, "\x1b[3") {
		t.Errorf("colours in spite of NO_COLOR: %q", page)
	}
	if page := run("TERM", "dumb"); strings.Contains(page, "\x1b") {
		t.Errorf("escapes on a dumb terminal: %q", page)
	}
	var pipe strings.Builder
	a := &App{Out: &pipe, Err: &pipe, Dial: func(string, words.Lang) Guard { return says{status: s} }}
	if code := a.Main(t.Context(), []string{"--lang", "en", "status"}); code != 1 {
		t.Errorf("exit %d for a broken goal", code)
	}
	if page := pipe.String(); strings.Contains(page, "\x1b") || !strings.Contains(page, "✗ visitors read the blog  broken") {
		t.Errorf("in a pipe: %q", page)
	}
}

func TestProgress(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	steps := func(a *App) {
		a.lang = words.English
		p := a.progress()
		p.step(chain.Say("site.step_wordpress"))
		p.step(chain.Say("site.step_start", "service", "nginx"))
		p.end(os.ErrInvalid)
		a.waiting(chain.Say("cli.proving")).end(nil)
	}
	tty, seen := terminal(t, 80)
	steps(&App{Err: tty})
	var lines []string
	for _, l := range strings.Split(strings.TrimSpace(seen()), "\n") {
		lines = append(lines, strings.TrimSpace(ansi.Strip(l[strings.LastIndex(l, erase)+len(erase):])))
	}
	if got := strings.Join(lines, "|"); got != "✓ setting WordPress up|✗ starting nginx|" && got != "✓ setting WordPress up|✗ starting nginx" {
		t.Errorf("on a terminal: %q", got)
	}
	var pipe strings.Builder
	steps(&App{Err: &pipe})
	if got := pipe.String(); got != "setting WordPress up\nstarting nginx\n" {
		t.Errorf("in a pipe: %q", got)
	}
	pipe.Reset()
	steps(&App{Err: &pipe, json: true})
	if got := pipe.String(); got != "" {
		t.Errorf("with --json: %q", got)
	}
}
