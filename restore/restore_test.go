package restore

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/site/sitetest"
)

func options(t *testing.T, dump string) Options {
	t.Helper()
	for _, name := range []string{"mariadbd", "mariadb-dump", "ionice", "prlimit"} {
		if _, err := exec.LookPath(name); err != nil {
			probetest.Needs(t, "Debian's packages mariadb-server and util-linux: "+err.Error())
		}
	}
	return Options{Dump: dump, Tmp: ownTmp(t), Most: 1 << 30, Longest: 10 * time.Minute}
}

// ownTmp is a folder of this test's alone, where others may go; other packages have drills
// at the same time. It is empty again when the test ends, and nothing runs in it.
func ownTmp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "omamori-own-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		if out, _ := exec.Command("pgrep", "-f", "mariadbd.*"+dir).Output(); len(out) > 0 {
			t.Errorf("still running: %s", out)
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// bench is a server that takes one dump after the other.
type bench struct{ *drill }

func newBench(t *testing.T) *bench {
	t.Helper()
	d := &drill{Options: options(t, "")}
	if err := d.makeDir(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(d.dir) })
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	halt, err := d.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(halt)
	return &bench{d}
}

// restore puts a dump into it that is as a new one is.
func (b *bench) restore(t *testing.T, dump, table string) (Result, error) {
	t.Helper()
	if _, err := b.ask(t.Context(), "DROP DATABASE restored; DROP DATABASE IF EXISTS wordpress; CREATE DATABASE restored"); err != nil {
		t.Fatal(err)
	}
	r, done, err := unpack(strings.NewReader(dump))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = done() }()
	b.Table, b.in = table, &counted{r: r}
	return b.run(t.Context())
}

