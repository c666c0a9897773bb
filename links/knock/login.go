package knock

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

// maxKnown bounds a known_hosts file, in bytes.
const maxKnown = 1 << 20

var (
	errNotKnown = errors.New("it has no key of the server")
	errTooLong  = errors.New("it is too long")
	errHostKey  = errors.New("another host key")
)

// known is how to log in: with these keys, at a server that shows the right one.
func (l *link) known(host string, keys []ssh.Signer) (*ssh.ClientConfig, error) {
	c := &ssh.ClientConfig{User: l.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(keys...)}}
	fits := func(_ string, _ net.Addr, key ssh.PublicKey) bool {
		return string(key.Marshal()) == string(l.pin.Marshal())
	}
	types := []string{}
	if l.pin != nil {
		types = append(types, l.pin.Type())
	} else {
		st, err := os.Stat(l.KnownHosts)
		switch {
		case err != nil:
			return nil, err
		case !st.Mode().IsRegular() || st.Size() > maxKnown:
			return nil, errTooLong
		}
		check, err := knownhosts.New(l.KnownHosts)
		if err != nil {
			return nil, err
		}
		// Asked for a key that no server has, it lists those that it expects.
		var wants *knownhosts.KeyError
		if err := check(net.JoinHostPort(host, strconv.Itoa(l.Port)), nowhere, noKey{}); !errors.As(err, &wants) || len(wants.Want) == 0 {
			return nil, errNotKnown
		}
		for _, w := range wants.Want {
			types = append(types, w.Key.Type())
		}
		fits = func(host string, remote net.Addr, key ssh.PublicKey) bool { return check(host, remote, key) == nil }
	}
	for _, t := range types {
		if t == ssh.KeyAlgoRSA {
			c.HostKeyAlgorithms = append(c.HostKeyAlgorithms, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else if !slices.Contains(c.HostKeyAlgorithms, t) {
			c.HostKeyAlgorithms = append(c.HostKeyAlgorithms, t)
		}
	}
	c.HostKeyCallback = func(host string, remote net.Addr, key ssh.PublicKey) error {
		if !fits(host, remote, key) {
			return errHostKey
		}
		return nil
	}
	return c, nil
}

// nowhere is no server's address: only names count.
var nowhere = &net.TCPAddr{IP: net.IPv6unspecified}

// noKey is no server's.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return nil }
func (noKey) Verify([]byte, *ssh.Signature) error { return errNotKnown }

// login logs in and out again. The connection has a deadline.
func (l *link) login(ctx context.Context, c net.Conn, to netip.AddrPort, host string, known *ssh.ClientConfig) (chain.Proof, bool) {
	s, channels, requests, err := ssh.NewClientConn(c, net.JoinHostPort(host, strconv.Itoa(l.Port)), known)
	if err == nil {
		client := ssh.NewClient(s, channels, requests)
		defer client.Close()
		// A busy sshd may close a session without having told how its command ended: then
		// what it said counts, and else it is asked once more.
		for range 2 {
			var session *ssh.Session
			var said []byte
			if session, err = client.NewSession(); err == nil {
				said, err = session.Output("echo omamori")
			}
			if err == nil || strings.TrimSpace(string(said)) == "omamori" {
				return chain.Proof{}, true
			}
			if !errors.As(err, new(*ssh.ExitMissingError)) {
				break
			}
		}
	}
	var p chain.Proof
	switch {
	case errors.Is(err, errHostKey):
		p = chain.Broke("host_key_changed", chain.Say("knock.host_key", "where", to), chain.Say("knock.host_key_hint"))
	case ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || isTimeout(err):
		return probe.Broke(ctx, err, to.String()), false
	case strings.Contains(err.Error(), "unable to authenticate"): // the library has no type for it
		p = chain.Broke("wrong_key", chain.Say("ssh.wrong_key", "where", to, "user", l.User), chain.Say("ssh.wrong_key_hint", "user", l.User, "service", "ssh"))
	default:
		p = chain.Broke("login_failed", chain.Say("knock.login_failed", "where", to, "user", l.User), chain.Say("ssh.log_hint", "service", "ssh"))
	}
	p.Evidence = []string{probe.Quote([]byte(err.Error()))}
	return p, false
}
