package inbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/due/notice"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// dovecot runs the real one on loopback, with the maildir of one owner.
type dovecot struct {
	t         *testing.T
	dir, imap string
}

func newDovecot(t *testing.T) *dovecot {
	t.Helper()
	if os.Geteuid() != 0 {
		probetest.Needs(t, "root, to run dovecot")
	}
	if _, err := exec.LookPath("dovecot"); err != nil {
		probetest.Needs(t, "dovecot")
	}
	dir, err := os.MkdirTemp("", "omamori-inbox") // dovecot's users must reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d := &dovecot{t, dir, "127.0.0.1:" + probetest.FreePort(t)}
	for _, sub := range []string{"home", "home/Maildir", "home/Maildir/new", "home/Maildir/cur", "home/Maildir/tmp", "home/Maildir/.Providers", "home/Maildir/.Providers/new", "home/Maildir/.Providers/cur", "home/Maildir/.Providers/tmp"} {
		path := filepath.Join(dir, sub)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	_, port, _ := net.SplitHostPort(d.imap)
	d.write("users", "owner:{PLAIN}s3cret word:65534:65534::"+dir+"/home\n")
	d.write("password", "s3cret word\n")
	d.write("dovecot.conf", strings.NewReplacer("DIR", dir, "PORT", port).Replace(`
base_dir = DIR/run
state_dir = DIR/state
log_path = DIR/log
protocols = imap
listen = 127.0.0.1
mail_location = maildir:DIR/home/Maildir
first_valid_uid = 1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
service imap-login {
  chroot =
  inet_listener imap {
    port = PORT
  }
  inet_listener imaps {
    port = 0
  }
}
passdb {
  driver = passwd-file
  args = DIR/users
}
userdb {
  driver = passwd-file
  args = DIR/users
}
`))
	cmd := exec.Command("dovecot", "-F", "-c", filepath.Join(dir, "dovecot.conf"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("dovecot", "-c", filepath.Join(dir, "dovecot.conf"), "stop").Run() // Wait says how it ended
		_ = cmd.Wait()
	})
	probetest.Until(t, "dovecot answers", func() bool {
		c, err := net.Dial("tcp", d.imap)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return d
}

func (d *dovecot) write(name, content string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(content), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// mail puts a mail into a folder of the maildir.
func (d *dovecot) mail(folder, name string, content []byte) {
	d.t.Helper()
	path := filepath.Join(d.dir, "home/Maildir", folder, "new", name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Chown(path, 65534, 65534); err != nil {
		d.t.Fatal(err)
	}
}

func (d *dovecot) job(folders ...string) due.MailJob {
	return due.MailJob{
		Box:     due.Box{IMAP: d.imap, User: "owner", Password: chain.Secret("file:" + filepath.Join(d.dir, "password")), Folders: folders, TLS: "none"},
		Senders: []notice.Sender{{Thing: "vpn", From: []string{"fixed-ip.example.net"}}},
	}
}

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../notice/testdata/" + name + ".eml")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRead: notices are found in the folders that are named, each mail is looked at once,
// and nothing in the mailbox is changed.
func TestRead(t *testing.T) {
	d := newDovecot(t)
	d.mail("", "1", fixture(t, "pptp-ja"))
	d.mail("", "2", fixture(t, "stranger"))
	d.mail("", "3", []byte("From: a@fixed-ip.example.net\nSubject: x\n"+strings.Repeat("X: "+strings.Repeat("y", 70)+"\n", 5000)))
	d.mail(".Providers", "4", fixture(t, "aws-retire"))
	now := time.Now()
	j := d.job("INBOX", "Providers")
	a := Read(t.Context(), j, now)
	if a.Error != "" || a.Looked != 4 || len(a.Found) != 2 || a.Found[0].About != "vpn" || a.Found[0].Day != "2016-12-31" {
		t.Fatalf("got %+v", a)
	}
	j.Cursors = a.Cursors
	if a = Read(t.Context(), j, now); a.Error != "" || a.Looked != 0 {
		t.Errorf("read twice: %+v", a)
	}
	d.mail("", "5", fixture(t, "pptp-en"))
	if a = Read(t.Context(), j, now); a.Error != "" || a.Looked != 1 || len(a.Found) != 1 {
		t.Errorf("the new one: %+v", a)
	}
	j.Cursors = a.Cursors
	// Nothing was read, in the eyes of the owner's own mail program.
	for _, folder := range []string{"", ".Providers"} {
		seen, err := filepath.Glob(filepath.Join(d.dir, "home/Maildir", folder, "cur/*:2,?*"))
		if err != nil || len(seen) > 0 {
			t.Errorf("marked: %v %v", seen, err)
		}
		fresh, err := os.ReadDir(filepath.Join(d.dir, "home/Maildir", folder, "new"))
		if err != nil || len(fresh) == 0 {
			t.Errorf("the mails of %q are not new any more (%v)", folder, err)
		}
	}
	// A folder that is not there keeps no other from being read.
	j.Box.Folders = []string{"Nowhere", "INBOX"}
	d.mail("", "6", fixture(t, "two-days"))
	if a = Read(t.Context(), j, now); !strings.Contains(a.Error, "Nowhere") || len(a.Found) != 1 {
		t.Errorf("a folder that is not there: %+v", a)
	}
}

func TestReadRefused(t *testing.T) {
	d := newDovecot(t)
	j := d.job()
	d.write("password", "another")
	if a := Read(t.Context(), j, time.Now()); !strings.Contains(a.Error, "sign in") || strings.Contains(a.Error, "another") {
		t.Errorf("a wrong password: %+v", a)
	}
	j.Box.Password = "file:/nonexistent"
	if a := Read(t.Context(), j, time.Now()); a.Error == "" {
		t.Error("no password: no error")
	}
	j = d.job()
	j.Box.IMAP = "127.0.0.1:1"
	if a := Read(t.Context(), j, time.Now()); a.Error == "" {
		t.Error("no server: no error")
	}
	// STARTTLS is not done without when the server has none.
	j = d.job()
	j.Box.TLS = "starttls"
	if a := Read(t.Context(), j, time.Now()); a.Error == "" {
		t.Error("no STARTTLS: no error")
	}
}

// A server that never ends, or says what no server says, ends the reading.
func TestReadHostile(t *testing.T) {
	for name, says := range map[string]string{
		"nothing":     "",
		"nonsense":    "\x00\x01\x02\r\n",
		"for ever":    "* OK " + strings.Repeat("x", 1<<20),
		"endless":     "* OK hello\r\n" + strings.Repeat("* 1 EXISTS\r\n", 100_000),
		"big literal": "* OK hello\r\n* 1 FETCH (BODY[] {999999999999}\r\nx",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			fmt.Fprint(c, says)
		}()
		password := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(password, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		a := Read(ctx, due.MailJob{Box: due.Box{IMAP: l.Addr().String(), User: "u", Password: chain.Secret("file:" + password), TLS: "none"}}, time.Now())
		cancel()
		l.Close()
		<-done
		if a.Error == "" {
			t.Errorf("%s: no error", name)
		}
	}
}
