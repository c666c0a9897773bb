package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What is measured: so many links, half HTTP and half TCP, each a connection of its
// own at each beat.
const (
	links    = 50
	beatSecs = 10
	settle   = 30 * time.Second
	window   = 60 * time.Second
)

// footprint measures memory and processor time of the same checks by omamori, by
// monit and by blackbox_exporter.
func footprint(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "omamori-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })}
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	port := l.Addr().(*net.TCPAddr).Port

	fmt.Printf("\n%d links (half HTTP, half TCP) at a %d s beat, over %v\n\n", links, beatSecs, window)
	fmt.Println("| | PSS, all processes | CPU-seconds per 1,000 proofs |")
	fmt.Println("|---|---|---|")
	for _, p := range []struct {
		name  string
		begin func(ctx context.Context, dir string, port int) (func(), error)
	}{{"omamori, guard and hands", fiftyByOmamori}, {"monit", fiftyByMonit}, {"prometheus-blackbox-exporter, asked by this program", fiftyByBlackbox}} {
		end, err := p.begin(ctx, dir, port)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		pss, cpu, err := measure(ctx)
		end()
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		proofs := float64(links) * window.Seconds() / beatSecs
		fmt.Printf("| %s | %.1f MB | %.3f |\n", p.name, pss, cpu/proofs*1000)
	}
	return nil
}

// measure lets the children settle, then weighs all of them over the window.
func measure(ctx context.Context) (pss, cpu float64, err error) {
	if !pause(ctx, settle) {
		return 0, 0, ctx.Err()
	}
	before := times()
	if !pause(ctx, window) {
		return 0, 0, ctx.Err()
	}
	for pid, t := range times() {
		cpu += t - before[pid]
		kb, err := pssOf(pid)
		if err != nil {
			return 0, 0, err
		}
		pss += float64(kb) / 1000
	}
	if pss == 0 {
		err = errors.New("nothing runs")
	}
	return pss, cpu, err
}

// times is the processor time of each process below this one, in seconds.
func times() map[int]float64 {
	const ticks = 100 // USER_HZ, the same on every Linux of our world
	parents, used := map[int]int{}, map[int]float64{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		pid, _ := strconv.Atoi(strings.Split(path, "/")[2])
		_, after, _ := strings.Cut(string(b), ") ")
		f := strings.Fields(after)
		if len(f) < 15 {
			continue
		}
		parents[pid], _ = strconv.Atoi(f[1])
		user, _ := strconv.ParseFloat(f[11], 64)
		sys, _ := strconv.ParseFloat(f[12], 64)
		used[pid] = (user + sys) / ticks
	}
	ours := map[int]float64{}
	for pid := range used {
		for p := parents[pid]; p > 1; p = parents[p] {
			if p == os.Getpid() {
				ours[pid] = used[pid]
				break
			}
		}
	}
	return ours
}

func pssOf(pid int) (kb int, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "Pss:" {
			return strconv.Atoi(f[1])
		}
	}
	return 0, fmt.Errorf("no Pss of %d", pid)
}

func fiftyByOmamori(_ context.Context, dir string, port int) (func(), error) {
	handsFile := filepath.Join(dir, "hands.json")
	if err := os.WriteFile(handsFile, []byte(`{"guard": "root", "run": "`+filepath.Join(dir, "hands")+`", "services": [{"name": "none", "child": {"argv": ["/bin/true"], "user": "root", "dir": "/"}}]}`), 0o600); err != nil {
		return nil, err
	}
	var conf strings.Builder
	fmt.Fprintf(&conf, "hands: {file: %s}\nlinks:\n", handsFile)
	for i := range links {
		if i%2 == 0 {
			fmt.Fprintf(&conf, "  http%d: {kind: http, url: \"http://127.0.0.1:%d/\", every: %ds}\n", i, port, beatSecs)
		} else {
			fmt.Fprintf(&conf, "  tcp%d: {kind: tcp, address: \"127.0.0.1:%d\", every: %ds}\n", i, port, beatSecs)
		}
	}
	path := filepath.Join(dir, "omamori.yaml")
	if err := os.WriteFile(path, []byte(conf.String()), 0o644); err != nil {
		return nil, err
	}
	return begin("bin/omamori", "run", "-c", path, "--state", filepath.Join(dir, "state"), "--user", "root")
}

func fiftyByMonit(_ context.Context, dir string, port int) (func(), error) {
	var conf strings.Builder
	fmt.Fprintf(&conf, "set daemon %[2]d\nset idfile %[1]s/monit.id\nset statefile %[1]s/monit.state\nset pidfile %[1]s/monit.pid\n", dir, beatSecs)
	for i := range links {
		protocol := " protocol http"
		if i%2 == 1 {
			protocol = ""
		}
		fmt.Fprintf(&conf, "check host h%d with address 127.0.0.1\n  if failed port %d%s then alert\n", i, port, protocol)
	}
	path := filepath.Join(dir, "monitrc")
	if err := os.WriteFile(path, []byte(conf.String()), 0o600); err != nil {
		return nil, err
	}
	return begin("monit", "-I", "-c", path)
}

func fiftyByBlackbox(ctx context.Context, dir string, port int) (func(), error) {
	path := filepath.Join(dir, "blackbox.yml")
	if err := os.WriteFile(path, []byte("modules:\n  http: {prober: http, timeout: 5s}\n  tcp: {prober: tcp, timeout: 5s}\n"), 0o600); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	end, err := begin("prometheus-blackbox-exporter", "--config.file="+path, "--web.listen-address="+address, "--log.level=error")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { // what a Prometheus server would do
		defer close(done)
		for pause(ctx, beatSecs*time.Second) {
			for i := range links {
				url := fmt.Sprintf("http://%s/probe?module=http&target=http://127.0.0.1:%d/", address, port)
				if i%2 == 1 {
					url = fmt.Sprintf("http://%s/probe?module=tcp&target=127.0.0.1:%d", address, port)
				}
				if r, err := http.Get(url); err == nil {
					_, _ = io.Copy(io.Discard, r.Body)
					r.Body.Close()
				}
			}
		}
	}()
	return func() { cancel(); <-done; end() }, nil
}
