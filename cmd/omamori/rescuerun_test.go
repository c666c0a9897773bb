package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/guard"
)

// runLinks is a blog that only the omamori of another machine brings back.
const runLinks = `links:
  front: {kind: claim, question: "Does the blog show its posts?"}
goals:
  blog: {title: the blog, ways: {web: [front]}}
mends:
  repair: {for: front, title: have the server start mysqld, takes: 1m, run: {rescue: blog, on: server}}
`

// sshDoes has the ssh of this machine do what a script says, in place of a server. It leaves
// there what it was called with, and what it was given to read.
func sshDoes(t *testing.T, script string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	stand := fmt.Sprintf("#!/bin/sh\n[ \"$1\" != -G ] || exit 0\ncat >%[1]s/given\necho \"$@\" >%[1]s/args\n%[2]s\n", dir, script)
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(stand), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return dir
}

// omamori rescue does a step itself once somebody says yes, and whatever comes of it, the
// plan stays. The server that it asks may be anybody's: it is given nothing to read, and
// what it prints moves no cursor here.
func TestRescueRuns(t *testing.T) {
	b := &blog{t: t, bin: programs(t), dir: open(t), state: filepath.Join(open(t), "state")}
	config := filepath.Join(b.dir, "omamori.yaml")
	if err := os.WriteFile(config, []byte(runLinks), 0o644); err != nil {
		t.Fatal(err)
	}
	b.start()
	const step, claim = "omamori: have the server start mysqld", "Does the blog show its posts?"
	at := b.console("rescue", "blog", "-c", config)
	at.answer(claim, "n")
	at.answer(step, "s")
	if code := at.end(); code != 1 {
		t.Fatalf("exit %d\n%s", code, at.text())
	}
	says(t, at.text(), "omamori, with your yes:", "omamori ssh server omamori rescue blog --yes")

	for name, c := range map[string]struct{ script, says string }{
		"refused": {`printf 'Vault passphrase: \033[2J\n'; exit 1`, "has not brought it back"},
		"no way":  {"exit 255", "ssh did not get to server"},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			dir := sshDoes(t, c.script)
			at := b.console("rescue", "blog", "-c", config)
			at.answer(step, "y")
			at.await(c.says)
			at.await("omamori ssh server")
			at.answer("Do it?", "s") // by itself it is not tried again
			if code := at.end(); code != 1 {
				t.Errorf("exit %d\n%s", code, at.text())
			}
			says(t, at.text(), "To go on from here: omamori rescue blog")
			if strings.Contains(at.text(), "\x1b[2J") {
				t.Error("the server clears our screen")
			}
			if given, err := os.ReadFile(dir + "/given"); err != nil || len(given) > 0 {
				t.Errorf("the server reads %q %v", given, err)
			}
			if args, _ := os.ReadFile(dir + "/args"); !strings.HasSuffix(string(args), " server omamori --lang en rescue blog --yes\n") {
				t.Errorf("ssh %s", args)
			}
		})
	}
	t.Run("hangs, and is broken off", func(t *testing.T) {
		b.t = t
		dir := sshDoes(t, "exec sleep 1000")
		at := b.console("rescue", "blog", "-c", config)
		at.answer(step, "y")
		doortest.Eventually(t, "ssh is at work", func() bool { _, err := os.Stat(dir + "/args"); return err == nil })
		at.typed("\x03")
		if code := at.end(); code != 1 {
			t.Errorf("exit %d\n%s", code, at.text())
		}
		says(t, at.text(), "Stopped", "To go on from here: omamori rescue blog")
	})
	t.Run("without a terminal", func(t *testing.T) {
		b.t = t
		dir := sshDoes(t, "exit 1")
		out, code := b.omamori("rescue", "blog", "-c", config)
		says(t, out, "omamori rescue blog --yes")
		if _, err := os.Stat(dir + "/args"); err == nil {
			t.Error("it is done though nobody said yes")
		}
		out2, code2 := b.omamori("rescue", "blog", "--yes", "-c", config)
		says(t, out2, "has not brought it back", "This needs you")
		if code != 1 || code2 != 1 {
			t.Errorf("exit %d, %d", code, code2)
		}
	})
	t.Run("done", func(t *testing.T) {
		b.t = t
		sshDoes(t, "echo posts holds")
		at := b.console("rescue", "blog", "-c", config)
		at.answer(step, "y")
		at.await("posts holds")
		at.answer(claim, "y")
		at.await("back")
		if code := at.end(); code != 0 {
			t.Errorf("exit %d\n%s", code, at.text())
		}
		log, _ := b.omamori("journal", "--since", "10m")
		says(t, log, "has omamori do this: have the server start mysqld", "says that this is done: have the server start mysqld")
	})
}

