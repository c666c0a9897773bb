package vpn

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// OpenVPN: a hard reset of the control channel, which the server answers with one of
// its own, before TLS begins. A server with tls-auth or tls-crypt answers only who has
// its key. One logs in within TLS, if there is an account to try: openvpnlogin.go.

const (
	openvpnAck         = 5
	openvpnResetClient = 7
	openvpnResetServer = 8
)

// wrapping seals the packets of the control channel. A packet is its head, the opcode
// and the sender's session, and the rest.
type wrapping interface {
	seal(head, rest []byte, number uint32, at time.Time) []byte
	// open gives the rest of a packet of the server; ok is false if it does not
	// fit the key.
	open(packet []byte) (rest []byte, ok bool)
}

const openvpnHead = 9

type bare struct{}

func (bare) seal(head, rest []byte, _ uint32, _ time.Time) []byte {
	return append(bytes.Clone(head), rest...)
}

func (bare) open(packet []byte) ([]byte, bool) { return packet[openvpnHead:], true }

// tlsAuth signs packets. Its keys are those of direction 1, a client's.
type tlsAuth struct{ ours, theirs []byte }

func (k tlsAuth) seal(head, rest []byte, number uint32, at time.Time) []byte {
	stamp := stamp(number, at)
	b := append(bytes.Clone(head), k.sum(k.ours, stamp, head, rest)...)
	return append(append(b, stamp...), rest...)
}

func (k tlsAuth) open(packet []byte) ([]byte, bool) {
	if len(packet) < openvpnHead+sha1.Size+8 {
		return nil, false
	}
	head, sum := packet[:openvpnHead], packet[openvpnHead:openvpnHead+sha1.Size]
	stamp, rest := packet[openvpnHead+sha1.Size:openvpnHead+sha1.Size+8], packet[openvpnHead+sha1.Size+8:]
	return rest, hmac.Equal(sum, k.sum(k.theirs, stamp, head, rest))
}

func (k tlsAuth) sum(key, stamp, head, rest []byte) []byte {
	h := hmac.New(sha1.New, key)
	h.Write(stamp)
	h.Write(head)
	h.Write(rest)
	return h.Sum(nil)
}

// tlsCrypt signs packets and hides them.
type tlsCrypt struct{ oursCipher, oursSign, theirsCipher, theirsSign []byte }

func (k tlsCrypt) seal(head, rest []byte, number uint32, at time.Time) []byte {
	b := append(bytes.Clone(head), stamp(number, at)...)
	sum := k.sum(k.oursSign, b, rest)
	return append(append(b, sum...), k.crypt(k.oursCipher, sum, rest)...)
}

func (k tlsCrypt) open(packet []byte) ([]byte, bool) {
	const head = openvpnHead + 8
	if len(packet) < head+sha256.Size {
		return nil, false
	}
	sum := packet[head : head+sha256.Size]
	rest := k.crypt(k.theirsCipher, sum, packet[head+sha256.Size:])
	return rest, hmac.Equal(sum, k.sum(k.theirsSign, packet[:head], rest))
}

func (k tlsCrypt) sum(key, head, rest []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(head)
	h.Write(rest)
	return h.Sum(nil)
}

func (k tlsCrypt) crypt(key, sum, b []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil { // its length is right
		panic(err)
	}
	out := make([]byte, len(b))
	cipher.NewCTR(block, sum[:aes.BlockSize]).XORKeyStream(out, b)
	return out
}

func stamp(number uint32, at time.Time) []byte {
	return append(be32(number), be32(uint32(at.Unix()))...)
}

// maxStaticKey bounds a key file, in bytes.
const maxStaticKey = 4096

