package hands

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A service that may write to the folder of its own socket, as PHP-FPM's user may to
// /run/php, does not choose what hands connects to as root.
func TestDialReachesNoSocketOfOthers(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	listen := func(name string) string {
		l, err := net.Listen("unix", dir+name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return dir + name
	}
	secret, listed := listen("/secret.sock"), listen("/listed.sock")
	link := func(name, target string, uid int) string {
		if err := errors.Join(os.Symlink(target, dir+name), os.Lchown(dir+name, uid, uid)); err != nil {
			t.Fatal(err)
		}
		return dir + name
	}
	hard := dir + "/hard.sock"
	if err := os.Link(listen("/two.sock"), hard); err != nil { // where fs.protected_hardlinks is off
		t.Fatal(err)
	}
	write(t, dir+"/file", "", 0o600)
	for path, want := range map[string]bool{
		listed:                           true,
		link("/mine.sock", listed, 0):    true,
		link("/theirs.sock", secret, 33): false,
		hard:                             false,
		dir + "/file":                    false,
		dir + "/none.sock":               false,
	} {
		s := &Server{file: File{Sockets: []string{path}}}
		f, err := s.dial(path)
		if err == nil {
			f.Close()
		}
		if (err == nil) != want {
			t.Errorf("%s: got %v", path, err)
		}
	}
	s := &Server{file: File{Sockets: []string{dir + "/none.sock"}}}
	if _, err := s.dial(dir + "/none.sock"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a socket that is not there: %v", err)
	}
}

// A pipe that never says anything must not hold hands up: nothing would be mended
// any more, whatever service it concerns.
func TestPipesInTheWay(t *testing.T) {
	within := func(what string, f func()) {
		t.Helper()
		done := make(chan struct{})
		go func() { defer close(done); f() }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s waits for a pipe", what)
		}
	}
	path := t.TempDir() + "/it"
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &child{spec: &Child{Argv: []string{"/bin/true"}, Output: path}}
	within("the output of a child, before somebody reads", func() {
		if _, err := c.exec(); err == nil {
			t.Error("a child writes to a pipe of others")
		}
	})
	held, err := os.OpenFile(path, os.O_RDWR, 0) // somebody could write, and does not
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	s := &Server{file: File{Files: []string{path}}}
	within("a file", func() {
		if _, err := s.readFile(path); err == nil {
			t.Error("a pipe is no file")
		}
	})
	within("a log", func() {
		if _, err := tail(path, mark{}, 1); err == nil {
			t.Error("a pipe is no log")
		}
	})
	within("the pid file", func() {
		if _, err := trackPIDFile(path); err == nil {
			t.Error("a pipe is no pid file")
		}
	})
	within("the output of a child", func() {
		if _, err := c.exec(); err == nil {
			t.Error("a child writes to a pipe of others")
		}
	})
}

// Where fs.protected_hardlinks is off, a service could give its output the name of
// another's file.
func TestOutputIsNoFileOfOthers(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/passwd", "", 0o600)
	if err := os.Link(dir+"/passwd", dir+"/out"); err != nil {
		t.Fatal(err)
	}
	c := &child{spec: &Child{Argv: []string{"/bin/echo", "x"}, Output: dir + "/out"}}
	if _, err := c.exec(); err == nil {
		t.Error("a child writes to a file that has another name")
	}
}
