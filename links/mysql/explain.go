package mysql

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	sql "github.com/go-sql-driver/mysql"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// silence reports whether a trial ended because the server said nothing in time,
// or could not even be queued for: a stopped server's backlog fills up.
func silence(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, syscall.EAGAIN) || os.IsTimeout(err)
}

// silence is a hang only if the process is known to be stopped, or it is not the
// first in a row: a busy host can be slow once, and a hang is answered by a kill.
func (l *link) silence(ctx context.Context, t *trial, took time.Duration) chain.Proof {
	l.silent++
	where := t.to.address
	if pid := l.stopped(ctx); pid > 0 {
		p := chain.Broke(cause.Hung, chain.Say("mysql.stopped", "where", where, "pid", pid),
			chain.Say("mysql.stopped_hint", "pid", pid))
		p.Evidence = []string{"/proc/" + strconv.Itoa(pid) + "/stat: T"}
		return p
	}
	if p := l.locked(ctx, t); p != nil {
		l.silent = 0
		return *p
	}
	var because chain.Text
	switch t.phase {
	case connecting:
		because = chain.Say("mysql.silent_connect", "where", where, "after", took)
	case greeting:
		because = chain.Say("mysql.silent_greeting", "where", where, "after", took)
	default:
		because = chain.Say("mysql.silent_answer", "where", where, "after", took)
	}
	// A host that does not even connect over the network may be cut off, not hung.
	if l.silent >= 2 && (t.phase != connecting || t.to.network == "unix") {
		return chain.Broke(cause.Hung, because, chain.Say("mysql.hung_hint", "service", l.name()))
	}
	return chain.Broke("timeout", because, chain.Say("mysql.timeout_hint", "where", where))
}

// name is the service as a person would call it.
func (l *link) name() string {
	if l.settings.Service != "" {
		return l.settings.Service
	}
	return "mariadb"
}

// explain names what a server said, or how a connection failed.
func (l *link) explain(t *trial, err error) chain.Proof {
	var said *sql.MySQLError
	if errors.As(err, &said) {
		return l.said(t, said)
	}
	where := t.to.address
	if errors.Is(err, errEmpty) {
		p := chain.Broke("empty_database", chain.Say("mysql.empty", "database", t.to.database), chain.Say("mysql.empty_hint", "database", t.to.database))
		p.Evidence = []string{"SHOW TABLES: 0 rows"}
		return p
	}
	start := chain.Say("mysql.refused_hint", "service", l.name())
	switch {
	case t.conn != nil && t.conn.ended:
		return chain.Broke("closed", chain.Say("mysql.closed", "where", where), start)
	case errors.Is(err, sql.ErrUnknownPlugin), errors.Is(err, sql.ErrNativePassword), errors.Is(err, sql.ErrCleartextPassword):
		return chain.Untried(chain.Say("mysql.unknown_login", "user", t.to.user, "error", err.Error()),
			chain.Say("mysql.no_account_hint", "user", t.to.user))
	case t.conn != nil:
		p := chain.Broke("not_mysql", chain.Say("mysql.not_mysql", "where", where), chain.Say("mysql.not_mysql_hint"))
		p.Evidence = []string{fmt.Sprintf("it said %q", t.conn.first)}
		return p
	case errors.Is(err, syscall.ECONNREFUSED) && t.to.network == "unix":
		return chain.Broke(cause.Refused, chain.Say("mysql.stale_socket", "where", where), start)
	case errors.Is(err, syscall.ECONNREFUSED):
		return chain.Broke(cause.Refused, chain.Say("mysql.refused", "where", where), start)
	case errors.Is(err, fs.ErrNotExist):
		return chain.Broke(cause.Refused, chain.Say("mysql.no_socket", "where", where), start)
	case errors.Is(err, fs.ErrPermission):
		return chain.Untried(chain.Say("mysql.socket_denied", "where", where),
			chain.Say("mysql.socket_denied_hint", "where", where))
	}
	return chain.Broke("unreachable", chain.Say("mysql.unreachable", "where", where, "error", err.Error()),
		chain.Say("mysql.unreachable_hint", "where", where))
}

