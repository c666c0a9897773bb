package backup

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/restore"
)

// Drilled is what came of putting a dump back.
type Drilled struct {
	Link string    `json:"link"`
	At   time.Time `json:"at"`
	// Dump is the file, made at Made.
	Dump string    `json:"dump"`
	Made time.Time `json:"made"`
	restore.Result
	// Failed is the code of why it cannot be put back, "" if it could; Said quotes.
	Failed string `json:"failed,omitempty"`
	Said   string `json:"said,omitempty"`
}

// maxNote is how much of a note is read, in bytes.
const maxNote = 64 << 10

// text says what came of it.
func (d Drilled) text() chain.Text {
	if d.Failed != "" {
		return chain.Say("backup.failed_"+d.Failed, "at", d.At, "file", filepath.Base(d.Dump), "said", probe.Quote([]byte(d.Said)))
	}
	return chain.Say("backup.drilled", "file", filepath.Base(d.Dump), "at", d.Made, "tables", d.Tables, "rows", d.Rows, "took", d.Took)
}

// Text says what came of it, and what is to be done.
func (d Drilled) Text() (text, hint chain.Text) {
	if d.Failed != "" {
		hint = chain.Say("backup.not_restorable_hint", "link", d.Link)
	}
	return d.text(), hint
}

// codes are those of restore.Failure.
var codes = []string{"load", "empty", "too_large", "too_long", "unpack"}

// Drilled reads what the newest drill has noted.
func (l *Link) Drilled() (d Drilled, err error) {
	b, err := probe.ReadFile(l.settings.Restored, maxNote)
	if err != nil {
		return d, err
	}
	return parseNote(b)
}

func parseNote(b []byte) (d Drilled, err error) {
	if err := json.Unmarshal(b, &d); err != nil {
		return d, err
	}
	known := d.Failed == ""
	for _, c := range codes {
		known = known || d.Failed == c
	}
	if !known || d.At.IsZero() || d.Failed == "" && (d.Rows < 1 || d.Tables < 1) {
		return d, errors.New("not a note of a drill")
	}
	return d, nil
}

// ErrNoDump says that there is nothing to put back.
var ErrNoDump = errors.New("no dump")

// Dump is the newest one.
func (l *Link) Dump() (path string, made time.Time, err error) {
	all, err := l.newest()
	if err == nil && len(all) == 0 {
		err = ErrNoDump
	}
	if err != nil {
		return "", made, err
	}
	return all[0].path, all[0].info.ModTime(), nil
}

// Wanted reports whether the newest dump should be put back: none ever was, or half of the time
// is over for which that counts, or one could not be and there is a newer.
func (l *Link) Wanted(now time.Time) bool {
	_, made, err := l.Dump()
	if err != nil {
		return false
	}
	switch d, err := l.Drilled(); {
	case err != nil, d.At.After(now):
		return true
	case d.Failed != "":
		return made.After(d.Made)
	default:
		return now.Sub(d.At) >= l.settings.Drill/2
	}
}

// Note is the file in which a drill is noted.
func (l *Link) Note() string { return l.settings.Restored }

// Restore puts the newest dump back somewhere, reads what came of it, and notes that. The
// error says that it could not be tried: then the earlier note stays.
func (l *Link) Restore(ctx context.Context, o restore.Options) (Drilled, error) {
	path, made, err := l.Dump()
	if err != nil {
		return Drilled{}, err
	}
	o.Dump, o.Table = path, l.settings.Table
	d := Drilled{Link: l.name, Dump: path, Made: made}
	d.Result, err = restore.Do(ctx, o)
	var failed *restore.Failure
	if errors.As(err, &failed) {
		d.Failed, d.Said = failed.Code, probe.Quote([]byte(failed.Said))
	} else if err != nil {
		return Drilled{}, err
	}
	d.At = time.Now().Round(0)
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return d, err
	}
	return d, replace(l.settings.Restored, append(b, '\n'))
}

// replace writes a file in one step, for the guard to read, which is another user.
func replace(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".restored-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		if gone := os.Remove(f.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
