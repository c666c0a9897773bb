package memory

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// machine is a folder that looks as /proc and /sys/fs/cgroup do.
type machine struct {
	t   *testing.T
	dir string
}

func newMachine(t *testing.T) *machine {
	m := &machine{t, t.TempDir()}
	m.memory(1000, 500, 200, 150)
	m.pressure("0.00", "0.00")
	m.write("proc/self/cgroup", "0::/system.slice/omamori.service\n")
	m.write("cgroup/cgroup.controllers", "memory\n")
	return m
}

func (m *machine) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// memory sets the machine's figures, in MiB.
func (m *machine) memory(total, available, swap, swapFree int) {
	kb := func(n int) string { return strconv.Itoa(n<<10) + " kB\n" }
	m.write("proc/meminfo", "MemTotal: "+kb(total)+"MemFree: 1 kB\nMemAvailable: "+kb(available)+"SwapTotal: "+kb(swap)+"SwapFree: "+kb(swapFree))
}

func (m *machine) pressure(some, full string) {
	m.write("proc/pressure/memory", "some avg10="+some+" avg60=1.00 avg300=0.10 total=12\nfull avg10="+full+" avg60=0.50 avg300=0.00 total=6\n")
}

func (m *machine) process(pid int, name string, mib int) {
	m.write("proc/"+strconv.Itoa(pid)+"/comm", name+"\n")
	m.write("proc/"+strconv.Itoa(pid)+"/statm", "99999 "+strconv.Itoa(mib<<20/os.Getpagesize())+" 1 1 0 1 0\n")
}

func (m *machine) link(s settings) *link {
	m.t.Helper()
	l := newLink(m.t, s)
	l.system = system{proc: filepath.Join(m.dir, "proc"), cgroups: filepath.Join(m.dir, "cgroup")}
	return l
}

