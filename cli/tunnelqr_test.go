package cli

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/vault/qr"
)

// photograph is a picture of a code that was drawn on a terminal.
func photograph(t *testing.T, screen string) []byte {
	t.Helper()
	const on, off, size = "\x1b[30;107m", "\x1b[0m", 4
	var rows []string
	for line := range strings.Lines(screen) {
		if line, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), on); ok {
			rows = append(rows, strings.TrimSuffix(line, off))
		}
	}
	if len(rows) == 0 {
		t.Fatalf("no code on the screen: %q", screen)
	}
	width := len([]rune(rows[0]))
	if width > 80 {
		t.Errorf("%d columns wide", width)
	}
	picture := image.NewGray(image.Rect(0, 0, width*size, 2*len(rows)*size))
	for i := range picture.Pix {
		picture.Pix[i] = 255
	}
	for y, row := range rows {
		for x, c := range []rune(row) {
			for half, dark := range []bool{c == '█' || c == '▀', c == '█' || c == '▄'} {
				for i := range size * size {
					if dark {
						picture.SetGray(x*size+i%size, (2*y+half)*size+i/size, color.Gray{})
					}
				}
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestQR: on a terminal a device's configuration is a code that its app reads with a camera.
// It works, and its key is kept nowhere.
func TestQR(t *testing.T) {
	dir := running(t, func(tunnel.Request) (tunnel.Status, error) { return tunnel.Status{}, nil })
	person, program := personAt(t)
	screen := make(chan string, 1)
	const end = "THE END"
	go func() {
		var said []byte
		b := make([]byte, 4096)
		for !bytes.Contains(said, []byte(end)) {
			n, err := person.Read(b)
			if err != nil {
				break
			}
			said = append(said, b[:n]...)
		}
		screen <- string(said)
	}()
	t.Setenv("LANG", "en_US.UTF-8")
	var wrong bytes.Buffer
	a := &App{In: strings.NewReader(""), Out: program, Err: &wrong}
	code := a.Main(t.Context(), []string{"tunnel", "--dir", string(dir), "add", "phone"})
	fmt.Fprintln(program, end)
	shown := <-screen
	if code != exitOK || !strings.Contains(wrong.String(), "shown this once") {
		t.Fatalf("%d: %s", code, &wrong)
	}
	texts, err := qr.Read(photograph(t, shown))
	if err != nil || len(texts) != 1 {
		t.Fatalf("read: %q, %v", texts, err)
	}
	c, bad := tunnel.ParseConf([]byte(texts[0]))
	s, err := dir.Load()
	if bad != nil || err != nil || len(s.Peers) != 1 || c.PrivateKey.Public() != s.Peers[0].PublicKey || c.Peers[0].Endpoint != s.Endpoint {
		t.Errorf("%v, %v: %s", bad, err, texts[0])
	}
	err = filepath.WalkDir(string(dir), func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(c.PrivateKey.String())) {
			t.Errorf("the device's key is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if strings.Contains(shown, c.PrivateKey.String()) || strings.Contains(wrong.String(), c.PrivateKey.String()) {
		t.Error("the key is on the screen in letters too")
	}
}

// TestServeFirst: what is said the first time makes the tunnel, and what is wrong makes none.
func TestServeFirst(t *testing.T) {
	for _, c := range []struct {
		args, endpoint, wrong string
		port                  int
	}{
		{"--endpoint vpn.example.net", "vpn.example.net:51820", "", 51820},
		{"--endpoint 203.0.113.7:443", "203.0.113.7:443", "", 443},
		{"--endpoint 2001:db8::1", "[2001:db8::1]:51820", "", 51820},
		{"--endpoint [2001:db8::1]:443", "[2001:db8::1]:443", "", 443},
		{"", "", "say where devices find this machine", 0},
		{"--endpoint vpn.example.net:0", "", "“vpn.example.net:0” cannot be taken for --endpoint", 0},
		{"--endpoint a --dns x", "", "“x” cannot be taken for --dns", 0},
	} {
		dir := tunnel.Dir(filepath.Join(t.TempDir(), "tunnel"))
		_, _, wrong := tunnelled(t, dir, append([]string{"serve"}, strings.Fields(c.args)...)...)
		s, err := dir.Load()
		if c.wrong != "" {
			if err == nil || !strings.Contains(wrong, c.wrong) {
				t.Errorf("%q: %v\n%s", c.args, err, wrong)
			}
			continue
		}
		if err != nil || s.Endpoint != c.endpoint || s.Port != c.port || s.MTU < 1280 || s.MTU > tunnel.DefaultMTU || !strings.Contains(wrong, "The tunnel is set up") {
			t.Errorf("%q: %+v, %v\n%s", c.args, s, err, wrong)
		}
		if len(s.Networks) != 2 || !s.Networks[0].Addr().Is4() || !s.Networks[0].Addr().IsPrivate() || !s.Networks[1].Addr().Is6() || !s.Networks[1].Addr().IsPrivate() {
			t.Errorf("%q: networks %v", c.args, s.Networks)
		}
	}
}

// TestFullOrSplit: all goes through the tunnel, names too, or what is meant for its own
// addresses alone.
func TestFullOrSplit(t *testing.T) {
	dir := tunnel.Dir(filepath.Join(t.TempDir(), "tunnel"))
	_, _, _ = tunnelled(t, dir, "serve", "--endpoint", "vpn.example.net", "--dns", "9.9.9.9,2620:fe::fe")
	for args, want := range map[string]bool{"laptop": true, "phone --split": false} {
		code, text, wrong := tunnelled(t, dir, append([]string{"add"}, strings.Fields(args)...)...)
		c, bad := tunnel.ParseConf([]byte(text))
		if code != exitOK || bad != nil {
			t.Fatalf("%s: %d, %v\n%s%s", args, code, bad, text, wrong)
		}
		if all := fmt.Sprint(c.Peers[0].AllowedIPs) == "[0.0.0.0/0 ::/0]"; all != want || (len(c.DNS) == 2) != want {
			t.Errorf("%s: %v, DNS %v", args, c.Peers[0].AllowedIPs, c.DNS)
		}
	}
}
