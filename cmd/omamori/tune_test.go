package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/hands"
)

// box is a control group with little memory, in which a site is as on a small server.
type box struct{ dir string }

func newBox(t *testing.T, limit int) *box {
	t.Helper()
	if os.Geteuid() != 0 {
		needRoot(t)
	}
	mount, file := "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
	if _, err := os.Stat(filepath.Join(mount, file)); err != nil {
		mount, file = "/sys/fs/cgroup", "memory.max"
	}
	dir, err := os.MkdirTemp(mount, "omamori-tune")
	if err != nil {
		t.Fatalf("a control group for memory: %v", err)
	}
	t.Cleanup(func() { // once the site is down
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			err := os.Remove(dir)
			if err == nil {
				return
			}
			if time.Now().After(end) {
				t.Error(err)
				return
			}
		}
	})
	if err := os.WriteFile(filepath.Join(dir, file), []byte(strconv.Itoa(limit)), 0); err != nil {
		t.Fatal(err)
	}
	return &box{dir}
}

// run runs a program in the box.
func (x *box) run(t *testing.T, argv ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command("/bin/sh", append([]string{"-c", `echo $$ >"$0/cgroup.procs" && exec "$@"`, x.dir}, argv...)...)
	var buf bytes.Buffer
	cmd.Stdout, cmd.Stderr = &buf, &buf
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return buf.String(), cmd.ProcessState.ExitCode()
}

// kills is how many processes in it the kernel has killed for memory.
func (x *box) kills(t *testing.T) int {
	t.Helper()
	for _, name := range []string{"memory.oom_control", "memory.events"} {
		b, err := os.ReadFile(filepath.Join(x.dir, name))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			if n, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok {
				kills, _ := strconv.Atoi(n)
				return kills
			}
		}
	}
	t.Fatal("nobody counts kills")
	return 0
}

