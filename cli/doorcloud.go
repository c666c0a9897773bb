package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/words"
)

// cloudDoor is a link's security group, and the way to it.
type cloudDoor struct {
	name   string
	access cloud.Access
	wish   cloud.Wish
}

// inCloud gives a command of the door the flag --cloud: then it is done at AWS, by run,
// and no door of this machine is asked.
func (a *App) inCloud(c *cobra.Command, run func(cmd *cobra.Command, d cloudDoor, args []string) error) {
	var name, mfa string
	c.Flags().StringVar(&name, "cloud", "", a.say("cloud.flag_cloud"))
	c.Flags().StringVar(&mfa, "mfa", "", a.say("cloud.flag_mfa"))
	c.Flags().Lookup("mfa").NoOptDefVal = "profile"
	here, positional := c.RunE, c.Args
	c.Args = func(cmd *cobra.Command, args []string) error {
		if name != "" {
			return a.args(cobra.MaximumNArgs(1))(cmd, args)
		}
		return positional(cmd, args)
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if name == "" {
			return here(cmd, args)
		}
		d, err := a.findCloudDoor(name)
		if err != nil {
			return err
		}
		if d.access.Code, err = a.code(mfa); err != nil {
			return err
		}
		if mfa != "profile" {
			d.access.Serial = mfa
		}
		err = run(cmd, d, args)
		var e *cloud.Error
		if errors.As(err, &e) && e.Code == cloud.WantsCode { // a role that only a code opens
			if d.access.Code, err = a.code(e.Name); err == nil {
				err = run(cmd, d, args)
			}
		}
		return err
	}
}

// code asks for what a device shows; "" asks nothing.
func (a *App) code(device string) (string, error) {
	switch device {
	case "":
		return "", nil
	case "profile":
		fmt.Fprint(a.style(a.Err), a.say("cloud.ask_code_profile"))
	default:
		fmt.Fprint(a.style(a.Err), a.say("cloud.ask_code", "device", device))
	}
	return a.typedCode(bufio.NewScanner(a.In))
}

func (a *App) typedCode(in *bufio.Scanner) (string, error) {
	if !in.Scan() {
		return "", errors.Join(in.Err(), &cloud.Problem{Text: chain.Say("aws.mfa_no_code")})
	}
	code := strings.Join(strings.Fields(in.Text()), "")
	if !cloud.IsCode(code) {
		return "", &cloud.Problem{Text: chain.Say("aws.mfa_no_code")}
	}
	return code, nil
}

// loaded is the configuration, which has to be right.
func (a *App) loaded() (*config.File, error) { return a.loadedBy(a.Config) }

func (a *App) loadedBy(o config.Options) (*config.File, error) {
	path, err := config.Find(a.config)
	if err != nil {
		return nil, err
	}
	file, problems, err := config.Load(path, o)
	if err == nil && len(problems) > 0 {
		err = &Problem{Usage: true, Text: chain.Say("cli.config_bad", "path", path, "n", len(problems)), Hint: chain.Say("cloud.config_bad_hint")}
	}
	return file, err
}

func (a *App) findCloudDoor(name string) (cloudDoor, error) {
	file, err := a.loaded()
	if err != nil {
		return cloudDoor{}, err
	}
	var names []string
	for _, l := range file.Links {
		d, ok := l.Settings.(cloud.Door)
		if !ok {
			continue
		}
		if l.Name == name {
			access, wish := d.CloudDoor()
			return cloudDoor{name, access, wish}, nil
		}
		names = append(names, l.Name)
	}
	hint := chain.Say("cloud.no_door_none_hint")
	if len(names) > 0 {
		hint = chain.Say("cloud.no_door_hint", "names", strings.Join(names, ", "))
	}
	return cloudDoor{}, usage(chain.Say("cloud.no_door", "name", name), hint)
}

// cloudOpen lets an address in; without one, that from which AWS sees us come.
func (a *App) cloudOpen(cmd *cobra.Command, d cloudDoor, args []string) (err error) {
	ctx := cmd.Context()
	if len(args) == 0 {
		address, err := a.Cloud.Address(ctx)
		if err != nil {
			return err
		}
		d.wish.From = netip.PrefixFrom(address, address.BitLen())
	} else if d.wish.From, err = netip.ParsePrefix(args[0]); err != nil {
		address, err := netip.ParseAddr(args[0])
		if err != nil {
			return usage(chain.Say("door.bad_address", "address", args[0]), chain.Say("door.bad_address_hint"))
		}
		d.wish.From = netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen())
	}
	if cmd.Flags().Changed("ports") {
		ports, _ := cmd.Flags().GetUintSlice("ports")
		if d.wish.Ports, err = tcpPorts(ports); err != nil {
			return err
		}
	}
	d.wish.Last, _ = cmd.Flags().GetDuration("for")
	d.wish.Who = byWhom()
	got, err := a.Cloud.Open(ctx, d.access, d.wish)
	if err != nil {
		return err
	}
	if a.json {
		return a.encode(a.Out, got)
	}
	for _, line := range a.saidOpened(got) {
		fmt.Fprintln(a.style(a.Out), line)
	}
	return nil
}

