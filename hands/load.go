package hands

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
)

// FileError is a file that hands refuses.
type FileError struct {
	Path     string
	Problems []Problem
}

func (e *FileError) Error() string {
	said := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		said[i] = p.Error()
	}
	return fmt.Sprintf("%s: %s", e.Path, strings.Join(said, "; "))
}

// Said says the first mistake to a person, and how to see all of them.
func (e *FileError) Said() (text, hint chain.Text) {
	hint = chain.Say("hands.file_hint", "path", e.Path)
	if len(e.Problems) == 0 {
		return chain.Say("hands.file_refused", "path", e.Path), hint
	}
	p := e.Problems[0]
	if p.Line == 0 {
		return chain.Say("hands.file_problem", "path", e.Path, "problem", p.Text), hint
	}
	return chain.Say("hands.file_problem_at", "path", e.Path, "line", p.Line, "at", p.At, "problem", p.Text), hint
}

// Load reads the file at path, and makes sure that nobody but root (or, where
// hands is not root, its own user) could have written it. The error is a
// *FileError unless the file could not be read.
func Load(path string) (File, error) { return load(path, Parse) }

func load[F any](path string, parse func([]byte) (F, []Problem)) (file F, err error) {
	var none F
	b, err := readOwned(path)
	if err != nil {
		return none, err
	}
	file, bad := parse(b)
	if len(bad) > 0 {
		return none, &FileError{Path: path, Problems: bad}
	}
	return file, nil
}

// Owned makes sure that nobody but root (or our own user) could have written the file at
// path. Where somebody could, the error is a *Refused.
func Owned(path string) error {
	f, err := openOwned(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// readOwned reads a file that nobody else could have written.
func readOwned(path string) ([]byte, error) {
	f, err := openOwned(path)
	if r, ok := errors.AsType[*Refused](err); ok {
		return nil, &FileError{Path: path, Problems: []Problem{{Text: r.Text}}}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return b, nil
}

func openOwned(path string) (_ *os.File, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", path, err)
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return nil, fmt.Errorf("find file: %w", err)
	}
	// Non-blocking: a fifo must not stop us before we see that it is one.
	fd, err := unix.Open(real, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	f := os.NewFile(uintptr(fd), real)
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, refuse(chain.Say("hands.not_regular", "path", real))
	}
	if t, bad := writable(real, &st); bad {
		return nil, refuse(t)
	}
	for dir := filepath.Dir(real); ; dir = filepath.Dir(dir) {
		if err := unix.Lstat(dir, &st); err != nil {
			return nil, fmt.Errorf("stat %s: %w", dir, err)
		}
		if t, bad := writable(dir, &st); bad {
			return nil, refuse(t)
		}
		if dir == "/" {
			return f, nil
		}
	}
}

// writable says who besides us could write the thing at path. In a folder with the
// sticky bit (/tmp) others cannot replace what is not theirs.
func writable(path string, st *unix.Stat_t) (chain.Text, bool) {
	sticky := st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Mode&unix.S_ISVTX != 0
	switch {
	case st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return chain.Say("hands.not_owned", "path", path, "uid", st.Uid), true
	case st.Mode&0o022 != 0 && !sticky:
		return chain.Say("hands.writable", "path", path), true
	}
	return chain.Text{}, false
}
