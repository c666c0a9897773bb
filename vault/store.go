package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"golang.org/x/sys/unix"
)

const (
	vaultFile = "vault.age"
	keyFile   = "key.age"
	oldDir    = "old"
	lockFile  = "lock"
)

// versionsKept is how many versions of each file are kept besides the newest.
const versionsKept = 10

// Store is a folder with a vault.
type Store struct {
	Dir string
	// UI is what plug-ins speak through; nil lets none ask anything.
	UI *plugin.ClientUI
	// Work is the cost of a passphrase as a power of two, 0 for workFactor. Tests alone
	// make it less.
	Work int
	// cut, in tests alone, fails instead of writing a file.
	cut func() error
}

// There reports whether the store has a vault, damaged or not.
func (s Store) There() bool {
	_, err := os.Lstat(filepath.Join(s.Dir, vaultFile))
	return err == nil
}

// Vacant is the Fault that keeps a vault from being made here: one is here, or former
// states of one, which a new key.age would close for ever.
func (s Store) Vacant() error {
	if s.There() {
		return &Fault{Code: There, Name: s.Dir}
	}
	if len(s.versions(vaultFile)) > 0 {
		return s.missing(vaultFile, nil)
	}
	return nil
}

// Locked is the Fault that keeps a passphrase from opening anything here: there is no
// key.age.
func (s Store) Locked() error {
	if _, err := os.Lstat(filepath.Join(s.Dir, keyFile)); errors.Is(err, fs.ErrNotExist) {
		return s.missing(keyFile, err)
	}
	return nil
}

// missing is the Fault of a file that is not there.
func (s Store) missing(name string, err error) *Fault {
	if s.There() || len(s.versions(vaultFile)) > 0 {
		return &Fault{Code: Lost, Name: filepath.Join(s.Dir, name), Err: err}
	}
	return &Fault{Code: None, Name: s.Dir, Err: err}
}

// Adopt keeps v, such as one restored from a kit, in a store that is Vacant, under an
// identity of its own that is new. A key.age that an interrupted Adopt left is replaced.
func (s Store) Adopt(ctx context.Context, v *Vault, passphrase []byte) (*age.X25519Identity, error) {
	if len(passphrase) == 0 {
		return nil, &Fault{Code: NoPassphrase}
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := s.Vacant(); err != nil {
		return nil, err
	}
	id, err := NewKey().Identity()
	if err != nil {
		return nil, err
	}
	v.self = id.Recipient().String()
	sealed, err := v.Seal(s.UI)
	if err != nil {
		return nil, err
	}
	if err := s.writeKey(id, passphrase); err != nil {
		return nil, err
	}
	return id, s.write(vaultFile, sealed)
}

// Sealed is the vault's file as it is.
func (s Store) Sealed() ([]byte, error) { return s.read(vaultFile) }

// Open opens the vault with the first of the identities that can.
func (s Store) Open(ids ...age.Identity) (*Vault, error) {
	sealed, err := s.Sealed()
	if err != nil {
		return nil, err
	}
	v, err := Open(sealed, ids...)
	return v, at(err, filepath.Join(s.Dir, vaultFile))
}

// Change opens the vault, lets f change it, and writes it, while nobody else may. When
// f fails, nothing is written. Where f did nothing but count accounts on, what was before
// becomes no version: it is worth none of the few that are kept.
func (s Store) Change(ctx context.Context, ids []age.Identity, f func(*Vault) error) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	v, err := s.Open(ids...)
	if err != nil {
		return err
	}
	defer v.Wipe()
	before := v.edits()
	if err := f(v); err != nil {
		return err
	}
	if slices.Equal(v.edits(), before) {
		sealed, err := s.seal(v, ids)
		if err != nil {
			return err
		}
		return s.replace(vaultFile, sealed)
	}
	return s.put(v, ids)
}

// put seals v and writes it.
func (s Store) put(v *Vault, ids []age.Identity) error {
	sealed, err := s.seal(v, ids)
	if err != nil {
		return err
	}
	return s.write(vaultFile, sealed)
}

// seal seals v, and sees that what is sealed opens again.
func (s Store) seal(v *Vault, ids []age.Identity) (sealed []byte, err error) {
	erasing(func() { sealed, err = v.seal(s.UI) })
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if own, ok := id.(*age.X25519Identity); ok && own.Recipient().String() == v.self {
			again, err := Open(sealed, own)
			if err != nil {
				return nil, fmt.Errorf("read what was to be written: %w", err)
			}
			again.Wipe()
		}
	}
	return sealed, nil
}

// read reads a file of the store.
func (s Store) read(name string) ([]byte, error) {
	path := filepath.Join(s.Dir, name)
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe would have us wait for ever
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.missing(name, err)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only: nothing can be lost
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, &Fault{Code: Damaged, Name: path, Err: errors.Join(err, errors.New("not a file"))}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSealed+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return b, nil
}

