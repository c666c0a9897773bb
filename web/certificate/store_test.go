package certificate

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A draft that could not be brought to the disk whole leaves what is there.
func TestHalfADraftTakesNoPlace(t *testing.T) {
	dir := t.TempDir()
	at, to := filepath.Join(dir, ".new-1"), filepath.Join(dir, "page.pem")
	for _, path := range []string{at, to} {
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := openStore(to)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	// A file that can be written to, and not be cut.
	fd, err := unix.MemfdCreate("draft", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	d := &draft{os.NewFile(uintptr(fd), at), s, to}
	defer d.drop()
	if _, err := d.Write(make([]byte, room)); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK); err != nil {
		t.Fatal(err)
	}
	if err := d.keep([]byte("new")); err == nil {
		t.Error("it was kept")
	}
	if _, err := os.Stat(at); err != nil {
		t.Errorf("the draft was put in the place of what was there: %v", err)
	}
}
