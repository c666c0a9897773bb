package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// programs builds the play and what it plays with, as they are shipped.
func programs(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must run this as root")
		}
		t.Skip("makes networks of its own: needs root")
	}
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-o", dir, ".", "../../cmd/omamori", "../../cmd/omamori-hands", "../../cmd/omamori-aws", "../../cmd/omamori-knock")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return dir
}

// Each part is taken away once: in its place, and there alone, act two is as bad as act one.
func TestWeek(t *testing.T) {
	dir := programs(t)
	for _, c := range []struct{ broken, place, stuck string }{
		{"", "", ""},
		{"knock", "the worst case", "hears no knock"},
		{"vault", "the worst case", "no code"},
		{"mend", "mysqld", "still down"},
	} {
		t.Run("without "+c.broken, func(t *testing.T) {
			cmd := exec.Command(filepath.Join(dir, "week"), "-programs", dir, "-json", "-break", c.broken)
			var out, said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &said
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, &said)
			}
			var got outcome
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatalf("%v: %s\n%s", err, &out, &said)
			}
			if got.WeekS < 6*86400 || len(got.Rows) < 4 {
				t.Errorf("act one: %+v", got)
			}
			for _, r := range got.Rows {
				bad := c.place != "" && r.What == c.place
				if c.broken == "mend" && r.What == "the worst case" {
					bad = true // nobody can start mysqld then
				}
				if r.Good == bad || r.What == c.place && !strings.Contains(r.Would, c.stuck) {
					t.Errorf("%+v\n%s", r, &said)
				}
			}
			if saved := got.RescueS > 0; saved != (c.broken == "") || got.Acts > 3 {
				t.Errorf("rescued: %v by %d acts\n%s", saved, got.Acts, &said)
			}
		})
	}
}
