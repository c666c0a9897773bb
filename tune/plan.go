package tune

// Plan is which settings make everything fit.
type Plan struct {
	// SQL and Pools are as they are to be; those that need no change are as they were.
	SQL   *Buffers
	Pools []Pool
	// Fits says whether they then fit into memory, Swapped that it takes the swap space
	// for it. Lacks is how much is missing where not.
	Fits    bool
	Swapped bool
	Lacks   uint64
	// Changed says that anything is to be changed at all.
	Changed bool
}

// The least that is usable; what is configured lower stays.
const (
	poolLeast     = 32 * MiB
	poolStep      = 8 * MiB
	keyLeast      = 8 * MiB
	ariaLeast     = 16 * MiB
	childrenLeast = 2
	// spareConnections are those beside one for each child of PHP: the guard's, a
	// person's, a backup's.
	spareConnections = 5
	childrenOf5      = 3 // of five parts of what is left go to PHP
)

// tiers are how far the buffers of a connection are lowered: no further than it takes.
var tiers = [...]struct{ tmp, sort, join uint64 }{
	{1 << 40, 1 << 40, 1 << 40}, {4 * MiB, MiB, 256 << 10}, {MiB, 256 << 10, 256 << 10},
}

// Make reckons a plan. It lowers what can be lowered and raises nothing, so that a plan
// made again of what it says changes nothing more.
func Make(f Figures) Plan {
	now := Plan{Pools: f.Pools, Fits: true}
	if f.SQL != nil {
		b := f.SQL.Buffers
		now.SQL = &b
	}
	if f.fits(now) {
		return now
	}
	var p Plan
	for _, t := range tiers {
		if p = f.try(t.tmp, t.sort, t.join); p.comfortable(f) {
			break
		}
	}
	p.Changed = !p.same(now)
	if p.Fits = f.fits(p); p.Fits {
		return p
	}
	over := f.over(p)
	p.Swapped = over <= f.Swap/2 // the other half is for what nobody foresaw
	if !p.Swapped {
		p.Lacks = less(over, f.Swap/2)
	}
	return p
}

// sum is what MariaDB and PHP can take by a plan.
func (f Figures) sum(p Plan) (sum uint64) {
	if p.SQL != nil {
		sum = f.SQL.Worst(*p.SQL)
	}
	for _, o := range p.Pools {
		sum = add(sum, o.Worst(o.Children))
	}
	return sum
}

// over is how much too large a plan is, for memory or for a limit of its own.
func (f Figures) over(p Plan) uint64 {
	over := less(add(f.sum(p), f.Others+f.Reserve()), f.Memory)
	if p.SQL != nil && f.SQL.Limit > 0 {
		over = max(over, less(f.SQL.Worst(*p.SQL), f.SQL.Limit))
	}
	for _, o := range p.Pools {
		if o.Limit > 0 {
			over = max(over, less(serviceWorst(p.Pools, o.Service), o.Limit))
		}
	}
	return over
}

func (f Figures) fits(p Plan) bool { return f.over(p) == 0 }

func serviceWorst(pools []Pool, service string) (sum uint64) {
	for _, p := range pools {
		if p.Service == service {
			sum = add(sum, p.Worst(p.Children))
		}
	}
	return sum
}

// comfortable reports whether a plan need not be tried with smaller buffers.
func (p Plan) comfortable(f Figures) bool {
	if !f.fits(p) {
		return false
	}
	for i, o := range p.Pools {
		if o.Children < min(f.Pools[i].Children, 4) {
			return false
		}
	}
	return p.SQL == nil || p.SQL.Pool >= min(f.SQL.Buffers.Pool, 2*poolLeast)
}

func (p Plan) same(o Plan) bool {
	if p.SQL != nil && *p.SQL != *o.SQL {
		return false
	}
	for i := range p.Pools {
		if p.Pools[i] != o.Pools[i] {
			return false
		}
	}
	return true
}

