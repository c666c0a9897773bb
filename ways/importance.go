package ways

import (
	"cmp"
	"slices"
)

// Weight is how much rests on one thing or link.
type Weight struct {
	Name string
	// Cuts is in how many minimal cut sets it is; Weight counts each by the inverse
	// of its size, so that a single point of failure weighs most.
	Cuts   int
	Weight float64
}

// Importance weighs what is in cut sets, the heaviest first.
func Importance(sets [][]string) []Weight {
	type count struct{ bySize []int }
	counts := map[string]*count{}
	for _, set := range sets {
		for _, name := range set {
			c := counts[name]
			if c == nil {
				c = &count{}
				counts[name] = c
			}
			for len(c.bySize) <= len(set) {
				c.bySize = append(c.bySize, 0)
			}
			c.bySize[len(set)]++
		}
	}
	all := make([]Weight, 0, len(counts))
	for name, c := range counts {
		w := Weight{Name: name}
		for size, n := range c.bySize { // summed by size, so that equal ones are equal
			if n > 0 {
				w.Cuts += n
				w.Weight += float64(n) / float64(size)
			}
		}
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b Weight) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Name, b.Name))
	})
	return all
}
