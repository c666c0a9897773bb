package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"rsc.io/qr"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/tunnel"
)

// newDevice is what the command line says of one.
type newDevice struct {
	name, out, key, lasts string
	split                 bool
	only                  []string
}

func (a *App) tunnelAddCommand(dir func() tunnel.Dir) *cobra.Command {
	var d newDevice
	c := a.command("add NAME", "tunnel_add", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		d.name = args[0]
		return a.tunnelAdd(cmd, dir(), d)
	})
	f := c.Flags()
	f.StringVar(&d.out, "out", "", a.say("cli.flag_tunnel_out"))
	f.StringVar(&d.key, "key", "", a.say("cli.flag_tunnel_key"))
	f.StringVar(&d.lasts, "for", "", a.say("cli.flag_tunnel_for"))
	f.BoolVar(&d.split, "split", false, a.say("cli.flag_tunnel_split"))
	f.StringSliceVar(&d.only, "only", nil, a.say("cli.flag_tunnel_only"))
	return c
}

func (a *App) tunnelAdd(cmd *cobra.Command, dir tunnel.Dir, d newDevice) error {
	now := time.Now()
	until, err := expiry(d.lasts, now)
	if err != nil {
		return err
	}
	var only []netip.AddrPort
	for _, o := range d.only {
		at, err := netip.ParseAddrPort(o)
		if err != nil || at.Port() == 0 {
			return badTunnelValue("add", "only", o)
		}
		only = append(only, at)
	}
	if st, running, err := askTunnel(cmd.Context(), dir, tunnel.Ask); running && err == nil && st.TUN {
		if err := (tunnel.Peer{Name: d.name, Only: only}).FitsTUN(); err != nil {
			return err
		}
	}
	var private, public tunnel.Key
	if d.key != "" {
		if public, err = tunnel.ParseKey(d.key); err != nil {
			return usage(chain.Say("cli.tunnel_bad_key"), chain.Say("cli.tunnel_bad_key_hint"))
		}
	} else {
		private = tunnel.NewKey()
		public = private.Public()
	}
	var file *os.File
	if d.out != "" { // before anybody is let in whose configuration then has no place
		if file, err = os.OpenFile(d.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return err
		}
		defer file.Close()
	}
	var conf tunnel.Conf
	var p tunnel.Peer
	err = changeTunnel(dir, func(s *tunnel.Server) (err error) {
		if p, err = s.Add(d.name, public, now, until, only); err == nil {
			conf = s.Conf(p, private, d.split)
		}
		return err
	})
	if err != nil {
		if file != nil {
			_ = os.Remove(d.out) // it is empty
		}
		return err
	}
	running, err := reloadTunnel(cmd.Context(), dir)
	if err != nil && running {
		if file != nil {
			_ = os.Remove(d.out) // it is empty
		}
		return undoTunnelAdd(cmd.Context(), dir, d.name, err)
	}
	if err := a.giveConf(conf, p, file, d.out); err != nil {
		return err
	}
	if !running {
		fmt.Fprintln(a.style(a.Err), a.say("cli.tunnel_asleep"))
	}
	return nil
}

// undoTunnelAdd takes a device out again that the running tunnel did not let in: what
// it would have needed to come in is not shown, and not kept.
func undoTunnelAdd(ctx context.Context, dir tunnel.Dir, name string, why error) error {
	if err := changeTunnel(dir, func(s *tunnel.Server) error { return s.Remove(name) }); err != nil {
		return &Problem{Text: chain.Say("cli.tunnel_add_stuck", "name", name, "error", errors.Join(why, err)), Hint: chain.Say("cli.tunnel_add_stuck_hint", "name", name)}
	}
	// It may have been let in all the same, only too late for its answer.
	_, _ = reloadTunnel(ctx, dir)
	return &Problem{Text: chain.Say("cli.tunnel_not_added", "name", name, "error", why), Hint: chain.Say("cli.tunnel_later_hint")}
}

// giveConf hands a device's configuration over, the one time that there is.
func (a *App) giveConf(conf tunnel.Conf, p tunnel.Peer, file *os.File, path string) error {
	text := conf.String()
	if file != nil {
		if _, err := file.WriteString(text); err != nil {
			return err
		}
		if err := file.Sync(); err != nil {
			return err
		}
	}
	if a.json {
		shown := text
		if file != nil {
			shown = ""
		}
		return a.encode(a.Out, struct {
			tunnel.Peer
			Conf string `json:"conf,omitempty"`
			Out  string `json:"out,omitempty"`
		}{p, shown, path})
	}
	key, pairs := "cli.tunnel_added", []any{"name", p.Name, "addresses", joinAny(p.Addresses)}
	if !p.Expires.IsZero() {
		key = "cli.tunnel_added_until"
		pairs = append(pairs, "until", p.Expires)
	}
	fmt.Fprintln(a.style(a.Err), a.say(key, pairs...))
	if file != nil {
		fmt.Fprintln(a.style(a.Err), a.say("cli.tunnel_wrote", "path", path))
		return nil
	}
	f, ok := a.Out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || conf.PrivateKey.IsZero() {
		_, err := io.WriteString(a.Out, text)
		return err
	}
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return err
	}
	if _, err := a.Out.Write(drawQR(code)); err != nil {
		return err
	}
	fmt.Fprintln(a.style(a.Err), a.say("cli.tunnel_once"))
	return nil
}

// drawQR draws a code for a terminal of whatever colours, two rows to a line: a camera
// wants dark on light, with a margin.
func drawQR(c *qr.Code) []byte {
	const margin = 2
	var b bytes.Buffer
	for y := -margin; y < c.Size+margin; y += 2 {
		b.WriteString("\x1b[30;107m")
		for x := -margin; x < c.Size+margin; x++ {
			switch up, down := c.Black(x, y), c.Black(x, y+1); {
			case up && down:
				b.WriteString("█")
			case up:
				b.WriteString("▀")
			case down:
				b.WriteString("▄")
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.Bytes()
}
