package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The hosts of the tunnels: a client, the server, and the world behind it.
const (
	client, gateway, world = "omamori-bench-client", "omamori-bench-server", "omamori-bench-world"
	worldAt                = "198.51.100.2"
)

var hosts = []string{
	"ip netns add " + client, "ip netns add " + gateway, "ip netns add " + world,
	"ip link add to-client netns " + gateway + " type veth peer name to-server netns " + client,
	"ip link add to-world netns " + gateway + " type veth peer name to-server netns " + world,
	"ip -n " + gateway + " addr add 192.0.2.1/24 dev to-client", "ip -n " + client + " addr add 192.0.2.2/24 dev to-server",
	"ip -n " + gateway + " addr add 198.51.100.1/24 dev to-world", "ip -n " + world + " addr add " + worldAt + "/24 dev to-server",
	"ip -n " + client + " link set lo up", "ip -n " + client + " link set to-server up", "ip -n " + gateway + " link set lo up",
	"ip -n " + gateway + " link set to-client up", "ip -n " + gateway + " link set to-world up", "ip -n " + world + " link set to-server up",
	"ip netns exec " + gateway + " sysctl -qw net.ipv4.ip_forward=1",
	"ip netns exec " + gateway + " nft add table ip bench", "ip netns exec " + gateway + " nft add chain ip bench post { type nat hook postrouting priority 100; }",
	"ip netns exec " + gateway + " nft add rule ip bench post oifname to-world masquerade",
}

// carrier is a way for the client's packets to the world.
type carrier struct {
	name, limit string
	// begin brings it up in r, which ends what was begun.
	begin  func(ctx context.Context, r *run) error
	up     []float64 // in Mbit/s
	down   []float64
	memory [2]int // peaks of the server's and the client's process, in kB
}

// run is a carrier that is up.
type run struct {
	dir    string
	env    []string
	source string // "" for the system's choice
	pids   [2]int // the server's and the client's process
	undo   []func()
}

