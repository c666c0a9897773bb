package guard

import (
	"context"
	"maps"
	"reflect"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/journal"
)

// Reload reads the configuration anew. On an error the old one stays in force,
// and the status says why.
func (g *Guard) Reload(ctx context.Context) error {
	file, err := g.o.Load()
	if err == nil {
		e := g.call(ctx, func() { err = g.replace(file) })
		if e != nil {
			return e
		}
	}
	return g.reloaded(ctx, err)
}

func (g *Guard) reloaded(ctx context.Context, err error) error {
	e := g.call(ctx, func() {
		if err != nil {
			g.refused = chain.Say("guard.config_refused", "error", chain.ErrorText(err))
			g.append(journal.Entry{What: "config", Text: g.refused})
			return
		}
		g.refused = chain.Text{}
		g.append(journal.Entry{What: "config", Text: chain.Say("guard.config_loaded", "path", g.file.Path)})
	})
	if err == nil {
		return e
	}
	return err
}

// replace puts a new configuration in force.
func (g *Guard) replace(file *config.File) error {
	whole, made := g.withMade(file)
	old := g.made
	g.made = made
	if err := g.useLinks(whole); err != nil {
		g.made = old
		return err
	}
	g.plain = file
	return nil
}

// useLinks puts the links of a configuration in force. Those that have not changed keep
// their proofs.
func (g *Guard) useLinks(file *config.File) error {
	links, err := g.build(file)
	if err != nil {
		return err
	}
	state := chain.NewState(file.Chain)
	for name, l := range links {
		if old := g.links[name]; old == nil || !same(old.Link, l.Link) {
			continue
		}
		if p, ok := g.state.Proof(name); ok {
			state.Fold(name, p)
		}
	}
	for name, l := range g.links {
		if links[name] != l {
			l.close(g.o.Log)
		}
	}
	old := g.links
	g.file, g.links, g.state = file, links, state
	g.seen, g.due = nil, time.Time{} // new links are due at once
	g.prepare()
	g.recall()
	maps.DeleteFunc(g.ends, func(name string, _ []chain.End) bool {
		l := links[name]
		return l == nil || old[name] != nil && !same(old[name].Link, l.Link)
	})
	maps.DeleteFunc(g.stood, func(name string, _ stood) bool { _, known := file.Chain.Goal(name); return !known })
	for name, l := range links {
		if old[name] != l {
			g.watch(l)
		}
	}
	g.look()
	return nil
}

// same reports whether a link can go on with the prover that it has.
func same(a, b config.Link) bool {
	return a.Kind.Name == b.Kind.Name && a.From == b.From && reflect.DeepEqual(a.Settings, b.Settings)
}
