// Package config reads a configuration strictly: every mistake at once, each with
// its place, what would be right, and the nearest right word.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// Options say what a configuration may speak of.
type Options struct {
	Kinds    []chain.Kind
	Sections []Section
	// NoLinks says that a file without links will do: it is not to guard anything.
	NoLinks bool
}

// Section is a part of the configuration with an owner of its own.
type Section struct {
	Name string
	// Settings returns a pointer to the defaults, to be decoded into. Its fields
	// have the tags of chain.Kind's.
	Settings func() any
	// Check says what is wrong with decoded settings; nil checks nothing. A field
	// may be a path: "channels[0].url".
	Check func(settings any) []*chain.SettingError
}

// File is a configuration that has been checked.
type File struct {
	// Path is where it was read, "" for one that was drafted.
	Path string
	// Lang is the owner's language, "" if the file does not say.
	Lang  words.Lang
	Chain *chain.Chain
	// Links stand in the file's order.
	Links []Link
	// Sections holds the settings of each section that the file has, by name: what
	// the section's Settings returned.
	Sections map[string]any
	// Runs are what omamori rescue can do for a person's mend, by its name.
	Runs map[string]Run
}

// Link is a link of the chain with what the guard must know besides.
type Link struct {
	Name string
	Kind chain.Kind
	// Settings are the kind's own, as its New takes them.
	Settings any
	// Every is the time between proofs, Timeout how long one may take, Fresh for how
	// long it counts.
	Every, Timeout, Fresh time.Duration
	// Mend says that the guard may mend it by itself.
	Mend bool
	// From is the vantage that proves it, "" for this machine.
	From string
	// Lead is how long before an end of it is spoken of, the longest first; nil leaves it
	// to the kind.
	Lead []time.Duration
}

// Problem is one mistake in a configuration.
type Problem struct {
	// Line and Column count from 1; 0 where a mistake has no place.
	Line, Column int
	// Path is the way to it: "links.sql.every".
	Path       string
	Text, Hint chain.Text
}

// maxSize bounds a configuration, in bytes: tens of thousands of links fit.
const maxSize = 4 << 20

// Unusable is a configuration that cannot be read at all.
type Unusable struct {
	Path       string
	Text, Hint chain.Text
	Err        error
}

func (e *Unusable) Error() string { return fmt.Sprintf("%s: %s %v", e.Path, e.Text.Key, e.Err) }
func (e *Unusable) Unwrap() error { return e.Err }

// Said puts the error into words.
func (e *Unusable) Said() (text, hint chain.Text) { return e.Text, e.Hint }

// Usage says that it is the question that was wrong.
func (e *Unusable) Usage() bool { return true }

// Find returns the file to read: given, if it is not empty, else ./omamori.yaml,
// else /etc/omamori/omamori.yaml. A file that is only found must be of somebody who may
// have commands run as us: in a folder like /tmp, anybody can leave one. The error is an
// *Unusable.
func Find(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	const name, system = "omamori.yaml", "/etc/omamori/omamori.yaml"
	for _, path := range []string{name, system} {
		if _, err := os.Stat(path); err == nil {
			return path, ours(path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", unusable(path, err)
		}
	}
	return "", &Unusable{Path: name, Err: fs.ErrNotExist,
		Text: chain.Say("config.none", "here", name, "there", system), Hint: chain.Say("config.none_hint")}
}

// ours says what is wrong with the owner of a file, and of a link that leads to it, or
// with who may write to it. Who used sudo could as well give us the file's path.
func ours(path string) error {
	for _, look := range []func(string) (fs.FileInfo, error){os.Lstat, os.Stat} {
		info, err := look(path)
		if err != nil {
			return unusable(path, err)
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			continue
		}
		uid := int(st.Uid)
		mine := uid == 0 || uid == os.Geteuid() || os.Geteuid() == 0 && os.Getenv("SUDO_UID") == strconv.Itoa(uid)
		if !mine || info.Mode().IsRegular() && info.Mode()&0o002 != 0 {
			return &Unusable{Path: path, Err: fs.ErrPermission,
				Text: chain.Say("config.others", "path", path, "uid", uid), Hint: chain.Say("config.others_hint", "path", path)}
		}
	}
	return nil
}

// Load reads the file at path. Problems are mistakes in what it says; the error,
// an *Unusable, is a file that says nothing.
func Load(path string, o Options) (*File, []Problem, error) {
	b, err := read(path)
	if err != nil {
		return nil, nil, err
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	f, problems := Parse(path, b, o)
	return f, problems, nil
}

func read(path string) ([]byte, error) {
	say := func(key string) error {
		return &Unusable{Path: path, Text: chain.Say(key, "path", path, "max", maxSize), Hint: chain.Say("config.other_file_hint"), Err: errors.ErrUnsupported}
	}
	// Without O_NONBLOCK, a pipe in the file's place would be waited for.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, unusable(path, err)
	}
	defer f.Close()
	st, err := f.Stat()
	switch {
	case err != nil:
		return nil, unusable(path, err)
	case st.IsDir():
		return nil, say("config.is_folder")
	case !st.Mode().IsRegular():
		return nil, say("config.not_file")
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	switch {
	case err != nil:
		return nil, unusable(path, err)
	case len(b) > maxSize:
		return nil, say("config.too_large")
	case !utf8.Valid(b):
		return nil, say("config.not_utf8")
	}
	return b, nil
}

func unusable(path string, err error) error {
	u := &Unusable{Path: path, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		u.Text, u.Hint = chain.Say("config.absent", "path", path), chain.Say("config.none_hint")
	case errors.Is(err, fs.ErrPermission):
		u.Text, u.Hint = chain.Say("config.denied", "path", path), chain.Say("config.denied_hint", "path", path)
	default:
		u.Text, u.Hint = chain.Say("config.unread", "path", path, "error", err), chain.Say("config.other_file_hint")
	}
	return u
}
