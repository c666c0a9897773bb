package mailbox

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

const password = `pass "word" \ 123`

// server is a mailbox of the real dovecot; what its SMTP server takes, dovecot's own
// delivery agent puts into the inbox.
type server struct {
	t                *testing.T
	dir              string
	smtp, imap, ca   string
	mu               sync.Mutex // protects the fields below
	lose, refuse     bool
	taken            int
	deliveryFailures []string
}

func newServer(t *testing.T) *server {
	t.Helper()
	if os.Geteuid() != 0 {
		probetest.Needs(t, "root, to run dovecot")
	}
	if _, err := exec.LookPath("dovecot"); err != nil {
		probetest.Needs(t, "dovecot")
	}
	// dovecot's users must reach it, unlike what t.TempDir makes; and its sockets have short names.
	dir, err := os.MkdirTemp("", "omamori-mail")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: dir, ca: filepath.Join(dir, "cert.pem"), imap: "127.0.0.1:" + probetest.FreePort(t)}
	pair := s.certificate()
	s.dovecot()
	s.serveSMTP(pair)
	return s
}

func (s *server) certificate() tls.Certificate {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	pair, err := tls.LoadX509KeyPair(filepath.Join(s.dir, "cert.pem"), filepath.Join(s.dir, "key.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	return pair
}

func (s *server) write(name, content string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) config() string { return filepath.Join(s.dir, "dovecot.conf") }

func (s *server) dovecot() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.imap)
	s.write("users", "owner:{PLAIN}"+password+":65534:65534::"+s.dir+"/home\n")
	if err := os.Mkdir(filepath.Join(s.dir, "home"), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(s.dir, "home"), 65534, 65534); err != nil {
		s.t.Fatal(err)
	}
	s.write("dovecot.conf", strings.NewReplacer("DIR", s.dir, "PORT", port).Replace(`
base_dir = DIR/run
state_dir = DIR/state
log_path = DIR/log
protocols = imap
listen = 127.0.0.1
mail_location = maildir:DIR/home/Maildir
first_valid_uid = 1
ssl = required
ssl_cert = <DIR/cert.pem
ssl_key = <DIR/key.pem
auth_mechanisms = plain login
auth_username_format = %n
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
  args = scheme=PLAIN DIR/users
}
userdb {
  driver = passwd-file
  args = DIR/users
}
`))
	cmd := exec.Command("dovecot", "-F", "-c", s.config())
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if s.t.Failed() {
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			s.t.Logf("dovecot: %s\n%s", &said, log)
		}
	})
	probetest.Until(s.t, "dovecot answers", func() bool {
		c, err := net.Dial("tcp", s.imap)
		if err != nil {
			return false
		}
		defer c.Close()
		b := make([]byte, 4)
		_, err = io.ReadFull(c, b)
		return err == nil && string(b) == "* OK"
	})
}

func (s *server) serveSMTP(pair tls.Certificate) {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.smtp = l.Addr().String()
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s: s}, nil }))
	srv.Domain, srv.TLSConfig = "127.0.0.1", &tls.Config{Certificates: []tls.Certificate{pair}}
	srv.ErrorLog = quiet{}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	s.t.Cleanup(func() { _ = srv.Close(); <-done })
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// session is one of the SMTP server's.
type session struct {
	s      *server
	signed bool
}

func (x *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, word string) error {
		if user != "owner" || word != password {
			return smtp.ErrAuthFailed
		}
		x.signed = true
		return nil
	}), nil
}

