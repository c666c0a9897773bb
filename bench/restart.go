package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// keeper looks after a server: it starts it, and starts it again.
type keeper struct {
	name string
	// begin starts the keeper; end stops it, and what it keeps may live on.
	begin func(ctx context.Context, s *server) (end func(), err error)
	// hangs says that the keeper may notice a hang: others are not asked.
	hangs bool
}

// restart measures from kill -9, and from SIGSTOP, to the next SQL answer.
func restart(ctx context.Context, runs int) error {
	dir, err := os.MkdirTemp("", "omamori-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	keepers := []keeper{
		{name: "by hand at once (floor)", begin: byHand},
		{name: "omamori", begin: byOmamori, hangs: true},
		{name: "runit", begin: byRunit},
		{name: "supervisor", begin: bySupervisor},
		{name: "monit, 5 s cycle", begin: byMonit},
	}
	killed, stopped := map[string][]time.Duration{}, map[string][]time.Duration{}
	var ready []keeper
	servers := map[string]*server{}
	ends := map[string]func(){}
	defer func() {
		for name, end := range ends {
			end()
			servers[name].stop()
		}
	}()
	for i, k := range keepers {
		s, err := newServer(ctx, filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return err
		}
		end, err := k.begin(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		servers[k.name], ends[k.name] = s, end
		if err := s.answers(ctx); err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		ready = append(ready, k)
	}
	// Taken in turns, so that a slow moment of the machine meets all alike.
	for range runs {
		for _, k := range ready {
			if !pause(ctx, 1500*time.Millisecond) { // runit waits when killed within a second
				return ctx.Err()
			}
			took, err := servers[k.name].hit(ctx, syscall.SIGKILL)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			killed[k.name] = append(killed[k.name], took)
		}
	}
	for range runs {
		for _, k := range ready {
			if !k.hangs {
				continue
			}
			if !pause(ctx, 12*time.Second) {
				return ctx.Err()
			}
			took, err := servers[k.name].hit(ctx, syscall.SIGSTOP)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			stopped[k.name] = append(stopped[k.name], took)
		}
	}
	floor := median(killed[keepers[0].name])
	fmt.Printf("\nFrom kill -9 of MariaDB to the next SQL answer, %d runs each, taken in turns\n\n", runs)
	fmt.Println("| restarted by | median | fastest | slowest | of the floor |")
	fmt.Println("|---|---|---|---|---|")
	for _, k := range keepers {
		d := killed[k.name]
		fmt.Printf("| %s | %s | %s | %s | %.2f |\n", k.name, ms(median(d)), ms(slices.Min(d)), ms(slices.Max(d)), float64(median(d))/float64(floor))
	}
	fmt.Printf("\nFrom SIGSTOP of MariaDB to the next SQL answer (the others never notice)\n\n")
	fmt.Println("| mended by | median | fastest | slowest |")
	fmt.Println("|---|---|---|---|")
	for _, k := range keepers {
		if d := stopped[k.name]; len(d) > 0 {
			fmt.Printf("| %s | %s | %s | %s |\n", k.name, ms(median(d)), ms(slices.Min(d)), ms(slices.Max(d)))
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// median is zero where nothing was measured: a door that never opened.
func median(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(d))
	return s[len(s)/2]
}

func ms(d time.Duration) string {
	return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
}

// byHand starts the server again the moment it has ended: nothing can be faster.
func byHand(ctx context.Context, s *server) (func(), error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			cmd := exec.Command(s.argv[0], s.argv[1:]...)
			if cmd.Start() != nil {
				return
			}
			stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait() // however it ended, it is started again
			stop()
		}
	}()
	return func() { cancel(); <-done }, nil
}

func byRunit(_ context.Context, s *server) (func(), error) {
	dir := filepath.Join(s.dir, "runit")
	if err := script(filepath.Join(dir, "run"), "exec "+strings.Join(s.argv, " ")+" 2>/dev/null"); err != nil {
		return nil, err
	}
	return begin("runsv", dir)
}

func bySupervisor(_ context.Context, s *server) (func(), error) {
	conf := filepath.Join(s.dir, "supervisord.conf")
	text := fmt.Sprintf(`[supervisord]
nodaemon=true
logfile=%[1]s/supervisord.log
pidfile=%[1]s/supervisord.pid
[program:mariadb]
command=%[2]s
autorestart=true
`, s.dir, strings.Join(s.argv, " "))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return begin("supervisord", "-c", conf)
}

func byMonit(_ context.Context, s *server) (func(), error) {
	start := filepath.Join(s.dir, "start")
	if err := script(start, strings.Join(s.argv, " ")+" </dev/null >/dev/null 2>&1 &"); err != nil {
		return nil, err
	}
	conf := filepath.Join(s.dir, "monitrc")
	text := fmt.Sprintf(`set daemon 5
set idfile %[1]s/monit.id
set statefile %[1]s/monit.state
set pidfile %[1]s/monit.pid
check process mariadb with pidfile %[2]s
  start program = "%[3]s"
  stop program = "/bin/kill %[2]s"
  if failed unixsocket %[4]s protocol mysql then restart
`, s.dir, s.pid, start, s.socket)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return begin("monit", "-I", "-c", conf)
}

func script(path, line string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte("#!/bin/sh\n"+line+"\n"), 0o755)
}

// begin starts a program that runs until it is ended.
func begin(name string, args ...string) (func(), error) {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait() // ended by a signal: no news
		timer.Stop()
	}, nil
}
