package door

import (
	"os"
	"syscall"
)

// dataSync waits until what was written is on the disk. The file does not grow, so
// that its other facts need not be.
func dataSync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
