package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/omamori-guard/omamori/probe/probetest"
)

// systemd takes the door's units, and finds them hardened: at most 2.5 of 10. On a host
// that has booted, lab/ starts them.
func TestUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		probetest.Needs(t, "systemd-analyze")
	}
	dir := t.TempDir()
	var all []string
	// All of ours, so that what they want is there; their programs are not installed here.
	units, err := filepath.Glob("../../packaging/systemd/*.service")
	must(t, err)
	for _, path := range units {
		text, err := os.ReadFile(path)
		must(t, err)
		text = regexp.MustCompile(`=([+!-]?)/usr/bin/omamori[a-z-]*`).ReplaceAll(text, []byte("=$1/bin/true"))
		unit := filepath.Join(dir, filepath.Base(path))
		must(t, os.WriteFile(unit, text, 0o600))
		switch filepath.Base(path) {
		case "omamori-door.service", "omamori-knock.service", "omamori-firewall.service":
			all = append(all, unit)
		}
	}
	if len(all) != 3 {
		t.Fatalf("the door's units are %v", all)
	}
	verify := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, all...)...)
	verify.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	out, err := verify.CombinedOutput()
	if err != nil || bytes.Contains(out, []byte(dir)) {
		t.Errorf("verify: %v\n%s", err, out)
	}
	for _, unit := range all {
		if out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=25", unit).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", filepath.Base(unit), err, out)
		}
	}
}