// write puts a file of the store in the place of the one before, which becomes a
// version. Whatever fails, and whenever the power does, the one or the other is there,
// whole.
func (s Store) write(name string, content []byte) error {
	if err := s.keep(name); err != nil {
		return err
	}
	if err := s.replace(name, content); err != nil {
		return err
	}
	s.prune(name)
	return nil
}

// replace writes a file of the store in the place of the one before.
func (s Store) replace(name string, content []byte) (err error) {
	path := filepath.Join(s.Dir, name)
	if s.cut != nil {
		if err := s.cut(); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(s.Dir, ".new-*") // of mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // what failed before is what matters
		}
	}()
	if _, err = io.Copy(f, bytes.NewReader(content)); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(s.Dir)
}

// keep makes a version of a file as it is now, unless the newest one is just that: a write
// that failed after it had kept it is tried again.
func (s Store) keep(name string) error {
	path := filepath.Join(s.Dir, name)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	old := filepath.Join(s.Dir, oldDir)
	if err := os.MkdirAll(old, 0o700); err != nil {
		return err
	}
	next := 1
	if all := s.versions(name); len(all) > 0 {
		newest := all[len(all)-1]
		if same(path, versionPath(old, name, newest)) {
			return nil
		}
		next = newest + 1
	}
	to := versionPath(old, name, next)
	if err := os.Link(path, to); err != nil { // a file system without hard links
		b, err := s.read(name)
		if err != nil {
			return err
		}
		if err := writeSynced(to, b); err != nil {
			_ = os.Remove(to) // a part of it is no version
			return err
		}
	}
	return syncDir(old)
}

// same reports whether two files hold the same bytes.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX != nil || errY != nil || x.Size() != y.Size() {
		return false
	}
	if os.SameFile(x, y) {
		return true
	}
	this, errX := os.ReadFile(a)
	that, errY := os.ReadFile(b)
	return errX == nil && errY == nil && bytes.Equal(this, that)
}

func versionPath(dir, name string, n int) string {
	return filepath.Join(dir, fmt.Sprintf("%06d-%s", n, name))
}

// versions are the numbers of the versions of a file, oldest first.
func (s Store) versions(name string) (all []int) {
	found, err := os.ReadDir(filepath.Join(s.Dir, oldDir))
	if err != nil {
		return nil
	}
	for _, e := range found {
		var n int
		if _, err := fmt.Sscanf(e.Name(), "%d-", &n); err == nil && e.Name() == filepath.Base(versionPath("", name, n)) {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all
}

// prune removes the versions of a file that are too many. One that cannot be removed
// does no harm.
func (s Store) prune(name string) {
	all := s.versions(name)
	for _, n := range all[:max(0, len(all)-versionsKept)] {
		_ = os.Remove(versionPath(filepath.Join(s.Dir, oldDir), name, n))
	}
}

// Version is a former state of the vault.
type Version struct {
	Number int
	Until  time.Time // when the file was written
	Size   int64
}

// Versions lists the former states, newest first.
func (s Store) Versions() (all []Version) {
	for _, n := range slices.Backward(s.versions(vaultFile)) {
		if st, err := os.Stat(versionPath(filepath.Join(s.Dir, oldDir), vaultFile, n)); err == nil {
			all = append(all, Version{n, st.ModTime(), st.Size()})
		}
	}
	return all
}

// OpenVersion opens a former state.
func (s Store) OpenVersion(n int, ids ...age.Identity) (*Vault, error) {
	name := filepath.Join(oldDir, filepath.Base(versionPath("", vaultFile, n)))
	sealed, err := s.read(name)
	if err != nil {
		return nil, &Fault{Code: NotRestored, Name: fmt.Sprint(n), Err: err}
	}
	v, err := Open(sealed, ids...)
	return v, at(err, filepath.Join(s.Dir, name))
}

// Revert makes a former state that opens the vault again; what it was until now becomes
// a version, even if that is damaged. Whom the vault is sealed to does not go back.
func (s Store) Revert(ctx context.Context, n int, ids ...age.Identity) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	v, err := s.OpenVersion(n, ids...)
	if err != nil {
		return err
	}
	defer v.Wipe()
	// The version may be older than the vault's identity, which is what key.age opens.
	if now, err := s.Open(ids...); err == nil {
		v.self, v.next = now.self, now.next
		v.restored(now, time.Now())
		now.Wipe()
	}
	return s.put(v, ids)
}

func writeSynced(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// at names the file that a fault is about.
func at(err error, path string) error {
	var f *Fault
	if errors.As(err, &f) && f.Name == "" {
		named := *f
		named.Name = path
		return &named
	}
	return err
}
