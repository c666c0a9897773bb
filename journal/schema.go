package journal

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/omamori-guard/omamori/chain"
)

// schema is what the triggers keep: records are never changed, and leave only as a
// prefix behind a checkpoint.
const schema = `
CREATE TABLE IF NOT EXISTS record (
	seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL, link TEXT NOT NULL, incident TEXT NOT NULL,
	content BLOB NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS record_at ON record (at);
CREATE INDEX IF NOT EXISTS record_link ON record (link, seq) WHERE link <> '';
CREATE TABLE IF NOT EXISTS checkpoint (
	seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, at INTEGER NOT NULL, key BLOB NOT NULL, signature BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS figure (
	link TEXT NOT NULL, span INTEGER NOT NULL, at INTEGER NOT NULL,
	holds INTEGER NOT NULL, broken INTEGER NOT NULL, unproven INTEGER NOT NULL,
	took_sum INTEGER NOT NULL, took_max INTEGER NOT NULL, figures TEXT NOT NULL,
	PRIMARY KEY (link, span, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;

CREATE TRIGGER IF NOT EXISTS record_stays BEFORE UPDATE ON record
	BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS record_is_kept BEFORE DELETE ON record
	WHEN OLD.seq > ifnull((SELECT max(seq) FROM checkpoint), 0)
	BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS record_follows BEFORE INSERT ON record
	WHEN NEW.seq <> 1 + max(ifnull((SELECT max(seq) FROM record), 0), ifnull((SELECT max(seq) FROM checkpoint), 0))
	BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS checkpoint_stays BEFORE UPDATE ON checkpoint
	BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS checkpoint_is_kept BEFORE DELETE ON checkpoint
	BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
`

// source is a data source name for SQLite with the pragmas that we want. FULL makes
// a commit last through a power cut.
func source(path, mode string) string {
	q := url.Values{"mode": {mode}, "_pragma": {"busy_timeout(2000)", "synchronous(FULL)", "cache_size(-256)", "temp_store(MEMORY)"}}
	if mode != "ro" {
		q.Add("_pragma", "journal_mode(WAL)")
		q.Add("_pragma", "journal_size_limit(1048576)")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func openDatabase(ctx context.Context, path string) (_ *sql.DB, _ Head, err error) {
	// SQLite would give the file the mode of the umask.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, Head{}, err
	}
	f.Close()
	db, err := sql.Open("sqlite", source(path, "rw"))
	if err != nil {
		return nil, Head{}, err
	}
	db.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, Head{}, err
	}
	head, err := readHead(ctx, db)
	if err != nil {
		return nil, Head{}, err
	}
	return db, head, nil
}

// readHead is the newest record, or the newest checkpoint if there is none after it.
func readHead(ctx context.Context, db *sql.DB) (Head, error) {
	var h Head
	var hash []byte
	err := db.QueryRowContext(ctx, `SELECT seq, hash FROM (
		SELECT seq, hash FROM record UNION ALL SELECT seq, hash FROM checkpoint) ORDER BY seq DESC LIMIT 1`).Scan(&h.Seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return Head{}, nil
	}
	if err != nil {
		return Head{}, err
	}
	if len(hash) != len(h.Hash) {
		return Head{}, errDamaged
	}
	h.Hash = Hash(hash)
	return h, nil
}

var errDamaged = errors.New("the newest record is damaged")

// damaged reports whether err says that the file is no whole database.
func damaged(err error) bool {
	var e *sqlite.Error
	if errors.As(err, &e) {
		code := e.Code() & 0xff
		return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
	}
	return errors.Is(err, errDamaged)
}

// troubleText says why the journal cannot be written; nothing for nil.
func troubleText(err error) chain.Text {
	var e *sqlite.Error
	code := 0
	if errors.As(err, &e) {
		code = e.Code() & 0xff
	}
	switch {
	case err == nil:
		return chain.Text{}
	case code == sqlite3.SQLITE_FULL:
		return chain.Say("journal.full")
	case code == sqlite3.SQLITE_READONLY, errors.Is(err, fs.ErrPermission):
		return chain.Say("journal.read_only", "error", err)
	}
	return chain.Say("journal.failing", "error", err)
}

// loadKey reads the key that signs checkpoints, or makes one.
func loadKey(path string) (ed25519.PrivateKey, error) {
	seed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		seed = make([]byte, ed25519.SeedSize)
		if _, err := rand.Read(seed); err != nil {
			return nil, err
		}
		if err = os.WriteFile(path, seed, 0o600); err != nil {
			os.Remove(path) // half a key would be in the way for ever
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key of the journal: %w", err)
	}
	key, err := keyOf(seed)
	if err != nil {
		return nil, fmt.Errorf("key of the journal: %s: %w", path, err)
	}
	return key, nil
}

func keyOf(seed []byte) (ed25519.PrivateKey, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%d bytes, not %d", len(seed), ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
