//go:build lab && figures

package lab

import (
	"cmp"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var runs = flag.Int("n", 10, "runs of each, of which the median is shown")

const (
	mostWithout = 30 * time.Second // who has not mended it by then has not
	backFor     = time.Second      // it is mended when visitors were served for so long
	hopeless    = 3                // who has never mended it in so many runs is not asked again
)

// monitrc is as monit's manual has MariaDB, nginx and PHP-FPM watched; its cycle is 5 s,
// where Debian's is 120.
const monitrc = `set daemon 5
set idfile /run/monit.id
set statefile /run/monit.state
set pidfile /run/monit.pid
check process mariadb with pidfile /run/mysqld/mysqld.pid
  start program = "/usr/bin/systemctl start mariadb"
  stop program = "/usr/bin/systemctl stop mariadb"
  if failed unixsocket /run/mysqld/mysqld.sock protocol mysql then restart
check process nginx with pidfile /run/nginx.pid
  start program = "/usr/bin/systemctl start nginx"
  stop program = "/usr/bin/systemctl stop nginx"
  if failed host 127.0.0.1 port 80 protocol http with timeout 5 seconds then restart
check process php with pidfile /run/php/php8.2-fpm.pid
  start program = "/usr/bin/systemctl start php8.2-fpm"
  stop program = "/usr/bin/systemctl stop php8.2-fpm"
  if failed unixsocket /run/php/php8.2-fpm.sock with timeout 5 seconds then restart
`

// allUp makes the three services run, whatever has become of them.
const allUp = `systemctl kill --signal=KILL mariadb php8.2-fpm nginx 2>/dev/null || true
systemctl reset-failed mariadb php8.2-fpm nginx 2>/dev/null || true
systemctl restart mariadb php8.2-fpm nginx
` + knownPostServed

// figures of one keeper and one fault.
type figures struct {
	without      []time.Duration
	mended       int
	named, worse int
}

// TestFigures measures how long visitors are without the blog by each who may look after
// it, and what they do where nothing can be mended by a restart.
func TestFigures(t *testing.T) {
	h := newBlog(t)
	h.do("systemctl stop omamori")
	h.put("/usr/bin/monit", "/usr/local/bin/monit", 0o755)
	if err := h.Write("/etc/monitrc", []byte(monitrc), 0o600); err != nil {
		t.Fatal(err)
	}
	keepers := []struct{ name, begin, end string }{
		{"systemd alone", "true", "true"},
		{"monit", "systemd-run --quiet --unit=monit monit -I -c /etc/monitrc; sleep 6", "systemctl stop monit"},
		{"omamori", "rm -rf /var/lib/omamori/*; systemctl start omamori", "systemctl stop omamori omamori-hands"},
	}
	all := map[string][]figures{}
	var names []string
	for _, f := range slices.Concat(ofMariaDB(), ofItsDisk(), ofPHP(), ofServers()) {
		told := f.next != ""
		if told && !slices.Contains(harmful, f.name) || !told && !slices.Contains(restartable, f.name) {
			continue
		}
		names = append(names, f.name)
		of := make([]figures, len(keepers))
		for range *runs {
			for n, k := range keepers { // in turns, so that a slow moment meets all alike
				if len(of[n].without) == hopeless && of[n].mended == 0 {
					continue
				}
				h.do(k.begin)
				if k.name == "omamori" {
					h.reach("well", time.Minute, well)
				}
				h.measure(f, &of[n], k.name == "omamori")
				t.Logf("%s, %s: %v", f.name, k.name, of[n])
				h.do(k.end)
				_, _ = h.Do(h.Context(), f.undo) //nolint:errcheck // it may have been undone
				h.do(allUp)
			}
			if told {
				break // once is enough to see what is done
			}
		}
		all[f.name] = of
	}
	fmt.Printf("\n| fault | %s | %s | %s | omamori named it |\n|---|---|---|---|---|\n", keepers[0].name, keepers[1].name, keepers[2].name)
	for _, name := range names {
		fmt.Printf("| %s |", name)
		for _, f := range all[name] {
			fmt.Printf(" %s |", f)
		}
		fmt.Printf(" %d of %d |\n", all[name][2].named, len(all[name][2].without))
	}
}

// restartable are the faults that a restart mends and that visitors notice.
var restartable = []string{"MariaDB: kill -9", "MariaDB: SIGTERM from outside", "MariaDB: SIGSTOP", "MariaDB: OOM by its cgroup",
	"PHP-FPM: dead", "PHP-FPM: its master alone dead", "PHP-FPM: all workers stopped", "nginx: dead"}

// harmful are those that it does not, and may make worse.
var harmful = []string{"MariaDB: connections used up", "MariaDB: redo log damaged", "MariaDB: disk full at start", "MariaDB: unknown option",
	"MariaDB: queries wait for a lock"}

func (f figures) String() string {
	if f.mended == 0 {
		if f.worse > 0 {
			return fmt.Sprintf("not mended, %d starts", f.worse)
		}
		return fmt.Sprintf("not within %v, %d times", mostWithout, len(f.without))
	}
	s := slices.SortedFunc(slices.Values(f.without), cmp.Compare)
	out := s[len(s)/2].Round(10 * time.Millisecond).String()
	if f.mended < len(f.without) {
		out += fmt.Sprintf(" (%d of %d mended)", f.mended, len(f.without))
	}
	return out
}

// measure makes a fault once and takes down what came of it.
func (h *host) measure(f fault, to *figures, asked bool) {
	h.Helper()
	since := strings.TrimSpace(h.do("date +%s"))
	v := h.visit()
	if f.by != nil {
		f.by(h)
	}
	h.do(f.make)
	back := v.until(mostWithout)
	without := v.end()
	if back {
		to.mended++
	} else {
		without = mostWithout
	}
	to.without = append(to.without, without)
	if asked {
		for _, i := range h.status().Incidents {
			if i.Link == f.link && i.Cause == f.cause {
				to.named++
				break
			}
		}
	}
	if f.next != "" {
		to.worse, _ = number(h.do(`journalctl --quiet -u mariadb --since=@` + since + ` | grep -c 'Starting MariaDB .* source revision' || true`))
	}
}

func number(s string) (n int, err error) {
	_, err = fmt.Sscan(s, &n)
	return n, err
}

// until waits until visitors are served again, and reports whether they are.
func (v *visitors) until(limit time.Duration) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(visitBeat) {
		v.mu.Lock()
		back := !v.first.IsZero() && !v.back.IsZero() && time.Since(v.back) > backFor
		v.mu.Unlock()
		if back {
			return true
		}
	}
	return false
}
