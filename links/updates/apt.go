package updates

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// errStale says that the lists of packages are too old.
var errStale = errors.New("the lists of packages are too old")

// maxOutput is how much of apt's words is read, in bytes.
const maxOutput = 2 << 20

// packages asks apt what it would install, which it tells any user from the lists that it
// has; nothing is fetched or changed. What else than security waits does not matter here.
func (l *link) packages(ctx context.Context, now time.Time) ([]waiting, error) {
	if now.Sub(l.listed()) > staleLists {
		return nil, errStale
	}
	args := append([]string{"-n", "19", "apt-get", "-s", "-q", "-o", "Debug::NoLocking=true", "-o", "APT::Get::Show-User-Simulation-Note=false"}, l.apt...)
	c := exec.CommandContext(ctx, "nice", append(args, "--with-new-pkgs", "upgrade")...)
	c.Env = []string{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	c.WaitDelay = time.Second
	var out, complaint limited
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
		return nil, fmt.Errorf("apt-get: %w: %s", err, first)
	}
	return parseInst(out.Bytes()), nil
}

// limited keeps so much and forgets the rest.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	l.Buffer.Write(p[:min(len(p), maxOutput-l.Len())])
	return len(p), nil
}

var _ io.Writer = (*limited)(nil)

// inst is a line of apt-get -s: Inst NAME [OLD] (NEW ORIGIN:RELEASE/SUITE, … [ARCH])
var inst = regexp.MustCompile(`^Inst (\S+) (?:\[(\S+)\] )?\((\S+) ([^\[]*)`)

// parseInst finds the security updates in what apt-get -s says.
func parseInst(b []byte) (all []waiting) {
	for line := range bytes.Lines(b) {
		m := inst.FindSubmatch(bytes.TrimSpace(line))
		if m == nil {
			continue
		}
		if from := strings.ToLower(string(m[4])); strings.Contains(from, "-security") || strings.Contains(from, "/security") {
			all = append(all, waiting{change(string(m[1]), string(m[2]), string(m[3])), "apt"})
		}
	}
	return all
}

// listed is when the lists of packages were last fetched. The lists themselves have the
// times of the server; the folder in which they are put has ours.
func (l *link) listed() (newest time.Time) {
	for _, path := range []string{"var/lib/apt/lists/partial", "var/lib/apt/lists", "var/lib/apt/periodic/update-success-stamp"} {
		if st, err := os.Stat(filepath.Join(l.root, path)); err == nil && st.ModTime().After(newest) {
			newest = st.ModTime()
		}
	}
	return newest
}

// reboot says since when a reboot is wanted and why: because a package asked for it, or a
// newer kernel of the same sort lies ready. Zero if none is.
func (l *link) reboot() (since time.Time, why string) {
	for _, path := range []string{"run/reboot-required", "var/run/reboot-required"} {
		if st, err := os.Stat(filepath.Join(l.root, path)); err == nil {
			return st.ModTime(), path
		}
	}
	running := release()
	found, err := filepath.Glob(filepath.Join(l.root, "boot/vmlinuz-*"))
	if err != nil || running == "" {
		return time.Time{}, ""
	}
	names := map[string]fs.FileInfo{}
	for _, path := range found {
		if st, err := os.Stat(path); err == nil {
			names[strings.TrimPrefix(filepath.Base(path), "vmlinuz-")] = st
		}
	}
	if names[running] == nil { // in a container, the kernel is somebody else's
		return time.Time{}, ""
	}
	for name, st := range names {
		if flavour(name) == flavour(running) && newer(name, running) {
			return st.ModTime(), name
		}
	}
	return time.Time{}, ""
}

func release() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

var numbers = regexp.MustCompile(`[0-9]+`)

// flavour is the sort of a kernel: "amd64" of 6.1.0-18-amd64, "cloud-amd64".
func flavour(release string) string {
	return strings.TrimLeft(strings.TrimLeft(release, "0123456789.-"), "-")
}

// newer compares releases by their numbers.
func newer(a, b string) bool {
	n := func(s string) (all []int) {
		for _, m := range numbers.FindAllString(strings.TrimSuffix(s, flavour(s)), 8) {
			v, err := strconv.Atoi(m)
			if err != nil {
				return nil
			}
			all = append(all, v)
		}
		return all
	}
	return slices.Compare(n(a), n(b)) > 0
}
