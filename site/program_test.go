package site

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/hands"
)

// stranger is the user of a service that was taken over.
const stranger = 65534

// A pid file of a service's own names no process of another user.
func TestAPIDFileIsNotBelieved(t *testing.T) {
	needRoot(t)
	path := filepath.Join(t.TempDir(), "pid")
	put(t, path, strconv.Itoa(os.Getpid()))
	m := &Measured{file: hands.File{Services: []hands.Service{{Name: "php", PIDFile: path}}}, units: map[string]unitState{}}
	if pids, err := m.processes(t.Context()); err != nil || pids["php"] != os.Getpid() {
		t.Errorf("%v %v", pids, err)
	}
	if err := os.Chown(path, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	if pids, err := m.processes(t.Context()); err == nil {
		t.Errorf("it is believed: %v", pids)
	}
}

// Whatever a service's process calls itself, no option file of its choice is read.
func TestATitleNamesNoOptionFile(t *testing.T) {
	needRoot(t)
	if _, err := os.Stat("/usr/sbin/mariadbd"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("needs MariaDB")
	}
	mine := filepath.Join(openDir(t), "x.cnf")
	put(t, mine, "[mariadbd]\nmax_connections = 77\n")
	if err := os.Chmod(mine, 0o644); err != nil {
		t.Fatal(err)
	}
	m := &Measured{units: map[string]unitState{}}
	p := &proc{pid: os.Getpid(), title: "/usr/sbin/mariadbd\x00--defaults-file=" + mine}
	if err := m.mariadb(t.Context(), hands.Service{Name: "sql", SysV: "mariadb"}, p); err != nil {
		t.Fatal(err)
	}
	if m.SQL.Buffers.Connections == 77 {
		t.Error("its title chose what root reads")
	}
	// What the unit says, root wrote.
	m.units["sql"] = unitState{argv: []string{"/usr/sbin/mariadbd", "--defaults-file=" + mine}}
	if err := m.mariadb(t.Context(), hands.Service{Name: "sql", Systemd: "mariadb.service"}, p); err != nil || m.SQL.Buffers.Connections != 77 {
		t.Errorf("%+v %v", m.SQL, err)
	}
}

// Only a program counts that nobody but root could have written.
func TestAProgramOfOthersIsNotRun(t *testing.T) {
	needRoot(t)
	dir := openDir(t)
	program := filepath.Join(dir, "php-fpm")
	b, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, b, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	if got, err := programOf("php", cmd.Process.Pid); err != nil || got != program {
		t.Errorf("%q %v", got, err)
	}
	refused := func(what string) {
		t.Helper()
		m := &Measured{}
		err := m.fpm(t.Context(), hands.Service{Name: "php", SysV: "php"}, hands.Tune{Pool: "www"}, &proc{pid: cmd.Process.Pid}, nil)
		if p, ok := err.(*Problem); !ok || p.text.Key != "site.tune_foreign" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	refused("a folder that all may write")
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(program, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	refused("a program of another's")
}

// Programs are asked as whoever runs them, MariaDB never as root.
func TestProgramsAreAskedAsTheirUser(t *testing.T) {
	needRoot(t)
	dir := openDir(t)
	said := filepath.Join(dir, "said")
	program := filepath.Join(dir, "program")
	put(t, program, "#!/bin/sh\nid -u >"+said+"\nexit 1\n")
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, said, "")
	if err := os.Chmod(said, 0o666); err != nil {
		t.Fatal(err)
	}
	who, err := findUser("nobody")
	if err != nil {
		t.Fatal(err)
	}
	as := func() string {
		b, err := os.ReadFile(said)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	m := &Measured{}
	s := hands.Service{Name: "x", Child: &hands.Child{Argv: []string{program}, User: "nobody"}}
	if m.mariadb(t.Context(), s, nil); as() != fmt.Sprint(who.uid) {
		t.Errorf("MariaDB is asked as %s", as())
	}
	put(t, said, "")
	if m.fpm(t.Context(), s, hands.Tune{}, nil, nil); as() != fmt.Sprint(who.uid) {
		t.Errorf("PHP is asked as %s", as())
	}
	put(t, said, "")
	s.Child.User = ""
	if m.mariadb(t.Context(), s, nil); as() == "0" || as() == "" {
		t.Errorf("MariaDB is asked as %q", as())
	}
	if who, err := runsAs(hands.Service{}, &proc{user: owner{stranger, stranger}}); err != nil || who.uid != stranger {
		t.Errorf("%+v %v", who, err)
	}
}
