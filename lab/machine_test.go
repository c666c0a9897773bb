//go:build lab

package lab

// ofTheHost are the faults of the machine itself.
func ofTheHost() []fault {
	return []fault{{
		name: "host: inodes gone", make: noInodes,
		link: "room", cause: "no_inodes", evidence: "statfs ", next: "--inodes", broken: []string{"room"},
		undo: "mount -o remount,nr_inodes=100000 /var/lib/mysql; rm -r /var/lib/mysql/small",
	}, {
		name: "host: DNS gone", make: "sed -i /blog.example.org/d /etc/hosts",
		link: "post", cause: "dns", evidence: "lookup blog.example.org", next: "blog.example.org", broken: []string{"post"},
		undo: "echo 127.0.0.1 blog.example.org >>/etc/hosts",
	}, {
		name: "host: two faults at once", make: killMariaDB + "systemctl kill --signal=KILL nginx",
		link: "mariadb", cause: "killed", evidence: "SIGKILL", did: start, others: []string{"nginx"},
	}}
}

// noInodes fills a small file system with files that hold nothing.
const noInodes = `mount -o remount,nr_inodes=$(($(df --output=iused /var/lib/mysql | tail -n 1) + 100)) /var/lib/mysql
mkdir /var/lib/mysql/small; cd /var/lib/mysql/small; seq 300 | xargs touch 2>/dev/null || true`
