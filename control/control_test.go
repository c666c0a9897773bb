package control

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/support"
	"github.com/omamori-guard/omamori/words"
)

// fake is a guard of one link.
type fake struct{ proved, answered []string }

func (f *fake) Status(_ context.Context, lang words.Lang) (guard.Status, error) {
	return guard.Status{Guard: guard.About{Version: string(lang)}, Links: []guard.LinkStatus{{Name: "sql", Verdict: chain.Holds}}}, nil
}

func (f *fake) Prove(_ context.Context, links []string) error {
	if len(links) == 1 && links[0] == "sqll" {
		return &guard.UnknownName{Name: "sqll", Nearest: "sql"}
	}
	f.proved = links
	return nil
}

func (f *fake) Answer(_ context.Context, link string, yes bool, who string) error {
	f.answered = append(f.answered, link, who)
	return &guard.NotAPersons{Name: link}
}

func (f *fake) Typed(_ context.Context, link, typed, who string) error {
	if typed == "" {
		return &guard.NoAnswer{Err: &guard.WantsTyping{Name: link}}
	}
	f.answered = append(f.answered, link, typed, who)
	return nil
}

func (f *fake) Support(context.Context) ([]support.Status, error) {
	return []support.Status{{Desk: support.Desk{Name: "aws"}}}, nil
}

func (f *fake) CaseAct(_ context.Context, a guard.CaseAct) error {
	f.answered = append(f.answered, a.Desk, a.Act, a.Who)
	return nil
}

func (f *fake) Ways(_ context.Context, goal string, q guard.Supposed, _ words.Lang) ([]guard.GoalWays, error) {
	if goal == "" {
		return nil, &guard.IsGoal{Name: q.Lose[0]}
	}
	return []guard.GoalWays{{Name: goal, Lost: q.Lose, Title: q.Change["a.b"] + q.On.UTC().Format(time.DateOnly)}}, nil
}

func (f *fake) Model(context.Context) (guard.ModelStatus, error) {
	return guard.ModelStatus{Links: []guard.ModelNode{{Name: "sql"}}}, nil
}

func (f *fake) Lose(_ context.Context, thing string, lost bool, who string) error {
	f.answered = append(f.answered, thing, who)
	return nil
}

func (f *fake) Tune(_ context.Context, t hands.Tuning, who string) (guard.TuneResult, error) {
	if len(t.Changes) == 0 {
		return guard.TuneResult{}, &guard.TuneError{Text: chain.Say("guard.tune_busy")}
	}
	return guard.TuneResult{Kept: who == "owner", Why: chain.Say("guard.stopped")}, nil
}

func (f *fake) Rescue(_ context.Context, goal string, lang words.Lang) (guard.RescueStatus, error) {
	return guard.RescueStatus{Goal: goal, Title: string(lang)}, nil
}

func (f *fake) RescueAct(_ context.Context, a guard.RescueAct) error {
	f.answered = append(f.answered, a.Act, a.Who)
	if a.Act == "no" {
		return &guard.BadAct{Act: a.Act, Step: a.Step}
	}
	return nil
}

func (f *fake) Deadlines(context.Context, words.Lang) ([]guard.Deadline, error) {
	return []guard.Deadline{{ID: "cert"}}, nil
}

func (f *fake) Reload(context.Context) error { return errors.New("line 3: nonsense") }

// served runs a server with a journal of n records, for the length of a test.
func served(t *testing.T, n int) (*fake, *journal.Journal, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "omamori-control")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		if err := j.Append(t.Context(), journal.Entry{At: time.Now(), What: "verdict", Link: "sql", Text: chain.Say("guard.stopped")}); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "run", "control.sock")
	l, err := Listen(path, os.Geteuid())
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	s := &Server{Guard: f, Journal: j, Log: slog.New(slog.DiscardHandler), TestNotify: func(context.Context) []guard.ChannelResult {
		return []guard.ChannelResult{{Channel: "phone", Error: "no route"}}
	}}
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, j, path
}

