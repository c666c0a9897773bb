package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

const (
	// workFactor is what a passphrase costs: 2^18, or 256 MiB and about a second.
	workFactor = 18
	// mostWork bounds what opening a key.age may cost: one that somebody has put there
	// cannot take more than a gibibyte.
	mostWork = 20
)

// sumFile holds the SHA-256 of key.age, as sha256sum writes it. age itself cannot tell a
// wrong passphrase from a key.age in which one bit has changed.
const sumFile = keyFile + ".sha256"

// Unlock opens key.age: what it gives opens the vault. The Fault is of the code
// WrongPassphrase, or Damaged where key.age is not as it was written.
func (s Store) Unlock(passphrase []byte) (id *age.X25519Identity, err error) {
	erasing(func() { id, err = s.unlock(passphrase) })
	return id, err
}

func (s Store) unlock(passphrase []byte) (*age.X25519Identity, error) {
	path := filepath.Join(s.Dir, keyFile)
	sealed, err := s.read(keyFile)
	if err != nil {
		return nil, err
	}
	if len(passphrase) == 0 {
		return nil, &Fault{Code: NoPassphrase}
	}
	under, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, &Fault{Code: NoPassphrase}
	}
	under.SetMaxWorkFactor(mostWork)
	r, err := age.Decrypt(bytes.NewReader(sealed), under)
	if err != nil {
		switch {
		case !s.asWritten(sealed):
			return nil, &Fault{Code: Damaged, Name: path, Err: err}
		case strings.Contains(err.Error(), "work factor"): // age gives it no type
			return nil, &Fault{Code: Slow, Name: path, Err: err}
		case errors.As(err, new(*age.NoIdentityMatchError)):
			return nil, &Fault{Code: WrongPassphrase, Name: path}
		}
		return nil, &Fault{Code: Damaged, Name: path, Err: err}
	}
	plain, err := io.ReadAll(io.LimitReader(r, 1<<10))
	defer clear(plain)
	if err != nil {
		return nil, &Fault{Code: Damaged, Name: path, Err: err}
	}
	id, err := age.ParseX25519Identity(strings.TrimSpace(string(plain)))
	if err != nil { // it would quote the key
		return nil, &Fault{Code: Damaged, Name: path, Err: errForm}
	}
	return id, nil
}

// asWritten reports whether key.age is one that was written here, as far as is known.
func (s Store) asWritten(sealed []byte) bool {
	sums, err := s.read(sumFile)
	return err != nil || strings.Contains(string(sums), sum(sealed))
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// writeKey writes an identity under a passphrase. For a moment both the old key.age and
// the new one count as whole.
func (s Store) writeKey(id *age.X25519Identity, passphrase []byte) (err error) {
	if len(passphrase) == 0 {
		return &Fault{Code: NoPassphrase}
	}
	var sealed []byte
	erasing(func() {
		var under *age.ScryptRecipient
		if under, err = age.NewScryptRecipient(string(passphrase)); err != nil {
			return
		}
		under.SetWorkFactor(workFactor)
		if s.Work > 0 {
			under.SetWorkFactor(s.Work)
		}
		sealed, err = sealTo([]byte(id.String()+"\n"), under)
	})
	if err != nil {
		return err
	}
	line := sum(sealed) + "  " + keyFile + "\n"
	both := line
	if before, err := s.read(keyFile); err == nil {
		both = sum(before) + "  " + keyFile + "\n" + line
	}
	if err := s.writeSum(both); err != nil {
		return err
	}
	// No version of it is kept: one would still open with the old passphrase.
	if err := s.replace(keyFile, sealed); err != nil {
		return err
	}
	return s.writeSum(line)
}

func (s Store) writeSum(text string) error { return s.replace(sumFile, []byte(text)) }

// SetPassphrase puts the identity under another passphrase.
func (s Store) SetPassphrase(ctx context.Context, id *age.X25519Identity, passphrase []byte) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	v, err := s.Open(id) // a passphrase for an identity that opens nothing would lock out
	if err != nil {
		return err
	}
	v.Wipe()
	return s.writeKey(id, passphrase)
}

// Rekey gives the vault a new identity of its own under a passphrase, for an owner who
// has forgotten the old one and opens the vault by another key, and for one who does not
// want the old one to open it any more. At every moment the key.age that is there opens it,
// also after what a recipient changes when this was cut off.
func (s Store) Rekey(ctx context.Context, ids []age.Identity, passphrase []byte) (*age.X25519Identity, error) {
	if len(passphrase) == 0 {
		return nil, &Fault{Code: NoPassphrase}
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	v, err := s.Open(ids...)
	if err != nil {
		return nil, err
	}
	defer v.Wipe()
	id, err := NewKey().Identity()
	if err != nil {
		return nil, err
	}
	next := id.Recipient().String()
	v.next = append(v.next, next)
	if err := s.put(v, ids); err != nil {
		return nil, err
	}
	if err := s.writeKey(id, passphrase); err != nil {
		return nil, err
	}
	v.self, v.next = next, nil
	return id, s.put(v, []age.Identity{id})
}