// saidOpened says what came of opening.
func (a *App) saidOpened(got cloud.Opened) (lines []string) {
	if l := got.Lease; l.ID != "" {
		key := "cloud.opened"
		if got.Renewed {
			key = "cloud.renewed"
		}
		lines = append(lines, a.say(key, "from", showFrom(l.From), "ports", portList(l.Ports), "until", l.Until, "group", got.Group, "id", l.ID))
	}
	if len(got.Others) > 0 {
		lines = append(lines, a.say("cloud.others", "n", len(got.Others), "rules", strings.Join(got.Others, ", ")))
	}
	if !got.Seen {
		lines = append(lines, a.say("cloud.unseen"))
	}
	return lines
}

// cloudClose ends a lease, or all.
func (a *App) cloudClose(cmd *cobra.Command, d cloudDoor, args []string) error {
	which := cloud.Which{Target: d.wish.Target, All: len(args) == 0}
	if len(args) > 0 {
		which.ID = args[0]
	}
	got, err := a.Cloud.End(cmd.Context(), d.access, which)
	if err != nil {
		return err
	}
	if a.json {
		return a.encode(a.Out, got)
	}
	w := a.style(a.Out)
	fmt.Fprintln(w, a.say("cloud.ended", "n", len(got.Rules), "group", d.name))
	if len(got.Rules) > 0 {
		fmt.Fprintln(w, a.say("cloud.tracked"))
	}
	if !got.Seen {
		fmt.Fprintln(w, a.say("cloud.unseen"))
	}
	return nil
}

// cloudList says who is let in.
func (a *App) cloudList(cmd *cobra.Command, d cloudDoor, _ []string) error {
	return a.cloudLeases(cmd.Context(), d)
}

func (a *App) cloudLeases(ctx context.Context, d cloudDoor) error {
	groups, err := a.Cloud.Groups(ctx, d.access, d.wish.Target)
	if err != nil {
		return err
	}
	type leases struct {
		Group  string        `json:"group"`
		Leases []cloud.Lease `json:"leases"`
	}
	all := []leases{}
	for _, g := range groups {
		all = append(all, leases{g.ID, append([]cloud.Lease{}, cloud.Leases(g.Rules)...)})
	}
	if a.json {
		return a.encode(a.Out, all)
	}
	w := a.style(a.Out)
	for _, g := range all {
		if len(g.Leases) == 0 {
			fmt.Fprintln(w, a.say("cloud.none", "group", g.Group))
			continue
		}
		fmt.Fprintln(w, bold.Render(words.Clean(g.Group)))
		for _, l := range g.Leases {
			line := a.say("cloud.lease", "from", showFrom(l.From), "ports", portList(l.Ports), "since", l.Since, "until", l.Until, "who", l.Who, "id", l.ID)
			if !time.Now().Before(l.Until) {
				line += " " + a.say("cloud.over")
			}
			fmt.Fprintln(w, "  "+line)
		}
	}
	return nil
}

// doorPolicyCommand prints what AWS has to permit.
func (a *App) doorPolicyCommand() *cobra.Command {
	var group string
	c := a.command("aws-policy [LINK…]", "door_policy", cobra.ArbitraryArgs, func(_ *cobra.Command, args []string) error {
		needs, err := a.cloudNeeds(group, args)
		if err != nil {
			return err
		}
		b, err := cloud.Policy(needs)
		if err != nil {
			return err
		}
		for _, n := range needs {
			if strings.HasPrefix(n.If[1], "aws:ResourceTag/") {
				fmt.Fprintln(a.style(a.Err), a.say("cloud.tag_group"))
				break
			}
		}
		return a.encode(a.Out, json.RawMessage(b))
	})
	c.Flags().StringVar(&group, "group", "", a.say("cloud.flag_group"))
	return c
}

func (a *App) cloudNeeds(group string, names []string) (needs []cloud.Need, err error) {
	if group != "" {
		if !cloud.IsID(group, "sg") {
			return nil, usage(chain.Say("aws.sg_bad_group", "value", group), chain.Text{})
		}
		return cloud.DoorNeeds(cloud.Target{Group: group}), nil
	}
	file, err := a.loaded()
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, n := range names {
		if _, ok := file.Chain.Link(n); !ok {
			return nil, usage(chain.Say("cli.unknown_name", "name", n), chain.Text{})
		}
		wanted[n] = true
	}
	for _, l := range file.Links {
		if n, ok := l.Settings.(cloud.Needer); ok && (len(names) == 0 || wanted[l.Name]) {
			needs = append(needs, n.CloudNeeds()...)
		}
	}
	if len(needs) == 0 {
		return nil, usage(chain.Say("cloud.no_needs"), chain.Say("cloud.no_needs_hint"))
	}
	return needs, nil
}
