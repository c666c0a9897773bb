// Package journal is the append-only, hash-chained record of everything found and
// done, in SQLite.
package journal

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Options of a journal.
type Options struct {
	// Syslog takes a line for each record that could not be written at once, so
	// that it is somewhere. Nil drops the lines.
	Syslog func(line string)
	// Keep is how long records stay; 0 is 400 days.
	Keep time.Duration
}

const (
	fileName = "journal.db"
	keyName  = "journal.key"
	// patience is how long Append waits for the disk.
	patience = 2 * time.Second
	// maxWaiting bounds the records that wait for a disk that refuses.
	maxWaiting      = 10_000
	maxWaitingBytes = 8 << 20
	// retry is how often a disk that refuses is tried again.
	retry = 2 * time.Second
	// flushEvery is how often figures of proofs go to disk.
	flushEvery = time.Minute
	keepFor    = 400 * 24 * time.Hour
)

// ErrWaiting says that a record is kept in memory until the disk takes it.
var ErrWaiting = errors.New("the journal cannot be written now; the record waits in memory")

// ErrFull says that a record was given up: too many wait already.
var ErrFull = errors.New("too many records wait for the journal")

// Journal writes the record of one state folder. Its methods may be called from
// several goroutines.
type Journal struct {
	dir  string
	o    Options
	lock *os.File
	work sync.WaitGroup
	stop chan struct{} // closed by Close
	wake chan struct{} // has room for one: there is something to write

	figures figures

	// mu protects the fields below.
	mu      sync.Mutex
	waiting []*pending
	bytes   int
	lost    int // records given up since the disk last took one
	jobs    []*job
	states  map[string][]byte // saved, but not on disk yet
	trouble chain.Text
	grown   chan struct{} // closed when records were written, then made anew
	reader  *sql.DB

	// The fields below belong to the writer's goroutine.
	db   *sql.DB
	key  ed25519.PrivateKey
	head Head
}

// job is work for the writer besides records.
type job struct {
	do   func(context.Context) error
	done chan error // has room for one
}

// Open opens the journal in dir, which exists, and locks it. The error is a *Locked
// if another holds it. A journal that cannot be opened otherwise is no error:
// records wait in memory, Trouble says why, and it is tried again; one that is
// damaged is put aside and a new one begun. The caller closes it.
func Open(dir string, o Options) (*Journal, error) {
	if o.Keep == 0 {
		o.Keep = keepFor
	}
	if o.Syslog == nil {
		o.Syslog = func(string) {}
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	j := &Journal{
		dir: dir, o: o, lock: lock, stop: make(chan struct{}), wake: make(chan struct{}, 1),
		states: map[string][]byte{}, grown: make(chan struct{}), figures: figures{},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	j.trouble = troubleText(j.open(ctx))
	j.work.Go(j.write)
	return j, nil
}

// Close writes what waits, if the disk takes it, and lets the journal go. Records
// that are lost with it make an error.
func (j *Journal) Close() error {
	close(j.stop)
	j.work.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	if n := len(j.waiting) + j.lost; n > 0 {
		errs = append(errs, fmt.Errorf("%d records of the journal could not be written; they are in the system's log", n))
	}
	if j.reader != nil {
		errs = append(errs, j.reader.Close())
	}
	if j.db != nil {
		errs = append(errs, j.db.Close())
	}
	if j.lock != nil {
		errs = append(errs, j.lock.Close())
	}
	return errors.Join(errs...)
}

// Trouble says what keeps the journal from being written, if something does.
func (j *Journal) Trouble() (chain.Text, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.trouble.IsZero() && len(j.waiting) > 0 {
		return chain.Say("journal.waiting", "trouble", j.trouble, "n", len(j.waiting)), true
	}
	return j.trouble, !j.trouble.IsZero()
}

func (j *Journal) path() string { return filepath.Join(j.dir, fileName) }

// open opens the database, once more if it was damaged: then the damaged one is put
// aside, where it can be looked at.
func (j *Journal) open(ctx context.Context) error {
	db, head, err := openDatabase(ctx, j.path())
	if damaged(err) {
		aside := j.path() + ".damaged-" + time.Now().UTC().Format("20060102T150405.000")
		for _, end := range []string{"", "-wal", "-shm"} {
			if e := os.Rename(j.path()+end, aside+end); e != nil && !errors.Is(e, os.ErrNotExist) {
				return errors.Join(err, e)
			}
		}
		why := err
		if db, head, err = openDatabase(ctx, j.path()); err == nil {
			j.enqueue(newPending(Entry{At: time.Now(), What: "journal", Text: chain.Say("journal.put_aside", "path", aside, "error", why)}))
		}
	}
	if err != nil {
		return err
	}
	key, err := loadKey(filepath.Join(j.dir, keyName))
	if err != nil {
		db.Close()
		return err
	}
	j.db, j.head, j.key = db, head, key
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.reader != nil { // of the file that was there before
		j.reader.Close()
		j.reader = nil
	}
	return nil
}
