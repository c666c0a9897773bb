//go:build lab

package lab

const mustUse = "/var/lib/wordpress/wp-content/mu-plugins"

// plugin makes a plug-in that is always active; its undoing is unplug.
func plugin(code string) string {
	return "mkdir -p " + mustUse + "; cat >" + mustUse + "/bad.php <<'PHP'\n<?php\n" + code + "\nPHP"
}

const unplug = "rm -r " + mustUse

// stopWorkers stops those too that the pool starts in the place of stopped ones, once each
// second, until it has as many as it may.
const stopWorkers = `fpm=$(systemctl show -P MainPID php8.2-fpm)
for n in $(seq 40); do pkill -STOP -P $fpm || break; sleep 0.1; done`

func ofPHP() []fault {
	return []fault{{
		name: "PHP-FPM: dead", make: "systemctl kill --signal=KILL php8.2-fpm",
		link: "php", cause: "killed", evidence: "SIGKILL", did: start,
	}, {
		name: "PHP-FPM: its master alone dead", make: "kill -9 $(systemctl show -P MainPID php8.2-fpm)",
		link: "php", cause: "killed", evidence: "SIGKILL", did: start,
	}, {
		name: "PHP-FPM: all workers stopped", make: stopWorkers,
		link: "fpm", cause: "hung", evidence: "state T", did: killAndStart,
	}, {
		name: "PHP-FPM: all workers busy for ever", make: plugin("if (!defined('WP_CLI')) sleep(600);"),
		link: "fpm", cause: "pool_full", evidence: "pm.max_children", next: "pm.max_children", broken: []string{"fpm", front, "post"},
		undo: unplug + "; systemctl restart php8.2-fpm",
	}, {
		name: "PHP: a worker crashes each time", make: plugin("posix_kill(getmypid(), 11);"),
		link: front, cause: "crashed", evidence: "exited on signal 11", next: "wp-content/plugins", broken: []string{front, "post"}, undo: unplug,
	}, {
		name: "PHP: a plug-in's fatal error", make: plugin("no_such_function();"),
		link: front, cause: "php_fatal", evidence: "Call to undefined function", next: "mv " + mustUse + "/bad.php", broken: []string{front, "post"}, undo: unplug,
	}, {
		name: "PHP: memory limit", make: plugin("$all = []; while (true) $all[] = str_repeat('x', 1 << 20);"),
		link: front, cause: "memory_limit", evidence: "Allowed memory size", next: "WP_MEMORY_LIMIT", broken: []string{front, "post"}, undo: unplug,
	}}
}
