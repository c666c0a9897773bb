package mounts

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// ReadOnly reports whether the file system that holds path is read-only for everybody.
// statfs tells only of the mount that we see: where systemd protects the system from a
// service (ProtectSystem=), all is read-only to that service alone.
func ReadOnly(path string) (bool, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return false, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	if fs.Flags&unix.ST_RDONLY == 0 {
		return false, nil
	}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return false, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return true, nil //nolint:nilerr // without the table, what statfs says is all there is
	}
	// Btrfs and overlays may give files another device than the table's; then it is
	// not found there.
	ro, found := readOnly(string(table), unix.Major(st.Dev), unix.Minor(st.Dev))
	return ro || !found, nil
}

// readOnly looks a device up in the text of a mountinfo: the last of its fields are
// the options of the file system itself, the same for all its mounts.
func readOnly(table string, major, minor uint32) (ro, found bool) {
	device := fmt.Sprintf("%d:%d", major, minor)
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		const at, fewest = 2, 7
		if len(f) < fewest || f[at] != device {
			continue
		}
		option, _, _ := strings.Cut(f[len(f)-1], ",")
		return option == "ro", true
	}
	return false, false
}
