package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/support"
	"github.com/omamori-guard/omamori/vault"
	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/words"
)

// noGuard is a machine on which no guard runs.
type noGuard struct{ Guard }

func (noGuard) Status(context.Context) (guard.Status, error) {
	return guard.Status{}, guard.ErrNoGuard
}

func (noGuard) Rescue(context.Context, string) (guard.RescueStatus, error) {
	return guard.RescueStatus{}, guard.ErrNoGuard
}

func (noGuard) Support(context.Context) ([]support.Status, error) { return nil, guard.ErrNoGuard }

// keeper is an owner's vault with the entry aws-root and the counted one bank.
type keeper struct {
	t     *testing.T
	dir   string
	store vault.Store
	key   *age.X25519Identity
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	k := &keeper{t: t, dir: t.TempDir()}
	k.store = vault.Store{Dir: filepath.Join(k.dir, "vault"), Work: 6}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	k.key = key
	k.write("given.key", key.String())
	v := &vault.Vault{}
	now := time.Now()
	if _, err := v.Add(otp.Account{Secret: otp.Secret("never-shown-key-1")}, nil, "aws-root", now); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Add(otp.Account{Secret: otp.Secret("never-shown-key-2"), Type: otp.HOTP}, nil, "bank", now); err != nil {
		t.Fatal(err)
	}
	if err := v.SealTo(key.Recipient().String(), "given", now); err != nil {
		t.Fatal(err)
	}
	if _, err := k.store.Adopt(t.Context(), v, []byte("word")); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *keeper) write(name, content string) {
	k.t.Helper()
	if err := os.WriteFile(filepath.Join(k.dir, name), []byte(content), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

// run runs a command that opens the vault, and returns what it said.
func (k *keeper) run(want int, in string, args ...string) string {
	k.t.Helper()
	var out bytes.Buffer
	a := &App{In: strings.NewReader(in), Out: &out, Err: &out, Dial: func(string, words.Lang) Guard { return noGuard{} }}
	if got := a.Main(k.t.Context(), append(args, "--state", k.dir, "--lang", "en", "--identity", filepath.Join(k.dir, "given.key"))); got != want {
		k.t.Fatalf("%s: exit %d, want %d\n%s", strings.Join(args, " "), got, want, &out)
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func (k *keeper) open() *vault.Vault {
	k.t.Helper()
	v, err := k.store.Open(k.key)
	if err != nil {
		k.t.Fatal(err)
	}
	return v
}

// What removes or renames takes no part of a name for it.
func TestRemoveGuessesNothing(t *testing.T) {
	k := newKeeper(t)
	for _, args := range [][]string{{"vault", "remove", "aws"}, {"vault", "rename", "aws", "x"}} {
		if out := k.run(exitBad, "", args...); !strings.Contains(out, "aws-root") {
			t.Errorf("%s: %s", args, out)
		}
	}
	k.run(exitOK, "", "vault", "rename", "AWS-root", "aws")
	k.run(exitOK, "", "vault", "remove", k.open().Entries()[0].ID[:8])
	if left := k.open().Entries(); len(left) != 1 || left[0].Name != "bank" {
		t.Errorf("left: %v", left)
	}
}

// A kit's record that cannot be read keeps nobody from changing the vault.
func TestDamagedKitRecord(t *testing.T) {
	k := newKeeper(t)
	k.write("vault/kit.json", `{"version": 99, "damaged`)
	for _, args := range [][]string{{"vault", "rename", "bank", "till"}, {"vault", "versions", "--restore", "1"}} {
		out := k.run(exitOK, "", args...)
		if !strings.Contains(out, "print a new kit") || !strings.Contains(out, "✓") {
			t.Errorf("%s: %s", args, out)
		}
	}
	if e := k.open().Entries()[1]; e.Name != "bank" {
		t.Errorf("not restored: %s", e.Name)
	}
}

// A private key that somebody gives for a public one is not shown again.
func TestPrivateKeyAsArgument(t *testing.T) {
	k := newKeeper(t)
	for _, key := range []string{k.key.String(), "AGE-PLUGIN-X-1QQQ", "-----BEGIN OPENSSH PRIVATE KEY-----\nabc"} {
		for _, args := range [][]string{{"vault", "seal", "--", key}, {"vault", "seal", "--remove", "--", key}, {"vault", "init", "--to=" + key}} {
			var out bytes.Buffer
			a := &App{Out: &out, Err: &out}
			code := a.Main(t.Context(), append([]string{"--state", k.dir, "--lang", "en"}, args...))
			if said := out.String(); code != exitBad || !strings.Contains(said, "cannot be sealed to this key") || strings.Contains(said, key[:10]) {
				t.Errorf("%q: exit %d\n%s", args[:2], code, said)
			}
		}
	}
}

// One counted code proves a device once, and a device that is used more goes on proving.
func TestCountedDrill(t *testing.T) {
	k := newKeeper(t)
	a := &App{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, lang: words.English, state: k.dir}
	b := &codeBook{keys: keyring{fd: -1, identities: []string{filepath.Join(k.dir, "given.key")}}}
	defer b.wipe()
	bank := k.open().Entries()[1]
	for _, c := range []struct {
		counter uint64
		found   bool
	}{{0, true}, {0, false}, {3, true}, {4, true}, {3, false}} {
		said, err := a.compare(t.Context(), b, "bank", bank.CodeOf(c.counter), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if want := compared(bank, bank.CodeOf(0), time.Now()); c.found != (said == want.String()) {
			t.Errorf("code %d: %s", c.counter, said)
		}
	}
	if got := k.open().Entries()[1].Counter; got != 5 {
		t.Errorf("counted on to %d", got)
	}
}

// A code counts as of when it was typed, however long the vault takes to open.
func TestDrillTime(t *testing.T) {
	k := newKeeper(t)
	a := &App{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, lang: words.English, state: k.dir}
	b := &codeBook{keys: keyring{fd: -1, identities: []string{filepath.Join(k.dir, "given.key")}}}
	defer b.wipe()
	aws, typed := k.open().Entries()[0], time.Now().Add(-10*time.Minute)
	said, err := a.compare(t.Context(), b, "aws-root", aws.Code(typed), typed)
	if want := compared(aws, aws.Code(typed), typed); err != nil || said != want.String() || want.Steps != 0 {
		t.Errorf("%s, want %s: %v", said, want, err)
	}
}

// A move of long ago is not taken for one to this phone, which would let the old one go.
func TestMoveOfLongAgo(t *testing.T) {
	k := newKeeper(t)
	all := k.open().Entries()
	code := func() string { return all[0].Code(time.Now()) + "\n" }
	k.run(exitBad, code()+"q\n", "phone", "move")
	if out := k.run(exitBad, "q\n", "phone", "move"); !strings.Contains(out, "--anew") || !strings.Contains(out, "1 of 2") {
		t.Errorf("one of today: %s", out)
	}
	path := filepath.Join(k.dir, "move-phone.json")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var m moveState
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	m.Began = m.Began.AddDate(0, 0, -2)
	if b, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	k.write("move-phone.json", string(b))
	bank := all[1].CodeOf(0) + "\n"
	for _, in := range []string{bank, "\n" + bank, "no\n" + bank, ""} {
		if out := k.run(exitBad, in, "phone", "move"); !strings.Contains(out, "was not taken up") || strings.Contains(out, "may be wiped") {
			t.Errorf("%q: %s", in, out)
		}
	}
	if out := k.run(exitOK, "yes\n"+bank, "phone", "move"); !strings.Contains(out, "may be wiped") {
		t.Errorf("with a yes: %s", out)
	}
}
