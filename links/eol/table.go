package eol

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

//go:embed table.txt
var shipped []byte

// MaxTable is the longest table that is read, in bytes.
const MaxTable = 1 << 20

// mostRows bounds a table: looking things up in it is a walk through all.
const mostRows = 2000

// DefaultTable is where a refreshed table is looked for.
const DefaultTable = "/var/lib/omamori/eol.txt"

// Table says when releases end.
type Table struct {
	Updated time.Time
	Rows    []Row
}

// Row is one release.
type Row struct {
	Product, Release string
	// Over is the first moment after its last day.
	Over   time.Time
	Source string
}

// BadLine is a line of a table that cannot be read.
type BadLine struct {
	Number int
	Line   string
}

func (e *BadLine) Error() string { return fmt.Sprintf("line %d: %q", e.Number, e.Line) }

// Said puts the error into words.
func (e *BadLine) Said() (text, hint chain.Text) {
	return chain.Say("eol.bad_line", "number", e.Number, "line", e.Line), chain.Say("eol.bad_line_hint")
}

var (
	aProduct = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	aRelease = regexp.MustCompile(`^[0-9]+(\.[0-9]+){0,2}$`)
	aSource  = regexp.MustCompile(`^https://[!-~]{1,300}$`)
)

// Shipped is the table that came with the program.
func Shipped() Table {
	t, err := Parse(shipped)
	if err != nil {
		panic(err) // a test reads it
	}
	return t
}

// Parse reads a table, strictly. The error may be a *BadLine.
func Parse(b []byte) (t Table, err error) {
	if len(b) > MaxTable {
		return t, errors.New("longer than a mebibyte")
	}
	s := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		bad := &BadLine{n, line[:min(len(line), 80)]}
		f := strings.Fields(line)
		if len(f) == 2 && f[0] == "updated" && t.Updated.IsZero() {
			if t.Updated, err = time.Parse(time.DateOnly, f[1]); err != nil {
				return Table{}, bad
			}
			continue
		}
		if len(f) != 4 || !aProduct.MatchString(f[0]) || !aRelease.MatchString(f[1]) || !aSource.MatchString(f[3]) {
			return Table{}, bad
		}
		day, err := time.ParseInLocation(time.DateOnly, f[2], time.Local)
		if err != nil || day.Year() < 2000 || day.Year() > 2200 {
			return Table{}, bad
		}
		if len(t.Rows) == mostRows {
			return Table{}, bad
		}
		t.Rows = append(t.Rows, Row{f[0], f[1], day.AddDate(0, 0, 1), f[3]})
	}
	switch {
	case s.Err() != nil:
		return Table{}, s.Err()
	case t.Updated.IsZero() || len(t.Rows) == 0:
		return Table{}, errors.New("no table: no line says when it was updated, or none says anything")
	}
	return t, nil
}

// With adds what a newer table says: releases that t does not know. An end that t knows is
// never put off by it, wherever it comes from, nor hidden by a row that is more exact; it
// may come sooner. So a table that is wrong can say that something ends too soon, and no more.
func (t Table) With(newer Table) Table {
	merged := Table{Updated: t.Updated, Rows: slices.Clone(t.Rows)}
	if newer.Updated.After(t.Updated) {
		merged.Updated = newer.Updated
	}
	for _, r := range newer.Rows {
		if !t.has(r.Product) || upward[r.Product] && compare(r.Release, t.newest(r.Product)) <= 0 {
			continue
		}
		if known, there := t.find(r.Product, r.Release); there && known.Over.Before(r.Over) {
			r.Over, r.Source = known.Over, known.Source
		}
		i := slices.IndexFunc(merged.Rows, func(m Row) bool { return m.Product == r.Product && m.Release == r.Release })
		switch {
		case i < 0:
			merged.Rows = append(merged.Rows, r)
		case r.Over.Before(merged.Rows[i].Over):
			merged.Rows[i] = r
		}
	}
	return merged
}

func (t Table) has(product string) bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Product == product })
}

// Products lists what the table knows.
func (t Table) Products() (all []string) {
	for _, r := range t.Rows {
		if !slices.Contains(all, r.Product) {
			all = append(all, r.Product)
		}
	}
	return all
}

// Text writes the table as Parse reads it.
func (t Table) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "updated %s\n", t.Updated.Format(time.DateOnly))
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "%s %s %s %s\n", r.Product, r.Release, r.Over.AddDate(0, 0, -1).Format(time.DateOnly), r.Source)
	}
	return b.Bytes()
}

// find is the row of a release, at the exactness that the table has ("12" of "12.4"). For
// products whose old releases end together, the row of the next release that it has.
func (t Table) find(product, release string) (Row, bool) {
	for part := release; part != ""; {
		for _, r := range t.Rows {
			if r.Product == product && r.Release == part {
				return r, true
			}
		}
		i := strings.LastIndexByte(part, '.')
		if i < 0 {
			break
		}
		part = part[:i]
	}
	var next Row
	for _, r := range t.Rows {
		if r.Product == product && compare(r.Release, release) > 0 && (next.Release == "" || compare(r.Release, next.Release) < 0) {
			next = r
		}
	}
	return next, next.Release != "" && upward[product]
}

// upward are the products of which a release that the table leaves out ends with the next
// that it has.
var upward = map[string]bool{"wordpress": true, "openssh": true}

// newest is the newest release of a product that the table knows.
func (t Table) newest(product string) (release string) {
	for _, r := range t.Rows {
		if r.Product == product && (release == "" || compare(r.Release, release) > 0) {
			release = r.Release
		}
	}
	return release
}

func compare(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}
