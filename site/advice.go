package site

import (
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/tune"
)

// Advice is what would make a site fit its memory, as the very lines.
type Advice struct {
	Figures tune.Figures
	Plan    tune.Plan
	Changes []FileChange
}

// FileChange is a file that would be written, whole.
type FileChange struct {
	Service string
	Tune    hands.Tune
	Values  []hands.Value
	Lines   []LineChange
	Content []byte
}

// LineChange is a setting that would change; Was is "" where nothing is known to have been.
type LineChange struct{ Name, Was, Is string }

// Advise makes advice of what was measured.
func (m *Measured) Advise() (Advice, error) {
	a := Advice{Figures: m.Figures, Plan: tune.Make(m.Figures)}
	for _, s := range m.file.Services {
		for _, t := range s.Tunes {
			c := FileChange{Service: s.Name, Tune: t}
			switch t.Form {
			case hands.FormMariaDB:
				c.mariadb(m.SQL.Buffers, *a.Plan.SQL)
			case hands.FormFPM:
				c.fpm(m.Pools, a.Plan.Pools)
			case hands.FormUnit:
				c.unit(m.units[s.Name], s)
			}
			if len(c.Lines) == 0 {
				continue
			}
			if err := c.finish(); err != nil {
				return a, err
			}
			a.Changes = append(a.Changes, c)
		}
	}
	return a, nil
}

// Tuning is what hands is to be asked for.
func (a Advice) Tuning() (t hands.Tuning) {
	for _, c := range a.Changes {
		t.Changes = append(t.Changes, hands.Change{Service: c.Service, File: c.Tune.File, Values: c.Values})
	}
	return t
}

func (c *FileChange) set(name, was, is string) {
	if was != is {
		c.Lines = append(c.Lines, LineChange{name, was, is})
	}
}

func (c *FileChange) mariadb(was, is tune.Buffers) {
	size := func(name string, was, is uint64) { c.set(name, bytesOf(was), bytesOf(is)) }
	size("innodb_buffer_pool_size", was.Pool, is.Pool)
	size("key_buffer_size", was.Key, is.Key)
	size("aria_pagecache_buffer_size", was.Aria, is.Aria)
	c.set("max_connections", strconv.Itoa(was.Connections), strconv.Itoa(is.Connections))
	size("tmp_table_size", was.Tmp, is.Tmp)
	size("max_heap_table_size", was.Heap, is.Heap)
	size("sort_buffer_size", was.Sort, is.Sort)
	size("join_buffer_size", was.Join, is.Join)
}

// bytesOf writes a size as people do in these files.
func bytesOf(n uint64) string {
	switch {
	case n > 0 && n%mib == 0:
		return fmt.Sprintf("%dM", n/mib)
	case n > 0 && n%1024 == 0:
		return fmt.Sprintf("%dK", n/1024)
	}
	return strconv.FormatUint(n, 10)
}

// requests is after how many a child is replaced, where none ever was: it gives back
// what it has lost on the way.
const requests = 500

func (c *FileChange) fpm(was, is []tune.Pool) {
	i := slices.IndexFunc(was, func(p tune.Pool) bool { return p.Service == c.Service && p.Name == c.Tune.Pool })
	if i < 0 {
		return
	}
	number := func(name string, was, is int) { c.set(name, strconv.Itoa(was), strconv.Itoa(is)) }
	number("pm.max_children", was[i].Children, is[i].Children)
	number("pm.start_servers", was[i].Start, is[i].Start)
	number("pm.min_spare_servers", was[i].MinSpare, is[i].MinSpare)
	number("pm.max_spare_servers", was[i].MaxSpare, is[i].MaxSpare)
	if len(c.Lines) > 0 && was[i].Requests == 0 {
		number("pm.max_requests", 0, requests)
	}
}

// sqlScore has the kernel look elsewhere first: a child of PHP costs one visitor one page,
// the database costs all of them everything.
const sqlScore = -600

// unit is what systemd should know: whom to kill first, that one killed child is no end of
// PHP-FPM, and that what was killed is started again also while omamori is not there. Not
// after an exit of its own: whoever refuses a configuration or damaged data does it again.
func (c *FileChange) unit(u unitState, s hands.Service) {
	sql := slices.ContainsFunc(s.Tunes, func(t hands.Tune) bool { return t.Form == hands.FormMariaDB })
	fpm := slices.ContainsFunc(s.Tunes, func(t hands.Tune) bool { return t.Form == hands.FormFPM })
	if sql && u.score > sqlScore {
		c.set("OOMScoreAdjust", strconv.Itoa(u.score), strconv.Itoa(sqlScore))
	}
	if fpm && u.policy == "stop" {
		c.set("OOMPolicy", u.policy, "continue")
	}
	if u.restart == "no" {
		c.set("Restart", u.restart, "on-abnormal")
	}
}

// finish puts what is there and what is new into one file.
func (c *FileChange) finish() error {
	if old, err := os.ReadFile(c.Tune.File); err == nil {
		c.Values, _ = c.Tune.Tuned(old)
	}
	for _, l := range c.Lines {
		i := slices.IndexFunc(c.Values, func(v hands.Value) bool { return v.Name == l.Name })
		if i < 0 {
			c.Values = append(c.Values, hands.Value{Name: l.Name, Value: l.Is})
		} else {
			c.Values[i].Value = l.Is
		}
	}
	var err error
	c.Content, err = c.Tune.Content(c.Values)
	return err
}

// Planned is what MariaDB and PHP could take together with the changes.
func (a Advice) Planned() uint64 {
	f := a.Figures
	if f.SQL != nil {
		s := *f.SQL
		s.Buffers = *a.Plan.SQL
		f.SQL = &s
	}
	f.Pools = a.Plan.Pools
	return f.Worst()
}
