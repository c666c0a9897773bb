package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/site"
	"github.com/omamori-guard/omamori/tune"
	"github.com/omamori-guard/omamori/words"
)

// Tuner is what commands ask of a running guard about tuning.
type Tuner interface {
	// Tune has a tuning tried, and kept if the site can be proved with it; it says why not.
	Tune(ctx context.Context, t hands.Tuning, who string) (kept bool, why string, err error)
}

func (a *App) siteTune() *cobra.Command {
	var dry, yes bool
	c := a.command("tune [DIR]", "site_tune", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		path := "/etc/omamori/hands.json"
		if len(args) > 0 {
			path = filepath.Join(args[0], "hands.json")
		}
		wait := a.waiting(chain.Say("tune.measuring"))
		m, err := site.Measure(cmd.Context(), path)
		wait.end(err)
		if err != nil {
			return err
		}
		advice, err := m.Advise()
		if err != nil {
			return err
		}
		if a.json && (dry || len(advice.Changes) == 0) {
			return errors.Join(a.encode(a.Out, adviceJSON(advice)), badUnless(advice.Plan))
		}
		if !a.json {
			a.advice(a.style(a.Out), advice, dry)
		}
		if dry || len(advice.Changes) == 0 {
			return badUnless(advice.Plan)
		}
		if !yes && !a.agreed() {
			return &Problem{Text: chain.Say("tune.nothing_done"), Hint: chain.Say("tune.nothing_done_hint")}
		}
		return a.tune(cmd.Context(), advice)
	})
	c.Flags().BoolVar(&dry, "dry-run", false, a.say("tune.flag_dry"))
	c.Flags().BoolVarP(&yes, "yes", "y", false, a.say("tune.flag_yes"))
	c.ValidArgsFunction = nil
	return c
}

// badUnless: a site that will not fit, whatever is set, is bad news.
func badUnless(p tune.Plan) error {
	if p.Fits || p.Swapped {
		return nil
	}
	return errBadNews
}

// agreed asks whether the files may be written. Where nobody is there to be asked, they
// may not.
func (a *App) agreed() bool {
	in, ok := a.In.(*os.File)
	if !ok || a.json || !term.IsTerminal(int(in.Fd())) {
		return false
	}
	fmt.Fprintf(a.style(a.Out), "\n%s ", bold.Render(a.say("tune.ask")))
	line, _ := bufio.NewReader(in).ReadString('\n') //nolint:errcheck // nothing read is no yes
	yes, _ := a.yes(line)
	return yes
}

// tune has the guard try it.
func (a *App) tune(ctx context.Context, advice site.Advice) error {
	steps := a.progress()
	steps.step(chain.Say("tune.trying"))
	kept, why, err := a.guard().Tune(ctx, advice.Tuning(), whoAsks())
	switch {
	case err != nil:
		steps.end(err)
		return err
	case !kept:
		steps.end(errBadNews)
		return &Problem{Text: chain.Say("tune.undone", "why", why), Hint: chain.Say("tune.undone_hint")}
	}
	steps.end(nil)
	if a.json {
		return a.encode(a.Out, adviceJSON(advice))
	}
	w := a.style(a.Out)
	fmt.Fprintf(w, "%s %s\n", green.Render("✓"), wrap(a.say("tune.kept"), width(a.Out), 2))
	fmt.Fprintf(w, "  %s\n", wrap(a.say("tune.take_back"), width(a.Out), 2))
	for _, c := range advice.Changes {
		fmt.Fprintf(w, "    rm %s\n", c.Tune.File)
	}
	return nil
}

// advice shows the sum, what would change, and what a person has to do.
func (a *App) advice(w io.Writer, v site.Advice, dry bool) {
	f, columns := v.Figures, width(a.Out)
	say := func(style func(...string) string, key string, pairs ...any) {
		fmt.Fprintf(w, "  %s\n", wrap(style(a.say(key, pairs...)), columns, 2))
	}
	if k := f.Kill; k != nil {
		key := "tune.killed"
		if k.Group != "" {
			key = "tune.killed_limit"
		}
		fmt.Fprintf(w, "%s\n", bold.Render(a.say("tune.last_kill")))
		say(plain.Render, key, "name", k.Name, "held", k.Held, "group", k.Group)
		fmt.Fprintln(w)
	}
	a.sums(w, v)
	switch {
	case !v.Plan.Changed && v.Plan.Fits:
		fmt.Fprintf(w, "\n%s %s\n", green.Render("✓"), wrap(a.say("tune.fits_now"), columns, 2))
	case v.Plan.Fits:
		fmt.Fprintf(w, "\n%s %s\n", green.Render("✓"), wrap(a.say("tune.fits"), columns, 2))
	case v.Plan.Swapped:
		fmt.Fprintf(w, "\n%s %s\n", yellow.Render("!"), wrap(a.say("tune.fits_swapped"), columns, 2))
	default:
		fmt.Fprintf(w, "\n%s %s\n", red.Render("✗"), wrap(a.say("tune.lacks", "lacks", up(v.Plan.Lacks)), columns, 2))
	}
	for _, c := range v.Changes {
		fmt.Fprintf(w, "\n%s  %s\n", bold.Render(c.Tune.File), faint.Render(c.Service))
		was := map[string]string{}
		for _, l := range c.Lines {
			was[l.Name] = l.Was
		}
		for line := range strings.Lines(string(c.Content)) {
			line = strings.TrimRight(line, "\n")
			name, _, _ := strings.Cut(line, "=")
			old, changed := was[strings.TrimSpace(name)]
			switch {
			case strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";"): // its first line
			case changed:
				fmt.Fprintf(w, "  %s  %s\n", green.Render("+ "+pad(line, 34)), faint.Render(a.say("tune.was", "was", old)))
			default:
				fmt.Fprintf(w, "    %s\n", line)
			}
		}
	}
	if f.Swap == 0 && (v.Plan.Changed || f.Kill != nil) || v.Plan.Lacks > 0 {
		size := up(max(v.Plan.Lacks, min(f.Memory, 1<<30)))
		fmt.Fprintf(w, "\n%s\n", bold.Render(a.say("tune.swap")))
		say(plain.Render, "tune.swap_why", "size", size)
		fmt.Fprintf(w, "    fallocate -l %dM /swapfile && chmod 600 /swapfile && mkswap /swapfile && swapon /swapfile\n", size/tune.MiB)
		fmt.Fprintln(w, "    echo '/swapfile none swap sw 0 0' >>/etc/fstab")
	}
	if dry && len(v.Changes) > 0 {
		fmt.Fprintf(w, "\n%s\n", hang(bold, a.say("tune.next"), columns, 0))
	}
}

