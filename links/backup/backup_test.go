package backup

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/restore"
)

const whole = "CREATE TABLE wp_posts (ID int, post_status varchar(9), post_type varchar(9), post_date datetime, post_content longtext);\nINSERT INTO wp_posts VALUES (1, 'publish', 'post', '2026-01-01', 'x');\n-- Dump completed on 2026-11-28  4:00:01\n"

// place is a folder of dumps with its link.
type place struct {
	t   *testing.T
	dir string
	*Link
}

func newPlace(t *testing.T) place {
	t.Helper()
	dir := t.TempDir()
	p, err := build(settings{Files: dir + "/*.sql", Age: 2 * day, Drill: 90 * day, Whole: true, Restored: filepath.Join(dir, "note.json")}, chain.Place{Link: "dumps"})
	if err != nil {
		t.Fatal(err)
	}
	return place{t, dir, p.(*Link)}
}

func (p place) put(name, content string, age time.Duration) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		p.t.Fatal(err)
	}
	return path
}

func (p place) note(d Drilled) {
	p.t.Helper()
	b, err := json.Marshal(d)
	if err != nil {
		p.t.Fatal(err)
	}
	p.put("note.json", string(b), 0)
}

func (p place) expect(v chain.Verdict, cause string) chain.Proof {
	p.t.Helper()
	proof := probetest.Prove(p.Link, time.Minute)
	probetest.Expect(p.t, proof, v, cause)
	if v != chain.Holds && proof.Hint.IsZero() {
		p.t.Error("no hint")
	}
	return proof
}

func TestBackup(t *testing.T) {
	p := newPlace(t)
	p.expect(chain.Broken, "no_backup")
	p.put("a.sql", whole, 3*day)
	p.expect(chain.Broken, "too_old")
	p.put("b.sql", whole, day)
	p.expect(chain.Unproven, "") // it was never put back

	good := Drilled{Link: "dumps", At: time.Now().Add(-10 * day), Dump: "a.sql", Made: time.Now().Add(-11 * day), Result: restore.Result{Tables: 12, Rows: 3}}
	p.note(good)
	proof := p.expect(chain.Holds, "")
	if len(proof.Ends) != 1 || !proof.Ends[0].At.Equal(good.At.Add(90*day)) || !proof.At.IsZero() {
		t.Errorf("%+v", proof)
	}
	p.put("c.sql", whole[:len(whole)-45], 0)
	p.expect(chain.Broken, "not_whole")
	p.settings.Whole = false
	p.expect(chain.Holds, "")
	p.settings.Whole = true
	p.put("c.sql", whole[:50], 0)
	p.expect(chain.Broken, "shrunk")
	p.put("c.sql", "", 0)
	p.expect(chain.Broken, "shrunk")
	p.put("c.sql", "\x1f\x8b"+whole, 0)
	p.expect(chain.Broken, "unreadable")
	p.put("c.sql", whole+whole, 0)
	p.expect(chain.Holds, "")

	good.At = time.Now().Add(-91 * day)
	p.note(good)
	if proof := p.expect(chain.Unproven, ""); len(proof.Ends) != 1 {
		t.Errorf("%+v", proof)
	}
	good.At, good.Failed, good.Said = time.Now(), "load", "ERROR 1064 at line 5"
	p.note(good)
	if proof := p.expect(chain.Broken, "not_restorable"); len(proof.Evidence) != 1 {
		t.Errorf("%+v", proof)
	}
	for _, note := range []string{"", "{}", "garbage", `{"at":"2999-01-01T00:00:00Z","tables":9,"rows":9}`, `{"at":"2026-01-01T00:00:00Z","tables":9,"rows":0}`, `{"at":"2026-01-01T00:00:00Z","failed":"x"}`} {
		p.put("note.json", note, 0)
		p.expect(chain.Unproven, "")
	}
	if err := os.Mkdir(filepath.Join(p.dir, "z.sql"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.expect(chain.Unproven, "") // a folder is no dump
}

// TestDrill puts one back into a real MariaDB, and one that is cut.
func TestDrill(t *testing.T) {
	p := newPlace(t)
	o := restore.Options{Most: 1 << 30, Longest: 10 * time.Minute}
	if _, err := p.Restore(t.Context(), o); err != ErrNoDump {
		t.Error(err)
	}
	p.put("a.sql", whole, 0)
	d, err := p.Restore(t.Context(), o)
	if err != nil || d.Rows != 1 || d.Failed != "" {
		t.Fatalf("%+v, %v", d, err)
	}
	p.expect(chain.Holds, "")
	p.put("b.sql", whole[:100]+"\n-- Dump completed\n"+whole, 0)
	if d, err = p.Restore(t.Context(), o); err != nil || d.Failed != "load" || d.Said == "" {
		t.Fatalf("%+v, %v", d, err)
	}
	p.expect(chain.Broken, "not_restorable")
}

func TestSettings(t *testing.T) {
	good := settings{Files: "/b/*.sql", Age: day, Drill: day}
	for name, change := range map[string]func(*settings){
		"no files": func(s *settings) { s.Files = "" }, "a relative path": func(s *settings) { s.Files = "b/*.sql" }, "a bad pattern": func(s *settings) { s.Files = "/b/[" },
		"no age": func(s *settings) { s.Age = 0 }, "no drill": func(s *settings) { s.Drill = 0 }, "a strange table": func(s *settings) { s.Table = "a' OR 1" }, "a note nowhere": func(s *settings) { s.Restored = "note" },
	} {
		s := good
		change(&s)
		if _, err := build(s, chain.Place{}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	p, err := build(good, chain.Place{Link: "dumps"})
	if err != nil || p.(*Link).Note() != "/var/lib/omamori/restored-dumps.json" {
		t.Errorf("%+v, %v", p, err)
	}
}

// A drill is wanted before the last one counts no more, and again for a newer dump where one
// could not be put back.
func TestWanted(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name   string
		made   time.Duration // ago, of the newest dump; none if negative
		note   *Drilled
		wanted bool
	}{
		{"no dump", -1, nil, false},
		{"never", time.Hour, nil, true},
		{"lately", time.Hour, &Drilled{At: now.Add(-44 * day)}, false},
		{"half over", time.Hour, &Drilled{At: now.Add(-46 * day)}, true},
		{"failed, and the same", 30 * time.Hour, &Drilled{At: now.Add(-day), Made: now.Add(-30 * time.Hour), Failed: "load"}, false},
		{"failed, and a newer one", time.Hour, &Drilled{At: now.Add(-day), Made: now.Add(-30 * time.Hour), Failed: "load"}, true},
		{"of a time to come", time.Hour, &Drilled{At: now.Add(day)}, true},
	} {
		dir := t.TempDir()
		l := &Link{settings: settings{Files: filepath.Join(dir, "*.sql"), Drill: 90 * day, Restored: filepath.Join(dir, "note.json")}, name: "dumps"}
		if c.made >= 0 {
			path := filepath.Join(dir, "a.sql")
			if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, now.Add(-c.made), now.Add(-c.made)); err != nil {
				t.Fatal(err)
			}
		}
		if c.note != nil {
			c.note.Rows, c.note.Tables = 1, 1
			b, err := json.Marshal(c.note)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(l.settings.Restored, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := l.Wanted(now); got != c.wanted {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func FuzzNote(f *testing.F) {
	f.Add([]byte(`{"link":"a","at":"2026-11-28T00:00:00Z","tables":3,"rows":2,"took":5}`))
	f.Add([]byte(`{"at":"2026-11-28T00:00:00Z","failed":"load","said":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := parseNote(b); err == nil {
			d.Text()
		}
	})
}
