package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/linux"
)

// Options say what is put back, and how far that may go.
type Options struct {
	Dump string
	// Table is one that must have rows, where there are no posts of a WordPress; "" for those.
	Table string
	// Tmp is the folder in which all is made; "" is /var/tmp.
	Tmp string
	// User is who runs it if this is root, "" for nobody.
	User string
	// Most is how many bytes of disk it may take, Longest how long.
	Most    int64
	Longest time.Duration
	// Confine is called once everything outside Tmp is open, before anything of the dump
	// is read; nil does nothing.
	Confine func(tmp string) error
}

// Result is what was read of the dump, once it was put back.
type Result struct {
	Tables int `json:"tables"`
	// Rows are of the table that was asked for, or published posts.
	Rows int `json:"rows"`
	// Newest is the newest post's day, "" without one.
	Newest string        `json:"newest,omitempty"`
	Bytes  int64         `json:"bytes"` // of the dump, unpacked
	Took   time.Duration `json:"took"`
}

// Failure is a dump that cannot be put back. Other errors say that it could not be tried.
type Failure struct {
	Code string // load, empty, too_large, too_long, unpack
	Said string // what the server, or we, said
}

func (e *Failure) Error() string { return e.Code + ": " + e.Said }

const (
	// floor is how much of the disk is left to others.
	floor = 256 << 20
	// starts is how long the server may take to start.
	starts = 2 * time.Minute
	look   = 200 * time.Millisecond
)

// rights are what the dump's statements may do: fill tables of any database, and nothing
// to the server or to files. Nobody else is left, in whose name a dump could have a
// procedure or a trigger run.
const rights = `CREATE DATABASE restored;
CREATE USER drill@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, LOCK TABLES, CREATE VIEW, SHOW VIEW, TRIGGER, CREATE ROUTINE, ALTER ROUTINE, EVENT, CREATE TEMPORARY TABLES, EXECUTE, SET USER, BINLOG ADMIN ON *.* TO drill@localhost;
DELETE FROM mysql.global_priv WHERE User <> 'drill' AND User <> 'mariadb.sys';
FLUSH PRIVILEGES;
`

// drill is one at work.
type drill struct {
	Options
	dir  string
	cred *syscall.Credential // nil for whom we are
	in   *counted
}

// Do puts a dump back and reads it. Nothing is left of it afterwards.
func Do(ctx context.Context, o Options) (res Result, err error) {
	began := time.Now()
	for _, name := range []string{"mariadbd", "mariadb-install-db", "mariadb"} {
		if _, err := exec.LookPath(name); err != nil {
			return res, fmt.Errorf("find MariaDB's programs: %w", err)
		}
	}
	in, err := Open(o.Dump)
	if err != nil {
		return res, err
	}
	defer in.Close()
	d := &drill{Options: o, in: &counted{r: in}}
	if err := d.makeDir(); err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	if o.Confine != nil {
		if err := o.Confine(d.dir); err != nil {
			return res, err
		}
	}
	ctx, stop := context.WithTimeoutCause(ctx, o.Longest, &Failure{"too_long", o.Longest.String()})
	defer stop()
	ctx, end := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() { defer close(watched); d.watch(ctx, end) }()
	defer func() { end(nil); <-watched }()

	// The children end with the thread that has started them.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var halt func()
	if halt, err = d.start(ctx); err == nil {
		defer halt()
		res, err = d.run(ctx)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	res.Bytes, res.Took = d.in.n, time.Since(began).Round(time.Millisecond)
	return res, err
}

func (d *drill) makeDir() (err error) {
	tmp := d.Tmp
	if tmp == "" {
		tmp = "/var/tmp"
	}
	if d.dir, err = os.MkdirTemp(tmp, "omamori-restore-"); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		name := d.User
		if name == "" {
			name = "nobody"
		}
		u, err := user.Lookup(name)
		if err != nil {
			return err
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err, err2); err != nil || uid == 0 {
			return fmt.Errorf("user %s: %w", name, errors.Join(err, errors.New("must not be root")))
		}
		d.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	for _, name := range []string{".", "data", "tmp", "plugins"} {
		path := filepath.Join(d.dir, name)
		if name != "." {
			if err := os.Mkdir(path, 0o700); err != nil {
				return err
			}
		}
		if d.cred != nil && name != "plugins" { // what may be loaded is nobody's to write
			if err := os.Chown(path, int(d.cred.Uid), int(d.cred.Gid)); err != nil {
				return err
			}
		}
	}
	if err := os.Chmod(d.at("plugins"), 0o555); err != nil {
		return err
	}
	if err := os.WriteFile(d.at("rights.sql"), []byte(rights), 0o444); err != nil {
		return err
	}
	return os.Chmod(d.at("rights.sql"), 0o444) // whatever the umask
}

func (d *drill) at(name string) string { return filepath.Join(d.dir, name) }

// command makes a child that comes after everybody else on this machine: for the processor,
// the disk, and when memory runs out. It ends when we do.
func (d *drill) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	polite := []string{"-n", "19", "ionice", "-c", "3", "prlimit", "--core=0", "--fsize=" + strconv.FormatInt(d.Most, 10), "--nproc=512", name}
	c := exec.CommandContext(ctx, "nice", append(polite, args...)...)
	c.Dir = d.at("tmp")
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + d.at("tmp"), "TMPDIR=" + d.at("tmp"), "LC_ALL=C"}
	c.SysProcAttr = linux.EndWithUs(syscall.SIGKILL)
	c.SysProcAttr.Credential, c.SysProcAttr.Setpgid = d.cred, true
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = 5 * time.Second
	return c
}

