package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Filter chooses records.
type Filter struct {
	Since                time.Time
	Link, Incident, What string
	// After leaves out records up to this number.
	After int64
	// Limit bounds how many; 0 is 1,000. Newest takes them from the end; the order
	// is the journal's all the same.
	Limit  int
	Newest bool
}

var errClosed = errors.New("the journal is closed")

// Absent is a folder without a journal.
type Absent struct{ Dir string }

func (e *Absent) Error() string { return "no journal in " + e.Dir }

// Said puts the error into words.
func (e *Absent) Said() (text, hint chain.Text) {
	return chain.Say("journal.absent", "dir", e.Dir), chain.Say("journal.absent_hint")
}

// Reader reads a journal without being able to change it.
type Reader struct {
	db  *sql.DB
	dir string
}

// OpenRead opens the journal in dir for reading; a guard may be writing it. The error
// is an *Absent if there is none. The caller closes it.
func OpenRead(dir string) (*Reader, error) {
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, &Absent{dir}
	} else if err != nil {
		return nil, err
	}
	db, err := readDatabase(path)
	if err != nil {
		return nil, err
	}
	return &Reader{db, dir}, nil
}

func readDatabase(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", source(path, "ro"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	db.SetConnMaxIdleTime(time.Minute)
	return db, nil
}

// Close lets the journal go.
func (r *Reader) Close() error { return r.db.Close() }

// Records returns the records that f chooses.
func (r *Reader) Records(ctx context.Context, f Filter) ([]Record, error) {
	query, args := f.query()
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	defer rows.Close()
	var all []Record
	for rows.Next() {
		var seq int64
		var raw, hash []byte
		if err := rows.Scan(&seq, &raw, &hash); err != nil {
			return nil, fmt.Errorf("read the journal: %w", err)
		}
		rec, err := record(seq, raw, hash)
		if err != nil {
			return nil, err
		}
		all = append(all, rec)
	}
	return all, rows.Err()
}

func (f Filter) query() (string, []any) {
	where, args := []string{"seq > ?"}, []any{f.After}
	add := func(clause string, value any) { where, args = append(where, clause), append(args, value) }
	if !f.Since.IsZero() {
		add("at >= ?", f.Since.UnixNano())
	}
	if f.Link != "" {
		add("link = ?", f.Link)
	}
	if f.Incident != "" {
		add("incident = ?", f.Incident)
	}
	if f.What != "" {
		add("what = ?", f.What)
	}
	if f.Limit <= 0 {
		f.Limit = 1000
	}
	order := "ASC"
	if f.Newest {
		order = "DESC"
	}
	return `SELECT * FROM (SELECT seq, content, hash FROM record WHERE ` + strings.Join(where, " AND ") +
		` ORDER BY seq ` + order + ` LIMIT ?) ORDER BY seq`, append(args, f.Limit)
}

// record reads what a row holds. A damaged one is an error: it is not to be shown as
// if it were sound.
func record(seq int64, raw, hash []byte) (Record, error) {
	var c content
	if err := json.Unmarshal(raw, &c); err != nil || len(hash) != len(Hash{}) {
		return Record{}, fmt.Errorf("record %d of the journal is damaged; see: omamori journal verify", seq)
	}
	return Record{
		Seq: seq, At: c.At, What: c.What, Link: c.Link, Incident: c.Incident, Text: c.Text, Body: c.Body, Hash: Hash(hash),
	}, nil
}

// Records returns the records that f chooses. Those that wait in memory are not
// among them.
func (j *Journal) Records(ctx context.Context, f Filter) ([]Record, error) {
	r, err := j.read()
	if err != nil {
		return nil, err
	}
	return r.Records(ctx, f)
}

func (j *Journal) read() (*Reader, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.reader == nil {
		db, err := readDatabase(j.path())
		if err != nil {
			return nil, err
		}
		j.reader = db
	}
	return &Reader{j.reader, j.dir}, nil
}

// Follow sends each record after number after, those to come too, until ctx is done
// or the journal cannot be read; then the channel is closed.
func (j *Journal) Follow(ctx context.Context, after int64) <-chan Record {
	out := make(chan Record)
	j.work.Go(func() {
		defer close(out)
		for {
			j.mu.Lock()
			grown := j.grown
			j.mu.Unlock()
			records, err := j.Records(ctx, Filter{After: after, Limit: 200})
			if err != nil {
				return
			}
			for _, rec := range records {
				select {
				case out <- rec:
					after = rec.Seq
				case <-ctx.Done():
					return
				case <-j.stop:
					return
				}
			}
			if len(records) > 0 {
				continue
			}
			select {
			case <-grown:
			case <-ctx.Done():
				return
			case <-j.stop:
				return
			}
		}
	})
	return out
}

// LoadState returns what SaveState kept under key, nil if nothing.
func (j *Journal) LoadState(ctx context.Context, key string) ([]byte, error) {
	j.mu.Lock()
	value, ok := j.states[key]
	j.mu.Unlock()
	if ok {
		return value, nil
	}
	r, err := j.read()
	if err != nil {
		return nil, err
	}
	err = r.db.QueryRowContext(ctx, `SELECT value FROM state WHERE key = ?`, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	return value, nil
}
