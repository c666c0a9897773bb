// Package disk is the kind "disk": a file system has room, and can be written to.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/linux"
	"github.com/omamori-guard/omamori/mounts"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Path      string `yaml:"path" doc:"a folder or file on the file system"`
	MinFree   string `yaml:"min_free" doc:"how much must be free: a share (5%) or a size (2GiB)"`
	MinInodes string `yaml:"min_inodes" doc:"how many inodes must be free: a share (5%) or a number"`
	ReadOnly  bool   `yaml:"read_only" doc:"the file system is meant to be read-only"`
}

const example = `path: /var/lib/mysql
min_free: 2GiB
min_inodes: 5%
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("disk", example, settings{Path: "/", MinFree: "5%", MinInodes: "2%"}, build)
	k.Beat, k.Timeout = "30s", "5s"
	return k
}

func build(s settings, _ chain.Place) (chain.Prover, error) {
	var bad []error
	amount := func(field, text string) probe.Amount {
		a, err := probe.ParseAmount(text)
		if err != nil {
			bad = append(bad, &chain.SettingError{Field: field, Text: chain.Say("disk.bad_amount", "value", text)})
		}
		return a
	}
	if !filepath.IsAbs(s.Path) {
		bad = append(bad, &chain.SettingError{Field: "path", Text: chain.Say("disk.not_absolute", "value", s.Path)})
	}
	l := &link{path: s.Path, readOnly: s.ReadOnly, free: amount("min_free", s.MinFree), inodes: amount("min_inodes", s.MinInodes)}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	return l, nil
}

// link proves that a file system has room.
type link struct {
	path         string
	readOnly     bool
	free, inodes probe.Amount
	// asking is the system call that has not come back yet: a file system whose
	// server is gone keeps it for ever, and there must not be more of them.
	asking chan answer
}

// answer is what the system says of a file system.
type answer struct {
	unix.Statfs_t
	readOnly bool
	err      error
}

var _ chain.Prover = (*link)(nil)

// Prove asks the system once. The call cannot be broken off: one that hangs is
// left behind, and the next proof waits for the same.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	if l.asking == nil {
		asking := make(chan answer, 1)
		l.asking = asking
		go func() {
			var a answer
			if a.err = unix.Statfs(l.path, &a.Statfs_t); a.err == nil {
				a.readOnly, a.err = mounts.ReadOnly(l.path)
			}
			asking <- a
		}()
	}
	select {
	case a := <-l.asking:
		l.asking = nil
		if a.err != nil {
			return l.failed(a.err)
		}
		return l.judge(a)
	case <-ctx.Done():
		if probe.Cancelled(ctx) {
			return chain.Untried(probe.CancelledText(), chain.Text{})
		}
		return chain.Broke(cause.Hung, chain.Say("disk.hung", "path", l.path), chain.Say("disk.hung_hint", "path", l.path))
	}
}

func (l *link) failed(err error) chain.Proof {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return chain.Broke("missing", chain.Say("disk.missing", "path", l.path), chain.Say("disk.missing_hint", "path", l.path))
	case errors.Is(err, fs.ErrPermission):
		return chain.Untried(chain.Say("disk.denied", "path", l.path), chain.Say("disk.denied_hint", "path", l.path))
	}
	return chain.Broke("io_error", chain.Say("disk.failed", "path", l.path, "error", err.Error()),
		chain.Say("disk.failed_hint", "path", l.path))
}

// judge looks at the gravest first. What counts as free is what is left for
// ordinary users, as df shows it.
func (l *link) judge(s answer) chain.Proof {
	unit := linux.Unit(&s.Statfs_t)
	free := s.Bavail * unit
	size := (s.Blocks-min(s.Bfree, s.Blocks))*unit + free
	figures := []chain.Figure{{Name: "free", Value: float64(free), Unit: "B"}, {Name: "size", Value: float64(size), Unit: "B"}}
	if s.Files > 0 { // some file systems count none
		figures = append(figures, chain.Figure{Name: "inodes_free", Value: 100 * float64(s.Ffree) / float64(s.Files), Unit: "%"})
	}
	least, leastInodes := l.free.Of(size), l.inodes.Of(s.Files)
	var p chain.Proof
	switch {
	case s.readOnly && !l.readOnly:
		p = chain.Broke(cause.ReadOnlyDisk, chain.Say("disk.read_only", "path", l.path), chain.Say("disk.read_only_hint", "path", l.path))
	case l.readOnly: // such as an image: full by nature
		p = chain.Held(chain.Say("disk.holds_read_only", "path", l.path))
	case free < least:
		p = chain.Broke(cause.DiskFull, chain.Say("disk.full", "path", l.path, "free", free, "size", size, "least", least),
			chain.Say("disk.full_hint", "path", l.path))
	case s.Files > 0 && s.Ffree < leastInodes:
		p = chain.Broke("no_inodes", chain.Say("disk.no_inodes", "path", l.path, "free", s.Ffree, "all", s.Files, "least", leastInodes),
			chain.Say("disk.no_inodes_hint", "path", l.path))
	default:
		p = chain.Held(chain.Say("disk.holds", "path", l.path, "free", free, "size", size))
	}
	if p.Verdict == chain.Broken {
		p.Evidence = []string{fmt.Sprintf("statfs %s: %d of %d bytes free, %d of %d inodes", l.path, free, size, s.Ffree, s.Files)}
		if s.readOnly {
			p.Evidence[0] += ", read-only"
		}
	}
	p.Figures = figures
	return p
}
