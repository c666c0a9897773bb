package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/links/backup"
	"github.com/omamori-guard/omamori/restore"
)

// restoreCommand is `omamori due restore`: the drill of a link of the kind backup.
func (a *App) restoreCommand() *cobra.Command {
	o := restore.Options{}
	most := 20
	c := a.command("restore [LINK]", "restore", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		l, err := a.backupLink(args)
		if err != nil {
			return err
		}
		if !a.json {
			if path, made, err := l.Dump(); err == nil {
				fmt.Fprintln(a.Err, a.say("cli.restoring", "file", path, "at", made))
			}
		}
		o.Most = int64(most) << 30
		o.Confine = func(tmp string) error { return confine(tmp, filepath.Dir(l.Note())) }
		d, err := l.Restore(cmd.Context(), o)
		if errors.Is(err, backup.ErrNoDump) {
			return &Problem{Text: chain.Say("cli.no_dump"), Hint: chain.Say("cli.no_dump_hint")}
		}
		if err != nil {
			return err
		}
		verdict := chain.Holds
		if d.Failed != "" {
			verdict = chain.Broken
		}
		if a.json {
			err = a.encode(a.Out, d)
		} else {
			w := a.style(a.Out)
			text, hint := d.Text()
			fmt.Fprintf(w, "%s %s\n", mark(verdict), wrap(a.lang.Say(text), width(a.Out), 2))
			if !hint.IsZero() {
				fmt.Fprintf(w, "  → %s\n", wrap(a.lang.Say(hint), width(a.Out), 4))
			}
		}
		if err == nil && verdict == chain.Broken {
			err = errBadNews
		}
		return err
	})
	f := c.Flags()
	f.StringVar(&o.Tmp, "tmp", "/var/tmp", a.say("cli.flag_restore_tmp"))
	f.StringVar(&o.User, "user", "nobody", a.say("cli.flag_restore_user"))
	f.IntVar(&most, "most", most, a.say("cli.flag_restore_most"))
	f.DurationVar(&o.Longest, "longest", 2*time.Hour, a.say("cli.flag_restore_longest"))
	return c
}

// backupLink is the link that is named, or the one of its kind.
func (a *App) backupLink(args []string) (*backup.Link, error) {
	file, err := a.loaded()
	if err != nil {
		return nil, err
	}
	var all []*backup.Link
	for _, l := range file.Links {
		if l.Kind.Name != "backup" || len(args) > 0 && l.Name != args[0] {
			continue
		}
		p, err := l.Kind.New(l.Settings, chain.Place{Link: l.Name})
		if err != nil {
			return nil, err
		}
		if b, ok := p.(*backup.Link); ok {
			all = append(all, b)
		}
	}
	if len(all) != 1 {
		return nil, usage(chain.Say("cli.which_backup", "n", len(all)), chain.Say("cli.which_backup_hint"))
	}
	return all[0], nil
}

// confine lets this process and its children write nothing else, and reach no network;
// what they take of memory is the first to be taken back. Where the kernel has no
// Landlock, the rights of the children's user are all that holds them.
func confine(tmp, notes string) error {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // where that may be said
	return landlock.V5.BestEffort().Restrict(landlock.RODirs("/"), landlock.RWDirs(tmp, notes), landlock.RWFiles("/dev/null").IgnoreIfMissing(),
		landlock.PathAccess(landlock.AccessFSSet(ll.AccessFSRemoveDir), filepath.Dir(tmp))) // of tmp itself, in the end
}
