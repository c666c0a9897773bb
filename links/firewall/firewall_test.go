package firewall

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/nft"
	"github.com/omamori-guard/omamori/hands"
)

func newLink(t *testing.T, socket string, ports ...int) *link {
	t.Helper()
	p, err := build(settings{Socket: socket, Ports: ports}, chain.Place{Link: "wall"})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}

func expect(t *testing.T, p chain.Proof, verdict chain.Verdict, key string) {
	t.Helper()
	if p.Verdict != verdict || p.Because.Key != key {
		t.Errorf("%+v, want %v %s", p, verdict, key)
	}
}

// frozen is a firewall that nobody watches: so that a break lasts until it is mended.
type frozen struct{ *nft.Firewall }

func (frozen) Watch(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestFirewall(t *testing.T) {
	s := doortest.New(t)
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/state", 0o700); err != nil {
		t.Fatal(err)
	}
	l := newLink(t, dir+"/sock", 22)
	expect(t, l.Prove(t.Context()), chain.Unproven, "firewall.no_door")
	if err := os.WriteFile(dir+"/state/rules.json", []byte(`{"closed":[22]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	wall := nft.In(s.File)
	d, err := hands.NewDoor(hands.DoorFile{Door: strings.Repeat("0", 64), Ports: []uint16{22, 2222}, Signers: dir + "/none", State: dir + "/state"},
		frozen{wall}, slog.New(slog.NewTextHandler(io.Discard, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	listener, err := d.Listen(dir + "/sock")
	if err != nil {
		t.Fatal(err)
	}
	go d.Serve(t.Context(), listener) //nolint:errcheck // it ends with the test
	expect(t, l.Prove(t.Context()), chain.Holds, "firewall.holds")
	expect(t, newLink(t, dir+"/sock", 22, 80).Prove(t.Context()), chain.Broken, "firewall.port_open")
	for rules, key := range map[string]string{
		"flush ruleset":                               "firewall.gone",
		"insert rule inet omamori input accept":       "firewall.changed",
		"delete element inet omamori closed '{ 22 }'": "firewall.changed",
		"add element inet omamori freed '{ 22 }'":     "firewall.changed",
		"flush chain inet omamori input":              "firewall.changed",
	} {
		s.Run("nft " + rules)
		p := l.Prove(t.Context())
		expect(t, p, chain.Broken, key)
		plan := l.Plan(p, chain.Evidence{})
		if len(plan.Deeds) != 1 {
			t.Fatalf("%s: %+v", rules, plan)
		}
		if err := l.Do(t.Context(), plan.Deeds[0]); err != nil {
			t.Error(err)
		}
		expect(t, l.Prove(t.Context()), chain.Holds, "firewall.holds")
	}
	c, err := hands.ConnectDoor(t.Context(), dir+"/sock")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Try(t.Context(), []uint16{2222}, false, "root"); err != nil {
		t.Fatal(err)
	}
	expect(t, l.Prove(t.Context()), chain.Unproven, "firewall.trial")
	if err := c.Rollback(t.Context(), "root"); err != nil {
		t.Fatal(err)
	}
	expect(t, l.Prove(t.Context()), chain.Holds, "firewall.holds")
}
