package knock

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/knock"
	"github.com/omamori-guard/omamori/door/nft"
	"github.com/omamori-guard/omamori/hands"
)

const serverAt = "192.0.2.1"

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func writeKey(t *testing.T, path string) ssh.PublicKey {
	t.Helper()
	_, secret, err := ed25519.GenerateKey(nil)
	fatal(t, err)
	block, err := ssh.MarshalPrivateKey(secret, "")
	fatal(t, err)
	fatal(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(secret)
	fatal(t, err)
	return signer.PublicKey()
}

// The whole way in, on a real kernel, and each link of it that can fail.
func TestKnock(t *testing.T) {
	server, laptop, dir := doortest.New(t), doortest.New(t), t.TempDir()
	doortest.Wire(server, laptop, serverAt+"/24", "192.0.2.2/24")
	owner := writeKey(t, dir+"/owner")
	writeKey(t, dir+"/stranger")
	key, err := knock.NewKey()
	fatal(t, err)
	fatal(t, os.WriteFile(dir+"/pass", []byte(key.Pass(serverAt, knock.DefaultPort).String()+"\n"), 0o600))
	fatal(t, os.WriteFile(dir+"/signers", []byte("mika "+string(ssh.MarshalAuthorizedKey(owner))), 0o600))
	prove := func(key string) (p chain.Proof) {
		t.Helper()
		l, err := build(settings{Pass: chain.Secret("file:" + dir + "/pass"), Key: dir + "/" + key, Port: 22, Greets: "SSH-", Lease: time.Second}, chain.Place{})
		fatal(t, err)
		laptop.In(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			p = l.Prove(ctx)
		})
		return p
	}
	expect := func(p chain.Proof, verdict chain.Verdict, key string) {
		t.Helper()
		if p.Verdict != verdict || p.Because.Key != key {
			t.Errorf("%v %s %v, want %v %s", p.Verdict, p.Because.Key, p.Because.Args, verdict, key)
		}
	}
	var service net.Listener
	// With first, that happens as soon as somebody has come in.
	listen := func(greeting string, first ...func(net.Listener)) {
		server.In(func() { service, err = net.Listen("tcp", ":22") })
		fatal(t, err)
		go func(l net.Listener) {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				for _, f := range first {
					f(l)
				}
				_, _ = io.WriteString(c, greeting)
				_ = c.Close()
			}
		}(service)
	}
	listen("SSH-2.0-x\r\n")
	expect(prove("owner"), chain.Unproven, "knock.open_before")

	fatal(t, os.Mkdir(dir+"/state", 0o700))
	fatal(t, os.WriteFile(dir+"/state/rules.json", []byte(`{"closed":[22]}`), 0o600))
	print := key.Fingerprint()
	d, err := hands.NewDoor(hands.DoorFile{Door: hex.EncodeToString(print[:]), Ports: []uint16{22}, Signers: dir + "/signers", State: dir + "/state"},
		nft.In(server.File), slog.New(slog.DiscardHandler), nil)
	fatal(t, err)
	l, err := d.Listen(dir + "/sock")
	fatal(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 2)
	go func() { served <- d.Serve(ctx, l) }()
	ask, err := hands.ConnectDoor(ctx, dir+"/sock")
	fatal(t, err)
	expect(prove("owner"), chain.Broken, "knock.nobody")

	var conn *net.UDPConn
	server.In(func() { conn, err = net.ListenUDP("udp", &net.UDPAddr{Port: knock.DefaultPort}) })
	fatal(t, err)
	list := func() (door.Signers, error) {
		b, err := os.ReadFile(dir + "/signers")
		if err != nil {
			return nil, err
		}
		return door.ParseSigners(b)
	}
	go func() { served <- (&knock.Server{Key: key, Door: ask, Signers: list}).Serve(ctx, conn) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-served; err != nil {
				t.Error(err)
			}
		}
		_, _, _ = ask.Close(), conn.Close(), d.Close()
	})
	p := prove("owner")
	expect(p, chain.Holds, "knock.holds")
	if len(p.Figures) != 1 || p.Figures[0].Value <= 0 {
		t.Errorf("%+v", p.Figures)
	}
	t.Logf("opened in %v ms", p.Figures)
	// Behind another lease the service has gone: a refusal is no closed door.
	_ = service.Close()
	listen("SSH-2.0-x\r\n", func(l net.Listener) {
		_ = l.Close()
		from := netip.MustParsePrefix("192.0.2.2/32")
		if _, err := ask.Lease(ctx, door.Lease{From: from, Ports: []uint16{22}}, time.Minute, "root"); err != nil {
			t.Error(err)
		}
	})
	expect(prove("owner"), chain.Broken, "knock.lease_answers")
	_, _, err = ask.End(ctx, "", false, "root")
	fatal(t, err)
	// Nor is a way that is gone.
	listen("SSH-2.0-x\r\n", func(net.Listener) { laptop.Run("ip route add unreachable " + serverAt) })
	expect(prove("owner"), chain.Unproven, "chain.error")
	laptop.Run("ip route del unreachable " + serverAt)
	_ = service.Close()
	listen("SSH-2.0-x\r\n")
	expect(prove("stranger"), chain.Broken, "knock.silent")
	_ = service.Close()
	expect(prove("owner"), chain.Broken, "knock.link_port_refused")
	closed(t, server)
	listen("220 mail\r\n")
	expect(prove("owner"), chain.Broken, "knock.wrong_greeting")
	_ = service.Close()
	t.Run("login", func(t *testing.T) { logins(t, server, laptop, dir) })
}

