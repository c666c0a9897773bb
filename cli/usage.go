package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/omamori-guard/omamori/chain"
)

// args lets a wrong number of arguments be said in the user's language.
func (a *App) args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if check(cmd, args) == nil {
			return nil
		}
		if cmd.HasSubCommands() && len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return usage(chain.Say("cli.wrong_args", "usage", strings.TrimSuffix(cmd.UseLine(), " [flags]")),
			chain.Say("cli.see_help", "command", cmd.CommandPath()))
	}
}

// unknownCommand says that cmd has no command of that name, and which is nearest.
func unknownCommand(cmd *cobra.Command, name string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	hint := chain.Say("cli.see_help", "command", cmd.CommandPath())
	if near := chain.Nearest(name, names); near != "" {
		hint = chain.Say("cli.nearest", "nearest", cmd.CommandPath()+" "+near)
	}
	path := strings.TrimPrefix(cmd.CommandPath()+" "+name, cmd.Root().Name()+" ")
	return usage(chain.Say("cli.unknown_command", "name", path), hint)
}

// flagError says in the user's language what is wrong with an option.
func flagError(cmd *cobra.Command, err error) error {
	hint := chain.Say("cli.see_help", "command", cmd.CommandPath())
	var absent *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var bad *pflag.InvalidValueError
	switch {
	case errors.As(err, &absent):
		name := dashed(absent.GetSpecifiedName(), absent.GetSpecifiedShortnames())
		if near := nearestFlag(cmd, absent.GetSpecifiedName()); near != "" && strings.HasPrefix(name, "--") {
			hint = chain.Say("cli.nearest", "nearest", "--"+near)
		}
		return usage(chain.Say("cli.unknown_flag", "flag", name), hint)
	case errors.As(err, &bare):
		return usage(chain.Say("cli.flag_wants", "flag", dashed(bare.GetSpecifiedName(), bare.GetSpecifiedShortnames())), hint)
	case errors.As(err, &bad):
		return usage(chain.Say("cli.flag_value", "flag", "--"+bad.GetFlag().Name, "value", bad.GetValue()), hint)
	}
	return usage(chain.Say("cli.bad_flag", "error", err), hint)
}

// dashed is an option as it was typed: short ones may stand together.
func dashed(name, shorts string) string {
	if shorts != "" {
		return "-" + name
	}
	return "--" + name
}

func nearestFlag(cmd *cobra.Command, name string) string {
	var names []string
	see := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.LocalFlags().VisitAll(see)
	cmd.InheritedFlags().VisitAll(see)
	return chain.Nearest(name, names)
}

// takes is what stands for the value of an option in help.
func takes(f *pflag.Flag) string {
	switch f.Name {
	case "config":
		return "FILE"
	case "state":
		return "DIR"
	case "lang":
		return "en|ja"
	case "since":
		return "TIME"
	case "lines":
		return "N"
	case "guard-user":
		return "USER"
	case "address":
		return "HOST:PORT"
	case "title":
		return "TEXT"
	case "for":
		return "1h"
	case "keys":
		return "FILE"
	case "keep":
		return "INTERFACE"
	case "why":
		return "TEXT"
	case "lose":
		return "NAME"
	}
	return strings.ToUpper(f.Name)
}
