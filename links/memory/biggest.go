package memory

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/words"
)

const (
	shown    = 5  // processes in a proof's evidence
	measured = 12 // of which the exact share is asked, which costs the kernel some work
)

// process is a process and its memory in bytes.
type process struct {
	pid   int
	name  string
	bytes uint64
	// shared says that bytes counts memory that other processes have too.
	shared bool
}

func (p process) String() string {
	kind := "PSS"
	if p.shared {
		kind = "RSS"
	}
	return fmt.Sprintf("%s (pid %d): %s %s", words.Clean(p.name), p.pid, kind, words.Bytes(p.bytes))
}

// biggest lists the processes that have the most memory. Where it is allowed, what
// several share is divided among them.
func (s system) biggest(ctx context.Context) []process {
	var top []process
	bySize := func(a, b process) int { return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.pid, b.pid)) }
	s.each(ctx, func(pid int) {
		resident := s.resident(pid)
		if resident == 0 { // the kernel's own
			return
		}
		p := process{pid: pid, bytes: resident, shared: true}
		i, _ := slices.BinarySearchFunc(top, p, bySize)
		if i < measured {
			top = slices.Insert(top, i, p)
			top = top[:min(len(top), measured)]
		}
	})
	for i, p := range top {
		if ctx.Err() != nil {
			break
		}
		dir := filepath.Join(s.proc, strconv.Itoa(p.pid))
		name, err := readShort(filepath.Join(dir, "comm"))
		if err != nil { // it has ended since
			top[i].bytes = 0
			continue
		}
		top[i].name = strings.TrimSuffix(string(name), "\n")
		if t, err := table(filepath.Join(dir, "smaps_rollup")); err == nil && t["Pss:"] > 0 {
			top[i].bytes, top[i].shared = 1024*t["Pss:"], false
		}
	}
	top = slices.DeleteFunc(top, func(p process) bool { return p.name == "" })
	slices.SortFunc(top, bySize)
	return top[:min(len(top), shown)]
}

func (s system) each(ctx context.Context, f func(pid int)) {
	dir, err := os.Open(s.proc)
	if err != nil {
		return
	}
	defer dir.Close()
	for ctx.Err() == nil {
		names, err := dir.Readdirnames(256)
		for _, name := range names {
			if pid, err := strconv.Atoi(name); err == nil {
				f(pid)
			}
		}
		if err != nil { // mostly io.EOF
			return
		}
	}
}

// resident is the memory that a process has, with what it shares; 0 if that is not
// to be known.
func (s system) resident(pid int) uint64 {
	b, err := readShort(filepath.Join(s.proc, strconv.Itoa(pid), "statm"))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(f[1], 10, 40)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}
