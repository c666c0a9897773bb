package hands_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/door/doortest"
)

// The package's own scripts, where nothing is installed that could change the firewall but
// what the package brings.
func TestWhoRemovesThePackageIsNotLockedOut(t *testing.T) {
	s := doortest.New(t)
	bin := filepath.Dir(killable(t))
	for _, name := range []string{"sh", "rm", "rmdir", "dirname", "head", "grep"} {
		path, err := exec.LookPath(name)
		fatal(t, err)
		fatal(t, os.Symlink(path, bin+"/"+name))
	}
	fatal(t, os.WriteFile(bin+"/systemctl", []byte("#!/bin/sh\n"), 0o755))
	script, err := filepath.Abs("../packaging/deb")
	fatal(t, err)
	t.Setenv("DEB", script)
	t.Setenv("BIN", bin)
	got := s.Run(`exec unshare --mount sh -eu <<'END'
for dir in /run /var/lib /etc; do mount -t tmpfs tmpfs $dir; done
mkdir -p /run/systemd/system /etc/omamori /var/lib/omamori-door /etc/systemd/system/sysinit.target.wants /etc/systemd/system/multi-user.target.wants
for unit in sysinit.target.wants/omamori-firewall multi-user.target.wants/omamori-door multi-user.target.wants/omamori-knock multi-user.target.wants/other; do
	ln -s /nowhere /etc/systemd/system/$unit.service
done
echo '{"door":"` + strings.Repeat("0", 64) + `","ports":[22],"signers":"/etc/omamori/allowed_signers"}' >/etc/omamori/door.json
echo '{"closed":[22]}' >/var/lib/omamori-door/rules.json
say() {
	state=open
	! nft list table inet omamori >/dev/null 2>&1 || state=closed
	echo "$1: $state," $(cd /var/lib && ls omamori-door/rules.json 2>/dev/null) $(cd /etc/systemd/system && ls *.wants)
}
boot() { "$BIN/omamori-hands" --door --load 2>/dev/null; }
boot
say installed
for step in "prerm upgrade 2" "postrm upgrade 2" "prerm remove" "postrm remove"; do
	PATH=$BIN sh $DEB/$step
	say "$step"
done
boot
say "installed again"
grep -c '"rollback"' /var/lib/omamori-door/record.jsonl
PATH=$BIN sh $DEB/postrm purge
say purged
ls -d /var/lib/omamori* /etc/omamori 2>/dev/null || true
END
`)
	const links = "multi-user.target.wants: omamori-door.service omamori-knock.service other.service sysinit.target.wants: omamori-firewall.service\n"
	const installed = "closed, omamori-door/rules.json " + links
	want := "installed: " + installed + "prerm upgrade 2: " + installed + "postrm upgrade 2: " + installed +
		"prerm remove: open, " + links + "postrm remove: open, " + links + "installed again: open, " + links +
		"1\npurged: open, multi-user.target.wants: other.service sysinit.target.wants:\n"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
