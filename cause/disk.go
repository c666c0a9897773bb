package cause

import (
	"fmt"

	"github.com/omamori-guard/omamori/chain"
)

// A server cannot start on less: MariaDB alone sets aside 12 MiB for temporary
// tables and then wants to undo what was under way.
const leastFree = 32 << 20

// full reports whether a disk has no room to start a service on. Of a very small
// one an eighth is enough.
func full(d chain.Disk) bool {
	return d.Free < min(leastFree, d.Size/8) || noNodes(d)
}

func noNodes(d chain.Disk) bool { return d.Nodes > 0 && d.Inodes == 0 }

// byDisk finds a disk that is full or cannot be written to now.
func byDisk(e chain.Evidence) (Finding, bool) {
	for _, d := range e.Disks {
		switch {
		case d.ReadOnly:
			return Finding{
				Code: ReadOnlyDisk, Evidence: []string{diskLine(d)},
				Why:  chain.Say("cause.read_only_disk", "service", e.Service, "path", d.Path),
				Next: chain.Say("cause.next_read_only_disk", "path", d.Path, "command", StartCommand(e)),
			}, true
		case full(d):
			return diskFull(e, d), true
		}
	}
	return Finding{}, false
}

func diskFull(e chain.Evidence, d chain.Disk) Finding {
	f := Finding{Code: DiskFull, Evidence: []string{diskLine(d)}}
	if noNodes(d) {
		f.Why = chain.Say("cause.no_inodes", "service", e.Service, "path", d.Path)
		f.Next = chain.Say("cause.next_no_inodes", "path", d.Path, "command", StartCommand(e))
	} else {
		f.Why = chain.Say("cause.disk_full", "service", e.Service, "path", d.Path, "free", d.Free, "size", d.Size)
		f.Next = chain.Say("cause.next_disk_full", "path", d.Path, "command", StartCommand(e))
	}
	if r, line := match(e.Log, onceDead|whileAlive); r != nil && r.code == DiskFull {
		f.Evidence = append(f.Evidence, quote(line))
	}
	return f
}

// diskWasFull: the log says that the disk was full, but no disk is now. If the
// disks could be looked at there is room again, and the service may be started.
func diskWasFull(e chain.Evidence, line string) Finding {
	f := Finding{Code: DiskFull, Evidence: []string{quote(line)}}
	if len(e.Disks) == 0 {
		f.Why = chain.Say("cause.disk_full_line", "service", e.Service, "line", quote(line))
		f.Next = chain.Say("cause.next_disk_full", "path", "/", "command", StartCommand(e))
		return f
	}
	least := e.Disks[0]
	for _, d := range e.Disks {
		f.Evidence = append(f.Evidence, diskLine(d))
		if d.Free < least.Free {
			least = d
		}
	}
	f.Restartable = true
	f.Why = chain.Say("cause.disk_was_full", "service", e.Service, "path", least.Path, "free", least.Free)
	return f
}

func diskLine(d chain.Disk) string {
	line := fmt.Sprintf("%s: %d of %d bytes free", d.Path, d.Free, d.Size)
	if d.Nodes > 0 {
		line += fmt.Sprintf(", %d of %d inodes", d.Inodes, d.Nodes)
	}
	if d.ReadOnly {
		line += ", read-only"
	}
	return line
}
