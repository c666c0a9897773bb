package presence

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// record is one of wtmp(5).
func record(kind uint16, at time.Time) []byte {
	b := make([]byte, recordSize)
	binary.NativeEndian.PutUint16(b[typeAt:], kind)
	binary.NativeEndian.PutUint32(b[secondsAt:], uint32(at.Unix()))
	return b
}

func TestLastSignIn(t *testing.T) {
	now := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "wtmp")
	if at, err := LastSignIn(path, now); err != nil || !at.IsZero() {
		t.Errorf("there is none: %v %v", at, err)
	}
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const boot, login, dead = 2, userProcess, 8
	for name, c := range map[string]struct {
		records [][]byte
		want    time.Time
	}{
		"empty":      {nil, time.Time{}},
		"nobody":     {[][]byte{record(boot, ago(time.Hour))}, time.Time{}},
		"somebody":   {[][]byte{record(login, ago(3*time.Hour)), record(dead, ago(time.Hour))}, ago(3 * time.Hour)},
		"the newest": {[][]byte{record(login, ago(3*time.Hour)), record(login, ago(2*time.Hour)), record(boot, ago(time.Hour))}, ago(2 * time.Hour)},
		"to come":    {[][]byte{record(login, ago(3*time.Hour)), record(login, ago(-time.Hour))}, ago(3 * time.Hour)},
		"cut off":    {[][]byte{record(login, ago(3*time.Hour)), record(login, ago(time.Hour))[:100]}, ago(3 * time.Hour)},
		"very long":  {append([][]byte{record(login, ago(9*time.Hour))}, bytes.Repeat(record(dead, ago(time.Hour)), 2*mostRecords)), time.Time{}},
	} {
		if err := os.WriteFile(path, bytes.Join(c.records, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		if at, err := LastSignIn(path, now); err != nil || !at.Equal(c.want) {
			t.Errorf("%s: %v (%v), want %v", name, at, err, c.want)
		}
	}
	if at, err := LastSignIn(t.TempDir(), now); !at.IsZero() {
		t.Errorf("a folder: %v %v", at, err)
	}
}

func FuzzLastOf(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	f.Add(record(userProcess, now))
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if at := lastOf(b, now); at.After(now) {
			t.Errorf("signed in at %v", at)
		}
	})
}