// tunnels measures throughput and peak memory of our tunnel beside its peers.
func tunnels(ctx context.Context, runs int) error {
	defer func() {
		for _, n := range []string{client, gateway, world} {
			_ = exec.Command("ip", "netns", "del", n).Run()
		}
	}()
	for _, order := range hosts {
		if err := sh(ctx, strings.Fields(order)...); err != nil {
			return err
		}
	}
	end, err := begin("ip", "netns", "exec", world, "iperf3", "-s", "--logfile", "/dev/null")
	if err != nil {
		return err
	}
	defer end()
	all := []*carrier{
		{name: "raw veth", begin: func(ctx context.Context, _ *run) error { return route(ctx, "via", "192.0.2.1") }},
		{name: "omamori, TUN at both ends", begin: oursByTUN},
		{name: "the same, GOMEMLIMIT=off", limit: "off", begin: oursByTUN},
		{name: "omamori, server without root", begin: oursWithout},
		{name: "the same, GOMEMLIMIT=off", limit: "off", begin: oursWithout},
		{name: "wireguard-go", begin: byWireGuardGo},
		{name: "OpenVPN, AES-256-GCM", begin: byOpenVPN},
		{name: "strongSwan, kernel-libipsec, AES-128-GCM", begin: byStrongSwan},
	}
	load := loadAverage()
	for range runs { // in turns, so that a slow moment of the machine meets all alike
		for _, c := range all {
			if err := c.measure(ctx); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	fmt.Printf("\niperf3, one TCP connection, 3 s each, medians of %d; load before %s, after %s\n\n", runs, load, loadAverage())
	fmt.Println("| | up | down | peak memory, server | client |")
	fmt.Println("|---|---|---|---|---|")
	for _, c := range all {
		memory := [2]string{"–", "–"}
		for i, kb := range c.memory {
			if kb > 0 {
				memory[i] = fmt.Sprintf("%.0f MB", float64(kb)/1000)
			}
		}
		fmt.Printf("| %s | %.0f Mbit/s | %.0f Mbit/s | %s | %s |\n", c.name, middle(c.up), middle(c.down), memory[0], memory[1])
	}
	return nil
}

func middle(all []float64) float64 { return slices.Sorted(slices.Values(all))[len(all)/2] }

func loadAverage() string {
	b, _ := os.ReadFile("/proc/loadavg")
	now, _, _ := strings.Cut(string(b), " ")
	return now
}

// measure brings the carrier up, and goes up and down once.
func (c *carrier) measure(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "omamori-bench")
	if err != nil {
		return err
	}
	r := &run{dir: dir, env: os.Environ(), undo: []func(){func() { _ = os.RemoveAll(dir) }}}
	defer func() {
		for _, f := range slices.Backward(r.undo) {
			f()
		}
		_ = sh(context.WithoutCancel(ctx), "ip", "-n", client, "route", "flush", "to", "root", "198.51.100.0/24") // gone with its device else
	}()
	if c.limit != "" {
		r.env = append(r.env, "GOMEMLIMIT="+c.limit)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if err := c.begin(ctx, r); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		_, err := iperf(ctx, r.source, "-n", "1K", "--connect-timeout", "1000")
		if err == nil {
			break
		}
		if time.Now().After(deadline) || !pause(ctx, 200*time.Millisecond) {
			return err
		}
	}
	up, err := iperf(ctx, r.source, "-t", "3", "-O", "1")
	if err != nil {
		return err
	}
	down, err := iperf(ctx, r.source, "-t", "3", "-O", "1", "-R")
	if err != nil {
		return err
	}
	c.up, c.down = append(c.up, up), append(c.down, down)
	for i, pid := range r.pids {
		if pid != 0 {
			kb, err := peak(pid)
			if err != nil {
				return err
			}
			c.memory[i] = max(c.memory[i], kb)
		}
	}
	return nil
}

// iperf goes once from the client to the world, in Mbit/s.
func iperf(ctx context.Context, source string, more ...string) (float64, error) {
	args := append([]string{"netns", "exec", client, "iperf3", "-J", "-c", worldAt}, more...)
	if source != "" {
		args = append(args, "-B", source)
	}
	out, err := exec.CommandContext(ctx, "ip", args...).Output()
	var said struct {
		Error string
		End   struct {
			Received struct {
				Rate float64 `json:"bits_per_second"`
			} `json:"sum_received"`
		}
	}
	if e := json.Unmarshal(out, &said); e != nil {
		return 0, errors.Join(err, e)
	}
	if said.Error != "" {
		return 0, errors.New(said.Error)
	}
	return said.End.Received.Rate / 1e6, nil
}

// kilobytes is what the status of a process says by that name.
func kilobytes(pid int, name string) (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(b), name+":")
	line, _, _ := strings.Cut(after, "\n")
	return strconv.Atoi(strings.Fields(line + " 0")[0])
}

// peak is the most memory that a process has had, and its children, in kB. A parent that
// runs the same program as its child counts with its heap alone: else the pages of the
// program, which are there once, would count twice.
func peak(pid int) (int, error) {
	kb, err := kilobytes(pid, "VmHWM")
	if err != nil {
		return 0, err
	}
	children := 0
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return 0, err
	}
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, path := range threads {
		b, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		for _, child := range strings.Fields(string(b)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				return 0, err
			}
			more, err := peak(n)
			if err != nil {
				return 0, err
			}
			children += more
			same, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", n))
			if err != nil {
				return 0, err
			}
			if same != program {
				continue
			}
			if kb, err = kilobytes(pid, "RssAnon"); err != nil {
				return 0, err
			}
		}
	}
	return kb + children, nil
}

func sh(ctx context.Context, order ...string) error {
	out, err := exec.CommandContext(ctx, order[0], order[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(order, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// route sends the client's packets for the world.
func route(ctx context.Context, how ...string) error {
	return sh(ctx, append([]string{"ip", "-n", client, "route", "replace", "198.51.100.0/24"}, how...)...)
}

// start runs a program of one end on a host, until the run is over.
func (r *run) start(end int, host string, order ...string) error {
	cmd := exec.Command("ip", append([]string{"netns", "exec", host}, order...)...)
	cmd.Env = r.env
	log, err := os.Create(filepath.Join(r.dir, fmt.Sprintf("%d.log", end)))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	r.pids[end] = cmd.Process.Pid
	r.undo = append(r.undo, func() {
		_ = cmd.Process.Signal(os.Interrupt)
		timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait() // ended by a signal: no news
		timer.Stop()
	})
	return nil
}

// write makes a file of the run.
func (r *run) write(name, text string) (string, error) {
	path := filepath.Join(r.dir, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}
