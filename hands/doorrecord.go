package hands

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/linux"
)

// What a DoorRecord tells of.
const (
	RecordLease    = "lease"    // made or renewed
	RecordEnd      = "end"      // ended before its time
	RecordTry      = "try"      // new rules are on trial
	RecordConfirm  = "confirm"  // the owner came in, and the rules are for good
	RecordRollback = "rollback" // he did not, and the old ones are back
	RecordLoad     = "load"     // rules that were gone or changed are loaded again
	RecordCut      = "cut"      // a session
	RecordRefused  = "refused"  // permits that were not good, in sums
)

// DoorRecord is one thing that the door's half has done. It is written down before it is
// done; the guard takes it into its journal.
type DoorRecord struct {
	Seq  int64     `json:"seq"`
	At   time.Time `json:"at"`
	Boot string    `json:"boot"`
	// Up is the time since the boot, which no change of the clock touches.
	Up    time.Duration `json:"up"`
	What  string        `json:"what"`
	Lease *door.Lease   `json:"lease,omitempty"`
	// Lasts is how long the lease does, by no clock that can be set.
	Lasts time.Duration `json:"lasts,omitempty"`
	Rules *door.Rules   `json:"rules,omitempty"`
	// Who asked: a user of this machine, or the principal of a key.
	Who  string `json:"who,omitempty"`
	Note string `json:"note,omitempty"`
}

// room is how much of the file is laid out at once, as empty lines: a record that fits in
// there is on the disk after one write, and needs no space on it.
const room = 64 << 10

// maxRecords is how long the file may become; what is older stands in another beside it.
const maxRecords = 1 << 20

// doorBook is the durable record.
type doorBook struct {
	path string
	log  *slog.Logger
	now  func() time.Time

	mu      sync.Mutex // protects the fields below
	file    *os.File
	at      int64 // where the next record goes
	laid    int64 // up to where the file has room
	seq     int64
	sure    int64        // up to which the disk has all
	pending []DoorRecord // which the disk did not take yet
}

// openBook opens the record in dir and gives what stands in it.
func openBook(dir string, log *slog.Logger) (*doorBook, []DoorRecord, error) {
	b := &doorBook{path: filepath.Join(dir, "record.jsonl"), log: log, now: time.Now}
	all, err := b.all()
	if err != nil {
		return nil, nil, err
	}
	if len(all) > 0 {
		b.seq = all[len(all)-1].Seq
		b.sure = b.seq
	}
	return b, all, nil
}

// all reads both files. A line that was being written when the power failed is none.
func (b *doorBook) all() (all []DoorRecord, err error) {
	for _, path := range []string{b.path + ".old", b.path} {
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read the door's record: %w", err)
		}
		all = append(all, parseRecords(text)...)
	}
	return all, nil
}

func parseRecords(text []byte) (all []DoorRecord) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxRecords)
	for lines.Scan() {
		var r DoorRecord
		if len(lines.Bytes()) == 0 {
			continue
		}
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.Seq > 0 && (len(all) == 0 || r.Seq > all[len(all)-1].Seq) {
			all = append(all, r)
		}
	}
	return all
}

// write keeps r, in the system's log first. Where the disk refuses it stays in memory
// and is tried again: an owner is let in to a full disk.
func (b *doorBook) write(r DoorRecord) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.put(r)
	if err := b.save(); err != nil {
		b.log.Warn("write the door's record", "error", err)
	}
}

// jot writes r where it outlives us, and leaves it to retry that the disk has it: with the
// power, what it tells of would be gone too.
func (b *doorBook) jot(r DoorRecord) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.put(r)
	if _, _, err := b.lay(); err != nil {
		b.log.Warn("write the door's record", "error", err)
	}
}

func (b *doorBook) put(r DoorRecord) {
	b.seq++
	r.Seq, r.Boot, r.Up, r.At = b.seq, bootID(), sinceBoot(), b.now().UTC().Truncate(time.Millisecond)
	line, err := json.Marshal(r)
	if err != nil { // nothing in it can fail
		line = []byte(err.Error())
	}
	b.log.Info("door", "record", string(line))
	b.pending = append(b.pending, r)
	if len(b.pending) > mostLeases {
		b.pending = b.pending[1:] // it stands in the system's log
	}
}

