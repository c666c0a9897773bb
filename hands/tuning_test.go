package hands

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// tuned is a server with one child, which may be tuned by a file.
type tuned struct {
	*testing.T
	dir  string
	file File
	*Server
}

func newTuned(t *testing.T) *tuned {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	h := &tuned{T: t, dir: dir, file: File{Run: dir + "/run", State: dir + "/state", Services: []Service{{Name: "sql",
		Child: &Child{Argv: []string{"/bin/sleep", "1000"}},
		Tunes: []Tune{{Form: FormMariaDB, File: dir + "/etc/zz-omamori.cnf"}}}}}}
	h.open()
	t.Cleanup(func() {
		h.shutdown() //nolint:errcheck // the child is to end
		h.Server.Close()
	})
	if done, err := h.services[0].do(chain.Start); err != nil || done.Error != "" {
		t.Fatal(done, err)
	}
	return h
}

func (h *tuned) open() {
	h.Helper()
	s, err := New(h.file, slog.New(slog.DiscardHandler))
	if err != nil {
		h.Fatal(err)
	}
	h.Server = s
}

func (h *tuned) path() string { return h.dir + "/etc/zz-omamori.cnf" }

// content is what the file has; "" for none.
func (h *tuned) content() string {
	b, err := os.ReadFile(h.path())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		h.Error(err)
	}
	return string(b)
}

func (h *tuned) pid() int {
	p, err := h.services[0].process(h.Context())
	if err != nil || !p.Running {
		h.Errorf("%+v %v", p, err)
	}
	return p.PID
}

func (h *tuned) tuning(pool string) Tuning {
	return Tuning{Within: time.Minute, Changes: []Change{{"sql", h.path(), []Value{{"innodb_buffer_pool_size", pool}}}}}
}

func (h *tuned) pendingOnDisk() bool {
	_, err := os.Stat(undoPath(h.file.State))
	return err == nil
}

func TestTuneKeepUndo(t *testing.T) {
	h := newTuned(t)
	was := h.pid()
	if err := h.tuner.apply(h.tuning("64M")); err != nil {
		t.Fatal(err)
	}
	first := h.content()
	if want := "# " + tuneHead + "\n[mariadbd]\ninnodb_buffer_pool_size = 64M\n"; first != want {
		t.Errorf("wrote %q", first)
	}
	if h.pid() == was || !h.pendingOnDisk() {
		t.Error("not restarted, or not noted")
	}
	if err := h.tuner.apply(h.tuning("32M")); !isRefused(err, "hands.tuning_pending") {
		t.Error(err)
	}
	if err := h.tuner.keep(); err != nil || h.pendingOnDisk() {
		t.Error(err)
	}
	for _, f := range []func() error{h.tuner.keep, h.tuner.undo} {
		if err := f(); !isRefused(err, "hands.no_tuning") {
			t.Error(err)
		}
	}
	// The next is undone to the first.
	if err := h.tuner.apply(h.tuning("32M")); err != nil {
		t.Fatal(err)
	}
	was = h.pid()
	if err := h.tuner.undo(); err != nil || h.content() != first || h.pid() == was || h.pendingOnDisk() {
		t.Errorf("%v %q", err, h.content())
	}
}

func isRefused(err error, key string) bool {
	r, ok := errors.AsType[*Refused](err)
	return ok && r.Text.Key == key && words.Has(key)
}

// Nobody says that it is to be kept: in time, after a restart of hands, and after a reboot.
func TestTuneIsUndoneByItself(t *testing.T) {
	h := newTuned(t)
	q := h.tuning("64M")
	q.Within = leastWithin
	if err := h.tuner.apply(q); err != nil {
		t.Fatal(err)
	}
	undone := func() bool { return h.content() == "" && !h.pendingOnDisk() }
	eventually(t, "it is undone", undone)

	eventually(t, "the next may be tried", func() bool { return h.tuner.apply(h.tuning("64M")) == nil })
	h.Server.Close()
	h.open()
	if h.content() == "" || !h.pendingOnDisk() {
		t.Error("a restart of hands undoes it at once")
	}
	if err := h.tuner.keep(); err != nil { // and it can still be kept
		t.Error(err)
	}

	kept := h.content()
	if err := h.tuner.apply(h.tuning("128M")); err != nil {
		t.Fatal(err)
	}
	h.Server.Close()
	u, err := loadUndo(h.file.State)
	if err != nil {
		t.Fatal(err)
	}
	u.Boot = "another"
	if err := u.save(h.file.State); err != nil {
		t.Fatal(err)
	}
	h.open()
	eventually(t, "it is undone after the reboot", func() bool { return h.content() == kept && !h.pendingOnDisk() })
}

