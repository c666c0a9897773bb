// Package backup is the kind "backup": the newest dump of a database is young enough and
// whole, and one was put back of late, so that it is known to be of use.
package backup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/restore"
)

type settings struct {
	Files    string        `yaml:"files" doc:"the dumps, such as /var/backups/blog/*.sql.gz: plain, or packed by gzip or zstd; of several the newest counts"`
	Age      time.Duration `yaml:"age" doc:"how old the newest may become"`
	Drill    time.Duration `yaml:"drill" doc:"how long it counts that one was put back, by omamori due restore"`
	Table    string        `yaml:"table" doc:"a table that must have rows, where the dump is not that of a WordPress with posts"`
	Whole    bool          `yaml:"whole" doc:"whether its last line must be that of a complete dump, as mariadb-dump writes it"`
	Restored string        `yaml:"restored" doc:"the file in which omamori due restore notes what came of it; restored-LINK.json in /var/lib/omamori unless set"`
}

const example = `files: /var/backups/blog/*.sql.gz
age: 2d
drill: 90d
`

const day = 24 * time.Hour

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("backup", example, settings{Age: 2 * day, Drill: 90 * day, Whole: true}, build)
	k.Beat, k.Timeout = "1h", "10m"
	return k
}

var aTable = regexp.MustCompile(`^[A-Za-z0-9_$]{1,64}$`)

func build(s settings, at chain.Place) (chain.Prover, error) {
	bad := func(field, value string) (chain.Prover, error) {
		return nil, &chain.SettingError{Field: field, Text: chain.Say("backup.bad_"+field, "value", value)}
	}
	if _, err := filepath.Match(s.Files, ""); err != nil || !filepath.IsAbs(s.Files) {
		return bad("files", s.Files)
	}
	if s.Age <= 0 {
		return bad("age", s.Age.String())
	}
	if s.Drill <= 0 {
		return bad("drill", s.Drill.String())
	}
	if s.Table != "" && !aTable.MatchString(s.Table) {
		return bad("table", s.Table)
	}
	if s.Restored == "" {
		s.Restored = filepath.Join("/var/lib/omamori", "restored-"+at.Link+".json")
	}
	if !filepath.IsAbs(s.Restored) {
		return bad("restored", s.Restored)
	}
	return &Link{settings: s, name: at.Link}, nil
}

// Link is a link of the kind.
type Link struct {
	settings settings
	name     string
	// stamp names the newest dump that was read to its end, and what came of that.
	stamp string
	whole error
}

// mostFiles bounds how many dumps are looked at.
const mostFiles = 20000

// file is a dump as it lies there.
type file struct {
	path string
	info fs.FileInfo
}

// newest lists the dumps, the newest first.
func (l *Link) newest() (all []file, err error) {
	paths, err := filepath.Glob(l.settings.Files)
	if err != nil {
		return nil, err
	}
	for _, path := range paths[:min(len(paths), mostFiles)] {
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
			all = append(all, file{path, st})
		}
	}
	slices.SortFunc(all, func(a, b file) int { return b.info.ModTime().Compare(a.info.ModTime()) })
	return all, nil
}

