package main

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/tunnel"
)

const program = "bin/omamori-tunnel"

// ours makes a server with one device, whose configuration is for the world alone.
func ours(r *run) (dir, conf string, err error) {
	dir = filepath.Join(r.dir, "tunnel")
	var text string
	err = tunnel.Dir(dir).Change(func(s *tunnel.Server) error {
		*s = tunnel.Server{
			PrivateKey: tunnel.NewKey(), Port: tunnel.DefaultPort, Endpoint: "192.0.2.1:51820", MTU: tunnel.DefaultMTU,
			Networks: []netip.Prefix{netip.MustParsePrefix("10.77.0.1/24")},
		}
		private := tunnel.NewKey()
		p, err := s.Add("laptop", private.Public(), time.Now(), time.Time{}, nil)
		if err != nil {
			return err
		}
		c := s.Conf(p, private, false)
		c.Peers[0].AllowedIPs = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
		text = c.String()
		return nil
	})
	if err != nil {
		return "", "", err
	}
	conf, err = r.write("laptop.conf", text)
	return dir, conf, err
}

func oursByTUN(ctx context.Context, r *run) error {
	dir, conf, err := ours(r)
	if err != nil {
		return err
	}
	if err := sh(ctx, "ip", "netns", "exec", gateway, program, "prepare", "-dir", dir, "-tun", "omamori0", "-user", "nobody"); err != nil {
		return err
	}
	r.undo = append(r.undo, func() {
		_ = sh(context.WithoutCancel(ctx), "ip", "netns", "exec", gateway, program, "undo", "-tun", "omamori0")
	})
	if err := r.start(0, gateway, program, "serve", "-dir", dir, "-tun", "omamori0", "-user", "nobody"); err != nil {
		return err
	}
	return r.start(1, client, program, "up", "-user", "nobody", conf)
}

func oursWithout(_ context.Context, r *run) error {
	dir, conf, err := ours(r)
	if err != nil {
		return err
	}
	if err := r.start(0, gateway, program, "serve", "-dir", dir, "-user", "nobody"); err != nil {
		return err
	}
	return r.start(1, client, program, "up", "-user", "nobody", conf)
}

func byWireGuardGo(ctx context.Context, r *run) error {
	keys := [2]tunnel.Key{tunnel.NewKey(), tunnel.NewKey()}
	for i, e := range []struct{ host, name, address, peer string }{
		{gateway, "wgbench0", "10.77.0.1/24", "AllowedIPs = 10.77.0.2/32"},
		{client, "wgbench1", "10.77.0.2/24", "Endpoint = 192.0.2.1:51820\nAllowedIPs = 0.0.0.0/0"},
	} {
		conf, err := r.write(e.name, fmt.Sprintf("[Interface]\nPrivateKey = %s\nListenPort = 51820\n[Peer]\nPublicKey = %s\n%s\n", keys[i], keys[1-i].Public(), e.peer))
		if err != nil {
			return err
		}
		if err := r.start(i, e.host, "wireguard-go", "-f", e.name); err != nil {
			return err
		}
		if err := tried(ctx, func() error { return sh(ctx, "ip", "netns", "exec", e.host, "wg", "setconf", e.name, conf) }); err != nil {
			return err
		}
		if err := sh(ctx, "ip", "-n", e.host, "addr", "add", e.address, "dev", e.name); err != nil {
			return err
		}
		if err := sh(ctx, "ip", "-n", e.host, "link", "set", e.name, "mtu", "1420", "up"); err != nil {
			return err
		}
	}
	return route(ctx, "dev", "wgbench1")
}

func byOpenVPN(ctx context.Context, r *run) error {
	key, cert := filepath.Join(r.dir, "key"), filepath.Join(r.dir, "cert")
	if err := sh(ctx, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=bench", "-keyout", key, "-out", cert); err != nil {
		return err
	}
	common := []string{"openvpn", "--dev", "tun", "--proto", "udp", "--ca", cert, "--cert", cert, "--key", key, "--data-ciphers", "AES-256-GCM", "--ping", "10"}
	if err := r.start(0, gateway, append(common, "--tls-server", "--dh", "none", "--ifconfig", "10.77.0.1", "10.77.0.2")...); err != nil {
		return err
	}
	return r.start(1, client, append(common, "--tls-client", "--remote", "192.0.2.1", "--nobind", "--ifconfig", "10.77.0.2", "10.77.0.1", "--route", "198.51.100.0", "255.255.255.0")...)
}

func byStrongSwan(ctx context.Context, r *run) error {
	conf, err := r.write("strongswan.conf", `charon {
  load = random nonce openssl aes sha1 sha2 hmac kdf gmp gcm curve25519 kernel-libipsec kernel-netlink socket-default vici updown
  filelog { stderr { default = 1 } }
}
swanctl { load = random openssl }
`)
	if err != nil {
		return err
	}
	r.env = append(r.env, "STRONGSWAN_CONF="+conf)
	r.source = "10.77.0.2"
	if err := sh(ctx, "ip", "-n", client, "addr", "replace", r.source+"/32", "dev", "lo"); err != nil {
		return err
	}
	r.undo = append(r.undo, func() {
		_ = sh(context.WithoutCancel(ctx), "ip", "-n", client, "addr", "del", r.source+"/32", "dev", "lo")
	})
	inside := func(end int, order ...string) error { // in the mounts and the network of that end's process
		return sh(ctx, append([]string{"nsenter", "-m", "-n", "-t", fmt.Sprint(r.pids[end]), "env", "STRONGSWAN_CONF=" + conf}, order...)...)
	}
	for i, e := range []struct{ host, local, remote, mine, theirs string }{
		{gateway, "192.0.2.1", "192.0.2.2", "198.51.100.0/24", r.source + "/32"},
		{client, "192.0.2.2", "192.0.2.1", r.source + "/32", "198.51.100.0/24"},
	} {
		conns, err := r.write(e.host, strings.NewReplacer("LOCAL", e.local, "REMOTE", e.remote, "MINE", e.mine, "THEIRS", e.theirs).Replace(`connections {
  bench { version = 2
    local_addrs = LOCAL
    remote_addrs = REMOTE
    encap = yes
    proposals = aes128gcm16-prfsha256-curve25519
    local { auth = psk
      id = LOCAL }
    remote { auth = psk
      id = REMOTE }
    children { all { local_ts = MINE
      remote_ts = THEIRS
      esp_proposals = aes128gcm16 } } }
}
secrets { ike-1 { secret = "of the bench alone" } }
`))
		if err != nil {
			return err
		}
		// Each has files below /run whose names it does not let us choose.
		if err := r.start(i, e.host, "unshare", "--mount", "sh", "-c", "mount -t tmpfs none /run; exec /usr/lib/ipsec/charon"); err != nil {
			return err
		}
		if err := tried(ctx, func() error { return inside(i, "swanctl", "--load-all", "--file", conns) }); err != nil {
			return err
		}
	}
	return inside(1, "swanctl", "--initiate", "--child", "all")
}

// tried tries for a while.
func tried(ctx context.Context, f func() error) error {
	for deadline := time.Now().Add(20 * time.Second); ; {
		err := f()
		if err == nil || time.Now().After(deadline) || !pause(ctx, 100*time.Millisecond) {
			return err
		}
	}
}
