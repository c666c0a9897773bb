package hands_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/nft"
	"github.com/omamori-guard/omamori/hands"
)

// house is a server in a namespace, with a client on its wire and the door's half.
type house struct {
	*doortest.Space
	t      *testing.T
	client *doortest.Space
	dir    string
	file   hands.DoorFile
	wall   hands.Firewall
	log    *slog.Logger
	owner  gossh.Signer
	stop   func()
	ask    *hands.DoorClient
}

const serverAt, clientAt = "192.0.2.1", "192.0.2.2"

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{Space: doortest.New(t), t: t, client: doortest.New(t), dir: t.TempDir()}
	doortest.Wire(h.Space, h.client, serverAt+"/24", clientAt+"/24")
	_, key, err := ed25519.GenerateKey(rand.Reader)
	fatal(t, err)
	h.owner, err = gossh.NewSignerFromKey(key)
	fatal(t, err)
	fatal(t, os.Mkdir(h.dir+"/state", 0o700))
	h.wall, h.log = nft.In(h.File), slog.New(slog.DiscardHandler)
	h.file = hands.DoorFile{Door: strings.Repeat("0", 64), Ports: []uint16{22, 2222}, Signers: h.dir + "/signers", State: h.dir + "/state"}
	fatal(t, os.WriteFile(h.file.Signers, []byte("hanako "+string(gossh.MarshalAuthorizedKey(h.owner.PublicKey()))), 0o600))
	t.Cleanup(func() { h.stop() })
	h.start()
	return h
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start starts the door's half; stop ends it in an orderly way.
func (h *house) start() {
	h.t.Helper()
	d, err := hands.NewDoor(h.file, h.wall, h.log, nil)
	fatal(h.t, err)
	l, err := d.Listen(h.dir + "/sock")
	fatal(h.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- d.Serve(ctx, l) }()
	h.ask, err = hands.ConnectDoor(h.t.Context(), h.dir+"/sock")
	fatal(h.t, err)
	h.stop = func() {
		h.stop = func() {}
		h.ask.Close()
		cancel()
		if err := errors.Join(<-served, d.Close()); err != nil {
			h.t.Error(err)
		}
	}
}

// knock brings a permit for the client's address.
func (h *house) knock(change ...func(*door.Permit)) (door.Lease, error) {
	h.t.Helper()
	p := &door.Permit{Time: time.Now().Truncate(time.Second), For: time.Hour, From: netip.MustParsePrefix(clientAt + "/32"), Ports: []uint16{22}}
	_, _ = rand.Read(p.Nonce[:])
	var err error
	p.Challenge, err = h.ask.Challenge(h.t.Context()) // a gate that is new wants one
	fatal(h.t, err)
	for _, c := range change {
		c(p)
	}
	s, err := door.Sign(rand.Reader, h.owner, p.Marshal())
	fatal(h.t, err)
	return h.ask.Admit(h.t.Context(), p.Marshal(), s.Marshal())
}

func (h *house) listen(port int) {
	h.t.Helper()
	h.In(func() {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			h.t.Error(err)
			return
		}
		h.t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go io.Copy(c, c) //nolint:errcheck // it ends with its peer
			}
		}()
	})
}

func (h *house) dial(port int) (c net.Conn, err error) {
	h.client.In(func() { c, err = net.DialTimeout("tcp", fmt.Sprintf("%s:%d", serverAt, port), 200*time.Millisecond) })
	return c, err
}

// come connects, and gives the session as the server sees it.
func (h *house) come(port int) (net.Conn, door.Session) {
	h.t.Helper()
	c, err := h.dial(port)
	fatal(h.t, err)
	h.t.Cleanup(func() { c.Close() })
	return c, door.Session{Local: netip.MustParseAddrPort(c.RemoteAddr().String()), Remote: netip.MustParseAddrPort(c.LocalAddr().String())}
}

func (h *house) open(port int, want bool) {
	h.t.Helper()
	c, err := h.dial(port)
	if err == nil {
		c.Close()
	}
	if (err == nil) != want {
		h.t.Errorf("port %d is open: %v, want %v", port, err == nil, want)
	}
}

func refused(t *testing.T, err error, key string) {
	t.Helper()
	if r, ok := errors.AsType[*hands.Refused](err); !ok || r.Text.Key != key {
		t.Errorf("%v, want %s", err, key)
	}
}

// install goes the whole way.
func (h *house) install(ports ...uint16) {
	h.t.Helper()
	fatal(h.t, h.ask.Try(h.t.Context(), ports, false, "root"))
	_, err := h.knock()
	fatal(h.t, err)
	_, s := h.come(22)
	fatal(h.t, h.ask.Confirm(h.t.Context(), s, "root"))
	_, _, err = h.ask.End(h.t.Context(), "", false, "root")
	fatal(h.t, err)
}