// start makes the server and starts it; halt ends it.
func (d *drill) start(ctx context.Context) (halt func(), err error) {
	var said tail
	install := d.command(ctx, "mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
		"--innodb-log-file-size=4M", "--datadir="+d.at("data"))
	install.Stdout, install.Stderr = &said, &said
	if err := install.Run(); err != nil {
		return nil, fmt.Errorf("make a data folder: %w: %s", err, said.why())
	}
	serving, stop := context.WithCancel(ctx)
	server := d.command(serving, "mariadbd", "--no-defaults", "--skip-networking", "--datadir="+d.at("data"), "--socket="+d.at("tmp/s"),
		"--pid-file="+d.at("tmp/pid"), "--tmpdir="+d.at("tmp"), "--secure-file-priv="+d.at("plugins"), "--plugin-dir="+d.at("plugins"),
		"--init-file="+d.at("rights.sql"), "--local-infile=0", "--skip-symbolic-links", "--event-scheduler=OFF", "--skip-log-bin",
		"--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0",
		"--performance-schema=0", "--max-connections=5", "--max-allowed-packet=256M", "--character-set-server=utf8mb4")
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		stop()
		return nil, err
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Wait() }()
	halt = func() { stop(); <-ended }
	for deadline := time.Now().Add(starts); ; {
		if _, err := d.ask(ctx, "SELECT 1"); err == nil {
			return halt, nil
		} else if time.Now().After(deadline) || ctx.Err() != nil {
			halt()
			return nil, fmt.Errorf("start a MariaDB: %w: %s", err, said.why())
		}
		select {
		case <-ended:
			halt()
			return nil, fmt.Errorf("start a MariaDB: %s", said.why())
		case <-time.After(look):
		}
	}
}

func (d *drill) run(ctx context.Context) (Result, error) {
	if err := d.load(ctx); err != nil {
		return Result{}, err
	}
	return d.read(ctx)
}

// client is the program that talks to the server. In binary mode it obeys no commands of
// its own that stand in what it reads, such as one to run a shell.
func (d *drill) client(ctx context.Context, more ...string) *exec.Cmd {
	args := append([]string{"--no-defaults", "--binary-mode", "--batch", "--skip-column-names", "--local-infile=0", "--max-allowed-packet=256M",
		"--default-character-set=utf8mb4", "--user=drill", "--socket=" + d.at("tmp/s")}, more...)
	return d.command(ctx, "mariadb", args...)
}

func (d *drill) load(ctx context.Context) error {
	var said tail
	c := d.client(ctx, "restored")
	c.Stdin, c.Stderr = d.in, &said
	err := c.Run()
	switch {
	case d.in.err != nil: // the client took a broken end for the end
		return &Failure{"unpack", d.in.err.Error()}
	case err != nil && ctx.Err() == nil:
		return &Failure{"load", quoted.ReplaceAllString(said.last(), "'…'")}
	}
	return err
}

