//go:build lab

package lab

import (
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

// hard are the faults that take more than one deed to make: what is asserted differs.
func hard() []struct {
	name string
	meet func(*host)
} {
	return []struct {
		name string
		meet func(*host)
	}{
		{"omamori's units are hardened", hardened}, {"omamori: killed at every point of a mend", killedInAMend},
		{"omamori: guard and hands killed with MariaDB", handsKilled}, {"host: the same fault again and again", again},
		{"host: the processor is scarce", scarce}, {"host: the daemons' clock jumps a day", clockJumped},
		{"host: out of memory, then tuned", tuned}, {"host: reboot in the middle", rebooted},
	}
}

func hardened(h *host) {
	for unit, most := range map[string]string{"omamori.service": "20", "omamori-hands.service": "25"} {
		h.Log(h.do("systemd-analyze security --no-pager --threshold=" + most + " " + unit + " | tail -n 1"))
	}
	pid := h.mainPID("omamori")
	if uid := h.do("stat -c %U /proc/" + pid); uid != "omamori" {
		h.Errorf("the guard is %s", uid)
	}
	if caps := h.do("grep CapEff /proc/" + pid + "/status"); strings.Trim(caps, "CapEf:\t0") != "" {
		h.Errorf("the guard has %s", caps)
	}
	h.do("systemctl is-active omamori-hands.socket omamori-hands.service")
}

func verbs(i guard.IncidentStatus) (all []chain.Verb) {
	for _, d := range i.Deeds {
		all = append(all, chain.Verb(d.Verb))
		if d.Error != "" {
			all = append(all, chain.Verb("("+d.Error+")"))
		}
	}
	return all
}

func (h *host) did(i guard.IncidentStatus, want ...chain.Verb) {
	h.Helper()
	got := slices.DeleteFunc(verbs(i), func(v chain.Verb) bool { return v[0] == '(' }) // how it failed
	if !slices.Equal(got, want) {
		h.Errorf("did %v, not %v", verbs(i), want)
	}
}

// over waits until all is well after one incident at least.
func (h *host) over(limit time.Duration) []guard.IncidentStatus {
	h.Helper()
	return h.reach("over", limit, func(s guard.Status) bool { return well(s) && len(s.Incidents) > 0 }).Incidents
}

// The guard comes back by itself, and takes up what it was at.
func killedInAMend(h *host) {
	for _, after := range []string{"0", "0.05", "0.15", "0.5"} {
		h.do(killMariaDB + "sleep " + after + "; kill -9 $(systemctl show -P MainPID omamori)")
		all := h.over(2 * limit)
		if len(all) != 1 || len(all[0].Deeds) > 2 {
			h.Errorf("killed after %s s: %+v", after, all)
		}
		if out, err := h.Do(h.Context(), "omamori journal verify"); err != nil {
			h.Errorf("the journal: %v\n%s", err, out)
		}
		h.fresh()
	}
}

func handsKilled(h *host) {
	h.do("kill -9 $(systemctl show -P MainPID omamori-hands) $(systemctl show -P MainPID mariadb) $(systemctl show -P MainPID omamori)")
	if all := h.over(2 * limit); len(all) != 1 {
		h.Errorf("%+v", all)
	}
	h.do(knownPostServed)
}

// What comes back is mended again, but each time is left to itself for longer first.
func again(h *host) {
	for n := range 3 {
		h.do(killMariaDB)
		s := h.reach("over again", 2*limit, func(s guard.Status) bool { return well(s) && len(s.Incidents) == n+1 })
		i := s.Incidents[0]
		h.did(i, chain.Start)
		if pause := i.Deeds[0].At.Sub(i.Began); n == 2 && pause < 4*time.Second {
			h.Errorf("the third time it was started after %v", pause)
		}
	}
}

// A host whose services hardly get the processor is slow, and is not to be restarted for it.
func scarce(h *host) {
	h.outside(`c=/sys/fs/cgroup/cpu/omamori-lab
		echo 100000 >$c/cpu.cfs_period_us; echo 4000 >$c/cpu.cfs_quota_us
		sleep 20
		echo -1 >$c/cpu.cfs_quota_us`)
	s := h.reach("well", 2*limit, well)
	for _, i := range s.Incidents {
		h.Logf("%s: %s, %s; %q", i.Link, i.Cause, i.Why, i.Evidence)
		if i.Cause != "cpu_starved" || len(i.Evidence) == 0 {
			h.Errorf("%s was named %s: %q", i.Link, i.Cause, i.Evidence)
		}
		h.did(i)
	}
}

// The host goes down while a database is being started. Its data survive that here on the
// host's own disk alone. A MariaDB that is told to stop while it starts can miss that, and
// Debian's unit then waits for a quarter of an hour, and does not kill it even then.
func rebooted(h *host) {
	h.do(`mkdir -p /etc/systemd/system/mariadb.service.d
		printf '[Service]\nTimeoutStopSec=10\nSendSIGKILL=yes\n' >/etc/systemd/system/mariadb.service.d/stop.conf; systemctl daemon-reload
		systemctl stop omamori mariadb
		cp -a /home/owner /root; umount /var/lib/mysql /home
		cp -a /root/mysql/. /var/lib/mysql; chown mysql:mysql /var/lib/mysql; cp -a /root/owner /home
		systemctl start mariadb`)
	h.fresh()
	h.do(killMariaDB)
	h.until("in a mend", limit, "test $(systemctl show -P SubState mariadb) != running")
	h.reboot()
	h.reach("well", 2*limit, well)
	if out, err := h.Do(h.Context(), "omamori journal verify"); err != nil {
		h.Errorf("the journal: %v\n%s", err, out)
	}
}