// Prove looks at the newest dump, reads it to its end if that is new, and asks when one
// was last put back.
func (l *Link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	now := time.Now()
	all, err := l.newest()
	if err != nil {
		return l.unread(err)
	}
	if len(all) == 0 {
		// A folder that may not be looked into has nothing in it, to the guard.
		if _, err := os.ReadDir(filepath.Dir(l.settings.Files)); errors.Is(err, fs.ErrPermission) {
			return l.unread(err)
		}
		return chain.Broke("no_backup", chain.Say("backup.none", "files", l.settings.Files), chain.Say("backup.none_hint", "link", l.name))
	}
	last := all[0]
	made := last.info.ModTime()
	broke := func(cause string, pairs ...any) chain.Proof {
		pairs = append([]any{"file", last.path, "at", made, "link", l.name}, pairs...)
		return chain.Broke(cause, chain.Say("backup."+cause, pairs...), chain.Say("backup."+cause+"_hint", pairs...))
	}
	p, held := l.restored(now)
	figures := []chain.Figure{{Name: "size", Value: float64(last.info.Size()), Unit: "B"}}
	ends := p.Ends
	switch {
	case now.Sub(made) > l.settings.Age:
		p, held = broke("too_old", "age", l.settings.Age), false
	case last.info.Size() == 0 || len(all) > 1 && last.info.Size() < all[1].info.Size()/2:
		// A dump of half the size is a dump of half the blog.
		before := int64(0)
		if len(all) > 1 {
			before = all[1].info.Size()
		}
		p, held = broke("shrunk", "size", strconv.FormatInt(last.info.Size(), 10), "before", strconv.FormatInt(before, 10)), false
	default:
		switch err := l.read(ctx, last); {
		case probe.Cancelled(ctx):
			return chain.Untried(probe.CancelledText(), chain.Text{})
		case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist), errors.Is(err, context.DeadlineExceeded):
			p, held = l.unread(err), false
		case errors.Is(err, restore.ErrNotWhole):
			if l.settings.Whole {
				p, held = broke("not_whole"), false
			}
		case err != nil:
			p, held = broke("unreadable", "error", probe.Quote([]byte(err.Error()))), false
		}
	}
	if held {
		p = chain.Held(chain.Say("backup.holds", "file", filepath.Base(last.path), "at", made, "restored", p.At))
	}
	p.At, p.Figures, p.Ends = time.Time{}, figures, ends
	return p
}

func (l *Link) unread(err error) chain.Proof {
	if errors.Is(err, fs.ErrPermission) {
		return chain.Untried(chain.Say("backup.denied", "files", l.settings.Files), chain.Say("backup.denied_hint", "dir", filepath.Dir(l.settings.Files)))
	}
	return chain.Untried(chain.Say("backup.unread", "files", l.settings.Files, "error", probe.Quote([]byte(err.Error()))), chain.Say("backup.denied_hint", "dir", filepath.Dir(l.settings.Files)))
}

// read reads a dump to its end, once.
func (l *Link) read(ctx context.Context, f file) error {
	stamp := strings.Join([]string{f.path, strconv.FormatInt(f.info.Size(), 10), f.info.ModTime().String()}, " ")
	if stamp == l.stamp {
		return l.whole
	}
	r, err := restore.Open(f.path)
	if err == nil {
		_, err = restore.Whole(ctx, r)
		err = errors.Join(err, r.Close())
	}
	if ctx.Err() == nil && !errors.Is(err, fs.ErrPermission) {
		l.stamp, l.whole = stamp, err
	}
	return err
}

// restored says what is known of putting back: unproven if nothing of late, broken if it
// failed. Its At is when it was done.
func (l *Link) restored(now time.Time) (p chain.Proof, held bool) {
	hint := chain.Say("backup.drill_hint", "link", l.name)
	d, err := l.Drilled()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return chain.Untried(chain.Say("backup.never"), hint), false
	case err != nil || d.At.After(now.Add(day)):
		return chain.Untried(chain.Say("backup.no_note", "file", l.settings.Restored), hint), false
	case d.Failed != "":
		p = chain.Broke("not_restorable", d.text(), chain.Say("backup.not_restorable_hint", "link", l.name))
		p.Evidence = []string{probe.Quote([]byte(d.Said))}
		return p, false
	}
	over := d.At.Add(l.settings.Drill)
	p = chain.Held(chain.Text{})
	if !now.Before(over) {
		p = chain.Untried(chain.Say("backup.long_ago", "at", d.At), hint)
	}
	p.At = d.At
	p.Ends = []chain.End{{Of: "drill", At: over, What: chain.Say("backup.drill_ends", "link", l.name), Hint: hint, Lead: chain.Days(14, 7, 1)}}
	return p, now.Before(over)
}
