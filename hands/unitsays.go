package hands

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

func (u *unit) say(ctx context.Context, e *chain.Evidence) {
	e.Manager, e.Unit = "systemd", strings.TrimSuffix(u.name, ".service")
	conn, err := u.bus.get()
	if err != nil {
		return
	}
	all, err := conn.GetAllPropertiesContext(ctx, u.name)
	if err != nil {
		return
	}
	state, _ := all["ActiveState"].(string)
	sub, _ := all["SubState"].(string)
	result, _ := all["Result"].(string)
	e.ManagerOf = state + "/" + sub
	if result != "" && result != "success" {
		e.ManagerOf = state + "/" + result
	}
	e.Starting = state == "activating"
	mainProcess(all, &e.Process)
	id, _ := all["InvocationID"].([]byte)
	u.mu.Lock()
	if u.run.pid == e.Process.PID && len(u.run.invocation) > 0 && !bytes.Equal(u.run.invocation, id) {
		if e.Process.Running || result == "success" || result == "" {
			id = u.run.invocation // it is being started again
		} else {
			e.Process = chain.Process{} // that failed before it had a main process: what counts is why
		}
	}
	u.mu.Unlock()
	lines, late := readUnitLog(ctx, id)
	e.LogLate = late
	asked := false
	for _, l := range lines {
		e.Log, e.Times = append(e.Log, l.text), append(e.Times, l.at)
		asked = asked || l.stops
	}
	e.Sure = len(e.Log)
	// MariaDB tells systemd that it ends before it does (STOPPING=1), whoever sent the
	// signal; then systemd's log says whether somebody asked systemd.
	e.OnPurpose = stoppedOnPurpose(all) && (asked || len(lines) == 0 || late)
}

// mainProcess fills in what systemd knows better: a process that came and went between
// two of our looks, and how it ended.
func mainProcess(all map[string]any, p *chain.Process) {
	pid, _ := all["ExecMainPID"].(uint32)
	exited, _ := all["ExecMainExitTimestamp"].(uint64)
	if pid == 0 || exited == 0 || p.Running || int(pid) == p.PID && p.KnownExit {
		return
	}
	started, _ := all["ExecMainStartTimestamp"].(uint64)
	if int(pid) != p.PID && time.UnixMicro(int64(started)).Before(p.Started) {
		return // systemd has not heard of ours yet
	}
	code, _ := all["ExecMainCode"].(int32)
	status, _ := all["ExecMainStatus"].(int32)
	asked := p.Asked && int(pid) == p.PID
	*p = chain.Process{PID: int(pid), Started: time.UnixMicro(int64(started)), Exited: time.UnixMicro(int64(exited)),
		KnownExit: true, Asked: asked}
	const cldExited = 1 // of siginfo_t
	if code == cldExited {
		p.Code = int(status)
	} else {
		p.Signal = int(status)
	}
}

// stoppedOnPurpose: when somebody stops a unit, it leaves the active state first
// and its process ends after; when the process ends by itself, or by a signal, it
// is the other way round.
func stoppedOnPurpose(all map[string]any) bool {
	state, _ := all["ActiveState"].(string)
	left, _ := all["ActiveExitTimestampMonotonic"].(uint64)
	ended, _ := all["ExecMainExitTimestampMonotonic"].(uint64)
	return (state == "inactive" || state == "deactivating") && left != 0 && left < ended
}

// unitLine is a line of systemd's log.
type unitLine struct {
	text string
	// stops says that it tells of a job that ends the unit.
	stops bool
	at    time.Time
}

const (
	journalctl  = "/usr/bin/journalctl"
	journalTime = time.Second
)

// readUnitLog reads what a unit, and systemd of it, has said since its last start. The
// log's form is systemd's own: its program reads it. Late says that it did not in time.
func readUnitLog(ctx context.Context, invocation []byte) (lines []unitLine, late bool) {
	if len(invocation) == 0 {
		return nil, false
	}
	id := hex.EncodeToString(invocation)
	ctx, cancel := context.WithTimeout(ctx, journalTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, journalctl, "--quiet", "--no-pager", "--output=json", "--output-fields=MESSAGE,JOB_TYPE,_PID,_SYSTEMD_INVOCATION_ID",
		"--lines="+strconv.Itoa(maxLines), "_SYSTEMD_INVOCATION_ID="+id, "+", "INVOCATION_ID="+id)
	cmd.Env = []string{"LANG=C.UTF-8"}
	cmd.Dir = "/"
	out, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		return nil, ctx.Err() != nil
	}
	const most = 4 * maxTail                      // JSON is longer than its lines
	b, _ := io.ReadAll(io.LimitReader(out, most)) //nolint:errcheck // as much as there is
	late = ctx.Err() != nil
	cancel()       // what it has to say beyond is not wanted
	_ = cmd.Wait() //nolint:errcheck // so is why it ended
	return parseUnitLog(b, id), late
}

// parseUnitLog reads journalctl's JSON, one object a line. A message that is no text is
// an array of bytes. Only fields that journald itself writes (those with a _) say whose a
// line is: anybody may log a line with the others, as if it were this unit's.
func parseUnitLog(b []byte, invocation string) []unitLine {
	var lines []unitLine
	for line := range bytes.Lines(b) {
		var record struct {
			Message json.RawMessage `json:"MESSAGE"`
			Job     string          `json:"JOB_TYPE"`
			PID     string          `json:"_PID"`
			Of      string          `json:"_SYSTEMD_INVOCATION_ID"`
			At      int64           `json:"__REALTIME_TIMESTAMP,string"`
		}
		if json.Unmarshal(line, &record) != nil || record.PID != "1" && record.Of != invocation {
			continue
		}
		var text string
		if json.Unmarshal(record.Message, &text) != nil {
			var raw []uint16 // a []byte would be read as base64
			if json.Unmarshal(record.Message, &raw) != nil {
				continue
			}
			plain := make([]byte, len(raw))
			for i, c := range raw {
				plain[i] = byte(c)
			}
			text = string(plain)
		}
		if text = cleanLine(text); text == "" {
			continue
		}
		// Only systemd itself tells of jobs; a service may write what it likes.
		stops := record.PID == "1" && (record.Job == "stop" || record.Job == "restart")
		lines = append(lines, unitLine{text, stops, time.UnixMicro(record.At)})
	}
	return lines
}
