package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/omamori-guard/omamori/probe"
)

// Modes: the guard reads the certificate, as the folder's group; the account is ours alone.
const (
	certificateMode = 0o640
	accountMode     = 0o600
	room            = 64 << 10 // what a certificate may take, in bytes
)

// store is the folder of a certificate. One process at a time has it.
type store struct {
	file string
	dir  *os.File
}

func openStore(file string) (*store, error) {
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		dir.Close()
		return nil, fmt.Errorf("lock %s: another one is at it: %w", dir.Name(), err)
	}
	return &store{file, dir}, nil
}

func (s *store) close() { s.dir.Close() }

// draft is a file that takes another's place, or goes away.
type draft struct {
	*os.File
	s  *store
	to string
}

// begin makes a draft. What root makes is the folder's owner's, as what that one makes:
// else the next time, or the guard, could not read it.
func (s *store) begin(to string, mode os.FileMode) (*draft, error) {
	f, err := os.CreateTemp(filepath.Dir(to), ".new-*")
	if err != nil {
		return nil, err
	}
	d := &draft{f, s, to}
	st, err := s.dir.Stat()
	if err == nil && os.Geteuid() == 0 {
		if owner, ok := st.Sys().(*syscall.Stat_t); ok {
			err = f.Chown(int(owner.Uid), int(owner.Gid))
		}
	}
	if err = errors.Join(err, f.Chmod(mode)); err != nil {
		d.drop()
		return nil, err
	}
	return d, nil
}

// reserve makes a draft of the certificate for which the disk has room.
func (s *store) reserve() (*draft, error) {
	d, err := s.begin(s.file, certificateMode)
	if err != nil {
		return nil, err
	}
	if _, err := d.Write(make([]byte, room)); err != nil {
		d.drop()
		return nil, err
	}
	if err := d.Sync(); err != nil {
		d.drop()
		return nil, err
	}
	return d, nil
}

// keep fills a draft, and puts it in its place.
func (d *draft) keep(b []byte) error {
	if _, err := d.WriteAt(b, 0); err != nil {
		return err
	}
	// What may not be on the disk whole takes no place.
	if err := errors.Join(d.Truncate(int64(len(b))), d.Sync()); err != nil {
		return err
	}
	if err := os.Rename(d.Name(), d.to); err != nil {
		return err
	}
	return d.s.dir.Sync()
}

// drop lets a draft go; one that was kept has another name by now.
func (d *draft) drop() {
	os.Remove(d.Name())
	d.Close()
}

// accountKey is the key of the account, made where there is none.
func (s *store) accountKey() (crypto.Signer, error) {
	path := filepath.Join(filepath.Dir(s.file), "account.pem")
	b, err := probe.ReadFile(path, room)
	if unreadable(err) {
		return nil, err
	}
	if err == nil {
		block, _ := pem.Decode(b)
		if block == nil {
			return nil, fmt.Errorf("%s: no key", path)
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if signer, ok := key.(crypto.Signer); err == nil && ok {
			return signer, nil
		}
		return nil, fmt.Errorf("%s: no key: %w", path, err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	d, err := s.begin(path, accountMode)
	if err != nil {
		return nil, err
	}
	defer d.drop()
	return key, d.keep(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
