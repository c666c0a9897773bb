package main_test

import (
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/web/certificate/acmetest"
)

// The real programs get a certificate for the page by a real issuer and a real name server,
// and say what fails in both languages. The owner's file may name what only the guard can read.
func TestCertificate(t *testing.T) {
	t.Parallel()
	w := acmetest.New(t)
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", dir, "../omamori", ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := fmt.Sprintf(`lang: en
links:
  cert: {kind: tls, address: "guard.example.test:4650", ca: /nowhere/of/the/guard.pem}
page:
  listen: "0.0.0.0:4650"
  hosts: [guard.example.test, 192.0.2.1]
  tls:
    acme:
      agree: yes
      directory: %s
      ca: %s
      file: %s/page.pem
      dns: {server: "%s", key: %s, secret: "file:%s/secret", resolvers: ["%[4]s"]}
`, w.Directory, w.CA, dir, w.Names, acmetest.Key, dir)
	write("omamori.yaml", config)
	run := func(code int, args ...string) string {
		t.Helper()
		c := exec.Command(filepath.Join(dir, "omamori"), append([]string{"page", "certificate", "-c", filepath.Join(dir, "omamori.yaml")}, args...)...)
		out, err := c.CombinedOutput()
		if got := c.ProcessState.ExitCode(); got != code {
			t.Fatalf("%q: %d, %v: %s", args, got, err, out)
		}
		return string(out)
	}
	write("secret", "d3Jvbmc=")
	if out := run(1); !strings.Contains(out, "refuses the record") || !strings.Contains(out, "compare name, algorithm and secret") {
		t.Errorf("a wrong secret: %s", out)
	}
	if out := run(1, "--lang", "ja"); !strings.Contains(out, "レコードを拒否しました") {
		t.Errorf("a wrong secret: %s", out)
	}
	if out := run(1, "--json"); !strings.Contains(out, `"Failed": "refused"`) {
		t.Errorf("a wrong secret: %s", out)
	}
	write("secret", acmetest.Secret)
	out := run(0)
	if !strings.Contains(out, "a new certificate") || !strings.Contains(out, `page-certificate: {kind: tls, address: "guard.example.test:4650"}`) {
		t.Errorf("got: %s", out)
	}
	if pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "page.pem"), filepath.Join(dir, "page.pem")); err != nil || len(pair.Leaf.DNSNames) != 1 {
		t.Errorf("%v", err)
	}
	if out := run(0); !strings.Contains(out, "not yet time") || strings.Contains(out, "kind: tls") {
		t.Errorf("again: %s", out)
	}
	write("omamori.yaml", "links:\n  a: {kind: tcp, address: \"127.0.0.1:1\"}\n")
	if out := run(2); !strings.Contains(out, "page: tls: acme") {
		t.Errorf("not wanted: %s", out)
	}
	write("omamori.yaml", strings.Replace(config, "agree: yes", "agree: no", 1))
	if out := run(2); !strings.Contains(out, "omamori.yaml") {
		t.Errorf("not agreed: %s", out)
	}
}

// systemd takes the units, and finds them hardened: at most 1.5 of 10.
func TestUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		probetest.Needs(t, "systemd-analyze")
	}
	dir := t.TempDir()
	var units []string
	for _, name := range []string{"omamori-certificate.service", "omamori-certificate.timer"} {
		text, err := os.ReadFile("../../packaging/systemd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		text = regexp.MustCompile(`=/usr/bin/omamori`).ReplaceAll(text, []byte("=/bin/true"))
		units = append(units, filepath.Join(dir, name))
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, units...)...)
	verify.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	if out, err := verify.CombinedOutput(); err != nil || strings.Contains(string(out), dir) {
		t.Errorf("verify: %v\n%s", err, out)
	}
	if out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", units[0]).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
