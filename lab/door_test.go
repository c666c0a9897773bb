//go:build lab

package lab

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/knock"
)

const (
	labAt      = "192.0.2.1"
	ownerAt    = "192.0.2.2"
	strangerAt = "192.0.2.66"
	// theirs are rules of the host's own.
	theirs = "table inet theirs { set s { type ipv4_addr; elements = { 198.51.100.7 }; }; chain c { type filter hook input priority 0; ip saddr @s drop; }; }"
	// network is what brings the network up, and notes what there is by then. It is ordered
	// as networkd and ifupdown are.
	network = `[Unit]
DefaultDependencies=no
After=network-pre.target
Before=network.target
Wants=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip link set lo up; systemctl show -P ActiveState omamori-firewall >/run/rules-then'
[Install]
WantedBy=sysinit.target
`
)

// doorLab is a host behind its door, on a wire with its owner's laptop and a stranger.
type doorLab struct {
	*host
	laptop *doortest.Space
	dir    string
	pass   *knock.Pass
}

// nft runs nft on the host's firewall; the host itself has none.
func (d *doorLab) nft(args ...string) string {
	d.Helper()
	leader, err := d.leader()
	if err != nil {
		d.Fatal(err)
	}
	out, err := exec.Command("nsenter", append([]string{"--target", strconv.Itoa(leader), "--net", "nft"}, args...)...).CombinedOutput()
	if err != nil {
		d.Fatalf("nft %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// wire joins the host, which each boot gives a network anew, with the laptop.
func (d *doorLab) wire() {
	d.Helper()
	leader, err := d.leader()
	if err != nil {
		d.Fatal(err)
	}
	d.laptop.Run(fmt.Sprintf("ip link del eth0 2>/dev/null || true; ip link add eth0 type veth peer name host0 netns /proc/%d/ns/net; ip link set eth0 up; ip addr add %s/24 dev eth0; ip addr add %s/24 dev eth0",
		leader, ownerAt, strangerAt))
	d.do("ip link set host0 up; ip addr add " + labAt + "/24 dev host0")
}

// login is an SSH to the host that begins at one of the laptop's addresses.
func (d *doorLab) login(from, command string) *exec.Cmd {
	cmd := exec.Command("nsenter", "--net=/dev/fd/3", "ssh", "-F", "none", "-b", from, "-i", d.dir+"/owner", "-o", "IdentitiesOnly=yes",
		"-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
		"-o", "ConnectTimeout=3", "root@"+labAt, command)
	cmd.ExtraFiles = []*os.File{d.laptop.File}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (d *doorLab) silent(when string) {
	d.Helper()
	for _, from := range []string{ownerAt, strangerAt} {
		if out, err := d.login(from, "true").CombinedOutput(); err == nil || !strings.Contains(string(out), "timed out") {
			d.Errorf("%s: SSH from %s, without a knock: %v %s", when, from, err, out)
		}
	}
}

// opens knocks as the owner, and comes in.
func (d *doorLab) opens(when string, last time.Duration) {
	d.Helper()
	text, err := os.ReadFile(d.dir + "/owner")
	if err != nil {
		d.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		d.Fatal(err)
	}
	d.laptop.In(func() {
		ctx, cancel := context.WithTimeout(d.Context(), time.Minute)
		defer cancel()
		client := &knock.Client{Pass: d.pass, Signer: signer}
		_, err = client.Knock(ctx, netip.MustParseAddrPort(fmt.Sprintf("%s:%d", labAt, d.pass.Port)), knock.Ask{Ports: []uint16{22}, For: last})
	})
	if err != nil {
		d.Fatalf("%s: knock: %v", when, err)
	}
	if out, err := d.login(ownerAt, "true").CombinedOutput(); err != nil {
		d.Errorf("%s: after a knock: %v\n%s", when, err, out)
	}
	if d.login(strangerAt, "true").Run() == nil {
		d.Errorf("%s: the owner's knock let a stranger in", when)
	}
}

// install begins an install, and waits until the rules are on trial.
func (d *doorLab) install() {
	d.Helper()
	d.do(`rm -f /root/said; systemctl reset-failed install 2>/dev/null || true
		systemd-run --quiet --unit=install --property=StandardOutput=file:/root/said --property=StandardError=file:/root/said \
			omamori --lang en door install --ports 22 --keys /root/.ssh/authorized_keys`)
	d.until("on trial", time.Minute, "grep -q 'come in anew' /root/said || { cat /root/said; false; }")
	pass, err := knock.ParsePass(regexp.MustCompile(`omamori-door1:[^@\s]+@\S+`).FindString(d.do("cat /root/said")))
	if err != nil {
		d.Fatal(err)
	}
	d.pass = pass
}

// stays has the owner come in, and stay until a deed that waits for that is over.
func (d *doorLab) stays(unit string) {
	d.Helper()
	session := d.login(ownerAt, "while systemctl is-active -q "+unit+"; do sleep 0.2; done")
	if out, err := session.CombinedOutput(); err != nil {
		d.Fatalf("%v\n%s\n%s", err, out, d.do("cat /root/said"))
	}
	d.until("done", time.Minute, "test $(systemctl show -P Result "+unit+") = success && ! systemctl is-active -q "+unit)
}

// The door as an owner has it: installed from its package, by its units, through a reboot.
func TestDoorWithSystemd(t *testing.T) {
	d := &doorLab{host: bareHost(t), laptop: doortest.New(t), dir: t.TempDir()}
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "hanako", "-f", d.dir+"/owner").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	public, err := os.ReadFile(filepath.Join(d.dir, "owner.pub"))
	if err != nil {
		t.Fatal(err)
	}
	d.host.install(debOf(t, "0.0.1"))
	d.write("/root/.ssh/authorized_keys", string(public))
	d.write("/etc/systemd/system/network-here.service", network)
	// The door asks for a second way that is proved: here, that of somebody at its disk.
	d.write("/etc/omamori/omamori.yaml", "links:\n  sshd: {kind: tcp, address: \"127.0.0.1:22\"}\n  console: {kind: disk, path: /, min_free: 1KiB}\n"+
		"goals:\n  shell: {ways: {ssh: [sshd], console: [console]}}\n")
	d.do("chmod 700 /root/.ssh; systemctl daemon-reload; systemctl enable --quiet --now network-here ssh; systemctl restart omamori")
	d.wire()
	d.reach("guarded", time.Minute, well)
	doortest.Eventually(t, "sshd answers", func() bool { return d.login(ownerAt, "true").Run() == nil })
	d.nft(theirs)
	before := d.nft("list", "ruleset")
	units := d.do("systemctl list-unit-files --no-legend --plain | sort")

	// The machine is cut off in the middle of the trial: as it was.
	d.install()
	d.silent("on trial")
	d.reboot()
	d.wire()
	if out, err := d.login(strangerAt, "true").CombinedOutput(); err != nil {
		t.Fatalf("a trial that nobody confirmed has outlived a boot: %v\n%s", err, out)
	}
	d.nft(theirs)
	// So it is where all of ours die at once.
	d.install()
	d.do("systemctl stop install; systemctl kill -s KILL omamori-door omamori-knock omamori")
	d.until("started again", time.Minute, "systemctl is-active -q omamori-door omamori-knock omamori")
	doortest.Eventually(t, "it is open again", func() bool { return d.login(strangerAt, "true").Run() == nil })

	d.reach("guarded", time.Minute, well)
	d.install()
	d.silent("on trial")
	d.opens("on trial", time.Minute)
	d.stays("install")
	d.silentOnceOver()

	d.do("systemctl is-enabled omamori-firewall omamori-door omamori-knock")
	// Whoever takes the guard over stands in for neither of those that have privileges.
	for _, of := range []string{"hands", "door"} {
		d.do(fmt.Sprintf("test $(stat -c %%U:%%a /run/omamori-%[1]s) = root:755 && test -S /run/omamori-%[1]s/%[1]s.sock && ! runuser -u omamori -- touch /run/omamori-%[1]s/x 2>/dev/null && systemctl is-active omamori-%[1]s", of))
	}
	d.reboot()
	if then := d.do("cat /run/rules-then"); then != "active" {
		t.Errorf("when the network came up, the rules were %q", then)
	}
	d.wire()
	d.silent("after a reboot")
	d.opens("after a reboot", time.Second)
	d.silentOnceOver()

	for unit, least := range map[string]string{"omamori-knock": "16777216", "omamori-door": "12582912"} {
		if got := d.do("systemctl show -P MemoryMin " + unit); got != least {
			t.Errorf("for %s there is reserved %q", unit, got)
		}
		// Where the kernel has control groups of version 2 it is reserved there too.
		d.do("f=/sys/fs/cgroup$(systemctl show -P ControlGroup " + unit + ")/memory.min; ! [ -e $f ] || [ $(cat $f) = " + least + " ]")
		for range 3 { // as often as it dies
			was := d.mainPID(unit)
			d.do("kill -9 " + was)
			d.until(unit+" started again", time.Minute, "is=$(systemctl show -P MainPID "+unit+"); test $is != 0 && test $is != "+was+" && systemctl is-active -q "+unit)
		}
		d.opens("after kill -9 of "+unit, time.Second)
		d.silentOnceOver()
	}
	if uid := d.do("stat -c %U /proc/" + d.mainPID("omamori-knock")); uid != "omamori-knock" {
		t.Errorf("who hears the knocks is %s", uid)
	}
	if caps := d.do("grep CapEff /proc/" + d.mainPID("omamori-door") + "/status"); !strings.HasSuffix(caps, "0000000000001000") {
		t.Errorf("the door's half has %s", caps)
	}

	// Out again.
	d.nft(theirs)
	d.do(`rm -f /root/said; systemd-run --quiet --unit=uninstall --property=StandardOutput=file:/root/said --property=StandardError=file:/root/said omamori --lang en door uninstall`)
	doortest.Eventually(t, "it is open on trial", func() bool { return d.login(strangerAt, "true").Run() == nil })
	d.stays("uninstall")
	if after := d.nft("list", "ruleset"); after != before {
		t.Errorf("of\n%s\nthere was made\n%s", before, after)
	}
	if after := d.do("systemctl list-unit-files --no-legend --plain | sort"); after != units {
		t.Errorf("of the units\n%s\nthere were made\n%s", units, after)
	}
	d.do("! systemctl is-active -q omamori-door omamori-knock omamori-firewall")
	d.reboot()
	d.wire()
	if out, err := d.login(strangerAt, "true").CombinedOutput(); err != nil {
		t.Errorf("uninstalled, after a boot: %v\n%s", err, out)
	}
}

// silentOnceOver waits until the last lease is over.
func (d *doorLab) silentOnceOver() {
	d.Helper()
	doortest.Eventually(d.T, "no lease is left", func() bool {
		return strings.Contains(d.do("omamori door list --json"), `"leases": []`)
	})
	d.silent("once the lease was over")
}
