package tunnel

import (
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	keyA = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
	keyB = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
	keyC = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0="
)

func conf(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func TestConf(t *testing.T) {
	c, bad := ParseConf([]byte(conf("# mine", "[Interface]", "PrivateKey = "+keyA, "Address=10.77.0.2/32, fd77::2/128", "DNS = 10.77.0.1, example.net", "mtu = 1380",
		"[Peer]", "PublicKey = "+keyB+" # the server", "PresharedKey = "+keyC, "AllowedIPs = 0.0.0.0/0", "AllowedIPs = ::/0", "Endpoint = vpn.example.net:51820", "PersistentKeepalive = 25")))
	if bad != nil {
		t.Fatal(bad)
	}
	if len(c.Addresses) != 2 || len(c.DNS) != 1 || c.Search[0] != "example.net" || c.MTU != 1380 || len(c.Peers) != 1 || len(c.Peers[0].AllowedIPs) != 2 || c.Peers[0].Keepalive != 25 {
		t.Errorf("%+v", c)
	}
	again, bad := ParseConf([]byte(c.String()))
	if c.Peers[0].line, again.Peers[0].line = 0, 0; bad != nil || !reflect.DeepEqual(c, again) {
		t.Errorf("written and read again: %v\n%+v\n%+v", bad, c, again)
	}
}

// TestBadConf: each mistake is told at its line.
func TestBadConf(t *testing.T) {
	peer := func(more ...string) []string {
		return append([]string{"[Interface]", "PrivateKey = " + keyA, "[Peer]", "PublicKey = " + keyB, "Endpoint = a.example:1"}, more...)
	}
	for name, c := range map[string]struct {
		text string
		want map[string]int // key of its text, and the line
		note bool
	}{
		"wrong key":      {conf("[Interface]", "PrivateKey = "+keyA[:43]), map[string]int{"conf_bad_privatekey": 2}, false},
		"zero key":       {conf("[Interface]", "PrivateKey = "+strings.Repeat("A", 43)+"="), map[string]int{"conf_bad_privatekey": 2}, false},
		"no key":         {conf("[Interface]", "MTU = 1400"), map[string]int{"conf_no_private": 2}, false},
		"bad public key": {conf("[Interface]", "PrivateKey = "+keyA, "ListenPort = 1", "[Peer]", "PublicKey = x"), map[string]int{"conf_bad_publickey": 5}, false},
		"no public key":  {conf("[Interface]", "PrivateKey = "+keyA, "[Peer]", "Endpoint = a:1"), map[string]int{"conf_no_public": 3}, false},
		"no endpoint":    {conf("[Interface]", "PrivateKey = "+keyA, "[Peer]", "PublicKey = "+keyB), map[string]int{"conf_no_endpoint": 3}, false},
		"bad endpoint":   {conf("[Interface]", "PrivateKey = "+keyA, "[Peer]", "PublicKey = "+keyB, "Endpoint = vpn.example.net"), map[string]int{"conf_bad_endpoint": 5}, false},
		"overlap": {conf(peer("AllowedIPs = 10.0.0.0/8", "[Peer]", "PublicKey = "+keyC, "Endpoint = b:1", "AllowedIPs = 10.1.2.3/8")...),
			map[string]int{"conf_overlap": 7}, false},
		"within": {conf(peer("AllowedIPs = 0.0.0.0/0", "[Peer]", "PublicKey = "+keyC, "Endpoint = b:1", "AllowedIPs = 10.1.0.0/16")...),
			map[string]int{"conf_within": 7}, true},
		"same peer":        {conf(peer("[Peer]", "PublicKey = "+keyB, "Endpoint = b:1")...), map[string]int{"conf_same_peer": 6}, false},
		"CRLF":             {strings.ReplaceAll(conf(peer()...), "\n", "\r\n"), map[string]int{"conf_crlf": 1}, true},
		"BOM":              {"\xef\xbb\xbf" + conf(peer()...), map[string]int{"conf_bom": 1}, true},
		"wg-quick's":       {conf("[Interface]", "PrivateKey = "+keyA, "PostUp = rm -rf /", "Table = off"), map[string]int{"conf_quick": 3}, true},
		"AmneziaWG's":      {conf("[Interface]", "PrivateKey = "+keyA, "Jc = 4"), map[string]int{"conf_amnezia": 3}, false},
		"unknown":          {conf("[Interface]", "PrivateKey = "+keyA, "Colour = red"), map[string]int{"conf_unknown": 3}, false},
		"in another":       {conf("[Interface]", "PrivateKey = "+keyA, "Endpoint = a:1"), map[string]int{"conf_elsewhere": 3}, false},
		"unknown section":  {conf("[Interface]", "PrivateKey = "+keyA, "[WebSocket]", "Url = x"), map[string]int{"conf_section": 3}, false},
		"twice":            {conf("[Interface]", "PrivateKey = "+keyA, "PrivateKey = "+keyB), map[string]int{"conf_twice": 3}, false},
		"two interfaces":   {conf("[Interface]", "PrivateKey = "+keyA, "[Interface]", "MTU = 1400"), map[string]int{"conf_two_interfaces": 3}, false},
		"before a section": {conf("MTU = 1400", "[Interface]", "PrivateKey = "+keyA), map[string]int{"conf_no_section": 1}, false},
		"no line":          {conf("[Interface]", "PrivateKey = "+keyA, "hello"), map[string]int{"conf_line": 3}, false},
		"empty":            {"", map[string]int{"conf_no_interface": 0}, false},
		"small MTU":        {conf("[Interface]", "PrivateKey = "+keyA, "MTU = 1200"), map[string]int{"conf_bad_mtu": 3}, false},
		"bad address":      {conf("[Interface]", "PrivateKey = "+keyA, "Address = 10.0.0.300/24"), map[string]int{"conf_bad_address": 3}, false},
		"bad DNS":          {conf("[Interface]", "PrivateKey = "+keyA, "DNS = ?"), map[string]int{"conf_bad_dns": 3}, false},
		"bad allowed":      {conf(peer("AllowedIPs = all")...), map[string]int{"conf_bad_allowedips": 6}, false},
		"keepalive":        {conf(peer("PersistentKeepalive = often")...), map[string]int{"conf_bad_persistentkeepalive": 6}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, bad := ParseConf([]byte(c.text))
			for key, line := range c.want {
				i := slices.IndexFunc(bad, func(m Mistake) bool { return m.Text.Key == "tunnel."+key })
				if i < 0 || bad[i].Line != line || bad[i].Note != c.note || bad[i].Hint.Key != "tunnel."+key+"_hint" {
					t.Errorf("want %s in line %d: %v", key, line, bad)
				}
			}
			if Wrong(bad) == c.note {
				t.Errorf("of use: %v", bad)
			}
			for _, m := range bad {
				for _, v := range m.Text.Args {
					if strings.Contains(v, keyA[:20]) {
						t.Errorf("a secret is told: %v", m)
					}
				}
			}
		})
	}
}

