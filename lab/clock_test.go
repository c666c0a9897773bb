//go:build lab

package lab

import (
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

const (
	// faketime is Debian's, which this machine shares with the host's release.
	faketime  = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
	itsClock  = "/etc/faketime.offset"
	ofTheBlog = "mariadb php8.2-fpm nginx"
)

// clockJumped: the clock of the blog's daemons jumps while they run, a day ahead and then
// a day behind. Nothing is wrong with that alone, and what they log with such times is
// still believed.
func clockJumped(h *host) {
	h.put(faketime, "/usr/lib/libfaketime.so", 0o755)
	h.write(itsClock, "+0")
	h.do(`systemctl stop omamori
		for u in ` + ofTheBlog + `; do
			mkdir -p /etc/systemd/system/$u.service.d
			printf '[Service]\nEnvironment=LD_PRELOAD=/usr/lib/libfaketime.so FAKETIME_TIMESTAMP_FILE=` + itsClock + ` FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1\n' \
				>/etc/systemd/system/$u.service.d/clock.conf
		done
		systemctl daemon-reload; systemctl restart ` + ofTheBlog)
	h.fresh()
	for offset, seconds := range map[string]string{"+1d": "86400", "-1d": "-86400"} {
		h.write(itsClock, offset)
		h.until("a day off", limit, `d=$(mariadb -NBe "SELECT UNIX_TIMESTAMP(SYSDATE()) - $(date +%s) - `+seconds+`"); test ${d#-} -lt 600`)
		jumped := time.Now() // the host's clock is ours
		s := h.reach("all proved since", 2*limit, func(s guard.Status) bool {
			for _, l := range s.Links {
				if l.ProvedAt.Before(jumped) && l.Name != "releases" && !slices.Contains(readers, l.Name) { // those take hours
					return false
				}
			}
			return well(s)
		})
		if len(s.Incidents) > 0 {
			h.Errorf("%s: %+v", offset, s.Incidents)
		}
		h.do(killMariaDB)
		h.one(offset, "killed", chain.Start)
		h.fresh()
		h.do(badOption + killMariaDB)
		s = h.reach("named", limit, func(s guard.Status) bool { return len(s.Incidents) > 0 && s.Incidents[0].Cause == "bad_config" })
		if i := s.Incidents[0]; i.Link != "mariadb" || !strings.Contains(strings.Join(i.Evidence, "\n"), "no_such_option") {
			h.Errorf("%s: %+v", offset, i)
		}
		h.do(goodOption)
		h.fresh()
	}
	h.do("systemctl stop omamori; rm /etc/systemd/system/*.service.d/clock.conf " + itsClock + "; systemctl daemon-reload; systemctl restart " + ofTheBlog)
}

// one waits until a single incident of MariaDB is over.
func (h *host) one(what, cause string, did ...chain.Verb) {
	h.Helper()
	all := h.over(2 * limit)
	if len(all) != 1 || all[0].Link != "mariadb" || all[0].Cause != cause {
		h.Errorf("%s: %+v", what, all)
		return
	}
	h.did(all[0], did...)
}
