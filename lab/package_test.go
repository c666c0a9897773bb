//go:build lab

package lab

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/guard"
)

const answers = "curl -sf -o /dev/null https://blog.example.org/"

var debs = map[string]string{} // by version

// debOf builds the package, once.
func debOf(t *testing.T, version string) string {
	t.Helper()
	if deb, ok := debs[version]; ok {
		return deb
	}
	cmd := exec.Command("../packaging/deb/make", runtime.GOARCH, version)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("build the package: %v\n%s", err, &said)
	}
	debs[version] = filepath.Join("..", strings.TrimSpace(string(out)))
	return debs[version]
}

// install installs a package as its owner would, and gives what that printed.
func (h *host) install(deb string) string {
	h.Helper()
	h.put(deb, "/root/omamori.deb", 0o644)
	return h.do("DEBIAN_FRONTEND=noninteractive apt-get install -y --reinstall /root/omamori.deb 2>&1; rm /root/omamori.deb")
}

// everything is each file of the host with what tells it from another, and who has an
// account; without what others write all the time, and what apt notes.
const everything = `find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/tmp -o -path /run/systemd \
	-o -path /run/udev -o -path /run/log -o -path /var/log -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \
	-o -path /var/lib/mysql -o -path /var/lib/php -o -path /var/lib/systemd/catalog -o -path /etc/passwd- -o -path /etc/shadow- \
	-o -path /etc/group- -o -path /etc/gshadow- -o -path /etc/.pwd.lock -o -path /var/lib/systemd/timers \) -prune -o -printf '%y %m %u %g %p\n' | sort
	find /run -mindepth 1 -maxdepth 1 -printf '%y %m %u %g %p\n' | sort
	sort /etc/passwd /etc/group; cut -d: -f1 /etc/shadow /etc/gshadow | sort
	systemctl list-unit-files --no-legend --plain | sort; dpkg-query -W | sort`

// What the package does is tried on a server as its owner has it: a blog on Debian's own
// units, before, with, and after omamori.
func TestPackage(t *testing.T) {
	if out, err := exec.Command("lintian", "--allow-root", "--fail-on=error,warning", debOf(t, "0.0.1")).CombinedOutput(); err != nil {
		t.Errorf("lintian: %v\n%s", err, out)
	}
	h := bareHost(t)
	h.do(blog)
	before := h.do(everything)

	t.Log(h.install(debOf(t, "0.0.1")))
	h.reach("guarded by what it found itself", time.Minute, guarding)
	t.Run("hardened", func(t *testing.T) { hardened(h.sub(t)) })
	t.Run("documented", func(t *testing.T) {
		h := h.sub(t)
		h.do(`for f in man/man1/omamori.1.gz man/man5/omamori.yaml.5.gz man/man8/omamori-hands.8.gz man/ja/man1/omamori.1.gz man/ja/man5/omamori.yaml.5.gz \
			man/ja/man8/omamori-hands.8.gz bash-completion/completions/omamori zsh/vendor-completions/_omamori fish/vendor_completions.d/omamori.fish \
			doc/omamori/copyright doc/omamori/changelog.gz; do test -s /usr/share/$f; done`)
	})
	t.Run("mends", func(t *testing.T) {
		h := h.sub(t)
		had := len(h.status().Incidents)
		h.do("kill -9 " + h.mainPID("mariadb"))
		h.reach("mended", time.Minute, func(s guard.Status) bool {
			return len(s.Incidents) > had && s.Incidents[0].Cause == "killed" && s.Incidents[0].Ended != nil
		})
	})
	t.Run("tunes", func(t *testing.T) { tunes(h.sub(t)) })
	t.Run("restores", func(t *testing.T) { drilled(h.sub(t)) })
	t.Run("upgrade", func(t *testing.T) { upgraded(h.sub(t)) })
	t.Run("remove", func(t *testing.T) {
		h := h.sub(t)
		// SQLite's own two are folded into the journal when it is closed.
		const find = "find /var/lib/omamori -type f ! -name '*-wal' ! -name '*-shm' | sort"
		records := h.do(find)
		h.do("apt-get remove -y omamori 2>&1")
		h.do("test -s /etc/omamori/omamori.yaml && test -s /etc/omamori/hands.json && id omamori")
		if now := h.do(find); now != records || records == "" {
			t.Errorf("of the records\n%s\nthere are left\n%s", records, now)
		}
		if out := h.do("ps axo comm | grep -i omamori || true"); out != "" {
			t.Errorf("still running: %s", out)
		}
		h.do(answers)
		// Installed again, it goes on where it was.
		h.install(debOf(t, "0.0.2"))
		h.reach("guarded again", time.Minute, func(s guard.Status) bool { return guarding(s) && len(s.Incidents) > 0 })
		h.do("omamori journal verify")
	})
	t.Run("purge", func(t *testing.T) {
		h := h.sub(t)
		h.do("apt-get purge -y omamori 2>&1")
		h.same(before)
		h.do(answers)
	})
	t.Run("purge of what was removed", func(t *testing.T) {
		h := h.sub(t)
		h.install(debOf(t, "0.0.1"))
		h.do("apt-get remove -y omamori 2>&1; apt-get purge -y omamori 2>&1")
		h.same(before)
	})
}

