package main_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Units, cron and env -i say no home: it is taken from the user database. Whom that does not
// know is told what to say.
func TestWithoutHome(t *testing.T) {
	needRoot(t)
	omamori := filepath.Join(programs(t), "omamori")
	for name, c := range map[string]struct {
		uid  uint32
		args []string
		says string
	}{
		"an account":              {65534, nil, "no guard is running here"},
		"root":                    {0, []string{"connect", "192.0.2.77", "22"}, "has no door for"},
		"nobody's number":         {3999999999, nil, "you have no home folder"},
		"nobody's, with a folder": {3999999999, []string{"--state", "/nonexistent"}, "no guard is running here"},
	} {
		cmd := exec.Command(omamori, c.args...)
		cmd.Env, cmd.Dir = []string{"LANG=en"}, "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.uid, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), c.says) || strings.Contains(string(out), "$HOME") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