// try makes a plan with the buffers of a connection at most so large.
func (f Figures) try(tmp, sort, join uint64) Plan {
	p := Plan{Pools: append([]Pool(nil), f.Pools...)}
	fixed, perConnection := uint64(0), uint64(0)
	var b Buffers
	if f.SQL != nil {
		b = f.SQL.Buffers
		if tmp < min(b.Tmp, b.Heap) { // the smaller of both counts
			b.Tmp, b.Heap = tmp, tmp
		}
		b.Sort, b.Join = min(b.Sort, sort), min(b.Join, join)
		b.Key = lower(b.Key, 2*f.SQL.KeyUsed, keyLeast)
		b.Aria = lower(b.Aria, 2*f.SQL.AriaUsed, ariaLeast)
		perConnection = b.Connection()
		fixed = f.SQL.Base() + b.Global() - pool(b.Pool) + uint64(min(spareConnections, b.Connections))*perConnection
	}
	for i := range p.Pools {
		p.Pools[i].Children = min(f.Pools[i].Children, childrenLeast)
		fixed = add(fixed, p.Pools[i].Shared)
	}
	left := less(f.Room(), fixed)
	// First the least of everything, then three parts of five for PHP, then the pool, and
	// what that leaves for PHP again.
	least := uint64(0)
	if f.SQL != nil {
		least = pool(min(b.Pool, poolLeast))
	}
	for _, o := range p.Pools {
		least = add(least, uint64(o.Children)*(o.Each()+perConnection))
	}
	spare := less(left, least)
	forPHP := spare / 5 * childrenOf5
	if f.SQL == nil {
		forPHP = spare
	}
	b.Pool = min(b.Pool, poolLeast)
	spare -= forPHP - f.grow(p.Pools, forPHP, b)
	if f.SQL != nil {
		b.Pool = f.growPool(b, p.Pools, spare)
		spare = less(spare, pool(b.Pool)-pool(min(f.SQL.Buffers.Pool, poolLeast)))
		f.grow(p.Pools, spare, b)
		b.Connections = min(b.Connections, spareConnections+children(p.Pools))
		p.SQL = &b
	}
	for i := range p.Pools {
		p.Pools[i].settle()
	}
	return p
}

// lower is a cache's size: what twice the use of it takes, in whole mebibytes.
func lower(now, used, least uint64) uint64 {
	return min(now, max((used+MiB-1)/MiB*MiB, least))
}

func children(pools []Pool) (n int) {
	for _, p := range pools {
		n += p.Children
	}
	return n
}

// grow gives the pools children one by one, the one that is furthest from what it had
// first, as long as room lasts and no limit is met; it returns what is left. Each child
// takes a connection of MariaDB, whose buffers are b.
func (f Figures) grow(pools []Pool, room uint64, b Buffers) (left uint64) {
	limited := func(p *Pool) bool {
		if f.SQL != nil && f.SQL.Limit > 0 {
			b.Connections = min(f.SQL.Buffers.Connections, spareConnections+children(pools))
			if f.SQL.Worst(b) > f.SQL.Limit {
				return true
			}
		}
		return p.Limit > 0 && serviceWorst(pools, p.Service) > p.Limit
	}
	full := make([]bool, len(pools))
	for {
		next := -1
		for i := range pools {
			if full[i] || pools[i].Children >= f.Pools[i].Children {
				continue
			}
			if next < 0 || pools[i].Children*f.Pools[next].Children < pools[next].Children*f.Pools[i].Children {
				next = i
			}
		}
		if next < 0 {
			return room
		}
		p := &pools[next]
		cost := p.Each() + b.Connection()
		p.Children++
		if cost > room || limited(p) {
			p.Children--
			full[next] = true
			continue
		}
		room -= cost
	}
}

// growPool is the largest buffer pool that spare and MariaDB's own limit allow, no larger
// than it is.
func (f Figures) growPool(b Buffers, pools []Pool, spare uint64) uint64 {
	was := f.SQL.Buffers.Pool
	least := min(was, poolLeast)
	may := spare
	if f.SQL.Limit > 0 {
		b.Pool = least
		b.Connections = min(b.Connections, spareConnections+children(pools))
		may = min(may, less(f.SQL.Limit, f.SQL.Worst(b)))
	}
	// pool(size) is eleven tenths of it.
	size := (least + may/11*10) / poolStep * poolStep
	return min(max(size, least), was)
}

// settle makes the numbers that hang on the number of children agree with it: PHP-FPM
// refuses to start with others.
func (p *Pool) settle() {
	if p.Manager != "dynamic" {
		return
	}
	p.MaxSpare = min(p.MaxSpare, p.Children)
	p.MinSpare = min(p.MinSpare, p.MaxSpare)
	p.Start = min(max(p.Start, p.MinSpare), p.MaxSpare)
}
