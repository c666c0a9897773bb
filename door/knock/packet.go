package knock

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"hash"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door"
)

// MaxPacket is the longest packet: what passes everywhere unfragmented, IPv6's least
// MTU without the headers.
const MaxPacket = 1232

// The first byte of a packet.
const (
	aKnock  = 1
	aCookie = 2
	aWord   = 3
)

const (
	tagSize    = 16
	cookieSize = 16
	encSize    = 32
	sealSize   = 16 // what AES-GCM adds
	headSize   = 1 + tagSize + cookieSize + encSize
	// minPacket is less than any signature makes of a packet.
	minPacket   = headSize + sealSize + 256
	cookieReply = 1 + tagSize + cookieSize
)

// What each use of a key is bound to, so that none is taken for another.
const (
	labelKnock  = "omamori knock 1"
	labelCookie = "omamori knock cookie 1"
	labelWord   = "omamori knock answer 1"
)

type (
	tag    [tagSize]byte
	cookie [cookieSize]byte
)

// Fits reports whether a permit of that many ports, signed by key, fits into a packet.
func Fits(key ssh.PublicKey, ports int) bool {
	return headSize+sealSize+door.MaxPermit-2*(door.MostPorts-ports)+door.SignatureSize(key) <= MaxPacket
}

// check is the cheap check: a MAC keyed by the door's secret.
type check struct {
	mac hash.Hash
	sum [sha256.Size]byte
}

func newCheck(s Secret) *check { return &check{mac: hmac.New(sha256.New, s[:])} }

func (c *check) over(label string, parts ...[]byte) tag {
	c.mac.Reset()
	c.mac.Write([]byte(label))
	for _, p := range parts {
		c.mac.Write(p)
	}
	return tag(c.mac.Sum(c.sum[:0]))
}

// knock reports whether b is shaped as a knock, and made by somebody who has the secret.
func (c *check) knock(b []byte) bool {
	if !shaped(b) {
		return false
	}
	want := c.over(labelKnock, b[1+tagSize:])
	return hmac.Equal(want[:], b[1:1+tagSize])
}

func shaped(b []byte) bool { return len(b) >= minPacket && len(b) <= MaxPacket && b[0] == aKnock }

// The parts of a packet that is shaped as a knock.
func tagOf(b []byte) tag           { return tag(b[1:]) }
func cookieOf(b []byte) cookie     { return cookie(b[1+tagSize:]) }
func encOf(b []byte) []byte        { return b[1+tagSize+cookieSize : headSize] }
func sealedOf(b []byte) []byte     { return b[headSize:] }
func (c cookie) isZero() bool      { return c == cookie{} }
func setCookie(b []byte, c cookie) { copy(b[1+tagSize:], c[:]) }

// sender seals one knock.
type sender struct {
	enc  [encSize]byte
	hpke *hpke.Sender
}

func newSender(p *Pass) (*sender, error) {
	public, err := kem().NewPublicKey(p.Public[:])
	if err != nil {
		return nil, err
	}
	enc, s, err := hpke.NewSender(public, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(labelKnock))
	if err != nil {
		return nil, err
	}
	return &sender{[encSize]byte(enc), s}, nil
}

// packet makes the whole packet, without a cookie.
func (s *sender) packet(c *check, permit, signature []byte) ([]byte, error) {
	if headSize+len(permit)+len(signature)+sealSize > MaxPacket {
		return nil, ErrTooLarge
	}
	sealed, err := s.hpke.Seal(nil, append(append([]byte{}, permit...), signature...))
	if err != nil {
		return nil, err
	}
	b := make([]byte, 1+tagSize+cookieSize, MaxPacket)
	b[0] = aKnock
	b = append(append(b, s.enc[:]...), sealed...)
	retag(c, b)
	return b, nil
}

func retag(c *check, b []byte) {
	t := c.over(labelKnock, b[1+tagSize:])
	copy(b[1:], t[:])
}

// words is the key that answers are sealed with.
func words(export func(string, int) ([]byte, error)) (cipher.AEAD, error) {
	key, err := export(labelWord, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// opened is a knock without its seal.
type opened struct {
	permit, signature []byte
	answer            cipher.AEAD
}

// open takes the seal off a packet that is shaped as a knock.
func (k *Key) open(b []byte) (*opened, error) {
	r, err := hpke.NewRecipient(encOf(b), k.private, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(labelKnock))
	if err != nil {
		return nil, err
	}
	plain, err := r.Open(nil, sealedOf(b))
	if err != nil {
		return nil, err
	}
	o := &opened{}
	if o.permit, o.signature, err = door.CutPermit(plain); err != nil {
		return nil, err
	}
	o.answer, err = words(r.Export)
	return o, err
}

// seal makes the packet of an answer.
func seal(a cipher.AEAD, w *word) []byte {
	return a.Seal([]byte{aWord}, nil, w.marshal(), []byte{aWord})
}

// unseal reads one.
func unseal(a cipher.AEAD, b []byte) (*word, error) {
	if len(b) == 0 || b[0] != aWord {
		return nil, errNoWord
	}
	plain, err := a.Open(nil, nil, b[1:], []byte{aWord})
	if err != nil {
		return nil, errNoWord
	}
	return parseWord(plain)
}

// offer makes the packet that hands out a cookie in answer to the knock b.
func offer(c *check, b []byte, k cookie) []byte {
	t := c.over(labelCookie, b[1:1+tagSize], k[:])
	return append(append([]byte{aCookie}, t[:]...), k[:]...)
}

// offered reads one that answers the knock b.
func offered(c *check, b, reply []byte) (cookie, bool) {
	if len(reply) != cookieReply || reply[0] != aCookie {
		return cookie{}, false
	}
	k := reply[1+tagSize:]
	want := c.over(labelCookie, b[1:1+tagSize], k)
	return cookie(k), hmac.Equal(want[:], reply[1:1+tagSize])
}

// baker makes cookies: proofs that somebody receives what is sent to his address.
type baker struct{ mac, before *check }

func newBaker() *baker {
	var s Secret
	_, _ = rand.Read(s[:]) // never fails
	return &baker{mac: newCheck(s)}
}

// turn takes a new key; cookies of the one before last are good no more.
func (k *baker) turn() {
	next := newBaker()
	k.before, k.mac = k.mac, next.mac
}

func (k *baker) bake(from []byte) cookie { return cookie(k.mac.over(labelCookie, from)) }

func (k *baker) good(c cookie, from []byte) bool {
	for _, mac := range []*check{k.mac, k.before} {
		if mac != nil {
			if want := mac.over(labelCookie, from); hmac.Equal(want[:], c[:]) {
				return true
			}
		}
	}
	return false
}

// ErrTooLarge is a signature that is too long for a packet: that of an RSA key of 4096
// bits.
var ErrTooLarge = errors.New("the signature of this key does not fit into a packet")

var errNoWord = errors.New("not an answer to this knock")
