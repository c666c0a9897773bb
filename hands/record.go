package hands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// record is how a child is remembered by the next hands.
type record struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // ticks since boot
	Boot  string `json:"boot"`
}

func recordPath(run, name string) string { return filepath.Join(run, name+".json") }

// readRecord reads a record of this boot. One that is damaged tells nothing.
func readRecord(path string) (record, bool) {
	b, err := readShort(path)
	if err != nil {
		return record{}, false
	}
	var r record
	if json.Unmarshal(b, &r) != nil || r.PID <= 1 || r.Boot != bootID() {
		return record{}, false
	}
	return r, true
}

func (r record) write(path string) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return os.Rename(path+".new", path)
}

func (r record) track() (*tracked, error) {
	t, err := track(r.PID)
	if err != nil {
		return nil, err
	}
	if t.start != r.Start {
		t.pidfd.Close()
		return nil, errGone
	}
	return t, nil
}

// clockSlack is how far the clock may have been set since a process started.
const clockSlack = time.Minute

// trackPIDFile opens the process that a daemon's pid file names; errGone if there is
// none. A file that belongs to another user than root may name that user's
// processes only: it is not to decide whom root signals. Nor may one that is older
// than the process: it was left by another that had the same number.
func trackPIDFile(path string) (*tracked, error) {
	if path == "" {
		return nil, errGone
	}
	f, st, err := openFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errGone
	}
	if err != nil {
		return nil, fmt.Errorf("open pid file: %w", err)
	}
	defer f.Close()
	var b [32]byte
	n, _ := f.Read(b[:])
	pid, err := strconv.Atoi(string(bytes.TrimSpace(b[:n])))
	if err != nil || pid <= 1 {
		return nil, errGone // empty while the daemon writes it
	}
	t, err := track(pid)
	if err != nil {
		return nil, err
	}
	if t.started.After(time.Unix(st.Mtim.Unix()).Add(clockSlack)) {
		t.pidfd.Close()
		return nil, errGone
	}
	if st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		var of unix.Stat_t
		err := unix.Stat(fmt.Sprintf("/proc/%d", pid), &of)
		if err != nil || of.Uid != st.Uid {
			t.pidfd.Close()
			return nil, fmt.Errorf("pid file of user %d names process %d, which is another's", st.Uid, pid)
		}
	}
	return t, nil
}

// PIDIn is the process that a daemon's pid file names, 0 if there is none: whoever else
// asks is as careful as hands.
func PIDIn(path string) (int, error) {
	t, err := trackPIDFile(path)
	if errors.Is(err, errGone) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer t.pidfd.Close()
	return t.pid, nil
}

// endSession kills every process that is left of the session, or the process
// group, of a dead leader, and waits until they are gone. The kernel gives the
// number to nobody else as long as one of them lives; start tells the leader from
// one that got it later.
func endSession(ctx context.Context, leader int, start uint64) error {
	for deadline := time.Now().Add(killTime); ; {
		if st, err := readStat(leader); err == nil && (st.start != start || st.state != "Z" && st.state != "X") {
			return nil
		}
		left := 0
		for _, pid := range pids() {
			found, err := killMember(pid, leader)
			if err != nil {
				return fmt.Errorf("end orphan: %w", err)
			}
			if found {
				left++
			}
		}
		if left == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("end orphans of %d: %w", leader, errStays)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// killMember kills pid if it belongs to leader's session or group. The process is
// opened before it is looked at: the number cannot change hands in between.
func killMember(pid, leader int) (found bool, err error) {
	if !memberOf(pid, leader) { // most are not; that is cheaper
		return false, nil
	}
	t, err := track(pid)
	if err != nil {
		return false, nil //nolint:nilerr // it has just ended
	}
	defer t.pidfd.Close()
	if !memberOf(pid, leader) {
		return false, nil
	}
	return true, t.signal(unix.SIGKILL)
}

func memberOf(pid, leader int) bool {
	st, err := readStat(pid)
	return err == nil && (st.session == leader || st.group == leader) && st.state != "Z" && st.state != "X"
}
