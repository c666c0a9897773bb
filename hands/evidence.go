package hands

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/mounts"
)

// Bounds of evidence.
const (
	maxTail  = 64 << 10 // bytes of all logs of a service
	maxLines = 50
	maxLine  = 1000
)

// mark is how long a log was at some moment.
type mark struct {
	inode uint64
	size  int64
}

// evidence reads what can be read without changing anything. What cannot be read is
// left out.
func (v *service) evidence(ctx context.Context) (chain.Evidence, error) {
	e := chain.Evidence{Service: v.Name, At: time.Now()}
	t, err := v.current(ctx)
	if err != nil {
		v.log.Warn("look at service", "error", err)
		e.ManagerOf = err.Error()
	}
	if t != nil {
		e.Process = v.view(t)
		e.OOMKills = v.oomKills(t)
	}
	v.manager.say(ctx, &e)
	if t != nil {
		since := time.Duration(t.start) * (time.Second / ticks)
		e.Kernel, e.Contained = v.server.kernel.of(e.Process.PID, kernelName(t.exe), since), v.server.kernel.contained
		if e.Process.Running && e.Process.PID == t.pid {
			v.alive(ctx, t, &e)
		}
	}
	if e.Process.Asked {
		e.OnPurpose = false // by the guard itself
	}
	e.Log = append(e.Log, v.tails()...)
	for _, path := range v.Writes {
		if d, err := disk(path); err == nil {
			e.Disks = append(e.Disks, d)
		}
	}
	return e, nil
}

// oomKills counts since evidence was last read.
func (v *service) oomKills(t *tracked) int {
	n, ok := t.cgroup.read()
	if !ok {
		return 0
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	fresh := max(0, n-v.kills)
	v.kills = n
	return fresh
}

func disk(path string) (chain.Disk, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return chain.Disk{}, err
	}
	ro, err := mounts.ReadOnly(path)
	if err != nil {
		return chain.Disk{}, err
	}
	size := uint64(st.Bsize)
	return chain.Disk{Path: path, Free: st.Bavail * size, Size: st.Blocks * size,
		Inodes: st.Ffree, Nodes: st.Files, ReadOnly: ro}, nil
}

// markLogs notes where the logs end, before a start.
func (v *service) markLogs() {
	marks := map[string]mark{}
	for _, path := range v.Logs {
		var st unix.Stat_t
		if unix.Stat(path, &st) == nil {
			marks[path] = mark{st.Ino, st.Size}
		}
	}
	v.mu.Lock()
	v.marks = marks
	v.mu.Unlock()
}

// tails gives the last lines of all logs, in the order of the file.
func (v *service) tails() []string {
	if len(v.Logs) == 0 {
		return nil
	}
	v.mu.Lock()
	marks := v.marks
	v.mu.Unlock()
	var lines []string
	for _, path := range v.Logs {
		b, err := tail(path, marks[path], maxTail/int64(len(v.Logs)))
		if err != nil {
			continue
		}
		of := splitLines(b)
		lines = append(lines, of[max(0, len(of)-maxLines/len(v.Logs)):]...)
	}
	return lines
}

// tail reads the end of a log, from m on if that is the same file still.
func tail(path string, m mark, most int64) ([]byte, error) {
	f, st, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	from := int64(0)
	if m.inode == st.Ino && m.size <= st.Size {
		from = m.size
	}
	cut := st.Size-from > most
	if cut {
		from = st.Size - most
	}
	b, err := io.ReadAll(io.NewSectionReader(f, from, most))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if cut { // the first line is half a line
		_, after, _ := strings.Cut(string(b), "\n")
		b = []byte(after)
	}
	return b, nil
}

func splitLines(b []byte) []string {
	var lines []string
	for line := range strings.Lines(string(b)) {
		if line = cleanLine(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// cleanLine makes foreign bytes fit to be shown: no control characters, valid
// UTF-8, and not endless.
func cleanLine(s string) string {
	s = strings.TrimRight(s, "\r\n ")
	if len(s) > maxLine {
		s = s[:maxLine] + "…"
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "�")
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return ' '
		}
		return c
	}, s)
}
