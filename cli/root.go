package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

func (a *App) root() *cobra.Command {
	root := a.command("omamori", "root", cobra.ArbitraryArgs, func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return a.bare(cmd.Context())
	})
	root.CompletionOptions.DisableDefaultCmd = true
	root.Version = a.Version
	root.SetVersionTemplate("omamori {{.Version}}\n")
	root.SetHelpFunc(a.help)
	root.SetUsageFunc(func(cmd *cobra.Command) error { a.help(cmd, nil); return nil })
	root.SetFlagErrorFunc(flagError)
	f := root.PersistentFlags()
	f.StringVarP(&a.config, "config", "c", "", a.say("cli.flag_config"))
	f.StringVar(&a.state, "state", "", a.say("cli.flag_state"))
	f.String("lang", "", a.say("cli.flag_lang"))
	f.BoolVar(&a.json, "json", a.json, a.say("cli.flag_json"))
	f.BoolP("help", "h", false, a.say("cli.flag_help"))
	_ = root.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"en", "ja"}, cobra.ShellCompDirectiveNoFileComp))
	root.Flags().Bool("version", false, a.say("cli.flag_version"))
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return a.settle(cmd.Flags()) }
	root.AddCommand(a.statusCommand(), a.proveCommand(), a.journalCommand(), a.runCommand(), a.reloadCommand(),
		a.initCommand(), a.configCommand(), a.siteCommand(), a.notifyCommand(), a.dueCommand(),
		a.waysCommand(), a.whatIfCommand(), a.loseCommand("lost", true), a.loseCommand("have", false), a.rescueCommand(), a.completionCommand())
	root.AddCommand(a.reportCommand(), a.pairCommand(), a.exchangeCommand(), a.manCommand())
	root.AddCommand(a.doorCommand(), a.sshCommand(), a.connectCommand(), a.resyncCommand())
	root.AddCommand(a.vaultCommand(), a.phoneCommand())
	root.AddCommand(a.tunnelCommand(), a.pageCommand(), a.inviteCommand())
	help := &cobra.Command{Use: "help", Hidden: true, SilenceErrors: true, SilenceUsage: true,
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err == nil && len(rest) > 0 {
				err = unknownCommand(c, rest[0])
			}
			if err == nil {
				a.help(c, nil)
			}
			return err
		}}
	root.SetHelpCommand(help)
	return root
}

// settle works out what the global flags leave open.
func (a *App) settle(f *pflag.FlagSet) error {
	if l := f.Lookup("lang"); l != nil && l.Changed {
		lang, ok := words.Parse(l.Value.String())
		if !ok {
			return usage(chain.Say("cli.unknown_lang", "lang", l.Value.String()), chain.Say("cli.see_langs"))
		}
		a.lang = lang
	}
	if a.state == "" {
		a.state = os.Getenv("OMAMORI_STATE")
	}
	a.stated = a.state != ""
	if !a.stated {
		dir, err := defaultState()
		if err != nil {
			return err
		}
		a.state = dir
	}
	dir, err := filepath.Abs(a.state)
	a.state = dir
	return err
}

// defaultState is /var/lib/omamori for root, else the user's folder for state.
func defaultState() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/omamori", nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "omamori"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usage(chain.Say("cli.no_home"), chain.Say("cli.no_home_hint"))
	}
	return filepath.Join(home, ".local", "state", "omamori"), nil
}

// socketPath is where the guard of this state answers. A state that was named has
// its socket beside it, so that two guards on one machine do not meet.
func (a *App) socketPath() string {
	switch dir := os.Getenv("XDG_RUNTIME_DIR"); {
	case a.stated:
		return filepath.Join(a.state, "control.sock")
	case os.Geteuid() == 0:
		return "/run/omamori/control.sock"
	case filepath.IsAbs(dir):
		return filepath.Join(dir, "omamori", "control.sock")
	}
	return filepath.Join(a.state, "control.sock")
}

// help prints a command's help: what stands in the catalogue, its commands, its
// options.
func (a *App) help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	fmt.Fprintln(w, flow(strings.TrimSpace(cmd.Long), width(w)))
	var rows [][2]string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			rows = append(rows, [2]string{c.Name(), c.Short})
		}
	}
	a.list(w, a.say("cli.commands"), rows)
	rows = nil
	option := func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if f.Value.Type() != "bool" {
			name += " " + takes(f)
		}
		rows = append(rows, [2]string{name, f.Usage})
	}
	cmd.LocalNonPersistentFlags().VisitAll(option)
	cmd.Root().PersistentFlags().VisitAll(option)
	a.list(w, a.say("cli.options"), rows)
}

func (a *App) completionCommand() *cobra.Command {
	c := a.command("completion bash|zsh|fish", "completion", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		switch args[0] {
		case "bash":
			return cmd.Root().GenBashCompletionV2(a.Out, true)
		case "zsh":
			return cmd.Root().GenZshCompletion(a.Out)
		case "fish":
			return cmd.Root().GenFishCompletion(a.Out, true)
		}
		return usage(chain.Say("cli.unknown_shell", "shell", args[0]), chain.Text{})
	})
	c.ValidArgs = []string{"bash", "zsh", "fish"}
	c.ValidArgsFunction = nil
	return c
}