// up is n in whole quarters of a gibibyte.
func up(n uint64) uint64 {
	const step = 256 * tune.MiB
	return (n + step - 1) / step * step
}

// sums shows how much everything can take at its worst, as it is and as it would be.
func (a *App) sums(w io.Writer, v site.Advice) {
	f, p := v.Figures, v.Plan
	type row struct {
		what     string
		now, new uint64
		strong   bool
	}
	rows := []row{{a.say("tune.row_others"), f.Others, f.Others, false}, {a.say("tune.row_reserve"), f.Reserve(), f.Reserve(), false}}
	var now, planned uint64
	if f.SQL != nil {
		was, is := f.SQL.Buffers, *p.SQL
		connections := a.say("site.row_connections", "n", was.Connections, "each", was.Connection())
		if was.Connections != is.Connections || was.Connection() != is.Connection() {
			connections = a.say("tune.row_connections", "was", was.Connections, "is", is.Connections, "each", was.Connection(), "then", is.Connection())
		}
		rows = append(rows,
			row{a.say("site.row_sql"), f.SQL.Base(), f.SQL.Base(), false},
			row{a.say("tune.row_buffers"), was.Global(), is.Global(), false},
			row{connections, uint64(was.Connections) * was.Connection(), uint64(is.Connections) * is.Connection(), false})
		now, planned = f.SQL.Worst(was), f.SQL.Worst(is)
	}
	for i, o := range f.Pools {
		if o.Shared > 0 {
			rows = append(rows, row{a.say("site.row_php"), o.Shared, o.Shared, false})
		}
		is := p.Pools[i].Children
		key := "tune.row_children"
		switch {
		case o.Child == 0:
			key = "tune.row_children_guessed"
		case is == o.Children:
			key = "tune.row_children_same"
		}
		rows = append(rows, row{a.say(key, "pool", o.Name, "was", o.Children, "is", is, "each", o.Each()), uint64(o.Children) * o.Each(), uint64(is) * o.Each(), false})
		now, planned = now+o.Worst(o.Children), planned+o.Worst(is)
	}
	other := f.Others + f.Reserve()
	rows = append(rows, row{a.say("site.row_sum"), now + other, planned + other, true}, row{a.say("site.row_machine"), f.Memory, f.Memory, true})
	n := widest(rows, func(r row) string { return r.what })
	right := func(s string) string { return strings.Repeat(" ", max(0, 10-ansi.StringWidth(s))) + s }
	fmt.Fprintf(w, "%s%s  %s\n", pad(bold.Render(a.say("tune.worst")), n+2), faint.Render(right(a.say("tune.now"))), faint.Render(right(a.say("tune.planned"))))
	for _, r := range rows {
		style := plain
		if r.strong {
			style = bold
		}
		before, after := style.Render(right(words.Bytes(r.now))), style.Render(right(words.Bytes(r.new)))
		if r.strong && r.now > f.Memory {
			before = red.Render(right(words.Bytes(r.now)))
		}
		if r.strong && r.new > f.Memory {
			after = red.Render(right(words.Bytes(r.new)))
		}
		fmt.Fprintf(w, "  %s%s  %s\n", pad(r.what, n), before, after)
	}
}

// adviceJSON is advice for programs.
func adviceJSON(v site.Advice) any {
	type line struct {
		Name string `json:"name"`
		Was  string `json:"was"`
		Is   string `json:"is"`
	}
	type file struct {
		Service string `json:"service"`
		Path    string `json:"path"`
		Lines   []line `json:"lines"`
		Content string `json:"content"`
	}
	out := struct {
		Memory  uint64 `json:"memory"`
		Swap    uint64 `json:"swap"`
		Others  uint64 `json:"others"`
		Now     uint64 `json:"now"`
		Planned uint64 `json:"planned"`
		Fits    bool   `json:"fits"`
		Swapped bool   `json:"swapped"`
		Lacks   uint64 `json:"lacks"`
		Files   []file `json:"files"`
	}{v.Figures.Memory, v.Figures.Swap, v.Figures.Others, v.Figures.Worst(), v.Planned(), v.Plan.Fits, v.Plan.Swapped, v.Plan.Lacks, []file{}}
	for _, c := range v.Changes {
		f := file{Service: c.Service, Path: c.Tune.File, Content: string(c.Content)}
		for _, l := range c.Lines {
			f.Lines = append(f.Lines, line(l))
		}
		out.Files = append(out.Files, f)
	}
	return out
}
