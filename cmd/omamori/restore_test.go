package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
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
		c := exec.Command(bin, append([]string{"-c", filepath.Join(dir, "omamori.yaml"), "--state", filepath.Join(dir, "state"), "due", "restore", "--tmp", tmp}, args...)...)
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
