package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/door/knock"
	"github.com/omamori-guard/omamori/probe"
)

func (a *App) sshCommand() *cobra.Command {
	c := a.command("ssh HOST [ARGUMENT…]", "ssh", cobra.MinimumNArgs(1), func(cmd *cobra.Command, args []string) error {
		return a.ssh(cmd.Context(), args[0], args[1:])
	})
	c.Flags().SetInterspersed(false) // what stands behind HOST is ssh's
	return c
}

func (a *App) connectCommand() *cobra.Command {
	c := a.command("connect HOST PORT", "connect", cobra.ExactArgs(2), func(cmd *cobra.Command, args []string) error {
		port, err := strconv.ParseUint(args[1], 10, 16)
		if err != nil || port == 0 {
			return usage(chain.Say("knock.bad_port", "port", args[1]), chain.Text{})
		}
		return a.connect(cmd.Context(), args[0], uint16(port))
	})
	return c
}

// ssh becomes ssh, which has connect reach the port where the host has a door.
func (a *App) ssh(ctx context.Context, host string, args []string) error {
	if strings.HasPrefix(host, "-") || strings.ContainsFunc(host, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return usage(chain.Say("knock.bad_host", "host", host), chain.Text{})
	}
	binary, err := exec.LookPath("ssh")
	if err != nil {
		return err
	}
	words := []string{"ssh"}
	if a.hasDoor(ctx, binary, host, args...) {
		proxy, err := a.proxy()
		if err != nil {
			return err
		}
		words = append(words, "-o", proxy)
	} else {
		fmt.Fprintln(a.style(a.Err), a.say("knock.plain_ssh", "host", host))
	}
	return syscall.Exec(binary, append(append(words, host), args...), os.Environ())
}

// hasDoor reports whether we know a door of a host: by the name that it was given, or by
// what ssh makes of that with its own configuration and args. Where that cannot be told, it
// has one, and connect says why not.
func (a *App) hasDoor(ctx context.Context, binary, host string, args ...string) bool {
	bare := host[strings.LastIndexByte(host, '@')+1:]
	known := func(name string) bool {
		doors, unread := a.doors(name)
		_, _, _, err := doors.Find(name, probe.Secret)
		return unread != nil || !errors.Is(err, knock.ErrNoDoor)
	}
	if known(bare) {
		return true
	}
	said, err := exec.CommandContext(ctx, binary, append([]string{"-G", host}, args...)...).Output()
	if err != nil {
		return false // and so will ssh say itself
	}
	for line := range strings.Lines(string(said)) {
		if name, ok := strings.CutPrefix(line, "hostname "); ok {
			return known(strings.TrimSpace(name))
		}
	}
	return false
}

// proxy is the option that has connect reach the port for ssh.
func (a *App) proxy() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	words := []string{self, "--lang", string(a.lang)}
	if a.config != "" {
		path, err := filepath.Abs(a.config)
		if err != nil {
			return "", err
		}
		words = append(words, "-c", path)
	}
	if a.stated {
		words = append(words, "--state", a.state)
	}
	// ssh gives the line to a shell, and takes % for itself.
	for i, w := range words {
		words[i] = "'" + strings.ReplaceAll(strings.ReplaceAll(w, "'", `'\''`), "%", "%%") + "'"
	}
	return "ProxyCommand=" + strings.Join(words, " ") + " connect %h %p", nil
}

// doors are those of the configuration, and those whose lines were put into the user's
// own folder: for these no configuration is needed. The error is the configuration's.
func (a *App) doors(host string) (knock.Doors, error) {
	all := knock.Doors{}
	if dir, err := os.UserConfigDir(); err == nil && filepath.IsLocal(host) && filepath.Base(host) == host {
		path := filepath.Join(dir, "omamori", "doors", host)
		if _, err := os.Stat(path); err == nil {
			all[host] = knock.Settings{Pass: chain.Secret("file:" + path)}
		}
	}
	path, err := config.Find(a.config)
	if err != nil { // there is none, or nobody's of ours
		return all, nil
	}
	o := a.Config
	o.NoLinks = true // a laptop guards nothing
	file, problems, err := config.Load(path, o)
	if err == nil && len(problems) > 0 {
		err = &Problem{Usage: true, Text: chain.Say("cli.config_bad", "path", path, "n", len(problems)), Hint: chain.Say("cloud.config_bad_hint")}
	}
	if err != nil {
		return all, err
	}
	if d, ok := file.Sections["doors"].(*knock.Doors); ok {
		for name, s := range *d {
			all[name] = s
		}
	}
	return all, nil
}

// connect gets to a port, through the door if there is one, and carries bytes between
// it and us: what ssh wants of a ProxyCommand.
func (a *App) connect(ctx context.Context, host string, port uint16) error {
	doors, unread := a.doors(host)
	name, settings, pass, err := doors.Find(host, probe.Secret)
	if errors.Is(err, knock.ErrNoDoor) && unread != nil {
		return unread // it may be one of those
	}
	if errors.Is(err, knock.ErrNoDoor) {
		return usage(chain.Say("knock.no_door", "host", host), chain.Say("knock.no_door_hint", "host", host))
	}
	if err != nil {
		return err
	}
	way, keys, err := settings.Way(pass)
	if err != nil {
		return err
	}
	defer keys.Close()
	if filepath.IsLocal(name) && filepath.Base(name) == name {
		way.Memory = filepath.Join(a.state, "doors", name+".json")
	}
	conn, answer, err := way.Dial(ctx, host, port)
	if failed, ok := errors.AsType[*knock.WayError](err); ok && failed.Link == knock.LinkName && host == name && host != pass.Host {
		conn, answer, err = way.Dial(ctx, pass.Host, port) // a name of our own
	}
	if err != nil {
		return err
	}
	defer conn.Close()
	s := a.style(a.Err)
	if answer != nil && answer.Apart != 0 {
		fmt.Fprintln(s, a.say("knock.clock_note", "apart", answer.Apart.Abs()))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		to := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
		way.Renew(ctx, netip.AddrPortFrom(to.Addr().Unmap(), to.Port()), answer, func(err error) {
			fmt.Fprintln(s, a.say("knock.renew_failed", "why", a.lang.Say(chain.ErrorText(err))))
		})
	}()
	err = carry(ctx, conn.(*net.TCPConn), a.In, a.Out)
	cancel()
	<-renewed
	return err
}

// carry carries until the other side has ended, or ctx is done. That our own side has
// said all it had to say ends nothing.
func carry(ctx context.Context, conn *net.TCPConn, in io.Reader, out io.Writer) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	go func() { // ends with the process: nothing can interrupt a read of the terminal
		_, _ = io.Copy(conn, in)
		_ = conn.CloseWrite()
	}()
	_, err := io.Copy(out, conn)
	if ctx.Err() != nil || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}
