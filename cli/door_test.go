package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/cli"
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/install"
	"github.com/omamori-guard/omamori/door/knock"
	"github.com/omamori-guard/omamori/door/nft"
	"github.com/omamori-guard/omamori/hands"
)

// alone runs the rest of the test in a process with a network and a /run of its own, so
// that the door's half may listen where the units have it. It reports whether this is that
// process.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv("OMAMORI_TEST_ALONE") == t.Name() {
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make namespaces")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--net", "sh", "-euc",
		`mount -t tmpfs tmpfs /run; mkdir /run/omamori; ip link set lo up; exec "$0" -test.run="^$1\$"`, self, t.Name())
	cmd.Env = append(os.Environ(), "OMAMORI_TEST_ALONE="+t.Name(), "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// frozen is a firewall that nobody watches: what is changed stays so for a while.
type frozen struct{ *nft.Firewall }

func (frozen) Watch(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return ctx.Err()
}

// doorstep is a machine with a door's half of its own, and its command line.
type doorstep struct {
	t   *testing.T
	ask *hands.DoorClient
	did []string // what was asked of the machine, and how the door stood then
	in  bool     // by whatever session there is, the owner has come in
}

func newDoorstep(t *testing.T, files map[string]string) *doorstep {
	t.Helper()
	state := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(state+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := hands.NewDoor(hands.DoorFile{Door: strings.Repeat("0", 64), Ports: []uint16{22}, Signers: state + "/none", State: state},
		frozen{nft.New()}, slog.New(slog.NewTextHandler(io.Discard, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	l, err := d.Listen(hands.DefaultDoorSocket)
	if err != nil {
		t.Fatal(err)
	}
	go d.Serve(t.Context(), l) //nolint:errcheck // it ends with the test
	s := &doorstep{t: t}
	if s.ask, err = hands.ConnectDoor(t.Context(), hands.DefaultDoorSocket); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.ask.Close() })
	return s
}

func (s *doorstep) look() hands.DoorState {
	s.t.Helper()
	st, err := s.ask.Look(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return st
}

func (s *doorstep) note(what string) {
	st := s.look()
	s.did = append(s.did, fmt.Sprintf("%s: confirmed %v, trial %v", what, st.Rules != nil, st.Trial > 0))
}

func (s *doorstep) Prepare(install.Options) (install.Result, error) {
	return install.Result{Pass: &knock.Pass{}}, nil
}
func (s *doorstep) Start(context.Context, bool) error                  { return nil }
func (s *doorstep) Enable(context.Context) error                       { s.note("enable"); return nil }
func (s *doorstep) Disable(context.Context) error                      { s.note("disable"); return nil }
func (s *doorstep) Legacy() []string                                   { return nil }
func (s *doorstep) AtConsole() bool                                    { return true }
func (s *doorstep) OwnSession([]door.Session) (x door.Session, _ bool) { return x, false }

func (s *doorstep) Obstacles(tcp, udp []uint16) ([]door.Obstacle, error) {
	return nft.New().Obstacles(tcp, udp)
}

func (s *doorstep) LoggedIn(all []door.Session) []door.Session {
	if s.in {
		return all
	}
	return nil
}

// omamori runs the command line; meanwhile is called once a trial has begun.
func (s *doorstep) omamori(meanwhile func(), args ...string) (string, int) {
	s.t.Helper()
	var out bytes.Buffer
	app := &cli.App{Version: "test", In: strings.NewReader(""), Out: &out, Err: &out, Door: s}
	code := make(chan int)
	go func() { code <- app.Main(s.t.Context(), append([]string{"door"}, args...)) }()
	if meanwhile != nil {
		doortest.Eventually(s.t, "the trial begins", func() bool { return s.look().Trial > 0 })
		meanwhile()
	}
	c := <-code
	return out.String(), c
}

func (s *doorstep) nobody() {
	if err := s.ask.Rollback(s.t.Context(), "the test"); err != nil {
		s.t.Error(err)
	}
}

// However much the record tells: what nobody has confirmed is not gone, and goes on being
// kept.
func TestUninstallThatNobodyConfirms(t *testing.T) {
	if !alone(t) {
		return
	}
	var record strings.Builder
	for i := range 1200 {
		what := hands.RecordLoad
		if i == 1 {
			what = hands.RecordConfirm
		}
		fmt.Fprintf(&record, `{"seq":%d,"what":%q}`+"\n", i+1, what)
	}
	s := newDoorstep(t, map[string]string{"rules.json": `{"closed":[22]}`, "record.jsonl": record.String()})
	out, code := s.omamori(s.nobody, "uninstall")
	if code == 0 || !strings.Contains(out, "put back") || len(s.did) > 0 || s.look().Rules == nil {
		t.Errorf("exit %d, did %q:\n%s", code, s.did, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:4000")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s.in = true
	out, code = s.omamori(func() {
		c, err := net.DialTimeout("tcp", "127.0.0.1:4000", 5*time.Second)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { c.Close() })
	}, "uninstall")
	if code != 0 || !strings.Contains(out, "The door is gone") || fmt.Sprint(s.did) != "[disable: confirmed false, trial false]" {
		t.Errorf("exit %d, did %q:\n%s", code, s.did, out)
	}
}

// The door may be confirmed from the new session, while this one is gone: by then it is
// kept at every boot. What nobody has confirmed can be taken back.
func TestInstallIsForEveryBootBeforeItCloses(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newDoorstep(t, nil)
	out, code := s.omamori(s.nobody, "install")
	if code == 0 || !strings.Contains(out, "put back") || fmt.Sprint(s.did) != "[enable: confirmed false, trial false]" {
		t.Errorf("exit %d, did %q:\n%s", code, s.did, out)
	}
	s.did = nil
	out, code = s.omamori(nil, "uninstall")
	if code != 0 || fmt.Sprint(s.did) != "[disable: confirmed false, trial false]" {
		t.Errorf("exit %d, did %q:\n%s", code, s.did, out)
	}
}

// Closed is what the kernel has closed, not what we have told it to.
func TestListSaysWhatIsNotClosed(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newDoorstep(t, map[string]string{"rules.json": `{"closed":[22]}`})
	for change, open := range map[string]bool{
		"list ruleset": false,
		"add element inet omamori freed '{ 22 }'":     true,
		"delete element inet omamori closed '{ 22 }'": true,
		"add element inet omamori closed '{ 4000 }'":  true,
		"flush ruleset": true,
	} {
		if out, err := exec.Command("sh", "-c", "nft "+change).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", change, err, out)
		}
		out, code := s.omamori(nil, "list")
		if (code != 0) != open || strings.Contains(out, "not what was confirmed") != open || strings.Contains(out, "Closed to everybody") == open {
			t.Errorf("%s: exit %d:\n%s", change, code, out)
		}
		if err := s.ask.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// A firewall in the way is named, with what to type: before anything is closed, and where
// somebody is let in while it stands.
func TestAFirewallInTheWay(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newDoorstep(t, nil)
	sh := func(script string) string {
		t.Helper()
		out, err := exec.Command("sh", "-euc", script).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", script, err, out)
		}
		return string(out)
	}
	sh("nft 'table inet theirs { chain c { type filter hook input priority 0; policy drop; iif lo accept; }; }'")
	const ssh, knocks = "nft insert rule inet theirs c tcp dport 22 accept", "nft insert rule inet theirs c udp dport 4649 accept"
	for i, c := range []struct{ said, typed string }{
		{"would drop what the door lets through: inet theirs c", ssh + " && " + knocks},
		{"drops the knocks", knocks},
	} {
		before := sh("nft list ruleset")
		out, code := s.omamori(nil, "install")
		if code == 0 || !strings.Contains(out, c.said) || !strings.Contains(out, c.typed) || len(s.did) > 0 || sh("nft list ruleset") != before {
			t.Errorf("exit %d, did %q:\n%s", code, s.did, out)
		}
		if i == 0 {
			sh(ssh)
		}
	}
	sh(knocks)
	if out, code := s.omamori(s.nobody, "install"); code == 0 || !strings.Contains(out, "put back") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

// What cannot be leased is told, and nothing is opened for it.
func TestWhatCannotBeLeased(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newDoorstep(t, map[string]string{"rules.json": `{"closed":[22]}`})
	const guest = "203.0.113.7"
	for _, c := range []struct {
		args []string
		said string
	}{
		{[]string{"home"}, "is not an address"},
		{[]string{"203.0.113.7/33"}, "is not an address"},
		{[]string{"203.0.113.777"}, "is not an address"},
		{[]string{"0.0.0.0/0"}, "cannot be let in"},
		{[]string{"::/0"}, "cannot be let in"},
		{[]string{"0.0.0.0"}, "cannot be let in"},
		{[]string{"::"}, "cannot be let in"},
		{[]string{"127.0.0.1"}, "cannot be let in"},
		{[]string{"fe80::1%lo"}, "cannot be let in"},
		{[]string{"203.0.113.0/24"}, "cannot be let in"},
		{[]string{guest, "--for=0s"}, "limit is"},
		{[]string{guest, "--for=-1h"}, "limit is"},
		{[]string{guest, "--for=500ms"}, "limit is"},
		{[]string{guest, "--for=876000h"}, "limit is"},
		{[]string{guest, "--ports=0"}, "not a TCP port"},
		{[]string{guest, "--ports=65536"}, "not a TCP port"},
		{[]string{guest, "--ports=80"}, "not one of this door"},
	} {
		out, code := s.omamori(nil, append([]string{"open"}, c.args...)...)
		if code == 0 || !strings.Contains(out, c.said) {
			t.Errorf("%v: exit %d: %s", c.args, code, out)
		}
		if st := s.look(); len(st.Leases)+len(st.Wall.Open) > 0 || !st.Stands() {
			t.Fatalf("%v: %+v", c.args, st)
		}
	}
	if out, code := s.omamori(nil, "open", guest); code != 0 || len(s.look().Wall.Open) != 1 {
		t.Errorf("exit %d: %s", code, out)
	}
	// Where another firewall drops, a lease lets nobody in, and none is called open.
	if out, err := exec.Command("nft", "table inet theirs { chain c { type filter hook input priority 0; tcp dport 22 drop; }; }").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, code := s.omamori(nil, "open", guest)
	if code == 0 || strings.Contains(out, "may connect") || !strings.Contains(out, "nft insert rule inet theirs c tcp dport 22 accept") {
		t.Errorf("exit %d: %s", code, out)
	}
}