// TestBlog puts a dump of a real blog back: plain, packed, of one database and of all.
func TestBlog(t *testing.T) {
	b := sitetest.Up(t)
	dump := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("mariadb-dump", append([]string{"--no-defaults", "-S", b.Socket(), "--single-transaction", "--routines", "--events"}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	one := dump("wordpress")
	var packed, packed2 bytes.Buffer
	z := gzip.NewWriter(&packed)
	z2, err := zstd.NewWriter(&packed2)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{z, z2} {
		if _, err := io.WriteString(w, one); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	bench := newBench(t)
	for name, content := range map[string]string{"one.sql": one, "one.sql.gz": packed.String(), "one.sql.zst": packed2.String(), "databases.sql": dump("--databases", "wordpress")} {
		path := write(t, name, content)
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := Whole(t.Context(), r); err != nil || n < int64(len(one)) {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if res, err := bench.restore(t, content, ""); err != nil || res.Rows != 1 || res.Tables < 10 || res.Newest != "2017-08-02" {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
	if res, err := bench.restore(t, one, "wp_options"); err != nil || res.Rows < 50 {
		t.Errorf("%+v, %v", res, err)
	}
	for name, c := range map[string]struct{ dump, code string }{
		"half of the file": {packed.String()[:packed.Len()/2], "unpack"},
		"half of it":       {one[:len(one)/2], "load"},
		"nothing in it":    {"CREATE TABLE a (b int);\n", "empty"},
		"no post":          {strings.ReplaceAll(one, "'publish'", "'draft'"), "empty"},
	} {
		_, err := bench.restore(t, c.dump, "")
		var f *Failure
		if !errors.As(err, &f) || f.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDo is the whole of it, once well and twice beyond its bounds.
func TestDo(t *testing.T) {
	confined := ""
	o := options(t, write(t, "d", posts))
	o.Confine = func(tmp string) error { confined = tmp; return nil }
	res, err := Do(t.Context(), o)
	if err != nil || res.Rows != 1 || res.Bytes != int64(len(posts)) || res.Took <= 0 || !strings.HasPrefix(confined, o.Tmp+"/omamori-restore-") {
		t.Errorf("%+v, %v, in %s", res, err, confined)
	}
	for code, change := range map[string]func(*Options){"too_large": func(o *Options) { o.Most = 20 << 20 }, "too_long": func(o *Options) { o.Longest = time.Second }} {
		o := options(t, o.Dump)
		change(&o)
		_, err := Do(t.Context(), o)
		var f *Failure
		if !errors.As(err, &f) || f.Code != code {
			t.Errorf("want %s: %v", code, err)
		}
	}
}

// posts are a dump of the least of a WordPress.
const posts = "CREATE TABLE wp_posts (ID int, post_status varchar(9), post_type varchar(9), post_date datetime, post_content longtext);\nINSERT INTO wp_posts VALUES (1, 'publish', 'post', '2026-01-01', 'x');\n"

// TestHostile: what a dump could do besides filling tables, it does not.
func TestHostile(t *testing.T) {
	if os.Geteuid() != 0 {
		probetest.Needs(t, "root: it runs as another user")
	}
	open := t.TempDir() // anybody may write here
	for dir := open; dir != "/tmp" && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	secret := filepath.Join(open, "secret")
	if err := os.WriteFile(secret, []byte("sesame\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	bench := newBench(t)
	if _, err := bench.restore(t, "INSERT INTO wp_users VALUES ('sesame');\nx", ""); err == nil || strings.Contains(err.Error(), "sesame") || strings.Contains(err.Error(), "wp_users") {
		t.Errorf("what is told of a statement: %v", err)
	}
	if res, err := bench.restore(t, posts, ""); err != nil || res.Rows != 1 {
		t.Fatalf("the honest part: %+v, %v", res, err)
	}
	hit := filepath.Join(open, "hit")
	for name, sql := range map[string]string{
		"a shell":            "\\! touch " + hit + "\n",
		"a shell, in words":  "system touch " + hit + "\n",
		"a file of ours":     "source " + secret + "\n",
		"tee":                "\\T " + hit + "\nSELECT 1;\n",
		"into outfile":       "SELECT 'x' INTO OUTFILE '" + hit + "';\n",
		"into dumpfile":      "SELECT 'x' INTO DUMPFILE '" + hit + "';\n",
		"a file":             "CREATE TABLE stolen (a text);\nLOAD DATA INFILE '" + secret + "' INTO TABLE stolen;\n",
		"a client's file":    "CREATE TABLE stolen (a text);\nLOAD DATA LOCAL INFILE '" + secret + "' INTO TABLE stolen;\n",
		"the log":            "SET GLOBAL general_log_file = '" + hit + "';\nSET GLOBAL general_log = 1;\n",
		"the slow log":       "SET GLOBAL slow_query_log_file = '" + hit + "';\n",
		"a plug-in":          "INSTALL SONAME 'server_audit';\n",
		"a function":         "CREATE FUNCTION sys_exec RETURNS int SONAME 'lib_mysqludf_sys.so';\n",
		"rights":             "GRANT ALL ON *.* TO drill@localhost;\n",
		"rights, by a table": "UPDATE mysql.global_priv SET Priv = '{\"access\": 18446744073709551615}' WHERE User = 'drill';\nFLUSH PRIVILEGES;\n",
		"a definer":          "DELIMITER ;;\nCREATE DEFINER=root@localhost PROCEDURE p() SQL SECURITY DEFINER BEGIN SET GLOBAL general_log_file = '" + hit + "'; SET GLOBAL general_log = 1; END ;;\nDELIMITER ;\nCALL p();\n",
		"another definer":    "DELIMITER ;;\nCREATE DEFINER=`mariadb.sys`@localhost PROCEDURE p() SQL SECURITY DEFINER BEGIN SET GLOBAL general_log_file = '" + hit + "'; SET GLOBAL general_log = 1; END ;;\nDELIMITER ;\nCALL p();\n",
		"a trigger":          "CREATE DEFINER=root@localhost TRIGGER t BEFORE INSERT ON wp_posts FOR EACH ROW SET @x = LOAD_FILE('" + secret + "');\nINSERT INTO wp_posts VALUES (2, 'publish', 'post', '2026-01-01', 'x');\n",
		"an end":             "SHUTDOWN;\n",
		"a view of it":       "DROP TABLE wp_posts;\nCREATE VIEW wp_posts AS SELECT 1 AS ID, 'publish' AS post_status, 'post' AS post_type, NOW() AS post_date, 'x' AS post_content;\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bench.restore(t, posts+sql, "")
			var f *Failure
			if !errors.As(err, &f) || f.Code != "load" && f.Code != "empty" {
				t.Errorf("%v", err)
			}
			if _, err := os.Stat(hit); err == nil {
				t.Error("it wrote a file")
			}
		})
	}
	// What is only strange goes through, and still does nothing.
	for name, sql := range map[string]string{
		"a file's content":   "INSERT INTO wp_posts VALUES (2, 'publish', 'post', '2026-01-01', LOAD_FILE('" + secret + "'));\n",
		"a folder of data":   "CREATE TABLE far (a int) ENGINE=MyISAM DATA DIRECTORY='" + open + "';\n",
		"an event":           "CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO wp_posts (ID) VALUES (9);\n",
		"the sandbox's sign": "/*M!999999\\- enable the sandbox mode */ \n",
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "the sandbox") { // it stands first
				sql += posts
			} else {
				sql = posts + sql
			}
			if _, err := bench.restore(t, sql, ""); err != nil {
				t.Error(err)
			}
			if stolen, err := bench.ask(t.Context(), "SELECT COUNT(*) FROM restored.wp_posts WHERE post_content LIKE '%sesame%'"); err != nil || stolen[0] != "0" {
				t.Errorf("it read a file: %q, %v", stolen, err)
			}
			if left, _ := filepath.Glob(open + "/far*"); len(left) > 0 {
				t.Errorf("it wrote %q", left)
			}
		})
	}
}

// A drill that is given up leaves nothing, and is no failure of the dump.
func TestGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t, write(t, "d", "SELECT 1;\n"))
	o.Confine = func(string) error { cancel(); return nil }
	_, err := Do(ctx, o)
	var f *Failure
	if err == nil || errors.As(err, &f) {
		t.Errorf("%v", err)
	}
	for _, path := range []string{"/nonexistent", t.TempDir()} {
		if _, err := Do(t.Context(), options(t, path)); err == nil || errors.As(err, &f) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestWhole(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"whole":        {"-- MariaDB dump\nSELECT 1;\n-- Dump completed on 2026-11-28  4:00:01\n", nil},
		"without date": {"SELECT 1;\n-- Dump completed\n\n", nil},
		"cut":          {"-- MariaDB dump\nSELECT 1;\n", ErrNotWhole},
		"in a value":   {"INSERT INTO a VALUES ('\n-- Dump completed', 1);\n", ErrNotWhole},
		"nothing":      {"", ErrNotWhole},
		"long":         {strings.Repeat("SELECT 1;\n", 1<<16) + "-- Dump completed on 2026-11-28  4:00:01\n", nil},
	} {
		if _, err := Whole(t.Context(), strings.NewReader(c.text)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Whole(ctx, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzUnpack(f *testing.F) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte("-- Dump completed"))
	_ = z.Close()
	f.Add(b.Bytes())
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x01, 0x09, 0x00, 0x00, 0x61})
	f.Add([]byte("SELECT 1;"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, done, err := unpack(bytes.NewReader(b))
		if err != nil {
			return
		}
		_, _ = Whole(t.Context(), io.LimitReader(r, 1<<20))
		_ = done()
	})
}

// What ended a server is told, not that it ended.
func TestWhy(t *testing.T) {
	var said tail
	if said.why() != "" {
		t.Errorf("%q of nothing", said.why())
	}
	for _, line := range []string{"[Note] begins", "[ERROR] no such file", "[ERROR] Aborting"} {
		said.Write([]byte(line + "\n")) //nolint:errcheck // it cannot fail
	}
	if got := said.why(); got != "[ERROR] no such file" {
		t.Error(got)
	}
}
