package nft_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/nft"
)

// Rules as people have them. What we say of each is held against what the kernel does.
func TestObstacles(t *testing.T) {
	const head = "table inet filter { chain input { type filter hook input priority 0; policy drop; ct state established,related accept; iif lo accept; "
	for _, c := range []struct {
		name, rules string
		blocked     bool   // for sure
		line        string // what to type
	}{
		{"no firewall", "", false, ""},
		{"by hand, open", "nft -f - <<'X'\n" + head + "tcp dport { 22, 80 } accept; }; }\nX", false, ""},
		{"by hand, a range", "nft -f - <<'X'\n" + head + "tcp dport { 20-25, 80 } accept; }; }\nX", false, ""},
		{"by hand, closed", "nft -f - <<'X'\n" + head + "tcp dport 80 accept; }; }\nX", true, "nft insert rule inet filter input tcp dport 22 accept"},
		{"open to one address", "nft -f - <<'X'\n" + head + "ip saddr 203.0.113.5 tcp dport 22 accept; }; }\nX", true, "nft insert rule inet filter input tcp dport 22 accept"},
		{"a chain of its own", "nft -f - <<'X'\ntable inet filter { chain ssh { ip saddr 203.0.113.0/24 accept; drop; }\nchain input { type filter hook input priority 0; tcp dport vmap { 22 : jump ssh }; }; }\nX",
			true, "nft insert rule inet filter input tcp dport 22 accept"},
		{"states by a map", "nft -f - <<'X'\ntable inet filter { chain input { type filter hook input priority 0; policy drop; ct state vmap { established : accept, related : accept, invalid : drop }; tcp dport 22 accept; }; }\nX", false, ""},
		{"reject", "nft -f - <<'X'\ntable inet f { chain i { type filter hook input priority 5; tcp dport 1-1023 reject with tcp reset; }; }\nX", true, "nft insert rule inet f i tcp dport 22 accept"},
		{"iptables, open", "iptables-nft -P INPUT DROP; iptables-nft -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables-nft -A INPUT -p tcp -m tcp --dport 22 -m comment --comment ssh -j ACCEPT", false, ""},
		{"iptables, closed", "iptables-nft -P INPUT DROP; iptables-nft -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables-nft -A INPUT -p tcp -s 203.0.113.5 --dport 22 -j ACCEPT", true, "iptables -I INPUT -p tcp --dport 22 -j ACCEPT"},
		{"iptables, another chain", "iptables-nft -N in; iptables-nft -A INPUT -j in; iptables-nft -A in -p tcp --dport 80 -j RETURN; iptables-nft -A in -p tcp -j REJECT", true, "iptables -I INPUT -p tcp --dport 22 -j ACCEPT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHost(t)
			h.listen(22)
			if c.rules != "" {
				h.Run(c.rules)
			}
			must(t, h.fw.Load(ssh, nil))
			must(t, h.fw.Open(lease(client4, 22, time.Hour)))
			before := h.Ruleset()
			found, err := h.fw.Obstacles([]uint16{22}, nil)
			must(t, err)
			sure := false
			for _, o := range found {
				sure = sure || o.Sure
			}
			if sure != c.blocked {
				t.Errorf("%+v", found)
			}
			h.knocksPass(!h.knocksBlocked())
			conn, err := h.dial(client4, server4, 22, 300*time.Millisecond)
			if err == nil {
				conn.Close()
			}
			if (err != nil) != c.blocked {
				t.Errorf("the kernel says %v", err)
			}
			if !c.blocked {
				return
			}
			if found[0].Lines[0] != c.line {
				t.Errorf("%s", found[0].Lines[0])
			}
			// What we say to type opens it, to the leased alone, and can be taken back.
			h.Run(strings.ReplaceAll(found[0].Lines[0], "iptables ", "iptables-nft "))
			h.enters(client4, server4, 22)
			h.silent(other4, server4, 22)
			if !strings.HasPrefix(found[0].Undo[0], "nft") {
				h.Run(strings.ReplaceAll(found[0].Undo[0], "iptables ", "iptables-nft "))
				if after := h.Ruleset(); lasting(after) != lasting(before) {
					t.Errorf("%s\nwas\n%s", after, before)
				}
			}
			must(t, h.fw.Remove())
		})
	}
}

