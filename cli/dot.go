package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// dot prints the whole chain as Graphviz text, or as JSON.
func (a *App) dot(cmd *cobra.Command) error {
	m, err := a.guard().Model(cmd.Context())
	if err != nil {
		return err
	}
	if a.json {
		return a.encode(a.Out, m)
	}
	return a.draw(a.Out, m)
}

// draw writes m: an arrow leads from what needs to what it needs, a dashed one from
// what a mend puts back to the mend.
func (a *App) draw(out io.Writer, m guard.ModelStatus) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "  "+format+"\n", args...) }
	line(`rankdir=LR; fontname="sans-serif"`)
	line(`node [fontname="sans-serif", shape=box, style=filled, fillcolor=white]`)
	line(`edge [fontname="sans-serif"]`)
	ids := map[string]string{}
	node := func(what string, n guard.ModelNode, look string) {
		ids[n.Name] = quoted(what + " " + n.Name)
		line(`%s [label=%s, fillcolor=%s%s]`, ids[n.Name], quoted(dotMark(n.State)+title(n.Title, n.Name)+"\n"+n.Name), fill(n.State), look)
	}
	for _, n := range m.Goals {
		node("goal", n, ", peripheries=2")
	}
	for _, n := range m.Links {
		node("link", n, "")
	}
	for _, n := range m.Things {
		look := ", shape=ellipse"
		if n.State == "absent" {
			look += `, style="filled,dashed"`
		}
		node("thing", n, look)
	}
	edges := func(from string, needs []string, look string) {
		for _, need := range needs {
			line(`%s -> %s%s`, from, ids[need], look)
		}
	}
	for _, n := range append(m.Things, m.Links...) {
		edges(ids[n.Name], n.Needs, "")
	}
	for _, n := range m.Goals {
		for _, w := range n.Ways {
			way := quoted("way " + n.Name + " " + w.Name)
			line(`%s [label=%s, shape=plaintext, style=""]`, way, quoted(a.say("cli.ways_way", "way", w.Name)))
			line(`%s -> %s`, ids[n.Name], way)
			edges(way, w.Links, "")
		}
	}
	for _, d := range m.Mends {
		mend := quoted("mend " + d.Name)
		line(`%s [label=%s, shape=note]`, mend, quoted(a.say("cli.dot_mend", "mend", title(d.Title, d.Name), "takes", seconds(d.Seconds))))
		line(`%s -> %s [style=dashed]`, ids[d.For], mend)
		edges(mend, d.Needs, " [style=dashed]")
	}
	_, err := fmt.Fprintf(out, "digraph omamori {\n%s}\n", b.String())
	return err
}

// quoted is s as a string of Graphviz's language, in which a quotation mark ends it and
// a backslash begins an escape. Lines are kept, other control characters are not.
func quoted(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(words.Clean(l))
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}

func dotMark(state string) string {
	switch state {
	case "holds":
		return "✓ "
	case "broken", "lost":
		return "✗ "
	case "unproven":
		return "? "
	}
	return ""
}

// fill is a colour that black letters can be read on.
func fill(state string) string {
	switch state {
	case "holds":
		return `"#d5edd9"`
	case "broken", "lost":
		return `"#f8d3d3"`
	case "unproven":
		return `"#fbf0c9"`
	}
	return "white"
}
