package light

import (
	"context"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mapped is how much of the program's own file is mapped, in KB.
func mapped(t *testing.T) (kb int) {
	t.Helper()
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	ours := false
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		switch {
		case !strings.HasSuffix(f[0], ":"):
			ours = f[len(f)-1] == exe
		case ours && f[0] == "Rss:":
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			kb += n
		}
	}
	return kb
}

// The program goes on as before, with less of its file in memory.
func TestRelease(t *testing.T) {
	before := mapped(t)
	if err := Release(); err != nil {
		t.Fatal(err)
	}
	if after := mapped(t); after >= before || after == 0 {
		t.Errorf("%d KB of the program are mapped, %d before", after, before)
	}
	if s := strconv.FormatFloat(1.5, 'f', 2, 64); s != "1.50" {
		t.Error(s)
	}
}

func TestStartEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { Start(ctx); close(done) }()
	cancel()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("it goes on")
	}
}

// What was ever changed, and what others own, is left alone.
func TestClean(t *testing.T) {
	const smaps = `00400000-00800000 r-xp 00000000 08:01 77   /usr/bin/omamori
Rss:                4096 kB
Anonymous:             0 kB
00800000-00c00000 r--p 00400000 08:01 77   /usr/bin/omamori (deleted)
Anonymous:             0 kB
00c00000-00c10000 r--p 00800000 08:01 77   /usr/bin/omamori
Anonymous:             4 kB
00c10000-00c20000 rw-p 00810000 08:01 77   /usr/bin/omamori
Anonymous:             0 kB
7f0000000000-7f0000100000 r-xp 00000000 08:01 78   /usr/lib/libc.so.6
Anonymous:             0 kB
7f0000100000-7f0000200000 r--s 00000000 08:01 77   /usr/bin/omamori
Anonymous:             0 kB
7f0000200000-7f0000300000 r--p 00000000 00:00 0
Anonymous:             0 kB
zz-7f r--p 00000000 08:01 77   /usr/bin/omamori
Anonymous:             0 kB
7ffc00000000-7ffc00001000 r-xp 00000000 00:00 0   [vdso]
Anonymous:             0 kB
`
	want := []region{{0x400000, 0x800000}, {0x800000, 0xc00000}}
	if got := clean([]byte(smaps), "/usr/bin/omamori"); !reflect.DeepEqual(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
	for _, bad := range []string{"", "\n\n", " ", "a-b", "1-2 r", "Anonymous: 0 kB"} {
		if got := clean([]byte(bad), "/usr/bin/omamori"); got != nil {
			t.Errorf("%q: %x", bad, got)
		}
	}
}