func (x *session) Mail(string, *smtp.MailOptions) error {
	if !x.signed {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (x *session) Rcpt(string, *smtp.RcptOptions) error {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if x.s.refuse {
		return &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
	}
	return nil
}

func (x *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.taken++
	if x.s.lose {
		return nil
	}
	cmd := exec.Command("/usr/lib/dovecot/dovecot-lda", "-c", x.s.config(), "-d", "owner")
	cmd.Stdin = bytes.NewReader(b)
	if out, err := cmd.CombinedOutput(); err != nil {
		x.s.deliveryFailures = append(x.s.deliveryFailures, fmt.Sprintf("%v %s", err, out))
		return errors.New("delivery failed")
	}
	return nil
}

func (x *session) Reset()        {}
func (x *session) Logout() error { return nil }

// link is one to the server, with the settings that change makes.
func (s *server) link(change func(*settings)) chain.Prover {
	s.t.Helper()
	s.write("secret", password+"\n")
	x := settings{
		To: "owner@example.jp", SMTP: s.smtp, IMAP: s.imap, User: "owner", CA: s.ca,
		Password: chain.Secret("file:" + filepath.Join(s.dir, "secret")),
	}
	if change != nil {
		change(&x)
	}
	p, err := build(x, chain.Place{Link: "mail"})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// messages counts those in the inbox.
func (s *server) messages() int { return len(s.inbox()) }

func (s *server) inbox() []string {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, "home/Maildir/[cn]*/*"))
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

func TestRoundTrip(t *testing.T) {
	s := newServer(t)
	const patience = 15 * time.Second
	for range 2 {
		probetest.Expect(t, probetest.Prove(s.link(nil), patience), chain.Holds, "", password)
		if n := s.messages(); n != 0 || len(s.deliveryFailures) > 0 {
			t.Errorf("%d messages are left behind; %q", n, s.deliveryFailures)
		}
	}
	t.Run("wrong password", func(t *testing.T) {
		s.write("wrong", "not it")
		p := probetest.Prove(s.link(func(x *settings) { x.Password = chain.Secret("file:" + s.dir + "/wrong") }), patience)
		probetest.Expect(t, p, chain.Broken, "wrong_password", "not it")
	})
	t.Run("a stranger's certificate", func(t *testing.T) {
		p := probetest.Prove(s.link(func(x *settings) { x.CA = "" }), patience)
		probetest.Expect(t, p, chain.Broken, "tls", password)
	})
	t.Run("refused", func(t *testing.T) {
		s.set(false, true)
		p := probetest.Prove(s.link(nil), patience)
		probetest.Expect(t, p, chain.Broken, "refused", password)
		if len(p.Evidence) != 1 || !strings.Contains(p.Evidence[0], "no such mailbox") {
			t.Errorf("%q", p.Evidence)
		}
	})
	t.Run("taken but lost", func(t *testing.T) {
		s.set(true, false)
		probetest.Expect(t, probetest.Prove(s.link(nil), 2*time.Second), chain.Broken, "not_arrived", password)
	})
	t.Run("no server", func(t *testing.T) {
		before := s.taken
		p := probetest.Prove(s.link(func(x *settings) { x.IMAP = "127.0.0.1:" + probetest.FreePort(t) }), patience)
		probetest.Expect(t, p, chain.Broken, "refused", password)
		if s.taken != before {
			t.Error("a message was sent that nobody could see arrive")
		}
	})
	t.Run("no password", func(t *testing.T) {
		p := probetest.Prove(s.link(func(x *settings) { x.Password = chain.Secret("file:" + s.dir + "/none") }), patience)
		probetest.Expect(t, p, chain.Unproven, "")
	})
}

// deliver puts a message into the inbox that came a while ago.
func (s *server) deliver(subject, id string, ago time.Duration) {
	s.t.Helper()
	maildir := filepath.Join(s.dir, "home/Maildir")
	path, at := filepath.Join(maildir, "new", id), time.Now().Add(-ago)
	err := errors.Join(os.MkdirAll(filepath.Join(maildir, "cur"), 0o700), os.MkdirAll(filepath.Join(maildir, "tmp"), 0o700), os.MkdirAll(filepath.Dir(path), 0o700),
		os.WriteFile(path, []byte("Subject: "+subject+"\nMessage-ID: <"+id+">\n\nhello\n"), 0o600), os.Chtimes(path, at, at))
	for _, p := range []string{maildir, filepath.Join(maildir, "cur"), filepath.Join(maildir, "tmp"), filepath.Dir(path), path} {
		err = errors.Join(err, os.Chown(p, 65534, 65534))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// What is not of this kind is never cleared away, whatever its subject, nor what another
// guard waits for; what came late is.
func TestClearsItsOwnAlone(t *testing.T) {
	s := newServer(t)
	s.deliver("Re: "+subject+": what is this?", "1@example.jp", 72*time.Hour)
	s.deliver(subject+" OTHERGUARD", "OTHERGUARD@omamori.invalid", 0)
	probetest.Expect(t, probetest.Prove(s.link(nil), 15*time.Second), chain.Holds, "", password)
	if n := s.messages(); n != 2 {
		t.Errorf("%d messages are left of the owner's and another guard's", n)
	}
	s.deliver(subject+" LATE", "LATE@omamori.invalid", 72*time.Hour)
	probetest.Expect(t, probetest.Prove(s.link(nil), 15*time.Second), chain.Holds, "", password)
	if n := s.messages(); n != 2 {
		t.Errorf("%d messages are left where one came late", n)
	}
}

func (s *server) set(lose, refuse bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose, s.refuse = lose, refuse
}

func TestSettings(t *testing.T) {
	good := settings{To: "a@example.jp", SMTP: "h:465", IMAP: "h:993", User: "u", Password: "file:/x"}
	if _, err := build(good, chain.Place{}); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*settings){
		"to": func(s *settings) { s.To = "A <a@example.jp>" }, "from": func(s *settings) { s.From = "a\r\nRCPT TO:<x@y>" },
		"smtp": func(s *settings) { s.SMTP = "h" }, "imap": func(s *settings) { s.IMAP = ":993" },
		"user": func(s *settings) { s.User = "u\r\nx" }, "password": func(s *settings) { s.Password = "" },
		"tls": func(s *settings) { s.TLS = "none" },
	} {
		s := good
		change(&s)
		var e *chain.SettingError
		if _, err := build(s, chain.Place{}); !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// FuzzIMAP lets a server say anything.
func FuzzIMAP(f *testing.F) {
	f.Add("* OK hi\r\no1 OK\r\n* CAPABILITY IMAP4rev1 UIDPLUS\r\no2 OK\r\no3 OK\r\no4 OK\r\n* SEARCH 1 2\r\no5 OK\r\n* SEARCH 1\r\no6 OK\r\no7 OK\r\no8 OK\r\n")
	f.Add("* OK {5}\r\nabcde rest\r\no1 NO\r\n")
	f.Add("* OK\r\n* X {4294967295}\r\n")
	f.Fuzz(func(t *testing.T, said string) {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		go func() { _, _ = io.WriteString(theirs, said); _ = theirs.Close() }()
		b := &box{conn: ours}
		b.in = bufio.NewReader(&bounded{ours, most})
		if b.begin(t.Context(), nil, false, "u", "p") == nil {
			_, _ = b.find("token")
		}
		_ = ours.Close()
	})
}
