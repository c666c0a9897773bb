package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vault/otp"
)

// owner is a person with a vault, a guard on his laptop, and everything that any program of
// his has said, to be searched for secrets.
type owner struct {
	t        *testing.T
	bin, dir string
	said     bytes.Buffer
	accounts []otp.Account
	key      *age.X25519Identity // opens the vault without the second that a passphrase costs
}

const ownerPassphrase = "zebra-quilt-marmalade-7"

func newOwner(t *testing.T) *owner {
	t.Helper()
	o := &owner{t: t, bin: programs(t), dir: t.TempDir()}
	for _, name := range []string{"tmp", "home"} {
		if err := os.Mkdir(filepath.Join(o.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	o.write("given.word", ownerPassphrase+"\n")
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	o.key = key
	o.write("given.key", key.String()+"\n")
	for n, issuer := range []string{"Amazon Web Services", "GitHub", "Old Bank"} {
		a := otp.Account{Issuer: issuer, Name: "owner", Secret: otp.Secret(fmt.Sprintf("never-shown-key-%d!", n))}
		if issuer == "Old Bank" {
			a.Type = otp.HOTP
		}
		o.accounts = append(o.accounts, a)
	}
	return o
}

func (o *owner) write(name, content string) {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, name), []byte(content), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// command is one of omamori's, with whatever it writes kept below the owner's folder.
func (o *owner) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(o.bin, "omamori"), append(args, "--state", filepath.Join(o.dir, "state"), "--lang", "en")...)
	cmd.Dir = o.dir
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Join(o.dir, "tmp"), "HOME="+filepath.Join(o.dir, "home"), "DISPLAY=", "WAYLAND_DISPLAY=")
	return cmd
}

// run runs a command that is given input, and returns what it said.
func (o *owner) run(want int, input string, args ...string) string {
	o.t.Helper()
	cmd := o.command(args...)
	cmd.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	// What others could see of it while it runs.
	for _, name := range []string{"cmdline", "environ"} {
		if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", cmd.Process.Pid, name)); err == nil {
			o.said.Write(b)
		}
	}
	var ended *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &ended) {
		o.t.Fatal(err)
	}
	o.said.Write(out.Bytes())
	if got := cmd.ProcessState.ExitCode(); got != want {
		o.t.Fatalf("omamori %s: exit %d, want %d\n%s", strings.Join(args, " "), got, want, &out)
	}
	return out.String()
}

// vault runs a command that opens the vault.
func (o *owner) vault(want int, input string, args ...string) string {
	o.t.Helper()
	return o.run(want, input, append(args, "--identity", "given.key")...)
}

// status is what the guard says.
func (o *owner) status() (s guard.Status) {
	o.t.Helper()
	out, err := o.command("status", "--json").Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		o.t.Fatal(err)
	}
	o.said.Write(out)
	if err := json.Unmarshal(out, &s); err != nil {
		o.t.Fatalf("%v\n%s", err, out)
	}
	return s
}

// link is the guard's state of a link.
func (o *owner) link(name string) guard.LinkStatus {
	o.t.Helper()
	s := o.status()
	for _, l := range s.Links {
		if l.Name == name {
			return l
		}
	}
	o.t.Fatalf("no link %s: %+v", name, s.Links)
	return guard.LinkStatus{}
}

// margin is that of a goal now, nil if it has none.
func (o *owner) margin(goal string) *int {
	o.t.Helper()
	for _, g := range o.status().Goals {
		if g.Name == goal {
			return g.Margin.Now
		}
	}
	o.t.Fatal("no goal", goal)
	return nil
}

// guards starts a guard, and stops it at the test's end.
func (o *owner) guards(yaml string) {
	o.t.Helper()
	o.write("omamori.yaml", yaml)
	args := []string{"run", "-c", filepath.Join(o.dir, "omamori.yaml")}
	if os.Geteuid() == 0 {
		args = append(args, "--user", "root")
	}
	cmd := o.command(args...)
	log := &output{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		o.said.WriteString(log.String())
		o.search()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if out, err := o.command("status").Output(); len(out) > 0 && (err == nil || cmd.ProcessState == nil) {
			return
		}
		if time.Now().After(deadline) {
			o.t.Fatalf("the guard does not answer: %s", log)
		}
	}
}