// tunes: what the owner has set too large fits once it is tuned, by drop-ins of Debian's
// own services and units.
func tunes(h *host) {
	h.do(`printf '[mariadbd]\nmax_connections = 4000\n' >/etc/mysql/mariadb.conf.d/90-owner.cnf; systemctl restart mariadb`)
	h.reach("well with it", time.Minute, guarding)
	had := len(h.status().Incidents)
	h.Log(h.do("omamori --lang en site tune --dry-run"))
	h.Log(h.do("omamori --lang ja site tune --dry-run"))
	h.Log(h.do("omamori --lang en site tune --yes 2>&1"))
	for command, want := range map[string]string{
		"mariadb -NBe 'SELECT @@max_connections'":  "10",
		"systemctl show -P OOMScoreAdjust mariadb": "-600",
		"systemctl show -P Restart php8.2-fpm":     "on-abnormal",
		"systemctl show -P Restart nginx":          "on-abnormal",
		"ls /var/lib/omamori-hands":                "tuned.json",
	} {
		if got := h.do(command); got != want {
			h.Errorf("%s: %q, not %q", command, got, want)
		}
	}
	score := func(unit string) string { return h.do("cat /proc/" + h.mainPID(unit) + "/oom_score_adj") }
	// Where it lacks CAP_SYS_RESOURCE, systemd passes over its units' scores, ours too.
	if score("omamori") != "0" && score("mariadb") != "-600" {
		h.Errorf("mariadb's score is %s", score("mariadb"))
	}
	s := h.reach("well with it", time.Minute, guarding)
	if n := len(s.Incidents) - had; n > 0 {
		h.Errorf("%d incidents: %+v", n, s.Incidents[0])
	}
	h.do("omamori site tune --dry-run --json | grep -q '\"files\": \\[\\]'")
	h.do("rm /etc/mysql/mariadb.conf.d/90-owner.cnf")
}

// guarding: links are proved, the blog's goal holds, and nothing is wrong.
func guarding(s guard.Status) bool {
	for _, g := range s.Goals {
		if g.Verdict.String() != "holds" {
			continue
		}
		for _, i := range s.Incidents {
			if i.Ended == nil {
				return false
			}
		}
		return true
	}
	return false
}

// same compares the host with what it was, line by line.
func (h *host) same(before string) {
	h.Helper()
	was, is := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(before) {
		was[line] = true
	}
	for line := range strings.Lines(h.do(everything)) {
		if is[line] = true; !was[line] {
			h.Errorf("left behind: %s", line)
		}
	}
	for line := range was {
		if !is[line] {
			h.Errorf("gone: %s", line)
		}
	}
}

// upgraded: visitors notice nothing, no record is lost, and both programs are the new ones.
func upgraded(h *host) {
	deb := debOf(h.T, "0.0.2")
	// Where the guard is not asked, records are read from its folder.
	h.do(`systemd-run --quiet --unit=visitor sh -c 'while :; do curl -s -o /dev/null -m 5 -w "%{http_code}\n" https://blog.example.org/ >>/tmp/visits || echo none >>/tmp/visits; sleep 0.05; done'`)
	had := h.status()
	h.install(deb)
	now := h.reach("guarded by the new one", time.Minute, func(s guard.Status) bool {
		return guarding(s) && s.Guard.Version == "0.0.2"
	})
	h.do("systemctl stop visitor")
	if n := h.do("grep -vc '^200$' /tmp/visits || true"); n != "0" {
		h.Errorf("%s visits failed: %s", n, h.do("sort /tmp/visits | uniq -c"))
	}
	if len(now.Incidents) != len(had.Incidents) {
		h.Errorf("the upgrade made incidents: %+v", now.Incidents)
	}
	h.do("omamori journal verify")
	for _, unit := range []string{"omamori", "omamori-hands"} {
		if exe := h.do("readlink /proc/" + h.mainPID(unit) + "/exe"); strings.Contains(exe, "deleted") {
			h.Errorf("%s is still the old one: %s", unit, exe)
		}
	}
	h.do("rm /tmp/visits")
}
