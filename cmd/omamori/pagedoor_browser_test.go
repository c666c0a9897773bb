//go:build browser

package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/web/browsertest"
)

// A lease from the page, at a real door: whom it names comes in, until it is closed.
func TestInBrowserDoor(t *testing.T) {
	needRoot(t)
	d := newDoorway(t)
	d.guarded()
	install := d.in(d.server, d.bin+"/omamori", "door", "--socket", d.dir+"/door.sock", "install", "--dir", d.dir+"/etc", "--keys", d.dir+"/authorized_keys")
	var said output
	install.Stdout, install.Stderr = &said, &said
	if err := install.Start(); err != nil {
		t.Fatal(err)
	}
	doortest.Eventually(t, "its file is there", func() bool { _, err := os.Stat(d.dir + "/etc/door.json"); return err == nil })
	d.stateIn()
	// Root says that a page may open, and whose it is.
	text, err := os.ReadFile(d.dir + "/etc/door.json")
	var file map[string]any
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	file["page"], file["guard"] = true, "nobody"
	if text, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	write(t, d.dir+"/etc/door.json", text)
	d.hands()
	d.start("knock", d.bin+"/omamori-knock", "-key", d.dir+"/etc/door.key", "-signers", d.dir+"/etc/allowed_signers", "-door", d.dir+"/door.sock")
	doortest.Eventually(t, "the trial begins", func() bool { return strings.Contains(said.String(), "come in anew") })
	if err := d.knock(said.String()); err != nil {
		t.Fatal(err)
	}
	if err := d.ssh(doorLaptop, "true"); err != nil {
		t.Fatal(err)
	}
	if err := install.Wait(); err != nil {
		t.Fatalf("install: %v\n%s", err, said.String())
	}
	if d.ssh(doorStranger, "true") == nil {
		t.Fatal("a stranger came in")
	}

	// The page's guard is where the browser is; of the door it sees the socket alone.
	b := &blog{t: t, bin: d.bin, dir: open(t), state: filepath.Join(open(t), "state"), stderr: &output{}}
	settings := "page: {listen: \"127.0.0.1:0\"}\nlinks:\n  disk: {kind: disk, path: /, min_free: 1KiB}\n"
	if err := os.WriteFile(filepath.Join(b.dir, "omamori.yaml"), []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	b.run = exec.Command("unshare", "-m", "--propagation", "private", "sh", "-ec", fmt.Sprintf(
		`mount -t tmpfs run /run && mkdir /run/omamori-door && mount --bind %s /run/omamori-door && exec %s/omamori run -c %s/omamori.yaml --state %s --user nobody`, d.dir, b.bin, b.dir, b.state))
	b.run.Stderr = b.stderr
	if err := b.run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.run.Process.Kill(); _ = b.run.Wait() })

	browser, rules := browsertest.Start(t), browsertest.Rules(t, "../..")
	phone := b.signIn(browser, browsertest.Phone)
	phone.GoTo("/door")
	phone.Until(`document.querySelector('.verdict.holds') && ` + browsertest.Text(".leases") + `.includes("` + doorLaptop + `")`)
	phone.Fair(rules, "door", "en")
	phone.Fill(`input[name="from"]`, doorStranger)
	phone.Press(`form[action="/door/open"] button`)
	if d.ssh(doorStranger, "true") == nil {
		t.Error("opened before it was asked once more")
	}
	phone.Press(".sure .do")
	phone.Until(`location.pathname === "/door" && ` + browsertest.Text(".leases") + `.includes("` + doorStranger + `")`)
	phone.Until(`[...document.querySelectorAll('.left')].every(e => /^[0-9:]{5,8}$/.test(e.textContent))`) // clocks
	phone.Shot("door-real-en-phone")
	if err := d.ssh(doorStranger, "true"); err != nil {
		t.Errorf("whom the page has let in does not come in: %v", err)
	}
	phone.Leave(`[...document.querySelectorAll('.leases li')].find(l => l.innerText.includes("` + doorStranger + `")).querySelector("button").click()`)
	phone.Press(".sure .do")
	phone.Until(`location.pathname === "/door" && !` + browsertest.Text(".leases") + `.includes("` + doorStranger + `")`)
	if d.ssh(doorStranger, "true") == nil {
		t.Error("closed, it lets in")
	}
	if err := d.ssh(doorLaptop, "true"); err != nil {
		t.Errorf("the owner's own lease has ended: %v", err)
	}
	phone.Blank()
	if out, _ := b.omamori("journal"); !strings.Contains(out, doorStranger) {
		t.Error(out)
	}
}
