package door

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"slices"

	"golang.org/x/crypto/ssh"
)

// Namespace is that of our signatures: one made for anything else (a commit, a file)
// is no permit, and a permit is nothing else.
const Namespace = "knock@omamori-guard.github.io"

const (
	sigMagic   = "SSHSIG"
	sigVersion = 1
	sigPEM     = "SSH SIGNATURE"
	hashName   = "sha512"
	// leastRSA is how many bits an RSA key has at least.
	leastRSA = 2048
)

// Signature is one in OpenSSH's SSHSIG format.
type Signature struct {
	Key       ssh.PublicKey
	Namespace string
	Hash      string
	Signature *ssh.Signature
}

// Sign signs message in our namespace. An agent's signers will do, and hardware keys.
func Sign(random io.Reader, signer ssh.Signer, message []byte) (*Signature, error) {
	if err := checkKey(signer.PublicKey()); err != nil {
		return nil, err
	}
	s := &Signature{Key: signer.PublicKey(), Namespace: Namespace, Hash: hashName}
	data := s.signed(message)
	var err error
	if signer.PublicKey().Type() == ssh.KeyAlgoRSA { // the format forbids SHA-1
		as, ok := signer.(ssh.AlgorithmSigner)
		if !ok {
			return nil, &Refusal{Code: CodeKeySort, Why: "this RSA key cannot sign with SHA-512"}
		}
		s.Signature, err = as.SignWithAlgorithm(random, data, ssh.KeyAlgoRSASHA512)
	} else {
		s.Signature, err = signer.Sign(random, data)
	}
	if err != nil {
		return nil, fmt.Errorf("sign the permit: %w", err)
	}
	if s.untouched() {
		return nil, &Refusal{Code: CodeTouch}
	}
	return s, nil
}

// signed is what the key signs for message.
func (s *Signature) signed(message []byte) []byte {
	var sum []byte
	switch s.Hash {
	case "sha256":
		h := sha256.Sum256(message)
		sum = h[:]
	case "sha512":
		h := sha512.Sum512(message)
		sum = h[:]
	default:
		return nil
	}
	b := []byte(sigMagic)
	b = appendString(b, []byte(s.Namespace))
	b = appendString(b, nil)
	b = appendString(b, []byte(s.Hash))
	return appendString(b, sum)
}

// Marshal writes the signature in binary.
func (s *Signature) Marshal() []byte {
	b := []byte(sigMagic)
	b = binary.BigEndian.AppendUint32(b, sigVersion)
	b = appendString(b, s.Key.Marshal())
	b = appendString(b, []byte(s.Namespace))
	b = appendString(b, nil)
	b = appendString(b, []byte(s.Hash))
	inner := appendString(nil, []byte(s.Signature.Format))
	inner = append(appendString(inner, s.Signature.Blob), s.Signature.Rest...)
	return appendString(b, inner)
}

// Armor writes a binary signature as ssh-keygen does.
func Armor(binary []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: sigPEM, Bytes: binary})
}

// Unarmor reads what ssh-keygen has written.
func Unarmor(text []byte) ([]byte, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != sigPEM || len(bytes.TrimSpace(rest)) > 0 {
		return nil, malformed("signature: not in armor")
	}
	return block.Bytes, nil
}

// ParseSignature reads a binary signature.
func ParseSignature(b []byte) (*Signature, error) {
	rest, ok := bytes.CutPrefix(b, []byte(sigMagic))
	if !ok || len(rest) < 4 || binary.BigEndian.Uint32(rest) != sigVersion {
		return nil, malformed("signature: not an SSHSIG of version 1")
	}
	rest = rest[4:]
	var fields [5][]byte
	for i := range fields {
		if fields[i], rest, ok = cutString(rest); !ok {
			return nil, malformed("signature: cut short")
		}
	}
	if len(rest) > 0 || len(fields[2]) > 0 {
		return nil, malformed("signature: more than there should be")
	}
	key, err := ssh.ParsePublicKey(fields[0])
	if err != nil || !bytes.Equal(key.Marshal(), fields[0]) {
		return nil, malformed("signature: no key")
	}
	s := &Signature{Key: key, Namespace: string(fields[1]), Hash: string(fields[3]), Signature: new(ssh.Signature)}
	if err := ssh.Unmarshal(fields[4], s.Signature); err != nil {
		return nil, malformed("signature: not one")
	}
	return s, nil
}

