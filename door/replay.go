package door

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Marks of the permits that were admitted, on disk. The file is a ring of slots: time 8,
// nonce 16, sequence 8, horizon 8, check 8. A permit from before the horizon, or at it,
// may have been forgotten, and is never taken for new. So what is forgotten, by a ring
// that went round or with a file that was lost, costs a challenge and no safety; and a
// clock that jumps back finds the horizon where it was.
const (
	slotSize  = 48
	slots     = 4096
	marksSize = slotSize * slots
)

type mark struct {
	time  uint64
	nonce Nonce
}

// marks are safe for one goroutine at a time.
type marks struct {
	file     *os.File
	ring     [slots]mark
	seen     map[mark]bool
	sequence uint64
	horizon  uint64
}

// openMarks reads the marks at path, or begins anew. Until is the time of the latest
// permit that anybody could have had admitted by now: the horizon of what begins anew.
func openMarks(path string, until time.Time) (*marks, error) {
	m := &marks{seen: map[mark]bool{}}
	// Whether the file is new must not depend on an open that was cut short.
	raw, err := os.ReadFile(path)
	whole := err == nil && len(raw) == marksSize && m.load(raw)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the marks of permits: %w", err)
	}
	if !whole {
		m.horizon = max(m.horizon, unix(until))
		for _, k := range m.ring { // of a clock that was ahead
			m.horizon = max(m.horizon, k.time)
		}
		if err := m.create(path); err != nil {
			return nil, fmt.Errorf("make the file for marks of permits: %w", err)
		}
		return m, nil
	}
	if m.file, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		return nil, fmt.Errorf("open the marks of permits: %w", err)
	}
	return m, nil
}

// load reads the ring, and reports whether all of it is sound.
func (m *marks) load(raw []byte) bool {
	sound := true
	for i := range slots {
		slot := raw[i*slotSize : (i+1)*slotSize]
		if bytes.Equal(slot, make([]byte, slotSize)) {
			continue
		}
		sum := sha256.Sum256(slot[:slotSize-8])
		sequence := binary.BigEndian.Uint64(slot[24:])
		if !bytes.Equal(sum[:8], slot[slotSize-8:]) || sequence%slots != uint64(i) {
			sound = false // torn by a power cut: what stood there is lost
			continue
		}
		k := mark{binary.BigEndian.Uint64(slot), Nonce(slot[8:24])}
		m.ring[i], m.seen[k] = k, true
		m.horizon = max(m.horizon, binary.BigEndian.Uint64(slot[32:]))
		m.sequence = max(m.sequence, sequence)
	}
	return sound && m.sequence > 0
}

// create writes the ring to a file of its own, all of its room taken at once, so that a
// mark later needs no room on the disk.
func (m *marks) create(path string) error {
	m.seen, m.ring, m.sequence = map[mark]bool{}, [slots]mark{}, 0
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	m.file = f
	_, err = f.Write(make([]byte, marksSize))
	if err == nil {
		err = m.put(mark{}) // carries the horizon
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
	return err
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// knows reports whether a permit was admitted before.
func (m *marks) knows(p *Permit) bool { return m.seen[mark{unix(p.Time), p.Nonce}] }

// forgotten reports whether a permit may have been admitted before and forgotten since.
func (m *marks) forgotten(p *Permit) bool { return unix(p.Time) <= m.horizon }

// raise moves the horizon; the next mark carries it to the disk.
func (m *marks) raise(to time.Time) { m.horizon = max(m.horizon, unix(to)) }

// add keeps the mark of a permit. When it returns nil the mark is on the disk.
func (m *marks) add(p *Permit) error { return m.put(mark{unix(p.Time), p.Nonce}) }

func (m *marks) put(k mark) error {
	sequence := m.sequence + 1
	i := sequence % slots
	old := m.ring[i]
	horizon := max(m.horizon, old.time)
	slot := make([]byte, 0, slotSize)
	slot = binary.BigEndian.AppendUint64(slot, k.time)
	slot = append(slot, k.nonce[:]...)
	slot = binary.BigEndian.AppendUint64(slot, sequence)
	slot = binary.BigEndian.AppendUint64(slot, horizon)
	sum := sha256.Sum256(slot)
	slot = append(slot, sum[:8]...)
	// In memory first: a mark that may or may not be on the disk counts.
	delete(m.seen, old)
	m.ring[i], m.seen[k], m.sequence, m.horizon = k, true, sequence, horizon
	if _, err := m.file.WriteAt(slot, int64(i)*slotSize); err != nil {
		return fmt.Errorf("keep the mark of a permit: %w", err)
	}
	if err := dataSync(m.file); err != nil {
		return fmt.Errorf("keep the mark of a permit: %w", err)
	}
	return nil
}

func (m *marks) close() error { return m.file.Close() }

func unix(t time.Time) uint64 { return uint64(max(0, t.Unix())) }
