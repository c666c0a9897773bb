package nft

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"encoding/binary"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"github.com/omamori-guard/omamori/door"
)

// Read says how the table stands; sound is one that does for keep what ours does.
func (f *Firewall) Read(keep []string) (door.Wall, error) {
	c, err := f.lasting()
	if err != nil {
		return door.Wall{}, err
	}
	defer c.CloseLasting() //nolint:errcheck // all has been heard
	chains, err := c.ListChainsOfTableFamily(nftables.TableFamilyINet)
	if err != nil {
		return door.Wall{}, fmt.Errorf("read chains: %w", err)
	}
	chains = slices.DeleteFunc(chains, func(c *nftables.Chain) bool { return c.Table.Name != TableName })
	there, err := tableThere(c)
	if err != nil || !there {
		return door.Wall{}, err
	}
	w := door.Wall{There: true}
	if w.Sound, err = sound(c, chains, keep); err != nil {
		return door.Wall{}, err
	}
	for _, name := range []string{closedSet, freedSet} {
		list, there, err := elementsOf(c, ports(name))
		if err != nil {
			return door.Wall{}, fmt.Errorf("read ports: %w", err)
		}
		if !there {
			w.Sound = false
		}
		for _, e := range list {
			if len(e.Key) < 2 {
				w.Sound = false
				continue
			}
			p := binary.BigEndian.Uint16(e.Key)
			switch {
			case e.Timeout == 0 && name == closedSet:
				w.Closed = append(w.Closed, p)
				continue
			case e.Timeout == 0: // nobody frees a port for good
				w.Sound = false
				w.Freed = append(w.Freed, p)
				continue
			case name == closedSet:
				w.Trying = append(w.Trying, p)
			default:
				w.Freed = append(w.Freed, p)
			}
			w.Left = max(w.Left, e.Expires)
		}
	}
	slices.Sort(w.Closed)
	slices.Sort(w.Trying)
	slices.Sort(w.Freed)
	var foreign bool
	if w.Open, foreign, err = openings(c, leaseSets[:]...); foreign {
		w.Sound = false
	}
	return w, err
}

// elementsOf lists the elements of a set, if that is there. The library does not tell its
// absence from other errors.
func elementsOf(c *nftables.Conn, set *nftables.Set) (list []nftables.SetElement, there bool, err error) {
	list, err = c.GetSetElements(set)
	if err == nil {
		return list, true, nil
	}
	there, e := tableThere(c)
	if e == nil && there {
		var all []*nftables.Set
		all, e = c.GetSets(table())
		there = slices.ContainsFunc(all, func(s *nftables.Set) bool { return s.Name == set.Name })
	}
	if e == nil && !there {
		return nil, false, nil
	}
	return nil, false, errors.Join(err, e)
}

func tableThere(c *nftables.Conn) (bool, error) {
	tables, err := c.ListTablesOfFamily(nftables.TableFamilyINet)
	if err != nil {
		return false, fmt.Errorf("read tables: %w", err)
	}
	return slices.ContainsFunc(tables, func(t *nftables.Table) bool { return t.Name == TableName && t.Flags == 0 }), nil
}

// sound says whether chain, rules and sets are those that Load makes.
func sound(c *nftables.Conn, chains []*nftables.Chain, keep []string) (bool, error) {
	want := chain()
	if len(chains) != 1 || chains[0].Name != want.Name || chains[0].Type != want.Type || chains[0].Hooknum == nil ||
		*chains[0].Hooknum != *want.Hooknum || chains[0].Priority == nil || *chains[0].Priority != *want.Priority ||
		chains[0].Policy == nil || *chains[0].Policy != *want.Policy {
		return false, nil
	}
	found, err := c.GetRules(table(), want)
	if err != nil {
		return false, fmt.Errorf("read rules: %w", err)
	}
	wanted := rules(keep)
	if len(found) != len(wanted) {
		return false, nil
	}
	for i, r := range found {
		if !same(r.Exprs, wanted[i]) {
			return false, nil
		}
	}
	there, err := c.GetSets(table())
	if err != nil {
		return false, fmt.Errorf("read sets: %w", err)
	}
	for _, s := range sets() {
		if !slices.ContainsFunc(there, func(t *nftables.Set) bool {
			return t.Name == s.Name && t.HasTimeout && t.Timeout == s.Timeout && t.Interval == s.Interval && t.KeyType.Bytes == s.KeyType.Bytes
		}) {
			return false, nil
		}
	}
	return true, nil
}

// same compares a rule that was read with one of ours; the kernel names sets by number
// too, and leaves out what is zero.
func same(read, ours []expr.Any) bool {
	if len(read) != len(ours) {
		return false
	}
	for i := range read {
		a, b := read[i], ours[i]
		if l, ok := a.(*expr.Lookup); ok {
			plain := *l
			plain.SetID = 0
			a = &plain
		}
		if !reflect.DeepEqual(a, b) {
			return false
		}
	}
	return true
}
