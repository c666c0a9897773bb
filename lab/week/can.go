package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// needed are the programs that are played with, besides omamori's own.
var needed = []string{"unshare", "nsenter", "ip", "nft", "pptpd", "mariadbd", "nginx", "ssh", "ssh-keygen", "sshd", "curl"}

// can says why it cannot be played on this machine, "" if it can; an error is something
// that can be put right.
func can(o options) (why string, err error) {
	if os.Geteuid() != 0 {
		return o.lang.Text("week.no_root"), nil
	}
	for _, name := range needed {
		if _, err := exec.LookPath(name); err != nil {
			if _, err := os.Stat("/usr/sbin/" + name); err != nil {
				return "", errors.New(o.lang.Text("week.not_installed", "program", name))
			}
		}
	}
	if _, err := os.Stat(filepath.Join(o.programs, "omamori-hands")); err != nil {
		return "", errors.New(o.lang.Text("week.no_programs", "folder", o.programs))
	}
	// All that the stage is made of, once.
	const trial = `mount -t tmpfs tmpfs /run; mkdir /run/netns; ip netns add x; ip link add w0 type veth peer name w1; ip link set w1 netns x; nft add table ip x`
	if out, err := exec.Command("unshare", "--mount", "--pid", "--net", "--fork", "--mount-proc", "sh", "-ec", trial).CombinedOutput(); err != nil {
		return o.lang.Text("week.no_namespaces", "error", strings.TrimSpace(string(out))), nil
	}
	return "", nil
}

// cannot prints the table of a machine on which nothing of it can run: no row is in a sum.
func cannot(o options, why string) error {
	t := table{lang: o.lang, why: why}
	for _, what := range systems {
		t.rows = append(t.rows, row{What: what})
	}
	s := newScreen(os.Stdout, o)
	if o.asJSON {
		return errors.Join(s.outcome(t, nil), errors.New(why))
	}
	s.table(t)
	fmt.Fprintln(os.Stdout)
	return errors.New(why)
}
