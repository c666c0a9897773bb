// Package light has a program that runs for months keep no more in memory than it needs.
package light

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settled is when what only starting needed is let go.
const settled = 20 * time.Second

// Start lets pages of the program's own file go once it has started, unless ctx is done before.
// It does so once: what is used after that stays, so that where memory is scarce and the disk
// slow, a guard that is needed need not be read anew.
func Start(ctx context.Context) {
	next := time.NewTimer(settled)
	defer next.Stop()
	select {
	case <-ctx.Done():
	case <-next.C:
		_ = Release() // it weighs more then, and works as well
	}
}

// Release lets all pages of the program's own file go. What is needed comes back from
// the kernel's cache at its next use; what only starting needed, or a rare view, does not.
// While they are mapped, the kernel keeps them longer than it should where memory is
// scarce: a guard is most of all code that is not in use.
func Release() error {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	b, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return err
	}
	for _, m := range clean(b, strings.TrimSuffix(exe, " (deleted)")) {
		if _, _, no := syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED); no != 0 {
			return fmt.Errorf("let pages go: %w", no)
		}
	}
	return nil
}

// region is a piece of the address space.
type region struct{ from, to uintptr }

// clean lists the regions of a file that can be read from it again: those that nobody may
// write, and of which no page was ever changed, as by relocation.
func clean(smaps []byte, file string) (all []region) {
	var now region
	ours := false
	lines := bufio.NewScanner(bytes.NewReader(smaps))
	for lines.Scan() {
		line := lines.Text()
		if head, rest, ok := strings.Cut(line, " "); ok && !strings.HasSuffix(head, ":") {
			from, to, _ := strings.Cut(head, "-")
			a, errA := strconv.ParseUint(from, 16, strconv.IntSize)
			z, errZ := strconv.ParseUint(to, 16, strconv.IntSize)
			now = region{uintptr(a), uintptr(z)}
			_, path, _ := strings.Cut(rest, "/")
			ours = errA == nil && errZ == nil && a < z && len(rest) > 4 && rest[0] == 'r' && rest[1] == '-' && rest[3] == 'p' &&
				strings.TrimSuffix("/"+path, " (deleted)") == file
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		if ours && name == "Anonymous" && strings.TrimSpace(value) == "0 kB" {
			all = append(all, now)
		}
	}
	return all
}
