package site

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/words"
)

const gib = 1 << 30

// machines are those from 256 MiB to 64 GiB: every size near where a limit changes,
// and random ones.
func machines() (all []uint64) {
	for m := uint64(256 * mib); m <= 2*gib; m += mib {
		all = append(all, m)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		all = append(all, 256*mib+r.Uint64N(64*gib))
	}
	return append(all, roomy-1, roomy, roomy+1, 64*gib)
}

func TestBudgetNeverExceedsTheMachine(t *testing.T) {
	fits := false
	for _, m := range machines() {
		b, err := plan(m)
		if err != nil {
			if fits && m >= 512*mib {
				t.Fatalf("%d MiB: %v", m/mib, err)
			}
			continue
		}
		fits = true
		// Added up here anew, from what the daemons are told.
		sum := b.System + b.Omamori + b.Nginx + b.PHPShared + uint64(b.Children)*b.PHPChild +
			b.SQLBase + b.BufferPool + uint64(b.Connections)*b.SQLConnection
		switch {
		case sum > m || b.Sum() != sum || b.Machine != m:
			t.Fatalf("%d MiB: the parts sum up to %d MiB: %+v", m/mib, sum/mib, b)
		case b.Children < childrenLeast || b.BufferPool < poolLeast || b.Connections < b.Children+spareConns:
			t.Fatalf("%d MiB: too little for a site: %+v", m/mib, b)
		case b.PHPChild < b.MemoryLimit+phpOwn || b.PHPShared < b.Opcache+phpMaster:
			t.Fatalf("%d MiB: PHP may take more than it was given: %+v", m/mib, b)
		}
	}
	if !fits {
		t.Fatal("no machine is large enough")
	}
}

// A machine of 512 MB shows the kernel about 480 MiB.
func TestBudgetOfTheSmallest(t *testing.T) {
	if _, err := plan(470 * mib); err != nil {
		t.Errorf("a machine of 512 MB has no room for a site: %v", err)
	}
	_, err := plan(256 * mib)
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		t.Fatalf("got %v, want a problem that is told", err)
	}
	text, _ := p.Said()
	for lang, want := range map[words.Lang]string{words.English: "256 MiB of memory are too little", words.Japanese: "メモリーが 256 MiB しかなく"} {
		if got := lang.Say(text); !strings.Contains(got, want) {
			t.Errorf("%s: got %q", lang, got)
		}
	}
}

// What the daemons are configured with is what was budgeted.
func TestConfigurationKeepsTheBudget(t *testing.T) {
	for _, m := range []uint64{470 * mib, 1 * gib, 2 * gib, 64 * gib} {
		budget, err := plan(m)
		if err != nil {
			t.Fatal(err)
		}
		b := &build{layout: layout{"/srv/blog"}, settings: settings{Address: "127.0.0.1:8080", Budget: budget}}
		sql, php := settingsIn(t, b, "my.cnf"), settingsIn(t, b, "php-fpm.conf")
		perConnection := sql["max_allowed_packet"] + sql["tmp_table_size"] + sql["sort_buffer_size"] + sql["join_buffer_size"] +
			sql["read_buffer_size"] + sql["read_rnd_buffer_size"] + sql["thread_stack"]
		caches := sql["key_buffer_size"] + sql["aria_pagecache_buffer_size"] + sql["innodb_log_buffer_size"] + sql["query_cache_size"]
		switch {
		case sql["innodb_buffer_pool_size"] != budget.BufferPool || sql["max_connections"] != uint64(budget.Connections):
			t.Errorf("%d MiB: MariaDB is told %v, the budget is %+v", m/mib, sql, budget)
		case perConnection == 0 || perConnection > budget.SQLConnection || sql["max_heap_table_size"] > sql["tmp_table_size"]:
			t.Errorf("%d MiB: a connection may take %d bytes, the budget is %d", m/mib, perConnection, budget.SQLConnection)
		case caches == 0 || caches*2 > budget.SQLBase:
			t.Errorf("%d MiB: MariaDB's caches of %d bytes leave too little of %d", m/mib, caches, budget.SQLBase)
		case php["pm.max_children"] != uint64(budget.Children) || php["php_admin_value[memory_limit]"] != budget.MemoryLimit:
			t.Errorf("%d MiB: PHP is told %v, the budget is %+v", m/mib, php, budget)
		}
	}
}

