// Package tunnel is the fixed address of one's own: what a WireGuard server and its
// peers are, their files, and how the running tunnel is asked how it stands.
//
// It carries no packets: engine does, which only the program omamori-tunnel links.
package tunnel

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
)

// Key is a key of WireGuard: private, public or shared. The zero Key is none.
type Key [32]byte

var errKey = errors.New("not a key of WireGuard")

// NewKey makes a private key, in the form of wg genkey: of one in another wg says another.
func NewKey() Key {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil { // the system's randomness never fails
		panic(err)
	}
	b := Key(k.Bytes())
	b[0] &= 248
	b[31] = b[31]&127 | 64
	return b
}

// ParseKey reads a key as every program of WireGuard writes it: 44 characters.
func ParseKey(s string) (k Key, err error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(k) || k == Key(b) {
		return Key{}, errKey
	}
	return Key(b), nil
}

// Public is the public key that belongs to a private one.
func (k Key) Public() Key {
	p, err := ecdh.X25519().NewPrivateKey(k[:])
	if err != nil { // its length is right
		panic(err)
	}
	return Key(p.PublicKey().Bytes())
}

// IsZero reports whether k is none.
func (k Key) IsZero() bool { return k == Key{} }

func (k Key) String() string { return base64.StdEncoding.EncodeToString(k[:]) }

// Hex is the key as the WireGuard library takes it.
func (k Key) Hex() string { return hex.EncodeToString(k[:]) }

// MarshalText writes the key as ParseKey reads it, the zero Key as nothing.
func (k Key) MarshalText() ([]byte, error) {
	if k.IsZero() {
		return nil, nil
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads what MarshalText writes.
func (k *Key) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*k = Key{}
		return nil
	}
	*k, err = ParseKey(string(b))
	return err
}
