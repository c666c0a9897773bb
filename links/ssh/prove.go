package ssh

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

// phase is how far a trial has come.
type phase uint8

const (
	connecting phase = iota
	greeting         // connected; the server speaks first
	agreeing         // it has greeted; keys are exchanged
	entering         // it has proved who it is; now we do
	running          // we are in
)

// trial is one login.
type trial struct {
	conn    *conn
	reached atomic.Uint32 // a phase
	shown   atomic.Pointer[shown]
	// offered says that the server took our key, and had us sign with it.
	offered atomic.Bool
	stderr  short // only to be read once the session is over
}

// shown is the key that a server has shown.
type shown struct {
	ssh.PublicKey
	known bool // it is the known one
}

func (t *trial) phase() phase  { return phase(t.reached.Load()) }
func (t *trial) reach(p phase) { t.reached.Store(uint32(p)) }

func (t *trial) isStranger() bool {
	s := t.shown.Load()
	return s != nil && !s.known
}

// patience is the part of the time that the server has; the rest is for finding
// out why it was silent.
const patience = 0.85

// Prove logs in and runs true. Nothing is forwarded and no terminal is asked for.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	began := time.Now()
	known, err := l.known()
	if err != nil {
		return l.unknown(err)
	}
	signer, proof := l.signer()
	if proof != nil {
		return *proof
	}
	inner := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		inner, cancel = context.WithTimeout(ctx, time.Duration(patience*float64(time.Until(deadline))))
		defer cancel()
	}
	t, err := l.login(inner, known, signer)
	took := time.Since(began)
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	if err != nil && t.phase() > connecting && (inner.Err() != nil || t.conn.timedOut()) {
		return l.silence(ctx, t, took)
	}
	l.silent = 0
	if err != nil {
		return l.explain(ctx, t, err)
	}
	return chain.Held(chain.Say("ssh.holds", "user", l.settings.User, "where", l.address))
}

// errHostKey says that the server showed another key than the known one.
var errHostKey = errors.New("the server's key is another one")

// login tries the sorts of host keys in turn until one is the known one, and goes
// through with that.
func (l *link) login(ctx context.Context, k known, signer ssh.Signer) (*trial, error) {
	var stranger *trial // one that showed another key
	var last *trial
	var lastErr error
	for i := range k.families {
		family := (l.family + i) % len(k.families)
		t := &trial{}
		err := l.try(ctx, t, k.families[family], k.fits, signer)
		var none *ssh.AlgorithmNegotiationError
		switch {
		case errors.Is(err, errHostKey):
			stranger = t
		case errors.As(err, &none) && ctx.Err() == nil:
		default:
			if t.phase() >= entering {
				l.family = family
			}
			return t, err
		}
		last, lastErr = t, err
	}
	if stranger != nil {
		return stranger, errHostKey
	}
	return last, lastErr
}

func (l *link) try(ctx context.Context, t *trial, algos []string, fits func(ssh.PublicKey, net.Addr) bool, signer ssh.Signer) error {
	c, err := probe.Dial(ctx, "tcp", l.address)
	if err != nil {
		return err
	}
	defer c.Close()
	t.reach(greeting)
	t.conn = &conn{Conn: c}
	config := &ssh.ClientConfig{
		User:              l.settings.User,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(watch(signer, &t.offered))},
		ClientVersion:     "SSH-2.0-omamori",
		HostKeyAlgorithms: algos,
		HostKeyCallback: func(_ string, remote net.Addr, key ssh.PublicKey) error {
			known := fits(key, remote)
			t.shown.Store(&shown{key, known})
			if !known {
				return errHostKey
			}
			t.reach(entering)
			return nil
		},
	}
	sc, chans, reqs, err := ssh.NewClientConn(t.conn, l.address, config)
	if t.phase() == greeting && len(t.conn.heard()) > 0 {
		t.reach(agreeing)
	}
	switch {
	case err != nil && t.isStranger():
		return errHostKey // the library does not always pass it on
	case err != nil:
		return err
	}
	t.reach(running)
	client := ssh.NewClient(sc, chans, reqs)
	defer func() {
		_ = client.Close() // it has said all that is wanted
		_ = client.Wait()
	}()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	session.Stdout, session.Stderr = io.Discard, &t.stderr
	return session.Run("true")
}

// signer reads the private key.
func (l *link) signer() (ssh.Signer, *chain.Proof) {
	untried := func(because chain.Text) (ssh.Signer, *chain.Proof) {
		p := chain.Untried(because, chain.Say("ssh.key_hint", "user", l.settings.User))
		return nil, &p
	}
	where := string(l.settings.Key)
	text, err := probe.Secret(l.settings.Key)
	if err != nil {
		return untried(chain.Say("ssh.key_unread", "where", where, "error", err.Error()))
	}
	signer, err := ssh.ParsePrivateKey([]byte(text + "\n"))
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return untried(chain.Say("ssh.key_locked", "where", where))
	case err != nil: // its text may quote what is a secret
		return untried(chain.Say("ssh.key_bad", "where", where))
	}
	return signer, nil
}

// watch notes that a key is used to sign, which a server asks for only when it knows
// the key.
func watch(s ssh.Signer, used *atomic.Bool) ssh.Signer {
	if a, ok := s.(ssh.AlgorithmSigner); ok {
		return &watched{a, used}
	}
	return s
}

type watched struct {
	ssh.AlgorithmSigner
	used *atomic.Bool
}

func (w *watched) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	w.used.Store(true)
	return w.AlgorithmSigner.Sign(rand, data)
}

func (w *watched) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	w.used.Store(true)
	return w.AlgorithmSigner.SignWithAlgorithm(rand, data, algorithm)
}

// short keeps the beginning of what is written to it.
type short struct{ bytes.Buffer }

func (s *short) Write(b []byte) (int, error) {
	if room := maxFirst - s.Len(); room > 0 {
		s.Buffer.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}
