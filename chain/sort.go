package chain

import "slices"

// sortByNeeds orders names so that each comes after what it needs, keeping the
// given order where needs leave it free. If needs form a circle it returns that
// circle, its first name repeated at the end.
//
// It walks with a stack of its own: a model may have a million links in a row.
func sortByNeeds(names []string, needs map[string][]string) (order, circle []string) {
	const (
		open = 1 + iota
		done
	)
	mark := make(map[string]uint8, len(names))
	type frame struct {
		name string
		next int
	}
	for _, root := range names {
		if mark[root] != 0 {
			continue
		}
		mark[root] = open
		for stack := []frame{{name: root}}; len(stack) > 0; {
			top := &stack[len(stack)-1]
			if top.next == len(needs[top.name]) {
				mark[top.name] = done
				order = append(order, top.name)
				stack = stack[:len(stack)-1]
				continue
			}
			n := needs[top.name][top.next]
			top.next++
			switch mark[n] {
			case 0:
				mark[n] = open
				stack = append(stack, frame{name: n})
			case open:
				start := slices.IndexFunc(stack, func(f frame) bool { return f.name == n })
				for _, f := range stack[start:] {
					circle = append(circle, f.name)
				}
				return nil, append(circle, n)
			}
		}
	}
	return order, nil
}
