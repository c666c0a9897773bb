package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/tunnel"
)

func (a *App) tunnelCommand() *cobra.Command {
	var folder string
	dir := func() tunnel.Dir {
		switch {
		case folder != "":
			return tunnel.Dir(folder)
		case os.Geteuid() == 0 && !a.stated:
			return tunnel.DefaultDir
		}
		return tunnel.Dir(filepath.Join(a.state, "tunnel"))
	}
	c := a.command("tunnel", "tunnel", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		a.help(cmd, nil)
		return nil
	})
	c.PersistentFlags().StringVar(&folder, "dir", "", a.say("cli.flag_tunnel_dir"))
	c.AddCommand(a.tunnelServeCommand(dir), a.tunnelAddCommand(dir), a.tunnelListCommand(dir), a.tunnelRemoveCommand(dir), a.tunnelUpCommand())
	return c
}

func badTunnelValue(command, flag, value string) error {
	return usage(chain.Say("cli.tunnel_bad_value", "flag", flag, "value", value), chain.Say("cli.tunnel_bad_value_hint", "command", command))
}

func (a *App) tunnelServeCommand(dir func() tunnel.Dir) *cobra.Command {
	var endpoint, tun string
	var dns, local []string
	c := a.command("serve", "tunnel_serve", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		made := false
		err := dir().Change(func(s *tunnel.Server) error {
			if made = s.PrivateKey.IsZero(); made {
				if endpoint == "" {
					return usage(chain.Say("cli.tunnel_endpoint"), chain.Say("cli.tunnel_endpoint_hint"))
				}
				*s = newTunnel()
			}
			if err := settleTunnel(s, endpoint, dns, local, cmd.Flags().Changed); err != nil || tun == "" {
				return err
			}
			return s.FitsTUN()
		})
		if err != nil {
			return err
		}
		if made {
			s, err := dir().Load()
			if err != nil {
				return err
			}
			fmt.Fprintln(a.Err, a.say("cli.tunnel_made", "networks", joinAny(s.Networks), "port", s.Port, "mtu", s.MTU))
		}
		args := []string{"serve", "-dir", string(dir())}
		if tun != "" {
			args = append(args, "-tun", tun)
		}
		return a.becomeTunnel(args)
	})
	f := c.Flags()
	f.StringVar(&endpoint, "endpoint", "", a.say("cli.flag_tunnel_endpoint"))
	f.StringSliceVar(&dns, "dns", nil, a.say("cli.flag_tunnel_dns"))
	f.StringSliceVar(&local, "local", nil, a.say("cli.flag_tunnel_local"))
	f.StringVar(&tun, "tun", "", a.say("cli.flag_tunnel_tun"))
	return c
}

// newTunnel makes a server with networks that hardly anybody else has.
func newTunnel() tunnel.Server {
	var r [10]byte
	_, _ = rand.Read(r[:]) // never fails
	four := netip.AddrFrom4([4]byte{10, 64 + r[0]%128, r[1], 1})
	six := [16]byte{0xfd, 15: 1}
	copy(six[1:], r[2:7])
	return tunnel.Server{
		PrivateKey: tunnel.NewKey(), Port: tunnel.DefaultPort, MTU: outerMTU() - tunnel.Overhead,
		Networks: []netip.Prefix{netip.PrefixFrom(four, 24), netip.PrefixFrom(netip.AddrFrom16(six), 64)},
	}
}

// outerMTU is the MTU of the interface by which this machine reaches the world, within
// what a tunnel makes use of.
func outerMTU() int {
	most, least := tunnel.DefaultMTU+tunnel.Overhead, 1280+tunnel.Overhead
	c, err := net.Dial("udp", "198.51.100.1:9") // connecting sends nothing
	if err != nil {
		return most
	}
	defer c.Close()
	all, err := net.Interfaces()
	if err != nil {
		return most
	}
	for _, i := range all {
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, n := range addrs {
			if p, ok := n.(*net.IPNet); ok && p.IP.Equal(c.LocalAddr().(*net.UDPAddr).IP) {
				return min(most, max(least, i.MTU))
			}
		}
	}
	return most
}

