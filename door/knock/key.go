// Package knock carries permits to a door in one UDP packet, and its answers back:
// doc/knock.md is the protocol.
package knock

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/door"
)

// DefaultPort is where doors listen, in UDP.
const DefaultPort = 4649

const (
	passBegins = "omamori-door1:"
	keyBegins  = "omamori-door-key1:"
)

// Secret is what the cheap check of packets is keyed with. It lets nobody in: who has
// it can make the door work, no more.
type Secret [32]byte

// Key is a door's own: what its packets are sealed to.
type Key struct {
	private hpke.PrivateKey
	secret  Secret
}

func kem() hpke.KEM { return hpke.DHKEM(ecdh.X25519()) }

// NewKey makes a door's key.
func NewKey() (*Key, error) {
	private, err := kem().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("make the door's key: %w", err)
	}
	k := &Key{private: private}
	_, _ = rand.Read(k.secret[:]) // never fails
	return k, nil
}

// Text is the key as a line to be kept where only the door reads it.
func (k *Key) Text() (string, error) {
	b, err := k.private.Bytes()
	if err != nil {
		return "", err
	}
	return keyBegins + checked(append(b, k.secret[:]...)), nil
}

// ParseKey reads what Text wrote.
func ParseKey(text string) (*Key, error) {
	coded, ok := strings.CutPrefix(strings.TrimSpace(text), keyBegins)
	b, whole := unchecked(coded)
	if !ok || !whole || len(b) != 64 {
		return nil, errors.New("this is not the key of a door")
	}
	private, err := kem().NewPrivateKey(b[:32])
	if err != nil {
		return nil, errors.New("this is not the key of a door")
	}
	return &Key{private, Secret(b[32:])}, nil
}

// LoadKey reads a door's key from its file.
func LoadKey(path string) (*Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the door's key: %w", err)
	}
	k, err := ParseKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

// Fingerprint names the door in permits.
func (k *Key) Fingerprint() door.Fingerprint {
	return door.KeyFingerprint(k.private.PublicKey().Bytes())
}

// Pass is what owners need to knock at this door, which listens at host and port.
func (k *Key) Pass(host string, port uint16) *Pass {
	return &Pass{Public: [32]byte(k.private.PublicKey().Bytes()), Secret: k.secret, Host: host, Port: port}
}

// Pass is what an owner's side knows of a door. It lets nobody in by itself.
type Pass struct {
	Public [32]byte
	Secret Secret
	// Host is a name or an address.
	Host string
	Port uint16
}

// String is the pass as one line: omamori-door1:…@host:port.
func (p *Pass) String() string {
	return passBegins + checked(append(bytes.Clone(p.Public[:]), p.Secret[:]...)) + "@" + net.JoinHostPort(p.Host, strconv.Itoa(int(p.Port)))
}

// ParsePass reads such a line.
func ParsePass(line string) (*Pass, error) {
	bad := errors.New("this is not the line of a door (omamori-door1:…@host:port), or a part of it is missing")
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), passBegins)
	coded, where, at := strings.Cut(rest, "@")
	b, whole := unchecked(coded)
	host, port, err := net.SplitHostPort(where)
	if !ok || !at || !whole || len(b) != 64 || err != nil || !goodHost(host) {
		return nil, bad
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return nil, bad
	}
	p := &Pass{Public: [32]byte(b), Secret: Secret(b[32:]), Host: host, Port: uint16(n)}
	if _, err := kem().NewPublicKey(p.Public[:]); err != nil {
		return nil, bad
	}
	return p, nil
}

// goodHost takes names and addresses, and nothing that could be taken for an option.
func goodHost(s string) bool {
	return s != "" && len(s) <= 253 && s[0] != '-' &&
		!strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`/\@"'`, c) })
}

// Fingerprint names the door in permits.
func (p *Pass) Fingerprint() door.Fingerprint { return door.KeyFingerprint(p.Public[:]) }

// checked writes b so that a line that was cut or mistyped is noticed.
func checked(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(append(bytes.Clone(b), sum[:5]...))
}

func unchecked(s string) (b []byte, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < 5 {
		return nil, false
	}
	b, check := b[:len(b)-5], b[len(b)-5:]
	sum := sha256.Sum256(b)
	return b, bytes.Equal(sum[:5], check)
}
