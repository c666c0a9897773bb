package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/tune"
)

// Measured is what the services of a hands' file take, and by what they are configured.
type Measured struct {
	tune.Figures
	file  hands.File
	units map[string]unitState // by service
}

// unitState is what systemd knows of a service that matters when memory runs out.
type unitState struct {
	restart, policy string
	score           int
	pid             int
	argv            []string // by which it is started
}

// Measure looks at the services that may be tuned. It has to be root: others do not see
// what a process of another user holds.
func Measure(ctx context.Context, path string) (*Measured, error) {
	if os.Geteuid() != 0 {
		return nil, problem(chain.Say("site.tune_not_root"), chain.Say("site.tune_not_root_hint"))
	}
	file, err := hands.Load(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, problem(chain.Say("site.tune_no_file", "path", path), chain.Say("site.tune_no_file_hint"))
	}
	if err != nil {
		return nil, err
	}
	m := &Measured{file: file, units: map[string]unitState{}}
	if !slices.ContainsFunc(file.Services, func(s hands.Service) bool { return len(s.Tunes) > 0 }) {
		return nil, problem(chain.Say("site.tune_no_tunes", "path", path), chain.Say("site.tune_no_tunes_hint"))
	}
	if m.Memory, err = machineMemory("/"); err != nil {
		return nil, fmt.Errorf("read memory: %w", err)
	}
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return nil, fmt.Errorf("read memory: %w", err)
	}
	table := tune.ParseTable(info)
	m.Swap = table["SwapTotal"]
	all := allProcesses()
	taken := map[int]bool{}
	pids, err := m.processes(ctx)
	if err != nil {
		return nil, err
	}
	m.Kill = tune.ParseKill(kernelLog(), concerns(slices.Collect(maps.Values(pids))))
	for _, s := range file.Services {
		if err := m.service(ctx, s, pids[s.Name], all, taken); err != nil {
			return nil, err
		}
	}
	// Of a machine of which we have a part, only what is in that part counts.
	part := m.Memory < table["MemTotal"]
	if !part {
		m.Others = table["SUnreclaim"] + table["KernelStack"] + table["PageTables"]
	}
	for pid, p := range all {
		if !taken[pid] && pid != os.Getpid() && (!part || cgroupLimit(fmt.Sprintf("/proc/%d/cgroup", pid)) <= m.Memory) {
			m.Others += p.held
		}
	}
	return m, nil
}

// processes finds the main process of each service, 0 where there is none.
func (m *Measured) processes(ctx context.Context) (map[string]int, error) {
	pids := map[string]int{}
	for _, s := range m.file.Services {
		var err error
		if s.Systemd != "" {
			u, err := askUnit(ctx, s.Systemd)
			if err != nil {
				return nil, err
			}
			m.units[s.Name], pids[s.Name] = u, u.pid
		} else if pids[s.Name], err = hands.PIDIn(s.PIDFile); err != nil {
			return nil, err
		}
	}
	return pids, nil
}

// service measures one service, if there is something about it that can be tuned.
func (m *Measured) service(ctx context.Context, s hands.Service, pid int, all map[int]*proc, taken map[int]bool) error {
	of := family(all, pid)
	for _, t := range s.Tunes {
		switch t.Form {
		case hands.FormMariaDB:
			for _, p := range of {
				taken[p.pid] = true
			}
			if err := m.mariadb(ctx, s, all[pid]); err != nil {
				return err
			}
		case hands.FormFPM:
			for _, p := range of {
				taken[p.pid] = true
			}
			if err := m.fpm(ctx, s, t, all[pid], of); err != nil {
				return err
			}
		}
	}
	return nil
}

