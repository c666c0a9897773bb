package kit

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault/shamir"
)

const (
	version = 1
	keySize = 32
	// MostShares bounds how many shares a kit has.
	MostShares = 15
	// maxSealed bounds the sealed vault: more than this nobody would type, nor print on
	// every share.
	maxSealed = 12 << 10
	// maxPayload bounds what a sealed vault unpacks to.
	maxPayload = 1 << 20
	// markSize is of the mark by which a share is known.
	markSize = 8
	idSize   = 6
	idChars  = 10
	// workFactor of scrypt, which has nothing to stretch: the key is random.
	workFactor = 10
)

// Kit is all that there is to print.
type Kit struct {
	// ID names the kit on each page: two words.
	ID string
	// Made is to the minute.
	Made time.Time
	// Need shares of Of restore it.
	Need, Of int
	// Accounts is how many it brings back.
	Accounts int
	Shares   []Share
	// sealed is what each share carries whole: see seal.
	sealed []byte
}

// Share is one share.
type Share struct {
	Kit         string
	Need, Of, X int
	value       []byte
	sealed      int // so many bytes the sealed vault has
}

// Problem is an error that is said to the user.
type Problem struct {
	Text, Hint chain.Text
	// Code tells problems apart for callers: "few", "damaged", "foreign", "twice",
	// "wrong", "closed", "big" or "bad".
	Code string
}

func (p *Problem) Error() string { return fmt.Sprintf("%s %v", p.Text.Key, p.Text.Args) }

// Said puts the problem into words.
func (p *Problem) Said() (text, hint chain.Text) { return p.Text, p.Hint }

// Make makes a kit of a payload, which brings back so many accounts: need of shares
// restore it.
func Make(payload []byte, accounts, need, of int, made time.Time) (*Kit, error) {
	if need < 2 || of < need || of > MostShares {
		return nil, &Problem{Code: "bad", Text: chain.Say("kit.bad_numbers", "need", need, "of", of),
			Hint: chain.Say("kit.bad_numbers_hint", "most", MostShares)}
	}
	key := make([]byte, keySize)
	defer clear(key)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	points, err := shamir.Split(rand.Reader, key, need, of)
	if err != nil {
		return nil, err
	}
	k := &Kit{Made: made.UTC().Truncate(time.Minute), Need: need, Of: of, Accounts: accounts}
	if k.sealed, err = seal(k, payload, key, points); err != nil {
		return nil, err
	}
	id := idOf(k.sealed)
	k.ID = idText(id)
	for _, p := range points {
		k.Shares = append(k.Shares, Share{k.ID, need, of, int(p.X), p.Value, len(k.sealed)})
	}
	return k, nil
}

// Wipe overwrites the shares.
func (k *Kit) Wipe() {
	for _, s := range k.Shares {
		clear(s.value)
	}
}

// seal makes what every share carries: version, need, of, when it was made in minutes,
// accounts; a mark of each share, by which a wrong one is told from the right ones; and
// the payload, deflated and sealed by age with the key's hexadecimal digits as its
// passphrase, so that the age program opens it.
func seal(k *Kit, payload, key []byte, points []shamir.Share) ([]byte, error) {
	out := []byte{version, byte(k.Need), byte(k.Of)}
	out = binary.BigEndian.AppendUint32(out, uint32(k.Made.Unix()/60))
	out = binary.BigEndian.AppendUint16(out, uint16(min(k.Accounts, 1<<16-1)))
	for _, p := range points {
		out = append(out, mark(int(p.X), p.Value)...)
	}
	var packed, sealed bytes.Buffer
	defer func() { clear(packed.Bytes()) }()
	deflate, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if len(payload) > maxPayload {
		return nil, tooBig(len(payload))
	}
	if _, err := deflate.Write(payload); err != nil {
		return nil, err
	}
	if err := deflate.Close(); err != nil {
		return nil, err
	}
	to, err := age.NewScryptRecipient(hex.EncodeToString(key))
	if err != nil {
		return nil, err
	}
	to.SetWorkFactor(workFactor)
	w, err := age.Encrypt(&sealed, to)
	if err == nil {
		_, err = w.Write(packed.Bytes())
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("seal the kit: %w", err)
	}
	if out = append(out, sealed.Bytes()...); len(out) > maxSealed {
		return nil, tooBig(len(out))
	}
	return out, nil
}

func tooBig(n int) error {
	return &Problem{Code: "big", Text: chain.Say("kit.too_big", "bytes", n, "most", maxSealed), Hint: chain.Say("kit.too_big_hint")}
}

// header is what stands before the sealed file.
type header struct {
	need, of, accounts int
	made               time.Time
	marks              [][]byte
	file               []byte // sealed by age
}

func readHeader(b []byte) (h header, err error) {
	const fixed = 9
	if len(b) < fixed || b[0] != version {
		return h, errNumber
	}
	h.need, h.of = int(b[1]), int(b[2])
	h.made = time.Unix(int64(binary.BigEndian.Uint32(b[3:7]))*60, 0).UTC()
	h.accounts = int(binary.BigEndian.Uint16(b[7:9]))
	b = b[fixed:]
	if h.need < 2 || h.of < h.need || h.of > MostShares || len(b) < h.of*markSize {
		return h, errNumber
	}
	for range h.of {
		h.marks = append(h.marks, b[:markSize])
		b = b[markSize:]
	}
	h.file = b
	return h, nil
}

// mark is by what a share is known; it tells nothing of the share, whose value is 256
// random bits.
func mark(x int, value []byte) []byte {
	sum := sha256.New()
	fmt.Fprintf(sum, "omamori kit share %d\n", x)
	sum.Write(value)
	return sum.Sum(nil)[:markSize]
}

// idOf is the kit's number: what every share carries, hashed, below base^idChars.
func idOf(sealed []byte) uint64 {
	sum := sha256.Sum256(sealed)
	most := uint64(1)
	for range idChars {
		most *= uint64(base)
	}
	return binary.BigEndian.Uint64(sum[:8]) % most
}

func idText(id uint64) string {
	text := make([]byte, idChars)
	for i := idChars - 1; i >= 0; i-- {
		text[i] = Alphabet[id%uint64(base)]
		id /= uint64(base)
	}
	return string(text)
}

// open opens the sealed file with the key.
func open(file, key []byte) ([]byte, error) {
	with, err := age.NewScryptIdentity(hex.EncodeToString(key))
	if err != nil {
		return nil, err
	}
	with.SetMaxWorkFactor(workFactor)
	r, err := age.Decrypt(bytes.NewReader(file), with)
	if err != nil {
		return nil, err
	}
	unpack := flate.NewReader(r)
	payload, err := io.ReadAll(io.LimitReader(unpack, maxPayload+1))
	if err == nil && len(payload) > maxPayload {
		err = errors.New("it unpacks to too much")
	}
	if err != nil {
		clear(payload)
		return nil, err
	}
	return payload, nil
}
