package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/user"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/words"
)

func (a *App) doorCommand() *cobra.Command {
	c := a.command("door", "door", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return a.doorList(cmd.Context()) })
	c.PersistentFlags().String("socket", hands.DefaultDoorSocket, a.say("cli.flag_door_socket"))
	_ = c.PersistentFlags().MarkHidden("socket") // for tests, and for a door by hand
	c.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		a.doorSocket, _ = cmd.Flags().GetString("socket")
		return a.settle(cmd.Flags())
	}
	list := a.command("list", "door_list", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return a.doorList(cmd.Context()) })
	open, closing := a.doorOpenCommand(), a.doorCloseCommand()
	a.inCloud(open, a.cloudOpen)
	a.inCloud(closing, a.cloudClose)
	a.inCloud(list, a.cloudList)
	c.AddCommand(a.doorInstallCommand(), a.doorUninstallCommand(), a.doorConfirmCommand(), open, closing, list, a.doorPolicyCommand())
	return c
}

// doorAsk connects to the door's half.
func (a *App) doorAsk(ctx context.Context) (*hands.DoorClient, error) {
	c, err := hands.ConnectDoor(ctx, a.doorSocket)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, &Problem{Text: chain.Say("door.not_running"), Hint: chain.Say("door.not_running_hint")}
	}
	return c, err
}

// byWhom is who asks, as the record is to say: behind sudo, too.
func byWhom() string {
	if name := os.Getenv("SUDO_USER"); name != "" && os.Geteuid() == 0 {
		return name + " (sudo)"
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "owner"
}

func (a *App) doorOpenCommand() *cobra.Command {
	var last time.Duration
	var ports []uint
	var why string
	c := a.command("open ADDRESS", "door_open", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		from, err := netip.ParsePrefix(args[0])
		if err != nil {
			address, err := netip.ParseAddr(args[0])
			if err != nil {
				return usage(chain.Say("door.bad_address", "address", args[0]), chain.Say("door.bad_address_hint"))
			}
			from = netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen())
		}
		list, err := tcpPorts(ports)
		if err != nil {
			return err
		}
		ask, err := a.doorAsk(cmd.Context())
		if err != nil {
			return err
		}
		defer ask.Close()
		l, err := ask.Lease(cmd.Context(), door.Lease{From: from, Ports: list, Why: why}, last, byWhom())
		if err != nil {
			return a.doorRefused(err)
		}
		// A lease is no entry: what another firewall drops is said, where it can be seen.
		if obstacles, err := a.Door.Obstacles(list, nil); err == nil {
			if err := a.blocked(obstacles); err != nil {
				return err
			}
		}
		if a.json {
			return a.encode(a.Out, l)
		}
		_, err = fmt.Fprintln(a.Out, a.say("door.opened", "from", from, "ports", portList(list), "until", l.Until, "id", l.ID))
		return err
	})
	c.Flags().DurationVar(&last, "for", time.Hour, a.say("cli.flag_door_for"))
	c.Flags().UintSliceVar(&ports, "ports", []uint{22}, a.say("cli.flag_door_lease_ports"))
	c.Flags().StringVar(&why, "why", "", a.say("cli.flag_door_why"))
	return c
}

// doorRefused puts a refusal of the door's half into words, where it is one.
func (a *App) doorRefused(err error) error {
	r, ok := errors.AsType[*door.Refusal](err)
	if !ok {
		return err
	}
	hint := chain.Text{}
	switch r.Code {
	case door.CodeLong, door.CodeShort:
		return usage(chain.Say("door.refused_time", "limit", r.Limit), hint)
	case door.CodeWide, door.CodeAddress:
		return usage(chain.Say("door.refused_address", "from", r.From), chain.Say("door.bad_address_hint"))
	case door.CodePorts:
		return usage(chain.Say("door.refused_port", "port", r.Port), hint)
	case door.CodeFull:
		return &Problem{Text: chain.Say("door.refused_full"), Hint: chain.Say("door.refused_full_hint")}
	}
	return &Problem{Text: chain.Say("door.refused_other", "why", r.Error())}
}

func (a *App) doorCloseCommand() *cobra.Command {
	var cut bool
	c := a.command("close [LEASE]", "door_close", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		id := ""
		if len(args) > 0 {
			id = args[0]
		}
		ask, err := a.doorAsk(cmd.Context())
		if err != nil {
			return err
		}
		defer ask.Close()
		ended, cuts, err := ask.End(cmd.Context(), id, cut, byWhom())
		if err != nil {
			return err
		}
		if a.json {
			if ended == nil {
				ended = []door.Lease{}
			}
			return a.encode(a.Out, map[string]any{"ended": ended, "sessions_cut": cuts})
		}
		if cut {
			_, err = fmt.Fprintln(a.Out, a.say("door.closed_cut", "n", len(ended), "cuts", cuts))
		} else {
			_, err = fmt.Fprintln(a.Out, a.say("door.closed", "n", len(ended)))
		}
		return err
	})
	c.Flags().BoolVar(&cut, "cut", false, a.say("cli.flag_door_cut"))
	return c
}

