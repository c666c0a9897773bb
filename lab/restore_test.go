//go:build lab

package lab

import (
	"strings"
	"time"

	"github.com/omamori-guard/omamori/guard"
)

// drilled: the package's timer has what the owner dumps put back, as the unit is confined,
// and the guard tells of it.
func drilled(h *host) {
	h.do(`install -d -m 750 -g omamori /var/backups/blog && mariadb-dump blog >/var/backups/blog/1.sql && chgrp omamori /var/backups/blog/1.sql
		cp /etc/omamori/omamori.yaml /root/omamori.yaml
		sed -i '/^links:/a\  dumps: {kind: backup, files: /var/backups/blog/*.sql, every: 5s, timeout: 4s}' /etc/omamori/omamori.yaml
		systemctl reload omamori`)
	defer func() { // what follows is of no backup
		h.do("systemctl stop omamori-restore.timer; rm -r /var/backups/blog; mv /root/omamori.yaml /etc/omamori/omamori.yaml; systemctl reload omamori")
		h.reach("well", time.Minute, guarding)
	}()
	said := func(verdict, because string) func(guard.Status) bool {
		return func(s guard.Status) bool {
			for _, l := range s.Links {
				if l.Name == "dumps" {
					return l.Verdict.String() == verdict && strings.Contains(l.Because, because)
				}
			}
			return false
		}
	}
	h.reach("never put back", time.Minute, said("unproven", "put back"))
	h.do("systemctl start omamori-restore.timer && systemctl start omamori-restore.service")
	h.Log(h.do("journalctl --no-pager -o cat -u omamori-restore"))
	h.reach("put back", time.Minute, said("holds", "put back"))
	if at := h.do("date -d \"$(systemctl show -P NextElapseUSecRealtime omamori-restore.timer)\" +%H"); at != "03" && at != "04" {
		h.Errorf("the next drill is at %s o'clock", at)
	}
	h.Log(h.do("systemd-analyze security --no-pager --threshold=25 omamori-restore.service | tail -n 1"))

	// A dump of an empty site is whole, and saves nobody.
	h.do("mariadb-dump --no-data blog >/var/backups/blog/1.sql && rm /var/lib/omamori/restored-dumps.json && systemctl start omamori-restore.service")
	h.reach("empty", time.Minute, said("broken", "what matters is not in it"))
	if left := h.do("find /var/tmp -name '*omamori-restore*'"); left != "" {
		h.Errorf("left behind: %s", left)
	}
}
