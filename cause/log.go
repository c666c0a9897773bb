package cause

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/omamori-guard/omamori/chain"
)

const (
	maxQuoted = 300 // characters of one quoted line
	slack     = 2 * time.Second
	// unknownStart is how far back a log is believed when nobody can say since
	// when the service ran.
	unknownStart = time.Hour
	// startingFor is for how long a process is taken to be on its way up by its
	// age alone.
	startingFor = 5 * time.Second
)

// sinceStart returns the lines of the log that belong to the last start: those of which
// that is sure, and of the others those after MariaDB's own mark of one, and none whose
// time is before the process.
func sinceStart(e chain.Evidence) []string {
	sure := min(max(e.Sure, 0), len(e.Log))
	return append(e.Log[:sure:sure], sinceThen(e, e.Log[sure:])...)
}

func sinceThen(e chain.Evidence, log []string) []string {
	for i := len(log) - 1; i >= 0; i-- {
		if startMark(log[i]) {
			log = log[i:]
			break
		}
	}
	from := e.Process.Started.Add(-slack)
	if e.Process.Started.IsZero() {
		if e.At.IsZero() {
			return log
		}
		from = e.At.Add(-unknownStart)
	}
	var kept []string
	old := false // a line without a time is as old as the one before it
	for _, line := range log {
		if at, ok := lineTime(line, e.At); ok {
			old = at.Before(from)
		}
		if !old {
			kept = append(kept, line)
		}
	}
	return kept
}

// Recent returns the lines of the log that are not older than age when the evidence was
// read; those of which that cannot be told are.
func Recent(e chain.Evidence, age time.Duration) (lines []string) {
	recent, from := false, e.At.Add(-age)
	for n, line := range e.Log {
		if n < len(e.Times) {
			if !e.Times[n].Before(from) {
				lines = append(lines, line)
			}
			continue
		}
		if at, ok := lineTime(line, e.At); ok {
			recent = !at.Before(from)
		}
		if recent {
			lines = append(lines, line)
		}
	}
	return lines
}

// PlainPath reports whether a path that a log names may stand in a command that a person
// is told to type: what is in a log may be a stranger's words.
func PlainPath(s string) bool {
	return path.IsAbs(s) && path.Clean(s) == s && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+@:,=%", r)
	})
}

func startMark(line string) bool {
	return strings.Contains(line, "[Note] Starting MariaDB ") || strings.Contains(line, ") starting as process ")
}

// lineTime reads the time at the head of a line as MariaDB, nginx and PHP-FPM write it,
// in the machine's own zone, or a syslog; one without a year is of the last before now.
func lineTime(line string, now time.Time) (time.Time, bool) {
	stamp, _, _ := strings.Cut(line, " ")
	if at, err := time.Parse(time.RFC3339, stamp); err == nil {
		return at, true
	}
	if n := len(time.Stamp); len(line) > n && !now.IsZero() {
		if at, err := time.ParseInLocation("2006 "+time.Stamp, now.Format("2006 ")+line[:n], time.Local); err == nil {
			if at.After(now.AddDate(0, 0, 1)) {
				at = at.AddDate(-1, 0, 0)
			}
			return at, true
		}
	}
	line = strings.TrimPrefix(line, "[")
	for _, form := range []string{"2006-01-02 15:04:05", "2006/01/02 15:04:05", "02-Jan-2006 15:04:05"} {
		if len(line) < len(form) {
			continue
		}
		if at, err := time.ParseInLocation(form, line[:len(form)], time.Local); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// starting reports whether a process is still on its way up: it is young, or it
// is a MariaDB that has begun, perhaps with a long recovery, and is not ready.
func starting(e chain.Evidence) bool {
	if age := e.At.Sub(e.Process.Started); !e.Process.Started.IsZero() && age >= 0 && age < startingFor {
		return true
	}
	begun := false
	for _, line := range e.Log {
		if strings.Contains(line, "ready for connections") {
			return false
		}
		begun = begun || startMark(line)
	}
	return begun
}

func lastLines(log []string, n int) []string {
	var last []string
	for _, line := range log[max(0, len(log)-n):] {
		last = append(last, quote(line))
	}
	return last
}

// quote shortens a line for showing.
func quote(line string) string {
	line = strings.TrimSpace(line)
	if utf8.RuneCountInString(line) <= maxQuoted {
		return line
	}
	return string([]rune(line)[:maxQuoted]) + "…"
}

func stateLine(e chain.Evidence) []string {
	return []string{fmt.Sprintf("pid %d: state %s", e.Process.PID, e.Process.State)}
}

func stoppedLines(e chain.Evidence) (lines []string) {
	const most = 5
	for _, pid := range e.Stopped[:min(len(e.Stopped), most)] {
		lines = append(lines, fmt.Sprintf("pid %d: state T", pid))
	}
	return lines
}

func signalName(n int) string {
	names := map[syscall.Signal]string{
		syscall.SIGKILL: "SIGKILL", syscall.SIGTERM: "SIGTERM", syscall.SIGINT: "SIGINT",
		syscall.SIGHUP: "SIGHUP", syscall.SIGQUIT: "SIGQUIT", syscall.SIGSEGV: "SIGSEGV",
		syscall.SIGABRT: "SIGABRT", syscall.SIGBUS: "SIGBUS", syscall.SIGILL: "SIGILL",
		syscall.SIGFPE: "SIGFPE", syscall.SIGSYS: "SIGSYS", syscall.SIGXFSZ: "SIGXFSZ",
	}
	if name, ok := names[syscall.Signal(n)]; ok {
		return name
	}
	return "signal " + itoa(n)
}

// writes is where the service keeps its data, as far as the evidence tells.
func writes(e chain.Evidence) string {
	for _, d := range e.Disks {
		if len(d.Path) > 1 {
			return d.Path
		}
	}
	return "/var/lib/mysql"
}

func itoa(n int) string { return strconv.Itoa(n) }
