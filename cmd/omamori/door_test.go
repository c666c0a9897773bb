package main_test

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/knock"
)

// A server with a real sshd, real rules, and our real programs, each in a namespace; the
// owner's laptop and a stranger on the same wire.
type doorway struct {
	t              *testing.T
	server, laptop *doortest.Space
	dir, bin       string
}

const (
	doorServer, doorLaptop, doorStranger = "192.0.2.1", "192.0.2.2", "192.0.2.66"
)

func newDoorway(t *testing.T) *doorway {
	t.Helper()
	d := &doorway{t: t, server: doortest.New(t), laptop: doortest.New(t), dir: t.TempDir(), bin: programs(t)}
	doortest.Wire(d.server, d.laptop, doorServer+"/24", doorLaptop+"/24 "+doorStranger+"/24")
	for _, key := range []string{"host", "owner"} {
		d.here("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "hanako", "-f", filepath.Join(d.dir, key))
	}
	// Beside the owner's key one that fits into no packet: what nobody factors needs no factors.
	old, err := gossh.NewPublicKey(&rsa.PublicKey{N: new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 4095), big.NewInt(1)), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	d.here("sh", "-euc", `{ cat "$0/owner.pub"; echo "$1"; } >"$0/authorized_keys"`, d.dir, strings.TrimSpace(string(gossh.MarshalAuthorizedKey(old)))+" old@desk")
	config := fmt.Sprintf("Port 22\nHostKey %[1]s/host\nAuthorizedKeysFile %[1]s/authorized_keys\nPidFile %[1]s/sshd.pid\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nMaxStartups 100\nSubsystem sftp internal-sftp\n", d.dir)
	if err := os.WriteFile(d.dir+"/sshd_config", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	d.start("sshd", "/usr/sbin/sshd", "-D", "-f", d.dir+"/sshd_config")
	doortest.Eventually(t, "sshd answers", func() bool { return d.ssh(doorLaptop, "true") == nil })
	return d
}

func (d *doorway) here(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// in makes a command that runs inside a namespace, and that dies with the test.
func (d *doorway) in(s *doortest.Space, name string, args ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{"--net=/dev/fd/3", name}, args...)...)
	cmd.ExtraFiles = []*os.File{s.File}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "OMAMORI_STATE="+d.dir+"/state", "HOME="+d.dir)
	return cmd
}

// start runs a program on the server until the test is over.
func (d *doorway) start(what, name string, args ...string) *exec.Cmd {
	d.t.Helper()
	cmd := d.in(d.server, name, args...)
	log := &output{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { cmd.Wait(); close(done) }() //nolint:errcheck // it is killed
	d.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may be gone
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill() //nolint:errcheck
			<-done
		}
		if d.t.Failed() {
			d.t.Logf("%s:\n%s", what, log.String())
		}
	})
	return cmd
}

// sshCommand is a login from one of the laptop's addresses.
func (d *doorway) sshCommand(from, command string) *exec.Cmd {
	me, err := user.Current()
	if err != nil {
		d.t.Fatal(err)
	}
	return d.in(d.laptop, "ssh", "-F", "none", "-b", from, "-i", d.dir+"/owner", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=2",
		me.Username+"@"+doorServer, command)
}

func (d *doorway) ssh(from, command string) error { return d.sshCommand(from, command).Run() }

// omamori runs the command line on the server.
func (d *doorway) omamori(args ...string) (string, error) {
	out, err := d.in(d.server, d.bin+"/omamori", args...).CombinedOutput()
	return string(out), err
}

func (d *doorway) door(args ...string) (string, error) {
	return d.omamori(append([]string{"door", "--socket", d.dir + "/door.sock"}, args...)...)
}

// hands starts the door's half, once its file is there.
func (d *doorway) hands() *exec.Cmd {
	return d.start("hands", d.bin+"/omamori-hands", "--door", "--file", d.dir+"/etc/door.json", "--listen", d.dir+"/door.sock")
}

// refusedAlone: without a second way, install refuses and has written nothing.
func (d *doorway) refusedAlone() {
	d.t.Helper()
	out, err := d.door("install", "--dir", d.dir+"/etc", "--keys", d.dir+"/authorized_keys")
	if err == nil || !strings.Contains(out, "second way") {
		d.t.Fatalf("%v: %s", err, out)
	}
	if _, err := os.Stat(d.dir + "/etc"); err == nil {
		d.t.Fatal("something was written")
	}
}