// doorList says who is let in: from where, since when, until when, by which key.
func (a *App) doorList(ctx context.Context) error {
	ask, err := a.doorAsk(ctx)
	if err != nil {
		return err
	}
	defer ask.Close()
	s, err := ask.Look(ctx)
	if err != nil {
		return err
	}
	if a.json {
		if err := a.encode(a.Out, s); err != nil {
			return err
		}
	} else {
		a.showDoor(s)
	}
	if s.Rules != nil && !s.Stands() {
		return errBadNews
	}
	return nil
}

func (a *App) showDoor(s hands.DoorState) {
	w := a.style(a.Out)
	switch {
	case s.Trial > 0:
		fmt.Fprintln(w, a.say("door.on_trial", "left", s.Trial.Round(time.Second)))
	case s.Rules == nil:
		fmt.Fprintln(w, a.say("door.not_installed"))
		return
	case !s.Stands():
		fmt.Fprintln(w, red.Render(a.say("door.unsound")))
	default:
		fmt.Fprintln(w, a.say("door.closed_ports", "ports", portList(s.Rules.Closed)))
	}
	if len(s.Leases) == 0 {
		fmt.Fprintln(w, "  "+a.say("door.no_leases"))
		return
	}
	from := func(l door.Lease) string { return showFrom(l.From) }
	n, m := widest(s.Leases, from), widest(s.Leases, func(l door.Lease) string { return words.Clean(l.Who) })
	for _, l := range s.Leases {
		key := l.Key
		if key == "" {
			key = a.say("door.no_key")
		}
		line := a.say("door.lease_line", "ports", portList(l.Ports), "since", l.Since, "until", l.Until, "key", key, "id", l.ID)
		fmt.Fprintf(w, "  %s  %s  %s\n", pad(from(l), n), pad(words.Clean(l.Who), m), line)
		if l.Why != "" {
			fmt.Fprintf(w, "      %s\n", faint.Render(words.Clean(l.Why)))
		}
	}
}

func showFrom(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

func portList(list []uint16) string {
	all := make([]string, len(list))
	for i, p := range list {
		all[i] = fmt.Sprint(p)
	}
	return strings.Join(all, ", ")
}

// tcpPorts are ports as they were typed, ascending.
func tcpPorts(list []uint) (all []uint16, err error) {
	for _, p := range list {
		if p == 0 || p > 65535 {
			return nil, usage(chain.Say("door.bad_port", "port", p), chain.Text{})
		}
		all = append(all, uint16(p))
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) == 0 {
		return nil, usage(chain.Say("hands.no_ports"), chain.Text{})
	}
	return all, nil
}

func (a *App) doorConfirmCommand() *cobra.Command {
	return a.command("confirm", "door_confirm", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		ask, err := a.doorAsk(cmd.Context())
		if err != nil {
			return err
		}
		defer ask.Close()
		all, err := ask.Sessions(cmd.Context())
		if err != nil {
			return err
		}
		s, ok := a.Door.OwnSession(all)
		if !ok {
			return &Problem{Text: chain.Say("door.not_ssh"), Hint: chain.Say("door.not_ssh_hint")}
		}
		if err := ask.Confirm(cmd.Context(), s, byWhom()); err != nil {
			return err
		}
		return a.doorDone(chain.Say("door.confirmed"))
	})
}

func (a *App) doorDone(t chain.Text) error {
	if a.json {
		return a.encode(a.Out, map[string]string{"done": a.lang.Say(t)})
	}
	_, err := fmt.Fprintln(a.Out, a.lang.Say(t))
	return err
}

// await waits until the owner has come in by a new session, and confirms for him; it
// says so when the minute is over instead. How a trial has ended, whoever ended it, the
// confirmed rules say, and nothing else: they are want, or they were put back.
func (a *App) await(ctx context.Context, ask *hands.DoorClient, want *door.Rules, done chain.Text) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	last := chain.Text{}
	for {
		s, err := ask.Look(ctx)
		if err != nil {
			return err
		}
		if s.Trial <= 0 {
			if !s.Rules.Equal(want) {
				return &Problem{Text: chain.Say("door.put_back"), Hint: chain.Say("door.put_back_hint")}
			}
			return a.doorDone(done)
		}
		all, err := ask.Sessions(ctx)
		if err != nil {
			return err
		}
		for _, one := range a.Door.LoggedIn(all) {
			err := ask.Confirm(ctx, one, byWhom())
			if err == nil {
				break
			}
			r, refused := errors.AsType[*hands.Refused](err)
			if !refused {
				return err
			}
			// Sessions from before are no news; one that came in without a knock is.
			if r.Text.Key == "hands.no_knock" && !a.json && a.lang.Say(r.Text) != a.lang.Say(last) {
				last = r.Text
				fmt.Fprintln(a.style(a.Err), a.lang.Say(r.Text))
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// ready waits for Enter, where there is somebody to press it.
func (a *App) ready() error {
	if f, ok := a.In.(*os.File); !ok || !isTerminal(f) || a.json {
		return nil
	}
	fmt.Fprint(a.style(a.Err), a.say("door.press_enter"))
	_, err := bufio.NewReader(a.In).ReadString('\n')
	return err
}
