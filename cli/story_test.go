package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/cli"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/control"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/links"
	"github.com/omamori-guard/omamori/words"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/story anew from what is printed")

// teller is the command line of a guard over the story's own configuration.
type teller struct {
	t     *testing.T
	state string
}

// story runs a guard over doc/examples/story.yaml, with its control socket.
func story(t *testing.T) teller {
	t.Helper()
	return guarded(t, "../doc/examples/story.yaml")
}

func guarded(t *testing.T, path string) teller {
	t.Helper()
	file, problems, err := config.Load(path, config.Options{Kinds: links.All(), Sections: []config.Section{guard.SupportSection()}})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	state, err := os.MkdirTemp("", "omamori-story") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(state, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := control.Listen(filepath.Join(state, "control.sock"), os.Geteuid())
	if err != nil {
		t.Fatal(err)
	}
	g := guard.New(guard.Options{Config: file, Journal: j, Version: "test"})
	s := &control.Server{Guard: g, Due: g, Journal: j, Log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- g.Run(ctx) }()
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
		os.RemoveAll(state)
	})
	return teller{t, state}
}

func (s teller) omamori(in string, args ...string) (out string, code int) {
	s.t.Helper()
	var buf bytes.Buffer
	app := &cli.App{
		Version: "test", In: strings.NewReader(in), Out: &buf, Err: &buf,
		Dial: func(socket string, lang words.Lang) cli.Guard { return control.NewClient(socket, lang) },
	}
	code = app.Main(s.t.Context(), append(args, "--state", s.state))
	return buf.String(), code
}