// closed waits until no lease is left.
func closed(t *testing.T, server *doortest.Space) {
	t.Helper()
	doortest.Eventually(t, "the lease is over", func() bool {
		all, err := nft.In(server.File).Openings()
		return err == nil && len(all) == 0
	})
}

// The real sshd, behind the door of TestKnock.
func logins(t *testing.T, server, laptop *doortest.Space, dir string) {
	host, other := writeKey(t, dir+"/host"), writeKey(t, dir+"/other")
	me, err := user.Current()
	fatal(t, err)
	text, err := os.ReadFile(dir + "/signers")
	fatal(t, err)
	allowed := strings.TrimPrefix(string(text), "mika ")
	authorize := func(line string) { fatal(t, os.WriteFile(dir+"/authorized_keys", []byte(line), 0o600)) }
	authorize(allowed)
	config := fmt.Sprintf("Port 22\nHostKey %[1]s/host\nAuthorizedKeysFile %[1]s/authorized_keys\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nMaxStartups 1000\n", dir)
	fatal(t, os.WriteFile(dir+"/sshd_config", []byte(config), 0o600))
	fatal(t, os.MkdirAll("/run/sshd", 0o755))
	sshd := exec.Command("nsenter", "--net=/dev/fd/3", "/usr/sbin/sshd", "-D", "-e", "-f", dir+"/sshd_config")
	sshd.ExtraFiles = []*os.File{server.File}
	sshd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var said bytes.Buffer
	sshd.Stderr = &said
	fatal(t, sshd.Start())
	defer func() {
		_, _ = sshd.Process.Kill(), sshd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	}()
	doortest.Eventually(t, "sshd listens", func() (ok bool) {
		server.In(func() {
			c, err := net.Dial("tcp", "127.0.0.1:22")
			if ok = err == nil; ok {
				_ = c.Close()
			}
		})
		return ok
	})
	prove := func(change func(*settings)) (p chain.Proof) {
		t.Helper()
		set := settings{Pass: chain.Secret("file:" + dir + "/pass"), Key: dir + "/owner", Port: 22, User: me.Username,
			HostKey: string(ssh.MarshalAuthorizedKey(host)), Lease: time.Second}
		change(&set)
		closed(t, server)
		l, err := build(set, chain.Place{})
		fatal(t, err)
		laptop.In(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			p = l.Prove(ctx)
		})
		return p
	}
	known := func(key ssh.PublicKey) func(*settings) {
		fatal(t, os.WriteFile(dir+"/known_hosts", []byte(serverAt+" "+string(ssh.MarshalAuthorizedKey(key))), 0o600))
		return func(s *settings) { s.HostKey, s.KnownHosts = "", dir+"/known_hosts" }
	}
	for _, c := range []struct {
		name    string
		change  func(*settings)
		verdict chain.Verdict
		key     string
	}{
		{"in", func(*settings) {}, chain.Holds, "knock.holds_login"},
		{"in, by known_hosts", known(host), chain.Holds, "knock.holds_login"},
		{"another server", func(s *settings) { s.HostKey = string(ssh.MarshalAuthorizedKey(other)) }, chain.Broken, "knock.host_key"},
		{"no known_hosts", func(s *settings) { s.HostKey, s.KnownHosts = "", dir+"/none" }, chain.Unproven, "ssh.known_unread"},
		{"a key that is not let in", func(*settings) { authorize("") }, chain.Broken, "ssh.wrong_key"},
	} {
		p := prove(c.change)
		if p.Verdict != c.verdict || p.Because.Key != c.key {
			t.Errorf("%s: %v %s %v %v, want %v %s", c.name, p.Verdict, p.Because.Key, p.Because.Args, p.Evidence, c.verdict, c.key)
		}
	}
	fatal(t, os.WriteFile(dir+"/known_hosts", []byte("elsewhere.example "+string(ssh.MarshalAuthorizedKey(host))), 0o600))
	if p := prove(func(s *settings) { s.HostKey, s.KnownHosts = "", dir+"/known_hosts" }); p.Verdict != chain.Unproven {
		t.Errorf("a server that is not known: %v %v", p.Verdict, p.Because)
	}
	// Who gets in and cannot run anything has no shell.
	authorize(`command="false" ` + allowed)
	if p := prove(func(*settings) {}); p.Because.Key != "knock.login_failed" {
		t.Errorf("a shell that ends: %v %v", p.Because, p.Evidence)
	}
}
