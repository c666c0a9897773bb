package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
)

// server is a MariaDB with a datadir of its own. Whoever starts it runs Argv.
type server struct {
	dir         string
	socket, pid string
	uid, gid    int
	db          *sql.DB
	argv        []string
}

// newServer makes a datadir below dir.
func newServer(ctx context.Context, dir string) (*server, error) {
	u, err := user.Lookup("mysql")
	if err != nil {
		return nil, err
	}
	run := filepath.Join(dir, "run") // the folder itself stays ours: hands wants that of its file
	s := &server{dir: dir, socket: filepath.Join(run, "sock"), pid: filepath.Join(run, "pid")}
	s.uid, _ = strconv.Atoi(u.Uid)
	s.gid, _ = strconv.Atoi(u.Gid)
	if err := os.MkdirAll(run, 0o755); err != nil {
		return nil, err
	}
	if err := os.Chown(run, s.uid, s.gid); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	install := exec.CommandContext(ctx, "mariadb-install-db", "--no-defaults", "--user=mysql", "--datadir="+data,
		"--auth-root-authentication-method=socket", "--skip-test-db", "--innodb-log-file-size=16M")
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mariadb-install-db: %w: %s", err, out)
	}
	s.argv = []string{"/usr/sbin/mariadbd", "--no-defaults", "--user=mysql", "--datadir=" + data, "--socket=" + s.socket,
		"--pid-file=" + s.pid, "--skip-networking", "--innodb-log-file-size=16M", "--innodb-buffer-pool-size=64M",
		"--performance-schema=OFF", "--log-error=" + filepath.Join(run, "error.log")}
	// A driver that logs each refused try would drown the table.
	_ = mysql.SetLogger(log.New(io.Discard, "", 0))
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr, c.Timeout, c.ReadTimeout = "root", "unix", s.socket, time.Second, 200*time.Millisecond
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	s.db = sql.OpenDB(connector)
	s.db.SetMaxIdleConns(0) // each try is a connection of its own
	return s, nil
}

// answers waits until SELECT 1 is answered, trying every millisecond.
func (s *server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	for {
		var one int
		err := s.db.QueryRowContext(ctx, "SELECT 1").Scan(&one)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("MariaDB does not answer: %w", err)
		case <-time.After(time.Millisecond):
		}
	}
}

// mainPID reads the pid file.
func (s *server) mainPID() (int, error) {
	b, err := os.ReadFile(s.pid)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

// hit sends sig to the server and returns how long it took until the next answer.
func (s *server) hit(ctx context.Context, sig syscall.Signal) (time.Duration, error) {
	pid, err := s.mainPID()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := syscall.Kill(pid, sig); err != nil {
		return 0, err
	}
	if sig == syscall.SIGKILL {
		// The answer that counts is the next server's, not the dying one's.
		for {
			if now, err := s.mainPID(); err != nil || now != pid || dead(pid) {
				break
			}
			if time.Since(began) > time.Minute {
				return 0, errors.New("the killed MariaDB does not die")
			}
		}
	}
	err = s.answers(ctx)
	return time.Since(began), err
}

// dead reports whether no process, or only a zombie, has this id.
func dead(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, after, _ := strings.Cut(string(b), ") ")
	return strings.HasPrefix(after, "Z")
}

// stop ends the server for good, whoever looks after it having been stopped.
func (s *server) stop() {
	pid, err := s.mainPID()
	if err != nil || dead(pid) {
		return
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	for range 5000 {
		if dead(pid) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
