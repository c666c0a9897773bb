package wordpress

import (
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
		"an error":      {"php_fatal", stamp + "PHP Fatal error:  Uncaught Error: Call to undefined function x() in " + plug + ":3" + tail, "php_fatal", "mv /var/lib/wordpress/wp-content/plugins/bad /var/lib/wordpress/wp-content/plugins/bad.off"},
		"a slip":        {"http_status", stamp + "PHP Parse error:  syntax error, unexpected end of file in " + plug + " on line 9" + tail, "php_fatal", "plugins/bad.off"},
		"its limit":     {"php_fatal", stamp + "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in " + plug + " on line 2" + tail, "memory_limit", "WP_MEMORY_LIMIT"},
		"a crash":       {"bad_gateway", "[20-Nov-2026 10:01:00] WARNING: [pool www] child 7 exited on signal 11 (SIGSEGV) after 3.1 seconds from start", "crashed", "wp-content/plugins"},
		"an old error":  {"php_fatal", strings.Replace(stamp, "10:01:00", "09:01:00", 1) + "PHP Fatal error:  in " + plug + ":3" + tail, "php_fatal", "renames"},
		"no such cause": {"db_error", stamp + "PHP Fatal error:  in " + plug + ":3" + tail, "db_error", "renames"},
		"an odd name":   {"php_fatal", stamp + "PHP Fatal error:  x in /plugins/$(reboot)/x.php:3" + tail, "php_fatal", "PHP's log names the file"},
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

func FuzzFaulty(f *testing.F) {
	f.Add("PHP Fatal error:  x in /a/plugins/b/c.php:3")
	f.Fuzz(func(t *testing.T, line string) {
		if next := off(faulty(line)); next.IsZero() {
			t.Error("says nothing")
		}
	})
}