// retry writes what the disk did not take.
func (b *doorBook) retry() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.save() //nolint:errcheck // it was told when it began
}

func (b *doorBook) save() error {
	if len(b.pending) == 0 {
		return nil
	}
	end, laid, err := b.lay()
	if err == nil {
		err = linux.Fdatasync(int(b.file.Fd()))
	}
	if err == nil {
		b.at, b.laid = end, laid
		b.sure, b.pending = b.pending[len(b.pending)-1].Seq, nil
	}
	return err
}

// lay writes what is pending, and says where it ends and up to where there is room then.
func (b *doorBook) lay() (end, laid int64, err error) {
	if b.at > maxRecords && b.file != nil {
		b.file.Close()
		b.file = nil
		if err := os.Rename(b.path, b.path+".old"); err != nil {
			return 0, 0, err
		}
	}
	if b.file == nil {
		f, err := os.OpenFile(b.path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return 0, 0, err
		}
		if b.at, b.laid, err = endOf(f); err != nil {
			f.Close()
			return 0, 0, err
		}
		b.file = f
	}
	text := []byte("\n") // ends a line that was torn
	for _, r := range b.pending {
		line, err := json.Marshal(r)
		if err != nil {
			return 0, 0, err
		}
		text = append(append(text, line...), '\n')
	}
	end, laid = b.at+int64(len(text)), b.laid
	if end > laid {
		laid = end + room
		text = append(text, bytes.Repeat([]byte("\n"), room)...)
	}
	// What an attempt before has left there is overwritten: it was a part of this.
	_, err = b.file.WriteAt(text, b.at)
	return end, laid, err
}

// endOf finds where the records of a file end, and the empty lines behind them.
func endOf(f *os.File) (at, size int64, err error) {
	st, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	size = st.Size()
	part := make([]byte, 4096)
	for at = size; at > 0; {
		from := max(0, at-int64(len(part)))
		part = part[:at-from]
		if _, err := f.ReadAt(part, from); err != nil {
			return 0, 0, err
		}
		rest := bytes.TrimRight(part, "\n")
		if at = from + int64(len(rest)); len(rest) > 0 {
			break
		}
	}
	return at, size, nil
}

// since lists the records after seq that the disk has, at most 500: the number of any other
// may become that of another deed.
func (b *doorBook) since(seq int64) ([]DoorRecord, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.save() //nolint:errcheck // what the disk does not have is not told
	all, err := b.all()
	if err != nil {
		return nil, err
	}
	var some []DoorRecord
	for _, r := range all {
		if r.Seq > seq && r.Seq <= b.sure && len(some) < 500 {
			some = append(some, r)
		}
	}
	return some, nil
}

func (b *doorBook) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.save()
	if b.file == nil {
		return err
	}
	return errors.Join(err, b.file.Close())
}

// sinceBoot is the time since the boot, the time asleep included.
func sinceBoot() time.Duration {
	d, err := linux.SinceBoot()
	if err != nil { // it always works
		return 0
	}
	return d
}

// saveRules makes the rules those of every boot, durably; nil takes them away.
func saveRules(dir string, r *door.Rules) error {
	path := filepath.Join(dir, "rules.json")
	if r == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the rules of every boot: %w", err)
		}
		return syncFolder(dir)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode the rules: %w", err)
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("write the rules of every boot: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("write the rules of every boot: %w", err)
	}
	return syncFolder(dir)
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// savedRules are those of every boot, nil if there are none.
func savedRules(dir string) (*door.Rules, error) {
	text, err := os.ReadFile(filepath.Join(dir, "rules.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the rules of every boot: %w", err)
	}
	var r door.Rules
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("read the rules of every boot: %w", err)
	}
	return &r, nil
}
