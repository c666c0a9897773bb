package hands

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// eventually waits until something is so.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain waited until %s", what)
		}
	}
}

// serve starts a server of f, of which the run folder is dir, and gives a client
// and what ends both. The children are ended with the test.
func serve(t *testing.T, dir string, f File) (c *Client, end func()) {
	t.Helper()
	f.Run = filepath.Join(dir, "run")
	s, err := New(f, quiet())
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Listen(filepath.Join(dir, fmt.Sprintf("%d.sock", time.Now().UnixNano())))
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		if err := s.Serve(t.Context(), l); err != nil {
			t.Error(err)
		}
	})
	c, err = Connect(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	end = func() {
		once.Do(func() {
			c.Close()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			work.Wait()
		})
	}
	t.Cleanup(func() {
		for _, spec := range f.Services {
			if r, ok := readRecord(recordPath(f.run(), spec.Name)); ok {
				if p, err := r.track(); err == nil {
					syscall.Kill(-r.PID, syscall.SIGKILL)
					p.pidfd.Close()
				}
			}
		}
		end()
	})
	return c, end
}

func ofChild(argv ...string) Service {
	return Service{Name: "it", Child: &Child{Argv: argv, StopTimeout: "300ms"}}
}

// sh is a service that runs a script.
func sh(text string) Service { return ofChild("/bin/sh", "-c", text) }

// do has a deed done that must go well.
func do(t *testing.T, c *Client, verb chain.Verb) chain.Process {
	t.Helper()
	done, err := c.Do(t.Context(), chain.Deed{Verb: verb, Service: "it"})
	if err != nil || done.Error != "" {
		t.Fatalf("%s: %v, %s", verb, err, done.Error)
	}
	return look(t, c)
}

func look(t *testing.T, c *Client) chain.Process {
	t.Helper()
	p, err := c.Process(t.Context(), "it")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("CI must run this as root")
	}
	t.Skip("acts as other users: needs root")
}

func need(t *testing.T, program string) {
	t.Helper()
	if _, err := os.Stat(program); err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("CI needs %s", program)
	}
	t.Skipf("needs %s", program)
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

func alive(pid int) bool {
	st, err := readStat(pid)
	return err == nil && st.state != "Z" && st.state != "X"
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