// search looks for every secret, in every form, in everything that was written anywhere.
func (o *owner) search() {
	forms := map[string]string{"the passphrase": ownerPassphrase, "an age key": "AGE-SECRET-KEY-1"}
	for _, a := range o.accounts {
		s := string(a.Secret)
		for form, text := range map[string]string{
			"plain": s, "base32": a.Secret.Base32(), "hex": hex.EncodeToString(a.Secret), "as numbers": strings.Trim(fmt.Sprint([]byte(s)), "[]"),
			"base64": base64.RawStdEncoding.EncodeToString(a.Secret)[:24],
		} {
			forms[a.Issuer+"'s secret, "+form] = text
		}
	}
	look := func(where string, b []byte) {
		low := bytes.ToLower(b)
		for what, text := range forms {
			if bytes.Contains(low, bytes.ToLower([]byte(text))) {
				o.t.Errorf("%s is in %s", what, where)
			}
		}
	}
	look("what was said", o.said.Bytes())
	files := 0
	err := filepath.WalkDir(o.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, _ := filepath.Rel(o.dir, path)
		if strings.HasPrefix(name, "given") { // the owner's own
			return nil
		}
		b, err := os.ReadFile(path)
		files++
		look(name, b)
		return err
	})
	if err != nil || files < 5 {
		o.t.Errorf("searched %d files: %v", files, err)
	}
}

// ownersLinks watch two of the three accounts.
const ownersLinks = `things:
  phone: {}
links:
  aws-phone: {kind: totp, entry: aws, device: phone, needs: [phone]}
  bank-phone: {kind: totp, entry: old-bank, device: phone, needs: [phone]}
goals:
  console:
    title: I reach the console
    ways: {codes: [aws-phone]}
`