// parseStaticKey reads a key file of openvpn --genkey: 2,048 bits in four parts.
func parseStaticKey(s string) (parts [4][]byte, err error) {
	const begin, end = "-----BEGIN OpenVPN Static key V1-----", "-----END OpenVPN Static key V1-----"
	_, rest, found := strings.Cut(s, begin)
	body, _, ended := strings.Cut(rest, end)
	if !found || !ended || len(s) > maxStaticKey {
		return parts, errors.New("no OpenVPN static key")
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil || len(b) != 256 {
		return parts, errors.New("a damaged OpenVPN static key")
	}
	for i := range parts {
		parts[i] = b[i*64 : (i+1)*64]
	}
	return parts, nil
}

// wrap makes the wrapping that the settings ask for.
func (l *link) wrap() (wrapping, error) {
	where := l.settings.TLSAuth + l.settings.TLSCrypt // never both
	if where == "" {
		return bare{}, nil
	}
	text, err := l.secret(where)
	if err != nil {
		return nil, err
	}
	p, err := parseStaticKey(text)
	if err != nil {
		return nil, &secretError{err}
	}
	if l.settings.TLSAuth != "" {
		return tlsAuth{ours: p[3][:sha1.Size], theirs: p[1][:sha1.Size]}, nil
	}
	return tlsCrypt{oursCipher: p[2][:32], oursSign: p[3][:32], theirsCipher: p[0][:32], theirsSign: p[1][:32]}, nil
}

func tryOpenVPN(ctx context.Context, c net.Conn, l *link) (answer, error) {
	w, err := l.wrap()
	if err != nil {
		return answer{}, err
	}
	if l.network == "tcp" {
		c = &framed{Conn: c}
	}
	head := func(opcode byte, session []byte) []byte { return append([]byte{opcode << 3}, session...) }
	session := make([]byte, 8)
	_, _ = rand.Read(session) // never fails
	now := time.Now()
	reset := w.seal(head(openvpnResetClient, session), append([]byte{0}, be32(0)...), 1, now)
	var r openvpnReset
	err = exchange(ctx, c, reset, func(b []byte) (err error) {
		r, err = parseOpenVPN(b, session, w)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	if l.settings.loggingIn() {
		return l.login(ctx, &control{
			Conn: c, ctx: ctx, wrap: w, ours: session, theirs: r.session, at: now, sealed: 1, datagrams: l.network == "udp",
			next: 1, due: r.number, early: map[uint32][]byte{},
		})
	}
	// There is no goodbye before TLS; but with this it does not send its own again
	// and again to nobody.
	seen := append([]byte{1}, be32(r.number)...)
	_, _ = c.Write(w.seal(head(openvpnAck, session), append(seen, r.session...), 2, now))
	return answer{}, nil
}

type openvpnReset struct {
	session []byte
	number  uint32
}

// parseOpenVPN reads a server's reset that answers ours.
func parseOpenVPN(b, session []byte, w wrapping) (r openvpnReset, err error) {
	if len(b) < openvpnHead || b[0]>>3 != openvpnResetServer {
		return r, errOther
	}
	rest, ok := w.open(b)
	if !ok {
		return r, errKey
	}
	if len(rest) < 1 {
		return r, errOther
	}
	acks := int(rest[0])
	rest = rest[1:]
	if acks > 8 || len(rest) < acks*4+4 {
		return r, errOther
	}
	rest = rest[acks*4:]
	if acks > 0 {
		if len(rest) < 8+4 || !bytes.Equal(rest[:8], session) {
			return r, errOther
		}
		rest = rest[8:]
	}
	return openvpnReset{session: bytes.Clone(b[1:openvpnHead]), number: binary.BigEndian.Uint32(rest)}, nil
}

// framed gives packets over TCP their lengths.
type framed struct {
	net.Conn
	part []byte // of a packet that has not come whole, and what is behind one that has
}

func (f *framed) Write(b []byte) (int, error) {
	_, err := f.Conn.Write(append(be16(uint16(len(b))), b...))
	return len(b), err
}

// Read reads one packet whole.
func (f *framed) Read(b []byte) (int, error) {
	more := make([]byte, maxPacket)
	for {
		if len(f.part) >= 2 {
			n := int(binary.BigEndian.Uint16(f.part))
			if n == 0 || n > len(b) {
				return 0, fmt.Errorf("a packet of %d bytes: %w", n, errOther)
			}
			if len(f.part) >= 2+n {
				copy(b, f.part[2:2+n])
				f.part = bytes.Clone(f.part[2+n:])
				return n, nil
			}
		}
		n, err := f.Conn.Read(more)
		f.part = append(f.part, more[:n]...)
		if n == 0 && err != nil {
			return 0, err
		}
	}
}
