package hands

import (
	"reflect"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

func TestUnitLog(t *testing.T) {
	got := parseUnitLog([]byte(`{"_SYSTEMD_INVOCATION_ID":"ab","_PID":"75","MESSAGE":"2026-11-24 15:00:00 0 [ERROR] no"}
{"_PID":"1","MESSAGE":"Stopping mariadb.service...","JOB_TYPE":"stop"}
{"_SYSTEMD_INVOCATION_ID":"ab","_PID":"75","MESSAGE":"I say that I am stopped","JOB_TYPE":"stop"}
not JSON
{"_SYSTEMD_INVOCATION_ID":"cd","_PID":"99","INVOCATION_ID":"ab","MESSAGE":"of a stranger"}
{"_SYSTEMD_INVOCATION_ID":"ab","_PID":"75","MESSAGE":[98,255,27,99]}
{"_SYSTEMD_INVOCATION_ID":"ab","_PID":"75","MESSAGE":""}
{"_PID":"75"}
{"_PID":"1","MESSAGE":"Starting it","JOB_TYPE":"start","__REALTIME_TIMESTAMP":"1700000000000001"}
`), "ab")
	none := time.UnixMicro(0)
	want := []unitLine{
		{"2026-11-24 15:00:00 0 [ERROR] no", false, none}, {"Stopping mariadb.service...", true, none},
		{"I say that I am stopped", false, none}, {"b\ufffd c", false, none}, {"Starting it", false, time.UnixMicro(1_700_000_000_000_001)},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

// systemd tells of a main process that came and went unseen, and of how one ended.
func TestMainProcess(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(1_700_000_000+int64(s), 0) }
	unit := func(pid uint32, started, exited int, code, status int32) map[string]any {
		return map[string]any{"ExecMainPID": pid, "ExecMainCode": code, "ExecMainStatus": status,
			"ExecMainStartTimestamp": uint64(at(started).UnixMicro()), "ExecMainExitTimestamp": uint64(at(exited).UnixMicro())}
	}
	ours := chain.Process{PID: 7, Started: at(10), Exited: at(20), KnownExit: true, Signal: 9, Asked: true}
	unsure := chain.Process{PID: 7, Started: at(10), Exited: at(20), Asked: true}
	alive := chain.Process{PID: 7, Running: true, Started: at(10)}
	for name, c := range map[string]struct {
		unit map[string]any
		p    chain.Process
		want chain.Process
	}{
		"ours, known":     {unit(7, 10, 20, 2, 15), ours, ours},
		"ours, how":       {unit(7, 10, 20, 2, 15), unsure, chain.Process{PID: 7, Started: at(10), Exited: at(20), KnownExit: true, Signal: 15, Asked: true}},
		"a later one":     {unit(8, 21, 22, 1, 3), ours, chain.Process{PID: 8, Started: at(21), Exited: at(22), KnownExit: true, Code: 3}},
		"one before":      {unit(6, 1, 2, 1, 3), ours, ours},
		"none seen":       {unit(8, 21, 22, 3, 6), chain.Process{}, chain.Process{PID: 8, Started: at(21), Exited: at(22), KnownExit: true, Signal: 6}},
		"it lives":        {unit(8, 21, 22, 1, 3), alive, alive},
		"never ran":       {map[string]any{}, chain.Process{}, chain.Process{}},
		"of another form": {map[string]any{"ExecMainPID": "7"}, ours, ours},
	} {
		p := c.p
		if mainProcess(c.unit, &p); !p.Started.Equal(c.want.Started) || !p.Exited.Equal(c.want.Exited) {
			t.Errorf("%s: %+v", name, p)
		}
		p.Started, p.Exited, c.want.Started, c.want.Exited = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		if p != c.want {
			t.Errorf("%s: %+v, not %+v", name, p, c.want)
		}
	}
}
