package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	sql "github.com/go-sql-driver/mysql"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/wpdb"
)

// phase is how far a trial has come.
type phase uint8

const (
	connecting phase = iota
	greeting         // connected; the server speaks first
	answering        // it has greeted
)

// trial is one trying of a server over a connection of its own: one that was
// kept open would not see what a visitor's new one does.
type trial struct {
	to    login
	phase phase
	conn  *conn
	// table is the one being read when an error came.
	table string
	// post is the newest published post, 0 if there is none.
	post int64
}

// patience is the part of the time that the server has; the rest is for finding
// out why it was silent.
const patience = 0.85

// Prove connects, logs in, asks SELECT 1, reads what is to be read, and asks
// whether the server may be written to.
func (l *link) Prove(ctx context.Context) chain.Proof {
	began := time.Now()
	to, proof := l.source.login(ctx)
	if proof != nil {
		return cancelledOr(ctx, *proof)
	}
	inner := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		inner, cancel = context.WithTimeout(ctx, time.Duration(patience*float64(time.Until(deadline))))
		defer cancel()
	}
	t := &trial{to: to}
	readOnly, err := l.try(inner, t)
	took := time.Since(began)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return chain.Untried(chain.Say("mysql.cancelled"), chain.Text{})
	case err != nil && silence(inner, err):
		return l.silence(ctx, t, took)
	}
	l.silent = 0
	switch {
	case err != nil:
		return l.explain(t, err)
	case readOnly != "" && !l.settings.Replica:
		return chain.Broke("read_only", chain.Say("mysql.read_only", "where", to.address, "variable", readOnly),
			chain.Say("mysql.read_only_hint", "variable", readOnly))
	}
	p := chain.Held(chain.Say("mysql.holds", "where", to.address))
	if l.settings.Posts {
		p.Because = chain.Say("mysql.holds_posts", "where", to.address)
		p.Figures = append(p.Figures, chain.Figure{Name: "newest_post", Value: float64(t.post)})
	}
	return p
}

func cancelledOr(ctx context.Context, p chain.Proof) chain.Proof {
	if errors.Is(ctx.Err(), context.Canceled) {
		return chain.Untried(chain.Say("mysql.cancelled"), chain.Text{})
	}
	return p
}

// try does the asking. It returns the name of a variable that makes the server
// read-only, "" if none does.
func (l *link) try(ctx context.Context, t *trial) (readOnly string, err error) {
	c, err := l.connect(ctx, t)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }() // the answers have come
	return l.ask(ctx, c, t)
}

// connect logs in.
func (l *link) connect(ctx context.Context, t *trial) (driver.Conn, error) {
	cfg := sql.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName = t.to.user, t.to.password.Reveal(), t.to.database
	cfg.Net, cfg.Addr = t.to.network, t.to.address
	cfg.Logger = &sql.NopLogger{}
	cfg.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := dial(ctx, t.to, l.at.Hands)
		if err != nil {
			return nil, err
		}
		t.phase = greeting
		if p := probe.PeerOf(c); p.PID > 0 {
			l.peer = p
		}
		t.conn = &conn{Conn: c, Packets: wpdb.Packets{Most: maxPacket}}
		return t.conn, nil
	}
	connector, err := sql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("make a connector: %w", err)
	}
	c, err := connector.Connect(ctx)
	if t.conn != nil && t.conn.heard > 0 {
		t.phase = answering
	}
	return c, err
}

func (l *link) ask(ctx context.Context, c driver.Conn, t *trial) (readOnly string, err error) {
	one, err := row(ctx, c, "SELECT 1")
	if err != nil {
		return "", err
	}
	if len(one) != 1 || fmt.Sprint(one[0]) != "1" && string(asBytes(one[0])) != "1" {
		return "", errNotOne
	}
	if l.settings.Table != "" {
		t.table = l.settings.Table
		if _, err := row(ctx, c, "SELECT * FROM "+quoted(t.table)+" LIMIT 1"); err != nil {
			return "", err
		}
	}
	if l.settings.Posts {
		t.table = t.to.prefix + "options" // without which WordPress shows nothing at all
		if _, err := row(ctx, c, "SELECT option_value FROM "+quoted(t.table)+" WHERE option_name = 'siteurl'"); err != nil {
			return "", missing(ctx, c, t, err)
		}
		t.table = t.to.prefix + "posts"
		// The length of the content makes the server read the row itself, not
		// only an index.
		newest, err := row(ctx, c, "SELECT ID, LENGTH(post_content) FROM "+quoted(t.table)+
			" WHERE post_type = 'post' AND post_status = 'publish' ORDER BY post_date DESC, ID DESC LIMIT 1")
		if err != nil {
			return "", err
		}
		if len(newest) == 2 {
			_, _ = fmt.Sscan(string(asBytes(newest[0])), &t.post) // stays 0: a figure alone
		}
	}
	t.table = ""
	flags, err := row(ctx, c, "SELECT @@global.innodb_read_only, @@global.read_only")
	if err != nil {
		return "", err
	}
	for i, name := range []string{"innodb_read_only", "read_only"} {
		if i < len(flags) && on(flags[i]) {
			return name, nil
		}
	}
	return "", nil
}

var errNotOne = errors.New("SELECT 1 did not give 1")

// on reads a switch as servers write them: 1, ON, or a mode's name.
func on(v driver.Value) bool {
	switch s := string(asBytes(v)); strings.ToUpper(s) {
	case "", "0", "OFF":
		return false
	}
	return true
}

func asBytes(v driver.Value) []byte {
	if b, ok := v.([]byte); ok {
		return b
	}
	return fmt.Append(nil, v)
}

func quoted(table string) string {
	return "`" + strings.ReplaceAll(table, ".", "`.`") + "`"
}

// row returns the first row of an answer, nil if there is none.
func row(ctx context.Context, c driver.Conn, query string) ([]driver.Value, error) {
	q, ok := c.(driver.QueryerContext)
	if !ok {
		return nil, errors.New("the driver cannot be asked")
	}
	rows, err := q.QueryContext(ctx, query, nil)
	if err != nil {
		return nil, err
	}
	values := make([]driver.Value, len(rows.Columns()))
	err = rows.Next(values)
	// Values are the driver's own memory until the next read.
	for i, v := range values {
		if b, ok := v.([]byte); ok {
			values[i] = append([]byte(nil), b...)
		}
	}
	if errors.Is(err, io.EOF) {
		values, err = nil, nil
	}
	return values, errors.Join(err, rows.Close())
}
