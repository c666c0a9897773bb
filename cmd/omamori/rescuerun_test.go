package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/door/doortest"
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
	stand := fmt.Sprintf("#!/bin/sh\ncat >%[1]s/given\necho \"$@\" >%[1]s/args\n%[2]s\n", dir, script)
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
		says(t, log, "has omamori do this: repair", "says that this is done: repair")
	})
}