func newLink(t *testing.T, s settings) *link {
	t.Helper()
	for field, otherwise := range map[*string]string{&s.MinAvailable: "5%", &s.MaxPressure: "20%", &s.MaxSwap: "100%"} {
		if *field == "" {
			*field = otherwise
		}
	}
	p, err := build(s, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}

func prove(p chain.Prover) chain.Proof {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return p.Prove(ctx)
}

func expect(t *testing.T, p chain.Proof, verdict chain.Verdict, key string) {
	t.Helper()
	if p.Verdict != verdict || p.Because.Key != key {
		t.Errorf("got %v %s %v, want %v %s", p.Verdict, p.Because.Key, p.Because.Args, verdict, key)
	}
	if verdict == chain.Broken && (p.Cause == "" || p.Hint.IsZero()) {
		t.Errorf("%s: cause %q, hint %q", key, p.Cause, p.Hint.Key)
	}
}

// TestThisMachine: the real figures can be read.
func TestThisMachine(t *testing.T) {
	l := newLink(t, settings{MinAvailable: "1KiB", MaxPressure: "100%"})
	p := prove(l)
	expect(t, p, chain.Holds, "memory.holds")
	if len(p.Figures) < 3 || p.Figures[0].Value <= 0 || p.Figures[0].Value > p.Figures[1].Value {
		t.Errorf("figures %v", p.Figures)
	}
	p = prove(newLink(t, settings{MinAvailable: "100%"}))
	if p.Verdict != chain.Broken || len(p.Evidence) == 0 || len(p.Evidence) > shown || !strings.Contains(p.Evidence[0], "PSS") && !strings.Contains(p.Evidence[0], "RSS") {
		t.Errorf("%v, evidence %q", p.Verdict, p.Evidence)
	}
	t.Logf("%q", p.Evidence)
}

func TestLow(t *testing.T) {
	m := newMachine(t)
	l := m.link(settings{})
	expect(t, prove(l), chain.Holds, "memory.holds")
	m.memory(1000, 40, 0, 0)
	for pid := range 20 {
		m.process(pid+1, "php-fpm8.2", pid+1)
	}
	m.process(99, "mariadbd", 400)
	m.write("proc/99/smaps_rollup", "1000-2000 ---p 00000000 00:00 0 [rollup]\nRss: 409600 kB\nPss: 307200 kB\n")
	m.process(100, "kthreadd", 0)
	p := prove(l)
	expect(t, p, chain.Broken, "memory.low")
	want := []string{"mariadbd (pid 99): PSS 300 MiB", "php-fpm8.2 (pid 20): RSS 20.0 MiB"}
	if len(p.Evidence) != shown || p.Evidence[0] != want[0] || p.Evidence[1] != want[1] {
		t.Errorf("evidence %q", p.Evidence)
	}
	expect(t, prove(m.link(settings{MinAvailable: "30MiB"})), chain.Holds, "memory.holds")
}

func TestPressureAndSwap(t *testing.T) {
	m := newMachine(t)
	m.pressure("90.00", "15.00")
	p := prove(m.link(settings{}))
	expect(t, p, chain.Holds, "memory.holds")
	if n := len(p.Figures); n != 5 || p.Figures[3].Value != 90 || p.Figures[4].Value != 15 {
		t.Errorf("figures %v", p.Figures)
	}
	m.pressure("90.00", "31.25")
	p = prove(m.link(settings{}))
	expect(t, p, chain.Broken, "memory.pressed")
	if !strings.HasPrefix(p.Evidence[0], "full avg10=31.25") {
		t.Errorf("evidence %q", p.Evidence)
	}
	m.pressure("nan", "x")
	expect(t, prove(m.link(settings{})), chain.Holds, "memory.holds")
	m.memory(1000, 500, 200, 20)
	expect(t, prove(m.link(settings{})), chain.Holds, "memory.holds")
	expect(t, prove(m.link(settings{MaxSwap: "80%"})), chain.Broken, "memory.swap")
}

// TestLimit: a control group that has less left than the machine is what counts.
func TestLimit(t *testing.T) {
	const group = "cgroup/system.slice/"
	m := newMachine(t)
	m.write(group+"omamori.service/memory.max", "max\n")
	m.write(group+"omamori.service/memory.current", "1000\n")
	m.write(group+"memory.max", strconv.Itoa(100<<20)+"\n")
	m.write(group+"memory.current", strconv.Itoa(99<<20)+"\n")
	m.write(group+"memory.stat", "anon 1\ninactive_file "+strconv.Itoa(20<<20)+"\nactive_file 0\nslab_reclaimable 0\n")
	m.write(group+"memory.pressure", "some avg10=3.00 avg60=0 avg300=0 total=0\nfull avg10=2.00 avg60=0 avg300=0 total=0\n")
	l := m.link(settings{})
	p := prove(l)
	expect(t, p, chain.Holds, "memory.holds")
	if p.Figures[0].Value != 21<<20 || p.Figures[1].Value != 100<<20 || p.Figures[4].Value != 2 {
		t.Errorf("figures %v", p.Figures)
	}
	m.write(group+"memory.stat", "inactive_file 0\n")
	p = prove(l)
	expect(t, p, chain.Broken, "memory.low_limit")
	if p.Because.Args["cgroup"] != "/system.slice" {
		t.Errorf("the group is %s", p.Because.Args["cgroup"])
	}
	expect(t, prove(m.link(settings{Cgroup: "/"})), chain.Holds, "memory.holds")
	expect(t, prove(m.link(settings{Cgroup: "/system.slice"})), chain.Broken, "memory.low_limit")

	// Version 1.
	m = newMachine(t)
	m.write("proc/self/cgroup", "4:memory:/docker/abc\n0::/\n")
	m.write("cgroup/memory/memory.limit_in_bytes", strconv.Itoa(100<<20)+"\n")
	m.write("cgroup/memory/memory.usage_in_bytes", strconv.Itoa(99<<20)+"\n")
	m.write("cgroup/memory/memory.stat", "inactive_file 0\ntotal_inactive_file 0\ntotal_active_file 0\n")
	expect(t, prove(m.link(settings{})), chain.Broken, "memory.low_limit")
	m.write("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
	expect(t, prove(m.link(settings{})), chain.Holds, "memory.holds")
}

func TestUnread(t *testing.T) {
	m := newMachine(t)
	for _, text := range []string{"", "MemTotal: 1 kB\n", "MemTotal: 0 kB\nMemAvailable: 0 kB\n", strings.Repeat("x", 1<<20)} {
		m.write("proc/meminfo", text)
		expect(t, prove(m.link(settings{})), chain.Unproven, "memory.unread")
	}
}

func TestSettings(t *testing.T) {
	good := settings{MinAvailable: "5%", MaxPressure: "20%", MaxSwap: "100%"}
	for field, change := range map[string]func(*settings){
		"min_available": func(s *settings) { s.MinAvailable = "much" },
		"max_pressure":  func(s *settings) { s.MaxPressure = "3" },
		"max_swap":      func(s *settings) { s.MaxSwap = "-1" },
		"cgroup":        func(s *settings) { s.Cgroup = "/../x" },
	} {
		s := good
		change(&s)
		_, err := build(s, chain.Place{})
		var bad *chain.SettingError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func FuzzKernelFiles(f *testing.F) {
	f.Add("some avg10=1.00 avg60=0 avg300=0 total=0\nfull avg10=0.50 avg60=0 avg300=0 total=0\n")
	f.Add("MemTotal: 1 kB\nMemAvailable: 18446744073709551615 kB\n")
	f.Add("4:memory,cpu:/a/../..\n0::/b\n")
	f.Fuzz(func(t *testing.T, s string) {
		some, full, _, ok := parsePressure(s)
		if ok && (some < 0 || some > 100 || full < 0 || full > 100) {
			t.Errorf("%q: %v %v", s, some, full)
		}
		for name, v := range parseTable(s) {
			if v*1024/1024 != v {
				t.Errorf("%s overflows: %d", name, v)
			}
		}
		parseCgroup(s)
	})
}
