package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/tunnel"
)

// device is one of a tunnel's, and how it stands.
type device struct {
	tunnel.Peer
	Expired bool `json:"expired"`
	// Status is nil where the tunnel is not running.
	Status *tunnel.PeerStatus `json:"status,omitempty"`
}

func (a *App) tunnelListCommand(dir func() tunnel.Dir) *cobra.Command {
	return a.command("list", "tunnel_list", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		s, err := dir().Load()
		if errors.Is(err, tunnel.ErrNone) {
			return noTunnel()
		}
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
		defer cancel()
		st, err := tunnel.Call(ctx, dir().Socket(), tunnel.Ask)
		now, all := time.Now(), []device{}
		for _, p := range s.Peers {
			d := device{Peer: p, Expired: p.Expired(now)}
			for _, one := range st.Peers {
				if one.Name == p.Name && err == nil {
					d.Status = &one
				}
			}
			all = append(all, d)
		}
		if a.json {
			return a.encode(a.Out, all)
		}
		if len(all) == 0 {
			fmt.Fprintln(a.style(a.Out), a.say("cli.tunnel_no_devices"))
		}
		var rows [][2]string
		for _, d := range all {
			rows = append(rows, [2]string{d.Name, joinAny(d.Addresses) + "  " + a.lang.Say(d.state(now))})
		}
		w := a.style(a.Out)
		width := 0
		for _, r := range rows {
			width = max(width, len(r[0]))
		}
		for _, r := range rows {
			fmt.Fprintf(w, "%-*s  %s\n", width, r[0], r[1])
		}
		return nil
	})
}

func (d device) state(now time.Time) chain.Text {
	switch {
	case d.Expired:
		return chain.Say("cli.tunnel_state_over")
	case d.Status == nil:
		return chain.Say("cli.tunnel_state_unknown")
	case d.Status.Handshake.IsZero():
		return chain.Say("cli.tunnel_state_never")
	}
	age := now.Sub(d.Status.Handshake).Truncate(time.Second)
	if d.Status.Alive(now) {
		return chain.Say("cli.tunnel_state_on", "age", age)
	}
	return chain.Say("cli.tunnel_state_off", "age", age)
}
