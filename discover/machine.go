package discover

import (
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Bounds of what is read: of one file, of files of one kind, of one folder's names.
const (
	maxFile    = 1 << 20
	maxFiles   = 200
	maxEntries = 20_000
)

// machine is the file system that is looked at.
type machine struct{ root string }

func (m machine) path(p string) string { return filepath.Join(m.root, p) }

// read returns the beginning of a file, "" if it cannot be read.
func (m machine) read(p string) string {
	// Without O_NONBLOCK, a pipe would be waited for.
	f, err := os.OpenFile(m.path(p), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return ""
	}
	_ = f.SetReadDeadline(time.Now().Add(time.Second)) // for what is no file, such as /proc/kmsg; others have none
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return ""
	}
	return string(b)
}

func (m machine) exists(p string) bool { _, err := os.Stat(m.path(p)); return err == nil }

// list names what is in a folder, in order; nothing if it cannot be read.
func (m machine) list(dir string) []string {
	f, err := os.Open(m.path(dir))
	if err != nil {
		return nil
	}
	defer f.Close()
	names, err := f.Readdirnames(maxEntries)
	if err != nil {
		return nil
	}
	slices.Sort(names)
	return names
}

// glob lists the paths that match, as seen from the machine's own root. However many
// do, it follows no more than maxFiles of them at each step.
func (m machine) glob(pattern string) []string {
	found := []string{"/"}
	for part := range strings.SplitSeq(strings.Trim(path.Clean(pattern), "/"), "/") {
		var next []string
		for _, dir := range found {
			if !strings.ContainsAny(part, `*?[\`) {
				if p := path.Join(dir, part); m.exists(p) {
					next = append(next, p)
				}
				continue
			}
			for _, name := range m.list(dir) {
				if ok, _ := path.Match(part, name); ok && (name[0] != '.' || part[0] == '.') {
					next = append(next, path.Join(dir, name))
				}
			}
		}
		found = next[:min(len(next), maxFiles)]
	}
	return found
}

// disks are the file systems that programs write to, one path for each.
func (m machine) disks() []string {
	disks, devices := []string{"/"}, map[string]bool{}
	for line := range strings.Lines(m.read("/proc/self/mounts")) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "/dev/") || devices[f[0]] || slices.Contains(strings.Split(f[3], ","), "ro") {
			continue
		}
		at := unescape(f[1])
		st, err := os.Stat(m.path(at))
		if err != nil || !st.IsDir() {
			continue
		}
		devices[f[0]] = true // mounted again, in a container's folder, it is the same disk
		if at != "/" && !strings.HasPrefix(at, "/boot") && !strings.HasPrefix(at, "/run/") && len(disks) < 8 {
			disks = append(disks, at)
		}
	}
	return disks
}

// unescape reads what the kernel writes for blanks in paths.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`).Replace(s)
}

// firewall names what decides who may connect to this machine, "" for nothing known.
func (m machine) firewall() string {
	switch {
	case strings.Contains("\n"+m.read("/etc/ufw/ufw.conf"), "\nENABLED=yes"):
		return "ufw"
	case m.enabled("firewalld"):
		return "firewalld"
	case m.enabled("nftables"):
		return "nftables"
	case m.exists("/etc/iptables/rules.v4"):
		return "iptables"
	}
	return ""
}

// enabled reports whether systemd starts a unit with the machine.
func (m machine) enabled(unit string) bool {
	for _, dir := range m.glob("/etc/systemd/system/*.wants") {
		if _, err := os.Lstat(m.path(path.Join(dir, unit+".service"))); err == nil {
			return true
		}
	}
	return false
}
