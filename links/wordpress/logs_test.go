package wordpress

import (
	"path"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// The lines are as Debian's nginx and PHP-FPM wrote them.
func TestPlan(t *testing.T) {
	const (
		plug  = "/var/lib/wordpress/wp-content/plugins/bad/inc/x.php"
		stamp = "2026/11/20 10:01:00 [error] 7#7: *1 FastCGI sent in stderr: \"PHP message: "
		tail  = "\" while reading response header from upstream, client: 127.0.0.1"
	)
	now := time.Date(2026, 11, 20, 10, 1, 5, 0, time.Local)
	for name, c := range map[string]struct {
		cause, line, want, next string
	}{
		"an error":         {"php_fatal", stamp + "PHP Fatal error:  Uncaught Error: Call to undefined function x() in " + plug + ":3" + tail, "php_fatal", "mv /var/lib/wordpress/wp-content/plugins/bad /var/lib/wordpress/wp-content/plugins/bad.off"},
		"a slip":           {"http_status", stamp + "PHP Parse error:  syntax error, unexpected end of file in " + plug + " on line 9" + tail, "php_fatal", "plugins/bad.off"},
		"its limit":        {"php_fatal", stamp + "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in " + plug + " on line 2" + tail, "memory_limit", "WP_MEMORY_LIMIT"},
		"a crash":          {"bad_gateway", "[20-Nov-2026 10:01:00] WARNING: [pool www] child 7 exited on signal 11 (SIGSEGV) after 3.1 seconds from start", "crashed", "wp-content/plugins"},
		"an old error":     {"php_fatal", strings.Replace(stamp, "10:01:00", "09:01:00", 1) + "PHP Fatal error:  in " + plug + ":3" + tail, "php_fatal", "renames"},
		"no such cause":    {"db_error", stamp + "PHP Fatal error:  in " + plug + ":3" + tail, "db_error", "renames"},
		"a visitor's word": {"php_fatal", `2026/11/20 10:01:00 [error] 7#7: *1 open() "/srv/PHP Fatal error: in ` + plug + `:3" failed (2: No such file or directory), client: 192.0.2.1`, "php_fatal", "renames"},
		"his referrer":     {"php_fatal", stamp + "PHP Warning:  x in /srv/x.php on line 3" + tail + `, referrer: "PHP Fatal error: in ` + plug + `:3"`, "php_fatal", "renames"},
		"an odd name":      {"php_fatal", stamp + "PHP Fatal error:  x in /plugins/$(reboot)/x.php:3" + tail, "php_fatal", "PHP's log names the file"},
	} {
		p := chain.Broke(c.cause, chain.Say("wordpress.fatal"), chain.Say("wordpress.fatal_hint"))
		plan := (&link{}).Plan(p, chain.Evidence{Others: []chain.Evidence{{At: now}, {At: now, Log: []string{c.line}}}})
		next := words.English.Say(plan.Next)
		if plan.Cause != c.want || len(plan.Deeds) > 0 || c.next != "renames" && !strings.Contains(next, c.next) {
			t.Errorf("%s: %s, %s", name, plan.Cause, next)
		}
		if quoted := len(plan.Evidence) > 0; quoted != (c.next != "renames") {
			t.Errorf("%s: evidence %q", name, plan.Evidence)
		}
	}
}

// FuzzFaulty: whatever a log says, the command that is made of it has nothing in it that a
// shell takes for more than the name of a plug-in or theme which the log names.
func FuzzFaulty(f *testing.F) {
	f.Add("PHP Fatal error:  x in /a/plugins/b/c.php:3")
	f.Add("PHP Fatal error:  x in /a/plugins/$(reboot)/c.php:3")
	f.Add("PHP Fatal error:  x in /a/themes/../../etc/plugins/b/c.php on line 7")
	f.Add("PHP Fatal error:  x in /a/plugins/b\nreboot/c.php:3")
	f.Fuzz(func(t *testing.T, line string) {
		next := off(faulty(ofPHP(line)))
		if next.Key == "wordpress.fatal_hint" {
			return
		}
		part := next.Args["part"]
		if next.Key != "wordpress.fatal_in_hint" || !strings.HasPrefix(part, "/") || path.Clean(part) != part ||
			strings.ContainsAny(part, " \t\r\n'\"$`\\;&|<>()*?[]{}!#~^") || !strings.Contains(line, part) {
			t.Errorf("%q: %+v", line, next)
		}
	})
}
