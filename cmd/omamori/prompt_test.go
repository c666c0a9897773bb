package main_test

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/probe/probetest"
)

// Ctrl-C ends a question whose answer is not shown, and the terminal shows again what is
// typed.
func TestCtrlCAtAPassphrase(t *testing.T) {
	t.Parallel()
	b := &blog{t: t, bin: programs(t), state: t.TempDir()}
	c := b.console("vault", "init")
	c.await("assphrase")
	echo := func() (on bool) {
		raw, err := c.master.SyscallConn()
		if err == nil {
			err = raw.Control(func(fd uintptr) {
				state, e := unix.IoctlGetTermios(int(fd), unix.TCGETS)
				if e != nil {
					t.Error(e)
					return
				}
				on = state.Lflag&unix.ECHO != 0
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		return on
	}
	probetest.Until(t, "the answer is hidden", func() bool { return !echo() })
	c.typed("\x03")
	if code := c.end(); code != 1 || !strings.Contains(c.text(), "stopped") {
		t.Errorf("exit %d: %s", code, c.text())
	}
	if !echo() {
		t.Error("the terminal still shows nothing of what is typed")
	}
}

// Two that differ are asked for again: a whole kit may have been typed before them.
func TestMistypedPassphrase(t *testing.T) {
	t.Parallel()
	b := &blog{t: t, bin: programs(t), state: t.TempDir()}
	c := b.console("vault", "init")
	for _, again := range []string{"two of a kind\n", "one of a kind\n"} {
		c.await("New passphrase:")
		c.typed("one of a kind\n")
		c.await("Again:")
		c.typed(again)
	}
	if code := c.end(); code != 0 {
		t.Fatalf("exit %d: %s", code, c.text())
	}
	c = b.console("vault", "list")
	c.await("Passphrase of the vault:")
	c.typed("two of a kind\n")
	c.await("Passphrase of the vault:")
	c.typed("one of a kind\n")
	if code := c.end(); code != 0 {
		t.Errorf("exit %d: %s", code, c.text())
	}
}

func (c *console) typed(keys string) {
	c.t.Helper()
	if _, err := c.master.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}
