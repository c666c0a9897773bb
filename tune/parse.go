package tune

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// Variables are settings or counters of MariaDB by name, with _ between words.
type Variables map[string]string

// ParseVariables reads what `mariadbd --verbose --help` prints below its table's head, or
// the lines of SHOW VARIABLES and SHOW STATUS as the client prints them with --batch.
func ParseVariables(b []byte) Variables {
	v := Variables{}
	_, table, help := strings.Cut(string(b), "Variables (--variable-name=value)")
	if !help {
		table = string(b)
	}
	for line := range strings.Lines(table) {
		line = strings.TrimRight(line, "\r\n")
		name, value, ok := strings.Cut(line, "\t")
		if help {
			name, value, ok = strings.Cut(line, " ")
		}
		if !ok || name == "" || strings.HasPrefix(name, "-") {
			if help && len(v) > 0 && line == "" {
				break // what follows is prose
			}
			continue
		}
		v[strings.ReplaceAll(strings.ToLower(name), "-", "_")] = strings.TrimSpace(value)
	}
	return v
}

// No server has more: sums of such figures do not overflow.
const (
	mostBytes = 1 << 40
	mostCount = 100_000
)

// Number is a value in bytes; 0 if there is no such number.
func (v Variables) Number(name string) uint64 {
	n, err := strconv.ParseUint(v[name], 10, 64)
	if err != nil {
		return 0
	}
	return min(n, mostBytes)
}

// count is a number of things.
func (v Variables) count(name string) int { return int(min(v.Number(name), mostCount)) }

// Buffers are the settings that take memory. ok is false if they are not those of a
// MariaDB.
func (v Variables) Buffers() (b Buffers, ok bool) {
	b = Buffers{
		Pool: v.Number("innodb_buffer_pool_size"), Key: v.Number("key_buffer_size"), Aria: v.Number("aria_pagecache_buffer_size"),
		Log: v.Number("innodb_log_buffer_size"), Connections: v.count("max_connections"),
		Sort: v.Number("sort_buffer_size"), Join: v.Number("join_buffer_size"), Read: v.Number("read_buffer_size"),
		ReadRnd: v.Number("read_rnd_buffer_size"), Stack: v.Number("thread_stack"), Net: v.Number("net_buffer_length"),
		Packet: v.Number("max_allowed_packet"), Tmp: v.Number("tmp_table_size"), Heap: v.Number("max_heap_table_size"),
	}
	if v["query_cache_type"] != "OFF" && v["query_cache_type"] != "0" {
		b.Query = v.Number("query_cache_size")
	}
	if log := v["log_bin"]; log == "ON" || log == "1" || log != "" && log != "OFF" && log != "0" && !strings.HasPrefix(log, "(No ") {
		b.Binlog = v.Number("binlog_cache_size")
	}
	return b, b.Pool > 0 && b.Connections > 0 && b.Stack > 0
}

// Used fills in what the counters of SHOW STATUS say is in use.
func (s *SQL) Used(status Variables) {
	const block = 1024 // of the key cache, in which it counts
	s.KeyUsed = status.Number("key_blocks_used") * block
	s.AriaUsed = status.Number("aria_pagecache_blocks_used") * 8 * block
	s.InUse = status.Number("innodb_buffer_pool_bytes_data") + s.KeyUsed + s.AriaUsed
}

// ParseFPM reads pools of PHP-FPM: its files, or what `php-fpm -tt` prints. A section
// that comes again goes on with the same pool, as PHP-FPM has it.
func ParseFPM(b []byte) []Pool {
	var pools []Pool
	at := -1
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if _, said, ok := strings.Cut(line, "] NOTICE: "); ok && strings.HasPrefix(line, "[") { // [24-Nov-2026 17:00:00] NOTICE: …
			line = strings.TrimSpace(said)
		}
		if line == "" || line[0] == ';' || line[0] == '#' {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, ok = strings.Cut(name, "]")
			at = -1
			if !ok || name == "global" || name == "General" {
				continue
			}
			for i := range pools {
				if strings.EqualFold(pools[i].Name, name) {
					at = i
				}
			}
			if at < 0 {
				pools, at = append(pools, Pool{Name: name}), len(pools)
			}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || at < 0 {
			continue
		}
		value, _, _ = strings.Cut(value, ";")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		n, err := strconv.ParseUint(value, 10, 31)
		p := &pools[at]
		switch to := map[string]*int{"pm.max_children": &p.Children, "pm.start_servers": &p.Start, "pm.min_spare_servers": &p.MinSpare,
			"pm.max_spare_servers": &p.MaxSpare, "pm.max_requests": &p.Requests}[strings.TrimSpace(key)]; {
		case to != nil && err == nil:
			*to = int(min(n, mostCount))
		case strings.TrimSpace(key) == "pm":
			p.Manager = value
		}
	}
	return pools
}

