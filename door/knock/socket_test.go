package knock_test

import (
	"context"
	"crypto/ed25519"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/knock"
)

// opener lets everybody in.
type opener struct{}

func (opener) Challenge(context.Context) (door.Challenge, error) { return door.Challenge{1}, nil }

func (opener) Admit(_ context.Context, permit, _ []byte) (door.Lease, error) {
	p, err := door.ParsePermit(permit)
	if err != nil {
		return door.Lease{}, err
	}
	return door.Lease{ID: door.NewID(), From: p.From, Until: time.Time{}.Add(p.For)}, nil
}

// A host of several addresses answers from the one that was knocked at: a client hears no
// other.
func TestEachAddressAnswersForItself(t *testing.T) {
	_, secret, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	list := func() (door.Signers, error) {
		return door.ParseSigners([]byte("mika " + string(ssh.MarshalAuthorizedKey(signer.PublicKey()))))
	}
	key, err := knock.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for network, addresses := range map[string][]string{
		"udp":  {"192.0.2.1", "192.0.2.11", "2001:db8::1", "2001:db8::11"},
		"udp4": {"192.0.2.1", "192.0.2.11"},
	} {
		t.Run(network, func(t *testing.T) {
			server, laptop := doortest.New(t), doortest.New(t)
			doortest.Wire(server, laptop, "192.0.2.1/24 192.0.2.11/24 2001:db8::1/64 2001:db8::11/64", "192.0.2.2/24 2001:db8::2/64")
			var conn *net.UDPConn
			server.In(func() { conn, err = net.ListenUDP(network, &net.UDPAddr{Port: knock.DefaultPort}) })
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- (&knock.Server{Key: key, Door: opener{}, Signers: list}).Serve(ctx, conn) }()
			for _, at := range addresses {
				c := &knock.Client{Pass: key.Pass(at, knock.DefaultPort), Signer: signer}
				var a knock.Answer
				var err error
				laptop.In(func() {
					short, stop := context.WithTimeout(ctx, 3*time.Second)
					defer stop()
					a, err = c.Knock(short, netip.AddrPortFrom(netip.MustParseAddr(at), knock.DefaultPort), knock.Ask{Ports: []uint16{22}, For: time.Minute})
				})
				if err != nil || !a.From.Contains(a.Seen) {
					t.Errorf("%s: %+v, %v", at, a, err)
				}
			}
			cancel()
			if err := <-served; err != nil {
				t.Error(err)
			}
		})
	}
}
