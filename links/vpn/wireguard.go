package vpn

import (
	"context"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"net"
	"time"

	"golang.org/x/crypto/blake2s"
	"golang.org/x/crypto/chacha20poly1305"
)

// WireGuard: the handshake of two messages, Noise_IKpsk2. A server is silent to all
// whose key it does not know; so an answer proves the account too. No session comes of
// it: the first data packet would confirm one, and none is sent. The packages of
// WireGuard itself would cost the guard more memory than this file.

const (
	wgInitiation = 148 // bytes of the first message
	wgResponse   = 92
	wgCookie     = 64
)

// noise is the state of a handshake.
type noise struct{ hash, chain [blake2s.Size]byte }

func newHash() hash.Hash {
	h, err := blake2s.New256(nil)
	if err != nil { // only a key can be wrong
		panic(err)
	}
	return h
}

func sum(parts ...[]byte) (out [blake2s.Size]byte) {
	h := newHash()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(out[:0])
	return out
}

func keyed(key []byte, parts ...[]byte) []byte {
	h := hmac.New(newHash, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// mac is the shorter keyed hash by which packets are told from garbage.
func mac(key, b []byte) []byte {
	h, err := blake2s.New128(key)
	if err != nil { // its length is right
		panic(err)
	}
	h.Write(b)
	return h.Sum(nil)
}

func begin(server []byte) (n noise) {
	n.chain = sum([]byte("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"))
	n.hash = sum(n.chain[:], []byte("WireGuard v1 zx2c4 Jason@zx2c4.com"))
	n.mixHash(server)
	return n
}

func (n *noise) mixHash(b []byte) { n.hash = sum(n.hash[:], b) }

// mix takes b into the chain and gives as many further keys as are wanted.
func (n *noise) mix(b []byte, further int) (keys [][]byte) {
	secret := keyed(n.chain[:], b)
	last := keyed(secret, []byte{1})
	copy(n.chain[:], last)
	for i := range further {
		last = keyed(secret, last, []byte{byte(i + 2)})
		keys = append(keys, last)
	}
	return keys
}

func aead(key []byte) cipher.AEAD {
	a, err := chacha20poly1305.New(key)
	if err != nil { // its length is right
		panic(err)
	}
	return a
}

var zeroNonce [chacha20poly1305.NonceSize]byte

func (n *noise) seal(key, b []byte) []byte {
	sealed := aead(key).Seal(nil, zeroNonce[:], b, n.hash[:])
	n.mixHash(sealed)
	return sealed
}

// tai64n is a moment as the initiation wants it, later than all before it.
func tai64n(t time.Time) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(t.Unix())+0x400000000000000a)
	return binary.BigEndian.AppendUint32(b, uint32(t.Nanosecond()))
}

// handshake is one that has been begun.
type handshake struct {
	noise
	static, ephemeral *ecdh.PrivateKey
	psk               []byte
	index             [4]byte
}

// initiate makes the first message to a server of that public key.
func initiate(static *ecdh.PrivateKey, server, psk []byte, at time.Time) (*handshake, []byte, error) {
	remote, err := ecdh.X25519().NewPublicKey(server)
	if err != nil {
		return nil, nil, err
	}
	shared, err := static.ECDH(remote)
	if err != nil {
		return nil, nil, err
	}
	h := &handshake{noise: begin(server), static: static, psk: psk}
	if h.ephemeral, err = ecdh.X25519().GenerateKey(rand.Reader); err != nil {
		return nil, nil, err
	}
	_, _ = rand.Read(h.index[:]) // never fails
	public := h.ephemeral.PublicKey().Bytes()
	b := append(append([]byte{1, 0, 0, 0}, h.index[:]...), public...)
	h.mixHash(public)
	h.mix(public, 0)
	first, err := h.ephemeral.ECDH(remote)
	if err != nil {
		return nil, nil, err
	}
	b = append(b, h.seal(h.mix(first, 1)[0], static.PublicKey().Bytes())...)
	b = append(b, h.seal(h.mix(shared, 1)[0], tai64n(at))...)
	label := sum([]byte("mac1----"), server)
	b = append(b, mac(label[:], b)...)
	return h, append(b, make([]byte, 16)...), nil // no cookie
}

// finish checks the answer: errKey if it does not come of our keys and the shared one.
func (h *handshake) finish(b []byte) error {
	if len(b) != wgResponse || binary.LittleEndian.Uint32(b) != 2 || string(b[8:12]) != string(h.index[:]) {
		return errOther
	}
	n := h.noise // so that a forged answer does not spoil the true one
	public := b[12:44]
	remote, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return errOther
	}
	n.mixHash(public)
	n.mix(public, 0)
	for _, key := range []*ecdh.PrivateKey{h.ephemeral, h.static} {
		shared, err := key.ECDH(remote)
		if err != nil {
			return errOther
		}
		n.mix(shared, 0)
	}
	keys := n.mix(h.psk, 2)
	n.mixHash(keys[0])
	if _, err := aead(keys[1]).Open(nil, zeroNonce[:], b[44:60], n.hash[:]); err != nil {
		return errKey
	}
	return nil
}

// isCookie reports whether b is a server's wish to be asked again with a cookie, in
// answer to our message. Only who has the server's public key can seal one.
func (h *handshake) isCookie(b, server, mac1 []byte) bool {
	if len(b) != wgCookie || binary.LittleEndian.Uint32(b) != 3 || string(b[4:8]) != string(h.index[:]) {
		return false
	}
	key := sum([]byte("cookie--"), server)
	x, err := chacha20poly1305.NewX(key[:])
	if err != nil { // its length is right
		panic(err)
	}
	_, err = x.Open(nil, b[8:32], b[32:], mac1)
	return err == nil
}

// wgKey reads a secret that is a key of WireGuard.
func (l *link) wgKey(text string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) != 32 {
		return nil, &secretError{errors.New("no key of WireGuard: 44 characters of base64")}
	}
	return b, nil
}

func tryWireGuard(ctx context.Context, c net.Conn, l *link) (answer, error) {
	text, err := l.secret(l.settings.Key)
	if err != nil {
		return answer{}, err
	}
	private, err := l.wgKey(text)
	if err != nil {
		return answer{}, err
	}
	static, err := ecdh.X25519().NewPrivateKey(private)
	if err != nil {
		return answer{}, &secretError{err}
	}
	psk := make([]byte, 32)
	if l.settings.PSK != "" {
		if text, err = l.secret(l.settings.PSK); err != nil {
			return answer{}, err
		}
		if psk, err = l.wgKey(text); err != nil {
			return answer{}, err
		}
	}
	h, message, err := initiate(static, l.peer, psk, time.Now())
	if err != nil {
		return answer{}, errKey
	}
	err = exchange(ctx, c, message, func(b []byte) error {
		if h.isCookie(b, l.peer, message[wgInitiation-32:wgInitiation-16]) {
			return errBusy
		}
		return h.finish(b)
	})
	return answer{login: err == nil}, err
}
