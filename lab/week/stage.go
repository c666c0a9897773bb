package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/aws/awstest"
)

// The addresses of the story. The router between them is the namespace that we are in.
const (
	atHome  = "203.0.113.10"  // what the owner's own line has today
	atCafe  = "198.51.100.77" // where he is when it comes to the worst
	company = "192.0.2.50"    // the VPN company's server
	rented  = "192.0.2.20"    // the fixed address that he rents there
	server  = "192.0.2.130"
	visitor = "198.51.100.200"
	amazon  = "198.18.0.10"
)

// stage is the machine's networks with all that runs in them.
type stage struct {
	ctx      context.Context
	dir, bin string
	out      io.Writer
	broken   string // the part that is left out
	cloud    *awstest.Cloud
	owner    *awstest.User
	serial   string
	pass     string         // the door's line
	door     []*process     // its hands, and what hears knocks
	shown    map[string]int // how many lines of a journal were shown
	rows     []row
	began    time.Time
	// weekS is what the guard reckoned in act one; the others are measured.
	weekS, wasS, rescueS float64
	acts                 int
}

// patience is how long anything may take on a machine that has other things to do.
const patience = time.Minute

// failed is what a step of the stage panics with: like a test, the play ends at the first.
type failed struct{ err error }

func (s *stage) must(what string, err error) {
	if err != nil {
		panic(failed{fmt.Errorf("%s: %w", what, err)})
	}
}

// wait waits until ok.
func (s *stage) wait(what string, ok func() bool) {
	if !s.soon(patience, ok) {
		var said []string
		for _, host := range []string{"laptop", "server"} {
			out, _ := s.omamori(host, "", "status")
			said = append(said, host+":\n"+out)
		}
		s.must(what, fmt.Errorf("waited in vain\n%s", strings.Join(said, "\n")))
	}
}

// soon reports whether ok comes about within d.
func (s *stage) soon(d time.Duration, ok func() bool) bool {
	for end := time.Now().Add(d); !ok(); {
		select {
		case <-s.ctx.Done():
			s.must("play", s.ctx.Err())
		case <-time.After(30 * time.Millisecond):
		}
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// in makes a command on one of the hosts.
func (s *stage) in(host, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.ctx, "nsenter", append([]string{"--net=/run/netns/" + host, name}, args...)...)
	cmd.Dir = s.dir
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), "PATH="+s.bin+":/usr/sbin:/usr/bin:/sbin:/bin")
	switch host {
	case "laptop":
		cmd.Dir = s.path("laptop")
		cmd.Env = append(cmd.Env, "OMAMORI_STATE="+s.path("laptop/state"))
		if s.cloud != nil {
			cmd.Env = append(cmd.Env, s.cloud.Env(s.owner)...)
		}
	case "server":
		cmd.Env = append(cmd.Env, "OMAMORI_STATE="+s.path("server/state"))
	}
	return cmd
}

// do runs a command on a host, typed is what a person types there.
func (s *stage) do(host, typed, name string, args ...string) (string, error) {
	cmd := s.in(host, name, args...)
	cmd.Stdin = strings.NewReader(typed)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// sh runs a script on a host, which must succeed.
func (s *stage) sh(host, script string) string {
	out, err := s.do(host, "", "sh", "-euc", script)
	if err != nil {
		s.must(host+": "+script, fmt.Errorf("%w: %s", err, out))
	}
	return out
}

// omamori runs the command on a host; any exit code is an answer.
func (s *stage) omamori(host, typed string, args ...string) (string, int) {
	out, err := s.do(host, typed, "omamori", append([]string{"--lang", "en"}, args...)...)
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return out, ended.ExitCode()
	}
	s.must("omamori "+strings.Join(args, " "), err)
	return out, 0
}

// sure is omamori where anything but success ends the play.
func (s *stage) sure(host, typed string, args ...string) string {
	out, code := s.omamori(host, typed, args...)
	if code != 0 {
		s.must("omamori "+strings.Join(args, " "), fmt.Errorf("exit %d: %s", code, out))
	}
	return out
}

// read asks omamori for JSON.
func (s *stage) read(host string, into any, args ...string) {
	cmd := s.in(host, "omamori", append(args, "--json")...)
	out, err := cmd.Output()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		s.must("omamori", err)
	}
	_ = json.Unmarshal(out, into) // a guard that is not up yet has nothing to say
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