func TestInstallWantsANewSessionThroughAKnock(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	before := h.Ruleset()
	_, old := h.come(22)
	if _, err := h.knock(); err == nil {
		t.Error("there was a lease without a door")
	}
	fatal(t, h.ask.Try(t.Context(), []uint16{22}, false, "root"))
	refused(t, h.ask.Try(t.Context(), []uint16{22}, false, "root"), "hands.trial_on")
	h.open(22, false)
	refused(t, h.ask.Confirm(t.Context(), old, "root"), "hands.old_session")
	// A lease by root proves that root can open, not that the owner can knock.
	_, err := h.ask.Lease(t.Context(), door.Lease{From: netip.MustParsePrefix(clientAt + "/32"), Ports: []uint16{22}}, time.Minute, "root")
	fatal(t, err)
	_, s := h.come(22)
	refused(t, h.ask.Confirm(t.Context(), s, "root"), "hands.no_knock")
	gone := s
	gone.Remote = netip.MustParseAddrPort("192.0.2.2:1")
	refused(t, h.ask.Confirm(t.Context(), gone, "root"), "hands.no_session")
	l, err := h.knock()
	fatal(t, err)
	if l.Who != "hanako" || !strings.HasPrefix(l.Key, "SHA256:") {
		t.Errorf("%+v", l)
	}
	fatal(t, h.ask.Confirm(t.Context(), s, "root")) // by now it came through a knock, too
	refused(t, h.ask.Confirm(t.Context(), s, "root"), "hands.no_trial")
	st, err := h.ask.Look(t.Context())
	fatal(t, err)
	if st.Rules == nil || !st.Wall.Sound || fmt.Sprint(st.Wall.Closed) != "[22]" || len(st.Leases) != 2 || st.Trial != 0 {
		t.Errorf("%+v", st)
	}
	// A restart keeps leases, and so does somebody's flush of everything.
	h.stop()
	h.start()
	h.open(22, true)
	h.Run("nft flush ruleset")
	doortest.Eventually(t, "the rules are back", func() bool {
		st, err := h.ask.Look(t.Context())
		return err == nil && st.Wall.Sound && len(st.Wall.Open) == 1
	})
	ended, _, err := h.ask.End(t.Context(), "", true, "root")
	if err != nil || len(ended) != 2 {
		t.Errorf("%v, %v", ended, err)
	}
	h.open(22, false)
	sessions, err := h.ask.Sessions(t.Context())
	if err != nil || len(sessions) != 0 {
		t.Errorf("not cut: %v, %v", sessions, err)
	}
	// Out again.
	fatal(t, h.ask.Try(t.Context(), nil, true, "root"))
	_, s = h.come(22)
	fatal(t, h.ask.Confirm(t.Context(), s, "root"))
	if after := h.Ruleset(); after != before {
		t.Errorf("left behind:\n%s", after)
	}
	h.stop()
	h.start()
	h.open(22, true)
	// What was done stands in the record, once.
	all, err := h.ask.Records(t.Context(), 0)
	fatal(t, err)
	var what []string
	for i, r := range all {
		what = append(what, r.What)
		if r.Seq != int64(i+1) {
			t.Errorf("record %d has number %d", i, r.Seq)
		}
	}
	want := "try lease lease confirm load end end cut cut try confirm"
	if got := strings.Join(what, " "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Whatever ends the trial, everything is as it was: byte for byte.
func TestATrialThatNobodyConfirms(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	before := h.Ruleset()
	fatal(t, h.ask.Try(t.Context(), []uint16{22}, false, "root"))
	fatal(t, h.ask.Rollback(t.Context(), "root"))
	if after := h.Ruleset(); after != before {
		t.Errorf("rolled back:\n%s", after)
	}
	fatal(t, h.ask.Try(t.Context(), []uint16{22}, false, "root"))
	h.stop() // as by systemctl stop
	if after := h.Ruleset(); after != before {
		t.Errorf("stopped:\n%s", after)
	}
	h.start()
	h.install(22)
	was := h.Ruleset()
	fatal(t, h.ask.Try(t.Context(), []uint16{2222}, false, "root"))
	h.open(22, true)
	fatal(t, h.ask.Rollback(t.Context(), "root"))
	if after := h.Ruleset(); after != was {
		t.Errorf("change rolled back:\n%s\nwant\n%s", after, was)
	}
	fatal(t, h.ask.Try(t.Context(), nil, true, "root"))
	h.stop()
	h.start()
	if after := h.Ruleset(); after != was {
		t.Errorf("uninstall stopped:\n%s\nwant\n%s", after, was)
	}
	// The boot: nothing in the kernel, then the loader.
	h.Run("nft flush ruleset")
	h.stop()
	h.Run("nft flush ruleset")
	h.start()
	if after := h.Ruleset(); after != was {
		t.Errorf("booted:\n%s\nwant\n%s", after, was)
	}
}

func TestPermitsAndLimits(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	h.install(22)
	code := func(want door.Code, change ...func(*door.Permit)) {
		t.Helper()
		_, err := h.knock(change...)
		if r, ok := errors.AsType[*door.Refusal](err); !ok || r.Code != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
	code(door.CodeDoor, func(p *door.Permit) { p.Door[3] = 1 })
	code(door.CodePorts, func(p *door.Permit) { p.Ports = []uint16{80} })
	code(door.CodeLong, func(p *door.Permit) { p.For = 100 * time.Hour })
	code(door.CodeShort, func(p *door.Permit) { p.For = 0 })
	code(door.CodeWide, func(p *door.Permit) { p.From = netip.MustParsePrefix("192.0.2.0/24") })
	code(door.CodeClock, func(p *door.Permit) { p.Challenge, p.Time = door.Challenge{}, p.Time.Add(-time.Hour) })
	code(door.CodeChallenge, func(p *door.Permit) { p.From = netip.Prefix{} })
	c, err := h.ask.Challenge(t.Context())
	fatal(t, err)
	late := func(p *door.Permit) { p.Challenge, p.Time = c, time.Unix(0, 0) }
	if _, err := h.knock(late); err != nil {
		t.Error(err)
	}
	code(door.CodeChallenge, late)
	st, err := h.ask.Look(t.Context())
	if err != nil || len(st.Leases) != 1 { // renewed each time
		t.Errorf("%+v, %v", st.Leases, err)
	}
	for i := range 64 {
		_, err := h.ask.Lease(t.Context(), door.Lease{From: netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 32), Ports: []uint16{22}}, time.Minute, "root")
		if r, full := errors.AsType[*door.Refusal](err); (i == 63) != full || full && r.Code != door.CodeFull {
			t.Fatalf("lease %d: %v", i, err)
		}
	}
	// A flood of permits is held up, and root's asking is not.
	busy := false
	for range 100 {
		_, err := h.ask.Admit(t.Context(), []byte("x"), []byte("y"))
		r, _ := errors.AsType[*door.Refusal](err)
		busy = busy || r != nil && r.Code == door.CodeBusy
	}
	if _, err := h.ask.Look(t.Context()); err != nil || !busy {
		t.Errorf("busy %v, %v", busy, err)
	}
}

func TestTheRecordOutlivesATornWrite(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	h.install(22)
	_, err := h.knock()
	fatal(t, err)
	h.stop()
	path := filepath.Join(h.dir, "state", "record.jsonl")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	fatal(t, err)
	_, err = f.WriteString(`{"seq":99,"what":"le`)
	fatal(t, errors.Join(err, f.Close()))
	h.start()
	h.open(22, true)
	_, _, err = h.ask.End(t.Context(), "", false, "root")
	fatal(t, err)
	h.stop()
	h.start()
	h.open(22, false)
}

func TestDoorFileMistakes(t *testing.T) {
	good := `{"door":"` + hex.EncodeToString(make([]byte, 32)) + `","ports":[22],"signers":"/etc/omamori/allowed_signers"}`
	if _, bad := hands.ParseDoor([]byte(good)); len(bad) > 0 {
		t.Fatal(bad)
	}
	for field, value := range map[string]string{"ports": "[]", "ports ": "[22,22]", "ports  ": "[99999]", "door": `"x"`, "keep": `["a b"]`,
		"longest": `"25h"`, "most": "-1", "bits4": "4", "bits6": "129", "signers": `"x"`, "state": `"x"`, "guard": `"a b"`, "portz": "1"} {
		name := strings.TrimSpace(field)
		text := strings.Replace(good, `"`+name+`"`, `"_`+name+`"`, 1)
		text = strings.Replace(text, "{", `{"`+name+`":`+value+",", 1)
		_, bad := hands.ParseDoor([]byte(text))
		found := false
		for _, p := range bad {
			found = found || strings.HasPrefix(p.At, name)
		}
		if !found {
			t.Errorf("%s: %s: %v", field, value, bad)
		}
	}
}

func FuzzDoorFile(f *testing.F) {
	f.Add([]byte(`{"door":"00","ports":[22],"keep":["wg0"],"longest":"1h","most":3,"bits4":24,"bits6":56,"signers":"/a"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, bad := hands.ParseDoor(b)
		if len(bad) == 0 && len(file.Ports) == 0 {
			t.Error("a file that allows nothing was taken")
		}
	})
}
