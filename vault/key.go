package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"filippo.io/age"
)

// Key is 256 bits that open a vault: the scalar of an age identity. A printed kit has
// one of its own.
type Key [32]byte

// NewKey makes a key by chance.
func NewKey() *Key {
	var k Key
	_, _ = rand.Read(k[:]) // never fails
	return &k
}

// Identity is the key as age's identity, which opens what is sealed to its Recipient.
func (k *Key) Identity() (*age.X25519Identity, error) {
	id, err := age.ParseX25519Identity(strings.ToUpper(bech32("age-secret-key-", k[:])))
	if err != nil { // it would quote the key
		return nil, errors.New("vault: not a key")
	}
	return id, nil
}

// Wipe overwrites the key.
func (k *Key) Wipe() { clear(k[:]) }

// Format hides the key from package fmt, LogValue from logs, MarshalText from JSON.
func (Key) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte("(key)")) }
func (Key) LogValue() slog.Value         { return slog.StringValue("(key)") }
func (Key) MarshalText() ([]byte, error) { return []byte("(key)"), nil }

// bech32 writes data as BIP 173 does, without its bound on the length, as age does.
func bech32(prefix string, data []byte) string {
	const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	var values []byte
	bits, acc := 0, 0
	for _, b := range data {
		acc, bits = acc<<8&0xfff|int(b), bits+8
		for bits >= 5 {
			bits -= 5
			values = append(values, byte(acc>>bits&31))
		}
	}
	if bits > 0 {
		values = append(values, byte(acc<<(5-bits)&31))
	}
	var sum []byte
	for _, c := range []byte(prefix) {
		sum = append(sum, c>>5)
	}
	sum = append(sum, 0)
	for _, c := range []byte(prefix) {
		sum = append(sum, c&31)
	}
	check := polymod(append(append(sum, values...), 0, 0, 0, 0, 0, 0)) ^ 1
	out := []byte(prefix + "1")
	for _, v := range values {
		out = append(out, letters[v])
	}
	for i := range 6 {
		out = append(out, letters[check>>(5*(5-i))&31])
	}
	return string(out)
}

func polymod(values []byte) uint32 {
	sum := uint32(1)
	for _, v := range values {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	return sum
}