// askUnit asks systemd for a unit.
func askUnit(ctx context.Context, name string) (u unitState, err error) {
	out, err := command(ctx, "/usr/bin/systemctl", "show", "-p", "MainPID,ExecStart,Restart,OOMPolicy,OOMScoreAdjust", "--", name).Output()
	if err != nil {
		return u, fmt.Errorf("ask systemd for %s: %w", name, err)
	}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "Restart":
			u.restart = value
		case "OOMPolicy":
			u.policy = value
		case "OOMScoreAdjust":
			u.score, _ = strconv.Atoi(value)
		case "MainPID":
			u.pid, _ = strconv.Atoi(value)
		case "ExecStart": // { path=… ; argv[]=… ; ignore_errors=… }
			_, argv, _ := strings.Cut(value, " argv[]=")
			argv, _, _ = strings.Cut(argv, " ; ")
			u.argv = strings.Fields(argv)
		}
	}
	return u, nil
}

// proc is a process as it is now, in bytes.
type proc struct {
	pid, parent int
	// user is who started it: a program that takes another's rights has not changed that.
	user        owner
	name, title string
	// held is its fair share of what it has (PSS), own what it has alone, resident all
	// that it sees, and peak the most of that.
	held, own, resident, peak uint64
}

func allProcesses() map[int]*proc {
	all := map[int]*proc{}
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is good
	for _, dir := range dirs {
		status, err := os.ReadFile(dir + "/status")
		if err != nil {
			continue
		}
		p := &proc{}
		p.pid, _ = strconv.Atoi(filepath.Base(dir))
		t := tune.ParseTable(status)
		p.parent, p.resident, p.peak = int(t["PPid"]), t["VmRSS"], t["VmHWM"]
		p.user = owner{int(t["Uid"]), int(t["Gid"])}
		if p.resident == 0 { // the kernel's own
			continue
		}
		comm, _ := os.ReadFile(dir + "/comm") //nolint:errcheck // it may have ended
		p.name = strings.TrimSpace(string(comm))
		title, _ := os.ReadFile(dir + "/cmdline") //nolint:errcheck // it may have ended
		p.title = strings.TrimRight(string(title), "\x00")
		p.held, p.own = p.resident, p.resident
		if rollup, err := os.ReadFile(dir + "/smaps_rollup"); err == nil {
			t := tune.ParseTable(rollup)
			p.held, p.own, p.resident = t["Pss"], t["Private_Clean"]+t["Private_Dirty"], t["Rss"]
		}
		all[p.pid] = p
	}
	return all
}

// family is a process and all that descend from it.
func family(all map[int]*proc, pid int) (of []*proc) {
	if all[pid] == nil {
		return nil
	}
	for _, p := range all {
		for at, n := p, 0; at != nil && n < 64; at, n = all[at.parent], n+1 {
			if at.pid == pid {
				of = append(of, p)
				break
			}
		}
	}
	slices.SortFunc(of, func(a, b *proc) int { return a.pid - b.pid })
	return of
}

// limitOf is the least limit of a process's control groups, 0 if it is that of all.
func (m *Measured) limitOf(pid int) uint64 {
	limit := cgroupLimit(fmt.Sprintf("/proc/%d/cgroup", pid))
	if limit >= m.Memory {
		return 0
	}
	return limit
}

// mariadb reads the configuration by which the server would start, and, if it answers,
// the one that it has.
func (m *Measured) mariadb(ctx context.Context, s hands.Service, p *proc) error {
	// Of a process's own title nothing is believed: it writes that itself.
	program, args := "/usr/sbin/mariadbd", m.units[s.Name].argv
	if s.Child != nil {
		program, args = s.Child.Argv[0], s.Child.Argv[1:]
	}
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return !strings.HasPrefix(a, "--defaults-") })
	who, err := runsAs(s, p)
	if err == nil && who.root() {
		who, err = anybody("mysql", "nobody")
	}
	if err != nil {
		return err
	}
	out, err := output(ctx, who, append(append([]string{program}, args...), "--verbose", "--help"))
	if err != nil {
		return problem(chain.Say("site.tune_unread", "program", program, "error", err), chain.Say("site.wordpress_said", "line", tail(out)))
	}
	v := tune.ParseVariables(out)
	sql := &tune.SQL{Service: s.Name}
	if p != nil {
		// Asked as root, over the socket alone, and it gets no files. One that does not
		// answer is reckoned by its files.
		said, err := output(ctx, nil, []string{"/usr/bin/mariadb", "--no-defaults", "--local-infile=0", "--user=root", "--protocol=socket", "--socket=" + v["socket"],
			"--connect-timeout=3", "--batch", "--skip-column-names", "--execute=SHOW GLOBAL VARIABLES; SHOW GLOBAL STATUS"})
		if err == nil {
			for name, value := range tune.ParseVariables(said) {
				v[name] = value
			}
			sql.Used(v)
		}
		sql.Held, sql.Limit = p.held, m.limitOf(p.pid)
	}
	b, ok := v.Buffers()
	if !ok {
		return problem(chain.Say("site.tune_unread", "program", program, "error", "max_connections"), chain.Text{})
	}
	sql.Buffers = b
	m.SQL = sql
	return nil
}