// A server whose owner has set too much is killed for memory; tuned as advised, it takes
// the same load. A tuning with which the site does not run is undone.
func TestTune(t *testing.T) {
	t.Parallel()
	needRoot(t)
	x := newBox(t, 640<<20)
	b := &blog{t: t, bin: programs(t), dir: filepath.Join(open(t), "site"), state: filepath.Join(open(t), "state")}
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	b.url = "http://" + address + "/"
	omamori := filepath.Join(b.bin, "omamori")
	if out, code := x.run(t, omamori, "site", "up", b.dir, "--sample", "--address", address, "--guard-user", "nobody"); code != 0 {
		t.Fatalf("site up: exit %d\n%s", code, out)
	}
	t.Cleanup(func() {
		if out, code := b.omamori("site", "down", b.dir); code != 0 {
			t.Errorf("site down: exit %d\n%s", code, out)
		}
	})
	etc := filepath.Join(b.dir, "etc")
	write := func(path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(b.dir, "web/hog.php"), `<?php $s = str_repeat("x", 48 << 20); sleep(2); echo strlen($s);`)
	c, err := hands.Connect(t.Context(), filepath.Join(b.dir, "run/hands.sock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	set := func(children, connections int) {
		t.Helper()
		write(filepath.Join(etc, "php.d/50-owner.conf"), fmt.Sprintf("[site]\npm.max_children = %d\npm.start_servers = 20\npm.min_spare_servers = 20\npm.max_spare_servers = 30\n", children))
		write(filepath.Join(etc, "mariadb.d/50-owner.cnf"), fmt.Sprintf("[mariadbd]\ninnodb_buffer_pool_size = 400M\nmax_connections = %d\n", connections))
		for _, service := range []string{"mariadb", "php"} {
			if done, err := c.Do(t.Context(), chain.Deed{Verb: chain.Restart, Service: service}); err != nil || done.Error != "" {
				t.Fatalf("%+v %v", done, err)
			}
		}
	}
	set(40, 100)
	b.start()
	b.until("well", 60*time.Second, well)

	const visitors = 16
	load := func() (served int) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		for range visitors {
			wg.Go(func() {
				r, err := http.Get(b.url + "hog.php")
				if err != nil {
					return
				}
				defer r.Body.Close()
				body, _ := io.ReadAll(r.Body)
				mu.Lock()
				defer mu.Unlock()
				if r.StatusCode == http.StatusOK && string(body) == strconv.Itoa(48<<20) {
					served++
				}
			})
		}
		wg.Wait()
		return served
	}
	served := load()
	if x.kills(t) == 0 {
		t.Fatalf("the load (%d served) does not kill: it shows nothing", served)
	}
	t.Logf("as its owner had it: %d of %d served, %d killed", served, visitors, x.kills(t))
	b.until("well again", 2*time.Minute, well)
	if i := newest(b.status(), "oom"); i != nil && !strings.Contains(i.Next, "omamori site tune") { // it may have been a child of PHP
		t.Errorf("the next step is %q", i.Next)
	}

	tune := func(args ...string) (string, int) {
		return x.run(t, append([]string{omamori, "site", "tune", b.dir, "--state", b.state, "--lang", "en"}, args...)...)
	}
	before := files(t, etc)
	out, code := tune("--dry-run")
	if code != 0 || !strings.Contains(out, "With these lines it fits.") || files(t, etc) != before {
		t.Errorf("exit %d\n%s", code, out)
	}
	t.Log(out)
	var advice struct {
		Memory, Others, Planned, Now uint64
		Fits                         bool
	}
	if out, code = tune("--dry-run", "--json"); code != 0 || json.Unmarshal([]byte(out), &advice) != nil {
		t.Fatalf("exit %d\n%s", code, out)
	}
	if advice.Memory != 640<<20 || !advice.Fits || advice.Planned+advice.Others > advice.Memory || advice.Now <= advice.Memory {
		t.Errorf("%+v", advice)
	}

	// Asked by nobody who could say yes, nothing is done.
	if out, code = tune(); code != 1 || !strings.Contains(out, "nothing was changed") || files(t, etc) != before {
		t.Errorf("exit %d\n%s", code, out)
	}

	// With a line of the owner's that comes after ours, PHP-FPM does not start.
	last := filepath.Join(etc, "php.d/zzz-owner.conf")
	write(last, "[site]\npm.max_spare_servers = 40\n")
	before = files(t, etc)
	if out, code = tune("--yes"); code != 1 || !strings.Contains(out, "everything was put back: fpm does not hold with it: there is no socket") || files(t, etc) != before {
		t.Errorf("exit %d\n%s\n%s", code, out, files(t, etc))
	}
	t.Log(out)
	b.until("well as before", time.Minute, well)
	if err := os.Remove(last); err != nil {
		t.Fatal(err)
	}

	incidents := len(b.status().Incidents)
	if out, code = tune("--yes"); code != 0 || !strings.Contains(out, "they stay") {
		t.Fatalf("exit %d\n%s", code, out)
	}
	s := b.until("well", time.Minute, well)
	if n := len(s.Incidents) - incidents; n != 0 {
		t.Errorf("the tuning made %d incidents: %+v", n, s.Incidents[0])
	}
	if journal, _ := b.omamori("journal", "--lines", "60"); !strings.Contains(journal, "has mariadb, php tuned") || !strings.Contains(journal, "the tuning is proved, and stays") {
		t.Errorf("the journal does not tell of it:\n%s", journal)
	}
	had := x.kills(t)
	served = load()
	t.Logf("tuned: %d of %d served, %d killed", served, visitors, x.kills(t)-had)
	if served != visitors || x.kills(t) != had {
		t.Error("the same load still kills")
	}
	b.until("well", time.Minute, func(s guard.Status) bool { return well(s) })
	if out, code = tune("--dry-run"); code != 0 || !strings.Contains(out, "It fits as it is.") {
		t.Errorf("again: exit %d\n%s", code, out)
	}
}

// files are the contents of a folder's drop-ins.
func files(t *testing.T, etc string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(etc, "*.d", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, path := range all {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s:\n%s", path, content)
	}
	return b.String()
}