var sizeLine = regexp.MustCompile(`(?m)^([a-z_.\[\]]+) = (\d+)([KM]?)$`)

// settingsIn reads the figures of a configuration as the daemon would.
func settingsIn(t *testing.T, b *build, name string) map[string]uint64 {
	t.Helper()
	content, err := b.render(name)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]uint64{}
	for _, m := range sizeLine.FindAllStringSubmatch(string(content), -1) {
		n, err := strconv.ParseUint(m[2], 10, 63)
		if err != nil {
			t.Fatal(err)
		}
		all[m[1]] = n * map[string]uint64{"": 1, "K": 1 << 10, "M": mib}[m[3]]
	}
	return all
}

func TestMachineMemory(t *testing.T) {
	const meminfo = "MemTotal:        4194304 kB\nMemFree:          100 kB\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  uint64
	}{
		{"no control groups", nil, 4 * gib},
		{"v2, no limit", map[string]string{"proc/self/cgroup": "0::/system.slice/x\n", "sys/fs/cgroup/system.slice/x/memory.max": "max\n"}, 4 * gib},
		{"v2", map[string]string{"proc/self/cgroup": "0::/box\n", "sys/fs/cgroup/box/memory.max": "1073741824\n"}, gib},
		{"v2, by a parent", map[string]string{"proc/self/cgroup": "0::/a/b/c\n", "sys/fs/cgroup/a/memory.max": "536870912\n",
			"sys/fs/cgroup/a/b/c/memory.max": "1073741824\n"}, gib / 2},
		{"v2, in a namespace", map[string]string{"proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/memory.max": "805306368\n"}, 768 * mib},
		{"v2, slowed down before", map[string]string{"proc/self/cgroup": "0::/box\n", "sys/fs/cgroup/box/memory.max": "1073741824\n",
			"sys/fs/cgroup/box/memory.high": "805306368\n"}, 768 * mib},
		{"v1", map[string]string{"proc/self/cgroup": "9:name=systemd:/\n4:memory:/box\n", "sys/fs/cgroup/memory/box/memory.limit_in_bytes": "1073741824\n"}, gib},
		{"v1, among others", map[string]string{"proc/self/cgroup": "4:cpu,memory:/docker/x\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n"}, gib},
		{"v1, boundless", map[string]string{"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 4 * gib},
		{"more than there is", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1099511627776\n"}, 4 * gib},
		{"nonsense", map[string]string{"proc/self/cgroup": "\n:\n0\nx:y:z\n0::/\n", "sys/fs/cgroup/memory.max": "lots\n"}, 4 * gib},
	} {
		root := t.TempDir()
		put := func(name, content string) {
			t.Helper()
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		put("proc/meminfo", meminfo)
		for name, content := range c.files {
			put(name, content)
		}
		if got, err := machineMemory(root); err != nil || got != c.want {
			t.Errorf("%s: got %d MiB, %v, want %d MiB", c.name, got/mib, err, c.want/mib)
		}
	}
	if _, err := machineMemory(t.TempDir()); err == nil {
		t.Error("without /proc/meminfo: no error")
	}
}

// What is shown, in either language and as JSON, has the sum and what there is.
func TestBudgetIsShown(t *testing.T) {
	b, err := plan(1 * gib)
	if err != nil {
		t.Fatal(err)
	}
	rows := b.Rows()
	var sum uint64
	for _, r := range rows[:len(rows)-2] {
		sum += r.Bytes
	}
	for _, lang := range words.Langs {
		for _, r := range rows {
			if said := lang.Say(r.Text); said == "" || strings.ContainsAny(said, "{}") {
				t.Errorf("%s: a row says %q", lang, said)
			}
		}
	}
	if rows[len(rows)-2].Bytes != sum || rows[len(rows)-1].Bytes != gib || sum != b.Sum() {
		t.Errorf("the rows sum up to %d: %v", sum, rows)
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var shown struct {
		Sum, Machine uint64
	}
	if err := json.Unmarshal(text, &shown); err != nil || shown.Sum != sum || shown.Machine != gib {
		t.Errorf("as JSON: %s (%v)", text, err)
	}
	var back Budget
	if err := json.Unmarshal(text, &back); err != nil || back != b {
		t.Errorf("read again: %+v (%v), want %+v", back, err, b)
	}
}
