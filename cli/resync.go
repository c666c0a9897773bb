package cli

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

// resyncCommand has AWS find the clock of a link's device.
func (a *App) resyncCommand() *cobra.Command {
	return a.command("resync LINK", "resync", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		file, err := a.loaded()
		if err != nil {
			return err
		}
		for _, l := range file.Links {
			d, ok := l.Settings.(cloud.Device)
			if !ok || l.Name != args[0] {
				continue
			}
			access, serial := d.CloudDevice()
			code := cloud.Code{Serial: serial}
			in := bufio.NewScanner(a.In)
			fmt.Fprint(a.style(a.Err), a.say("cloud.ask_first", "device", serial))
			if code.Code, err = a.typedCode(in); err != nil {
				return err
			}
			fmt.Fprint(a.style(a.Err), a.say("cloud.ask_second"))
			if code.Second, err = a.typedCode(in); err != nil {
				return err
			}
			if err := a.Cloud.Resync(cmd.Context(), access, code); err != nil {
				return err
			}
			return a.doorDone(chain.Say("cloud.resynced", "device", serial, "link", l.Name))
		}
		return usage(chain.Say("cloud.no_device", "name", args[0]), chain.Text{})
	})
}
