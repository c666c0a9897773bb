package journal

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Append records e and returns once it would outlast a power cut. It fails with
// ErrWaiting if the disk refuses or takes too long; the record then waits in memory,
// has gone to the system's log, and is written as soon as can be, in its order.
func (j *Journal) Append(ctx context.Context, e Entry) error {
	p := newPending(e)
	if !j.enqueue(p) {
		j.o.Syslog(string(p.raw))
		return ErrFull
	}
	j.poke()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	var err error
	select {
	case err = <-p.result:
	case <-timeout.C:
		err = ErrWaiting
	case <-ctx.Done():
		return ctx.Err() // it is written all the same
	}
	if err != nil {
		j.o.Syslog(string(p.raw))
	}
	return err
}

// Note records e without waiting for the disk: it is written in its order, before
// whatever is appended after it. Where the disk refuses, it waits as Append's do.
func (j *Journal) Note(e Entry) {
	p := newPending(e)
	p.noted = true
	if !j.enqueue(p) {
		j.o.Syslog(string(p.raw))
		return
	}
	j.poke()
}

func (j *Journal) enqueue(p *pending) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.waiting) >= maxWaiting || j.bytes+len(p.raw) > maxWaitingBytes {
		j.lost++
		return false
	}
	j.waiting = append(j.waiting, p)
	j.bytes += len(p.raw)
	return true
}

func (j *Journal) poke() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// write is the writer's goroutine: all that goes to disk goes through it.
func (j *Journal) write() {
	ctx := context.Background() // a commit that has begun is never cut short
	again := time.NewTimer(retry)
	defer again.Stop()
	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	for {
		select {
		case <-j.stop:
			j.addFigures(ctx)
			j.drain(ctx)
			return
		case <-flush.C:
			j.addFigures(ctx)
		case <-j.wake:
		case <-again.C:
		}
		if !j.drain(ctx) {
			again.Reset(retry)
		}
	}
}

// drain writes all that waits, and does the jobs. False says that the disk refuses.
func (j *Journal) drain(ctx context.Context) bool {
	for {
		j.mu.Lock()
		batch, states, jobs, lost := j.waiting, j.states, j.jobs, j.lost
		j.jobs = nil
		j.mu.Unlock()
		if len(batch) == 0 && len(states) == 0 && len(jobs) == 0 && j.db != nil {
			return true
		}
		err := j.ready(ctx)
		if err == nil {
			err = j.commit(ctx, batch, states, lost)
		}
		if damaged(err) && j.db != nil {
			j.db.Close()
			j.db = nil
			if err = j.ready(ctx); err == nil {
				err = j.commit(ctx, batch, states, lost)
			}
		}
		j.settle(batch, states, lost, err)
		for _, job := range jobs {
			if err != nil {
				job.done <- err
			} else {
				job.done <- job.do(ctx)
			}
		}
		if err != nil {
			return false
		}
	}
}

// ready opens the database if it is not open.
func (j *Journal) ready(ctx context.Context) error {
	if j.db != nil {
		return nil
	}
	return j.open(ctx)
}

// commit writes a batch in one transaction.
func (j *Journal) commit(ctx context.Context, batch []*pending, states map[string][]byte, lost int) error {
	if len(batch) == 0 && len(states) == 0 {
		return nil
	}
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	head := j.head
	if lost > 0 {
		batch = append(batch[:len(batch):len(batch)], newPending(Entry{At: time.Now(), What: "journal", Text: chain.Say("journal.lost", "n", lost)}))
	}
	for _, p := range batch {
		head = Head{head.Seq + 1, head.Hash.next(head.Seq+1, p.raw)}
		if _, err := tx.ExecContext(ctx, `INSERT INTO record (seq, at, what, link, incident, content, hash) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			head.Seq, p.At.UnixNano(), p.What, p.Link, p.Incident, p.raw, head.Hash[:]); err != nil {
			return fmt.Errorf("write record: %w", err)
		}
	}
	for key, value := range states {
		if err := saveState(ctx, tx, key, value); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	j.head = head
	return nil
}

// settle notes what became of a batch.
func (j *Journal) settle(batch []*pending, states map[string][]byte, lost int, err error) {
	if err != nil {
		for _, line := range j.refused(batch, err) {
			j.o.Syslog(line)
		}
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.trouble = chain.Text{}
	j.waiting = j.waiting[len(batch):]
	if len(j.waiting) == 0 {
		j.waiting, j.bytes = nil, 0
	}
	for _, p := range batch {
		j.bytes = max(0, j.bytes-len(p.raw))
		p.tell(nil)
	}
	j.lost -= lost
	next := map[string][]byte{}
	for key, value := range j.states {
		if !bytes.Equal(states[key], value) {
			next[key] = value
		}
	}
	j.states = next
	if len(batch) > 0 {
		close(j.grown)
		j.grown = make(chan struct{})
	}
}

// refused tells whoever waits for a batch that the disk refuses, and gives what is to
// go to the system's log because nobody does. What came while it was tried is told by
// a try of its own: the disk may take it again by then.
func (j *Journal) refused(batch []*pending, err error) (lines []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.trouble = troubleText(err)
	for _, p := range batch {
		p.tell(ErrWaiting)
		if p.noted {
			p.noted = false
			lines = append(lines, string(p.raw))
		}
	}
	return lines
}

// do has the writer do something, and waits for it.
func (j *Journal) do(ctx context.Context, f func(context.Context) error) error {
	w := &job{f, make(chan error, 1)}
	j.mu.Lock()
	j.jobs = append(j.jobs, w)
	j.mu.Unlock()
	j.poke()
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-j.stop:
		return errClosed
	}
}

// SaveState keeps value under key, beside the records and outside their chain. It
// returns once that would outlast a power cut, or ErrWaiting as Append does.
func (j *Journal) SaveState(ctx context.Context, key string, value []byte) error {
	j.NoteState(key, value)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := j.do(ctx, func(context.Context) error { return nil }); err != nil {
		return fmt.Errorf("%w: %w", ErrWaiting, err)
	}
	return nil
}

// NoteState is SaveState for what need not be waited for: it is on disk at the latest
// with what is appended after it.
func (j *Journal) NoteState(key string, value []byte) {
	j.mu.Lock()
	next := make(map[string][]byte, len(j.states)+1) // the writer may be reading the old one
	for k, v := range j.states {
		next[k] = v
	}
	next[key] = append([]byte(nil), value...)
	j.states = next
	j.mu.Unlock()
	j.poke()
}

func saveState(ctx context.Context, tx *sql.Tx, key string, value []byte) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO state (key, value) VALUES (?, ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value`, key, value); err != nil {
		return fmt.Errorf("save state: %w", err)
	}
	return nil
}