func FuzzConf(f *testing.F) {
	f.Add([]byte(conf("[Interface]", "PrivateKey = "+keyA, "Address = 10.0.0.2/32", "[Peer]", "PublicKey = "+keyB, "AllowedIPs = ::/0", "Endpoint = [::1]:1")))
	f.Add([]byte("\xef\xbb\xbf[Interface]\r\nPostUp = x\r\n"))
	f.Add([]byte("[Peer]\n[Peer]\nAllowedIPs=1.1.1.1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, bad := ParseConf(b)
		if Wrong(bad) {
			return
		}
		again, bad := ParseConf([]byte(c.String()))
		if Wrong(bad) || again.String() != c.String() {
			t.Errorf("%q is written as %q: %v", b, c.String(), bad)
		}
	})
}

func FuzzServer(f *testing.F) {
	s := testServer()
	_, _ = s.Add("phone", NewKey().Public(), time.Unix(1, 0), time.Time{}, nil)
	b, _ := json.Marshal(s)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseServer(b); err == nil && s.check() != nil {
			t.Error("taken, and wrong")
		}
	})
}

func FuzzReply(f *testing.F) {
	f.Add(`{"status":{"peers":[{"name":"x","received":1}]}}`)
	f.Add(`{"error":"no"}`)
	f.Fuzz(func(_ *testing.T, s string) { _, _ = readReply(strings.NewReader(s)) })
}

