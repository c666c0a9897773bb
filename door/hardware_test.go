package door

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"testing"

	"golang.org/x/crypto/ssh"
)

// hardware signs as a FIDO token with an sk-ssh-ed25519 key does.
type hardware struct {
	secret ed25519.PrivateKey
	public ssh.PublicKey
	flags  byte
}

const application = "ssh:"

func newHardware(t testing.TB, flags byte) *hardware {
	t.Helper()
	public, secret, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	blob := appendString(nil, []byte(ssh.KeyAlgoSKED25519))
	blob = appendString(appendString(blob, public), []byte(application))
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		t.Fatal(err)
	}
	return &hardware{secret, key, flags}
}

func (h *hardware) PublicKey() ssh.PublicKey { return h.public }

func (h *hardware) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	app, sum := sha256.Sum256([]byte(application)), sha256.Sum256(data)
	rest := binary.BigEndian.AppendUint32([]byte{h.flags}, 7)
	signed := append(append(app[:], rest...), sum[:]...)
	return &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Blob: ed25519.Sign(h.secret, signed), Rest: rest}, nil
}
