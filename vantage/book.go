// Package vantage lets guards that are paired sign what they have proved for each
// other: keys, letters, and the book of who is known and what was taken already.
package vantage

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	keyFile  = "vantage.key"
	bookFile = "vantage.json"

	// maxApart is how far the clocks of two guards may be apart, and how long a
	// letter may be under way.
	maxApart = 2 * time.Minute
	// unheardFor is how long a pairing waits for the other side's first letter.
	unheardFor = 10 * time.Minute
	// maxPeers bounds the peers, maxOutbox what waits for one of them.
	maxPeers  = 32
	maxOutbox = 256
	// block is how many numbers are set aside at a time.
	block = 10_000
)

// Book knows the guards that are paired with this one. It is kept in the folder for
// state, and what it says was taken is on disk before it counts. Its methods may be
// called from several goroutines.
type Book struct {
	path string

	// disk is held by whoever writes the file; written is which state of it stands there.
	// Who holds mu may take disk, not the other way round.
	disk    sync.Mutex
	written int64

	// mu protects the fields below.
	mu     sync.Mutex
	secret ed25519.PrivateKey // nil until the first pairing
	file   file
	state  int64 // counts the states of file that were to be written
	dirty  bool  // file has what is not on disk yet
	last   int64 // the number that was used last
	offers map[[16]byte]time.Time
}

// file is the book as it is on disk.
type file struct {
	// Reserved is the highest number that may have been used.
	Reserved int64   `json:"reserved"`
	Peers    []*peer `json:"peers"`
}

// peer is one guard that is known here.
type peer struct {
	Name    string  `json:"name"`
	Key     Key     `json:"key"`
	Pairing Pairing `json:"pairing"`
	// Host, SSHConfig and There are its Route.
	Host      string    `json:"host,omitempty"`
	SSHConfig string    `json:"ssh_config,omitempty"`
	There     string    `json:"there,omitempty"`
	Paired    time.Time `json:"paired"`
	Heard     time.Time `json:"heard,omitzero"` // zero until its first letter
	// Seq is the highest number of a letter, Took of a proof, that was taken.
	Seq  int64 `json:"seq"`
	Took int64 `json:"took"`
	// Wishes are what it wants to hear of, Asked what we last asked it.
	Wishes map[string]Claim `json:"wishes,omitempty"`
	Asked  map[string]Claim `json:"asked,omitempty"`
	// Held is the newest proof of each link that was taken.
	Held map[string]Proof `json:"held,omitempty"`
	// Outbox holds changes of verdict that it has not said it took.
	Outbox []Proof `json:"outbox,omitempty"`

	trouble *Refusal // why its newest letter, or ours, was refused

	letters, past budget
}

// Open opens the book in dir, which exists. A book that cannot be read is put aside,
// where it can be looked at, and an empty one begun: then nobody is known. Aside is
// its path, "" in the ordinary case.
func Open(dir string) (b *Book, aside string, err error) {
	b = &Book{path: filepath.Join(dir, bookFile), offers: map[[16]byte]time.Time{}}
	raw, err := os.ReadFile(b.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("read who is paired: %w", err)
	}
	if raw != nil && (json.Unmarshal(raw, &b.file) != nil || slices.Contains(b.file.Peers, nil)) {
		aside = b.path + ".damaged-" + time.Now().UTC().Format("20060102T150405.000")
		b.file = file{}
		if err := os.Rename(b.path, aside); err != nil {
			return nil, "", err
		}
	}
	b.last = b.file.Reserved
	b.secret, err = loadKey(b.keyPath())
	if errors.Is(err, fs.ErrNotExist) && len(b.file.Peers) == 0 {
		err = nil
	}
	return b, aside, err
}

func (b *Book) keyPath() string { return filepath.Join(filepath.Dir(b.path), keyFile) }

// Key is this guard's own; zero until it is first needed, for a pairing.
func (b *Book) Key() Key {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.key()
}

func (b *Book) key() (k Key) {
	if b.secret != nil {
		copy(k[:], b.secret.Public().(ed25519.PublicKey))
	}
	return k
}

// needKey makes this guard's own key if it has none.
func (b *Book) needKey() (err error) {
	if b.secret == nil {
		b.secret, err = makeKey(b.keyPath())
	}
	return err
}

// snapshot is the file as it is to be written; mu is held.
func (b *Book) snapshot() (raw []byte, state int64) {
	raw, err := json.Marshal(b.file)
	if err != nil { // strings, numbers and times of this century: cannot fail
		panic(err)
	}
	b.state++
	b.dirty = false
	return raw, b.state
}