// TestVault takes an owner through all of it; at its end nothing that any program wrote
// holds a secret.
func TestVault(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	o.run(0, "", "vault", "init", "--passphrase-file", "given.word", "--to", o.key.Recipient().String())
	// What a passphrase costs in the real program: 2^18, about a second of each try.
	if b, err := os.ReadFile(filepath.Join(o.dir, "state", "vault", "key.age")); err != nil || !regexp.MustCompile(`(?m)^-> scrypt \S+ 18$`).Match(b) {
		t.Errorf("key.age can be tried fast: %v", err)
	}
	uris := ""
	for _, a := range o.accounts[:2] {
		uris += fmt.Sprintf("otpauth://totp/%s:owner?secret=%s&issuer=%s\n", strings.ReplaceAll(a.Issuer, " ", "%20"), a.Secret.Base32(), strings.ReplaceAll(a.Issuer, " ", "%20"))
	}
	out := o.vault(1, uris+"otpauth://steam/Steam:x?secret=JBSWY3DP\n", "vault", "import", "otpauth", "-")
	if !strings.Contains(out, "3 in: 2 added, 0 there already, 1 refused") || !strings.Contains(out, "Steam (x)") {
		t.Errorf("the import says:\n%s", out)
	}
	o.vault(0, fmt.Sprintf("otpauth://hotp/Old%%20Bank:owner?secret=%s&counter=0\n", o.accounts[2].Secret.Base32()), "vault", "add", "old-bank")
	if out := o.vault(0, uris, "vault", "import", "otpauth", "-"); !strings.Contains(out, "2 in: 0 added, 2 there already, 0 refused") {
		t.Errorf("a second import says:\n%s", out)
	}
	o.vault(0, "", "vault", "rename", "amazon-web-services", "aws")
	if out := o.vault(0, "", "vault", "list"); !strings.Contains(out, "aws") || !strings.Contains(out, "old-bank") {
		t.Errorf("the list:\n%s", out)
	}

	o.run(0, "", "vault", "list", "--passphrase-file", "given.word")

	t.Run("codes", func(t *testing.T) {
		before := time.Now()
		var got struct {
			Code string
			Left int `json:"left_s"`
		}
		if err := json.Unmarshal([]byte(o.vault(0, "", "vault", "code", "aws", "--json")), &got); err != nil {
			t.Fatal(err)
		}
		if a := o.accounts[0]; got.Code != a.Code(before) && got.Code != a.Code(time.Now()) || got.Left > 30 {
			t.Errorf("got %+v", got)
		}
		for n := range 2 { // a counted code is never shown twice
			if out := o.vault(0, "", "vault", "code", "bank", "--json"); !strings.Contains(out, o.accounts[2].CodeOf(uint64(n))) {
				t.Errorf("press %d: %s", n, out)
			}
		}
		o.accounts[2].Counter = 2
	})
	t.Run("refused", func(t *testing.T) {
		o.write("wrong", "not it\n")
		if out := o.run(1, "", "vault", "list", "--passphrase-file", "wrong"); !strings.Contains(out, "the passphrase is wrong") {
			t.Errorf("a wrong passphrase: %s", out)
		}
		if out := o.vault(1, "", "vault", "code", "gitlub"); !strings.Contains(out, "github") {
			t.Errorf("an unknown name: %s", out)
		}
		cmd := o.command("vault", "list")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "no terminal") {
			t.Errorf("without a terminal: %v %s", err, out)
		}
		if out := o.run(2, "", "vault", "import", "otpauth", "otpauth://totp/x?secret=JBSWY3DP"); !strings.Contains(out, "command line") {
			t.Errorf("a secret as an argument: %s", out)
		}
	})

	o.guards(ownersLinks)
	t.Run("a server must not hold it", func(t *testing.T) {
		o.write("server.yaml", ownersLinks+"")
		o.run(0, "", "config", "check", "server.yaml")
		o.write("server.yaml", strings.Replace(ownersLinks, "links:\n", "links:\n  sql: {kind: process, service: mariadb}\n", 1))
		if out := o.run(1, "", "config", "check", "server.yaml"); !strings.Contains(out, "never hold one open") {
			t.Errorf("config check: %s", out)
		}
	})
	code := func(n int) string { return o.accounts[n].Code(time.Now()) }
	t.Run("drills", func(t *testing.T) {
		for _, c := range []struct {
			typed   string
			verdict chain.Verdict
			cause   string
		}{
			{code(0), chain.Holds, ""},
			{o.accounts[0].Code(time.Now().Add(-5 * time.Minute)), chain.Broken, "clock"},
			{"000000", chain.Broken, "wrong_code"},
			{code(0)[:3] + " " + code(0)[3:], chain.Holds, ""},
		} {
			o.vault(map[bool]int{true: 0, false: 0}[c.verdict == chain.Holds], c.typed+"\n", "due", "drill", "aws-phone")
			if l := o.link("aws-phone"); l.Verdict != c.verdict || l.Cause != c.cause {
				t.Errorf("%s: %v %q %s", c.typed, l.Verdict, l.Cause, l.Because)
			}
		}
	})
	t.Run("phone move", func(t *testing.T) {
		// The first account is proved, then the owner stops. He lets the guard watch the one
		// that it did not.
		out := o.vault(1, "yes\n"+code(0)+"\nq\n", "phone", "move")
		if !strings.Contains(out, "1 of 3: Amazon") || !strings.Contains(out, "do not wipe the old phone") || !strings.Contains(out, "▀") {
			t.Errorf("an interrupted move says:\n%s", out)
		}
		if l := o.link("aws-phone"); l.Verdict != chain.Holds {
			t.Errorf("what was proved: %v", l.Because)
		}
		for _, name := range []string{"bank-phone", "github-phone"} {
			if l := o.link(name); l.Verdict != chain.Broken || l.Cause != "moving" {
				t.Errorf("what is left is no broken link: %v %s", l.Verdict, l.Because)
			}
		}
		if m := o.margin("accounts-phone"); m == nil || *m != -1 {
			t.Errorf("what is left falls on no margin: %v", m)
		}
		// It is taken up where it was left; a wrong code and one of a wrong clock prove nothing.
		late := o.accounts[1].Code(time.Now().Add(-10 * time.Minute))
		out = o.vault(1, "123\n"+late+"\n"+code(1)+"\ns\n", "phone", "move")
		if strings.Contains(out, "1 of 3: Amazon") || !strings.Contains(out, "2 of 3: GitHub") || !regexp.MustCompile(`\d+ steps .* late`).MatchString(out) || !strings.Contains(out, "no code of this account") {
			t.Errorf("a resumed move says:\n%s", out)
		}
		out = o.vault(0, o.accounts[2].CodeOf(3)+"\n", "phone", "move")
		if !strings.Contains(out, "the old one may be wiped") {
			t.Errorf("the end of a move says:\n%s", out)
		}
		for _, name := range []string{"bank-phone", "github-phone"} {
			if l := o.link(name); l.Verdict != chain.Holds {
				t.Errorf("at the end: %v", l.Because)
			}
		}
		if m := o.margin("accounts-phone"); m == nil || *m != 0 {
			t.Errorf("at the end the margin is %v", m)
		}
		if out := o.vault(0, "", "vault", "code", "bank", "--json"); !strings.Contains(out, o.accounts[2].CodeOf(4)) {
			t.Errorf("the counter did not follow the phone: %s", out)
		}
	})
	t.Run("both factors", func(t *testing.T) {
		o.vault(0, "hunter2-hunter2\n", "vault", "add", "aws-login", "--key", "--issuer", "Amazon Web Services")
		if out := o.vault(0, "", "vault", "list"); !strings.Contains(out, "both factors") {
			t.Errorf("not said:\n%s", out)
		}
	})
	t.Run("merge and versions", func(t *testing.T) {
		copyOf := filepath.Join(o.dir, "laptop.age")
		b, err := os.ReadFile(filepath.Join(o.dir, "state", "vault", "vault.age"))
		if err != nil {
			t.Fatal(err)
		}
		o.write("laptop.age", string(b))
		o.vault(0, "", "vault", "remove", "github")
		if out := o.vault(0, "", "vault", "merge", copyOf); !strings.Contains(out, "0 added") {
			t.Errorf("a merge brought back what was removed: %s", out)
		}
		out := o.run(0, "", "vault", "versions")
		n := regexp.MustCompile(`--restore (\d+)`).FindStringSubmatch(out)
		if n == nil {
			t.Fatalf("versions: %s", out)
		}
		github := regexp.MustCompile(`(?m)^ *github `)
		if out := o.vault(0, "", "vault", "list"); github.MatchString(out) {
			t.Errorf("what was removed is there:\n%s", out)
		}
		o.vault(0, "", "vault", "versions", "--restore", n[1])
		if out := o.vault(0, "", "vault", "list"); !github.MatchString(out) {
			t.Errorf("what was removed is not back:\n%s", out)
		}
	})
	t.Run("the journal", func(t *testing.T) {
		if out := o.run(0, "", "journal", "--json"); !strings.Contains(out, "aws-phone") {
			t.Errorf("the journal:\n%s", out)
		}
	})
}

// A vault.age that is gone comes back by the passphrase alone, and no command makes a new
// vault over its former versions.
func TestVaultFileLost(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	word := []string{"--passphrase-file", "given.word"}
	o.run(0, "", append([]string{"vault", "init", "--to", o.key.Recipient().String()}, word...)...)
	for n, name := range []string{"one", "two"} {
		o.vault(0, o.accounts[n].Secret.Base32()+"\n", "vault", "add", name)
	}
	if err := os.Remove(filepath.Join(o.dir, "state", "vault", "vault.age")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"vault", "list"}, {"vault", "init"}} {
		if out := o.run(1, "", append(args, word...)...); !strings.Contains(out, "versions --restore") || strings.Contains(out, "vault init") {
			t.Errorf("%s says:\n%s", strings.Join(args, " "), out)
		}
	}
	o.run(0, "", append([]string{"vault", "versions", "--restore", "2"}, word...)...)
	if out := o.run(0, "", append([]string{"vault", "list"}, word...)...); !strings.Contains(out, "one") {
		t.Errorf("what came back:\n%s", out)
	}
}