// code maps the numbers of a server's errors to stable causes. What is not here
// is "sql_error".
func code(number uint16) string {
	switch number {
	case 1045, 1698, 1862, 3118, 4151: // refused, expired or locked account
		return "wrong_password"
	case 1040, 1203, 1226:
		return "too_many_connections"
	case 1049:
		return "unknown_database"
	case 1044, 1142, 1143:
		return "access_denied"
	case 1129, 1130:
		return "host_not_allowed"
	case 1146, 1932:
		return "missing_table"
	case 1016, 1030, 1033, 1034, 1035, 1144, 1145, 1194, 1195, 1707, 1712, 1812, 1815, 1877, 1943, 145, 144:
		return "crashed_table"
	case 1021, 1114:
		return cause.DiskFull
	case 5, 1037, 1038, 1041, 1135:
		return cause.NoMemory
	case 1053, 1927:
		return "shutting_down"
	}
	return "sql_error"
}

// told reports whether a cause is one that a living server has told by itself:
// it is not started again for that.
func told(c string) bool {
	switch c {
	case "wrong_password", "too_many_connections", "unknown_database", "access_denied", "host_not_allowed",
		"missing_table", "crashed_table", "empty_database", "locked", cause.DiskFull, cause.NoMemory, "read_only", "sql_error", "not_mysql":
		return true
	}
	return false
}

func (l *link) said(t *trial, e *sql.MySQLError) chain.Proof {
	c := code(e.Number)
	because := chain.Say("mysql.said", "where", t.to.address, "number", int(e.Number), "message", short(e.Message))
	var hint chain.Text
	switch c {
	case "wrong_password":
		because = chain.Say("mysql.wrong_password", "user", t.to.user, "number", int(e.Number))
		switch {
		case t.to.file != "":
			because = chain.Say("mysql.wrong_password_file", "user", t.to.user, "file", t.to.file, "number", int(e.Number))
			hint = chain.Say("mysql.wrong_password_file_hint", "user", t.to.user, "file", t.to.file)
		case t.to.password.Reveal() == "":
			hint = chain.Say("mysql.no_account_hint", "user", t.to.user)
		default:
			hint = chain.Say("mysql.wrong_password_hint", "user", t.to.user)
		}
	case "too_many_connections":
		because = chain.Say("mysql.too_many", "where", t.to.address, "number", int(e.Number))
		hint = chain.Say("mysql.too_many_hint")
	case "unknown_database":
		because = chain.Say("mysql.unknown_database", "database", t.to.database)
		hint = chain.Say("mysql.unknown_database_hint", "database", t.to.database)
	case "access_denied":
		hint = chain.Say("mysql.access_denied_hint", "user", t.to.user, "database", t.to.database)
	case "host_not_allowed":
		hint = chain.Say("mysql.host_not_allowed_hint", "user", t.to.user)
	case "missing_table":
		because = chain.Say("mysql.missing_table", "table", t.table, "number", int(e.Number))
		hint = chain.Say("mysql.missing_table_hint", "database", t.to.database, "table", t.table)
	case "crashed_table":
		because = chain.Say("mysql.crashed_table", "table", t.table, "number", int(e.Number), "message", short(e.Message))
		hint = chain.Say("mysql.crashed_table_hint", "database", t.to.database, "table", t.table)
	case cause.DiskFull:
		hint = chain.Say("mysql.disk_full_hint")
	case cause.NoMemory:
		hint = chain.Say("mysql.no_memory_hint")
	case "shutting_down":
		hint = chain.Say("mysql.refused_hint", "service", l.name())
	default:
		hint = chain.Say("mysql.said_hint", "number", int(e.Number))
	}
	p := chain.Broke(c, because, hint)
	p.Evidence = []string{"error " + strconv.Itoa(int(e.Number)) + ": " + short(e.Message)}
	return p
}

// short makes one clean, short line of what a stranger said.
func short(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(words.Clean(strings.ToValidUTF8(s, "\uFFFD"))), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
