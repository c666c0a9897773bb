package vpnclient

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

func TestTable(t *testing.T) {
	tab, err := parseTable(clients)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range tab.Rows {
		if !slices.Contains(tab.Systems, r.System) || !slices.Contains([]string{"built-in", "package", "app"}, r.Has) {
			t.Errorf("%+v", r)
		}
		if r.Note != "" && !words.Has("vpn.note_"+r.Note) {
			t.Errorf("%+v: a note without words", r)
		}
		for _, v := range []string{r.From, r.Until} {
			if _, ok := parseVersion(v); v != "" && !ok {
				t.Errorf("%+v: version %q", r, v)
			}
		}
		day, err := time.Parse(time.DateOnly, r.Date)
		checked, err2 := time.Parse(time.DateOnly, tab.Checked)
		if err != nil || err2 != nil || day.After(checked) || !strings.HasPrefix(r.Source, "https://") {
			t.Errorf("%+v: no source, or no day", r)
		}
	}
}

func build1(t *testing.T, s settings, os string) *link {
	t.Helper()
	s.System = "laptop.os"
	p, err := build(s, chain.Place{Link: "client", Attrs: map[string]string{"laptop.os": os}})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}

func TestSystems(t *testing.T) {
	for _, c := range []struct{ os, protocol, upgrade, cause, key string }{
		{"macos-10.11", "pptp", "", "", "vpn.client_built_in"},
		{"macos-10.11.6", "pptp", "", "", "vpn.client_built_in"},
		{"macos-10.12", "pptp", "", "no_client", "vpn.no_client"},
		{"macos-10.11", "pptp", "macos-10.12", "removal_ahead", "vpn.removal_ahead"},
		{"macos-10.11", "l2tp-ipsec", "macos-10.12", "", "vpn.client_built_in"},
		{"macos-10.13", "pptp", "macos-10.12", "no_client", "vpn.no_client"},
		{"macos-10.9", "ikev2", "", "", "vpn.client_built_in"},
		{"android-11", "l2tp-ipsec", "", "", "vpn.client_built_in"},
		{"android-12", "l2tp-ipsec", "", "", "vpn.note_no_new_profile"},
		{"android-16", "l2tp-ipsec", "", "", "vpn.note_no_new_profile"},
		{"android-12", "pptp", "", "no_client", "vpn.no_client"},
		{"debian-13.1", "l2tp-ipsec", "", "", "vpn.client_package"},
		{"debian-14", "l2tp-ipsec", "", "", "vpn.note_ikev1_off"},
		{"ubuntu-26.04", "l2tp-ipsec", "", "", "vpn.client_package"},
		{"ubuntu-26.10", "l2tp-ipsec", "", "", "vpn.client_package"},
		{"ubuntu-27.04", "l2tp-ipsec", "", "", "vpn.note_ikev1_off"},
		{"ios-17.5.1", "wireguard", "", "", "vpn.client_app"},
		{"macos-11", "wireguard", "", "", "vpn.note_old_app"},
		{"macos-10.11", "wireguard", "", "no_client", "vpn.no_client"},
		{"windows-8.1", "wireguard", "", "", "vpn.note_old_app"},
		{"windows-10", "wireguard", "windows-11", "", "vpn.client_app"},
		{"android-6", "wireguard", "", "", "vpn.note_old_app"},
		{"debian-12", "openvpn", "debian-13", "", "vpn.client_package"},
		{"plan9-4", "pptp", "", "", "vpn.system_unknown"},
		{"Sierra", "pptp", "", "", "vpn.system_unsaid"},
	} {
		p := build1(t, settings{Protocol: c.protocol, Upgrade: c.upgrade}, c.os).Prove(t.Context())
		if p.Cause != c.cause || p.Because.Key != c.key || !words.Has(p.Because.Key) || (p.Verdict == chain.Broken && !words.Has(p.Hint.Key)) {
			t.Errorf("%s, %s: %+v", c.os, c.protocol, p)
		}
		if p.Ahead != (c.cause == "removal_ahead") {
			t.Errorf("%s, %s: ahead %v", c.os, c.protocol, p.Ahead)
		}
		if strings.Contains(p.Hint.Args["others"], "l2tp-ipsec") && c.protocol == "l2tp-ipsec" {
			t.Errorf("%s: what is of no sure use is offered: %+v", c.os, p.Hint)
		}
		if (p.Verdict == chain.Holds) != strings.HasPrefix(c.key, "vpn.client_") {
			t.Errorf("%s, %s: %v", c.os, c.protocol, p.Verdict)
		}
	}
}

// TestSuppose: the story's own question, before the upgrade.
func TestSuppose(t *testing.T) {
	l := build1(t, settings{Protocol: "pptp"}, "macos-10.11")
	now := l.Prove(t.Context())
	same := l.Suppose(now, chain.Supposition{Attrs: map[string]string{"laptop.os": "macos-10.11"}})
	then := l.Suppose(now, chain.Supposition{Attrs: map[string]string{"laptop.os": "macos-10.12"}})
	if same.Verdict != chain.Holds || then.Verdict != chain.Broken || then.Cause != "no_client" {
		t.Errorf("as it is: %v; then: %+v", same.Verdict, then)
	}
	if unknown := l.Suppose(then, chain.Supposition{}); unknown.Verdict != chain.Unproven { // nobody puts that right by hand
		t.Errorf("on a system that is not known: %v", unknown.Verdict)
	}
	if said := words.English.Say(then.Hint); !strings.Contains(said, "ikev2") || strings.Contains(said, "pptp") {
		t.Errorf("what to take instead: %s", said)
	}
}

func FuzzParseSystem(f *testing.F) {
	f.Add("macos-10.12")
	f.Add("ubuntu-24.04")
	f.Add("-")
	f.Fuzz(func(t *testing.T, s string) {
		sys, ok := parseSystem(s)
		if ok && (sys.name == "" || len(sys.version) == 0) {
			t.Errorf("%q: %+v", s, sys)
		}
		if ok {
			known().find(sys, "pptp")
		}
	})
}
