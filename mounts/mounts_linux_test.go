package mounts

import (
	"os"
	"os/exec"
	"testing"
)

const table = `22 1 254:0 / / ro,relatime shared:1 - ext4 /dev/vda rw,discard
23 22 0:21 / /proc rw,nosuid - proc proc rw
24 22 254:16 / /mnt rw,relatime - ext4 /dev/vdb ro,errors=remount-ro
`

func TestReadOnlyTable(t *testing.T) {
	for _, c := range []struct {
		minor     uint32
		ro, found bool
	}{{0, false, true}, {16, true, true}, {32, false, false}} {
		if ro, found := readOnly(table, 254, c.minor); ro != c.ro || found != c.found {
			t.Errorf("254:%d: %v, %v", c.minor, ro, found)
		}
	}
}

// A file system that is read-only to us alone is not; one that is to all, is.
func TestReadOnly(t *testing.T) {
	if os.Getenv("READ_ONLY_TEST") != "" {
		for path, want := range map[string]bool{"/mnt/ours": false, "/mnt/all": true} {
			if ro, err := ReadOnly(path); ro != want || err != nil {
				t.Errorf("%s: %v, %v", path, ro, err)
			}
		}
		return
	}
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must run this as root")
		}
		t.Skip("mounts: needs root")
	}
	cmd := exec.Command("unshare", "--mount", "sh", "-ec", `
		mount -t tmpfs tmpfs /mnt
		mkdir /mnt/ours /mnt/all
		mount --bind /mnt/ours /mnt/ours && mount -o remount,ro,bind /mnt/ours
		mount -t tmpfs -o ro tmpfs /mnt/all
		exec "$@"`, "sh", os.Args[0], "-test.run=^TestReadOnly$")
	cmd.Env = append(os.Environ(), "READ_ONLY_TEST=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func FuzzTable(f *testing.F) {
	f.Add(table)
	f.Add("24 22 254:16")
	f.Fuzz(func(t *testing.T, table string) {
		if ro, found := readOnly(table, 254, 0); ro && !found {
			t.Error("read-only, and not found")
		}
	})
}
