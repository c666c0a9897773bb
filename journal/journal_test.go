package journal

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

func open(t *testing.T, dir string, o Options) *Journal {
	t.Helper()
	j, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func closed(t *testing.T, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

func add(t *testing.T, j *Journal, n int) {
	t.Helper()
	for i := range n {
		e := Entry{At: time.Now(), What: "verdict", Link: "sql", Incident: "i" + strconv.Itoa(i),
			Text: chain.Say("guard.started", "n", i), Body: map[string]int{"n": i}}
		if err := j.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func verify(t *testing.T, dir string, kept *Head) Report {
	t.Helper()
	r, err := OpenRead(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	report, err := r.Verify(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestRecordsComeBack(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	add(t, j, 5)
	if err := j.Append(t.Context(), Entry{At: time.Now(), What: "deed", Link: "web"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f    Filter
		want string
	}{
		{Filter{}, "1 2 3 4 5 6"},
		{Filter{Newest: true, Limit: 2}, "5 6"},
		{Filter{After: 4}, "5 6"},
		{Filter{Link: "web"}, "6"},
		{Filter{What: "verdict", Limit: 1}, "1"},
		{Filter{Incident: "i3"}, "4"},
		{Filter{Since: time.Now().Add(time.Hour)}, ""},
	} {
		records, err := j.Records(t.Context(), c.f)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range records {
			got = append(got, strconv.FormatInt(r.Seq, 10))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %v, want %s", c.f, got, c.want)
		}
	}
	closed(t, j)
	j = open(t, dir, Options{}) // goes on where it was
	add(t, j, 1)
	closed(t, j)
	if r := verify(t, dir, nil); !r.Fault.IsZero() || r.Records != 7 || r.Head.Seq != 7 {
		t.Errorf("%+v", r)
	}
}

func TestFollow(t *testing.T) {
	j := open(t, t.TempDir(), Options{})
	defer closed(t, j)
	add(t, j, 2)
	ctx, cancel := context.WithCancel(t.Context())
	records := j.Follow(ctx, 1)
	if r := <-records; r.Seq != 2 {
		t.Errorf("got %d", r.Seq)
	}
	add(t, j, 1)
	if r := <-records; r.Seq != 3 {
		t.Errorf("got %d", r.Seq)
	}
	cancel()
	for range records {
	}
}

func TestTriggersKeepRecords(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	add(t, j, 3)
	closed(t, j)
	db := raw(t, dir)
	for _, q := range []string{
		"UPDATE record SET what = 'x'", "DELETE FROM record WHERE seq = 1",
		"INSERT INTO record SELECT 9, at, what, link, incident, content, hash FROM record WHERE seq = 1",
	} {
		if _, err := db.Exec(q); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", q, err)
		}
	}
}

// raw opens the database without its guard.
func raw(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", source(filepath.Join(dir, fileName), "rw"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Whoever can write the file can get past the triggers; the chain tells all the same.
func TestVerifyFinds(t *testing.T) {
	const free = "DROP TRIGGER record_stays; DROP TRIGGER record_is_kept; DROP TRIGGER record_follows; DROP TRIGGER checkpoint_stays; DROP TRIGGER checkpoint_is_kept;"
	for name, c := range map[string]struct{ do, want string }{
		"altered content": {`UPDATE record SET content = cast(replace(cast(content AS TEXT), '"n":4', '"n":5') AS BLOB) WHERE seq = 5`, "record 5 was altered"},
		"altered column":  {"UPDATE record SET what = 'deed' WHERE seq = 4", "record 4 was altered"},
		"altered hash":    {"UPDATE record SET hash = zeroblob(32) WHERE seq = 6", "record 6 was altered"},
		"short hash":      {"UPDATE record SET hash = x'00' WHERE seq = 6", "record 6 was altered"},
		"dropped":         {"DELETE FROM record WHERE seq = 3", "records 3 to 3 are missing"},
		"dropped first":   {"DELETE FROM record WHERE seq <= 2", "records 1 to 2 are missing"},
		"reordered":       {"UPDATE record SET seq = -1 WHERE seq = 2; UPDATE record SET seq = 2 WHERE seq = 3; UPDATE record SET seq = 3 WHERE seq = -1", "record 2 was altered"},
		"cut tail":        {"DELETE FROM record WHERE seq > 7", "the end was cut off"},
		"false checkpoint": {
			"INSERT INTO checkpoint SELECT 3, hash, 0, zeroblob(32), zeroblob(64) FROM record WHERE seq = 3; DELETE FROM record WHERE seq <= 3",
			"not signed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := open(t, dir, Options{})
			add(t, j, 9)
			closed(t, j)
			head := verify(t, dir, nil).Head
			if _, err := raw(t, dir).Exec(free + c.do); err != nil {
				t.Fatal(err)
			}
			r := verify(t, dir, &head)
			if got := words.English.Say(r.Fault); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Under a public key of zeros, which is of small order, a signature of zeros counts for
// some messages: whoever needs no key to sign must not be believed.
func TestVerifyRefusesAKeyOfZeros(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	add(t, j, 3)
	closed(t, j)
	var h Head
	at := int64(0)
	for !ed25519.Verify(make([]byte, ed25519.PublicKeySize), signed(h, at), make([]byte, ed25519.SignatureSize)) {
		at++
	}
	if _, err := raw(t, dir).Exec("INSERT INTO checkpoint VALUES (0, zeroblob(32), ?, zeroblob(32), zeroblob(64))", at); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, dir, nil); r.Fault.Key != "journal.bad_checkpoint" {
		t.Errorf("got %v", r.Fault)
	}
}

func TestARewrittenJournalIsNotTheOneThatWasKept(t *testing.T) {
	var heads [2]Head
	dir := ""
	for i := range heads {
		dir = t.TempDir()
		j := open(t, dir, Options{})
		add(t, j, 3)
		closed(t, j)
		heads[i] = verify(t, dir, nil).Head
	}
	if r := verify(t, dir, &heads[1]); !r.Fault.IsZero() {
		t.Errorf("own head: %v", r.Fault)
	}
	if r := verify(t, dir, &heads[0]); r.Fault.Key != "journal.other" {
		t.Errorf("another's head: %v", r.Fault)
	}
}

func TestHead(t *testing.T) {
	h := Head{7, Hash{1, 2, 3}}
	if got, err := ParseHead(h.String()); got != h || err != nil {
		t.Errorf("%v %v", got, err)
	}
	for _, s := range []string{"", "7", ":", "x:00", "7:zz", "-1:" + strings.Repeat("0", 64)} {
		if _, err := ParseHead(s); err == nil {
			t.Errorf("%q is a head", s)
		}
	}
}

func TestPruneForgetsAPrefix(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{Keep: time.Hour})
	for i, age := range []time.Duration{3, 2, 0, 2} { // the last is young in its place
		e := Entry{At: time.Now().Add(-age * time.Hour), What: "verdict", Text: chain.Say("x", "n", i)}
		if err := j.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := j.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	records, err := j.Records(t.Context(), Filter{})
	if err != nil || len(records) != 2 || records[0].Seq != 3 {
		t.Errorf("%v %v", records, err)
	}
	add(t, j, 1)
	closed(t, j)
	if r := verify(t, dir, nil); !r.Fault.IsZero() || r.Head.Seq != 5 {
		t.Errorf("%+v", r)
	}
	if r := verify(t, dir, &Head{Seq: 1}); r.Fault.Key != "journal.pruned_past" {
		t.Errorf("%+v", r)
	}
}

func TestASecondIsRefusedByName(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	_, err := Open(dir, Options{})
	var locked *Locked
	if !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("got %v", err)
	}
	closed(t, j)
	closed(t, open(t, dir, Options{}))
}

func TestADamagedJournalIsPutAside(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"truncated": func(path string) error { return os.Truncate(path, 5000) },
		"garbage":   func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("garbage ", 2000)), 0o600) },
		"empty":     func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := open(t, dir, Options{})
			add(t, j, 50)
			closed(t, j)
			if err := harm(filepath.Join(dir, fileName)); err != nil {
				t.Fatal(err)
			}
			j = open(t, dir, Options{})
			add(t, j, 1)
			records, err := j.Records(t.Context(), Filter{})
			if err != nil {
				t.Fatal(err)
			}
			closed(t, j)
			aside, err := filepath.Glob(filepath.Join(dir, fileName+".damaged-*"))
			if err != nil {
				t.Fatal(err)
			}
			if name != "empty" && (len(aside) == 0 || len(records) != 2 || records[0].Text.Key != "journal.put_aside") {
				t.Errorf("%v %+v", aside, records)
			}
		})
	}
}

// smallDisk mounts a file system of its own, in which a disk can be full or made
// read-only.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must run this as root")
		}
		t.Skip("mounts a file system: needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestAFullDisk(t *testing.T) {
	dir := smallDisk(t)
	var said []string
	j := open(t, dir, Options{Syslog: func(s string) { said = append(said, s) }})
	add(t, j, 3)
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{64 << 10, 512} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	f.Close()
	waited := 0
	for i := range 200 { // what is allocated already may still take some
		switch err := j.Append(t.Context(), Entry{At: time.Now(), What: "deed", Body: strings.Repeat("x", 1000) + strconv.Itoa(i)}); {
		case errors.Is(err, ErrWaiting):
			waited++
		case err != nil:
			t.Fatal(err)
		}
	}
	trouble, bad := j.Trouble()
	if waited == 0 || !bad || len(said) != waited {
		t.Fatalf("%d waited, %d said, %v", waited, len(said), trouble)
	}
	if !strings.Contains(words.English.Say(trouble), "the disk is full") {
		t.Errorf("said %q", words.English.Say(trouble))
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	add(t, j, 1)
	if _, bad := j.Trouble(); bad {
		t.Error("still in trouble")
	}
	records, err := j.Records(t.Context(), Filter{})
	if err != nil || len(records) != 204 {
		t.Errorf("%d records, %v", len(records), err)
	}
	closed(t, j)
	if r := verify(t, dir, nil); !r.Fault.IsZero() {
		t.Errorf("%v", r.Fault)
	}
}

func TestAReadOnlyDisk(t *testing.T) {
	dir := smallDisk(t)
	j := open(t, dir, Options{})
	add(t, j, 3)
	closed(t, j)
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir, Options{})
	if err := j.Append(t.Context(), Entry{At: time.Now(), What: "deed"}); !errors.Is(err, ErrWaiting) {
		t.Errorf("got %v", err)
	}
	if err := j.SaveState(t.Context(), "k", []byte("v")); !errors.Is(err, ErrWaiting) {
		t.Errorf("got %v", err)
	}
	if b, err := j.LoadState(t.Context(), "k"); string(b) != "v" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	if _, bad := j.Trouble(); !bad {
		t.Error("no trouble")
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	add(t, j, 1)
	closed(t, j)
	if r := verify(t, dir, nil); !r.Fault.IsZero() || r.Records != 5 {
		t.Errorf("%+v", r)
	}
}

// A record that came while another was refused may be taken: it has a try of its own.
func TestRefusedOnlyIfTried(t *testing.T) {
	j := &Journal{o: Options{Syslog: func(string) {}}}
	tried, late := newPending(Entry{What: "deed"}), newPending(Entry{What: "deed"})
	j.enqueue(tried)
	batch := j.waiting
	j.enqueue(late)
	j.settle(batch, nil, 0, syscall.EROFS)
	if err := <-tried.result; !errors.Is(err, ErrWaiting) {
		t.Errorf("what was tried is told %v", err)
	}
	select {
	case err := <-late.result:
		t.Errorf("what was not tried is told %v", err)
	default:
	}
}

// What is noted while the disk refuses goes to the system's log once, waits, and is
// written before what is appended after it.
func TestNoteWaitsForTheDisk(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, fileName)
	if err := os.Mkdir(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 10)
	j := open(t, dir, Options{Syslog: func(line string) { lines <- line }})
	j.Note(Entry{At: time.Now(), What: "verdict", Link: "noted", Text: chain.Say("guard.stopped")})
	if line := <-lines; !strings.Contains(line, "noted") {
		t.Errorf("the system's log has %q", line)
	}
	if _, bad := j.Trouble(); !bad {
		t.Error("no trouble is said")
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	add(t, j, 1)
	closed(t, j)
	if n := len(lines); n > 0 {
		t.Errorf("%d more lines went to the system's log", n)
	}
	r, err := OpenRead(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, err := r.Records(t.Context(), Filter{})
	if err != nil || len(all) != 2 || all[0].Link != "noted" {
		t.Errorf("got %+v, %v", all, err)
	}
}

func TestState(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	for _, v := range []string{"a", "b"} {
		if err := j.SaveState(t.Context(), "k", []byte(v)); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, j)
	j = open(t, dir, Options{})
	defer closed(t, j)
	if b, err := j.LoadState(t.Context(), "k"); string(b) != "b" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	if b, err := j.LoadState(t.Context(), "none"); b != nil || err != nil {
		t.Errorf("%q %v", b, err)
	}
}

func TestFigures(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	now := time.Now()
	at := now.Truncate(time.Hour).Add(-2 * time.Hour)
	for i := range 90 { // an hour and a half, one proof a minute
		p := chain.Proof{Verdict: chain.Holds, At: at.Add(time.Duration(i) * time.Minute), Took: time.Duration(i) * time.Millisecond,
			Figures: []chain.Figure{{Name: "n", Value: float64(i)}}}
		if i == 10 {
			p.Verdict = chain.Broken
		}
		j.Proof("sql", p)
	}
	old := chain.Proof{Verdict: chain.Holds, At: now.Add(-keepMinutes - time.Hour)}
	j.Proof("sql", old)
	old.Verdict = chain.Broken
	old.At = old.At.Add(-time.Minute)
	j.Proof("sql", old)
	closed(t, j)
	j = open(t, dir, Options{})
	if err := j.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer closed(t, j)
	r, err := OpenRead(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	minutes, err := r.Plot(t.Context(), "sql", at)
	if err != nil || len(minutes) != 90 || minutes[10].Broken != 1 || minutes[9].Holds != 1 || minutes[89].Figures[0].Value != 89 {
		t.Fatalf("%d minutes: %v", len(minutes), err)
	}
	hours, err := r.Plot(t.Context(), "sql", now.Add(-keepFailures))
	if err != nil {
		t.Fatal(err)
	}
	var last Point
	for _, p := range hours {
		if p.At.Equal(at) {
			last = p
		}
	}
	if last.Holds != 59 || last.Broken != 1 || last.Took != 29500*time.Microsecond || last.Slowest != 59*time.Millisecond {
		t.Errorf("%+v", last)
	}
	var kept int
	if err := raw(t, dir).QueryRow(`SELECT count(*) FROM figure WHERE span = ? AND at < ?`, int64(minute), at.Add(-time.Hour).UnixNano()).Scan(&kept); err != nil || kept != 1 {
		t.Errorf("%d old minutes kept, want the one with a failure (%v)", kept, err)
	}
}

// What was acknowledged is there after kill -9.
func TestKill9LosesNothing(t *testing.T) {
	if dir := os.Getenv("OMAMORI_JOURNAL_TEST"); dir != "" {
		j, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 1_000_000 {
			if err := j.Append(t.Context(), Entry{At: time.Now(), What: "deed", Text: chain.Say("x", "n", i)}); err != nil {
				t.Fatal(err)
			}
			fmt.Printf("acknowledged %d\n", i+1)
		}
		return
	}
	dir := t.TempDir()
	for range 3 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestKill9LosesNothing$")
		cmd.Env = append(os.Environ(), "OMAMORI_JOURNAL_TEST="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		before := int64(0)
		if _, err := os.Stat(filepath.Join(dir, fileName)); err == nil {
			before = verify(t, dir, nil).Head.Seq
		}
		var n, acknowledged int64
		for {
			if _, err := fmt.Fscanf(out, "acknowledged %d\n", &n); err != nil {
				break
			}
			if acknowledged = n; n == 50 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // it was killed
		if r := verify(t, dir, nil); !r.Fault.IsZero() || r.Head.Seq < before+acknowledged || acknowledged < 50 {
			t.Errorf("%d acknowledged after %d, %+v", acknowledged, before, r)
		}
	}
}

func FuzzParseHead(f *testing.F) {
	f.Add("7:" + strings.Repeat("0a", 32))
	f.Add(":")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseHead(s)
		if err != nil {
			return
		}
		if again, err := ParseHead(h.String()); again != h || err != nil {
			t.Errorf("%q: %v, again %v", s, h, again)
		}
	})
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"at":"2026-01-02T03:04:05Z","what":"deed","text":{"key":"x"},"body":{"a":1}}`), make([]byte, 32))
	f.Add([]byte(`{`), []byte{})
	f.Fuzz(func(t *testing.T, raw, hash []byte) {
		if r, err := record(1, raw, hash); err == nil && r.Seq != 1 {
			t.Error("another number")
		}
	})
}

// Root verifies what lies in the folder of a guard that may have been taken over.
func TestNoKeyHoldsVerifyUp(t *testing.T) {
	for what, put := range map[string]func(path string) error{
		"a pipe":                 func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link out":             func(path string) error { return os.Symlink("/dev/zero", path) },
		"a file that is too big": func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40)) },
	} {
		dir := t.TempDir()
		if err := put(filepath.Join(dir, keyName)); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := (&Reader{dir: dir}).publicKey()
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil {
				t.Errorf("%s is taken for a key", what)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s holds it up", what)
		}
	}
}
