package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/install"
)

// machine is the machine that the door is on.
type machine struct{}

// doorUnits keep the door: the rules at boot, who changes them, who hears knocks.
var doorUnits = []string{"omamori-firewall.service", "omamori-door.service", "omamori-knock.service"}

func (machine) Prepare(o install.Options) (install.Result, error) { return install.Prepare(o) }

func (machine) OwnSession(all []door.Session) (door.Session, bool) { return install.OwnSession(all) }

func (machine) LoggedIn(all []door.Session) []door.Session { return install.LoggedIn(all) }

func (machine) AtConsole() bool { return install.AtConsole() }

func (m machine) Start(ctx context.Context, again bool) error {
	if again {
		return m.systemctl(ctx, append([]string{"restart"}, doorUnits[1:]...)...)
	}
	return m.systemctl(ctx, append([]string{"start"}, doorUnits[1:]...)...)
}

func (m machine) Enable(ctx context.Context) error {
	return m.systemctl(ctx, append([]string{"enable", "--quiet"}, doorUnits...)...)
}

func (m machine) Disable(ctx context.Context) error {
	return m.systemctl(ctx, append([]string{"disable", "--quiet", "--now"}, doorUnits...)...)
}

// systemctl does what is asked of systemd, where it runs the machine.
func (machine) systemctl(ctx context.Context, args ...string) error {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return nil
	}
	out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("systemctl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