// A host without a door is reached by plain ssh, a real one: only if it shows the key that is
// known, and with nothing of ours at its disposal.
func TestRescueRunsBySSH(t *testing.T) {
	_, authorized, sshConfig := sshServer(t)
	b := &blog{t: t, bin: programs(t), dir: open(t), state: filepath.Join(open(t), "state")}
	config := filepath.Join(b.dir, "omamori.yaml")
	there := &post{t: t, bin: b.bin, name: "server", state: filepath.Join(open(t), "state"), config: filepath.Join(b.dir, "server.yaml")}
	dir := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(config, runLinks)
	write(there.config, "links:\n  front: {kind: disk, path: /, min_free: 1KiB}\ngoals:\n  blog: {title: the blog there, ways: {web: [front]}}\n")
	there.start()
	there.until("well", func(s guard.Status) bool { return len(s.Goals) == 1 && s.Goals[0].Verdict == chain.Holds })
	b.start()
	// What the server's sshd runs whatever is asked of it: omamori, as it is there.
	write(filepath.Join(dir, "login"), fmt.Sprintf("#!/bin/sh\necho \"agent=$SSH_AUTH_SOCK display=$DISPLAY\" >>%s/lent\nset -- $SSH_ORIGINAL_COMMAND\ntest \"$1\" = omamori || exit 0\nshift\nexec %s/omamori --state %s \"$@\"\n", dir, b.bin, there.state))
	key, err := os.ReadFile(authorized)
	if err != nil {
		t.Fatal(err)
	}
	write(authorized, fmt.Sprintf("command=%q %s", filepath.Join(dir, "login"), key))
	if err := os.Chmod(authorized, 0o600); err != nil {
		t.Fatal(err)
	}
	// The owner's own ssh, with a configuration that lends all to everybody, and with an agent.
	real, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	lends := func(more string) {
		t.Helper()
		more = "Host server\n IdentityAgent SSH_AUTH_SOCK\n" + more
		own, err := os.ReadFile(sshConfig)
		if err != nil {
			t.Fatal(err)
		}
		write(filepath.Join(dir, "config"), more+string(own)+" ForwardAgent yes\n RemoteForward 127.0.0.1:0 127.0.0.1:9\n LogLevel VERBOSE\n")
	}
	lends("")
	write(filepath.Join(dir, "ssh"), fmt.Sprintf("#!/bin/sh\nexec %s -F %s/config \"$@\"\n", real, dir))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	agent := exec.Command("ssh-agent", "-D", "-a", filepath.Join(dir, "agent"))
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = agent.Process.Kill(); _ = agent.Wait() })
	doortest.Eventually(t, "the agent listens", func() bool { _, err := os.Stat(filepath.Join(dir, "agent")); return err == nil })
	t.Setenv("SSH_AUTH_SOCK", filepath.Join(dir, "agent"))
	lent := func() string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, "lent"))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}

	// Typed by himself it is his ssh, as he has it.
	out, err := exec.Command(filepath.Join(b.bin, "omamori"), "--lang", "en", "ssh", "server", "true").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "no door is known for server: plain ssh") {
		t.Errorf("omamori ssh: %v: %s", err, out)
	}
	if !strings.Contains(lent(), "agent=/") {
		t.Fatalf("the agent is not forwarded even where it is wanted: %s", lent())
	}
	if !strings.Contains(string(out), "remote forward") {
		t.Fatalf("nor is a port: %s", out)
	}
	if err := os.Remove(filepath.Join(dir, "lent")); err != nil {
		t.Fatal(err)
	}

	// Another machine in its place.
	lends(" UserKnownHostsFile /dev/null\n StrictHostKeyChecking no\n")
	const step, claim = "omamori: have the server start mysqld", "Does the blog show its posts?"
	at := b.console("rescue", "blog", "-c", config)
	at.answer(claim, "n")
	at.answer(step, "y")
	at.await("ssh did not get to server")
	at.answer("Do it?", "s")
	if code := at.end(); code != 1 {
		t.Errorf("exit %d\n%s", code, at.text())
	}
	if _, err := os.Stat(filepath.Join(dir, "lent")); err == nil {
		t.Error("it was let in though nobody knows its key")
	}

	lends("")
	at = b.console("rescue", "blog", "-c", config)
	at.answer(step, "y")
	at.await("the blog there")
	at.answer(claim, "y")
	at.await("back")
	if code := at.end(); code != 0 {
		t.Errorf("exit %d\n%s", code, at.text())
	}
	if got := lent(); got != "agent= display=\n" {
		t.Errorf("lent to the server: %s", got)
	}
	if strings.Contains(at.text(), "remote forward") {
		t.Errorf("a port is forwarded:\n%s", at.text())
	}
}
