//go:build lab

package lab

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/guard"
)

// tuned: on a host of 1.2 GB whose owner allows MariaDB far more, memory runs out. What
// omamori then advises names the kill, and makes it fit; it is done with consent.
func tuned(h *host) {
	const group = "g=/sys/fs/cgroup/memory/omamori-lab\n"
	h.do("printf '[mariadbd]\nmax_connections = 4000\n' >/etc/mysql/mariadb.conf.d/90-owner.cnf; systemctl restart mariadb")
	h.fresh()
	hostOutOfMemory(h)
	s := h.reach("out of memory, and mended", 2*limit, func(s guard.Status) bool { return well(s) && len(s.Incidents) > 0 })
	i := s.Incidents[len(s.Incidents)-1]
	if i.Cause != "oom" || !strings.Contains(i.Next, "omamori site tune --dry-run") {
		h.Errorf("%+v", i)
	}
	h.outside(group + "echo 1200000000 >$g/memory.limit_in_bytes")
	defer h.outside(group + "echo -1 >$g/memory.limit_in_bytes")
	h.fresh()
	said := h.do("omamori --lang en site tune --dry-run || true")
	h.Log(said)
	for _, want := range []string{"the kernel killed mariadbd", "max_connections", "zz-omamori.cnf"} {
		if !strings.Contains(said, want) {
			h.Errorf("the advice does not say %q", want)
		}
	}
	h.Log(h.do("omamori --lang en site tune --yes 2>&1"))
	h.do("test $(mariadb -NBe 'SELECT @@max_connections') -lt 200")
	var advice struct {
		Fits  bool  `json:"fits"`
		Files []any `json:"files"`
	}
	if out := h.do("omamori site tune --dry-run --json"); json.Unmarshal([]byte(out), &advice) != nil || !advice.Fits || len(advice.Files) > 0 {
		h.Errorf("it does not fit after it: %s", out)
	}
	if s := h.reach("well with it", time.Minute, well); len(s.Incidents) > 0 {
		h.Errorf("%+v", s.Incidents)
	}
	h.do(`systemctl stop omamori; rm -rf /etc/mysql/mariadb.conf.d/90-owner.cnf /etc/mysql/mariadb.conf.d/zz-omamori.cnf /etc/php/8.2/fpm/pool.d/zz-omamori.conf \
		/etc/systemd/system/*.service.d/zz-omamori.conf; systemctl daemon-reload; systemctl restart mariadb php8.2-fpm nginx ssh`)
}
