package site

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// upEnv has the test program bring a site up, as a process of its own that can be
// killed. It says each step by its key, and goes on when it is sent a line.
const upEnv = "OMAMORI_TEST_UP"

func TestMain(m *testing.M) {
	env, ok := os.LookupEnv(upEnv)
	if !ok {
		os.Exit(m.Run())
	}
	var w wanted
	if err := json.Unmarshal([]byte(env), &w); err != nil {
		panic(err)
	}
	o := w.options()
	in := bufio.NewReader(os.Stdin)
	o.Progress = func(step chain.Text) {
		fmt.Println(stepName(step))
		if _, err := in.ReadString('\n'); err != nil {
			os.Exit(3)
		}
	}
	if _, err := Up(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// wanted is a site that the tests bring up.
type wanted struct{ Dir, Address, Lang, Title, Hands string }

func (w wanted) options() Options {
	return Options{Dir: w.Dir, Address: w.Address, Lang: w.Lang, Title: w.Title, Sample: true, GuardUser: "nobody", HandsBinary: w.Hands}
}

// stepName is "start mariadb" for the step that starts MariaDB.
func stepName(step chain.Text) string {
	key, args := step.Message()
	return strings.TrimSpace(strings.TrimPrefix(key, "site.step_") + " " + args["service"])
}

// needRoot skips a test that only root can run; CI is root.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("CI must run this as root")
	}
	t.Skip("starts servers as other users: needs root")
}

// buildHands builds the real omamori-hands.
func buildHands(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(openDir(t), "omamori-hands")
	if out, err := exec.Command("go", "build", "-o", bin, "../cmd/omamori-hands").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// process is one that belongs to a site: its folder stands in the command line.
type process struct {
	pid  int
	name string
}

func processes(t *testing.T, dir string) (all []process) {
	t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		line, err := os.ReadFile(path)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && bytes.Contains(line, []byte(dir+"/")) && pid != os.Getpid() {
			all = append(all, process{pid, strings.ReplaceAll(string(line), "\x00", " ")})
		}
	}
	return all
}

// daemons are the processes of a site that stay: PHP's and nginx's children come and go.
func daemons(t *testing.T, l layout) map[string]int {
	t.Helper()
	all := map[string]int{"hands": listener(t.Context(), l.handsSocket())}
	for name, path := range map[string]string{"mariadb": l.at("run", "mariadb", "mariadb.pid"), "php": l.at("run", "php.pid"), "nginx": l.at("run", "nginx.pid")} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if all[name], err = strconv.Atoi(strings.TrimSpace(string(b))); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// down stops a site and checks that nothing of it is left running.
func down(t *testing.T, dir string) {
	t.Helper()
	if err := Down(context.Background(), dir); err != nil {
		t.Error(err)
	}
	if left := processes(t, dir); len(left) > 0 {
		t.Errorf("still running after Down: %v", left)
	}
}

// try brings a site up, which must work.
func try(t *testing.T, o Options) *Info {
	t.Helper()
	info, err := Up(t.Context(), o)
	if err != nil {
		if p, ok := errors.AsType[*Problem](err); ok {
			_, hint := p.Said()
			t.Log(hint)
		}
		t.Fatal(err)
	}
	return info
}

// there reports whether a file of that pattern is there.
func there(pattern ...string) func(dir string) bool {
	return func(dir string) bool {
		found, err := filepath.Glob(filepath.Join(append([]string{dir}, pattern...)...))
		return err == nil && len(found) > 0
	}
}

// killPoints are moments in the middle of each step: the step, and what must be so.
var killPoints = []struct {
	step string
	when func(dir string) bool
}{
	{"files", func(string) bool { return true }},
	{"files", there("web", "wp-config.php")},
	{"database", there("db.new*", "ibdata1")},
	{"start mariadb", there("log", "mariadb.log")},
	{"start php", there("run", "php.sock")},
	{"start nginx", there("run", "nginx.pid")},
	{"wordpress", there("db", "wordpress", "wp_options.frm")},
	{"wordpress", func(dir string) bool {
		b, err := os.ReadFile(filepath.Join(dir, "site.json"))
		return err == nil && bytes.Contains(b, []byte(`"installed": true`))
	}},
	{"look", func(string) bool { return true }},
}

// killUp brings a site up in a process of its own and kills that in the middle of a
// step. It fails where the step is never reached.
func killUp(t *testing.T, w wanted, step string, when func(dir string) bool) {
	t.Helper()
	env, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), upEnv+"="+string(env))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	defer end()
	var steps []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		steps = append(steps, lines.Text())
		if _, err := io.WriteString(in, "\n"); err != nil {
			end()
			t.Fatalf("%v after %v: %s", err, steps, said.String())
		}
		if lines.Text() != step {
			continue
		}
		deadline := time.Now().Add(time.Minute)
		for !when(w.Dir) {
			if time.Now().After(deadline) {
				t.Fatalf("in the midst of %s: it does not come so far", step)
			}
			time.Sleep(time.Millisecond)
		}
		return
	}
	end()
	t.Fatalf("%s is never reached, only %v: %s", step, steps, said.String())
}

