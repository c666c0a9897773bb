package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	most, wanted := 20, false
	c := a.command("restore [LINK]", "restore", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		all, err := a.backupLinks(args)
		if err != nil {
			return err
		}
		if wanted { // one at a time: the next is for the next day
			all = mostWanted(all, time.Now())
			if len(all) == 0 {
				fmt.Fprintln(a.Err, a.say("cli.restore_none"))
				return nil
			}
		}
		if len(all) != 1 {
			return usage(chain.Say("cli.which_backup", "n", len(all)), chain.Say("cli.which_backup_hint"))
		}
		l := all[0]
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
	f.BoolVar(&wanted, "wanted", false, a.say("cli.flag_restore_wanted"))
	f.StringVar(&o.Tmp, "tmp", "/var/tmp", a.say("cli.flag_restore_tmp"))
	f.StringVar(&o.User, "user", "nobody", a.say("cli.flag_restore_user"))
	f.IntVar(&most, "most", most, a.say("cli.flag_restore_most"))
	f.DurationVar(&o.Longest, "longest", 2*time.Hour, a.say("cli.flag_restore_longest"))
	return c
}

// mostWanted is the one whose drill was longest ago, of those that should be tried again.
func mostWanted(all []*backup.Link, now time.Time) []*backup.Link {
	all = slices.DeleteFunc(all, func(l *backup.Link) bool { return !l.Wanted(now) })
	at := func(l *backup.Link) time.Time { d, _ := l.Drilled(); return d.At } // zero if there was none
	slices.SortStableFunc(all, func(a, b *backup.Link) int { return at(a).Compare(at(b)) })
	return all[:min(len(all), 1)]
}

// backupLinks are the links of the kind backup, or the one that is named.
func (a *App) backupLinks(args []string) (all []*backup.Link, err error) {
	file, err := a.loaded()
	if err != nil {
		return nil, err
	}
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
	return all, nil
}

// confine lets this process and its children write nothing else, and reach no network;
// what they take of memory is the first to be taken back. Where the kernel has no
// Landlock, the rights of the children's user are all that holds them.
func confine(tmp, notes string) error {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // where that may be said
	return landlock.V5.BestEffort().Restrict(landlock.RODirs("/"), landlock.RWDirs(tmp, notes), landlock.RWFiles("/dev/null").IgnoreIfMissing(),
		landlock.PathAccess(landlock.AccessFSSet(ll.AccessFSRemoveDir), filepath.Dir(tmp))) // of tmp itself, in the end
}
