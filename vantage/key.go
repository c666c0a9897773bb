package vantage

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Key is the public key of a guard: who it is.
type Key [ed25519.PublicKeySize]byte

// String is the fingerprint that people compare: the first 80 bits of the key's
// SHA-256, in groups. To find another key with the same would take 2^80 tries.
func (k Key) String() string {
	sum := sha256.Sum256(append([]byte("omamori key 1\n"), k[:]...))
	digits := hex.EncodeToString(sum[:10])
	var groups []string
	for ; digits != ""; digits = digits[4:] {
		groups = append(groups, digits[:4])
	}
	return strings.Join(groups, "-")
}

// MarshalText writes the whole key.
func (k Key) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(k[:])), nil }

// UnmarshalText reads a whole key.
func (k *Key) UnmarshalText(b []byte) error { return unhex(k[:], b) }

func unhex(into, b []byte) error {
	if len(b) != hex.EncodedLen(len(into)) {
		return errMalformed
	}
	_, err := hex.Decode(into, b)
	return err
}

// loadKey reads the guard's own key from path.
func loadKey(path string) (ed25519.PrivateKey, error) {
	seed, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("key of this vantage: %w", err)
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("key of this vantage: %s has %d bytes, not %d", path, len(seed), ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// makeKey makes a key, which no other user can read.
func makeKey(path string) (ed25519.PrivateKey, error) {
	_, secret, err := ed25519.GenerateKey(rand.Reader)
	if err == nil {
		err = writeWhole(path, secret.Seed())
	}
	if err != nil {
		return nil, fmt.Errorf("make the key of this vantage: %w", err)
	}
	return secret, nil
}

// writeWhole puts b in the place of the file at path: afterwards, through a power cut
// too, there is either what was before or all of b.
func writeWhole(path string, b []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
