//go:build lab

package lab

import "github.com/omamori-guard/omamori/guard"

// fill leaves nothing of the file system of a folder.
func fill(dir string) string {
	return "fallocate -l $(df --output=avail -B1 " + dir + " | tail -n 1) " + dir + "/filler\n"
}

// ofItsDisk are the faults of MariaDB's files and of what they are on.
func ofItsDisk() []fault {
	return []fault{{
		name: "MariaDB: disk full while it runs", make: `mariadb blog -e 'CREATE TABLE big (b LONGBLOB)'
			` + fill("/var/lib/mysql") + `for n in 1 2 3; do mariadb blog -e "INSERT INTO big VALUES (REPEAT('x', 15000000))" || true; done`,
		link: "room", cause: "disk_full", evidence: "statfs ", next: "du -", broken: []string{"room"}, maybe: fallen,
		undo: "rm -f /var/lib/mysql/filler\n" + restored,
	}, {
		name: "MariaDB: disk full at start", asleep: true, make: endedInOrder + fill("/var/lib/mysql") + "! systemctl start mariadb 2>/dev/null",
		link: "room", cause: "disk_full", evidence: "statfs ", next: "du -", broken: append(fallen, "room"),
		undo: "rm /var/lib/mysql/filler", after: start,
	}, {
		name: "MariaDB: redo log damaged", make: "dd if=/dev/urandom of=/var/lib/mysql/ib_logfile0 bs=512 count=24 conv=notrunc 2>/dev/null\n" + killMariaDB,
		link: "mariadb", cause: "corrupt", evidence: "InnoDB", did: start, next: "cp -a /var/lib/mysql", broken: fallen, undo: restored,
	}, {
		name: "MariaDB: tablespace damaged", make: "dd if=/dev/urandom of=/var/lib/mysql/ibdata1 bs=16k count=8 conv=notrunc 2>/dev/null\n" + killMariaDB,
		link: "mariadb", cause: "corrupt", evidence: "InnoDB", did: start, next: "cp -a /var/lib/mysql", broken: fallen, undo: restored,
	}, {
		name: "MariaDB: wrong owner of its data", make: "chown -R root:root /var/lib/mysql\n" + killMariaDB,
		link: "mariadb", cause: "wrong_owner", evidence: "Errcode: 13", did: start, next: "chown -R mysql:mysql /var/lib/mysql", broken: fallen,
		undo: "chown -R mysql:mysql /var/lib/mysql; systemctl start mariadb",
	}, {
		name: "MariaDB: read-only file system", asleep: true, make: killMariaDB + "for n in $(seq 200); do ! mount -o remount,ro /var/lib/mysql 2>/dev/null || break; done",
		link: "room", cause: "read_only_disk", evidence: "statfs ", next: "dmesg", broken: append(fallen, "room"),
		undo: "mount -o remount,rw /var/lib/mysql", after: start, look: startFailed,
	}, {
		name: "MariaDB: a very long recovery", by: slowRecovery,
		link: "mariadb", cause: "killed", evidence: "SIGKILL", did: start, maybe: []string{"fpm"},
	}}
}

// endedInOrder leaves MariaDB without the temporary files that it makes at each start.
const endedInOrder = "kill $(systemctl show -P MainPID mariadb)\nuntil systemctl show -P ActiveState mariadb | grep -q inactive; do sleep 0.1; done\n"

// startFailed waits until systemd, too, has tried to start it and will not again: what
// starts it after that is omamori.
func startFailed(h *host, _ guard.IncidentStatus) {
	h.until("failed", limit, "systemctl is-failed --quiet mariadb")
}

// slowRecovery kills MariaDB with much to redo, and gives the next one a fiftieth of a
// processor until it has done with it.
func slowRecovery(h *host) {
	h.do(`mariadb blog -e 'CREATE TABLE big (b LONGBLOB)'
		for n in 1 2 3 4; do mariadb blog -e "INSERT INTO big VALUES (REPEAT('x', 15000000))"; done`)
	old := h.mainPID("mariadb")
	h.outside(`c=/sys/fs/cgroup/cpu/omamori-lab/slow
		mkdir -p $c; echo 100000 >$c/cpu.cfs_period_us; echo 3000 >$c/cpu.cfs_quota_us
		kill -9 ` + old + `
		until new=$(pgrep -x mariadbd | grep -vx ` + old + `); do :; done
		echo $new >$c/cgroup.procs`)
}
