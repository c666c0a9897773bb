package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door/knock"
	"github.com/omamori-guard/omamori/hands"
)

// doorOfOmamori runs the real programs; the owner's key is in a file.
func doorOfOmamori(ctx context.Context, g *gate, dir string) error {
	g.name, g.port, g.garbage = "omamori, knock and hands", knock.DefaultPort, 1
	_, secret, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	owner, err := ssh.NewSignerFromKey(secret)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(secret, "")
	if err != nil {
		return err
	}
	key, err := knock.NewKey()
	if err != nil {
		return err
	}
	text, err := key.Text()
	if err != nil {
		return err
	}
	pass, print := key.Pass(doorAt, knock.DefaultPort), key.Fingerprint()
	file, err := json.Marshal(map[string]any{"door": hex.EncodeToString(print[:]), "ports": []int{22},
		"signers": dir + "/signers", "state": dir + "/state"})
	if err != nil {
		return err
	}
	doors := dir + "/.config/omamori/doors"
	if err := errors.Join(os.MkdirAll(dir+"/state", 0o700), os.MkdirAll(doors, 0o700), os.MkdirAll(dir+"/.ssh", 0o700)); err != nil {
		return err
	}
	for path, text := range map[string][]byte{
		"door.json": file, "state/rules.json": []byte(`{"closed":[22]}`), "door.key": []byte(text + "\n"),
		"signers":         append([]byte("owner "), ssh.MarshalAuthorizedKey(owner.PublicKey())...),
		".ssh/id_ed25519": pem.EncodeToMemory(block), ".config/omamori/doors/" + doorAt: []byte(pass.String() + "\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, path), text, 0o600); err != nil {
			return err
		}
	}
	sock := dir + "/door.sock"
	if err := g.start("bin/omamori-hands", "--door", "--file", dir+"/door.json", "--listen", sock); err != nil {
		return err
	}
	var ask *hands.DoorClient
	err = until(ctx, "the door answers", 10*time.Second, func() (ok bool) {
		ask, err = hands.ConnectDoor(ctx, sock)
		return err == nil
	})
	if err != nil {
		return fmt.Errorf("%w: %s", err, g.said.last)
	}
	if err := g.start("bin/omamori-knock", "-key", dir+"/door.key", "-signers", dir+"/signers", "-door", sock); err != nil {
		return err
	}
	g.ends = append(g.ends, func() { ask.Close() })
	g.prepare = func(from string) error {
		_, _, err := ask.End(ctx, "", false, "bench")
		return errors.Join(err, g.laptop.run("ip route replace 192.0.0.0/22 dev eth0 src "+from))
	}
	client := &knock.Client{Pass: pass, Signer: owner}
	g.open = func(ctx context.Context, from string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, lostAfter)
		defer cancel()
		if _, err := client.Knock(ctx, netip.AddrPortFrom(netip.MustParseAddr(doorAt), pass.Port), knock.Ask{Ports: []uint16{22}, For: time.Hour}); err != nil {
			return nil, err
		}
		return dialFrom(from, doorAt+":22", lostAfter)
	}
	g.command = func(from string) *exec.Cmd {
		cmd := g.laptop.command("bin/omamori", "connect", doorAt, "22")
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME=", "SSH_AUTH_SOCK=", "OMAMORI_STATE="+dir+"/laptop")
		return cmd
	}
	return g.heard(ctx)
}

var fwknopKeys = regexp.MustCompile(`KEY_BASE64: (\S+)\s+HMAC_KEY_BASE64: (\S+)`)

func fwknopServer(ctx context.Context, g *gate, dir string) error {
	g.name = "fwknop, UDP server"
	return fwknop(ctx, g, dir, "ENABLE_UDP_SERVER Y;\nUDPSERV_PORT 62201;\n")
}

func fwknopPcap(ctx context.Context, g *gate, dir string) error {
	g.name = "fwknop, pcap"
	return fwknop(ctx, g, dir, "PCAP_INTF eth0;\n")
}

// fwknop runs Debian's. The packets of its client are made before the time is taken: it
// counts from the moment that one leaves, in favour of fwknop.
func fwknop(ctx context.Context, g *gate, dir, mode string) error {
	g.port = 62201
	out, err := exec.Command("fwknop", "--key-gen").Output()
	m := fwknopKeys.FindSubmatch(out)
	if err != nil || m == nil {
		return fmt.Errorf("make keys: %w: %s", err, out)
	}
	conf := mode + "ENABLE_IPT_FORWARDING N;\n" + fmt.Sprintf("FWKNOP_RUN_DIR %[1]s;\nFWKNOP_PID_FILE %[1]s/pid;\nDIGEST_FILE %[1]s/digest;\n", dir)
	if err := os.WriteFile(dir+"/rc", []byte("[default]\n"), 0o600); err != nil {
		return err
	}
	access := fmt.Sprintf("SOURCE ANY\nKEY_BASE64 %s\nHMAC_KEY_BASE64 %s\nFW_ACCESS_TIMEOUT 3600\n", m[1], m[2])
	if err := errors.Join(os.WriteFile(dir+"/fwknopd.conf", []byte(conf), 0o600), os.WriteFile(dir+"/access.conf", []byte(access), 0o600)); err != nil {
		return err
	}
	if err := g.server.run("iptables -A INPUT -p tcp --dport 22 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; iptables -A INPUT -p tcp --dport 22 -j DROP"); err != nil {
		return err
	}
	if err := g.start("fwknopd", "-f", "-c", dir+"/fwknopd.conf", "-a", dir+"/access.conf"); err != nil {
		return err
	}
	args := func(from string) []string {
		return []string{"-A", "tcp/22", "-a", from, "-D", doorAt, "--key-base64-rijndael", string(m[1]), "--key-base64-hmac", string(m[2]), "--use-hmac", "--no-save-args", "--rc-file", dir + "/rc"}
	}
	g.command = func(from string) *exec.Cmd { return g.laptop.command("fwknop", args(from)...) }
	ready := map[string][]byte{}
	g.open = func(ctx context.Context, from string) (net.Conn, error) {
		c, err := net.Dial("udp", net.JoinHostPort(doorAt, "62201"))
		if err != nil {
			return nil, err
		}
		defer c.Close()
		if _, err := c.Write(ready[from]); err != nil {
			return nil, err
		}
		return entered(ctx, from)
	}
	g.prepare = func(from string) error {
		path := filepath.Join(dir, "packet")
		_ = os.Remove(path)
		if out, err := exec.Command("fwknop", append(args(from), "-T", "-B", path)...).CombinedOutput(); err != nil {
			return fmt.Errorf("make a packet: %w: %s", err, out)
		}
		b, err := os.ReadFile(path)
		ready[from] = bytes.TrimSpace(b)
		return err
	}
	return g.heard(ctx)
}
