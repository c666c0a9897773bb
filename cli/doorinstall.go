package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/install"
	"github.com/omamori-guard/omamori/door/knock"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/hands"
)

// Door is what the door's commands need of the machine.
type Door interface {
	// Prepare writes the door's files; the firewall stays as it is.
	Prepare(o install.Options) (install.Result, error)
	// Start starts, or with again starts anew, what keeps the door. It is no error where
	// nothing here starts services: they are then started by hand.
	Start(ctx context.Context, again bool) error
	// Enable has it started at every boot, Disable ends it and takes that back.
	Enable(ctx context.Context) error
	Disable(ctx context.Context) error
	// Obstacles finds other firewalls that would keep an owner out of ports of TCP, or his
	// knocks from those of UDP.
	Obstacles(tcp, udp []uint16) ([]door.Obstacle, error)
	// Legacy lists the tables of an iptables that Obstacles cannot read.
	Legacy() []string
	// OwnSession and LoggedIn find out who has come in, and by which session.
	OwnSession(all []door.Session) (door.Session, bool)
	LoggedIn(all []door.Session) []door.Session
	// AtConsole reports whether we are typed at the machine's own console.
	AtConsole() bool
}

func (a *App) doorInstallCommand() *cobra.Command {
	var ports []uint
	var keep, keys []string
	var goal string
	c := a.command("install", "door_install", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		list, err := tcpPorts(ports)
		if err != nil {
			return err
		}
		if err := rootOnly(); err != nil {
			return err
		}
		return a.doorInstall(cmd.Context(), install.Options{Ports: list, Keep: keep, Keys: keys, Dir: a.doorDir, Guard: userHere("omamori"), Knock: userHere("omamori-knock")}, goal)
	})
	c.Flags().UintSliceVar(&ports, "ports", []uint{22}, a.say("cli.flag_door_ports"))
	c.Flags().StringSliceVar(&keep, "keep", nil, a.say("cli.flag_door_keep"))
	c.Flags().StringSliceVar(&keys, "keys", usualKeys(), a.say("cli.flag_door_keys"))
	c.Flags().StringVar(&goal, "goal", "shell", a.say("cli.flag_door_goal"))
	c.Flags().StringVar(&a.doorDir, "dir", "/etc/omamori", a.say("cli.flag_door_dir"))
	_ = c.Flags().MarkHidden("dir")
	return c
}

func rootOnly() error {
	if os.Geteuid() != 0 {
		return &Problem{Text: chain.Say("door.root"), Hint: chain.Say("door.root_hint")}
	}
	return nil
}

// userHere is name, if there is such a user.
func userHere(name string) string {
	b, err := os.ReadFile("/etc/passwd")
	if err != nil || !strings.Contains("\n"+string(b), "\n"+name+":") {
		return ""
	}
	return name
}

// usualKeys are the authorized_keys of root, and of whoever stands behind sudo.
func usualKeys() []string {
	list := []string{"/root/.ssh/authorized_keys"}
	if name := os.Getenv("SUDO_USER"); name != "" && name != "root" && !strings.ContainsAny(name, "/.") {
		list = append(list, "/home/"+name+"/.ssh/authorized_keys")
	}
	return list
}

// doorInstall closes the ports, and leaves them so once the owner has come in.
func (a *App) doorInstall(ctx context.Context, o install.Options, goal string) error {
	if err := a.secondWay(ctx, goal); err != nil {
		return err
	}
	obstacles, err := a.Door.Obstacles(o.Ports, []uint16{knock.DefaultPort})
	if err != nil {
		return err
	}
	if err := a.blocked(obstacles); err != nil {
		return err
	}
	r, err := a.Door.Prepare(o)
	if err != nil {
		return err
	}
	w := a.style(a.Err)
	for _, key := range r.TooLarge {
		fmt.Fprintln(w, a.say("door.key_too_large", "key", key))
	}
	if tables := a.Door.Legacy(); len(tables) > 0 {
		fmt.Fprintln(w, a.say("door.legacy", "tables", strings.Join(tables, ", ")))
	}
	for _, ob := range obstacles {
		if !ob.Sure {
			fmt.Fprintln(w, a.say("door.perhaps", "where", ob.Where))
		}
	}
	if !a.byHand() {
		if err := a.Door.Start(ctx, r.Changed); err != nil {
			return err
		}
		// Before anything is closed: whoever confirms it, it is so at every boot. Until then
		// there are no rules that a boot could load.
		if err := a.Door.Enable(ctx); err != nil {
			return err
		}
	}
	ask, err := a.doorReached(ctx)
	if err != nil {
		return err
	}
	defer ask.Close()
	fmt.Fprintln(w, a.say("door.pass", "owners", strings.Join(r.Owners, ", ")))
	fmt.Fprintf(w, "\n  %s\n\n", r.Pass)
	if err := a.ready(); err != nil {
		return err
	}
	if err := ask.Try(ctx, o.Ports, false, byWhom()); err != nil {
		return err
	}
	fmt.Fprintln(w, bold.Render(a.say("door.come_in", "left", hands.Trial)))
	return a.await(ctx, ask, &door.Rules{Closed: o.Ports, Keep: o.Keep}, chain.Say("door.installed", "ports", portList(o.Ports)))
}

