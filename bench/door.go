package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/door"
)

const (
	doorAt     = "192.0.2.1"    // the server, for its owner's laptop,
	laptopAt   = "192.0.2.2"    // which has many more addresses,
	strangerAt = "198.51.100.2" // and for a stranger
	floodAt    = "198.51.100.1"
	floodRate  = 20_000 // packets a second
	floodAll   = 200_000
	// knockPause keeps well below what a door takes from one address.
	knockPause = 250 * time.Millisecond
	lostAfter  = 3 * time.Second
)

// gate is a server whose port 22 is closed to all but those who knock.
type gate struct {
	name           string
	server, laptop *space
	port           int // of the knocks, UDP
	pids           []int
	said           *lines
	// prepare is done before the time is taken.
	prepare func(from string) error
	// open knocks as the owner from an address, and connects from there.
	open func(ctx context.Context, from string) (net.Conn, error)
	// command is what an owner types; it says "in" once it is connected.
	command func(from string) *exec.Cmd
	// garbage is the first byte of a stranger's packets, 0 for text like the rest.
	garbage byte
	ends    []func()

	idle, flooded, typed []time.Duration
	lost, lostFlooded    int
	cpu                  float64
	noise                int
	before, after        int // kB
}

// doors measures omamori's door beside fwknop's in both its modes, from a knock to a TCP
// connection, with and without a flood of garbage.
func doors(ctx context.Context, runs int) error {
	dir, err := os.MkdirTemp("", "omamori-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var all []*gate
	defer func() {
		for _, g := range all {
			g.end()
		}
	}()
	for i, make := range []func(context.Context, *gate, string) error{doorOfOmamori, fwknopServer, fwknopPcap} {
		g, err := newGate()
		if err != nil {
			return err
		}
		all = append(all, g)
		here := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(here, 0o700); err != nil {
			return err
		}
		if err := make(ctx, g, here); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	// At a door that is new, each knock costs a challenge: its horizon lies ahead.
	if !pause(ctx, door.Skew+5*time.Second) {
		return ctx.Err()
	}
	load, _ := os.ReadFile("/proc/loadavg")
	// Taken in turns, so that a slow moment of the machine meets all alike.
	for i := range runs {
		for _, g := range all {
			if took, err := g.timed(ctx, laptop(1+i)); err == nil {
				g.idle = append(g.idle, took)
			} else {
				g.lost++
			}
			if !pause(ctx, knockPause/3) {
				return ctx.Err()
			}
		}
	}
	for i := range 5 {
		for _, g := range all {
			took, err := g.byCommand(ctx, laptop(101+i))
			if err != nil {
				return fmt.Errorf("%s: %w", g.name, err)
			}
			g.typed = append(g.typed, took)
		}
	}
	const rounds = 5
	for _, g := range all { // what it costs by itself
		if g.before, err = g.memory(); err != nil {
			return err
		}
		if err := g.flood(ctx, floodAll, 0, 0); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		if g.after, err = g.memory(); err != nil {
			return err
		}
	}
	for round := range rounds {
		for _, g := range all {
			if err := g.flood(ctx, floodAll/rounds, runs/rounds, 151+round*(runs/rounds)); err != nil {
				return fmt.Errorf("%s: %w", g.name, err)
			}
		}
	}
	fmt.Printf("\nFrom a knock to the TCP connection, %d each, idle and under %d garbage packets a second\n\n", runs, floodRate)
	fmt.Println("| door | idle, median | slowest | not opened | flooded, median | slowest | not opened | typed command, median of 5 |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, g := range all {
		fmt.Printf("| %s | %s | %s | %d | %s | %s | %d | %s |\n", g.name, tenths(median(g.idle)), tenths(slices.Max(append(g.idle, 0))), g.lost,
			tenths(median(g.flooded)), tenths(slices.Max(append(g.flooded, 0))), g.lostFlooded, ms(median(g.typed)))
	}
	fmt.Printf("\nWhat %d garbage packets cost\n\n", floodAll)
	fmt.Println("| door | CPU | log lines | memory before | after |")
	fmt.Println("|---|---|---|---|---|")
	for _, g := range all {
		fmt.Printf("| %s | %.2f s | %d | %.1f MB | %.1f MB |\n", g.name, g.cpu, g.noise, float64(g.before)/1000, float64(g.after)/1000)
	}
	after, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("\nLoad before: %sLoad after: %s", load, after)
	return nil
}

func tenths(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// laptop is one of the laptop's addresses: fwknop has no way to close what was opened, so
// that each knock opens for another.
func laptop(i int) string { return fmt.Sprintf("192.0.%d.%d", 2+(i+2)/250, (i+2)%250+2) }

func newGate() (*gate, error) {
	g := &gate{said: &lines{}}
	for _, s := range []**space{&g.server, &g.laptop} {
		var err error
		if *s, err = newSpace(); err != nil {
			return nil, err
		}
	}
	var many []string
	for i := range 300 {
		many = append(many, laptop(i)+"/22")
	}
	many = append(many, strangerAt+"/24")
	if err := wire(g.server, g.laptop, "eth0", []string{doorAt + "/22", floodAt + "/24"}, many); err != nil {
		return nil, err
	}
	var l net.Listener
	err := g.server.in(func() (err error) {
		l, err = net.Listen("tcp", ":22")
		return err
	})
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("in\n"))
			_ = c.Close()
		}
	}()
	g.ends = append(g.ends, func() { l.Close() })
	return g, nil
}