// settleTunnel puts what the command line says into a server.
func settleTunnel(s *tunnel.Server, endpoint string, dns, local []string, changed func(flag string) bool) error {
	if changed("endpoint") {
		host, port, err := net.SplitHostPort(endpoint)
		if err != nil {
			host, port = strings.Trim(endpoint, "[]"), strconv.Itoa(tunnel.DefaultPort)
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || host == "" {
			return badTunnelValue("serve", "endpoint", endpoint)
		}
		s.Endpoint, s.Port = net.JoinHostPort(host, port), int(n)
	}
	if changed("dns") {
		s.DNS = nil
		for _, d := range dns {
			at, err := netip.ParseAddr(d)
			if err != nil {
				return badTunnelValue("serve", "dns", d)
			}
			s.DNS = append(s.DNS, at)
		}
	}
	if changed("local") {
		s.Local = nil
		for _, l := range local {
			n, err := strconv.ParseUint(l, 10, 16)
			if err != nil || n == 0 {
				return badTunnelValue("serve", "local", l)
			}
			s.Local = append(s.Local, int(n))
		}
	}
	return nil
}

// becomeTunnel ends this program in favour of the one that carries packets.
func (a *App) becomeTunnel(args []string) error {
	err := syscall.Exec(a.TunnelBinary, append([]string{a.TunnelBinary}, args...), os.Environ())
	if errors.Is(err, fs.ErrNotExist) {
		return &Problem{Text: chain.Say("cli.tunnel_no_program", "path", a.TunnelBinary), Hint: chain.Say("cli.tunnel_no_program_hint")}
	}
	return err
}

func (a *App) tunnelUpCommand() *cobra.Command {
	var socks string
	c := a.command("up FILE", "tunnel_up", cobra.ExactArgs(1), func(_ *cobra.Command, args []string) error {
		run := []string{"up"}
		if socks != "" {
			run = append(run, "-socks", socks)
		}
		return a.becomeTunnel(append(run, "--", args[0]))
	})
	c.Flags().StringVar(&socks, "socks", "", a.say("cli.flag_tunnel_socks"))
	c.ValidArgsFunction = nil // a file
	return c
}

func (a *App) tunnelRemoveCommand(dir func() tunnel.Dir) *cobra.Command {
	return a.command("remove NAME", "tunnel_remove", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		if err := changeTunnel(dir(), func(s *tunnel.Server) error { return s.Remove(args[0]) }); err != nil {
			return err
		}
		// Shut out is who is shut out of the running tunnel.
		if running, err := reloadTunnel(cmd.Context(), dir()); err != nil && running {
			return &Problem{Text: chain.Say("cli.tunnel_removed_later", "name", args[0], "error", err), Hint: chain.Say("cli.tunnel_later_hint")}
		}
		if a.json {
			return a.encode(a.Out, map[string]string{"removed": args[0]})
		}
		fmt.Fprintln(a.Out, a.say("cli.tunnel_removed", "name", args[0]))
		return nil
	})
}

// changeTunnel changes a server that is there already.
func changeTunnel(dir tunnel.Dir, change func(*tunnel.Server) error) error {
	if _, err := dir.Load(); errors.Is(err, tunnel.ErrNone) {
		return noTunnel()
	}
	return dir.Change(change)
}

func noTunnel() error {
	return &Problem{Text: chain.Say("cli.tunnel_none"), Hint: chain.Say("cli.tunnel_none_hint"), Usage: true}
}

// reloadTunnel has the running tunnel read its file again; running is false if there
// is none.
func reloadTunnel(ctx context.Context, dir tunnel.Dir) (running bool, err error) {
	_, running, err = askTunnel(ctx, dir, tunnel.Reload)
	return running, err
}

func askTunnel(ctx context.Context, dir tunnel.Dir, r tunnel.Request) (st tunnel.Status, running bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	st, err = tunnel.Call(ctx, dir.Socket(), r)
	return st, !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED), err
}

func joinAny[T fmt.Stringer](all []T) string {
	var out []string
	for _, x := range all {
		out = append(out, x.String())
	}
	return strings.Join(out, ", ")
}

// expiry reads for how long a device is let in.
func expiry(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	d, err := config.ParseDuration(s)
	if err != nil || d <= 0 {
		return time.Time{}, badTunnelValue("add", "for", s)
	}
	return now.Add(d), nil
}
