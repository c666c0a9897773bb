package install

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/hands"
)

func authorized(t *testing.T, key any, comment string) string {
	t.Helper()
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public))) + " " + comment + "\n"
}

func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	one, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	large, err := rsa.GenerateKey(rand.Reader, 4096)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Ports: []uint16{22}, Dir: dir + "/etc", Keys: []string{dir + "/keys", dir + "/none"}}
	write := func(text string) {
		if err := os.WriteFile(dir+"/keys", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# nobody\n" + `restrict,command="omamori exchange" ` + authorized(t, two, "laptop"))
	if _, err := Prepare(o); err != errNoOwner {
		t.Fatalf("a key that may only run one command may knock: %v", err)
	}
	write(authorized(t, one, "hanako@laptop * evil") + authorized(t, &large.PublicKey, "old") + `restrict,command="x" ` + authorized(t, two, "laptop"))
	r, err := Prepare(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Owners) != 1 || len(r.TooLarge) != 1 || !strings.Contains(r.TooLarge[0], "(old)") || !r.Changed {
		t.Errorf("%+v", r)
	}
	again, err := Prepare(o) // keeps the key, and changes nothing
	if err != nil || again.Changed || again.Pass.String() != r.Pass.String() {
		t.Errorf("%+v, %v", again, err)
	}
	path := filepath.Join(o.Dir, "door.json")
	file, err := hands.LoadDoor(path)
	if err != nil || len(file.Ports) != 1 {
		t.Errorf("%+v, %v", file, err)
	}
	// What the owner has set by hand stays, and what is not understood is not guessed at.
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	byHand := strings.Replace(string(b), "{", `{"longest": "1h", "most": 3, "bits4": 24, "bits6": 56, "state": "/srv/door",`, 1)
	if err := os.WriteFile(path, []byte(byHand), 0o644); err != nil {
		t.Fatal(err)
	}
	o.Ports = []uint16{22, 2222}
	again, err = Prepare(o)
	if err != nil || !again.Changed {
		t.Errorf("%+v, %v", again, err)
	}
	file.Ports, file.Longest, file.Most, file.Bits4, file.Bits6, file.State = o.Ports, "1h", 3, 24, 56, "/srv/door"
	if got, err := hands.LoadDoor(path); err != nil || !reflect.DeepEqual(got, file) {
		t.Errorf("%+v, %v, want %+v", got, err, file)
	}
	if err := os.WriteFile(path, []byte(`{"longest": 1`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(o); err == nil {
		t.Error("a file that cannot be read was written over")
	}
	text, err := os.ReadFile(filepath.Join(o.Dir, "allowed_signers"))
	if err != nil {
		t.Fatal(err)
	}
	if all, err := door.ParseSigners(text); err != nil || len(all) != 1 {
		t.Errorf("%+v, %v:\n%s", all, err, text)
	}
	if st, err := os.Stat(filepath.Join(o.Dir, KeyFile)); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}

func TestConsoles(t *testing.T) {
	for tty, want := range map[int]bool{0: false, 4<<8 | 1: true, 4<<8 | 64: true, 5<<8 | 1: true, 5 << 8: false,
		136<<8 | 3: false, 3<<8 | 1: false, 229 << 8: true, 204<<8 | 64: true} {
		if consoleTTY(tty) != want {
			t.Errorf("%d:%d is a console: %v", tty>>8, tty&0xff, !want)
		}
	}
}

// A session belongs to whoever descends from an sshd that holds it: this process does not,
// though it holds a socket.
func TestASocketOfAnotherProgramIsNoSession(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var all []door.Session
	for _, i := range inodes(os.Getpid()) {
		all = append(all, door.Session{Inode: i, Remote: netip.MustParseAddrPort("203.0.113.7:1"), Local: netip.MustParseAddrPort("192.0.2.1:22")})
	}
	if s, ok := holder(os.Getpid(), all); ok && len(all) > 0 {
		t.Errorf("%+v", s)
	}
	if len(LoggedIn(all)) > 0 {
		t.Error("somebody is logged in without sshd")
	}
}

func FuzzSignersOf(f *testing.F) {
	f.Add([]byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS hanako\n"))
	f.Add([]byte(`command="x",no-pty ssh-rsa AAAA` + "\n\n#\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, _ := signersOf(b, 1)
		for _, o := range all {
			line := o.who + ` namespaces="` + door.Namespace + `" ` + o.key + "\n"
			if got, err := door.ParseSigners([]byte(line)); err != nil || len(got) != 1 {
				t.Errorf("%q: %v", line, err)
			}
		}
	})
}