// A service that does not start with it is started without.
func TestTuneThatFailsIsUndone(t *testing.T) {
	h := newTuned(t)
	dir := filepath.Dir(h.path())
	h.services[0].manager = needy{h.services[0].manager, h.path()}
	if err := h.tuner.apply(h.tuning("64M")); err == nil || h.pendingOnDisk() {
		t.Errorf("%v", err)
	}
	eventually(t, "it runs without", func() bool { return h.content() == "" && h.services[0].running(t.Context()) })
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// With settings that take a restart nothing is tuned that does not run, nor kept: what was
// not tried would break the next start.
func TestTuneOfWhatIsStopped(t *testing.T) {
	h := newTuned(t)
	stop := func() {
		t.Helper()
		if done, err := h.services[0].do(chain.Stop); err != nil || done.Error != "" {
			t.Fatal(done, err)
		}
	}
	if err := h.tuner.apply(h.tuning("64M")); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := h.tuner.keep(); !isRefused(err, "hands.tune_stopped") || !h.pendingOnDisk() {
		t.Error(err)
	}
	if err := h.tuner.undo(); err != nil || h.content() != "" {
		t.Error(err)
	}
	stop()
	if err := h.tuner.apply(h.tuning("64M")); !isRefused(err, "hands.tune_stopped") {
		t.Error(err)
	}
	if h.services[0].running(t.Context()) || h.content() != "" || h.pendingOnDisk() {
		t.Error("something was done")
	}
}

// Undoing counts for the limit, and is never refused.
func TestUndoCounts(t *testing.T) {
	h := newTuned(t)
	h.services[0].limit.most = 2 // one was its start
	if err := h.tuner.apply(h.tuning("64M")); err != nil {
		t.Fatal(err)
	}
	if err := h.tuner.undo(); err != nil || h.content() != "" {
		t.Error(err)
	}
	if n := len(h.services[0].limit.passed); n != 3 {
		t.Errorf("%d deeds count", n)
	}
	if _, err := h.services[0].do(chain.Restart); !isRefused(err, "hands.too_often") {
		t.Error(err)
	}
}

func TestTuneRefused(t *testing.T) {
	h := newTuned(t)
	was := h.pid()
	for name, c := range map[string]struct {
		change func(*Tuning)
		key    string
	}{
		"nothing":        {func(q *Tuning) { q.Changes = nil }, "hands.too_many"},
		"another file":   {func(q *Tuning) { q.Changes[0].File = "/etc/passwd" }, "hands.unknown_tune"},
		"no service":     {func(q *Tuning) { q.Changes[0].Service = "none" }, "hands.unknown_service"},
		"twice":          {func(q *Tuning) { q.Changes = append(q.Changes, q.Changes[0]) }, "hands.unknown_tune"},
		"for ever":       {func(q *Tuning) { q.Within = time.Hour }, "hands.bad_within"},
		"no values":      {func(q *Tuning) { q.Changes[0].Values = nil }, "hands.no_values"},
		"another option": {func(q *Tuning) { q.Changes[0].Values[0].Name = "plugin_load_add" }, "hands.bad_setting"},
		"too large":      {func(q *Tuning) { q.Changes[0].Values[0].Value = fmt.Sprintf("%dM", memory()/mib+1) }, "hands.bad_value"},
		"too small":      {func(q *Tuning) { q.Changes[0].Values[0].Value = "1M" }, "hands.bad_value"},
		"a second line":  {func(q *Tuning) { q.Changes[0].Values[0].Value = "64M\nplugin_load_add = x" }, "hands.bad_value"},
		"a value twice": {func(q *Tuning) {
			q.Changes[0].Values = append(q.Changes[0].Values, q.Changes[0].Values[0])
		}, "hands.bad_value"},
	} {
		q := h.tuning("64M")
		c.change(&q)
		if err := h.tuner.apply(q); !isRefused(err, c.key) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What somebody else wrote is his.
	if err := os.WriteFile(h.path(), []byte("[mariadbd]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := h.tuner.apply(h.tuning("64M")); !errors.Is(err, errForeign) {
		t.Error(err)
	}
	os.Remove(h.path())
	if err := os.Symlink("/etc/hostname", h.path()); err != nil {
		t.Fatal(err)
	}
	if err := h.tuner.apply(h.tuning("64M")); !errors.Is(err, errForeign) {
		t.Error(err)
	}
	os.Remove(h.path())
	if err := os.Chmod(filepath.Dir(h.path()), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := h.tuner.apply(h.tuning("64M")); !isRefused(err, "hands.writable") {
		t.Error(err)
	}
	if h.pid() != was || h.pendingOnDisk() || h.content() != "" {
		t.Error("something was done")
	}
}

func TestContent(t *testing.T) {
	for _, c := range []struct {
		tune   Tune
		values []Value
		want   string
	}{
		{Tune{Form: FormFPM, Pool: "www"}, []Value{{"pm.start_servers", "1"}, {"pm.max_children", "4"}}, "; " + tuneHead + "\n[www]\npm.max_children = 4\npm.start_servers = 1\n"},
		{Tune{Form: FormUnit}, []Value{{"OOMScoreAdjust", "-600"}, {"Restart", "on-abnormal"}}, "# " + tuneHead + "\n[Service]\nOOMScoreAdjust=-600\nRestart=on-abnormal\n"},
	} {
		b, err := c.tune.Content(c.values)
		if err != nil || string(b) != c.want {
			t.Errorf("%q %v", b, err)
		}
		values, ok := c.tune.Tuned(b)
		again, err := c.tune.Content(values)
		if !ok || err != nil || string(again) != c.want {
			t.Errorf("read back: %v %q", values, again)
		}
	}
	for _, v := range [][4]string{{"4", "2", "3", "2"}, {"4", "1", "2", "3"}, {"4", "3", "1", "2"}, {"4", "4", "1", "5"}} {
		values := []Value{{"pm.max_children", v[0]}, {"pm.start_servers", v[1]}, {"pm.min_spare_servers", v[2]}, {"pm.max_spare_servers", v[3]}}
		if b, err := (Tune{Form: FormFPM, Pool: "www"}).Content(values); !isRefused(err, "hands.disagree") {
			t.Errorf("%v gives %q, %v", v, b, err)
		}
	}
	for _, bad := range []Value{{"OOMScoreAdjust", "-1000"}, {"OOMScoreAdjust", "+5"}, {"OOMScoreAdjust", "05"}, {"Restart", "always"}, {"ExecStart", "/bin/sh"}, {"OOMPolicy", "kill"}} {
		if b, err := (Tune{Form: FormUnit}).Content([]Value{bad}); err == nil {
			t.Errorf("%v gives %q", bad, b)
		}
	}
}

func TestTunesOfTheFile(t *testing.T) {
	for tune, want := range map[string]string{
		`{"form": "sh", "file": "/a.cnf"}`:                                                         "hands.bad_form",
		`{"form": "mariadb", "file": "/etc/passwd"}`:                                               "hands.bad_ending",
		`{"form": "mariadb", "file": "a.cnf"}`:                                                     "hands.bad_path",
		`{"form": "mariadb", "file": "/a.cnf", "pool": "www"}`:                                     "hands.bad_pool",
		`{"form": "php-fpm", "file": "/a.conf"}`:                                                   "hands.bad_pool",
		`{"form": "php-fpm", "file": "/a.conf", "pool": "a]\n[b"}`:                                 "hands.bad_pool",
		`{"form": "unit", "file": "/etc/systemd/system/a.service"}`:                                "hands.bad_ending",
		`{"form": "mariadb", "file": "/a.cnf", "mode": 7}`:                                         "hands.unknown_field",
		`{"form": "unit", "file": "/etc/systemd/system/a.service.d/zz-omamori.conf", "pool": "x"}`: "hands.bad_pool",
	} {
		_, bad := Parse([]byte(`{"services": [{"name": "a", "systemd": "a.service", "tunes": [` + tune + `]}]}`))
		if len(bad) != 1 || bad[0].Text.Key != want || !words.Has(want) {
			t.Errorf("%s: %v, want %s", tune, bad, want)
		}
	}
	if _, bad := Parse([]byte(`{"services": [{"name": "a", "sysv": "a", "pid_file": "/a", "tunes": [{"form": "unit", "file": "/x.service.d/zz-omamori.conf"}]}]}`)); len(bad) != 1 || bad[0].Text.Key != "hands.unit_without_systemd" {
		t.Error(bad)
	}
}

// Whatever values are asked for, the file has them and nothing else.
func FuzzContent(f *testing.F) {
	f.Add("mariadb", "innodb_buffer_pool_size", "64M", "max_connections", "20")
	f.Add("php-fpm", "pm.max_children", "4\n[x]", "pm", "static")
	f.Add("unit", "Restart", "on-failure", "OOMScoreAdjust", "-0")
	f.Fuzz(func(t *testing.T, form, a, x, b, y string) {
		tune := Tune{Form: form, Pool: "www"}
		content, err := tune.Content([]Value{{a, x}, {b, y}})
		if err != nil {
			return
		}
		if lines := strings.Split(string(content), "\n"); len(lines) != 5 || lines[4] != "" {
			t.Errorf("%q", content)
		}
		if values, ok := tune.Tuned(content); !ok || len(values) != 2 {
			t.Errorf("%q", content)
		}
	})
}

// Who has not heard the reply may ask what became of it, also after hands were killed.
func TestWhatBecameOfIt(t *testing.T) {
	h := newTuned(t)
	is := func(id string, want Outcome) {
		t.Helper()
		if got, err := h.tuner.became(id); err != nil || got != want {
			t.Errorf("%s: %q %v, not %q", id, got, err, want)
		}
	}
	apply := func(id, pool string) {
		t.Helper()
		q := h.tuning(pool)
		q.ID = id
		if err := h.tuner.apply(q); err != nil {
			t.Fatal(err)
		}
		is(id, Pending)
	}
	apply("one", "64M")
	if err := h.tuner.keep(); err != nil {
		t.Fatal(err)
	}
	is("one", Kept)
	apply("two", "32M")
	h.Server.Close()
	h.open()
	is("two", Pending)
	if err := h.tuner.undo(); err != nil {
		t.Fatal(err)
	}
	h.Server.Close()
	h.open()
	is("two", Undone)
	is("one", "")
	is("", "")
}
