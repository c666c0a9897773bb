package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/omamori-guard/omamori/probe/probetest"
)

// peeped is the uid under which TestVaultIsHardened runs its programs, if it is root: one
// without any right.
const peeped = 64216

// TestVaultIsHardened has other programs of the owner's try to read the memory of one that
// asks for the vault's passphrase, or to trace it. The same is tried with a program that does
// nothing against it.
func TestVaultIsHardened(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	o.dir = open(t) // other users can reach it
	if err := os.Mkdir(filepath.Join(o.dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	o.write("given.word", ownerPassphrase+"\n")
	if out, err := exec.Command("go", "build", "-o", filepath.Join(o.dir, "peep"), "./testdata/peep").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	root := os.Geteuid() == 0
	as := func(c *exec.Cmd) *exec.Cmd {
		c.Env = append(os.Environ(), "HOME="+o.dir, "TMPDIR="+o.dir)
		if root {
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: peeped, Gid: peeped}}
		}
		return c
	}
	if root {
		for _, name := range []string{".", "state", "given.word"} {
			if err := os.Chown(filepath.Join(o.dir, name), peeped, peeped); err != nil {
				t.Fatal(err)
			}
		}
	}
	if out, err := as(o.command("vault", "init", "--passphrase-file", "given.word")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	limited := regexp.MustCompile(`Max core file size +0 +0 `)
	for _, c := range []struct {
		name    string
		command *exec.Cmd
		guarded bool
	}{
		{"another program", exec.Command("cat"), false},
		{"vault list", o.command("vault", "list", "--passphrase-fd", "0"), true},
		{"vault passphrase", o.command("vault", "passphrase", "--passphrase-fd", "0"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := as(c.command)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close(); _ = cmd.Wait() }()
			pid := cmd.Process.Pid
			if c.guarded {
				probetest.Until(t, "no core is dumped", func() bool {
					b, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
					return err == nil && limited.Match(b)
				})
				// It hardens itself in one go, and waits for the passphrase then.
				probetest.Until(t, "its memory is its own", func() bool {
					st, err := os.Stat(fmt.Sprintf("/proc/%d/environ", pid))
					return err == nil && st.Sys().(*syscall.Stat_t).Uid == 0 || !root && err != nil
				})
			} else {
				probetest.Until(t, "it runs", func() bool {
					exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
					return err == nil && strings.Contains(exe, "cat") || strings.Contains(exe, "coreutils")
				})
			}
			// Who peeps has the same user and no right besides; Yama may keep even it from strangers.
			peeper := as(exec.Command(filepath.Join(o.dir, "peep"), fmt.Sprint(pid)))
			out, err := peeper.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			read := strings.Contains(string(out), "read:")
			if c.guarded && read {
				t.Errorf("it can be read:\n%s", out)
			}
			if yama, _ := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); !c.guarded && !read && strings.TrimSpace(string(yama) + "0")[0] == '0' {
				t.Errorf("nothing can be read here, so that this test shows nothing:\n%s", out)
			}
		})
	}
}
