package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// allowed is what AWS takes as a rule's description.
var allowed = regexp.MustCompile(`^[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}$`)

func TestDescription(t *testing.T) {
	at := time.Date(2026, 11, 24, 17, 0, 0, 5, time.FixedZone("JST", 9*3600))
	for _, who := range []string{"naoki@example.jp", "", "直樹 <x>\n'\"", strings.Repeat("x", 500), " a  b "} {
		l := Lease{ID: NewID(), Since: at, Until: at.Add(time.Hour), Who: who}
		s := l.Describe()
		got, ok := ReadDescription(s)
		if !ok || got.ID != l.ID || !got.Until.Equal(l.Until.Truncate(time.Second)) || !allowed.MatchString(s) {
			t.Errorf("%q: %+v, %v", s, got, ok)
		}
	}
	for _, s := range []string{
		"", "omamori lease ", "omamori lease 0123456789abcdef", "omamori lease 0123456789abcdeg 2026-11-24T17:00:00Z/2026-11-24T18:00:00Z",
		"omamori lease 0123456789abcdef 2026-11-24T17:00:00Z/never", "omamori lease 0123456789abcdef 2026-11-24T17:00:00+09:00/2026-11-24T18:00:00Z",
		"Omamori lease 0123456789abcdef 2026-11-24T17:00:00Z/2026-11-24T18:00:00Z",
	} {
		if l, ok := ReadDescription(s); ok {
			t.Errorf("%q: %+v", s, l)
		}
	}
}

func FuzzDescription(f *testing.F) {
	f.Add("omamori lease 0123456789abcdef 2026-11-24T17:00:00Z/2026-11-24T18:00:00Z naoki")
	f.Add("omamori: kept")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		l, ok := ReadDescription(s)
		if !ok {
			return
		}
		again, ok := ReadDescription(l.Describe())
		if !ok || again.ID != l.ID || !again.Until.Equal(l.Until) || !again.Since.Equal(l.Since) || !allowed.MatchString(l.Describe()) {
			t.Errorf("%q: %+v, then %+v", s, l, again)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{``, `{}`, `{"result":[]}`, `{"error":{"code":"full"}}`, `{"result":[{"id":"sg-1","rules":[{"from":1}]}]}`, `{"error":{"code":"\u0000"}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var groups []Group
		err := read(b, &groups)
		var e *Error
		if errors.As(err, &e) {
			text, hint := e.Said()
			if text.IsZero() || hint.IsZero() {
				t.Errorf("%q says nothing", b)
			}
		}
		for _, g := range groups {
			Leases(g.Rules)
			for _, r := range g.Rules {
				r.Ended(time.Now())
				r.Passes(22)
			}
		}
	})
}

func TestOneOwner(t *testing.T) {
	for s, want := range map[string]bool{
		"203.0.113.5/32": true, "203.0.113.0/24": false, "0.0.0.0/0": false, "0.0.0.0/32": false, "224.0.0.1/32": false, "169.254.1.1/32": false,
		"2001:db8::1/128": true, "2001:db8::/64": true, "2001:db8::/48": false, "::/0": false, "::/128": false, "fe80::1/128": false,
		"::ffff:203.0.113.5/128": false, "2001:db8::1/64": false, "10.0.0.7/32": true,
	} {
		if got := OneOwner(netip.MustParsePrefix(s)); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
	if OneOwner(netip.Prefix{}) {
		t.Error("none is one")
	}
}

// The program is a stranger: it may be missing, silent, endless, or talk nonsense.
func TestProgram(t *testing.T) {
	dir := t.TempDir()
	script := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name, path string
		want       ErrorCode
	}{
		{"missing", filepath.Join(dir, "none"), NoProgram},
		{"not a program", dir, NoProgram},
		{"silent", script("silent", "exit 0"), Refused},
		{"nonsense", script("nonsense", "echo '<html>'"), Refused},
		{"endless", script("endless", "exec cat /dev/zero"), Refused},
		{"an error", script("error", `cat >/dev/null; echo '{"error":{"code":"full","name":"sg-1"}}'`), Full},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, err := Client{Run: Program(c.path)}.Serial(ctx, Access{})
		cancel()
		var e *Error
		if !errors.As(err, &e) || e.Code != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Client{Run: Program(script("slow", "exec sleep 60"))}).Serial(ctx, Access{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// The request goes in by standard input alone: no code is among the arguments, nor in
// the environment.
func TestSecretsStayInside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spy")
	out := path + ".out"
	if err := os.WriteFile(path, []byte("#!/bin/sh\n{ tr '\\0' ' ' </proc/$$/cmdline; env; } >"+out+"\ncat >/dev/null; echo '{\"result\":{}}'"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (Client{Run: Program(path)}).ProveCode(t.Context(), Access{Code: "918273"}, Code{Serial: "s", Code: "645342"}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil || len(b) == 0 || strings.Contains(string(b), "918273") || strings.Contains(string(b), "645342") {
		t.Errorf("%v: %s", err, b)
	}
}

func TestPolicy(t *testing.T) {
	needs := append(DoorNeeds(Target{Group: "sg-1"}), DoorNeeds(Target{Group: "sg-2"})...)
	needs = append(needs, Need{Actions: []string{"ec2:DescribeInstanceStatus"}, Resource: "*"})
	b, err := Policy(needs)
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Statement []statement }
	if err := json.Unmarshal(b, &p); err != nil || len(p.Statement) != 3 {
		t.Fatalf("%v: %s", err, b)
	}
	if s := p.Statement[1]; len(s.Resource) != 2 || len(s.Action) != 3 {
		t.Errorf("%+v", s)
	}
	if s := p.Statement[0]; len(s.Action) != 3 {
		t.Errorf("%+v", s)
	}
}
