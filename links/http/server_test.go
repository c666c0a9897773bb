package http

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

const program = "/usr/sbin/nginx"

// server is a real nginx of one worker, on two ports of its own.
type server struct {
	t                  *testing.T
	dir, plain, secure string // the latter two are host:port
	ca                 string // a file with its certificate
	cmd                *exec.Cmd
	done               chan struct{}
}

const conf = `daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
%s
events {}
http {
	access_log off;
	client_body_temp_path t1; fastcgi_temp_path t2; proxy_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
	gzip on; gzip_types *; gzip_min_length 1;
	server {
		listen %[2]s;
		listen %[3]s ssl;
		ssl_certificate cert.pem;
		ssl_certificate_key key.pem;
		root .;
		location / { return 200 "A page of the blog."; }
		location /404 { return 404 "nothing"; }
		location /503 { return 503 "busy"; }
		location /moved { return 301 /page; }
		location /far { return 302 http://other.test/page; }
		location /secure { return 301 https://blog.test:%[4]s/page; }
		location /a { return 302 /b; }
		location /b { return 302 /a; }
		location /itself { return 302 $request_uri; }
		location /many/ { rewrite ^/many(/.*)$ /many/x$1 redirect; }
		location /odd { return 302 "ftp://other.test/"; }
		location /key { if ($http_x_key != "sesame") { return 403; } return 200 "$host"; }
		location /host { return 200 "$http_host|$http_user_agent|$http_accept_encoding"; }
		location /hang { proxy_pass http://%[5]s; }
		location /reset { return 444; }
		location /large { try_files /large.txt =404; }
		location /empty { return 200 ""; }
	}
}
`

func newServer(t *testing.T) *server {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		probetest.Needs(t, "Debian's package nginx-light: "+err.Error())
	}
	s := &server{t: t, dir: t.TempDir()}
	s.plain, s.secure = "127.0.0.1:"+probetest.FreePort(t), "127.0.0.1:"+probetest.FreePort(t)
	s.certificate()
	s.file("large.txt", strings.Repeat("large ", 400_000)+"end")
	mute, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and never answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mute.Close() })
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;"
	}
	_, port, _ := net.SplitHostPort(s.secure)
	s.file("nginx.conf", fmt.Sprintf(conf, user, s.plain, s.secure, port, mute.Addr()))
	s.start()
	return s
}

func (s *server) file(name, content string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// certificate makes one for blog.test that signs itself.
func (s *server) certificate() {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "blog.test"}, DNSNames: []string{"blog.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.file("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	s.file("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	s.ca = filepath.Join(s.dir, "cert.pem")
}

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command(program, "-p", s.dir, "-c", filepath.Join(s.dir, "nginx.conf"), "-e", filepath.Join(s.dir, "error.log"))
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.done = make(chan struct{})
	go func() { defer close(s.done); _ = s.cmd.Wait() }()
	s.t.Cleanup(s.kill)
	probetest.Until(s.t, "nginx answers", func() bool {
		select {
		case <-s.done:
			said, _ := os.ReadFile(filepath.Join(s.dir, "error.log"))
			s.t.Fatalf("nginx has ended: %s", said)
		default:
		}
		c, err := net.Dial("tcp", s.plain)
		return err == nil && errors.Join(c.Close()) == nil
	})
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// made builds a link; a setting that is left out has its default.
func made(t *testing.T, s settings) *link {
	t.Helper()
	if s.Method == "" {
		s.Method = "GET"
	}
	p, err := build(s, chain.Place{Link: "front"})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}