// quoted is what a server quotes of a statement: it can be somebody's password.
var quoted = regexp.MustCompile(`'.*'|'.*$`)

// ask asks the server something of ours.
func (d *drill) ask(ctx context.Context, query string) ([]string, error) {
	var said, answer tail
	c := d.client(ctx, "-e", query)
	c.Stdout, c.Stderr = &answer, &said
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, said.last())
	}
	return strings.Split(strings.TrimSuffix(answer.String(), "\n"), "\t"), nil
}

// theirs are the databases that came with the dump.
const theirs = "table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') AND table_type = 'BASE TABLE'"

func (d *drill) read(ctx context.Context) (res Result, err error) {
	number := func(query string) (n int, err error) {
		row, err := d.ask(ctx, query)
		if err != nil {
			return 0, &Failure{"load", err.Error()}
		}
		return strconv.Atoi(row[0])
	}
	if res.Tables, err = number("SELECT COUNT(*) FROM information_schema.tables WHERE " + theirs); err != nil {
		return res, err
	}
	named := "table_name LIKE '%posts' AND EXISTS (SELECT 1 FROM information_schema.columns c WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.column_name = 'post_status')"
	if d.Table != "" {
		named = "table_name = '" + d.Table + "'" // its letters are checked with the settings
	}
	// Names of a dump's own go into no statement of ours unquoted.
	at, err := d.ask(ctx, "SELECT CONCAT('`', REPLACE(table_schema, '`', '``'), '`.`', REPLACE(table_name, '`', '``'), '`') FROM information_schema.tables t WHERE "+theirs+" AND "+named+" ORDER BY table_rows DESC LIMIT 1")
	if err != nil || at[0] == "" {
		return res, errors.Join(err, &Failure{"empty", strconv.Itoa(res.Tables)})
	}
	if d.Table != "" {
		res.Rows, err = number("SELECT COUNT(*) FROM " + at[0])
	} else {
		var row []string
		// The length of the content has the server read the rows themselves.
		row, err = d.ask(ctx, "SELECT COUNT(*), IFNULL(DATE(MAX(post_date)), ''), SUM(LENGTH(post_content)) FROM "+at[0]+" WHERE post_status = 'publish' AND post_type = 'post'")
		if err == nil && len(row) == 3 {
			res.Rows, err = strconv.Atoi(row[0])
			res.Newest = row[1]
		}
	}
	if err == nil && res.Rows == 0 {
		err = &Failure{"empty", strconv.Itoa(res.Tables)}
	}
	return res, err
}

// watch ends the drill when it takes more of the disk than it may.
func (d *drill) watch(ctx context.Context, end context.CancelCauseFunc) {
	for t := time.NewTicker(look); ; {
		var fs syscall.Statfs_t
		if err := syscall.Statfs(d.dir, &fs); err == nil && fs.Bavail*uint64(fs.Bsize) < floor {
			end(&Failure{"too_large", "the disk is nearly full"})
		}
		if size(d.dir) > d.Most {
			end(&Failure{"too_large", strconv.FormatInt(d.Most, 10)})
		}
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// size is what a folder takes of the disk.
func size(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err != nil {
			return nil // it has just gone
		}
		if st, err := e.Info(); err == nil {
			if s, ok := st.Sys().(*syscall.Stat_t); ok {
				sum += s.Blocks * 512
			}
		}
		return nil
	})
	return sum
}

// counted counts what was read, and keeps an error that is not the end.
type counted struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-keptEnd):]
	return len(p), nil
}

func (t *tail) String() string { return string(t.b) }

// why is the first error of a server's log, or the last line: after the error that ends it
// a server says that it ends.
func (t *tail) why() string {
	for line := range strings.Lines(t.String()) {
		if strings.Contains(line, "[ERROR]") {
			return strings.TrimSpace(line)
		}
	}
	return t.last()
}

// last is the last line.
func (t *tail) last() string {
	s := strings.TrimSpace(string(t.b))
	return s[strings.LastIndexByte(s, '\n')+1:]
}
