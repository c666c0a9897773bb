package ssh

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
	"golang.org/x/sys/unix"
)

// pin is the one key that a server may show: the key itself, or its fingerprint.
type pin struct {
	key         ssh.PublicKey
	fingerprint string
}

var errPin = errors.New("neither a fingerprint nor a public key")

func parsePin(s string) (pin, error) {
	s = strings.TrimSpace(s)
	if sum, ok := strings.CutPrefix(s, "SHA256:"); ok {
		b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(sum, "="))
		if err != nil || len(b) != sha256.Size {
			return pin{}, errPin
		}
		// Written anew, as fingerprints are compared by their text.
		return pin{fingerprint: "SHA256:" + base64.RawStdEncoding.EncodeToString(b)}, nil
	}
	key, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(s))
	if err != nil || len(bytes.TrimSpace(rest)) > 0 {
		return pin{}, errPin
	}
	return pin{key: key, fingerprint: ssh.FingerprintSHA256(key)}, nil
}

func (p pin) fits(key ssh.PublicKey) bool {
	if p.key != nil {
		return bytes.Equal(p.key.Marshal(), key.Marshal())
	}
	return p.fingerprint == ssh.FingerprintSHA256(key)
}

// families lists the sorts of host keys to ask a server for, one after the other: a
// fingerprint does not tell of which sort its key is, and a server shows one alone.
func (p pin) families() [][]string {
	if p.key != nil {
		return [][]string{algorithms(p.key.Type())}
	}
	return [][]string{
		{ssh.KeyAlgoED25519},
		{ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521},
		{ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512},
	}
}

// algorithms are the ways of signing that a key of this type has.
func algorithms(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512}
	}
	return []string{keyType}
}

// known is what is known of a server: which sorts of keys to ask it for, and
// whether the one that it shows is right.
type known struct {
	families [][]string
	fits     func(key ssh.PublicKey, remote net.Addr) bool
}

func (l *link) known() (known, error) {
	if l.settings.KnownHosts == "" {
		return known{l.pin.families(), func(key ssh.PublicKey, _ net.Addr) bool { return l.pin.fits(key) }}, nil
	}
	return readKnown(l.settings.KnownHosts, l.address)
}

var errNotKnown = errors.New("the file has no key of the server")

// maxKnown bounds a known_hosts file, in bytes.
const maxKnown = 1 << 20

// readKnown reads what a known_hosts file has for address.
func readKnown(path, address string) (known, error) {
	if err := readable(path); err != nil {
		return known{}, err
	}
	check, err := knownhosts.New(path)
	if err != nil {
		return known{}, err
	}
	// Asked for a key that no server has, it lists those that it expects.
	var wants *knownhosts.KeyError
	if err := check(address, nowhere{}, noKey{}); !errors.As(err, &wants) || len(wants.Want) == 0 {
		return known{}, errNotKnown
	}
	var algos []string
	for _, w := range wants.Want {
		for _, a := range algorithms(w.Key.Type()) {
			if !slices.Contains(algos, a) {
				algos = append(algos, a)
			}
		}
	}
	return known{[][]string{algos}, func(key ssh.PublicKey, remote net.Addr) bool {
		return check(address, remote, key) == nil
	}}, nil
}

func readable(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe must not make us wait
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKnown {
		return errors.New("not a regular file of a sensible size")
	}
	_, err = f.Read(make([]byte, 1))
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// noKey is no server's key.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return []byte("none") }
func (noKey) Verify([]byte, *ssh.Signature) error { return errPin }

// nowhere is no server's address.
type nowhere struct{}

func (nowhere) Network() string { return "tcp" }
func (nowhere) String() string  { return "0.0.0.0:0" }