// put writes a snapshot, unless a newer one stands there.
func (b *Book) put(raw []byte, state int64) error {
	b.disk.Lock()
	defer b.disk.Unlock()
	if state < b.written {
		return nil
	}
	if err := writeWhole(b.path, raw); err != nil {
		return fmt.Errorf("keep who is paired: %w", err)
	}
	b.written = state
	return nil
}

// save writes the file; mu is held.
func (b *Book) save() error {
	err := b.put(b.snapshot())
	b.dirty = b.dirty || err != nil
	return err
}

// Flush writes what Note has left to be written.
func (b *Book) Flush() error {
	b.mu.Lock()
	if !b.dirty {
		b.mu.Unlock()
		return nil
	}
	raw, state := b.snapshot()
	b.mu.Unlock()
	err := b.put(raw, state) // others need not wait for the disk
	if err != nil {
		b.mu.Lock()
		b.dirty = true
		b.mu.Unlock()
	}
	return err
}

// number returns a number higher than every one before, over restarts too. One that
// comes from a book restored from an old copy is higher still, by the clock.
func (b *Book) number(now time.Time) (int64, error) {
	if b.last >= b.file.Reserved {
		old := b.file.Reserved
		b.last = max(b.last, now.UnixMilli())
		b.file.Reserved = b.last + block
		if err := b.save(); err != nil {
			b.file.Reserved = old
			return 0, err
		}
	}
	b.last++
	return b.last, nil
}

// named is the guard of that name: by its newest pairing, if it is being paired anew.
func (b *Book) named(name string) *peer {
	for _, p := range slices.Backward(b.file.Peers) {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// find is the guard of that key, by that pairing; known says that the key has one at
// all.
func (b *Book) find(k Key, pairing Pairing) (found *peer, known bool) {
	for _, p := range b.file.Peers {
		if p.Key == k {
			if known = true; p.Pairing == pairing {
				return p, true
			}
		}
	}
	return nil, known
}

// expire drops pairings whose other side was never heard.
func (b *Book) expire(now time.Time) {
	b.file.Peers = slices.DeleteFunc(b.file.Peers, func(p *peer) bool {
		return p.Heard.IsZero() && now.Sub(p.Paired) > unheardFor
	})
}

// Route is how a guard is called by SSH.
type Route struct {
	// Host is what ssh is given, "" for a guard that calls us.
	Host string
	// Config is a file for ssh -F, "" for the user's own.
	Config string
	// There is how omamori is called there.
	There string
}

// Peer is one guard that is known here, as it is shown.
type Peer struct {
	Name   string
	Key    Key
	Route  Route
	Paired time.Time
	// Heard is when its last letter was taken; zero until the first.
	Heard time.Time
	// Waiting is how many changes of verdict wait for it.
	Waiting int
	// Trouble is why its newest letter, or ours, was refused; nil if it was not.
	Trouble *Refusal
}

// Peers lists the guards that are known.
func (b *Book) Peers(now time.Time) []Peer {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	all := make([]Peer, 0, len(b.file.Peers))
	for _, p := range b.file.Peers {
		if p == b.named(p.Name) {
			all = append(all, p.shown())
		}
	}
	return all
}

// Peer returns the guard of that name, if it is known.
func (b *Book) Peer(name string, now time.Time) (Peer, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	if p := b.named(name); p != nil {
		return p.shown(), true
	}
	return Peer{}, false
}

func (p *peer) shown() Peer {
	return Peer{p.Name, p.Key, Route{p.Host, p.SSHConfig, p.There}, p.Paired, p.Heard, len(p.Outbox), p.trouble}
}

// Held returns the proofs that were taken from name, of these very claims.
func (b *Book) Held(name string, wishes map[string]Claim) map[string]Proof {
	b.mu.Lock()
	defer b.mu.Unlock()
	held := map[string]Proof{}
	if p := b.named(name); p != nil {
		for link, proof := range p.Held {
			if c, ok := wishes[link]; ok && c == proof.Claim {
				held[link] = proof
			}
		}
	}
	return held
}

// Forget drops the guard of that name; false says that there was none.
func (b *Book) Forget(name string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.file.Peers
	b.file.Peers = slices.DeleteFunc(slices.Clone(old), func(p *peer) bool { return p.Name == name })
	if len(b.file.Peers) == len(old) {
		return false, nil
	}
	if err := b.save(); err != nil {
		b.file.Peers = old
		return true, err
	}
	return true, nil
}
