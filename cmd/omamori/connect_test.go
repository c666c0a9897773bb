package main_test

import (
	"os"
	"regexp"
	"strings"
	"time"
)

// throughTheDoor logs in from the laptop by omamori ssh, and by plain ssh with connect as
// its ProxyCommand, from silence; and sees what is said where a link of the way fails.
func (d *doorway) throughTheDoor(said string) {
	d.t.Helper()
	doors := d.dir + "/.config/omamori/doors"
	if err := os.MkdirAll(doors, 0o700); err != nil {
		d.t.Fatal(err)
	}
	line := regexp.MustCompile(`omamori-door1:[^@\s]+@\S+`).FindString(said)
	if err := os.WriteFile(doors+"/"+doorServer, []byte(line+"\n"), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := os.MkdirAll(d.dir+"/.ssh", 0o700); err != nil {
		d.t.Fatal(err)
	}
	d.here("cp", d.dir+"/owner", d.dir+"/.ssh/id_ed25519")
	options := []string{"-F", "none", "-i", d.dir + "/owner", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"}
	run := func(name string, args ...string) (string, error) {
		cmd := d.in(d.laptop, name, args...)
		cmd.Env = append(cmd.Env, "SSH_AUTH_SOCK=", "XDG_CONFIG_HOME=", "OMAMORI_STATE="+d.dir+"/laptop")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	began := time.Now()
	out, err := run(d.bin+"/omamori", append([]string{"ssh", doorServer}, append(options, "echo", "in")...)...)
	if err != nil || !strings.Contains(out, "in") {
		d.t.Errorf("omamori ssh: %v: %s", err, out)
	}
	d.t.Logf("omamori ssh from silence took %v", time.Since(began))
	if _, err := d.door("close"); err != nil {
		d.t.Error(err)
	}
	out, err = run("ssh", append(options, "-o", "ProxyCommand="+d.bin+"/omamori connect %h %p", doorServer, "echo in")...)
	if err != nil || !strings.Contains(out, "in") {
		d.t.Errorf("plain ssh: %v: %s", err, out)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no door":   {[]string{"connect", "192.0.2.77", "22"}, "has no door for"},
		"port":      {[]string{"connect", doorServer, "2222"}, "does not lease port 2222"},
		"no number": {[]string{"connect", doorServer, "ssh"}, "is not a port"},
	} {
		if out, err := run(d.bin+"/omamori", c.args...); err == nil || !strings.Contains(out, c.want) {
			d.t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	if err := os.Remove(d.dir + "/.ssh/id_ed25519"); err != nil {
		d.t.Fatal(err)
	}
	if out, err := run(d.bin+"/omamori", "connect", doorServer, "22"); err == nil || !strings.Contains(out, "no SSH key") {
		d.t.Errorf("no key: %v: %s", err, out)
	}
	if _, err := d.door("close", "--cut"); err != nil {
		d.t.Error(err)
	}
}
