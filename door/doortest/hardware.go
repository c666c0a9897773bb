package doortest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"testing"

	"golang.org/x/crypto/ssh"
)

// Hardware signs as a FIDO token with an sk-ssh-ed25519 key does.
type Hardware struct {
	secret ed25519.PrivateKey
	public ssh.PublicKey
	flags  byte
}

const application = "ssh:"

// NewHardware makes a token; bit 0 of flags says that somebody touches it.
func NewHardware(t testing.TB, flags byte) *Hardware {
	t.Helper()
	public, secret, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	blob := ssh.Marshal(struct {
		Type        string
		Public      []byte
		Application string
	}{ssh.KeyAlgoSKED25519, public, application})
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		t.Fatal(err)
	}
	return &Hardware{secret, key, flags}
}

// PublicKey is the token's.
func (h *Hardware) PublicKey() ssh.PublicKey { return h.public }

// Sign signs; the random source is not asked.
func (h *Hardware) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	app, sum := sha256.Sum256([]byte(application)), sha256.Sum256(data)
	rest := binary.BigEndian.AppendUint32([]byte{h.flags}, 7)
	signed := append(append(app[:], rest...), sum[:]...)
	return &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Blob: ed25519.Sign(h.secret, signed), Rest: rest}, nil
}