func testServer() Server {
	return Server{
		PrivateKey: NewKey(), Port: DefaultPort, Endpoint: "vpn.example.net:51820", MTU: 1420,
		Networks: []netip.Prefix{netip.MustParsePrefix("10.77.0.1/29"), netip.MustParsePrefix("fd77::1/64")},
	}
}

func TestAdd(t *testing.T) {
	now := time.Now()
	s := testServer()
	names := []string{"a", "b", "c", "d", "e"} // a network of eight has room for five besides the server
	for i, n := range names {
		p, err := s.Add(n, NewKey().Public(), now, time.Time{}, nil)
		if err != nil || p.Addresses[0] != netip.AddrFrom4([4]byte{10, 77, 0, byte(i + 2)}) {
			t.Fatalf("%s: %+v, %v", n, p, err)
		}
	}
	refused := func(what string, err error) {
		t.Helper()
		if r, ok := err.(*Refusal); !ok || r.Text.Key != "tunnel."+what {
			t.Errorf("want %s, got %v", what, err)
		}
	}
	_, err := s.Add("f", NewKey().Public(), now, time.Time{}, nil)
	refused("full", err)
	if err := s.Remove("c"); err != nil {
		t.Fatal(err)
	}
	refused("no_peer", s.Remove("c"))
	_, err = s.Add("a", NewKey().Public(), now, time.Time{}, nil)
	refused("name_taken", err)
	_, err = s.Add("../x", NewKey().Public(), now, time.Time{}, nil)
	refused("bad_name", err)
	_, err = s.Add("x", s.Peers[0].PublicKey, now, time.Time{}, nil)
	refused("key_taken", err)
	_, err = s.Add("x", s.PrivateKey.Public(), now, time.Time{}, nil)
	refused("key_taken", err)
	_, err = s.Add("x", NewKey().Public(), now, now, nil)
	refused("expiry_past", err)
	p, err := s.Add("x", NewKey().Public(), now, now.Add(time.Hour), nil)
	if err != nil || p.Addresses[0].String() != "10.77.0.4" || p.Expired(now) || !p.Expired(now.Add(time.Hour)) {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestKept: a device's private key is in its configuration, and nowhere in the folder.
func TestKept(t *testing.T) {
	dir := Dir(filepath.Join(t.TempDir(), "tunnel"))
	private := NewKey()
	var c Conf
	err := dir.Change(func(s *Server) error {
		*s = testServer()
		p, err := s.Add("phone", private.Public(), time.Now(), time.Time{}, nil)
		c = s.Conf(p, private, false)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(dir.file())
	if err != nil || strings.Contains(string(b), private.String()) || !strings.Contains(string(b), private.Public().String()) {
		t.Errorf("%v\n%s", err, b)
	}
	if st, _ := os.Stat(dir.file()); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", st.Mode())
	}
	if _, bad := ParseConf([]byte(c.String())); bad != nil || !strings.Contains(c.String(), private.String()) {
		t.Errorf("%v\n%s", bad, c)
	}
	if err := dir.Change(func(s *Server) error { s.Peers[0].Addresses[0] = s.Networks[0].Addr(); return nil }); err == nil {
		t.Error("a peer has the server's address")
	}
	if s, err := dir.Load(); err != nil || len(s.Peers) != 1 {
		t.Errorf("after a change that was refused: %+v, %v", s, err)
	}
}

// TestWG: Debian's wg takes what is written, and the keys are the same.
func TestWG(t *testing.T) {
	if _, err := exec.LookPath("wg"); err != nil {
		t.Skip("no wg here: make test-deps")
	}
	k := NewKey()
	cmd := exec.Command("wg", "pubkey")
	cmd.Stdin = strings.NewReader(k.String())
	if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != k.Public().String() {
		t.Errorf("wg: %s, %v; we: %s", out, err, k.Public())
	}
	// In the form of wg genkey, as wg puts any key into it.
	if made := k[0]&7 == 0 && k[31]&0xc0 == 0x40; !made {
		t.Errorf("not as wg genkey makes one: %s", k)
	}
}
