package main_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // to tamper with a journal
)

// TestScripts runs the real program as a person would. Besides testscript's own
// commands there are:
//
//	exits N COMMAND…      runs it; it must exit with N
//	json FILE             FILE (stdout, stderr or a file) must be one JSON value
//	lines FILE            every line of FILE must be one
//	until REGEXP COMMAND… runs it until its output matches
//	sql STATEMENTS        what somebody does who has the journal of $STATE
func TestScripts(t *testing.T) {
	bin := programs(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			e.Setenv("LANG", "en_US.UTF-8")
			e.Setenv("STATE", filepath.Join(e.WorkDir, "state"))
			e.Setenv("OMAMORI_STATE", filepath.Join(e.WorkDir, "state"))
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "json": oneJSON, "lines": jsonLines, "until": until, "sql": tamper,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var ended *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &ended) {
		code = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit %d, want %d", code, want)
	}
}

func oneJSON(ts *testscript.TestScript, neg bool, args []string) {
	if text := ts.ReadFile(args[0]); json.Valid([]byte(text)) == neg {
		ts.Fatalf("is it one JSON value? %q", text)
	}
}

func jsonLines(ts *testscript.TestScript, _ bool, args []string) {
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if !json.Valid([]byte(line)) {
			ts.Fatalf("no JSON value: %q", line)
		}
	}
}

func until(ts *testscript.TestScript, _ bool, args []string) {
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_ = ts.Exec(args[1], args[2:]...) // a failure is looked at as output
		if want.MatchString(ts.ReadFile("stdout") + ts.ReadFile("stderr")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("not within 30 seconds: %s", args[0])
		}
	}
}

// tamper frees the tables of what keeps them append-only first, as somebody with
// the file could.
func tamper(ts *testscript.TestScript, _ bool, args []string) {
	found, err := filepath.Glob(filepath.Join(ts.Getenv("STATE"), "*.db"))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("no journal in the state: %v", found)
	}
	db, err := sql.Open("sqlite", found[0])
	ts.Check(err)
	defer db.Close()
	for _, s := range append([]string{"DROP TRIGGER IF EXISTS record_stays", "DROP TRIGGER IF EXISTS record_is_kept", "DROP TRIGGER IF EXISTS record_follows"}, args...) {
		_, err := db.Exec(s)
		ts.Check(err)
	}
}