func (s *stage) write(name, text string) string {
	path := s.path(name)
	s.must("write "+name, os.MkdirAll(filepath.Dir(path), 0o755))
	s.must("write "+name, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// process is a program that runs until it is stopped, or the play is over.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	mu   sync.Mutex // protects said
	said bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *process) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

func (s *stage) start(host, name string, args ...string) *process {
	p := &process{cmd: s.in(host, name, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	s.must("start "+name, p.cmd.Start())
	go func() { defer close(p.done); _ = p.cmd.Wait() }()
	return p
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// inside runs f on a thread that is on a host, and that ends with it.
func inside(host string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread goes
		ns, err := os.Open("/run/netns/" + host)
		if err == nil {
			defer ns.Close()
			if err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err == nil {
				err = f()
			}
		}
		done <- err
	}()
	return <-done
}

// dial connects from a host.
func dial(ctx context.Context, host, address string) (c net.Conn, err error) {
	err = inside(host, func() (err error) {
		d := net.Dialer{Timeout: 2 * time.Second}
		c, err = d.DialContext(ctx, "tcp4", address)
		return err
	})
	return c, err
}

// build makes the hosts and the wires between them.
func (s *stage) build() {
	s.began = time.Now()
	wire := func(host, name, address, gateway string) string {
		return fmt.Sprintf("ip link add %[2]s netns %[1]s type veth peer name %[1]s-%[2]s\nip addr add %[4]s dev %[1]s-%[2]s\nip link set %[1]s-%[2]s up\n"+
			"ip -n %[1]s addr add %[3]s dev %[2]s\n", host, name, address, gateway)
	}
	script := "sysctl -qw net.ipv4.ip_forward=1\n"
	for _, host := range []string{"laptop", "company", "server", "visitor", "amazon"} {
		script += "ip netns add " + host + "\nip -n " + host + " link set lo up\n"
	}
	script += wire("laptop", "home", atHome+"/24", "203.0.113.1/24") + wire("laptop", "cafe", atCafe+"/25", "198.51.100.1/25") +
		wire("company", "eth0", company+"/26", "192.0.2.1/26") + wire("server", "eth0", server+"/26", "192.0.2.129/26") +
		wire("visitor", "eth0", visitor+"/25", "198.51.100.129/25") + wire("amazon", "eth0", amazon+"/24", "198.18.0.1/24")
	for host, gateway := range map[string]string{"company": "192.0.2.1", "server": "192.0.2.129", "visitor": "198.51.100.129", "amazon": "198.18.0.1"} {
		script += "ip -n " + host + " link set eth0 up\nip -n " + host + " route add default via " + gateway + "\n"
	}
	// What PPP carries, where the kernel has it: a wire to the company, with the rented address.
	script += "ip link add ppp0 netns laptop type veth peer name ppp0 netns company\n" +
		"ip -n laptop addr add " + rented + "/32 dev ppp0\nip -n company addr add 10.9.9.1/32 dev ppp0\nip -n company link set ppp0 up\nip -n company route add " + rented + "/32 dev ppp0\n" +
		"ip netns exec company sysctl -qw net.ipv4.ip_forward=1\nip route add " + rented + "/32 via " + company + "\n"
	out, err := exec.CommandContext(s.ctx, "sh", "-euc", script).CombinedOutput()
	if err != nil {
		s.must("make the networks", fmt.Errorf("%w: %s", err, out))
	}
	s.must("laptop", os.MkdirAll(s.path("laptop"), 0o755))
	s.moveHome()
	s.say("▪ hosts: laptop, VPN company, server, visitor, AWS, in networks of their own (%.1f s)", time.Since(s.began).Seconds())
	s.buildCloud()
	s.buildCompany()
	s.buildServer()
	s.say("▪ pptpd, sshd, nftables, MariaDB, PHP-FPM, nginx, WordPress, and an AWS whose rules the router enforces (%.1f s)", time.Since(s.began).Seconds())
}

func (s *stage) moveHome() {
	s.sh("laptop", "ip link set cafe down; ip link set home up; ip route replace default via 203.0.113.1")
}

func (s *stage) moveToCafe() {
	s.sh("laptop", "ip link set home down; ip link set cafe up; ip route replace default via 198.51.100.1")
}

// vpn connects the laptop to the company or, without up, takes that away.
func (s *stage) vpn(up bool) {
	if up {
		s.sh("laptop", "ip link set ppp0 up; ip route replace "+company+"/32 via 203.0.113.1; ip route replace "+server+"/32 via 10.9.9.1 dev ppp0 onlink src "+rented)
		return
	}
	s.sh("laptop", "ip route del "+server+"/32 dev ppp0; ip route del "+company+"/32; ip link set ppp0 down")
}

// buildCompany starts the company's real pptpd.
func (s *stage) buildCompany() {
	conf := s.write("company/pptpd.conf", "listen "+company+"\nlocalip 10.9.9.1\nremoteip 10.9.9.2-9\npidfile "+s.path("company/pid")+"\n")
	s.start("company", "/usr/sbin/pptpd", "--fg", "--conf", conf, "--option", "/dev/null")
	s.wait("pptpd listens", func() bool {
		c, err := dial(s.ctx, "laptop", company+":1723")
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}
