//go:build lab

package lab

import (
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

const (
	front = "front-blog.example.org"
	cert  = "cert-blog.example.org"

	killMariaDB = "kill -9 $(systemctl show -P MainPID mariadb)\n"
	badOption   = `printf '[mariadbd]\nno_such_option = 1\n' >/etc/mysql/mariadb.conf.d/99-bad.cnf` + "\n"
	goodOption  = "rm /etc/mysql/mariadb.conf.d/99-bad.cnf; systemctl start mariadb\n"
	// restored puts MariaDB and its data back as they were at first.
	restored = `systemctl stop mariadb
rm -rf /var/lib/mysql/*
cp -a /root/mysql/. /var/lib/mysql
systemctl reset-failed mariadb 2>/dev/null || true
systemctl start mariadb
`
)

var (
	start        = []chain.Verb{chain.Start}
	killAndStart = []chain.Verb{chain.Kill, chain.Start}
	// fallen is what a database takes with it.
	fallen = []string{"mariadb", "sql", front, "post"}
	unread = []string{"sql", front, "post"}
	// readers ask the database themselves, each in hours: what they claim is unproven while
	// it cannot be asked.
	readers = []string{"updates", "written-blog.example.org"}
)

func ofMariaDB() []fault {
	return []fault{{
		name: "MariaDB: kill -9", make: killMariaDB,
		link: "mariadb", cause: "killed", evidence: "SIGKILL", did: start,
	}, {
		name: "MariaDB: SIGTERM from outside", make: "kill $(systemctl show -P MainPID mariadb)",
		link: "mariadb", cause: "killed", evidence: "[Note]", did: start,
	}, {
		name: "MariaDB: SIGSTOP", make: "kill -STOP $(systemctl show -P MainPID mariadb)",
		link: "mariadb", cause: "hung", evidence: "state T", did: killAndStart,
	}, {
		name: "MariaDB: OOM by its cgroup", by: func(h *host) {
			pid := h.mainPID("mariadb")
			h.outside(`g=/sys/fs/cgroup/memory/omamori-lab
				mkdir -p $g/db; echo ` + pid + ` >$g/db/cgroup.procs; echo 30000000 >$g/db/memory.limit_in_bytes`)
		}, make: eatMemory,
		link: "mariadb", cause: "oom", evidence: "Memory cgroup out of memory: Killed process", did: start,
	}, {
		name: "MariaDB: OOM by the host", by: hostOutOfMemory,
		link: "mariadb", cause: "oom", evidence: "out of memory: Killed process", did: start, maybe: []string{"memory"},
	}, {
		name: "MariaDB: connections used up", make: `mariadb -e "SET GLOBAL max_connections = 30; CREATE USER IF NOT EXISTS greedy@localhost IDENTIFIED BY 'x'"
			systemd-run --quiet --unit=greedy --uid=owner php -r 'mysqli_report(0); for (;;) { $c[] = new mysqli("localhost", "greedy", "x"); usleep(10000); }'`,
		link: "sql", cause: "too_many_connections", evidence: "connections of php (pid", next: "kill ", broken: unread,
		undo: "systemctl stop greedy; mariadb -e 'SET GLOBAL max_connections = 151'",
		look: func(h *host, i guard.IncidentStatus) {
			if pid := h.mainPID("greedy"); !strings.Contains(i.Next, "kill "+pid) {
				h.Errorf("not %s: %s", pid, i.Next)
			}
		},
	}, {
		name: "MariaDB: password changed", make: `mariadb -e "ALTER USER blog@localhost IDENTIFIED BY 'other'"`,
		link: "sql", cause: "wrong_password", evidence: "error 1045", next: "config-blog.example.org.php", broken: unread,
		undo: `mariadb -e "ALTER USER blog@localhost IDENTIFIED BY 'secret'"`,
	}, {
		name: "MariaDB: wp_options gone", make: "mariadb blog -e 'RENAME TABLE wp_options TO gone'",
		link: "sql", cause: "missing_table", evidence: "error 1146", next: "wp_options", broken: unread,
		undo: "mariadb blog -e 'RENAME TABLE gone TO wp_options'",
	}, {
		name: "MariaDB: wp_posts damaged", asleep: true, make: `systemctl stop mariadb
			dd if=/dev/urandom of=/var/lib/mysql/blog/wp_posts.ibd bs=16k seek=3 count=4 conv=notrunc 2>/dev/null
			systemctl start mariadb`,
		link: "sql", cause: "crashed_table", evidence: "wp_posts", next: "wp_posts", broken: unread, undo: restored,
		look: func(h *host, _ guard.IncidentStatus) {
			if code := h.do("curl -s -o /dev/null -w '%{http_code}' https://blog.example.org/"); code != "200" {
				h.Errorf("the front page says %s: this was to be the lie", code)
			}
		},
	}, {
		name: "MariaDB: empty database", make: "mariadb -e 'DROP DATABASE blog; CREATE DATABASE blog'",
		link: "sql", cause: "empty_database", evidence: "SHOW TABLES", next: "backup", broken: unread, undo: restored,
	}, {
		name: "MariaDB: unknown option", make: badOption + killMariaDB,
		link: "mariadb", cause: "bad_config", evidence: "no_such_option", did: start, next: "mariadbd --verbose --help", broken: fallen,
		undo: goodOption,
	}, {
		name: "MariaDB: a second instance", make: killMariaDB + `systemd-run --quiet --unit=second --uid=mysql mariadbd --skip-networking --socket=/tmp/second.sock --pid-file=/tmp/second.pid`,
		link: "mariadb", cause: "second_instance", evidence: "Can't lock aria control file", did: start, next: "fuser -v /var/lib/mysql/aria_log_control", broken: fallen,
		undo: "systemctl stop second; systemctl start mariadb", maybe: []string{"fpm"},
	}, {
		name: "MariaDB: queries wait for a lock", make: "systemd-run --quiet --unit=locker mariadb blog -e 'LOCK TABLES wp_posts WRITE; SELECT SLEEP(600)'",
		link: "sql", cause: "locked", evidence: "PROCESSLIST", next: "KILL", broken: unread, maybe: []string{"fpm"},
		undo: "systemctl stop locker",
	}, {
		name: "MariaDB: stopped on purpose", make: "systemctl stop mariadb",
		link: "mariadb", cause: "stopped_on_purpose", evidence: "systemd: inactive", next: "systemctl start mariadb", broken: fallen,
		undo: "systemctl start mariadb",
		look: func(h *host, _ guard.IncidentStatus) {
			if state, _ := h.Do(h.Context(), "systemctl is-active mariadb"); strings.TrimSpace(state) != "inactive" {
				h.Errorf("it was fought over: %s", state)
			}
		},
	}}
}

// eatMemory has MariaDB hold 160 MB, until it is killed for that.
const eatMemory = `for v in a b c d e f g h i j; do echo "SET @$v = REPEAT('x', 16000000);"; done | mariadb || true`

// hostOutOfMemory has MariaDB hold more than it needs to start, leaves the host little
// more memory than it uses, and has a small program use that: the largest is killed, which
// is MariaDB, and what it held is enough for that program and for the next MariaDB.
func hostOutOfMemory(h *host) {
	const group = "g=/sys/fs/cgroup/memory/omamori-lab\n"
	h.do(`systemd-run --quiet --collect --unit=holder mariadb -e "SET @a = REPEAT('x', 16000000), @b = REPEAT('x', 16000000), @c = REPEAT('x', 16000000); SELECT SLEEP(600)"`)
	h.until("held", limit, `mariadb -NBe "SELECT STATE FROM information_schema.PROCESSLIST" | grep -q 'User sleep'`)
	// A host may lack the right to spare a process; to give one up takes none.
	h.do("echo 1000 >/proc/" + h.mainPID("mariadb") + "/oom_score_adj")
	defer h.outside(group + "echo -1 >$g/memory.limit_in_bytes")
	// What the host could give back it gives back first, so that little more is too much. It
	// ends with the first kill.
	h.outside(group + `kills() { find $g -name memory.oom_control -exec cat {} + | awk '$1 == "oom_kill" { n += $2 } END { print n }'; }
		was=$(kills)
		for try in 1 2 3 4 5; do
			echo 0 >$g/memory.force_empty || true
			echo $(($(cat $g/memory.usage_in_bytes) + 60000000)) >$g/memory.limit_in_bytes
			(echo 0 >$g/cgroup.procs; head -c 120000000 /dev/zero | tail -c 120000000 >/dev/null || true) &
			while [ "$(kills)" = "$was" ] && kill -0 $! 2>/dev/null; do :; done
			echo -1 >$g/memory.limit_in_bytes
			wait || true
			[ "$(kills)" = "$was" ] || exit 0
		done
		echo "nothing was killed"; cat $g/memory.stat; exit 1`)
}