func TestAsk(t *testing.T) {
	f, _, path := served(t, 3)
	c := NewClient(path, words.Japanese)
	s, err := c.Status(t.Context())
	if err != nil || s.Guard.Version != "ja" || s.Links[0].Verdict != chain.Holds {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := c.Prove(t.Context(), []string{"sql"}); err != nil || len(f.proved) != 1 {
		t.Errorf("%v %v", f.proved, err)
	}
	var refused *guard.Refused
	if _, err := c.Prove(t.Context(), []string{"sqll"}); !errors.As(err, &refused) || refused.Code != "unknown_name" || refused.Nearest != "sql" {
		t.Errorf("%v", err)
	}
	if _, err := c.Answer(t.Context(), "sql", true, "an\x1bowner"); !errors.As(err, &refused) || refused.Code != "not_a_persons" || strings.Contains(f.answered[1], "\x1b") {
		t.Errorf("%v %q", err, f.answered)
	}
	if _, err := c.Reload(t.Context()); !errors.As(err, &refused) || !strings.Contains(refused.Text, "line 3") {
		t.Errorf("%v", err)
	}
	if r, err := c.TestNotify(t.Context()); err != nil || len(r) != 1 || r[0].Error != "no route" {
		t.Errorf("%v %v", r, err)
	}
	q := guard.Supposed{Lose: []string{"a", "b"}, Change: map[string]string{"a.b": "c"}, On: time.Date(2027, 3, 31, 23, 59, 59, 0, time.UTC)}
	if all, err := c.Ways(t.Context(), "shell", q); err != nil || len(all) != 1 || len(all[0].Lost) != 2 || all[0].Title != "c2027-03-31" {
		t.Errorf("%v %v", all, err)
	}
	if _, err := c.Ways(t.Context(), "", q); !errors.As(err, &refused) || refused.Code != "is_goal" || refused.Name != "a" {
		t.Errorf("%v", err)
	}
	if d, err := c.Deadlines(t.Context()); err != nil || len(d) != 1 || d[0].ID != "cert" {
		t.Errorf("deadlines: %+v %v", d, err)
	}
	if m, err := c.Model(t.Context()); err != nil || len(m.Links) != 1 {
		t.Errorf("%v %v", m, err)
	}
	if _, err := c.Lose(t.Context(), "phone", true, "owner"); err != nil || f.answered[2] != "phone" {
		t.Errorf("%v %v", f.answered, err)
	}
	if kept, why, err := c.Tune(t.Context(), hands.Tuning{Changes: []hands.Change{{Service: "sql"}}}, "owner"); err != nil || !kept || why == "" {
		t.Errorf("%v %q %v", kept, why, err)
	}
	if _, _, err := c.Tune(t.Context(), hands.Tuning{}, "owner"); !errors.As(err, &refused) || refused.Text == "" {
		t.Errorf("%v", err)
	}
	lines, err := c.Journal(t.Context(), time.Time{}, "sql", 0, true, 2)
	if err != nil || len(lines) != 2 || lines[0].Seq != 2 || lines[0].Said == "" {
		t.Errorf("%+v %v", lines, err)
	}
}

func TestFollow(t *testing.T) {
	_, j, path := served(t, 2)
	c := NewClient(path, words.English)
	var seen []int64
	enough := errors.New("enough")
	err := c.Follow(t.Context(), 1, func(l guard.JournalLine) error {
		seen = append(seen, l.Seq)
		if l.Seq == 2 {
			return j.Append(t.Context(), journal.Entry{At: time.Now(), What: "deed"})
		}
		return enough
	})
	if !errors.Is(err, enough) || len(seen) != 2 || seen[1] != 3 {
		t.Errorf("%v %v", seen, err)
	}
}

func TestNoGuard(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	for _, path := range []string{filepath.Join(dir, "none.sock"), stale} {
		if _, err := NewClient(path, words.English).Status(t.Context()); !errors.Is(err, guard.ErrNoGuard) {
			t.Errorf("%s: %v", path, err)
		}
	}
	again, err := Listen(stale, os.Geteuid()) // a socket that was left over is replaced
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestASecondDoesNotTakeTheSocket(t *testing.T) {
	_, _, path := served(t, 0)
	if l, err := Listen(path, os.Geteuid()); err == nil {
		l.Close()
		t.Error("took the socket of a guard that runs")
	}
	if _, err := Listen("/tmp/"+strings.Repeat("x", 120), os.Geteuid()); err == nil || !strings.Contains(err.Error(), "107") {
		t.Errorf("a path that is too long: %v", err)
	}
}

// Another user's connection is closed unanswered, even if the socket's mode let him.
func TestStrangers(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must run this as root")
		}
		t.Skip("becomes another user: needs root")
	}
	_, _, path := served(t, 0)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	ask := exec.Command("/proc/self/exe", "-test.run", "^TestAsAStranger$")
	ask.Env = append(os.Environ(), "OMAMORI_CONTROL_TEST="+path)
	ask.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	ask.Path = stranger(t)
	out, err := ask.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "unanswered") {
		t.Errorf("%v: %s", err, out)
	}
}

