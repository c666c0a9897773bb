package hands

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// refused is the key of why err is a refusal, "" if it is none.
func refused(err error) string {
	r, ok := errors.AsType[*Refused](err)
	if !ok {
		return ""
	}
	text, _ := r.Said()
	if !words.Has(text.Key) {
		return "no words for " + text.Key
	}
	return text.Key
}

func TestWhatTheFileDoesNotName(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/listed", "in the list", 0o600)
	write(t, dir+"/other", "not in the list", 0o600)
	c, _ := serve(t, dir, File{Services: []Service{ofChild("/bin/sleep", "9")}, Files: []string{dir + "/listed", dir + "/folder"}})
	ctx := t.Context()
	if b, err := c.ReadFile(ctx, dir+"/listed"); err != nil || string(b) != "in the list" {
		t.Errorf("%q, %v", b, err)
	}
	for _, path := range []string{dir + "/other", dir + "/./listed", dir + "//listed", "listed", "", dir + "/listed\x00"} {
		if b, err := c.ReadFile(ctx, path); refused(err) != "hands.unknown_file" {
			t.Errorf("%q: read %q, %v", path, b, err)
		}
		if conn, err := c.Dial(ctx, path); refused(err) != "hands.unknown_socket" {
			t.Errorf("%q: dialled %v, %v", path, conn, err)
		}
	}
	if _, err := c.Do(ctx, chain.Deed{Verb: chain.Start, Service: "other"}); refused(err) != "hands.unknown_service" {
		t.Error(err)
	}
	if _, err := c.Do(ctx, chain.Deed{Verb: "reboot", Service: "it"}); refused(err) != "hands.unknown_verb" {
		t.Error(err)
	}
	if _, err := c.Evidence(ctx, "../it"); refused(err) != "hands.unknown_service" {
		t.Error(err)
	}
	if err := c.Watch(ctx, "other", func() {}); refused(err) != "hands.unknown_service" {
		t.Error(err)
	}
	if names, err := c.Names(ctx); err != nil || len(names) != 1 || names[0] != "it" {
		t.Errorf("%v, %v", names, err)
	}
	if err := os.Mkdir(dir+"/folder", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReadFile(ctx, dir+"/folder"); err == nil || refused(err) != "" {
		t.Errorf("a folder was read: %v", err)
	}
}

func TestDial(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("unix", dir+"/s")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, _ := serve(t, dir, File{Sockets: []string{dir + "/s", dir + "/none"}})
	conn, err := c.Dial(t.Context(), dir+"/s")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	peer.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(conn); err != nil || b.String() != "hello" {
		t.Errorf("%q, %v", b.String(), err)
	}
	// The system's own errors are still told apart at this end.
	if _, err := c.Dial(t.Context(), dir+"/none"); !errors.Is(err, fs.ErrNotExist) || refused(err) != "" {
		t.Errorf("%v", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	if _, err := c.Dial(t.Context(), dir+"/s"); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("%v", err)
	}
}

// asUser runs f in a thread that has another user's id, and dies with it.
func asUser(t *testing.T, uid int, f func()) {
	t.Helper()
	done := make(chan unix.Errno)
	go func() {
		runtime.LockOSThread() // never unlocked: nobody gets this thread again
		_, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid))
		if errno == 0 {
			f()
		}
		done <- errno
	}()
	if errno := <-done; errno != 0 {
		t.Fatal(errno)
	}
}

