//go:build lab

package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

// ofServers are the faults of nginx and sshd.
func ofServers() []fault {
	return []fault{{
		name: "nginx: dead", make: "systemctl kill --signal=KILL nginx",
		link: "nginx", cause: "killed", evidence: "SIGKILL", did: start,
	}, {
		name: "nginx: configuration broken before a reload", make: `echo 'sever {}' >/etc/nginx/conf.d/bad.conf
			! systemctl reload nginx 2>/dev/null
			` + knownPostServed + `
			systemctl kill --signal=KILL nginx`,
		link: "nginx", cause: "bad_config", evidence: `unknown directive "sever"`, did: start, next: "nginx -t", broken: []string{"nginx", cert, front, "post"},
		undo: "rm /etc/nginx/conf.d/bad.conf; systemctl start nginx",
	}, {
		name: "nginx: certificate expired", by: expire, make: "systemctl reload nginx",
		link: cert, cause: "cert_expired", evidence: "until 2017-08-02", next: "enew", broken: []string{cert, front, "post"},
		undo: "cd /etc/nginx; mv good.crt blog.crt; mv good.key blog.key; systemctl reload nginx",
	}, {
		name: "sshd: dead", make: "kill -9 $(systemctl show -P MainPID ssh)",
		link: "ssh", cause: "killed", evidence: "SIGKILL", did: start,
	}, {
		name: "sshd: hung", make: "kill -STOP $(systemctl show -P MainPID ssh)",
		link: "ssh", cause: "hung", evidence: "state T", did: killAndStart,
	}, {
		name: "sshd: permissions of authorized_keys", make: "chmod 666 /home/owner/.ssh/authorized_keys",
		link: "login", cause: "wrong_permissions", evidence: "bad ownership or modes for file /home/owner/.ssh/authorized_keys",
		next: "chmod go-w /home/owner/.ssh/authorized_keys", broken: []string{"login"},
		undo: "chmod 600 /home/owner/.ssh/authorized_keys",
	}, {
		name: "sshd: disk full at login", make: fill("/home"), // the owner still gets in
		link: "home", cause: "disk_full", evidence: "statfs ", next: "du -", broken: []string{"home"},
		undo: "rm /home/filler",
	}}
}

const knownPostServed = `curl -sf "https://blog.example.org/?p=1" | grep -q "Welcome to WordPress"`

// expire puts a certificate in place that has ended.
func expire(h *host) {
	h.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		h.Fatal(err)
	}
	ended := time.Date(2017, 8, 2, 0, 0, 0, 0, time.UTC)
	is := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "blog.example.org"}, DNSNames: []string{"blog.example.org"},
		NotBefore: ended.AddDate(-1, 0, 0), NotAfter: ended}
	der, err := x509.CreateCertificate(rand.Reader, is, is, key.Public(), key)
	if err != nil {
		h.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		h.Fatal(err)
	}
	h.do("cd /etc/nginx; mv blog.crt good.crt; mv blog.key good.key")
	h.write("/etc/nginx/blog.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	h.write("/etc/nginx/blog.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}
