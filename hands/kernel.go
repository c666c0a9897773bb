package hands

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// kernelLog keeps what the kernel says of processes that it ended and of disks that
// fail. It is read when it is asked, so that it costs nothing in between.
type kernelLog struct {
	mu    sync.Mutex // protects the fields below
	fd    int        // -1 where it cannot be read
	lines []kernelLine

	contained bool // the kernel's numbers of processes are not ours
}

type kernelLine struct {
	boot time.Duration // since boot
	text string
}

const (
	maxKernelLines = 256
	maxKernelSaid  = 20
)

// openKernelLog opens the kernel's log. Without one (in a container, say) there is
// that much less evidence.
func openKernelLog(log *slog.Logger) *kernelLog {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		log.Info("no kernel log", "error", err)
		fd = -1
	}
	return &kernelLog{fd: fd, contained: contained("/proc/self/ns/pid")}
}

// contained reports whether a namespace of process numbers is another than the kernel's
// own, which has a number that never changes.
func contained(namespace string) bool {
	const first = "pid:[4026531836]"
	name, err := os.Readlink(namespace)
	return err == nil && name != first
}

// of gives the lines since a process started that name its number or its program; in
// a container its program alone, as the number is a stranger's.
func (k *kernelLog) of(pid int, comm string, since time.Duration) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.read()
	var said []string
	for _, l := range k.lines {
		if l.boot >= since && (!k.contained && hasWord(l.text, strconv.Itoa(pid)) || comm != "" && strings.Contains(l.text, comm)) {
			said = append(said, l.text)
		}
	}
	return said[max(0, len(said)-maxKernelSaid):]
}

// read takes in what is new.
func (k *kernelLog) read() {
	if k.fd < 0 {
		return
	}
	b := make([]byte, 8<<10) // the kernel's own bound of a record
	for {
		n, err := unix.Read(k.fd, b)
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EPIPE): // EPIPE: some were overwritten
			continue
		case err != nil || n <= 0:
			return
		}
		if l, ok := parseKernel(b[:n]); ok {
			k.lines = append(k.lines, l)
			if len(k.lines) > maxKernelLines {
				k.lines = slices.Delete(k.lines, 0, len(k.lines)-maxKernelLines)
			}
		}
	}
}

// parseKernel reads one record, "priority,number,microseconds,flags;text", with
// lines after the first that begin with a blank. It keeps only what may tell why a
// service ended.
func parseKernel(b []byte) (kernelLine, bool) {
	head, text, ok := strings.Cut(string(b), ";")
	f := strings.SplitN(head, ",", 4)
	if !ok || len(f) < 3 {
		return kernelLine{}, false
	}
	us, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil || us < 0 {
		return kernelLine{}, false
	}
	text, _, _ = strings.Cut(text, "\n")
	lower := strings.ToLower(text)
	for _, word := range []string{"oom", "out of memory", "killed process", "segfault", "traps:", "general protection",
		"trap ", "i/o error", "blocked for more than", "-fs error", "read-only", "hung task"} {
		if strings.Contains(lower, word) {
			return kernelLine{time.Duration(us) * time.Microsecond, cleanLine(text)}, true
		}
	}
	return kernelLine{}, false
}

// kernelName is what the kernel calls a process that runs the program exe.
func kernelName(exe string) string {
	const most = 15
	if exe == "" {
		return ""
	}
	name := filepath.Base(exe)
	return name[:min(len(name), most)]
}

// hasWord reports whether number stands in text, and not as part of a longer one.
func hasWord(text, number string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	for at := 0; ; {
		i := strings.Index(text[at:], number)
		if i < 0 {
			return false
		}
		at += i
		if !digit(at-1) && !digit(at+len(number)) {
			return true
		}
		at += len(number)
	}
}

func (k *kernelLog) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fd >= 0 {
		unix.Close(k.fd)
		k.fd = -1
	}
}
