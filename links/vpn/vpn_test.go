package vpn

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"io"
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
		"user":      {Protocol: "openvpn", Address: "a", CA: "file:x", User: "u"},
		"cert":      {Protocol: "openvpn", Address: "a", CA: "file:x", Cert: "file:y"},
		"ca":        {Protocol: "openvpn", Address: "a", User: "u", Password: "file:x"},
		"password":  {Protocol: "pptp", Address: "a", Password: "file:x"},
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

// TestRefusals: a server that answers and will not go on says why.
func TestRefusals(t *testing.T) {
	for result, want := range map[byte]string{1: "", 2: "general error 0", 3: "a connection is there already", 4: "not authorised", 5: "protocol version not supported", 9: "result 9"} {
		reply := make([]byte, pptpStartLength-12)
		reply[2] = result
		if a, err := parsePPTP(pptpMessage(pptpStartAnswer, reply)); err != nil || a.refused != want {
			t.Errorf("PPTP, result %d: %+v, %v", result, a, err)
		}
	}
	stop := l2tpMessage(7, 0, 1, l2tpValue{0, be16(l2tpStop)}, l2tpValue{1, []byte{0, 4, 0, 6, 'n', 'o'}})
	if r, err := parseL2TP(stop, 7); err != nil || r.refused != "result 4, error 6 no" {
		t.Errorf("L2TP: %+v, %v", r, err)
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

// TestJudged: what a server says of a login.
func TestJudged(t *testing.T) {
	for message, want := range map[string]string{
		"PUSH_REPLY": "vpn.takes_account", "PUSH_REPLY,ping 10,peer-id 0": "vpn.takes_account",
		"AUTH_FAILED": "vpn.login_refused", "AUTH_FAILED,the account has ended": "vpn.login_refused", "HALT,maintenance": "vpn.login_refused", "RESTART": "vpn.login_refused",
		"AUTH_FAILED,CRV1:R,E:state:dXNlcg==:the code": "vpn.second_factor", "AUTH_PENDING,timeout 60": "vpn.second_factor",
		"AUTH_FAILED,TEMP[backoff 42]":          "vpn.busy",
		"INFO_PRE,OPEN_URL:https://sso.example": "", "": "",
	} {
		a, err, ok := judged(message)
		if ok != (want != "") {
			t.Errorf("%q decides: %v", message, ok)
		}
		if !ok {
			continue
		}
		l := &link{protocol: protocols()["openvpn"], address: "a:1194"}
		p := l.answered(a)
		if err != nil {
			p = l.failed(t.Context(), err)
		}
		if p.Because.Key != want {
			t.Errorf("%q: %+v", message, p)
		}
	}
}

// nowhere is a way on which nothing comes, and all that is sent is lost.
type nowhere struct{ net.Conn }

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }

func FuzzOpenVPNControl(f *testing.F) {
	packet := func(opcode byte, acks []uint32, rest []byte) []byte {
		var b bytes.Buffer
		c := &control{Conn: recorder{Writer: &b}, wrap: bare{}, ours: []byte("theirs!!"), theirs: []byte("sessions"), came: acks}
		_ = c.send(opcode, rest) // a buffer takes all
		return b.Bytes()
	}
	f.Add(packet(openvpnControl, nil, append(be32(1), "hello"...)), packet(openvpnControl, []uint32{1}, append(be32(2), "more"...)))
	f.Add(packet(openvpnControl, nil, append(be32(5), "early"...)), packet(openvpnAck, []uint32{1, 2, 3}, nil))
	f.Add(packet(openvpnResetServer, []uint32{0}, be32(0)), []byte{openvpnControl << 3})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		c := &control{Conn: nowhere{}, wrap: bare{}, ours: []byte("sessions"), theirs: []byte("theirs!!"), due: 1, early: map[uint32][]byte{}}
		for range 2 * maxEarly { // again and again
			for _, p := range [][]byte{a, b} {
				if err := c.take(p); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(c.early) > maxEarly || len(c.in) > len(a)+len(b) {
			t.Errorf("%d kept, %d bytes", len(c.early), len(c.in))
		}
	})
}

// recorder keeps what is sent.
type recorder struct {
	net.Conn
	io.Writer
}

func (r recorder) Write(b []byte) (int, error) { return r.Writer.Write(b) }

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
