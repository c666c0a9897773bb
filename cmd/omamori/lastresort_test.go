package main_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// at is what o's commands do at a terminal.
func (o *owner) at() *blog { return &blog{t: o.t, bin: o.bin, state: filepath.Join(o.dir, "state")} }

// consoleLinks is a chain with nothing between the phone and a week of support.
const consoleLinks = `things:
  phone: {}
links:
  aws-phone: {kind: totp, entry: aws, device: phone, needs: [phone]}
goals:
  console:
    title: I reach the console
    ways: {codes: [aws-phone]}
mends:
  support-case: {for: aws-phone, title: have AWS support take the device off, takes: 7d}
support:
  desks:
    - {name: aws, title: AWS Support, mends: [support-case], account: "1234-5678-9012", holder: Owner, email: owner@blog.example, phone: "+81 90 0000 0000"}
`

// The phone is lost, and the desk would take a week: what is quicker is asked for before it,
// and the code that the vault makes proves the console, compared where the vault is.
func TestRescueConsole(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	o.run(0, "", "vault", "init", "--passphrase-file", "given.word", "--to", o.key.Recipient().String())
	o.vault(0, o.accounts[0].Secret.Base32()+"\n", "vault", "add", "aws")
	o.guards(consoleLinks)
	o.run(0, "", "lost", "phone")
	by := filepath.Join(o.dir, "given.key")

	// Not yet: at the desk, a case is opened with a promised call, which due keeps.
	c := o.at().console("rescue", "console", "--identity", by)
	c.await("about 7 days")
	for _, rung := range []string{"1 of 5: the vault on this machine", "2 of 5: another device", "3 of 5: the printed kit", "4 of 5: somebody who may administer", "5 of 5: by e-mail"} {
		c.answer(rung, "n")
	}
	c.await("call me back in Japanese")
	c.await("not sent yet): ")
	c.typed("4711\n")
	c.await("no promise)")
	c.typed(time.Now().UTC().AddDate(0, 0, 2).Format("2006-01-02") + " 02:00\n")
	c.await("omamori due asks after it")
	if code := c.end(); code != 1 {
		t.Errorf("exit %d\n%s", code, c.text())
	}
	if out := o.run(0, "", "due"); !strings.Contains(out, "case 4711") || !strings.Contains(out, "promised") {
		t.Errorf("due does not keep the case:\n%s", out)
	}
	// While it is open, the desk alone is asked after; then it is solved otherwise.
	c = o.at().console("rescue", "console")
	c.answer("Now you: have AWS support", "s")
	if code := c.end(); code != 1 || strings.Contains(c.text(), "1 of 5") {
		t.Errorf("exit %d\n%s", code, c.text())
	}
	o.run(0, "", "due", "case", "--solved")

	c = o.at().console("rescue", "console", "--identity", by)
	c.answer("1 of 5: the vault on this machine", "d")
	c.await("type the one that it shows for aws")
	c.await("stop here]")
	c.typed("000000\n")
	c.await("shows no code of aws")
	c.answer("1 of 5", "n") // planned anew
	for range 3 {
		c.answer(" of 5: ", "n")
	}
	c.answer("5 of 5", "d")
	c.await("stop here]")
	c.typed(o.accounts[0].Code(time.Now()) + "\n")
	c.await("back")
	if code := c.end(); code != 0 {
		t.Errorf("exit %d\n%s", code, c.text())
	}
}

// Where no guard runs and nothing is known, what is left is walked all the same, and the
// request is written from what is typed.
func TestRescueConsoleOfNothing(t *testing.T) {
	t.Parallel()
	b := &blog{t: t, bin: programs(t), state: t.TempDir()}
	c := b.console("rescue", "console")
	for _, rung := range []string{"1 of 5: another device", "2 of 5: the printed kit", "3 of 5: somebody", "4 of 5: by e-mail"} {
		c.answer(rung, "n")
	}
	c.await("5 of 5: the support desk")
	for _, x := range [][2]string{{"12 digits: ", "123456789012\n"}, {"Latin letters: ", "Hanako Rei\n"}, {"e-mail address: ", "\n"}, {"or the like: ", "+81 90 1234 5678\n"}} {
		c.await(x[0])
		c.typed(x[1])
	}
	for _, said := range []string{"(account 123456789012)", "日本語で折り返し", "On the telephone with AWS Support", "desks:", `phone: "+81 90 1234 5678"`} {
		c.await(said)
	}
	c.answer("", "s")
	if code := c.end(); code != 1 || !strings.Contains(c.text(), "____________") {
		t.Errorf("exit %d\n%s", code, c.text())
	}
}
