package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	sql "github.com/go-sql-driver/mysql"

	"github.com/omamori-guard/omamori/chain"
)

// errEmpty is a database without any table.
var errEmpty = errors.New("the database has no tables")

// missing tells a database that has lost a table from one that has none at all.
func missing(ctx context.Context, c driver.Conn, t *trial, err error) error {
	var said *sql.MySQLError
	if !errors.As(err, &said) || code(said.Number) != "missing_table" {
		return err
	}
	if first, err := row(ctx, c, "SHOW TABLES"); err == nil && first == nil {
		return errEmpty
	}
	return err
}

// locked is for a server that greets and answers, but not when it reads a table: it does
// not hang, but has its clients wait for one another. nil if that is not so.
func (l *link) locked(ctx context.Context, t *trial) *chain.Proof {
	if t.phase != answering || t.table == "" {
		return nil
	}
	waiting, err := l.waiting(ctx, t.to)
	if err != nil || len(waiting) == 0 {
		return nil
	}
	p := chain.Broke("locked", chain.Say("mysql.locked", "where", t.to.address, "table", t.table), chain.Say("mysql.locked_hint"))
	p.Evidence = waiting
	return &p
}

// maxWaiting bounds the statements that are quoted.
const maxWaiting = 5

// waiting lists the statements that wait for a lock, as far as our account may see them.
func (l *link) waiting(ctx context.Context, to login) (lines []string, err error) {
	c, err := l.connect(ctx, &trial{to: to})
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }() // the answers have come
	for n := range maxWaiting {
		one, err := row(ctx, c, fmt.Sprintf("SELECT ID, USER, TIME, STATE, LEFT(INFO, 100) FROM information_schema.PROCESSLIST"+
			" WHERE STATE LIKE '%%lock%%' AND ID <> CONNECTION_ID() ORDER BY TIME_MS DESC LIMIT %d, 1", n))
		if err != nil {
			return nil, err
		}
		if len(one) != 5 {
			break
		}
		var f []string
		for _, v := range one {
			f = append(f, short(string(asBytes(v))))
		}
		lines = append(lines, fmt.Sprintf("PROCESSLIST: %s of %s, %s s, %s: %s", f[0], f[1], f[2], f[3], strings.TrimSpace(f[4])))
	}
	return lines, nil
}
