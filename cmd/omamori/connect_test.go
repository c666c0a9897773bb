package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/door/doortest"
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
	took := time.Since(began)
	d.onlyWhenNeeded(run, options)
	began = time.Now()
	if err := d.ssh(doorLaptop, "true"); err != nil {
		d.t.Errorf("plain ssh, with the lease: %v", err)
	}
	d.t.Logf("omamori ssh from silence took %v, plain ssh through the open door %v", took, time.Since(began))
	if _, err := d.door("close"); err != nil {
		d.t.Error(err)
	}
	out, err = run("ssh", append(options, "-o", "ProxyCommand="+d.bin+"/omamori connect %h %p", doorServer, "echo in")...)
	if err != nil || !strings.Contains(out, "in") {
		d.t.Errorf("plain ssh: %v: %s", err, out)
	}
	d.programs(run, options)
	d.moving(line)
	d.failing(run, line)
	if err := os.WriteFile(d.dir+"/bad.yaml", []byte("doors: {moving: {passs: x}}\n"), 0o600); err != nil {
		d.t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no door":   {[]string{"connect", "192.0.2.77", "22"}, "has no door for"},
		"port":      {[]string{"connect", doorServer, "2222"}, "does not lease port 2222"},
		"mistake":   {[]string{"-c", d.dir + "/bad.yaml", "connect", "moving", "22"}, "bad.yaml has 1 mistake"},
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

// programs: whatever uses SSH goes through the door, with one line in ~/.ssh/config.
func (d *doorway) programs(run func(string, ...string) (string, error), options []string) {
	d.t.Helper()
	var config strings.Builder
	fmt.Fprintf(&config, "Host server\n  HostName %s\n  ProxyCommand %s/omamori connect %%h %%p\n  IdentityFile %s/owner\n", doorServer, d.bin, d.dir)
	for i := 5; i < len(options); i += 2 { // the tests' own
		fmt.Fprintln(&config, " ", options[i])
	}
	path := d.dir + "/ssh_config"
	if err := os.WriteFile(path, []byte(config.String()), 0o600); err != nil {
		d.t.Fatal(err)
	}
	for name, script := range map[string]string{
		"ssh":   "test $(ssh -F $0 server 'echo in') = in",
		"scp":   "echo carried > $1/here && scp -q -F $0 $1/here server:$1/scp && cmp $1/here $1/scp",
		"rsync": "mkdir -p $1/tree && echo carried > $1/tree/a && rsync -a -e \"ssh -F $0\" $1/tree/ server:$1/rsync/ && cmp $1/tree/a $1/rsync/a",
		"git": "export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_SSH_COMMAND=\"ssh -F $0\"; git init -q --bare $1/repo.git && git init -q $1/work && " +
			"git -C $1/work -c user.name=x -c user.email=x@example.org commit -q --allow-empty -m x && git -C $1/work push -q server:$1/repo.git HEAD:main && git clone -q -b main server:$1/repo.git $1/clone",
	} {
		if _, err := d.door("close"); err != nil { // each knocks for itself
			d.t.Error(err)
		}
		if out, err := run("sh", "-euc", script, path, d.dir); err != nil {
			d.t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

// moving: while a session lasts, its lease is renewed, and follows the laptop to another
// address.
func (d *doorway) moving(line string) {
	d.t.Helper()
	config := "doors:\n  moving: {pass: 'env:OMAMORI_TEST_PASS', hosts: [moving], for: 6s}\n"
	if err := os.WriteFile(d.dir+"/moving.yaml", []byte(config), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.door("close"); err != nil {
		d.t.Error(err)
	}
	session := d.in(d.laptop, d.bin+"/omamori", "-c", d.dir+"/moving.yaml", "connect", "moving", "22")
	session.Env = append(session.Env, "SSH_AUTH_SOCK=", "XDG_CONFIG_HOME=", "OMAMORI_STATE="+d.dir+"/laptop", "OMAMORI_TEST_PASS="+line[:strings.Index(line, "@")]+"@"+doorServer+":4649")
	in, err := session.StdinPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	said := &output{}
	session.Stdout, session.Stderr = said, said
	if err := session.Start(); err != nil {
		d.t.Fatal(err)
	}
	defer func() {
		in.Close()
		session.Process.Kill() //nolint:errcheck // it may have ended
		session.Wait()         //nolint:errcheck
		if d.t.Failed() {
			d.t.Log(said.String())
		}
	}()
	var first time.Time
	doortest.Eventually(d.t, "there is a lease", func() bool { first = d.leases()[doorLaptop+"/32"]; return !first.IsZero() })
	doortest.Eventually(d.t, "it is renewed", func() bool { return d.leases()[doorLaptop+"/32"].After(first) })
	const next = "192.0.2.3"
	d.laptop.Run("ip addr add " + next + "/24 dev eth0; ip route replace 192.0.2.0/24 dev eth0 src " + next)
	doortest.Eventually(d.t, "the new address has a lease", func() bool { return !d.leases()[next+"/32"].IsZero() })
	if err := d.ssh(next, "true"); err != nil {
		d.t.Errorf("from the new address: %v", err)
	}
	d.laptop.Run("ip route replace 192.0.2.0/24 dev eth0 src " + doorLaptop)
}

// lease is one of the door's.
type lease struct {
	From  string
	Until time.Time
}

// leases are those that there are, by whom they let in.
func (d *doorway) leases() (all map[string]time.Time) {
	var state struct{ Leases []lease }
	all = map[string]time.Time{}
	out, err := d.door("list", "--json")
	if err == nil && json.Unmarshal([]byte(out), &state) == nil {
		for _, l := range state.Leases {
			all[l.From] = l.Until
		}
	}
	return all
}

// onlyWhenNeeded: while there is a lease, nobody knocks. On a machine that stands still for
// longer than the open port is waited for, he does; not each time.
func (d *doorway) onlyWhenNeeded(run func(string, ...string) (string, error), options []string) {
	d.t.Helper()
	for range 5 {
		before := d.leases()[doorLaptop+"/32"]
		if out, err := run(d.bin+"/omamori", append([]string{"ssh", doorServer}, append(options, "true")...)...); err != nil {
			d.t.Errorf("omamori ssh, with a lease: %v: %s", err, out)
		}
		if after := d.leases()[doorLaptop+"/32"]; !before.IsZero() && after.Equal(before) {
			return
		}
	}
	d.t.Error("there is a lease, and each connection knocks")
}

// failing: each link of the way in is named where it fails.
func (d *doorway) failing(run func(string, ...string) (string, error), line string) {
	d.t.Helper()
	d.here("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", d.dir+"/nobody")
	key := line[:strings.Index(line, "@")]
	config := "doors:\n"
	for name, door := range map[string]string{
		"name": "pass: 'env:OMAMORI_TEST_NAME'", "nobody": "pass: 'env:OMAMORI_TEST_PORT'", "mine": "pass: 'env:OMAMORI_TEST_DOOR'",
		"silent": "pass: 'env:OMAMORI_TEST_DOOR', key: " + d.dir + "/nobody",
	} {
		config += "  " + name + ": {" + door + ", for: 2s}\n"
	}
	if err := os.WriteFile(d.dir+"/failing.yaml", []byte(config), 0o600); err != nil {
		d.t.Fatal(err)
	}
	env := []string{"env", "OMAMORI_TEST_NAME=" + key + "@nowhere.invalid:4649", "OMAMORI_TEST_PORT=" + key + "@" + doorServer + ":4650",
		"OMAMORI_TEST_DOOR=" + key + "@" + doorServer + ":4649", d.bin + "/omamori", "-c", d.dir + "/failing.yaml", "connect"}
	fails := func(name, said string) {
		if out, err := run(env[0], append(env[1:], name, "22")...); err == nil || !strings.Contains(out, "the link that failed is the "+said) {
			d.t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	if _, err := d.door("close"); err != nil {
		d.t.Error(err)
	}
	// Behind the door, the port is dropped by somebody else.
	d.server.Run("nft 'table inet theirs { chain c { type filter hook input priority 0; tcp dport 22 drop; }; }'")
	var all sync.WaitGroup
	for name, said := range map[string]string{"name": "name: no address was found for nowhere.invalid", "nobody": "door: the machine answers",
		"silent": "door: 192.0.2.1:4649 does not answer our knock", "mine": "port: the door has let us in"} {
		all.Go(func() { fails(name, said) })
	}
	all.Wait()
	d.server.Run("nft flush chain inet theirs c; nft add rule inet theirs c tcp dport 22 reject with tcp reset")
	fails("mine", "service: the door has let us in")
	d.server.Run("nft delete table inet theirs")
}