// stranger is a copy of this test that anybody may run.
func stranger(t *testing.T) string {
	t.Helper()
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	to, err := os.CreateTemp("", "omamori-stranger")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(to.Name()) })
	if _, err := io.Copy(to, self); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(to.Chmod(0o755), to.Close()); err != nil {
		t.Fatal(err)
	}
	return to.Name()
}

// TestAsAStranger is what TestStrangers runs as another user.
func TestAsAStranger(t *testing.T) {
	path := os.Getenv("OMAMORI_CONTROL_TEST")
	if path == "" {
		return
	}
	if _, err := NewClient(path, words.English).Status(t.Context()); err == nil {
		t.Error("answered")
	} else {
		os.Stdout.WriteString("unanswered: " + err.Error() + "\n")
	}
}

// What a client sends is bounded, and none of it ends the server.
func TestBadRequests(t *testing.T) {
	_, _, path := served(t, 0)
	c := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, path) }}}
	for _, q := range []struct{ method, url, body string }{
		{"POST", "/v1/prove", "{"},
		{"POST", "/v1/prove", `{"links": "sql"}`},
		{"POST", "/v1/prove", `{"wrong": 1}`},
		{"POST", "/v1/prove", `{"links": ["` + strings.Repeat("x", maxBody) + `"]}`},
		{"POST", "/v1/answer", ""},
		{"GET", "/v1/journal?since=yesterday", ""},
		{"GET", "/nowhere", ""},
		{"DELETE", "/v1/status", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), q.method, "http://guard"+q.url, strings.NewReader(q.body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Do(r)
		if err != nil {
			t.Errorf("%s %s: %v", q.method, q.url, err)
			continue
		}
		res.Body.Close()
		if res.StatusCode < 400 || res.StatusCode >= 500 {
			t.Errorf("%s %s: %s", q.method, q.url, res.Status)
		}
	}
	if _, err := NewClient(path, words.English).Status(t.Context()); err != nil {
		t.Error(err)
	}
}

// What is put in the place of a socket that root has just made is given to nobody.
func TestGiveGivesNothingElse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/shadow", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	made, err := net.Listen("unix", dir+"/made.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close()
	if err := errors.Join(os.Symlink("shadow", dir+"/link"), os.Link(dir+"/shadow", dir+"/hard"), os.Symlink("made.sock", dir+"/sock-link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/link", "/hard", "/sock-link", "/none"} {
		if err := give(dir+name, os.Geteuid(), 0o666); err == nil {
			t.Errorf("%s is given", name)
		}
	}
	if st, err := os.Stat(dir + "/shadow"); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("another file is open to all: %v, %v", st, err)
	}
	if err := give(dir+"/made.sock", os.Geteuid(), 0o666); err != nil {
		t.Error(err)
	}
	if err := os.Link(dir+"/made.sock", dir+"/second.sock"); err != nil {
		t.Fatal(err)
	}
	if err := give(dir+"/made.sock", os.Geteuid(), 0o600); err == nil {
		t.Error("a socket with another name is given")
	}
}
