// Package wpdb asks the database of a WordPress, with what its wp-config.php says.
package wpdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"

	sql "github.com/go-sql-driver/mysql"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/wpconfig"
)

// Source is where the database is found.
type Source struct {
	Config string // the path of a wp-config.php
	Socket string // in place of PHP's usual one, "" for that
	Hands  chain.Services
}

// Bounds of what a server may send.
const (
	maxPacket = 2 << 20
	maxAnswer = 8 << 20
)

// ErrComputed says that the wp-config.php computes what is needed.
var ErrComputed = errors.New("the configuration computes its settings")

// DB is one connection.
type DB struct {
	conn   driver.Conn
	prefix string
}

// Open logs in. The caller closes the DB.
func Open(ctx context.Context, s Source) (db *DB, err error) {
	defer sane(&err)
	b, err := read(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.Config, err)
	}
	c, err := wpconfig.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.Config, err)
	}
	if names := c.Unread(); len(names) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrComputed, strings.Join(names, ", "))
	}
	if strings.ContainsAny(c.Prefix, "`\x00") {
		return nil, fmt.Errorf("read %s: a table prefix that is none", s.Config)
	}
	network, address := c.Address()
	if s.Socket != "" && address == wpconfig.DefaultSocket {
		address = s.Socket
	}
	cfg := sql.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName, cfg.Net, cfg.Addr = c.User, c.Password.Reveal(), c.Name, network, address
	cfg.Logger = &sql.NopLogger{}
	cfg.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		if err != nil && network == "unix" && errors.Is(err, fs.ErrPermission) && s.Hands != nil {
			conn, err = s.Hands.Dial(ctx, address)
		}
		if err != nil {
			return nil, err
		}
		return &bounded{Conn: conn, left: maxAnswer, Packets: Packets{Most: maxPacket}}, nil
	}
	connector, err := sql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("log in at %s: %w", address, err)
	}
	return &DB{conn, c.Prefix}, nil
}

func read(ctx context.Context, s Source) ([]byte, error) {
	st, err := os.Stat(s.Config)
	if err == nil && !st.Mode().IsRegular() { // opening a fifo would wait for ever
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(s.Config)
	if errors.Is(err, fs.ErrPermission) && s.Hands != nil {
		return s.Hands.ReadFile(ctx, s.Config)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, wpconfig.MaxSize+1))
}

// sane makes an error of a panic: the driver slices some packets before it has looked how
// long they are.
func sane(err *error) {
	if recover() != nil {
		*err = errors.New("the server sent what makes no sense")
	}
}

// Close ends the connection.
func (d *DB) Close() error { return d.conn.Close() }

// Table is a table of WordPress's as it stands in a query.
func (d *DB) Table(name string) string { return "`" + d.prefix + name + "`" }

// Rows returns at most so many rows. A query takes no value from outside.
func (d *DB) Rows(ctx context.Context, query string, most int) (all [][]string, err error) {
	defer sane(&err)
	q, ok := d.conn.(driver.QueryerContext)
	if !ok {
		return nil, errors.New("the driver cannot be asked")
	}
	rows, err := q.QueryContext(ctx, query, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for len(all) < most {
		values := make([]driver.Value, len(rows.Columns()))
		if err := rows.Next(values); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		row := make([]string, len(values))
		for i, v := range values {
			switch v := v.(type) {
			case nil:
			case []byte:
				row[i] = string(v)
			default:
				row[i] = fmt.Sprint(v)
			}
		}
		all = append(all, row)
	}
	return all, nil
}
