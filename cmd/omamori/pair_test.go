package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/control"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vantage"
	"github.com/omamori-guard/omamori/words"
)

// post is a real guard with a state of its own.
type post struct {
	t           *testing.T
	bin         string
	name, state string
	config      string
	run         *exec.Cmd
	stderr      *output
}

// ask runs a command against the guard; input is what is typed.
func (p *post) ask(input string, args ...string) (out string, code int) {
	p.t.Helper()
	cmd := exec.Command(filepath.Join(p.bin, "omamori"), append(args, "--state", p.state, "--lang", "en")...)
	cmd.Stdin = strings.NewReader(input)
	both := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = both, both
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	return both.String(), cmd.ProcessState.ExitCode()
}

func (p *post) status() (s guard.Status) {
	p.t.Helper()
	out, _ := p.ask("", "status", "--json")
	_ = json.Unmarshal([]byte(out), &s) // a guard that is not up has none
	return s
}

func (p *post) until(what string, ok func(guard.Status) bool) {
	p.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if ok(p.status()) {
			return
		}
		if time.Now().After(deadline) {
			out, _ := p.ask("", "status")
			list, _ := p.ask("", "pair", "list")
			p.t.Fatalf("%s: not %s:\n%s%s%s", p.name, what, out, list, p.stderr)
		}
	}
}

func (p *post) start() {
	p.t.Helper()
	p.stderr = &output{}
	p.run = exec.Command(filepath.Join(p.bin, "omamori"), "run", "-c", p.config, "--state", p.state, "--user", "nobody")
	p.run.Stderr = p.stderr
	if err := p.run.Start(); err != nil {
		p.t.Fatal(err)
	}
	run := p.run
	p.t.Cleanup(func() { _ = run.Process.Kill(); _ = run.Wait() })
	p.until("up", func(s guard.Status) bool { return s.Guard.PID == run.Process.Pid })
}

// kill ends the guard as a power cut would.
func (p *post) kill() {
	p.t.Helper()
	if err := p.run.Process.Signal(syscall.SIGKILL); err != nil {
		p.t.Fatal(err)
	}
	_ = p.run.Wait()
}

// verdict is that of the link proved from the laptop.
func verdict(v chain.Verdict) func(guard.Status) bool {
	return func(s guard.Status) bool {
		return len(s.Links) == 1 && s.Links[0].Verdict == v && (v == chain.Unproven || s.Links[0].Because != "")
	}
}

// sshServer runs Debian's sshd on loopback, with keys and a configuration of its own. It
// returns its address, the file of keys that it lets in, and a file for ssh -F that
// calls it "server" and logs in as we are.
func sshServer(t *testing.T) (address, authorized, sshConfig string) {
	t.Helper()
	needRoot(t)
	// sshd looks whether others could write to the folders above.
	dir, err := os.MkdirTemp("/root", ".omamori-pair-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for _, key := range []string{"host", "key"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	file := func(path, text string) string {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	port := freePort(t)
	address = fmt.Sprintf("127.0.0.1:%d", port)
	authorized = file(filepath.Join(dir, "authorized"), read("key.pub")+"\n")
	config := file(filepath.Join(dir, "config"), strings.Join([]string{
		"ListenAddress " + address, "HostKey " + filepath.Join(dir, "host"), "AuthorizedKeysFile " + authorized, "PidFile none",
		"UsePAM no", "PermitRootLogin yes", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "",
	}, "\n"))
	public := open(t) // the guards read these as nobody
	known := file(filepath.Join(public, "known_hosts"), fmt.Sprintf("[127.0.0.1]:%d %s\n", port, read("host.pub")))
	sshConfig = file(filepath.Join(public, "ssh_config"), fmt.Sprintf(
		"Host server\n HostName 127.0.0.1\n Port %d\n User root\n UserKnownHostsFile %s\n GlobalKnownHostsFile none\n StrictHostKeyChecking yes\n IdentityFile %s\n IdentityAgent none\n",
		port, known, filepath.Join(dir, "key")))
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // sshd insists on it
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address, authorized, sshConfig
		}
		if time.Now().After(deadline) {
			t.Fatal("sshd does not listen")
		}
	}
}

