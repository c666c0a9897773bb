package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// interrupt starts a command that asks, waits until it has asked, and interrupts it as
// Ctrl-C does. It must end by itself, and is not killed by the signal.
func (o *owner) interrupt(asks, typed string, args ...string) string {
	o.t.Helper()
	cmd := o.command(args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	if _, err := io.WriteString(in, typed); err != nil {
		o.t.Fatal(err)
	}
	probetest.Until(o.t, asks, func() bool { return strings.Contains(out.String(), asks) })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		o.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		o.t.Fatalf("%s does not end:\n%s", strings.Join(args, " "), out)
	}
	if w, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || w.Signaled() || strings.Contains(out.String(), "panic") {
		o.t.Errorf("%s ended by %v:\n%s", strings.Join(args, " "), cmd.ProcessState, out)
	}
	o.said.WriteString(out.String())
	return out.String()
}

// TestDrillKit asks for words of a printed share, with a guard that runs; and Ctrl-C
// ends what asks, so that it can be taken up again.
func TestDrillKit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		probetest.Needs(t, "poppler-utils: "+err.Error())
	}
	o := newOwner(t)
	o.run(0, "", "vault", "init", "--passphrase-file", "given.word", "--to", o.key.Recipient().String())
	for n, name := range []string{"aws", "github"} {
		a := o.accounts[n]
		o.vault(0, fmt.Sprintf("otpauth://totp/%s?secret=%s\n", name, a.Secret.Base32()), "vault", "add", name)
	}
	var made struct {
		Kit    string
		Record string
		Files  []string
	}
	if err := json.Unmarshal([]byte(o.vault(0, "", "vault", "kit", "--out", o.dir, "--json")), &made); err != nil {
		t.Fatal(err)
	}
	// What is printed is secret and is the owner's own: it leaves the folder that is searched.
	lines := map[int][]string{} // the second of each share
	for x := 1; x <= 2; x++ {
		text, err := exec.Command("pdftotext", "-layout", made.Files[x], "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		line := regexp.MustCompile(fmt.Sprintf(`(?m)S%d-2 +(.*)`, x)).FindStringSubmatch(string(text))
		if line == nil {
			t.Fatalf("share %d has no line S%d-2", x, x)
		}
		lines[x] = strings.Fields(line[1])
	}
	for _, path := range made.Files {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	yaml := strings.Replace(ownersLinks, "goals:\n", fmt.Sprintf("  kit: {kind: kit, record: %q, kit: %s, share: 2}\ngoals:\n", made.Record, made.Kit), 1)
	o.guards(strings.Replace(yaml, "[aws-phone]", "[aws-phone, kit]", 1))

	o.interrupt("type it", "", "due", "drill", "kit")
	if l := o.link("kit"); l.Verdict != chain.Unproven {
		t.Errorf("after Ctrl-C: %v %s", l.Verdict, l.Because)
	}
	for _, c := range []struct {
		share   int
		verdict chain.Verdict
		cause   string
	}{{1, chain.Broken, "other_words"}, {2, chain.Holds, ""}} {
		asked := regexp.MustCompile(`words ([0-9, ]+)\?`).FindStringSubmatch(o.link("kit").Question)
		if asked == nil {
			t.Fatalf("the kit asks %q", o.link("kit").Question)
		}
		var read []string
		for n := range strings.SplitSeq(asked[1], ", ") {
			read = append(read, lines[c.share][n[0]-'1'])
		}
		o.vault(0, "AAAA\n"+strings.Join(read, " ")+"\n", "due", "drill", "kit") // the first is no answer
		if l := o.link("kit"); l.Verdict != c.verdict || l.Cause != c.cause {
			t.Errorf("words of share %d: %v %q %s", c.share, l.Verdict, l.Cause, l.Because)
		}
	}

	// Ctrl-C in the middle of a move: one account is proved, the other is a broken link.
	code := o.accounts[0].Code(time.Now())
	out := o.interrupt("2 of 2: ", "no\n"+code+"\n", "phone", "move", "--identity", "given.key")
	if !strings.Contains(out, "do not wipe the old phone") {
		t.Errorf("an interrupted move says:\n%s", out)
	}
	out = o.vault(0, o.accounts[1].Code(time.Now())+"\n", "phone", "move")
	if strings.Contains(out, "1 of 2: ") || !strings.Contains(out, "the old one may be wiped") {
		t.Errorf("the move taken up again says:\n%s", out)
	}
}
