package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

const rented = `things:
  laptop: {given: yes, attrs: {os: macos-10.11}}
  vpn-company: {title: the VPN service that rents me a fixed address}
  phone: {title: my phone}
links:
  client: {kind: vpn-client, protocol: pptp, system: laptop.os%s}
  vpn: {kind: claim, question: Does the VPN connect?, needs: [client, vpn-company]}
  codes: {kind: claim, question: Does AWS accept the code?, needs: [phone]}
goals:
  shell: {within: 24h, ways: {vpn: [vpn], console: [codes]}}
`

// TestRemoval is the story's VPN: its protocol goes with the laptop's next system. Asked, it
// is told beforehand; and where the upgrade is named, the margin falls before it, although
// the VPN still connects.
func TestRemoval(t *testing.T) {
	t.Setenv("TZ", "UTC")
	begin := func(upgrade string) teller {
		path := filepath.Join(t.TempDir(), "omamori.yaml")
		if err := os.WriteFile(path, []byte(fmt.Sprintf(rented, upgrade)), 0o600); err != nil {
			t.Fatal(err)
		}
		s := guarded(t, path)
		if out, code := s.omamori("yes\nyes\n", "due", "drill"); code != 0 {
			t.Fatalf("exit %d\n%s", code, out)
		}
		return s
	}
	until := func(s teller, want int) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) { // the guard proves by itself
			got := margin(s.ways("ways", "shell")[0])
			if got == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("margin %d, want %d", got, want)
			}
		}
	}
	s := begin("")
	until(s, 1)
	for lang, want := range map[words.Lang][]string{
		words.English:  {"macos-10.12 has no client for pptp any more", "Way vpn: without", "1 → 0"},
		words.Japanese: {"macos-10.12 には pptp のクライアントがありません", "経路 vpn", "1 → 0"},
	} {
		out, code := s.omamori("", "what-if", "--change", "laptop.os=macos-10.12", "--lang", string(lang))
		for _, w := range want {
			if code != 0 || !strings.Contains(out, w) {
				t.Errorf("exit %d, no %q in\n%s", code, w, out)
			}
		}
	}
	ahead := begin(", upgrade: macos-10.12")
	until(ahead, 0)
	if g := ahead.ways("ways", "shell")[0]; g.Verdict != chain.Holds {
		t.Errorf("the shell %v: the VPN still connects", g.Verdict)
	}
	if out, _ := ahead.omamori("", "status", "--lang", "en"); !strings.Contains(out, "Before you upgrade to macos-10.12") || strings.Contains(out, "does it really need it") {
		t.Errorf("it says\n%s", out)
	}
}
