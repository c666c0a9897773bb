package tunnel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Dir is the folder of a server: its file, with the private key, and its socket.
type Dir string

// DefaultDir is the folder of the unit.
const DefaultDir Dir = "/var/lib/omamori-tunnel"

const maxFile = 1 << 20

func (d Dir) file() string { return filepath.Join(string(d), "server.json") }

// User is who runs the unit's tunnel: nobody with rights.
const User = "omamori-tunnel"

// Socket is where the running tunnel is asked how it stands. The unit's is in a folder
// that the guard may enter, as its state is not.
func (d Dir) Socket() string {
	if d == DefaultDir {
		return "/run/omamori-tunnel/tunnel.sock"
	}
	return filepath.Join(string(d), "tunnel.sock")
}

// ErrNone is a folder in which there is no server yet.
var ErrNone = errors.New("no tunnel here")

// Load reads the server's file. Where there is none it fails with ErrNone.
func (d Dir) Load() (Server, error) {
	f, err := os.OpenFile(d.file(), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return Server{}, ErrNone
	}
	if err != nil {
		return Server{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Server{}, err
	}
	s, err := parseServer(b)
	if err != nil {
		return Server{}, fmt.Errorf("read %s: %w", d.file(), err)
	}
	return s, nil
}

func parseServer(b []byte) (s Server, err error) {
	if len(b) > maxFile {
		return s, errors.New("too long")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return Server{}, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Server{}, errors.New("more than one value")
	}
	return s, s.check()
}

// Change reads the server, lets change change it, and writes it. Nobody else changes
// it in between. Where there is no server change gets a zero one.
func (d Dir) Change(change func(*Server) error) error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	lock, err := os.Open(string(d))
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", d, err)
	}
	s, err := d.Load()
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	if err := change(&s); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	return d.write(s, lock)
}

// write puts the file in place whole, or not at all, for the owner of the folder.
func (d Dir) write(s Server, folder *os.File) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	st, err := folder.Stat()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(string(d), ".server-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone, once it has its name
	_, err = f.Write(append(b, '\n'))
	if sys, ok := st.Sys().(*syscall.Stat_t); ok && err == nil && os.Geteuid() == 0 {
		err = f.Chown(int(sys.Uid), int(sys.Gid))
	}
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), d.file()); err != nil {
		return err
	}
	return folder.Sync()
}
