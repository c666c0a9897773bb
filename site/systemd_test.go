package site

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/omamori-guard/omamori/words"
)

// writtenUnits are the units of a site as they would be installed.
func writtenUnits(t *testing.T, dir string) []string {
	t.Helper()
	p, err := findPrograms("en")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("needs the site's packages: %v", err)
	}
	b := &build{layout: layout{dir}, programs: p, lang: words.English, settings: settings{HandsBinary: "/bin/true", Address: "127.0.0.1:8080"}}
	into := t.TempDir()
	var paths []string
	for _, service := range unitServices {
		content, err := b.unit(service)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(into, unitName(b.layout, service))
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func needAnalyze(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("needs systemd-analyze")
	}
	return path
}

// systemd itself reads the units, without running: no line is unknown to it.
func TestUnitsAreValid(t *testing.T) {
	analyze := needAnalyze(t)
	for _, dir := range []string{"/srv/blog", "/srv/my+blog@home"} {
		args := append([]string{"verify", "--man=no", "--recursive-errors=no"}, writtenUnits(t, dir)...)
		if out, err := exec.Command(analyze, args...).CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
			t.Errorf("%s: %v\n%s", dir, err, out)
		}
	}
}

// The exposure that systemd-analyze security gives each unit is at most 3.5 of 10.
func TestUnitsAreHardened(t *testing.T) {
	analyze := needAnalyze(t)
	for _, path := range writtenUnits(t, "/srv/blog") {
		out, err := exec.Command(analyze, "security", "--no-pager", "--offline=true", "--threshold=35", path).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