const knockPort = 4649

// knocksBlocked is what we say of a knock.
func (h *host) knocksBlocked() (sure bool) {
	h.t.Helper()
	found, err := h.fw.Obstacles(nil, []uint16{knockPort})
	must(h.t, err)
	for _, o := range found {
		if !o.Knocks || o.Port != knockPort {
			h.t.Errorf("%+v", o)
		}
		sure = sure || o.Sure
	}
	return sure
}

// knocksPass holds that against what the kernel does.
func (h *host) knocksPass(want bool) {
	h.t.Helper()
	var in net.PacketConn
	var out net.Conn
	var err error
	h.In(func() { in, err = net.ListenPacket("udp4", fmt.Sprintf(":%d", knockPort)) })
	must(h.t, err)
	defer in.Close()
	h.client.In(func() { out, err = net.Dial("udp", net.JoinHostPort(server4, fmt.Sprint(knockPort))) })
	must(h.t, err)
	defer out.Close()
	patience := 150 * time.Millisecond
	if want {
		patience = 30 * time.Second
	}
	_, err = out.Write([]byte("knock"))
	must(h.t, err)
	must(h.t, in.SetReadDeadline(time.Now().Add(patience)))
	_, _, err = in.ReadFrom(make([]byte, 10))
	if (err == nil) != want {
		h.t.Errorf("of a knock we say that it passes: %v, and the kernel %v", want, err)
	}
}

// lasting leaves out what only time changes.
func lasting(ruleset string) string {
	_, theirs, _ := strings.Cut(ruleset, "table inet omamori")
	ours, rest, _ := strings.Cut(theirs, "\n}\n")
	_ = ours
	var kept []string
	for line := range strings.Lines(rest) {
		if i := strings.Index(line, "counter packets"); i >= 0 {
			line = line[:i]
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "")
}

// Debian's own ufw, on rules of its own in folders of its own.
func TestObstaclesOfUfw(t *testing.T) {
	h := &host{Space: doortest.New(t), t: t, client: doortest.New(t)}
	h.fw = nft.In(h.File)
	doortest.Wire(h.Space, h.client, server4+"/24 "+server6+"/64", client4+"/24 "+other4+"/24 "+client6+"/64")
	h.listen(22)
	etc, lib := t.TempDir(), t.TempDir()
	ufw := func(args string) {
		t.Helper()
		h.Run(fmt.Sprintf(`unshare -m sh -euc '
			test -e %[1]s/ufw || { cp -a /etc/ufw %[1]s/; cp -a /etc/default/ufw %[1]s/default; mkdir %[2]s/ufw; }
			mount --bind %[1]s/ufw /etc/ufw; mount --bind %[1]s/default /etc/default/ufw
			%[3]s'`, etc, lib, args))
	}
	ufw("ufw --force enable")
	must(t, h.fw.Load(ssh, lease(client4, 22, time.Hour)))
	// With no rules of the owner's, then with one that lets somebody in.
	for _, rule := range []string{"", "ufw allow from 203.0.113.5 to any port 22 proto tcp"} {
		if rule != "" {
			ufw(rule)
		}
		h.silent(client4, server4, 22)
		found, err := h.fw.Obstacles([]uint16{22}, []uint16{knockPort})
		must(t, err)
		var typed []string
		for _, o := range found {
			if o.Sure && !slices.Contains(typed, o.Lines[0]) {
				typed = append(typed, o.Lines[0])
			}
		}
		if fmt.Sprint(typed) != "[ufw prepend allow 22/tcp ufw prepend allow 4649/udp]" {
			t.Fatalf("%q of %+v\n%s", typed, found, h.Ruleset())
		}
		h.knocksPass(false)
		ufw(strings.Join(typed, " && "))
		h.knocksPass(true)
		h.enters(client4, server4, 22)
		h.silent(other4, server4, 22)
		again, err := h.fw.Obstacles([]uint16{22}, []uint16{knockPort})
		must(t, err)
		for _, o := range again {
			if o.Sure {
				t.Errorf("%+v", o)
			}
		}
		ufw("ufw delete allow 22/tcp && ufw delete allow 4649/udp")
	}
}
