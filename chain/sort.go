package chain

import "slices"

// sortByNeeds orders numbers so that each comes after what it needs, keeping their
// order where needs leave it free. If needs form a circle it returns that circle, its
// first number repeated at the end.
//
// It walks with a stack of its own: a model may have a million links in a row.
func sortByNeeds(needs [][]int32) (order, circle []int32) {
	const (
		open = 1 + iota
		done
	)
	mark := make([]uint8, len(needs))
	type frame struct{ n, next int32 }
	for root := range int32(len(needs)) {
		if mark[root] != 0 {
			continue
		}
		mark[root] = open
		for stack := []frame{{n: root}}; len(stack) > 0; {
			top := &stack[len(stack)-1]
			if int(top.next) == len(needs[top.n]) {
				mark[top.n] = done
				order = append(order, top.n)
				stack = stack[:len(stack)-1]
				continue
			}
			n := needs[top.n][top.next]
			top.next++
			switch mark[n] {
			case 0:
				mark[n] = open
				stack = append(stack, frame{n: n})
			case open:
				start := slices.IndexFunc(stack, func(f frame) bool { return f.n == n })
				for _, f := range stack[start:] {
					circle = append(circle, f.n)
				}
				return nil, append(circle, n)
			}
		}
	}
	return order, nil
}
