package vpn

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

func TestMistakes(t *testing.T) {
	good, _ := wgPair(t)
	for name, s := range map[string]settings{
		"protocol":  {Protocol: "ipsec", Address: "a"},
		"address":   {Protocol: "pptp", Address: "a b"},
		"tls_auth":  {Protocol: "pptp", Address: "a", TLSAuth: "file:x"},
		"tls_crypt": {Protocol: "openvpn", Address: "a", TLSAuth: "file:x", TLSCrypt: "file:y"},
		"peer":      {Protocol: "wireguard", Address: "a", Peer: "short", Key: "file:x"},
		"key":       {Protocol: "wireguard", Address: "a", Peer: good},
	} {
		if s.Transport == "" {
			s.Transport = "udp"
		}
		if _, err := build(s, chain.Place{}); err == nil || !strings.HasPrefix(err.Error(), name+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWithPort(t *testing.T) {
	for in, want := range map[string]string{
		"vpn.example": "vpn.example:500", "vpn.example:4500": "vpn.example:4500", "::1": "[::1]:500", "[::1]": "[::1]:500",
		"[::1]:7": "[::1]:7", "": "", "a:b": "", "a:0": "", "a:70000": "", "a:b:c": "",
	} {
		if got, ok := withPort(in, "500"); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// TestStrangers: whatever answers over UDP proves nothing, and a flood is left soon.
func TestStrangers(t *testing.T) {
	peer, _ := wgPair(t)
	for _, protocol := range names() {
		if protocol == "pptp" { // linktest has it
			continue
		}
		t.Run(protocol, func(t *testing.T) {
			c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				b := make([]byte, 4096)
				for {
					n, from, err := c.ReadFromUDP(b)
					if err != nil {
						return
					}
					for range 2 * maxPackets { // our own words, again and again
						if _, err := c.WriteToUDP(b[:n], from); err != nil {
							return
						}
					}
				}
			}()
			defer func() { c.Close(); <-done }()
			s := settings{Protocol: protocol, Address: c.LocalAddr().String()}
			if protocol == "wireguard" {
				s.Peer, s.Key = peer, chain.Secret("file:"+write(t, "key", peer))
			}
			if p := prove(t, s, 5*time.Second); p.Cause != "other_protocol" {
				t.Errorf("%+v", p)
			}
		})
	}
}

func FuzzPPTP(f *testing.F) {
	reply := make([]byte, pptpStartLength-12)
	reply[2] = 1
	f.Add(pptpMessage(pptpStartAnswer, reply))
	f.Add(pptpStart())
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := parsePPTP(b); err != nil && a != (answer{}) {
			t.Errorf("%+v", a)
		}
	})
}

func FuzzL2TP(f *testing.F) {
	f.Add(l2tpMessage(7, 0, 1, l2tpValue{0, be16(l2tpStartAnswer)}, l2tpValue{7, []byte("lns")}, l2tpValue{9, be16(3)}))
	f.Add(l2tpMessage(7, 0, 1, l2tpValue{0, be16(l2tpStop)}, l2tpValue{1, []byte{0, 2, 0, 6, 'n', 'o'}}))
	f.Add(l2tpMessage(7, 0, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := parseL2TP(b, 7); err == nil && len(r.host)+len(r.refused) > len(b)+40 {
			t.Errorf("%+v", r)
		}
	})
}

func FuzzIKE(f *testing.F) {
	m := ikeInitMessage()
	f.Add(m, m[:8])
	m = ikeMainMessage()
	f.Add(m, m[:8])
	m = ikeMessage([8]byte{1}, 0x20, ikeInit, ikeResponse, ikePayload{41, []byte{0, 0, 0, 14}})
	f.Add(m, m[:8])
	f.Fuzz(func(t *testing.T, b, spi []byte) {
		if r, err := parseIKE(b, spi); err == nil && len(r.notices)*8 > len(b) {
			t.Errorf("%d notices in %d bytes", len(r.notices), len(b))
		}
	})
}

func FuzzOpenVPN(f *testing.F) {
	session := []byte("sessions")
	body := append([]byte{1, 0, 0, 0, 0}, append([]byte("sessions"), 0, 0, 0, 0)...)
	head := append([]byte{openvpnResetServer << 3}, "theirs!!"...)
	f.Add(append(bytes.Clone(head), body...), uint8(0))
	auth := tlsAuth{ours: []byte("k"), theirs: []byte("k")}
	f.Add(auth.seal(head, body, 1, time.Unix(1, 0)), uint8(1))
	crypt := tlsCrypt{oursCipher: make([]byte, 32), theirsCipher: make([]byte, 32)}
	f.Add(crypt.seal(head, body, 1, time.Unix(1, 0)), uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, w uint8) {
		r, err := parseOpenVPN(b, session, []wrapping{bare{}, auth, crypt}[w%3])
		if err == nil && len(r.session) != 8 {
			t.Errorf("%+v", r)
		}
	})
}

func FuzzStaticKey(f *testing.F) {
	f.Add("-----BEGIN OpenVPN Static key V1-----\n" + strings.Repeat("0123456789abcdef0123456789abcdef\n", 16) + "-----END OpenVPN Static key V1-----\n")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parseStaticKey(s); err == nil && len(p[3]) != 64 {
			t.Error("a short key")
		}
	})
}

func FuzzWireGuard(f *testing.F) {
	static, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	server := static.PublicKey().Bytes()
	h, m, err := initiate(static, server, make([]byte, 32), time.Unix(0, 0))
	if err != nil {
		f.Fatal(err)
	}
	response := make([]byte, wgResponse)
	response[0] = 2
	copy(response[8:], h.index[:])
	f.Add(response)
	cookie := make([]byte, wgCookie)
	cookie[0] = 3
	copy(cookie[4:], h.index[:])
	f.Add(cookie)
	f.Fuzz(func(t *testing.T, b []byte) {
		if h.finish(b) == nil || h.isCookie(b, server, m[116:132]) {
			t.Error("forged")
		}
	})
}