// Two real guards, paired and exchanging over the real sshd, through a kill -9 of each.
func TestPair(t *testing.T) {
	t.Parallel()
	address, authorized, sshConfig := sshServer(t)
	bin := programs(t)
	make := func(name string) *post {
		p := &post{t: t, bin: bin, name: name, state: filepath.Join(open(t), "state")}
		p.config = filepath.Join(filepath.Dir(p.state), "omamori.yaml")
		text := "vantage: {name: " + name + "}\nlinks:\n  sshd: {kind: tcp, address: \"" + address + "\", from: laptop, every: 1s, timeout: 1s}\n" +
			"goals:\n  shell: {ways: {ssh: [sshd]}}\n"
		if err := os.WriteFile(p.config, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		p.start()
		return p
	}
	laptop, server := make("laptop"), make("server")
	laptop.until("proving its own link", verdict(chain.Holds))
	there := filepath.Join(bin, "omamori") + " --state " + server.state
	pair := []string{"pair", "--ssh-config", sshConfig, "--there", there, "server"}

	for _, typed := range []string{"", "no\n", "yes\n", "yes\nno\n"} { // declined there, or here
		if out, code := laptop.ask(typed, pair...); code != 1 {
			t.Fatalf("%q is taken for a yes:\n%s", typed, out)
		}
		if out, _ := laptop.ask("", "pair", "list"); !strings.Contains(out, "no guard is paired") {
			t.Fatalf("%q: the laptop knows a guard:\n%s", typed, out)
		}
	}
	out, code := laptop.ask("yes\nyes\n", pair...)
	keys := regexp.MustCompile(`(?m)^  (?:this guard|the other), (laptop|server) +([0-9a-f-]{24})$`).FindAllStringSubmatch(strings.ReplaceAll(out, "\r", ""), -1)
	if code != 0 || len(keys) != 4 || keys[0][1] != "server" || keys[0][0] == keys[3][0] || keys[0][2] != keys[3][2] || keys[1][2] != keys[2][2] {
		t.Fatalf("exit %d, keys %v:\n%s", code, keys, out)
	}
	// The guard, as nobody, has no key that is let in yet; the command says which line
	// lets it in.
	line := regexp.MustCompile(`(?m)^restrict,command="[^"]* exchange" ssh-ed25519 \S+ omamori-laptop$`).FindString(out)
	if line == "" {
		t.Fatalf("no line for authorized_keys:\n%s", out)
	}
	if out, code := laptop.ask("", "pair", "call", "server"); code != 1 || !strings.Contains(out, "Permission denied") {
		t.Fatalf("exit %d:\n%s", code, out)
	}
	f, err := os.OpenFile(authorized, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(line + "\n"); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	call := func() {
		t.Helper()
		if out, code := laptop.ask("", "pair", "call", "server"); code != 0 {
			t.Fatalf("exit %d:\n%s%s", code, out, laptop.stderr)
		}
	}
	call()
	server.until("holding by the laptop's word", verdict(chain.Holds))
	if l := server.status().Links[0]; l.Vantage != "laptop" || !strings.HasPrefix(l.Because, "laptop says: ") {
		t.Errorf("got %+v", l)
	}

	// A replayed letter, by whoever got in with the laptop's SSH key.
	letter, err := control.NewClient(filepath.Join(laptop.state, "control.sock"), words.English).PairLetter(t.Context(), "server")
	if err != nil {
		t.Fatal(err)
	}
	if out, code := server.ask(vantage.Line(letter), "exchange"); code != 0 || !strings.HasPrefix(out, "omamori-letter ") {
		t.Fatalf("exit %d:\n%s", code, out)
	}
	server.kill()
	server.start()
	if out, _ := server.ask(vantage.Line(letter), "exchange"); out != "omamori-refused replayed\n" {
		t.Errorf("replayed after a kill -9: %s", out)
	}
	if out, _ := server.ask("", "journal"); strings.Count(out, "refused:") != 1 || !strings.Contains(out, "replaying") {
		t.Errorf("the journal:\n%s", out)
	}

	laptop.kill()
	laptop.start()
	call()
	server.kill()
	server.start()
	call()
	server.until("holding after kill -9 of both", verdict(chain.Holds))
	if out, _ := server.ask("", "journal"); strings.Count(out, "refused:") != 1 {
		t.Errorf("a kill -9 is taken for an attack:\n%s", out)
	}

	if out, code := server.ask("", "pair", "forget", "laptop"); code != 0 {
		t.Fatal(out)
	}
	if out, code := laptop.ask("", "pair", "call", "server"); code != 1 || !strings.Contains(out, "pair again") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	server.until("unproven without the laptop", verdict(chain.Unproven))
}
