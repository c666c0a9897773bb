package knock

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
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
		nft.In(server.File), slog.New(slog.DiscardHandler))
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
	doortest.Eventually(t, "the lease is over", func() bool {
		var err error
		laptop.In(func() { _, err = net.DialTimeout("tcp", serverAt+":22", 200*time.Millisecond) })
		return err != nil && isTimeout(err)
	})
	listen("220 mail\r\n")
	expect(prove("owner"), chain.Broken, "knock.wrong_greeting")
	_ = service.Close()
}
