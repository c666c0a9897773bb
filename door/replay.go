package door

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Marks of the permits that were admitted, in a file. It is a ring of slots: time 8,
// nonce 16, sequence 8, horizon 8, check 8. A permit from before the horizon, or at it,
// may have been forgotten, and is never taken for new. So what is forgotten, by a ring
// that went round or with a file that was lost, costs a challenge and no safety; and a
// clock that jumps back finds the horizon where it was.
//
// Behind the ring stand two fences, in a block of the disk each and written by turns: until
// 8, boot 32, sequence 8, check 8. After any other boot than a fence's own, no permit from
// before it is taken for new. A fence is on the disk before a permit is admitted that it
// does not reach; so a mark outlives our death in the kernel's memory and a power cut by
// its fence, and no permit waits for the disk.
const (
	slotSize  = 48
	slots     = 4096
	ringSize  = slotSize * slots
	fenceSize = 56
	blockSize = 4096
	marksSize = ringSize + 2*blockSize
)

const (
	// fenceAhead is how far ahead a fence is set, so that it is written seldom. After a
	// power cut, permits cost a challenge for that long.
	fenceAhead = 30 * time.Minute
	// fenceLeast is what is left of that when the next is set.
	fenceLeast = 10 * time.Minute
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
	latest   uint64 // of the times of all permits that were admitted
	boot     [32]byte
	fence    uint64 // is on the disk
	fences   uint64 // their sequence
	older    bool   // the fence is of another boot
}

// openMarks reads the marks at path, or begins anew. Until is the time of the latest
// permit that anybody could have had admitted by now: the horizon of what begins anew, and
// of what was written before this boot. A boot without a name is like no other.
func openMarks(path, boot string, until time.Time) (*marks, error) {
	m := &marks{seen: map[mark]bool{}, boot: sha256.Sum256([]byte(boot))}
	if boot == "" {
		_, _ = rand.Read(m.boot[:]) // never fails
	}
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
	if m.older { // into the ring first: the fence will be that of this boot
		m.horizon = max(m.horizon, m.fence, unix(until))
		err = m.put(mark{})
		if err == nil {
			err = m.setFence(m.horizon)
		}
		if err != nil {
			return nil, errors.Join(err, m.file.Close())
		}
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
		m.latest = max(m.latest, k.time)
	}
	for i := range 2 {
		at := raw[ringSize+i*blockSize:][:fenceSize]
		sum := sha256.Sum256(at[:fenceSize-8])
		// One that was being written when the power failed stands for nothing: the other does.
		if n := binary.BigEndian.Uint64(at[40:]); bytes.Equal(sum[:8], at[fenceSize-8:]) && n > m.fences {
			m.fence, m.fences, m.older = binary.BigEndian.Uint64(at), n, [32]byte(at[8:40]) != m.boot
		}
	}
	if !sound {
		m.horizon = max(m.horizon, m.fence)
	}
	return sound && m.sequence > 0 && m.fences > 0
}

// create writes the ring to a file of its own, all of its room taken at once, so that a
// mark later needs no room on the disk.
func (m *marks) create(path string) error {
	m.seen, m.ring, m.sequence, m.fence = map[mark]bool{}, [slots]mark{}, 0, 0
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
		err = m.setFence(m.horizon)
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

// raise moves the horizon; the next mark carries it to the file.
func (m *marks) raise(to time.Time) { m.horizon = max(m.horizon, unix(to)) }

// add keeps the mark of a permit. When it returns nil, neither our death nor that of the
// machine has it admitted again.
func (m *marks) add(p *Permit, now time.Time) error {
	t := unix(p.Time)
	m.latest = max(m.latest, t)
	if t > m.fence {
		if err := m.setFence(max(m.latest, unix(now.Add(Skew+fenceAhead)))); err != nil {
			return err
		}
	}
	return m.put(mark{t, p.Nonce})
}

// guard sets the fence ahead in good time; where a clock that was wrong has set it too far,
// nearer. It seldom has anything to do.
func (m *marks) guard(now time.Time) error {
	want := max(m.latest, m.horizon, unix(now.Add(Skew+fenceAhead)))
	if m.fence >= unix(now.Add(Skew+fenceLeast)) && m.fence <= want {
		return nil
	}
	return m.setFence(want)
}

// setFence has a fence on the disk when it returns nil. Until then the one before counts,
// on the disk and with us: of two that may be there, the nearer.
func (m *marks) setFence(until uint64) error {
	n := m.fences + 1
	b := binary.BigEndian.AppendUint64(make([]byte, 0, fenceSize), until)
	b = append(b, m.boot[:]...)
	b = binary.BigEndian.AppendUint64(b, n)
	sum := sha256.Sum256(b)
	if _, err := m.file.WriteAt(append(b, sum[:8]...), ringSize+int64(n%2)*blockSize); err != nil {
		return fmt.Errorf("keep up to when permits may be admitted: %w", err)
	}
	m.fence = min(m.fence, until)
	if err := dataSync(m.file); err != nil {
		return fmt.Errorf("keep up to when permits may be admitted: %w", err)
	}
	m.fences, m.fence = n, until
	return nil
}

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
	return nil
}

// close leaves the fence no further than it must be.
func (m *marks) close() error {
	return errors.Join(m.setFence(max(m.latest, m.horizon)), m.file.Close())
}

func unix(t time.Time) uint64 { return uint64(max(0, t.Unix())) }
