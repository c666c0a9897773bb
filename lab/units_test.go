//go:build lab

package lab

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

const answers = "curl -sf -o /dev/null https://blog.example.org/"

// A server as its owner has it, with Debian's units and policy, and omamori's own units
// beside them.
func TestDebiansUnits(t *testing.T) {
	h := newBlog(t)
	t.Run("hardened", func(t *testing.T) { hardened(h.sub(t)) })
	for _, f := range []struct {
		name  string
		fault func(*host)
	}{
		{"killed", killed}, {"hung", hung}, {"ended from outside", ended}, {"stopped on purpose", stopped},
		{"bad configuration", badConfig}, {"nginx killed", nginxKilled}, {"hands killed", handsKilled}, {"reboot in a mend", rebooted},
	} {
		t.Run(f.name, func(t *testing.T) {
			h := h.sub(t)
			f.fault(h)
			h.reach("well", time.Minute, well)
			h.do(answers)
		})
		if t.Failed() {
			return // one fault at a time
		}
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

// newest waits for an incident with this cause that began after there were so many.
func (h *host) newest(had int, cause string, more func(*guard.IncidentStatus) bool) guard.IncidentStatus {
	h.Helper()
	s := h.reach(cause, time.Minute, func(s guard.Status) bool {
		return len(s.Incidents) > had && s.Incidents[0].Cause == cause && more(&s.Incidents[0])
	})
	if n := len(s.Incidents) - had; n != 1 {
		h.Errorf("%d incidents, not one: %+v", n, s.Incidents[:n])
	}
	i := s.Incidents[0]
	if len(i.Evidence) == 0 || i.Why == "" {
		h.Errorf("says too little: %+v", i)
	}
	h.Logf("%s, %s; %q; outages %+v; deeds %v", i.Link, i.Why, i.Evidence, i.Outages, verbs(i))
	return i
}

func over(i *guard.IncidentStatus) bool { return i.Ended != nil }

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

// Debian has systemd start it again after five seconds; it is not waited for.
func killed(h *host) {
	had := len(h.status().Incidents)
	h.do("kill -9 " + h.mainPID("mariadb"))
	i := h.newest(had, "killed", over)
	h.did(i, chain.Start)
	if took := i.Deeds[0].TookMS; took > 4000 {
		h.Errorf("the start took %v ms: it waited for systemd's own", took)
	}
}

func nginxKilled(h *host) {
	had := len(h.status().Incidents)
	h.do("systemctl kill --signal=KILL nginx")
	h.did(h.newest(had, "killed", over), chain.Start)
}

func hung(h *host) {
	had := len(h.status().Incidents)
	h.do("kill -STOP " + h.mainPID("mariadb"))
	h.did(h.newest(had, "hung", over), chain.Kill, chain.Start)
}

// Debian's policy leaves it down.
func ended(h *host) {
	had := len(h.status().Incidents)
	h.do("kill -TERM " + h.mainPID("mariadb"))
	h.did(h.newest(had, "killed", over), chain.Start)
}

func stopped(h *host) {
	for _, unit := range []string{"mariadb", "php8.2-fpm", "nginx"} {
		had := len(h.status().Incidents)
		if unit == "mariadb" {
			// Its socket would have systemd start it for the next visitor.
			h.do("systemctl stop mariadb")
		} else {
			h.do("systemctl stop " + unit)
		}
		i := h.newest(had, "stopped_on_purpose", func(i *guard.IncidentStatus) bool { return i.Next != "" })
		h.did(i)
		if !strings.Contains(i.Next, "systemctl start "+unit) {
			h.Errorf("next: %q", i.Next)
		}
		if state, _ := h.Do(h.Context(), "systemctl is-active "+unit); strings.TrimSpace(state) != "inactive" {
			h.Errorf("%s was fought over: %s", unit, state)
		}
		h.do("systemctl start " + unit)
		h.reach("well", time.Minute, well)
	}
}

func badConfig(h *host) {
	had := len(h.status().Incidents)
	h.write("/etc/mysql/mariadb.conf.d/99-bad.cnf", "[mariadbd]\nno_such_option = 1\n")
	h.do("kill -9 " + h.mainPID("mariadb"))
	i := h.newest(had, "bad_config", func(i *guard.IncidentStatus) bool { return i.Next != "" })
	if !strings.Contains(strings.Join(i.Evidence, "\n"), "no_such_option") {
		h.Errorf("evidence: %q", i.Evidence)
	}
	if n := len(i.Deeds); n > 1 { // the one that showed it
		h.Errorf("started %d times: %v", n, verbs(i))
	}
	h.do("rm /etc/mysql/mariadb.conf.d/99-bad.cnf; systemctl reset-failed mariadb; systemctl start mariadb")
}

// Hands and the guard come back by themselves, and go on.
func handsKilled(h *host) {
	had := len(h.status().Incidents)
	h.do("kill -9 " + h.mainPID("omamori-hands") + "; kill -9 " + h.mainPID("mariadb") + "; kill -9 " + h.mainPID("omamori"))
	h.reach("mended", time.Minute, func(s guard.Status) bool { return well(s) && len(s.Incidents) > had })
}

// The host goes down while a database is being started.
func rebooted(h *host) {
	h.do("kill -9 " + h.mainPID("mariadb"))
	h.until("in a mend", time.Minute, "test $(systemctl show -P SubState mariadb) != running")
	h.reboot()
	h.reach("well", 2*time.Minute, well)
	if out, err := h.Do(h.Context(), "omamori journal verify"); err != nil {
		h.Errorf("the journal: %v\n%s", err, out)
	}
}
