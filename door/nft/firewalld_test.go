package nft_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/nft"
)

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=DIR/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>
`

// Debian's own firewalld, with a bus and settings of its own.
func TestObstaclesOfFirewalld(t *testing.T) {
	h := &host{Space: doortest.New(t), t: t, client: doortest.New(t)}
	h.fw = nft.In(h.File)
	doortest.Wire(h.Space, h.client, server4+"/24 "+server6+"/64", client4+"/24 "+other4+"/24 "+client6+"/64")
	h.listen(22)
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/bus.conf", []byte(strings.ReplaceAll(busConfig, "DIR", dir)), 0o600))
	bus := "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + dir + "/bus"
	start := func(script string) {
		cmd := exec.Command("nsenter", "--net=/dev/fd/3", "unshare", "-m", "sh", "-euc", script)
		cmd.ExtraFiles = []*os.File{h.File}
		cmd.Env = append(os.Environ(), bus)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		must(t, cmd.Start())
		t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	}
	start("exec dbus-daemon --config-file=" + dir + "/bus.conf --nofork")
	doortest.Eventually(t, "the bus is there", func() bool { _, err := os.Stat(dir + "/bus"); return err == nil })
	start("mkdir -p /run/firewalld " + dir + "/etc; mount -t tmpfs none /run/firewalld; cp -a /etc/firewalld " + dir + "/etc/; " +
		"exec firewalld --nofork --nopid --system-config " + dir + "/etc/firewalld --log-target=file --log-file=" + dir + "/log")
	command := func(line string) error {
		cmd := exec.Command("nsenter", "--net=/dev/fd/3", "sh", "-euc", line)
		cmd.ExtraFiles = []*os.File{h.File}
		cmd.Env = append(os.Environ(), bus)
		return cmd.Run()
	}
	sure := func() (all []door.Obstacle) {
		t.Helper()
		found, err := h.fw.Obstacles([]uint16{22}, nil)
		must(t, err)
		for _, o := range found {
			if o.Sure {
				all = append(all, o)
			}
		}
		return all
	}
	doortest.Eventually(t, "firewalld runs", func() bool { return command("firewall-cmd --state") == nil })
	if all := sure(); len(all) > 0 { // Debian's leaves SSH open
		t.Errorf("%+v", all)
	}
	must(t, command("firewall-cmd --permanent --remove-service=ssh && firewall-cmd --reload"))
	must(t, h.fw.Load(ssh, lease(client4, 22, time.Hour)))
	h.silent(other4, server4, 22)
	if c, err := h.dial(client4, server4, 22, 300*time.Millisecond); err == nil {
		_ = c.Close()
		t.Error("firewalld lets in what it should not: this tries nothing")
	}
	all := sure()
	if len(all) == 0 || len(all[0].Lines) != 2 || all[0].Lines[0] != "firewall-cmd --permanent --add-port=22/tcp" {
		t.Fatalf("%+v\n%s", all, h.Ruleset())
	}
	undo := strings.Join(all[0].Undo, " && ")
	must(t, command(strings.Join(all[0].Lines, " && ")))
	h.enters(client4, server4, 22)
	h.silent(other4, server4, 22)
	h.knocksPass(false)
	knocks, err := h.fw.Obstacles(nil, []uint16{knockPort})
	must(t, err)
	if len(knocks) == 0 || !knocks[0].Sure || knocks[0].Lines[0] != "firewall-cmd --permanent --add-port=4649/udp" {
		t.Fatalf("%+v\n%s", knocks, h.Ruleset())
	}
	must(t, command(strings.Join(knocks[0].Lines, " && ")))
	h.knocksPass(true)
	if h.knocksBlocked() {
		t.Error("what was typed for the knocks is not seen")
	}
	if all := sure(); len(all) > 0 {
		t.Errorf("%+v", all)
	}
	// Its rules loaded anew leave ours as they are; and what was typed can be taken back.
	must(t, command("firewall-cmd --complete-reload"))
	h.enters(client4, server4, 22)
	h.silent(other4, server4, 22)
	must(t, command(undo))
	if all := sure(); len(all) == 0 {
		t.Error("taken back, it is open still")
	}
}
