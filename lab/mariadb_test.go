//go:build lab

package lab

import "github.com/omamori-guard/omamori/chain"

const killMariaDB = "kill -9 $(systemctl show -P MainPID mariadb)\n"

var ofMariaDB = []fault{{
	name: "MariaDB: kill -9", make: killMariaDB,
	link: "mariadb", cause: "killed", evidence: "SIGKILL", did: []chain.Verb{chain.Start},
}, {
	name: "MariaDB: SIGTERM from outside", make: "kill $(systemctl show -P MainPID mariadb)",
	link: "mariadb", cause: "killed", evidence: "initiated by: unknown", did: []chain.Verb{chain.Start},
}, {
	name: "MariaDB: SIGSTOP", make: "kill -STOP $(systemctl show -P MainPID mariadb)",
	link: "mariadb", cause: "hung", evidence: "state T", did: []chain.Verb{chain.Kill, chain.Start},
}, {
	name: "MariaDB: password changed", make: `mariadb -e "ALTER USER blog@localhost IDENTIFIED BY 'other'"`,
	link: "sql", cause: "wrong_password", evidence: "error 1045", next: "config-blog.example.org.php",
	broken: []string{"sql", front}, undo: `mariadb -e "ALTER USER blog@localhost IDENTIFIED BY 'secret'"`,
}}

const front = "front-blog.example.org"
