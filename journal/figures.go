package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Spans of figures, and for how long they are kept. Minutes in which something
// failed stay longer than those in which nothing did.
const (
	minute        = time.Minute
	hour          = time.Hour
	keepMinutes   = 3 * 24 * time.Hour
	keepFailures  = 90 * 24 * time.Hour
	maxFigureSize = 4 << 10
)

// Point is what a span of time showed of a link.
type Point struct {
	At   time.Time
	Span time.Duration
	// Proofs of each verdict.
	Holds, Broken, Unproven int
	// Took is the mean, Slowest the longest of the proofs.
	Took, Slowest time.Duration
	// Figures are those of the last proof that had any.
	Figures []chain.Figure
}

// figures gathers proofs until they go to disk, by link and span.
type figures map[figureKey]*Point

type figureKey struct {
	link string
	span time.Duration
	at   int64 // in units of span
}

// Proof counts a proof among the link's figures. They are no records: up to a minute
// of them is lost when the guard is killed.
func (j *Journal) Proof(link string, p chain.Proof) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, span := range []time.Duration{minute, hour} {
		k := figureKey{link, span, p.At.UnixNano() / int64(span)}
		f := j.figures[k]
		if f == nil {
			if len(j.figures) >= maxWaiting { // a disk that refuses for days
				return
			}
			f = &Point{}
			j.figures[k] = f
		}
		switch p.Verdict {
		case chain.Holds:
			f.Holds++
		case chain.Broken:
			f.Broken++
		default:
			f.Unproven++
		}
		f.Took += p.Took
		f.Slowest = max(f.Slowest, p.Took)
		if len(p.Figures) > 0 {
			f.Figures = p.Figures
		}
	}
}

// addFigures adds what was gathered to what is on disk. What cannot be written is
// kept for the next time.
func (j *Journal) addFigures(ctx context.Context) {
	j.mu.Lock()
	gathered := j.figures
	j.figures = figures{}
	j.mu.Unlock()
	if len(gathered) == 0 {
		return
	}
	err := j.ready(ctx)
	if err == nil {
		err = j.writeFigures(ctx, gathered)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.trouble = troubleText(err)
	if err == nil {
		return
	}
	for k, f := range gathered {
		if _, newer := j.figures[k]; !newer && len(j.figures) < maxWaiting {
			j.figures[k] = f
		}
	}
}

func (j *Journal) writeFigures(ctx context.Context, gathered figures) error {
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	for k, f := range gathered {
		b, err := json.Marshal(f.Figures)
		if err != nil || len(b) > maxFigureSize {
			b = []byte("null")
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO figure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
			holds = holds + excluded.holds, broken = broken + excluded.broken, unproven = unproven + excluded.unproven,
			took_sum = took_sum + excluded.took_sum, took_max = max(took_max, excluded.took_max), figures = excluded.figures`,
			k.link, int64(k.span), k.at*int64(k.span), f.Holds, f.Broken, f.Unproven, int64(f.Took), int64(f.Slowest), string(b)); err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
	}
	return tx.Commit()
}

func (j *Journal) pruneFigures(ctx context.Context, now time.Time) error {
	_, err := j.db.ExecContext(ctx, `DELETE FROM figure WHERE at < ? OR span = ? AND at < ? AND (broken + unproven = 0 OR at < ?)`,
		now.Add(-j.o.Keep).UnixNano(), int64(minute), now.Add(-keepMinutes).UnixNano(), now.Add(-keepFailures).UnixNano())
	if err != nil {
		return fmt.Errorf("prune figures: %w", err)
	}
	return nil
}

// Plot returns the figures of a link since a time, by the minute for up to three
// days back and by the hour beyond. The last minute may be missing.
func (r *Reader) Plot(ctx context.Context, link string, since time.Time) ([]Point, error) {
	span := minute
	if time.Since(since) > keepMinutes {
		span = hour
	}
	rows, err := r.db.QueryContext(ctx, `SELECT at, holds, broken, unproven, took_sum, took_max, figures FROM figure
		WHERE link = ? AND span = ? AND at >= ? ORDER BY at`, link, int64(span), since.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("read figures: %w", err)
	}
	defer rows.Close()
	var all []Point
	for rows.Next() {
		p := Point{Span: span}
		var at int64
		var b []byte
		if err := rows.Scan(&at, &p.Holds, &p.Broken, &p.Unproven, &p.Took, &p.Slowest, &b); err != nil {
			return nil, fmt.Errorf("read figures: %w", err)
		}
		p.At = time.Unix(0, at)
		p.Took /= time.Duration(max(1, p.Holds+p.Broken+p.Unproven))
		if err := json.Unmarshal(b, &p.Figures); err != nil {
			p.Figures = nil // the counts are worth showing all the same
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// Plot returns the figures of a link since a time, those too that have not gone to disk
// yet: see Reader.Plot.
func (j *Journal) Plot(ctx context.Context, link string, since time.Time) ([]Point, error) {
	r, err := j.read()
	if err != nil {
		return nil, err
	}
	all, err := r.Plot(ctx, link, since)
	if err != nil {
		return nil, err
	}
	span := minute
	if time.Since(since) > keepMinutes {
		span = hour
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for k, f := range j.figures {
		at := time.Unix(0, k.at*int64(k.span))
		if k.link != link || k.span != span || at.Before(since) {
			continue
		}
		n := f.Holds + f.Broken + f.Unproven
		p := Point{At: at, Span: span, Holds: f.Holds, Broken: f.Broken, Unproven: f.Unproven,
			Took: f.Took / time.Duration(max(1, n)), Slowest: f.Slowest, Figures: f.Figures}
		i, there := slices.BinarySearchFunc(all, at, func(p Point, at time.Time) int { return p.At.Compare(at) })
		if !there {
			all = slices.Insert(all, i, p)
			continue
		}
		old := all[i]
		m := old.Holds + old.Broken + old.Unproven
		p.Took = (old.Took*time.Duration(m) + f.Took) / time.Duration(max(1, m+n))
		p.Holds, p.Broken, p.Unproven = p.Holds+old.Holds, p.Broken+old.Broken, p.Unproven+old.Unproven
		p.Slowest = max(p.Slowest, old.Slowest)
		if len(p.Figures) == 0 {
			p.Figures = old.Figures
		}
		all[i] = p
	}
	return all, nil
}
