package main_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

// Two owners without a login at each other's machines: each has the other prove his site,
// and the key that was let in does nothing but hand in letters.
func TestPairBuddy(t *testing.T) {
	t.Parallel()
	address, authorized, sshConfig := sshServer(t)
	bin := programs(t)
	begin := func(name string) *post {
		p := &post{t: t, bin: bin, name: name, state: filepath.Join(open(t), "state")}
		p.config = filepath.Join(filepath.Dir(p.state), "omamori.yaml")
		text := fmt.Sprintf("vantage: {name: %[1]s}\nlinks:\n  hers: {kind: tcp, address: %[2]q, from: taro, every: 1s, timeout: 1s}\n"+
			"  his: {kind: tcp, address: %[2]q, from: hanako, every: 1s, timeout: 1s}\n", name, address)
		if err := os.WriteFile(p.config, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		p.start()
		return p
	}
	hanako, taro := begin("hanako"), begin("taro")

	there := filepath.Join(bin, "omamori") + " --state " + taro.state
	pair := exec.Command(filepath.Join(bin, "omamori"), "pair", "--as", "buddy", "--ssh-config", sshConfig, "--there", there, "server", "--state", hanako.state, "--lang", "en")
	in, err := pair.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := pair.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	pair.Stdout = &out
	if err := pair.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pair.Process.Kill() })
	line, offer := "", ""
	lines := bufio.NewScanner(said)
	for (line == "" || offer == "") && lines.Scan() {
		switch text := lines.Text(); {
		case strings.HasPrefix(text, "restrict,"):
			line = text
		case strings.HasPrefix(text, "omamori pair answer "):
			offer = strings.TrimPrefix(text, "omamori pair answer ")
		}
	}
	f, err := os.OpenFile(authorized, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(line + "\n"); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	answered, code := taro.ask("yes\n", "pair", "answer", offer)
	i := strings.Index(answered, "omamori-answer-1.")
	if code != 0 || i < 0 {
		t.Fatalf("exit %d:\n%s", code, answered)
	}
	fmt.Fprintf(in, "%s\nyes\n", strings.TrimSpace(answered[i:]))
	rest, _ := io.ReadAll(said)
	if err := pair.Wait(); err != nil || !strings.Contains(out.String(), "from: taro") {
		t.Fatalf("%v\n%s%s", err, rest, out.String())
	}

	has := func(link, from string) func(guard.Status) bool {
		return func(s guard.Status) bool {
			for _, l := range s.Links {
				if l.Name == link {
					return l.Verdict == chain.Holds && l.Vantage == from
				}
			}
			return false
		}
	}
	for _, p := range []*post{hanako, taro} { // as in the minutes after
		p.until("proving his own", has(map[*post]string{hanako: "his", taro: "hers"}[p], ""))
	}
	if text, code := hanako.ask("", "pair", "call", "taro"); code != 0 {
		t.Fatalf("exit %d:\n%s%s", code, text, hanako.stderr)
	}
	hanako.until("holding by his word", has("hers", "taro"))
	taro.until("holding by hers", has("his", "hanako"))

	// With the key that he let in she can do nothing else there.
	shell := exec.Command("ssh", "-F", sshConfig, "-i", filepath.Join(hanako.state, "vantage_ssh"), "-o", "IdentitiesOnly=yes", "server", "id")
	if got, _ := shell.CombinedOutput(); strings.Contains(string(got), "uid=") {
		t.Errorf("she has a shell at his: %s", got)
	}
}