// start starts one of the server's programs and keeps its log's size.
func (g *gate) start(name string, args ...string) error {
	cmd := g.server.command(name, args...)
	cmd.Stdout, cmd.Stderr = g.said, g.said
	if err := cmd.Start(); err != nil {
		return err
	}
	g.pids = append(g.pids, cmd.Process.Pid) // nsenter becomes the program
	g.ends = append(g.ends, func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
	})
	return nil
}

func (g *gate) end() {
	for _, f := range slices.Backward(g.ends) {
		f()
	}
}

func (g *gate) memory() (sum int, err error) {
	for _, pid := range g.pids {
		kb, err := pssOf(pid)
		if err != nil {
			return 0, err
		}
		sum += kb
	}
	return sum, nil
}

// used is the processor time of the server's programs, and of the children they waited for.
func (g *gate) used() (sum float64) {
	for _, pid := range g.pids {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, after, _ := strings.Cut(string(b), ") ")
		f := strings.Fields(after)
		for _, field := range f[min(11, len(f)):min(15, len(f))] {
			var ticks float64
			_, _ = fmt.Sscan(field, &ticks)
			sum += ticks / 100
		}
	}
	return sum
}

// heard waits until the door does what it is for.
func (g *gate) heard(ctx context.Context) error {
	var why error
	err := until(ctx, "a knock is heard", 20*time.Second, func() bool {
		_, why = g.timed(ctx, laptop(299))
		return why == nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w: %s", err, why, g.said.last)
	}
	return nil
}

// timed is from a knock to a connection.
func (g *gate) timed(ctx context.Context, from string) (took time.Duration, err error) {
	if err := g.prepare(from); err != nil {
		return 0, err
	}
	err = g.laptop.in(func() error {
		began := time.Now()
		c, err := g.open(ctx, from)
		took = time.Since(began)
		if err == nil {
			c.Close()
		}
		return err
	})
	return took, err
}

// byCommand is from the moment that an owner presses Enter, all programs started.
func (g *gate) byCommand(ctx context.Context, from string) (time.Duration, error) {
	if err := g.prepare(from); err != nil {
		return 0, err
	}
	cmd := g.command(from)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%v: %w: %s", cmd.Args, err, out)
	}
	if strings.HasSuffix(string(out), "in\n") { // it has connected too
		return time.Since(began), nil
	}
	var c net.Conn
	err = g.laptop.in(func() (err error) {
		c, err = entered(ctx, from)
		return err
	})
	if err == nil {
		c.Close()
	}
	return time.Since(began), err
}

// entered connects as soon as that can be done. A SYN that is dropped is sent again only
// after a second, so that a new one is tried instead.
func entered(ctx context.Context, from string) (net.Conn, error) {
	for end := time.Now().Add(lostAfter); ; {
		c, err := dialFrom(from, doorAt+":22", 2*time.Millisecond)
		if err == nil || time.Now().After(end) || ctx.Err() != nil {
			return c, err
		}
	}
}

// flood has a stranger send garbage while the owner knocks, and adds up what it cost.
func (g *gate) flood(ctx context.Context, packets, knocks, first int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	stranger := g.laptop.command(self, "flood", net.JoinHostPort(floodAt, fmt.Sprint(g.port)), fmt.Sprint(packets), fmt.Sprint(g.garbage))
	stranger.Stderr = os.Stderr
	used, said := g.used(), g.said.n
	if err := stranger.Start(); err != nil {
		return err
	}
	over := make(chan error, 1)
	go func() { over <- stranger.Wait() }()
	for i := range knocks {
		if !pause(ctx, time.Duration(packets)*time.Second/floodRate/time.Duration(knocks)/2) {
			break
		}
		if took, err := g.timed(ctx, laptop(first+i)); err == nil {
			g.flooded = append(g.flooded, took)
		} else {
			g.lostFlooded++
		}
	}
	err = <-over
	pause(ctx, 200*time.Millisecond) // what still stands in line
	if knocks == 0 {
		g.cpu += g.used() - used
		g.noise += g.said.n - said
	}
	return err
}

// flood sends packets of every length that pass a door's first look at their form.
func flood(ctx context.Context, args []string) error {
	var to string
	var packets int
	var first byte
	if _, err := fmt.Sscan(strings.Join(args, " "), &to, &packets, &first); err != nil {
		return err
	}
	c, err := net.Dial("udp", to)
	if err != nil {
		return err
	}
	defer c.Close()
	const text = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, 1232)
	seed := uint32(1)
	began := time.Now()
	for sent := 0; sent < packets && ctx.Err() == nil; {
		due := min(packets, int(time.Since(began).Seconds()*floodRate))
		for ; sent < due; sent++ {
			for i := range b {
				seed = seed*1664525 + 1013904223
				b[i] = text[seed>>26]
			}
			if first != 0 {
				b[0] = first
			}
			_, _ = c.Write(b[:340+seed>>8%600]) // what nobody reads is lost, as in life
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}
