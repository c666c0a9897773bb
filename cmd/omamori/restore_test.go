package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/probe/probetest"
)

// TestRestore has the real program, confined as it confines itself, put a dump back, and
// one that would rather do something else.
func TestRestore(t *testing.T) {
	if os.Geteuid() != 0 {
		probetest.Needs(t, "root: it runs MariaDB as another user")
	}
	bin := filepath.Join(programs(t), "omamori")
	dir := t.TempDir()
	put := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("omamori.yaml", "links:\n  dumps: {kind: backup, files: "+dir+"/*.sql, restored: "+dir+"/note/note.json}\ngoals:\n  back: {title: the posts can be put back, ways: {one: [dumps]}}\n")
	if err := os.Mkdir(filepath.Join(dir, "note"), 0o755); err != nil {
		t.Fatal(err)
	}
	tmp, err := os.MkdirTemp("/var/tmp", "omamori-test-") // where others may go
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(tmp) })
	if err := os.Chmod(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	run := func(code int, args ...string) string {
		t.Helper()
		// As the package's unit has it: only root may read what it writes.
		c := exec.Command("sh", append([]string{"-c", `umask 077; exec "$@"`, "sh", bin, "-c", filepath.Join(dir, "omamori.yaml"), "--state", filepath.Join(dir, "state"), "due", "restore", "--tmp", tmp}, args...)...)
		out, err := c.CombinedOutput()
		if got := c.ProcessState.ExitCode(); got != code {
			t.Fatalf("%q: %d, %v: %s", args, got, err, out)
		}
		return string(out)
	}
	if out := run(1); !strings.Contains(out, "no dump") {
		t.Errorf("without a dump: %s", out)
	}
	if out := run(2, "other"); !strings.Contains(out, "LINK") {
		t.Errorf("another link: %s", out)
	}
	const posts = "CREATE TABLE wp_posts (ID int, post_status varchar(9), post_type varchar(9), post_date datetime, post_content longtext);\nINSERT INTO wp_posts VALUES (1, 'publish', 'post', '2026-01-01', 'x');\n"
	put("a.sql", posts+"-- Dump completed\n")
	var note struct {
		Rows   int
		Failed string
	}
	if err := json.Unmarshal([]byte(run(0, "--json")), &note); err != nil || note.Rows != 1 {
		t.Errorf("%+v, %v", note, err)
	}
	if out := run(0, "--wanted"); !strings.Contains(out, "no backup wants to be tried") {
		t.Errorf("tried a moment ago, and wanted: %s", out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "note", "note.json"))
	if err != nil || !strings.Contains(string(b), `"rows": 1`) {
		t.Errorf("noted %s, %v", b, err)
	}
	put("a.sql", posts+"SELECT 1 INTO OUTFILE '"+dir+"/x';\n-- Dump completed\n")
	if out := run(1, "--lang", "ja"); !strings.Contains(out, "復元できませんでした") {
		t.Errorf("a hostile dump: %s", out)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// systemd takes the units of the drill, and finds it hardened: at most 2.5 of 10, though it is
// root's.
func TestRestoreUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		probetest.Needs(t, "systemd-analyze")
	}
	dir := t.TempDir()
	var units []string
	for _, name := range []string{"omamori-restore.service", "omamori-restore.timer"} {
		text, err := os.ReadFile("../../packaging/systemd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		text = regexp.MustCompile(`=/usr/bin/omamori`).ReplaceAll(text, []byte("=/bin/true"))
		units = append(units, filepath.Join(dir, name))
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, units...)...)
	verify.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	if out, err := verify.CombinedOutput(); err != nil || strings.Contains(string(out), dir) {
		t.Errorf("verify: %v\n%s", err, out)
	}
	if out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=25", units[0]).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
