package wordpress

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

var _ chain.Witnessed = (*link)(nil)

// Service is none: a page that fails is no reason to start anything.
func (l *link) Service() string { return "" }

func (l *link) Witnesses() []string { return l.settings.Services }

// recently is how old a line of a log may be to tell why a page fails now.
const recently = time.Minute

// Plan names what the logs of PHP and the web server say of the page that failed.
func (l *link) Plan(p chain.Proof, e chain.Evidence) chain.Plan {
	plan := cause.Plan(p, chain.Evidence{})
	var lines []string
	for _, o := range e.Others {
		lines = append(lines, cause.Recent(o, recently)...)
	}
	switch p.Cause {
	case "php_fatal", "http_status", "empty_page", "cut_off", "error_page", "rest", "bad_gateway":
	default:
		return plan
	}
	for _, line := range slices.Backward(lines) {
		php := ofPHP(line)
		switch {
		case strings.Contains(php, " exited on signal ") && p.Cause == "bad_gateway":
			plan.Cause = cause.Crashed
			plan.Why = chain.Say("wordpress.crashed")
			plan.Next = chain.Say("wordpress.crashed_hint")
		case strings.Contains(php, "PHP Fatal error:"), strings.Contains(php, "PHP Parse error:"):
			file := faulty(php)
			plan.Cause = "php_fatal"
			plan.Why, plan.Next = chain.Say("wordpress.fatal_in", "file", file), off(file)
			if strings.Contains(php, "Allowed memory size of ") {
				plan.Cause = "memory_limit"
				plan.Why, plan.Next = chain.Say("wordpress.memory_limit", "file", file), chain.Say("wordpress.memory_limit_hint", "file", file)
			}
		default:
			continue
		}
		plan.Evidence = append([]string{probe.Quote([]byte(from(line)))}, plan.Evidence...)
		return plan
	}
	return plan
}

// web is what nginx begins each of its lines with.
var web = regexp.MustCompile(`^[\d/]{10} [\d:]{8} \[\w+\] \d+#\d+: (?:\*\d+ )?`)

// ofPHP is what PHP says in a line, "" if the web server speaks: for that names what the
// visitor asked for, and whence he says that he comes.
func ofPHP(line string) string {
	head := web.FindString(line)
	if head == "" {
		return line
	}
	php, ok := strings.CutPrefix(line[len(head):], "FastCGI sent in stderr: ")
	if !ok {
		return ""
	}
	php, _, _ = strings.Cut(php, `" while reading `)
	return php
}

// from leaves out what the web server writes before PHP's own words.
func from(line string) string {
	if at := strings.Index(line, "PHP "); at >= 0 && strings.Contains(line, "FastCGI sent in stderr") {
		return strings.TrimPrefix(line[at:], "PHP message: ")
	}
	return line
}

// file is how PHP names the place of an error.
var file = regexp.MustCompile(` in (/[^"]+?\.(?:php|inc|phtml))(?::\d+| on line \d+)`)

func faulty(line string) string {
	if m := file.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return "?"
}

// part is the plug-in or theme that a file belongs to.
var part = regexp.MustCompile(`^(.*/(?:plugins|mu-plugins|themes)/[^/]+)`)

// off is how a person takes out what fails.
func off(file string) chain.Text {
	m := part.FindString(file)
	if !cause.PlainPath(m) {
		return chain.Say("wordpress.fatal_hint")
	}
	return chain.Say("wordpress.fatal_in_hint", "part", m)
}