// ParseTable reads the kernel's tables of a name, a number and often a unit: meminfo,
// smaps_rollup, status. Sizes are in bytes.
func ParseTable(b []byte) map[string]uint64 {
	t := map[string]uint64{}
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line))
		if len(f) < 2 || !strings.HasSuffix(f[0], ":") {
			continue
		}
		n, err := strconv.ParseUint(f[1], 10, 53)
		if err != nil {
			continue
		}
		if len(f) > 2 && f[2] == "kB" {
			n <<= 10
		}
		t[strings.TrimSuffix(f[0], ":")] = n
	}
	return t
}

// ParseKill reads the kernel's log, and gives what it told when it last killed for memory,
// of the kills whose control group ("" for the machine's memory) concerns whoever asks; nil
// if there is none. Of kills within together it is the one that held most: what is killed
// gives its memory back slowly, and often another dies of that. Lines may begin with the
// marks of dmesg or of /dev/kmsg; only the latter give the time.
func ParseKill(log []byte, concerns func(group string) bool) *Kill {
	var last *Kill
	var at time.Duration // of last
	var group string
	largest := map[string]uint64{}
	column := map[string]int{}
	for line := range strings.Lines(string(log)) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.Contains(line, " invoked oom-killer: "):
			group, largest, column = "", map[string]uint64{}, map[string]int{}
		case strings.Contains(line, "[  pid  ]"):
			_, head, _ := strings.Cut(line, "[  pid  ]")
			for i, name := range strings.Fields(head) {
				column[name] = i
			}
		case strings.Contains(line, "oom-kill:constraint="):
			if strings.Contains(line, "CONSTRAINT_MEMCG") {
				_, after, _ := strings.Cut(line, "oom_memcg=")
				group, _, _ = strings.Cut(after, ",")
			}
		case strings.Contains(line, ": Killed process "):
			k := killed(line)
			if k == nil || !concerns(group) {
				continue
			}
			k.Group, k.Largest = group, largest
			now, known := stamp(line)
			if known && at > 0 && now-at < together {
				for name, held := range last.Largest {
					k.Largest[name] = max(k.Largest[name], held)
				}
				if last.Held > k.Held {
					k.PID, k.Name, k.Held, k.Group = last.PID, last.Name, last.Held, last.Group
				}
			}
			last, at = k, now
		default:
			name, rss, ok := task(line, column)
			if ok && len(largest) < 1000 {
				largest[name] = max(largest[name], rss)
			}
		}
	}
	return last
}

// together is how far apart kills may be that are of one exhaustion.
const together = 10 * time.Second

// stamp is when a line of /dev/kmsg was written, since the boot: "priority,number,µs,…;".
func stamp(line string) (at time.Duration, ok bool) {
	head, _, found := strings.Cut(line, ";")
	f := strings.Split(head, ",")
	if !found || len(f) < 3 {
		return 0, false
	}
	us, err := strconv.ParseUint(f[2], 10, 50)
	return time.Duration(us) * time.Microsecond, err == nil
}

// task reads a row of the kernel's table of processes: pages, of 4 KiB.
func task(line string, column map[string]int) (name string, held uint64, ok bool) {
	at, found := column["rss"]
	if !found {
		return "", 0, false
	}
	open := strings.LastIndex(line, "[")
	end := strings.LastIndex(line, "]")
	if open < 0 || end < open {
		return "", 0, false
	}
	if _, err := strconv.ParseUint(strings.TrimSpace(line[open+1:end]), 10, 32); err != nil {
		return "", 0, false
	}
	f := strings.Fields(line[end+1:])
	if len(f) != len(column) {
		return "", 0, false
	}
	pages, err := strconv.ParseUint(f[at], 10, 40)
	return f[len(f)-1], pages << 12, err == nil
}

func killed(line string) *Kill {
	_, rest, _ := strings.Cut(line, ": Killed process ")
	number, rest, _ := strings.Cut(rest, " (")
	pid, err := strconv.ParseUint(number, 10, 31)
	name, rest, ok := strings.Cut(rest, ")")
	if err != nil || !ok {
		return nil
	}
	k := &Kill{PID: int(pid), Name: name}
	for _, what := range []string{"anon-rss:", "file-rss:", "shmem-rss:"} {
		_, after, _ := strings.Cut(rest, what)
		digits, _, _ := strings.Cut(after, "kB")
		if n, err := strconv.ParseUint(digits, 10, 44); err == nil {
			k.Held += n << 10
		}
	}
	return k
}