// TestSites brings up two sites of the real packages: a Japanese one that is killed in
// every step, and an English one that is cancelled in some.
func TestSites(t *testing.T) {
	needRoot(t)
	hands, dir := buildHands(t), openDir(t)
	japanese := wanted{Dir: filepath.Join(dir, "ja"), Address: freeAddress(t), Lang: "ja", Hands: hands}
	ja := japanese.options()
	en := wanted{Dir: filepath.Join(dir, "my+blog@home"), Address: freeAddress(t), Title: `The "blog" & <more> it's`, Hands: hands}.options()
	for _, o := range []Options{ja, en} {
		t.Cleanup(func() {
			if there("site.json")(o.Dir) {
				down(t, o.Dir)
			}
		})
	}
	t.Run("killed in each step", func(t *testing.T) {
		for _, p := range killPoints {
			killUp(t, japanese, p.step, p.when)
		}
		info := try(t, ja)
		if want := "http://" + ja.Address + "/2017/08/02/diary20170802/"; info.PostURL != want {
			t.Errorf("the article is at %q, want %s", info.PostURL, want)
		}
		if left := there("db.new*"); left(ja.Dir) {
			t.Error("an interrupted database was left behind")
		}
		if left := there(".*.*"); left(ja.Dir) {
			t.Error("half-written files were left behind")
		}
	})
	t.Run("cancelled in some", func(t *testing.T) {
		for _, step := range []string{"files", "database", "start php", "wordpress"} {
			ctx, cancel := context.WithCancel(t.Context())
			o := en
			o.Progress = func(now chain.Text) {
				if stepName(now) == step {
					cancel()
				}
			}
			if _, err := Up(ctx, o); !errors.Is(err, context.Canceled) {
				t.Errorf("in %s: got %v, want that it was cancelled", step, err)
			}
			cancel()
			for _, p := range processes(t, en.Dir) {
				if strings.Contains(p.name, "install-db") || strings.Contains(p.name, "--bootstrap") || strings.Contains(p.name, "prepend.php") {
					t.Errorf("in %s: goes on after Up: %v", step, p)
				}
			}
		}
		try(t, en)
	})
	if t.Failed() {
		t.FailNow()
	}
	t.Run("Japanese", func(t *testing.T) { testJapanese(t, newVisitor(t, ja.Address)) })
	t.Run("English", func(t *testing.T) { testArticle(t, newVisitor(t, en.Address)) })
	t.Run("comments", func(t *testing.T) { testComments(t, newVisitor(t, en.Address)) })
	t.Run("trackback", func(t *testing.T) { testTrackback(t, newVisitor(t, ja.Address)) })
	t.Run("REST", func(t *testing.T) { testREST(t, newVisitor(t, en.Address).as(t, en.Dir)) })
	t.Run("wp-cron", func(t *testing.T) { testCron(t, newVisitor(t, en.Address).as(t, en.Dir), en.Dir) })
	t.Run("nothing private", func(t *testing.T) { testPrivate(t, newVisitor(t, en.Address)) })
	t.Run("twice changes nothing", func(t *testing.T) { testTwice(t, en) })
	t.Run("refusals", func(t *testing.T) { testRefusals(t, en, ja) })
	t.Run("moves", func(t *testing.T) { en.Address = testMove(t, en) })
	t.Run("keeps its owner's omamori.yaml", func(t *testing.T) { testOwnersFile(t, en) })
	t.Run("down", func(t *testing.T) {
		before := daemons(t, layout{ja.Dir})
		down(t, en.Dir)
		down(t, en.Dir) // again is no error
		if after := daemons(t, layout{ja.Dir}); !mapsEqual(before, after) {
			t.Errorf("the other site's processes were %v and are %v", before, after)
		}
		newVisitor(t, ja.Address).get("/", 200)
		// Where hands itself has died, what it ran is stopped all the same.
		kill(t, before["hands"])
		down(t, ja.Dir)
	})
}

func mapsEqual(a, b map[string]int) bool {
	for k := range a {
		if a[k] != b[k] || a[k] == 0 {
			return false
		}
	}
	return len(a) == len(b)
}

func kill(t *testing.T, pid int) {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Kill()
	}
	if err == nil {
		_, _ = p.Wait() // of ours or not
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fileOf is all that can be seen of a file but its inode's times.
type fileOf struct {
	mode    os.FileMode
	owner   string
	size    int64
	changed time.Time
	inode   uint64
}

// snapshot looks at all that Up has written: what the daemons write themselves, and
// sockets, are left out.
func snapshot(t *testing.T, dir string) map[string]fileOf {
	t.Helper()
	all := map[string]fileOf{}
	err := filepath.Walk(dir, func(path string, st os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, dir)
		if slices.Contains([]string{"/db", "/log", "/tmp", "/run"}, name) {
			return filepath.SkipDir
		}
		sys := statOf(st)
		all[name] = fileOf{st.Mode(), fmt.Sprintf("%d:%d", sys.Uid, sys.Gid), st.Size(), st.ModTime(), sys.Ino}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