// guarded starts a guard which proves a second way to the shell.
func (d *doorway) guarded() {
	d.t.Helper()
	config := "links:\n  sshd: {kind: tcp, address: \"127.0.0.1:22\"}\n  console: {kind: disk, path: /, min_free: 1KiB}\n" +
		"goals:\n  shell: {ways: {ssh: [sshd], console: [console]}}\n"
	if err := os.Chmod(filepath.Dir(d.dir), 0o755); err != nil { // the guard is not root
		d.t.Fatal(err)
	}
	if err := os.Chmod(d.dir, 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(d.dir+"/omamori.yaml", []byte(config), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.start("guard", d.bin+"/omamori", "run", "--user", "nobody", "-c", d.dir+"/omamori.yaml")
	doortest.Eventually(d.t, "the second way is proved", func() bool {
		out, err := d.omamori("status", "--json")
		return err == nil && strings.Count(out, `"holds"`) >= 3
	})
}

// stateIn gives the door a state of its own, which is the only thing in its file that
// install has no word for.
func (d *doorway) stateIn() {
	d.t.Helper()
	b, err := os.ReadFile(d.dir + "/etc/door.json")
	if err != nil {
		d.t.Fatal(err)
	}
	text := strings.Replace(string(b), "{", `{"state": "`+d.dir+`/door",`, 1)
	if err := os.WriteFile(d.dir+"/etc/door.json", []byte(text), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// knock knocks from the laptop, with what install has printed for it.
func (d *doorway) knock(said string) error {
	line := regexp.MustCompile(`omamori-door1:[^@\s]+@\S+`).FindString(said)
	pass, err := knock.ParsePass(line)
	if err != nil {
		return fmt.Errorf("%q: %w", line, err)
	}
	b, err := os.ReadFile(d.dir + "/owner")
	if err != nil {
		return err
	}
	signer, err := gossh.ParsePrivateKey(b)
	if err != nil {
		return err
	}
	d.laptop.In(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		client := &knock.Client{Pass: pass, Signer: signer}
		_, err = client.Knock(ctx, netip.AddrPortFrom(netip.MustParseAddr(doorServer), pass.Port), knock.Ask{Ports: []uint16{22}, For: time.Hour})
	})
	return err
}

// Silence, a knock, in, list, close: with sshd, nftables and our programs as they are.
func TestTheDoorFromOutside(t *testing.T) {
	needRoot(t)
	d := newDoorway(t)
	before := d.server.Ruleset()
	d.refusedAlone()
	d.guarded()

	// The owner's old session stays open all the while.
	old := d.sshCommand(doorLaptop, "cat")
	oldIn, err := old.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var oldOut output
	old.Stdout = &oldOut
	if err := old.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { oldIn.Close(); old.Wait() }) //nolint:errcheck // as it ends

	install := d.in(d.server, d.bin+"/omamori", "door", "--socket", d.dir+"/door.sock", "install", "--dir", d.dir+"/etc", "--keys", d.dir+"/authorized_keys")
	var said output
	install.Stdout, install.Stderr = &said, &said
	if err := install.Start(); err != nil {
		t.Fatal(err)
	}
	doortest.Eventually(t, "its file is there", func() bool { _, err := os.Stat(d.dir + "/etc/door.json"); return err == nil })
	d.stateIn()
	h := d.hands()
	d.start("knock", d.bin+"/omamori-knock", "-key", d.dir+"/etc/door.key", "-signers", d.dir+"/etc/allowed_signers", "-door", d.dir+"/door.sock")
	doortest.Eventually(t, "the trial begins", func() bool { return strings.Contains(said.String(), "come in anew") })
	if !strings.Contains(said.String(), "does not fit into a knock") || !strings.Contains(said.String(), "(old@desk)") {
		t.Errorf("nothing was said of a key that does not fit:\n%s", said.String())
	}
	if d.ssh(doorStranger, "true") == nil || d.ssh(doorLaptop, "true") == nil {
		t.Fatal("SSH is not closed")
	}
	fmt.Fprintln(oldIn, "still here")
	doortest.Eventually(t, "the old session answers", func() bool { return strings.Contains(oldOut.String(), "still here") })

	if err := d.knock(said.String()); err != nil {
		t.Fatal(err)
	}
	session := d.sshCommand(doorLaptop, "sleep 1000")
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { session.Wait(); close(ended) }() //nolint:errcheck // it is cut
	if err := install.Wait(); err != nil {
		t.Fatalf("install: %v\n%s", err, said.String())
	}
	if d.ssh(doorStranger, "true") == nil {
		t.Error("a stranger came in")
	}

	// kill -9, and the kernel goes on; so does a new process, with the same leases.
	h.Process.Kill() //nolint:errcheck
	if d.ssh(doorStranger, "true") == nil || d.ssh(doorLaptop, "true") != nil {
		t.Error("with the door's half dead, the kernel did not go on")
	}
	d.hands()
	var state struct {
		Leases []struct{ ID, From, Who, Key string }
	}
	doortest.Eventually(t, "the door is there again", func() bool {
		out, err := d.door("list", "--json")
		return err == nil && json.Unmarshal([]byte(out), &state) == nil
	})
	if len(state.Leases) != 1 || state.Leases[0].Who != "hanako" || state.Leases[0].From != doorLaptop+"/32" {
		t.Fatalf("%+v", state)
	}
	if out, err := d.door("open", doorStranger, "--for", "1h", "--why", "a guest"); err != nil {
		t.Fatal(out)
	}
	if err := d.ssh(doorStranger, "true"); err != nil {
		t.Error("a guest did not come in")
	}
	out, err := d.door("close", "--cut")
	if err != nil || !strings.Contains(out, "2 leases ended") {
		t.Errorf("%v: %s", err, out)
	}
	<-ended
	if d.ssh(doorLaptop, "true") == nil {
		t.Error("closed, it lets in")
	}

	d.throughTheDoor(said.String())

	// Out again, by a plain new connection.
	uninstall := d.in(d.server, d.bin+"/omamori", "door", "--socket", d.dir+"/door.sock", "uninstall")
	var gone output
	uninstall.Stdout, uninstall.Stderr = &gone, &gone
	if err := uninstall.Start(); err != nil {
		t.Fatal(err)
	}
	doortest.Eventually(t, "it is open on trial", func() bool { return d.ssh(doorLaptop, "sleep 3") == nil })
	if err := uninstall.Wait(); err != nil {
		t.Fatalf("uninstall: %v\n%s", err, gone.String())
	}
	if after := d.server.Ruleset(); after != before {
		t.Errorf("left behind:\n%s", after)
	}
}
