package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/omamori-guard/omamori/ways/waystest"
)

// aralia lists trees of the Aralia suite with their numbers of minimal cut sets as
// published (A. Rauzy and others, since the 1990s; the files are in the repositories
// of open tools, such as input/Aralia of SCRAM). The trees themselves are not part of
// this project.
var aralia = []struct {
	name string
	cuts int
}{
	{"chinese", 392}, {"ftr10", 305}, {"isp9606", 1776}, {"isp9603", 3434}, {"baobab2", 4805}, {"isp9605", 5630},
	{"das9208", 8060}, {"jbd9601", 14007}, {"das9201", 14217}, {"das9203", 16200}, {"das9204", 16704}, {"das9205", 17280},
	{"das9206", 19518}, {"edf9205", 21308}, {"baobab3", 24386}, {"das9207", 25988}, {"das9202", 27778}, {"baobab1", 46188},
	{"edf9202", 130112}, {"isp9601", 276785},
}

// published measures the trees of the Aralia suite in dir.
func published(ctx context.Context, dir string, runs int) error {
	fmt.Printf("\nThe Aralia suite in %s, all minimal cut sets to order 4. Medians of %d.\n\n", dir, runs)
	heading()
	for _, t := range aralia {
		f, err := os.Open(filepath.Join(dir, t.name+".xml"))
		if err != nil {
			return err
		}
		gates, err := readOpenPSA(f)
		f.Close()
		if err != nil {
			return fmt.Errorf("read %s: %w", t.name, err)
		}
		if err := compare(ctx, t.name, gates, runs, t.cuts); err != nil {
			return err
		}
	}
	return nil
}

// element is any element of an Open-PSA file.
type element struct {
	XMLName xml.Name
	Name    string    `xml:"name,attr"`
	Min     string    `xml:"min,attr"`
	Inner   []element `xml:",any"`
}

// readOpenPSA reads the gates of a coherent fault tree in the Open-PSA model exchange
// format. Formulas within formulas become gates of their own.
func readOpenPSA(r io.Reader) ([]waystest.Gate, error) {
	var root element
	if err := xml.NewDecoder(io.LimitReader(r, 64<<20)).Decode(&root); err != nil {
		return nil, err
	}
	var gates []waystest.Gate
	var formula func(e element, name string) error
	formula = func(e element, name string) error {
		g := waystest.Gate{Name: name}
		for _, in := range e.Inner {
			switch in.XMLName.Local {
			case "gate", "basic-event", "event":
				g.Of = append(g.Of, in.Name)
			default:
				inner := fmt.Sprintf("%s.%d", name, len(g.Of))
				if err := formula(in, inner); err != nil {
					return err
				}
				g.Of = append(g.Of, inner)
			}
		}
		switch e.XMLName.Local {
		case "or":
			g.Least = 1
		case "and":
			g.Least = len(g.Of)
		case "atleast":
			least, err := strconv.Atoi(e.Min)
			if err != nil || least < 1 || least > len(g.Of) {
				return fmt.Errorf("%s: at least %q of %d", name, e.Min, len(g.Of))
			}
			g.Least = least
		case "gate", "basic-event", "event":
			g.Least, g.Of = 1, []string{e.Name}
		default:
			return fmt.Errorf("%s: %s is not part of a coherent tree", name, e.XMLName.Local)
		}
		if len(g.Of) == 0 {
			return fmt.Errorf("%s: no inputs", name)
		}
		gates = append(gates, g)
		return nil
	}
	var walk func(e element) error
	walk = func(e element) error {
		for _, in := range e.Inner {
			var err error
			switch {
			case e.XMLName.Local != "define-gate":
				err = walk(in)
			case in.XMLName.Local != "label" && in.XMLName.Local != "attributes":
				err = formula(in, e.Name)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return gates, walk(root)
}