func TestWhoMayAsk(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	s, err := New(File{Guard: "nobody", Run: filepath.Join(dir, "run"), Services: []Service{ofChild("/bin/sleep", "9")}}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: "@omamori-test-" + filepath.Base(filepath.Dir(dir)), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(t.Context(), l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	connect := func(uid int) (c *Client, err error) {
		asUser(t, uid, func() { c, err = Connect(t.Context(), l.Addr().String()) })
		return c, err
	}
	if _, err := connect(1); refused(err) != "hands.stranger" {
		t.Errorf("a stranger: %v", err)
	}
	guard, err := connect(65534)
	if err != nil {
		t.Fatal(err)
	}
	defer guard.Close()
	if _, err := guard.Process(t.Context(), "it"); err != nil {
		t.Error(err)
	}
	if err := guard.Shutdown(t.Context()); refused(err) != "hands.root_only" {
		t.Errorf("the guard shut hands down: %v", err)
	}
	root, err := connect(0)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, err := guard.Do(t.Context(), chain.Deed{Verb: chain.Start, Service: "it"}); err != nil {
		t.Fatal(err)
	}
	p, err := root.Process(t.Context(), "it")
	if err != nil || !p.Running {
		t.Fatalf("%+v, %v", p, err)
	}
	if err := root.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if alive(p.PID) {
		t.Error("the child is left after the shutdown")
	}
	if _, err := guard.Do(t.Context(), chain.Deed{Verb: chain.Start, Service: "it"}); err == nil {
		t.Error("a deed was done after the shutdown")
	}
}

func TestTheSocketIsNotForAll(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	for guard, want := range map[string]struct {
		mode os.FileMode
		gid  uint32
	}{"": {0o600, 0}, "www-data": {0o660, 33}} {
		s, err := New(File{Guard: guard, Run: filepath.Join(dir, "run")}, quiet())
		if err != nil {
			t.Fatal(err)
		}
		l, err := s.Listen(dir + "/s")
		if err != nil {
			t.Fatal(err)
		}
		var st unix.Stat_t
		if err := unix.Stat(dir+"/s", &st); err != nil {
			t.Fatal(err)
		}
		if os.FileMode(st.Mode&0o777) != want.mode || st.Gid != want.gid {
			t.Errorf("%q: mode %o, group %d", guard, st.Mode&0o777, st.Gid)
		}
		l.SetUnlinkOnClose(false) // as after a crash: the next one replaces it
		l.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTooManyDeeds(t *testing.T) {
	c, _ := serve(t, t.TempDir(), File{Deeds: 3, Services: []Service{ofChild("/bin/sleep", "9")}})
	do(t, c, chain.Start)
	for range 5 {
		do(t, c, chain.Start) // nothing to do: counts for nothing
	}
	do(t, c, chain.Restart)
	do(t, c, chain.Stop)
	_, err := c.Do(t.Context(), chain.Deed{Verb: chain.Start, Service: "it"})
	if refused(err) != "hands.too_often" {
		t.Fatal(err)
	}
	if look(t, c).Running {
		t.Error("it was done all the same")
	}
}

func TestLimiter(t *testing.T) {
	l, now := limiter{most: 2, within: time.Minute}, time.Now()
	for i, want := range []bool{true, true, false, false, true, true, false} {
		at := now.Add(time.Duration(i) * 15 * time.Second)
		if wait, ok := l.allow(at); ok != want || !ok && (wait <= 0 || wait > time.Minute) {
			t.Errorf("at %d: %v, wait %v", i, ok, wait)
		}
	}
}

func TestOneDeedAtATime(t *testing.T) {
	dir := t.TempDir()
	spec := sh(`trap "" TERM; : > ` + dir + `/ready; while :; do sleep 0.05; done`)
	spec.Child.StopTimeout = "1s"
	c, _ := serve(t, dir, File{Services: []Service{spec}})
	do(t, c, chain.Start)
	eventually(t, "it is deaf", func() bool { _, err := os.Stat(dir + "/ready"); return err == nil })
	stopped := make(chan error, 1)
	go func() {
		for {
			_, err := c.Do(t.Context(), chain.Deed{Verb: chain.Stop, Service: "it"})
			if refused(err) != "hands.busy" { // with the deed below, which may be faster
				stopped <- err
				return
			}
		}
	}()
	eventually(t, "another deed is refused", func() bool {
		_, err := c.Do(t.Context(), chain.Deed{Verb: chain.Start, Service: "it"})
		return refused(err) == "hands.busy"
	})
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestTwoHandsWithOneFolder(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, File{})
	if f, err := lockRun(filepath.Join(dir, "run"), 30*time.Millisecond); err == nil {
		f.Close()
		t.Error("two hands at once")
	}
}

// Whatever a peer sends, it loses its connection at worst.
func TestGarbage(t *testing.T) {
	dir := t.TempDir()
	c, _ := serve(t, dir, File{Services: []Service{ofChild("/bin/sleep", "9")}})
	path := c.conn.RemoteAddr().String()
	huge := binary.BigEndian.AppendUint32(nil, 1<<31)
	hello, err := frame(request{ID: 1, Op: opHello, Version: version}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"http":         []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		"huge":         append(huge, huge...),
		"zeros":        make([]byte, 1<<16),
		"half a frame": {0, 0, 0, 9, 0, 0, 0, 0, '{'},
		"other":        bytes.Replace(hello, []byte(`"version":1`), []byte(`"version":7`), 1),
		"then garbage": append(hello, bytes.Repeat([]byte{0xff}, 100)...),
	} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(10 * time.Second)) //nolint:errcheck
		conn.Write(b)                                      //nolint:errcheck // it may be thrown out before the end
		conn.(*net.UnixConn).CloseWrite()                  //nolint:errcheck
		var got bytes.Buffer
		_, err = got.ReadFrom(conn)
		if err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%s: %v", name, err)
		}
		if name == "other" && !strings.Contains(got.String(), "hands.version") {
			t.Errorf("another version: %q", got.String())
		}
		conn.Close()
	}
	if _, err := c.Names(t.Context()); err != nil {
		t.Error(err)
	}
}