// Verify says whether s is a signature of its key, in our namespace, over message. Whether
// that key may sign is another question. The error is a *Refusal.
func (s *Signature) Verify(message []byte) error {
	if err := checkKey(s.Key); err != nil {
		return err
	}
	if s.Namespace != Namespace {
		return &Refusal{Code: CodeSignature, Why: "made for another purpose"}
	}
	data := s.signed(message)
	if data == nil {
		return malformed("signature: unknown hash")
	}
	if s.Signature.Format == ssh.KeyAlgoRSA {
		return &Refusal{Code: CodeSignature, Why: "RSA with SHA-1"}
	}
	switch s.Key.Type() {
	case ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256: // flags, then a counter
		if len(s.Signature.Rest) != 5 {
			return malformed("signature: of no hardware key")
		}
	default:
		if len(s.Signature.Rest) != 0 {
			return malformed("signature: more than there should be")
		}
	}
	if s.untouched() || s.Key.Verify(data, s.Signature) != nil {
		return &Refusal{Code: CodeSignature}
	}
	return nil
}

// untouched reports whether a hardware key says that nobody touched it.
func (s *Signature) untouched() bool { return len(s.Signature.Rest) > 0 && s.Signature.Rest[0]&1 == 0 }

// checkKey refuses sorts of keys that are too weak, or not one person's.
func checkKey(key ssh.PublicKey) error {
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256,
		ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521:
		return nil
	case ssh.KeyAlgoRSA:
		if k := rsaOf(key); k != nil && k.N.BitLen() >= leastRSA {
			return nil
		}
		return &Refusal{Code: CodeKeySort, Why: "an RSA key of less than 2048 bits"}
	}
	return &Refusal{Code: CodeKeySort, Why: key.Type()}
}

// rsaOf is the RSA key that key is, nil if it is none. Of one that an agent holds there are
// only its bytes.
func rsaOf(key ssh.PublicKey) *rsa.PublicKey {
	if _, ok := key.(ssh.CryptoPublicKey); !ok {
		var err error
		if key, err = ssh.ParsePublicKey(key.Marshal()); err != nil {
			return nil
		}
	}
	c, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return nil
	}
	k, _ := c.CryptoPublicKey().(*rsa.PublicKey)
	return k
}

// SignatureSize is how long the signature of a key will be at most, in binary.
func SignatureSize(key ssh.PublicKey) int {
	n := len(sigMagic) + 4 + 4 + len(key.Marshal()) + 4 + len(Namespace) + 4 + 4 + len(hashName) + 4
	inner := 4 + len(key.Type()) + 4
	switch key.Type() {
	case ssh.KeyAlgoRSA:
		inner = 4 + len(ssh.KeyAlgoRSASHA512) + 4
		if k := rsaOf(key); k != nil {
			inner += k.Size()
		}
	case ssh.KeyAlgoED25519:
		inner += 64
	case ssh.KeyAlgoSKED25519:
		inner += 64 + 5
	case ssh.KeyAlgoECDSA256:
		inner += 2 * (4 + 33)
	case ssh.KeyAlgoSKECDSA256:
		inner += 2*(4+33) + 5
	case ssh.KeyAlgoECDSA384:
		inner += 2 * (4 + 49)
	case ssh.KeyAlgoECDSA521:
		inner += 2 * (4 + 67)
	}
	return n + inner
}

func appendString(b, s []byte) []byte {
	return append(binary.BigEndian.AppendUint32(slices.Grow(b, 4+len(s)), uint32(len(s))), s...)
}

func cutString(b []byte) (s, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}
