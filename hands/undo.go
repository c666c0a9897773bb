package hands

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// undo is all that it takes to undo a tuning. It is on the disk before anything is
// changed, in a folder that only root can write.
type undo struct {
	ID     string        `json:"id,omitempty"`
	Boot   string        `json:"boot"`
	Until  time.Time     `json:"until"`
	Within time.Duration `json:"within"`
	Files  []undoFile    `json:"files"`
	// Ran are the services that ran before.
	Ran []string `json:"ran"`
}

// undoFile is a file as it was.
type undoFile struct {
	Service string `json:"service"`
	Path    string `json:"path"`
	There   bool   `json:"there"`
	Old     []byte `json:"old,omitempty"`
	// Restart says that its service has to be restarted for it.
	Restart bool `json:"restart"`

	tune    Tune
	content []byte // the new one
}

// maxTuneFile and maxUndo bound what is read.
const (
	maxTuneFile = 64 << 10
	maxUndo     = 4 << 20
)

func undoPath(state string) string { return filepath.Join(state, "tuning.json") }

func (u *undo) save(state string) error {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return fmt.Errorf("make the folder for what is to be undone: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(state, &st); err != nil {
		return fmt.Errorf("stat %s: %w", state, err)
	}
	if t, bad := writable(state, &st); bad || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return refuse(t)
	}
	b, err := json.Marshal(u)
	if err != nil {
		return fmt.Errorf("encode what is to be undone: %w", err)
	}
	return replace(undoPath(state), b, 0o600)
}

// loadUndo gives nil where there is nothing to undo.
func loadUndo(state string) (*undo, error) {
	u := &undo{}
	if there, err := readState(undoPath(state), u); err != nil || !there {
		return nil, err
	}
	return u, nil
}

// readState reads one of hands' own notes, if it is there.
func readState(path string, into any) (there bool, err error) {
	f, st, err := openFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if t, bad := writable(path, &st); bad {
		return false, refuse(t)
	}
	b, err := readUpTo(f, maxUndo)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", path, err)
	}
	return true, nil
}

// outcome is what became of the last tuning that has an ID.
type outcome struct {
	ID  string  `json:"id"`
	How Outcome `json:"how"`
}

func outcomePath(state string) string { return filepath.Join(state, "tuned.json") }

// note keeps what becomes of a tuning, for whom the reply may not reach.
func (u *undo) note(state string, how Outcome) error {
	if u.ID == "" {
		return nil
	}
	b, err := json.Marshal(outcome{u.ID, how})
	if err != nil {
		return fmt.Errorf("encode what became of the tuning: %w", err)
	}
	return replace(outcomePath(state), b, 0o600)
}

func loadOutcome(state, id string) (Outcome, error) {
	var o outcome
	if there, err := readState(outcomePath(state), &o); err != nil || !there || id == "" || o.ID != id {
		return "", err
	}
	return o.How, nil
}

func readUpTo(f *os.File, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = errors.New("it is too large")
	}
	return b, err
}

// units reports whether systemd has to read its files again.
func (u *undo) units() bool {
	for _, f := range u.Files {
		if f.tune.Form == FormUnit {
			return true
		}
	}
	return false
}

// restarts reports whether the tuning takes a restart of a service.
func (u *undo) restarts(service string) bool {
	return slices.ContainsFunc(u.Files, func(f undoFile) bool { return f.Service == service && f.Restart })
}

func present(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// write writes the new files.
func (u *undo) write() error {
	for _, f := range u.Files {
		if err := makeDropIn(f.tune); err != nil {
			return err
		}
		if err := replace(f.Path, f.content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// restore puts every file back.
func (u *undo) restore() error {
	for _, f := range u.Files {
		if err := trusted(f.tune); err != nil {
			return err
		}
		now, err := os.ReadFile(f.Path)
		switch {
		case errors.Is(err, os.ErrNotExist) && !f.There:
			continue
		case err == nil && f.There && bytes.Equal(now, f.Old):
			continue
		case f.There:
			err = replace(f.Path, f.Old, 0o644)
		default:
			err = remove(f.Path)
			if f.tune.Form == FormUnit {
				_ = os.Remove(filepath.Dir(f.Path)) //nolint:errcheck // others may have files there
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// makeDropIn makes the folder of a unit's drop-ins, which need not be there; the others'
// are their service's own.
func makeDropIn(t Tune) error {
	if t.Form != FormUnit {
		return nil
	}
	if err := os.Mkdir(filepath.Dir(t.File), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the unit's folder: %w", err)
	}
	return nil
}

// trusted makes sure that nobody but root can lead the path of a file elsewhere.
func trusted(t Tune) error {
	for dir := filepath.Dir(t.File); ; dir = filepath.Dir(dir) {
		var st unix.Stat_t
		err := unix.Lstat(dir, &st)
		switch {
		case errors.Is(err, os.ErrNotExist) && t.Form == FormUnit && dir == filepath.Dir(t.File):
		case err != nil:
			return &os.PathError{Op: "stat", Path: dir, Err: err}
		case st.Mode&unix.S_IFMT != unix.S_IFDIR:
			return fmt.Errorf("%s is not a folder: %w", dir, os.ErrInvalid)
		default:
			if t, bad := writable(dir, &st); bad {
				return refuse(t)
			}
		}
		if dir == "/" {
			return nil
		}
	}
}

// replace writes a file whole or not at all, and so that a power cut does not take it.
func replace(path string, content []byte, mode os.FileMode) (err error) {
	if err := os.Remove(half(path)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("write %s: %w", path, err)
	}
	f, err := os.OpenFile(half(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name()) //nolint:errcheck // it is of no use to anybody
		}
	}()
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncFolder(filepath.Dir(path))
}

// half is where a file is written, which no service reads. It has the same name each time:
// what a killed one left, the next takes away.
func half(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
}

// remove removes a file for good.
func remove(path string) error {
	for _, p := range []string{half(path), path} {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return syncFolder(filepath.Dir(path))
}
