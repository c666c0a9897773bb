package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Report is what Verify found.
type Report struct {
	// Records is how many were read before the end, or before the fault.
	Records int64
	Head    Head
	// Fault says what is wrong, where; zero if all is well.
	Fault chain.Text
}

// Verify reads the whole journal and says whether any record was altered, dropped
// or put elsewhere since it was written. That its end was cut off shows only against
// a head that was kept elsewhere; kept may be nil.
func (r *Reader) Verify(ctx context.Context, kept *Head) (Report, error) {
	begin, fault, err := r.checkpoint(ctx)
	if err != nil || !fault.IsZero() {
		return Report{Head: begin, Fault: fault}, err
	}
	report := Report{Head: begin}
	seen := kept == nil || *kept == begin || kept.Seq == 0
	rows, err := r.db.QueryContext(ctx, `SELECT seq, at, what, link, incident, content, hash FROM record ORDER BY seq`)
	if err != nil {
		return report, fmt.Errorf("read the journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var row row
		if err := rows.Scan(&row.seq, &row.at, &row.what, &row.link, &row.incident, &row.raw, &row.hash); err != nil {
			return report, fmt.Errorf("read the journal: %w", err)
		}
		if row.seq <= begin.Seq { // left over where a prune was cut short: behind the checkpoint all the same
			continue
		}
		switch want := report.Head.Hash.next(report.Head.Seq+1, row.raw); {
		case row.seq != report.Head.Seq+1:
			report.Fault = chain.Say("journal.dropped", "first", report.Head.Seq+1, "last", row.seq-1)
		case !bytes.Equal(row.hash, want[:]) || !row.agrees():
			report.Fault = chain.Say("journal.altered", "seq", row.seq)
		default:
			report.Head = Head{row.seq, want}
			report.Records++
			if kept != nil && row.seq == kept.Seq {
				seen = want == kept.Hash
				if !seen {
					report.Fault = chain.Say("journal.other", "seq", row.seq)
				}
			}
		}
		if !report.Fault.IsZero() {
			return report, nil
		}
	}
	if err := rows.Err(); err != nil {
		return report, fmt.Errorf("read the journal: %w", err)
	}
	switch {
	case seen:
	case kept.Seq < begin.Seq:
		report.Fault = chain.Say("journal.pruned_past", "seq", kept.Seq, "checkpoint", begin.Seq)
	case kept.Seq == begin.Seq:
		report.Fault = chain.Say("journal.other", "seq", kept.Seq)
	default:
		report.Fault = chain.Say("journal.cut", "seq", kept.Seq, "last", report.Head.Seq)
	}
	return report, nil
}

type row struct {
	seq, at              int64
	what, link, incident string
	raw, hash            []byte
}

// agrees reports whether the columns, by which records are found, say what the
// content says.
func (r *row) agrees() bool {
	var c content
	return json.Unmarshal(r.raw, &c) == nil && c.At.UnixNano() == r.at &&
		c.What == r.what && c.Link == r.link && c.Incident == r.incident
}

// checkpoint is where the journal begins: behind the newest checkpoint, or at zero.
// All checkpoints must be signed by the key that lies beside the journal: any other,
// such as one of the few under which a signature of zeros counts, proves nothing.
func (r *Reader) checkpoint(ctx context.Context) (Head, chain.Text, error) {
	var begin Head
	rows, err := r.db.QueryContext(ctx, `SELECT seq, hash, at, key, signature FROM checkpoint ORDER BY seq`)
	if err != nil {
		return begin, chain.Text{}, fmt.Errorf("read the journal: %w", err)
	}
	defer rows.Close()
	var own []byte
	for rows.Next() {
		var seq, at int64
		var hash, key, signature []byte
		if err := rows.Scan(&seq, &hash, &at, &key, &signature); err != nil {
			return begin, chain.Text{}, fmt.Errorf("read the journal: %w", err)
		}
		if own == nil {
			if own, err = r.publicKey(); err != nil {
				return begin, chain.Text{}, err
			}
		}
		if len(hash) != len(Hash{}) || !bytes.Equal(key, own) ||
			!ed25519.Verify(key, signed(Head{seq, Hash(hash)}, at), signature) {
			return begin, chain.Say("journal.bad_checkpoint", "seq", seq), nil
		}
		begin = Head{seq, Hash(hash)}
	}
	return begin, chain.Text{}, rows.Err()
}

// publicKey is that of the key beside the journal. Who verifies is often root, and the
// folder the guard's: in the key's place may be a pipe, or a file without end.
func (r *Reader) publicKey() (ed25519.PublicKey, error) {
	f, err := os.OpenFile(filepath.Join(r.dir, keyName), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("key of the journal: %w", err)
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, fmt.Errorf("key of the journal: not a file: %w", errors.Join(err, os.ErrInvalid))
	}
	seed, err := io.ReadAll(io.LimitReader(f, ed25519.SeedSize+1))
	if err != nil {
		return nil, fmt.Errorf("key of the journal: %w", err)
	}
	key, err := keyOf(seed)
	if err != nil {
		return nil, fmt.Errorf("key of the journal: %w", err)
	}
	return key.Public().(ed25519.PublicKey), nil
}

// signed is what a checkpoint's signature covers.
func signed(h Head, at int64) []byte {
	return fmt.Appendf(nil, "omamori journal checkpoint 1\n%s\n%d\n", h, at)
}

// pruneAtOnce bounds what one Prune forgets, so that it ends soon.
const pruneAtOnce = 50_000

// Prune forgets records older than Options.Keep, from the beginning of the chain and
// behind a signed checkpoint, and figures that are too old.
func (j *Journal) Prune(ctx context.Context) error {
	return j.do(ctx, func(ctx context.Context) error {
		now := time.Now()
		if err := j.pruneFigures(ctx, now); err != nil {
			return err
		}
		return j.pruneRecords(ctx, now)
	})
}

func (j *Journal) pruneRecords(ctx context.Context, now time.Time) error {
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	// A prefix: up to the first record that is young enough, whatever comes after.
	var h Head
	var hash []byte
	err = tx.QueryRowContext(ctx, `SELECT seq, hash FROM record WHERE seq < min(
			ifnull((SELECT min(seq) FROM record WHERE at >= ?), 1 + (SELECT max(seq) FROM record)),
			(SELECT min(seq) FROM record) + ?)
		ORDER BY seq DESC LIMIT 1`, now.Add(-j.o.Keep).UnixNano(), pruneAtOnce).Scan(&h.Seq, &hash)
	if errors.Is(err, sql.ErrNoRows) { // nothing is old enough
		return nil
	}
	if err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	if len(hash) != len(h.Hash) {
		return errDamaged
	}
	h.Hash = Hash(hash)
	if _, err := tx.ExecContext(ctx, `INSERT INTO checkpoint (seq, hash, at, key, signature) VALUES (?, ?, ?, ?, ?)`,
		h.Seq, hash, now.UnixNano(), []byte(j.key.Public().(ed25519.PublicKey)), ed25519.Sign(j.key, signed(h, now.UnixNano()))); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM record WHERE seq <= ?`, h.Seq); err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	return tx.Commit()
}
