//go:build lab

package lab

import (
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/guard"
)

const (
	siteUnits = "omamori-site-blog-mariadb omamori-site-blog-php omamori-site-blog-nginx omamori-site-blog-hands"
	// siteState is all that a second run could have changed.
	siteState = `for u in ` + siteUnits + `; do systemctl show -P MainPID -P ActiveEnterTimestamp $u; done
		find /srv/blog /etc/systemd/system -path /srv/blog/log -prune -o -path /srv/blog/db -prune -o -path /srv/blog/run -prune -o \
			-path /srv/blog/tmp -prune -o -type f -printf '%p %m %u %T@\n' | sort`
)

// A site whose services systemd runs: brought up, brought up again, mended, taken down.
func TestSiteWithSystemd(t *testing.T) {
	h := newHost(t)
	before := h.do("find /etc/systemd/system | sort")
	t.Log(h.do("omamori site up /srv/blog --sample --with-systemd 2>&1"))
	if out := h.do("systemctl is-active " + siteUnits); strings.Count(out, "active") != 4 {
		t.Errorf("units: %s", out)
	}
	h.do("systemctl is-enabled " + siteUnits)
	h.do("curl -sf -o /dev/null http://127.0.0.1:8080/")
	t.Run("again", func(t *testing.T) {
		h := h.sub(t)
		was := h.do(siteState)
		h.do("omamori site up /srv/blog --sample --with-systemd")
		if is := h.do(siteState); is != was {
			t.Errorf("a second run changes something:\n%s\n\n%s", was, is)
		}
	})
	t.Run("security", func(t *testing.T) {
		h := h.sub(t)
		t.Log(h.do("for u in " + siteUnits + "; do systemd-analyze security --no-pager --threshold=35 $u | tail -n 1; done"))
	})
	t.Run("killed", func(t *testing.T) {
		h := h.sub(t)
		h.do(`systemd-run --quiet --unit=guard -p User=omamori -E XDG_STATE_HOME=/var/lib -E XDG_RUNTIME_DIR=/run -p StateDirectory=omamori \
			-p ProtectSystem=strict -p ReadWritePaths=/run/omamori omamori run -c /srv/blog/omamori.yaml`)
		h.reach("well", time.Minute, well)
		h.do("kill -9 " + h.mainPID("omamori-site-blog-mariadb"))
		s := h.reach("mended", time.Minute, func(s guard.Status) bool { return well(s) && len(s.Incidents) > 0 })
		if i := s.Incidents[0]; i.Cause != "killed" || len(i.Deeds) != 1 || len(s.Incidents) != 1 {
			t.Errorf("%+v", s.Incidents)
		}
		h.do("systemctl stop guard")
	})
	t.Run("reboot", func(t *testing.T) {
		h := h.sub(t)
		h.reboot()
		h.until("there again", time.Minute, "curl -sf -o /dev/null http://127.0.0.1:8080/")
	})
	t.Run("down", func(t *testing.T) {
		h := h.sub(t)
		t.Log(h.do("omamori site down /srv/blog 2>&1"))
		if after := h.do("find /etc/systemd/system | sort"); after != before {
			t.Errorf("left behind:\n%s\n\nbefore:\n%s", after, before)
		}
		if out := h.do("systemctl list-units --all --plain --no-legend 'omamori-site-*'"); out != "" {
			t.Errorf("units left: %s", out)
		}
		if out := h.do("pgrep -af /srv/blog/ | grep -v pgrep || true"); out != "" {
			t.Errorf("processes left: %s", out)
		}
	})
}
