// Package mysql is the kind "mysql": a MariaDB or MySQL server answers SQL, and
// the tables that matter can be read.
package mysql

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/user"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/words"
	"github.com/omamori-guard/omamori/wpconfig"
)

type settings struct {
	Socket   string       `yaml:"socket" doc:"the server's Unix socket"`
	Address  string       `yaml:"address" doc:"host:port of the server, in place of a socket"`
	User     string       `yaml:"user" doc:"who logs in; by default the account that the guard runs as"`
	Password chain.Secret `yaml:"password" doc:"where the password is: file:PATH, env:NAME or credential:NAME"`
	Database string       `yaml:"database" doc:"the database to use"`
	WPConfig string       `yaml:"wp_config" doc:"a wp-config.php: address, user, password, database and prefix are read from it"`
	Prefix   string       `yaml:"prefix" doc:"what WordPress's tables begin with"`
	Posts    bool         `yaml:"posts" doc:"also read the newest published post, and the site's own address among the options"`
	Table    string       `yaml:"table" doc:"also read a row of this table"`
	Replica  bool         `yaml:"replica" doc:"the server is meant to be read-only"`
	Service  string       `yaml:"service" doc:"the service that hands start again to mend it"`
}

const example = `socket: /run/mysqld/mysqld.sock
user: omamori
service: mariadb
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("mysql", example, settings{Prefix: "wp_"}, build)
	k.Beat, k.Timeout = "5s", "2s"
	return k
}

// tableName is what a table may be called without trouble in a query; a database
// may stand before it.
func tableName(s string) bool {
	parts := strings.Split(s, ".")
	for _, p := range parts {
		strange := func(c rune) bool {
			return !unicode.IsLetter(c) && !unicode.IsNumber(c) && !strings.ContainsRune("_$-", c)
		}
		if n := utf8.RuneCountInString(p); n < 1 || n > 64 || strings.ContainsFunc(p, strange) {
			return false
		}
	}
	return len(parts) <= 2
}

func build(s settings, at chain.Place) (chain.Prover, error) {
	var bad []error
	wrong := func(field string, text chain.Text) {
		bad = append(bad, &chain.SettingError{Field: field, Text: text})
	}
	if s.WPConfig != "" {
		for field, value := range map[string]string{
			"address": s.Address, "user": s.User, "password": string(s.Password), "database": s.Database,
		} {
			if value != "" {
				wrong(field, chain.Say("mysql.set_twice", "field", field))
			}
		}
	}
	if s.Socket != "" && s.Address != "" {
		wrong("address", chain.Say("mysql.socket_and_address"))
	}
	if s.Address != "" {
		if _, port, err := net.SplitHostPort(s.Address); err != nil || port == "" {
			wrong("address", chain.Say("mysql.bad_address", "value", s.Address))
		}
	}
	if s.Table != "" && !tableName(s.Table) {
		wrong("table", chain.Say("mysql.bad_table", "value", s.Table))
	}
	if s.Prefix != "" && !tableName(s.Prefix) {
		wrong("prefix", chain.Say("mysql.bad_table", "value", s.Prefix))
	}
	if s.Posts && s.WPConfig == "" && s.Database == "" {
		wrong("posts", chain.Say("mysql.posts_where"))
	}
	if len(bad) > 0 {
		slices.SortFunc(bad, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return nil, errors.Join(bad...)
	}
	if s.Socket == "" && s.Address == "" && s.WPConfig == "" {
		s.Socket = wpconfig.DefaultSocket
	}
	if s.User == "" && s.WPConfig == "" {
		if u, err := user.Current(); err == nil {
			s.User = u.Username
		}
	}
	return &link{settings: s, at: at, source: source{settings: s, hands: at.Hands}}, nil
}

// link proves that a server answers.
type link struct {
	settings settings
	at       chain.Place
	source   source
	// silent counts the proofs in a row that ended in silence: a busy host can
	// be slow once, and is not to be killed for it.
	silent int
	// peer is the process that was last seen to listen.
	peer probe.Peer
}

var (
	_ chain.Mender  = (*link)(nil)
	_ chain.Watcher = (*link)(nil)
)

func (l *link) Service() string { return l.settings.Service }

// Plan restarts nothing for what a living server has said by itself.
func (l *link) Plan(p chain.Proof, e chain.Evidence) chain.Plan {
	if p.Cause == "too_many_connections" && len(e.Clients) > 0 {
		return tooMany(p, e.Clients)
	}
	if told(p.Cause) {
		return chain.Plan{Cause: p.Cause, Why: p.Because, Evidence: p.Evidence, Next: p.Hint}
	}
	return cause.Plan(p, e)
}

// tooMany names who holds the connections.
func tooMany(p chain.Proof, clients []chain.Client) chain.Plan {
	all := 0
	for _, c := range clients {
		all += c.Count
		line := fmt.Sprintf("%d connections of %s", c.Count, words.Clean(c.Name))
		if c.PID > 0 {
			line = fmt.Sprintf("%s (pid %d, user %s)", line, c.PID, words.Clean(c.User))
		}
		p.Evidence = append(p.Evidence, line)
	}
	c := clients[0]
	plan := chain.Plan{Cause: p.Cause, Evidence: p.Evidence}
	if c.PID == 0 {
		plan.Why = chain.Say("mysql.too_many_from", "count", c.Count, "all", all, "host", c.Name)
		plan.Next = chain.Say("mysql.too_many_from_hint", "host", c.Name)
		return plan
	}
	plan.Why = chain.Say("mysql.too_many_by", "count", c.Count, "all", all, "name", c.Name, "pid", c.PID, "user", c.User)
	plan.Next = chain.Say("mysql.too_many_by_hint", "name", c.Name, "pid", c.PID)
	return plan
}

var errNoService = errors.New("no service to watch")

// Watch wakes when the server's process has ended.
func (l *link) Watch(ctx context.Context, wake func()) error {
	if l.settings.Service == "" || l.at.Hands == nil {
		return errNoService
	}
	return l.at.Hands.Watch(ctx, l.settings.Service, wake)
}
