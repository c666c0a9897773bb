//go:build lab

package lab

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/guard"
)

// host is a booted host.
type host struct {
	*Host
	*testing.T
	saw []guard.IncidentStatus // those of the last status that reach found and that had any
}

// newHost has omamori installed from its package, and nothing of it running: a test
// writes what is guarded, and enables it.
func newHost(t *testing.T) *host {
	h := bareHost(t)
	h.install(debOf(t, "0.0.1"))
	h.do("systemctl disable --quiet --now omamori.service omamori-hands.socket omamori-hands.service; rm -rf /etc/omamori /var/lib/omamori")
	return h
}

func bareHost(t *testing.T) *host {
	root, err := exec.Command("./build").Output()
	if err != nil {
		t.Fatalf("build the host: %v", err)
	}
	booted, err := Boot(t.Context(), strings.TrimSpace(string(root)))
	if err != nil {
		t.Fatal(err)
	}
	h := &host{Host: booted, T: t}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := booted.Do(context.Background(), "journalctl --no-pager -n 300 -o short-precise")
			t.Logf("the host's log:\n%s", out)
		}
		if err := booted.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// sub is the same host within a subtest.
func (h *host) sub(t *testing.T) *host { return &host{Host: h.Host, T: t} }

func (h *host) put(from, to string, mode os.FileMode) {
	h.Helper()
	if err := h.Put(from, to, mode); err != nil {
		h.Fatal(err)
	}
}

func (h *host) write(path, content string) {
	h.Helper()
	if err := h.Write(path, []byte(content), 0o644); err != nil {
		h.Fatal(err)
	}
}

// do runs a script that must succeed.
func (h *host) do(script string) string {
	h.Helper()
	out, err := h.Do(h.Context(), script)
	if err != nil {
		h.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// until waits until a script succeeds.
func (h *host) until(what string, limit time.Duration, script string) {
	h.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		out, err := h.Do(h.Context(), script)
		if err == nil {
			return
		}
		if time.Now().After(end) {
			status, _ := h.Do(h.Context(), "omamori status 2>&1 || true; omamori journal 2>&1 | tail -n 20 || true")
			h.Fatalf("not %s within %v: %v\n%s\n%s", what, limit, err, out, status)
		}
	}
}

func (h *host) status() (s guard.Status) {
	h.Helper()
	out := h.do("omamori status --lang en --json || true")
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		h.Fatalf("status: %v\n%s", err, out)
	}
	return s
}

// reach waits for a status that is as wanted.
func (h *host) reach(what string, limit time.Duration, ok func(guard.Status) bool) guard.Status {
	h.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		if out, _ := h.Do(h.Context(), "omamori status --lang en --json"); strings.HasPrefix(out, "{") {
			var s guard.Status
			if json.Unmarshal([]byte(out), &s) == nil && ok(s) {
				if len(s.Incidents) > 0 {
					h.saw = s.Incidents
				}
				return s
			}
		}
		if time.Now().After(end) {
			out, _ := h.Do(h.Context(), "omamori status --lang en 2>&1 || true; omamori journal --lang en 2>&1 | tail -n 20 || true")
			h.Fatalf("not %s within %v:\n%s", what, limit, out)
		}
	}
}

// well: every link and goal holds, and no incident is open.
func well(s guard.Status) bool {
	for _, l := range s.Links {
		if l.Verdict.String() != "holds" {
			return false
		}
	}
	for _, g := range s.Goals {
		if g.Verdict.String() != "holds" {
			return false
		}
	}
	for _, i := range s.Incidents {
		if i.Ended == nil {
			return false
		}
	}
	return len(s.Goals) > 0
}

// mainPID is the main process of a unit, as the host numbers it.
func (h *host) mainPID(unit string) string {
	h.Helper()
	return h.do("systemctl show -P MainPID " + unit)
}

func (h *host) reboot() {
	h.Helper()
	if err := h.Reboot(h.Context()); err != nil {
		h.Fatal(err)
	}
}

// outside runs a script with the host's numbers of processes, but with our files: where
// its control groups are.
func (h *host) outside(script string) {
	h.Helper()
	leader, err := h.leader()
	if err != nil {
		h.Fatal(err)
	}
	if out, err := exec.CommandContext(h.Context(), "nsenter", "--target", strconv.Itoa(leader), "--pid", "--",
		"unshare", "--mount", "sh", "-euc", "mount -t proc proc /proc\n"+script).CombinedOutput(); err != nil {
		h.Fatalf("%s: %v\n%s", script, err, out)
	}
}
