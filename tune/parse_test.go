package tune

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

const table = `mariadbd  Ver 10.11.19-MariaDB
  --max-connections=# The number of simultaneous clients allowed

Variables (--variable-name=value)
and boolean options {FALSE|TRUE}                             Value (after reading options)
------------------------------------------------------------ -------------
aria-pagecache-buffer-size                                   134217728
innodb-buffer-pool-size                                      134217728
join-buffer-size                                             262144
key-buffer-size                                              134217728
log-bin                                                      (No default value)
max-allowed-packet                                           16777216
max-connections                                              151
query-cache-size                                             1048576
query-cache-type                                             OFF
socket                                                       /run/mysqld/mysqld.sock
sort-buffer-size                                             2097152
thread-stack                                                 299008
tmp-table-size                                               16777216

To see what variables a running server is using, type
'SELECT * FROM INFORMATION_SCHEMA.GLOBAL_VARIABLES' instead of 'mysqld --verbose --help' or 'mariadbd --verbose --help'.
`

func TestParseVariables(t *testing.T) {
	v := ParseVariables([]byte(table))
	b, ok := v.Buffers()
	if !ok || b.Pool != 128*MiB || b.Connections != 151 || b.Packet != 16*MiB || b.Query != 0 || b.Binlog != 0 || v["socket"] != "/run/mysqld/mysqld.sock" {
		t.Errorf("%+v %v", b, v)
	}
	said := ParseVariables([]byte("Innodb_buffer_pool_bytes_data\t1048576\nKey_blocks_used\t3\nMax_used_connections\t7\nlog_bin\tON\nbinlog_cache_size\t32768\n"))
	var s SQL
	s.Used(said)
	if s.InUse != MiB+3*1024 || s.KeyUsed != 3*1024 {
		t.Errorf("%+v", s)
	}
	if b, ok := said.Buffers(); ok || b.Binlog != 32768 {
		t.Errorf("%+v %v", b, ok)
	}
}

// The real server's own words.
func TestTheRealMariaDB(t *testing.T) {
	out, err := exec.Command("/usr/sbin/mariadbd", "--no-defaults", "--verbose", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	b, ok := ParseVariables(out).Buffers()
	if !ok || b.Pool != 128*MiB || b.Connections != 151 || b.Sort != 2*MiB || b.Packet != 16*MiB || b.Net != 16<<10 || b.Tmp != 16*MiB || b.Key != 128*MiB || b.Aria != 128*MiB {
		t.Errorf("%+v", b)
	}
}

const kernel = `[100.1] php-fpm8.2 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
[100.2] Tasks state (memory values in pages):
[100.3] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[100.4] [    612]   105   612   334455    51200   409600        0             0 mariadbd
[100.5] [    700]    33   700    60000    12800   200000        0             0 php-fpm8.2
[100.6] [    701]    33   701    60000    10240   200000        0             0 php-fpm8.2
[100.7] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/box,task_memcg=/box,task=mariadbd,pid=612,uid=105
[100.8] Memory cgroup out of memory: Killed process 612 (mariadbd) total-vm:1337820kB, anon-rss:200000kB, file-rss:4800kB, shmem-rss:0kB, UID:105 pgtables:400kB oom_score_adj:0
`

// With columns of newer kernels, of the whole machine.
const newer = `6,1,2,-;tail invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name
[   2746]     0  2746     5548     5219     4832      387        0    90112        0             0 tail
oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=tail,pid=2746,uid=0
Out of memory: Killed process 2746 (tail) total-vm:22192kB, anon-rss:19328kB, file-rss:1548kB, shmem-rss:0kB, UID:0 pgtables:88kB oom_score_adj:0
`

func TestParseKill(t *testing.T) {
	k := ParseKill([]byte(kernel), anyGroup)
	if k == nil || k.PID != 612 || k.Name != "mariadbd" || k.Held != 204800<<10 || k.Group != "/box" ||
		k.Largest["php-fpm8.2"] != 12800<<12 || k.Largest["mariadbd"] != 200*MiB {
		t.Errorf("%+v", k)
	}
	k = ParseKill([]byte(kernel+newer), anyGroup)
	if k == nil || k.Name != "tail" || k.Group != "" || len(k.Largest) != 1 || k.Largest["tail"] != 5219<<12 {
		t.Errorf("%+v", k)
	}
	// Both die of one exhaustion, or of two.
	for seconds, want := range map[int]string{9: "mariadbd", 11: "tail"} {
		two := strings.ReplaceAll(kernel, "[100.", "4,1,1000000,-;[100.") + strings.ReplaceAll(newer, "Out of", fmt.Sprintf("3,2,%d000000,-;Out of", 1+seconds))
		k = ParseKill([]byte(two), anyGroup)
		if k == nil || k.Name != want || k.Largest["tail"] != 5219<<12 || (k.Largest["mariadbd"] > 0) != (want == "mariadbd") {
			t.Errorf("%d s apart: %+v", seconds, k)
		}
	}
	if k := ParseKill([]byte("nothing of the kind\n"), anyGroup); k != nil {
		t.Errorf("%+v", k)
	}
}

const said = `[24-Nov-2026 17:20:18] NOTICE: [global]
[24-Nov-2026 17:20:18] NOTICE: 	pm.max_children = 99
[24-Nov-2026 17:20:18] NOTICE: [www]
[24-Nov-2026 17:20:18] NOTICE: 	pm = dynamic
[24-Nov-2026 17:20:18] NOTICE: 	pm.max_children = 5
[24-Nov-2026 17:20:18] NOTICE: 	pm.start_servers = 2
`

func TestParseFPM(t *testing.T) {
	for _, text := range []string{said, "; comment\n[www]\npm = dynamic\npm.max_children = 20 ; many\npm.start_servers=2\n[other]\npm = \"static\"\n[WWW]\npm.max_children = 5\n"} {
		pools := ParseFPM([]byte(text))
		if len(pools) == 0 || pools[0].Name != "www" || pools[0].Manager != "dynamic" || pools[0].Children != 5 || pools[0].Start != 2 {
			t.Errorf("%q: %+v", text, pools)
		}
	}
}

func TestParseTable(t *testing.T) {
	v := ParseTable([]byte("MemTotal:        987654 kB\nHugePages_Total:       3\n00400000-7fff [rollup]\nPss:  10 kB\nName:\tmariadbd\n"))
	if v["MemTotal"] != 987654<<10 || v["HugePages_Total"] != 3 || v["Pss"] != 10<<10 || len(v) != 3 {
		t.Errorf("%v", v)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{table, kernel, newer, said, "a\tb\n", "[x]\npm.max_children = 99999999999\n", "MemTotal: 9007199254740991 kB\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name := range ParseVariables([]byte(s)) {
			if name == "" || strings.ContainsAny(name, "\n\t") {
				t.Errorf("a variable %q", name)
			}
		}
		b, _ := ParseVariables([]byte(s)).Buffers()
		for _, p := range ParseFPM([]byte(s)) {
			if p.Name != "global" && p.Children < 0 {
				t.Errorf("%+v", p)
			}
			f := Figures{Memory: 1 << 30, SQL: &SQL{Buffers: b}, Pools: []Pool{p}}
			Make(f)
		}
		ParseKill([]byte(s), anyGroup)
		ParseTable([]byte(s))
	})
}

func anyGroup(string) bool { return true }