// fpm reads the pool that a file is about.
func (m *Measured) fpm(ctx context.Context, s hands.Service, t hands.Tune, master *proc, of []*proc) error {
	program, config := "", ""
	switch {
	case s.Child != nil:
		program = s.Child.Argv[0]
		if i := slices.Index(s.Child.Argv, "--fpm-config"); i > 0 && i+1 < len(s.Child.Argv) {
			config = s.Child.Argv[i+1]
		}
	case master != nil:
		var err error
		if program, err = programOf(s.Name, master.pid); err != nil {
			return err
		}
		_, config, _ = strings.Cut(master.title, "master process (") // php-fpm: master process (/etc/…)
		config, _, _ = strings.Cut(config, ")")
	default: // php8.2-fpm.service
		program = "/usr/sbin/php-fpm" + strings.TrimSuffix(strings.TrimPrefix(s.Systemd, "php"), "-fpm.service")
	}
	args := []string{program, "-tt"}
	if filepath.IsAbs(config) {
		args = append(args, "--fpm-config", config)
	}
	// A master of root's is asked as root: PHP-FPM reads its settings only where it can open
	// its log.
	who, err := runsAs(s, master)
	if err != nil {
		return err
	}
	out, err := output(ctx, who, args)
	if err != nil {
		return problem(chain.Say("site.tune_unread", "program", program, "error", err), chain.Say("site.wordpress_said", "line", tail(out)))
	}
	pools := tune.ParseFPM(out)
	i := slices.IndexFunc(pools, func(p tune.Pool) bool { return strings.EqualFold(p.Name, t.Pool) })
	if i < 0 || pools[i].Children == 0 {
		return problem(chain.Say("site.tune_no_pool", "pool", t.Pool, "program", program), chain.Text{})
	}
	p := pools[i]
	p.Service = s.Name
	if master != nil {
		p.Limit = m.limitOf(master.pid)
	}
	first := !slices.ContainsFunc(m.Pools, func(o tune.Pool) bool { return o.Service == s.Name })
	for _, c := range of {
		own := c != master && strings.HasPrefix(c.title, "php-fpm: pool ")
		if first { // what is shared counts once
			p.Shared += c.held
			if own {
				p.Shared -= min(p.Shared, c.own)
			}
		}
		if !own || strings.TrimRight(strings.TrimPrefix(c.title, "php-fpm: pool "), "\x00 ") != p.Name {
			continue
		}
		shared := c.resident - min(c.resident, c.own)
		p.Child = max(p.Child, c.own, c.peak-min(c.peak, shared))
		if m.Kill != nil { // when it killed, they held more
			p.Child = max(p.Child, m.Kill.Largest[c.name]-min(m.Kill.Largest[c.name], shared))
		}
	}
	m.Pools = append(m.Pools, p)
	return nil
}

// kernelLog is what the kernel still has of its log; nothing where it may not be read.
func kernelLog() []byte {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var all []byte
	const most = 4 << 20
	for record := make([]byte, 8<<10); len(all) < most; {
		n, err := unix.Read(fd, record)
		switch {
		case errors.Is(err, unix.EPIPE): // a record that has been overwritten
			continue
		case err != nil || n <= 0:
			return all
		}
		line, _, _ := bytes.Cut(record[:n], []byte("\n")) // then come the record's own fields
		all = append(append(all, line...), '\n')
	}
	return all
}
