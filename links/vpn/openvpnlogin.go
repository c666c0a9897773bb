package vpn

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
	"time"
)

// One logs in to OpenVPN within TLS: each side tells the other what its keys are to be made
// of, the client also his account. Then he asks for his settings, and gets them or is refused.
// No packet is ever sent through the tunnel that would come of it.

// loginError is why a login came to nothing, by which it is called in the catalogue.
type loginError struct{ how, why string }

func (e *loginError) Error() string { return e.how + ": " + e.why }

const (
	// askAgain is after how long the settings are asked for again: a server that looks the
	// account up elsewhere says nothing until it has.
	askAgain = 2 * time.Second
	// maxRecord bounds what is read at once within TLS, in bytes.
	maxRecord = 16 << 10
	// maxMessages is how many messages are looked at in search of the answer.
	maxMessages = 64
)

// loggingIn reports whether the settings say by what one logs in.
func (s settings) loggingIn() bool { return s.User != "" || s.Cert != "" }

// login logs in once the server has answered, and takes leave.
func (l *link) login(ctx context.Context, c *control) (answer, error) {
	if err := c.acknowledge(c.due); err != nil { // its reset
		return answer{}, err
	}
	c.due++
	conf, err := l.credentials()
	if err != nil {
		return answer{}, err
	}
	user, password := l.settings.User, ""
	if user != "" {
		if password, err = l.secret(l.settings.Password); err != nil {
			return answer{}, err
		}
	}
	t := tls.Client(c, conf)
	if err := t.HandshakeContext(ctx); err != nil {
		return answer{}, unheard(err)
	}
	defer func() { _, _ = t.Write([]byte("EXIT\x00")) }() // whoever does not know it waits for our silence
	if _, err := t.Write(keyMessage(user, password)); err != nil {
		return answer{}, err
	}
	return told(ctx, c, t)
}

// unheard tells apart why TLS came to nothing.
func unheard(err error) error {
	var stranger *tls.CertificateVerificationError
	var remote *net.OpError
	switch {
	case errors.As(err, &stranger):
		return &loginError{"wrong_server", stranger.Err.Error()}
	case errors.As(err, &remote) && remote.Op == "remote error": // an alert of TLS
		return &loginError{"login_refused", remote.Err.Error()}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return &loginError{"login_silent", ""}
	}
	return err
}

// told waits for what the server makes of the login.
func told(ctx context.Context, c *control, t *tls.Conn) (answer, error) {
	b := make([]byte, maxRecord)
	ready := false // its own part of the keys has come
	for range maxMessages {
		if ready {
			if _, err := t.Write([]byte("PUSH_REQUEST\x00")); err != nil {
				return answer{}, err
			}
		}
		c.until = time.Now().Add(askAgain)
		n, err := t.Read(b)
		switch {
		case err != nil && errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil:
			continue
		case err != nil:
			return answer{}, unheard(err)
		case !ready:
			if !isKeyMessage(b[:n]) {
				return answer{}, errOther
			}
			ready = true
			continue
		}
		for message := range bytes.SplitSeq(b[:n], []byte{0}) {
			if a, err, ok := judged(string(message)); ok {
				return a, err
			}
		}
	}
	return answer{}, errOther
}

// judged reads a message of the server's; ok is false for one that decides nothing.
func judged(message string) (a answer, err error, ok bool) {
	name, why, _ := strings.Cut(message, ",")
	switch {
	case name == "PUSH_REPLY":
		return answer{login: true, account: true}, nil, true
	case name == "AUTH_PENDING", name == "AUTH_FAILED" && strings.HasPrefix(why, "CRV1:"):
		return answer{second: true}, nil, true
	case name == "AUTH_FAILED" && strings.HasPrefix(why, "TEMP"):
		return answer{}, errBusy, true
	case name == "AUTH_FAILED", name == "HALT", name == "RESTART":
		return answer{}, &loginError{"login_refused", message}, true
	}
	return answer{}, nil, false
}

// credentials are what TLS needs: whom to believe, and perhaps who one is.
func (l *link) credentials() (*tls.Config, error) {
	text, err := l.secret(l.settings.CA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(text)) {
		return nil, &secretError{errors.New("no certificate in ca")}
	}
	conf := &tls.Config{
		MinVersion: tls.VersionTLS12,
		// A VPN's certificate names no host: it is one for servers, of the VPN's own authority.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
			for _, c := range s.PeerCertificates[1:] {
				o.Intermediates.AddCert(c)
			}
			if _, err := s.PeerCertificates[0].Verify(o); err != nil {
				return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
			}
			return nil
		},
	}
	if l.settings.Cert == "" {
		return conf, nil
	}
	cert, err := l.secret(l.settings.Cert)
	if err != nil {
		return nil, err
	}
	key, err := l.secret(l.settings.Key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return nil, &secretError{errors.New("cert and key do not belong together")}
	}
	conf.Certificates = []tls.Certificate{pair}
	return conf, nil
}

const (
	keyMethod = 2
	// What a client has to say of itself: the ciphers that it could use, and what it
	// understands (of data in its second form, of a login that is pending or refused for
	// now, and of leave taken).
	aboutUs = "IV_VER=2.6.0\nIV_PLAT=linux\nIV_NCP=2\nIV_CIPHERS=AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305\nIV_PROTO=402\n"
	options = "V4,dev-type tun,link-mtu 1549,tun-mtu 1500,proto UDPv4,cipher AES-256-GCM,auth [null-digest],keysize 256,key-method 2,tls-client"
)

// keyMessage is our part of the keys, and the account.
func keyMessage(user, password string) []byte {
	b := append(make([]byte, 4), keyMethod)
	random := make([]byte, 48+32+32)
	_, _ = rand.Read(random) // never fails
	b = append(b, random...)
	for _, s := range []string{options, user, password, aboutUs} {
		if s == "" {
			b = append(b, 0, 0)
			continue
		}
		b = append(append(append(b, be16(uint16(len(s)+1))...), s...), 0)
	}
	return b
}

// isKeyMessage reports whether b is the server's part.
func isKeyMessage(b []byte) bool {
	return len(b) > 5+64 && bytes.Equal(b[:4], make([]byte, 4)) && b[4]&15 == keyMethod
}