// byHand: a door at another socket is not the units', and is started by whoever made it.
func (a *App) byHand() bool { return a.doorSocket != hands.DefaultDoorSocket }

// blocked says which lines another firewall needs.
func (a *App) blocked(all []door.Obstacle) error {
	var do []string
	where, key := "", "door.blocked_knocks"
	for _, o := range all {
		if o.Sure {
			if !o.Knocks {
				key = "door.blocked"
			}
			if where == "" || !o.Knocks {
				where = o.Where
			}
			for _, l := range o.Lines {
				if !slices.Contains(do, l) {
					do = append(do, l)
				}
			}
		}
	}
	if len(do) == 0 {
		return nil
	}
	return &Problem{Text: chain.Say(key, "where", where), Hint: chain.Say("door.blocked_hint", "lines", strings.Join(do, " && "))}
}

// secondWay refuses unless there is a way in besides the one that the door guards, and
// it is proved: somebody sits at the console, or the guard says so.
func (a *App) secondWay(ctx context.Context, goal string) error {
	if a.Door.AtConsole() {
		return nil
	}
	none := &Problem{Text: chain.Say("door.no_second_way", "goal", goal), Hint: chain.Say("door.no_second_way_hint", "goal", goal)}
	g := a.guard()
	status, err := g.Status(ctx)
	if errors.Is(err, guard.ErrNoGuard) {
		return none
	}
	if err != nil {
		return err
	}
	all, err := g.Ways(ctx, goal, guard.Supposed{})
	if refused, ok := errors.AsType[*guard.Refused](err); ok && refused.Code == "unknown_name" {
		return none
	}
	if err != nil {
		return err
	}
	kinds := map[string]string{}
	for _, l := range status.Links {
		kinds[l.Name] = l.Kind
	}
	for _, one := range all {
		for _, way := range one.Ways {
			if one.Name == goal && way.Verdict == chain.Holds && besides(way, kinds) {
				return nil
			}
		}
	}
	return none
}

// besides reports whether a way goes elsewhere than through the ports that are to be
// closed: it has no SSH in it. By which interface an SSH goes, and whether that is kept
// open, is not known here.
func besides(way guard.WayStatus, kinds map[string]string) bool {
	other := false
	for _, name := range slices.Concat(way.Links, way.RestsOn) {
		switch kinds[name] {
		case "ssh", "tcp", "knock", "firewall", "address":
			return false
		case "":
		default:
			other = true
		}
	}
	return other
}

// doorReached connects, giving what was just started a moment.
func (a *App) doorReached(ctx context.Context) (*hands.DoorClient, error) {
	for tries := 0; ; tries++ {
		ask, err := a.doorAsk(ctx)
		if err == nil || tries >= 50 {
			return ask, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (a *App) doorUninstallCommand() *cobra.Command {
	return a.command("uninstall", "door_uninstall", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		if err := rootOnly(); err != nil {
			return err
		}
		ctx := cmd.Context()
		ask, err := a.doorAsk(ctx)
		if err != nil {
			return err
		}
		defer ask.Close()
		s, err := ask.Look(ctx)
		if err != nil {
			return err
		}
		if s.Rules == nil {
			if s.Trial > 0 {
				if err := ask.Rollback(ctx, byWhom()); err != nil {
					return err
				}
			}
			if !a.byHand() { // an install that nobody confirmed has enabled them
				if err := a.Door.Disable(ctx); err != nil {
					return err
				}
			}
			return a.doorDone(chain.Say("door.not_installed"))
		}
		if err := ask.Try(ctx, nil, true, byWhom()); err != nil {
			return err
		}
		fmt.Fprintln(a.style(a.Err), bold.Render(a.say("door.come_in_plain", "left", hands.Trial)))
		if err := a.await(ctx, ask, nil, chain.Say("door.uninstalled")); err != nil {
			return err
		}
		if a.byHand() {
			return nil
		}
		return a.Door.Disable(ctx)
	})
}