func (s teller) ways(args ...string) (all []guard.GoalWays) {
	s.t.Helper()
	out, code := s.omamori("", append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != 0 {
		s.t.Fatalf("%v: exit %d, %v\n%s", args, code, err, out)
	}
	return all
}

// golden compares what is printed, in both languages, with testdata/story/NAME.LANG.txt.
func (s teller) golden(name string, args ...string) {
	s.t.Helper()
	for _, lang := range words.Langs {
		out, code := s.omamori("", append(args, "--lang", string(lang))...)
		if code != 0 {
			s.t.Errorf("%v: exit %d", args, code)
		}
		path := filepath.Join("testdata", "story", name+"."+string(lang)+".txt")
		if *rewrite {
			if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
				s.t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			s.t.Fatal(err)
		}
		if out != string(want) {
			s.t.Errorf("%v in %s: got\n%s\nwant\n%s", args, lang, out, want)
		}
	}
}

func margin(g guard.GoalWays) int {
	if g.Margin.Now == nil || g.Margin.IfAllWell == nil || *g.Margin.Now != *g.Margin.IfAllWell {
		return -99
	}
	return *g.Margin.Now
}

func mends(g guard.GoalWays) (names []string) {
	if g.Back == nil {
		return []string{"none"}
	}
	for _, s := range g.Back.Steps {
		names = append(names, s.Mend)
	}
	return names
}

// TestStory is the owner's story, asked of the real guard.
func TestStory(t *testing.T) {
	t.Setenv("TZ", "UTC")
	s := story(t)
	if out, code := s.omamori(strings.Repeat("yes\n", 9), "due", "drill"); code != 0 || strings.Count(out, "?") < 9 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	phone, vpn, number := []string{"--lose", "phone"}, []string{"--lose", "vpn-company"}, []string{"--lose", "phone-number"}
	all := func(sets ...[]string) []string {
		args := []string{"what-if", "shell"}
		for _, s := range sets {
			args = append(args, s...)
		}
		return args
	}
	week := 7*24*3600.0 + 35*60
	for _, c := range []struct {
		args   []string
		margin int
		back   float64 // seconds, -1 for no way back
		mends  string
		next   string
		singly string
	}{
		{[]string{"ways", "shell"}, 1, 0, "", "register a second MFA device 1→2", ""},
		{all(phone), 0, 0, "", "have AWS support take the MFA device off, by form and telephone 0→1", "vpn-company firewall sshd vpn"},
		{all(vpn), 0, 1800, "open-security-group", "register a second MFA device 0→1", "phone codes"},
		{all(vpn, phone), -1, week, "support-case new-mfa-device open-security-group", "have AWS support take the MFA device off, by form and telephone -1→0", ""},
		{all(vpn, phone, number), -1, -1, "none", "find vpn-company -1→0", ""},
		{all([]string{"--change", "laptop.os=macos-10.12"}), 0, 1800, "open-security-group", "register a second MFA device 0→1", "phone codes"},
		{all([]string{"--change", "laptop.os=macos-10.10"}), 1, 0, "", "register a second MFA device 1→2", ""},
	} {
		g := s.ways(c.args...)[0]
		back := -1.0
		if g.Back != nil {
			back = g.Back.Seconds
		}
		next := "none"
		if n := g.Next; n != nil {
			next = n.Mend
			if next == "" {
				next = n.Do + " " + n.Name
			}
			next += " " + figure(n.From) + "→" + figure(n.To)
		}
		if margin(g) != c.margin || back != c.back || strings.Join(mends(g), " ") != c.mends || next != c.next {
			t.Errorf("%v: margin %d, back in %v s by %v, next %q", c.args, margin(g), back, mends(g), next)
		}
		if singly := strings.Join(g.Singles, " "); c.margin >= 0 && singly != c.singly {
			t.Errorf("%v: single points of failure %q", c.args, singly)
		}
	}
	s.golden("ways", "ways", "shell")
	s.golden("vpn", all(vpn)...)
	s.golden("vpn-phone", all(vpn, phone)...)
	s.golden("vpn-phone-number", all(vpn, phone, number)...)
	s.golden("sierra", all([]string{"--change", "laptop.os=macos-10.12"})...)
	if b := s.ways("what-if", "blog", "--lose", "mysqld", "--lose", "vpn-company", "--lose", "phone")[0]; margin(b) != -1 || strings.Join(mends(b), " ") !=
		"support-case new-mfa-device open-security-group restart-mysqld" {
		t.Errorf("the blog: margin %d, back by %v", margin(b), mends(b))
	}

	// Now it happens.
	for _, step := range []struct {
		args   string
		margin int
		open   int // incidents on the margins of shell and blog
	}{{"lost phone", 0, 2}, {"lost vpn-company", -1, 2}, {"have phone", 0, 2}, {"have vpn-company", 1, 0}} {
		if out, code := s.omamori("", strings.Fields(step.args)...); code != 0 {
			t.Errorf("%s: exit %d\n%s", step.args, code, out)
		}
		if g := s.ways("ways", "shell")[0]; margin(g) != step.margin {
			t.Errorf("after %s: margin %d", step.args, margin(g))
		}
		if n := s.open(); n != step.open {
			t.Errorf("after %s: %d incidents", step.args, n)
		}
		if step.margin < 0 {
			s.golden("lost", "ways", "shell")
		}
	}
}

func figure(n *int) string {
	if n == nil {
		return "none"
	}
	b, _ := json.Marshal(*n)
	return string(b)
}

func (s teller) open() (n int) {
	s.t.Helper()
	out, _ := s.omamori("", "status", "--json")
	var st guard.Status
	if err := json.Unmarshal([]byte(out), &st); err != nil {
		s.t.Fatal(err)
	}
	for _, i := range st.Incidents {
		if i.Goal == "" || i.Link != "" {
			s.t.Errorf("not a margin's: %+v", i)
		}
		if i.Ended == nil {
			n++
		}
	}
	return n
}

// TestWrongQuestions: each exits 2, with what was probably meant.
func TestWrongQuestions(t *testing.T) {
	s := story(t)
	for args, want := range map[string]string{
		"ways shel":                                       "shell",
		"ways shell --dot":                                "--dot",
		"what-if":                                         "--lose THING",
		"what-if --lose phne":                             "phone",
		"what-if --lose shell":                            "omamori ways shell",
		"what-if nothing --lose phone":                    "omamori status",
		"what-if --change laptop.oss=x":                   "laptop.os",
		"what-if --change labtop.os=x":                    "laptop.os",
		"what-if --change mailbo.colour=x":                "mailbox",
		"what-if --change laptop=x":                       "laptop.os=macos-10.12",
		"what-if --change laptop.os":                      "laptop.os=macos-10.12",
		"what-if --on soon":                               "such as",
		"what-if --on 2017-08-02":                         "is over",
		"lost phnoe":                                      "phone",
		"have vpn-compny":                                 "vpn-company",
		"lost sshd":                                       "sshd",
		"due drill code":                                  "codes",
		"due drill codes support":                         "--help",
		"what-if --lose " + strings.Repeat("x", 3000):     "xxx",
		"what-if --lose \x1b[2J --change laptop.os=\x1b[": "nothing is called",
	} {
		out, code := s.omamori("", append(strings.Fields(args), "--lang", "en")...)
		if code != 2 || !strings.Contains(out, want) || strings.Contains(out, "\x1b") {
			t.Errorf("%q: exit %d, %q", args, code, out)
		}
	}
}

func TestDue(t *testing.T) {
	s := story(t)
	if out, _ := s.omamori("", "due", "--lang", "en"); strings.Count(out, "waits for an answer") != 9 || !strings.Contains(out, "omamori due drill") {
		t.Errorf("nothing answered:\n%s", out)
	}
	// One is skipped, one denied; then the input ends.
	if out, code := s.omamori("yes\n\nno\n", "due", "drill"); code != 0 {
		t.Errorf("exit %d\n%s", code, out)
	}
	out, _ := s.omamori("", "due", "--json")
	var due []guard.DueItem
	if err := json.Unmarshal([]byte(out), &due); err != nil || len(due) != 8 {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, _ := s.omamori("", "due", "--lang", "en"); !strings.Contains(out[strings.Index(out, "not due yet"):], "says that it is so") {
		t.Errorf("the one that is not due is not last, with who and when:\n%s", out)
	}
	if out, code := s.omamori("yes\n", "due", "drill", "vpn", "--json"); code != 0 || !strings.Contains(out, "vpn  Does the VPN") {
		t.Errorf("one that is not due, by name: exit %d\n%s", code, out)
	}
}

// TestDot: the text is Graphviz's, and what titles say stays in its strings.
func TestDot(t *testing.T) {
	s := story(t)
	out, code := s.omamori("", "ways", "--dot", "--lang", "en")
	for _, want := range []string{
		"digraph omamori {\n", `"goal shell" -> "way shell ssh"`, `"way shell ssh" -> "link sshd"`, `"link vpn" -> "thing vpn-company"`,
		`"link firewall" -> "mend open-security-group" [style=dashed]`, `"mend open-security-group" -> "link console" [style=dashed]`, `style="filled,dashed"`,
	} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, no %s in\n%s", code, want, out)
		}
	}
	out, _ = s.omamori("", "ways", "--dot", "--json")
	var m guard.ModelStatus
	if err := json.Unmarshal([]byte(out), &m); err != nil || len(m.Mends) != 9 || len(m.Goals) != 2 {
		t.Errorf("%v: %+v", err, m)
	}
}
