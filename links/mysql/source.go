package mysql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/wpconfig"
)

// login is all that it takes to ask a server.
type login struct {
	network, address       string
	user, database, prefix string
	password               wpconfig.Password
	// file is the wp-config.php that it comes from, "" if none.
	file string
}

// source says who logs in where. With a wp-config.php it reads that again
// whenever it has changed, as WordPress itself would.
type source struct {
	settings settings
	hands    chain.Services

	stamp  string
	config wpconfig.Config
}

// login returns a proof, unproven, in place of a login that cannot be had.
func (s *source) login(ctx context.Context) (login, *chain.Proof) {
	if s.settings.WPConfig == "" {
		return s.own()
	}
	c, err := s.read(ctx)
	path := s.settings.WPConfig
	if err != nil {
		return login{}, unread(path, err)
	}
	if names := c.Unread(); len(names) > 0 {
		return login{}, untried(
			chain.Say("mysql.config_computed", "file", path, "names", strings.Join(names, ", ")),
			chain.Say("mysql.config_computed_hint"))
	}
	if !tableName(c.Prefix) && c.Prefix != "" {
		return login{}, untried(
			chain.Say("mysql.config_prefix", "file", path, "prefix", c.Prefix),
			chain.Say("mysql.config_prefix_hint", "file", path))
	}
	to := login{user: c.User, password: c.Password, database: c.Name, prefix: c.Prefix, file: path}
	to.network, to.address = c.Address()
	// PHP's default socket can be another than Debian's.
	if s.settings.Socket != "" && to.address == wpconfig.DefaultSocket {
		to.address = s.settings.Socket
	}
	return to, nil
}

func (s *source) own() (login, *chain.Proof) {
	to := login{
		network: "unix", address: s.settings.Socket,
		user: s.settings.User, database: s.settings.Database, prefix: s.settings.Prefix,
	}
	if s.settings.Address != "" {
		to.network, to.address = "tcp", s.settings.Address
	}
	if s.settings.Password != "" {
		password, err := probe.Secret(s.settings.Password)
		if err != nil {
			return login{}, untried(
				chain.Say("mysql.no_secret", "where", string(s.settings.Password), "error", err.Error()),
				chain.Say("mysql.no_secret_hint"))
		}
		to.password = wpconfig.MakePassword(password)
	}
	return to, nil
}

// read returns the configuration, anew if the file has changed. What the guard
// may not read, hands read for it, each time.
func (s *source) read(ctx context.Context) (wpconfig.Config, error) {
	path := s.settings.WPConfig
	info, err := os.Stat(path)
	stamp := ""
	if err == nil {
		if !info.Mode().IsRegular() {
			return wpconfig.Config{}, errNotRegular
		}
		stamp = fmt.Sprint(info.ModTime().UnixNano(), info.Size(), info.Mode(), inode(info))
		// A file that was just written can change again within one tick of the clock.
		if stamp == s.stamp && time.Since(info.ModTime()) > time.Second {
			return s.config, nil
		}
	}
	var b []byte
	if err == nil {
		b, err = readFile(path)
	}
	if errors.Is(err, fs.ErrPermission) && s.hands != nil {
		b, err = s.hands.ReadFile(ctx, path)
	}
	if err != nil {
		return wpconfig.Config{}, err
	}
	c, err := wpconfig.Parse(b)
	if err != nil {
		return wpconfig.Config{}, err
	}
	s.stamp, s.config = stamp, c
	return c, nil
}

var errNotRegular = errors.New("not a regular file")

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only: nothing can be lost
	return io.ReadAll(io.LimitReader(f, wpconfig.MaxSize+1))
}

func unread(path string, err error) *chain.Proof {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return untried(chain.Say("mysql.config_missing", "file", path), chain.Say("mysql.config_missing_hint", "file", path))
	case errors.Is(err, fs.ErrPermission):
		return untried(chain.Say("mysql.config_denied", "file", path), chain.Say("mysql.config_denied_hint", "file", path))
	}
	return untried(chain.Say("mysql.config_unread", "file", path, "error", err.Error()), chain.Say("mysql.config_missing_hint", "file", path))
}

func untried(because, hint chain.Text) *chain.Proof {
	p := chain.Untried(because, hint)
	return &p
}
