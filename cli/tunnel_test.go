package cli

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/omamori-guard/omamori/tunnel"
)

// running is a folder with a tunnel that answers as it is told.
func running(t *testing.T, answer func(tunnel.Request) (tunnel.Status, error)) tunnel.Dir {
	t.Helper()
	dir := tunnel.Dir(filepath.Join(t.TempDir(), "tunnel"))
	err := dir.Change(func(s *tunnel.Server) error {
		*s = tunnel.Server{
			PrivateKey: tunnel.NewKey(), Port: 51820, Endpoint: "vpn.example.net:51820", MTU: 1420,
			Networks: []netip.Prefix{netip.MustParsePrefix("10.77.0.1/24")},
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", dir.Socket())
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		if err := tunnel.Answer(l, answer); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { l.Close(); work.Wait() })
	return dir
}

func tunnelled(t *testing.T, dir tunnel.Dir, args ...string) (code int, out, wrong string) {
	t.Helper()
	t.Setenv("LANG", "en_US.UTF-8")
	var o, e bytes.Buffer
	a := &App{In: strings.NewReader(""), Out: &o, Err: &e}
	code = a.Main(t.Context(), append([]string{"tunnel", "--dir", string(dir)}, args...))
	return code, o.String(), e.String()
}

func devices(t *testing.T, dir tunnel.Dir) int {
	t.Helper()
	s, err := dir.Load()
	if err != nil {
		t.Fatal(err)
	}
	return len(s.Peers)
}

// TestAddUndone: a device that the running tunnel does not take in is not in the file
// either, as its key is shown to nobody; nor is an empty configuration left.
func TestAddUndone(t *testing.T) {
	taken := false // what the tunnel makes of its file
	dir := running(t, func(r tunnel.Request) (tunnel.Status, error) {
		if r == tunnel.Reload && !taken {
			return tunnel.Status{}, errors.New("configure peers: no memory")
		}
		return tunnel.Status{}, nil
	})
	out := filepath.Join(t.TempDir(), "phone.conf")
	code, _, wrong := tunnelled(t, dir, "add", "phone", "--out", out)
	if code != exitBad || !strings.Contains(wrong, "phone is not added") || !strings.Contains(wrong, "no memory") {
		t.Errorf("%d: %s", code, wrong)
	}
	if _, err := os.Stat(out); err == nil || devices(t, dir) != 0 {
		t.Errorf("%d devices are left, and the configuration: %v", devices(t, dir), err)
	}
	taken = true
	if code, conf, wrong := tunnelled(t, dir, "add", "phone"); code != exitOK || !strings.Contains(conf, "PrivateKey = ") || devices(t, dir) != 1 {
		t.Errorf("again: %d: %s", code, wrong)
	}
}

// TestAddOnlyWithTUN: who may reach a few servers only is refused before anything is
// written; the others' way in does not change.
func TestAddOnlyWithTUN(t *testing.T) {
	dir := running(t, func(tunnel.Request) (tunnel.Status, error) { return tunnel.Status{TUN: true}, nil })
	code, _, wrong := tunnelled(t, dir, "add", "friend", "--only", "203.0.113.9:443")
	if code == exitOK || !strings.Contains(wrong, "a few servers") || devices(t, dir) != 0 {
		t.Errorf("%d, %d devices: %s", code, devices(t, dir), wrong)
	}
	if code, _, wrong := tunnelled(t, dir, "add", "phone"); code != exitOK || devices(t, dir) != 1 {
		t.Errorf("%d: %s", code, wrong)
	}
}

// TestServeLocal: ports are lent without a TUN only, and can be taken back.
func TestServeLocal(t *testing.T) {
	dir := running(t, func(tunnel.Request) (tunnel.Status, error) { return tunnel.Status{}, io.EOF })
	for _, c := range []struct {
		args  string
		wrong string // "" goes on to the program that carries packets, which is not there
		lent  int
	}{
		{"--local 22,80", "", 2},
		{"--local x", "“x” cannot be taken for --local", 2},
		{"--local 0", "“0” cannot be taken for --local", 2},
		{"--tun omamori0", "no port of 127.0.0.1 can be lent", 2},
		{"--tun omamori0 --local=", "", 0},
		{"--tun omamori0 --local 22", "no port of 127.0.0.1 can be lent", 0},
	} {
		if c.wrong == "" {
			c.wrong = "the program that carries the packets is not there"
		}
		_, _, wrong := tunnelled(t, dir, append([]string{"serve"}, strings.Fields(c.args)...)...)
		if s, err := dir.Load(); err != nil || len(s.Local) != c.lent || !strings.Contains(wrong, c.wrong) {
			t.Errorf("%s: %v, %v\n%s", c.args, s.Local, err, wrong)
		}
	}
}
