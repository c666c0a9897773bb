package tune

import (
	"math/rand/v2"
	"testing"
)

func random(r *rand.Rand, most uint64) uint64 { return r.Uint64N(most) }

// world makes figures as they may be on any machine, sensible or not.
func world(r *rand.Rand) Figures {
	f := Figures{
		Memory: 256*MiB + random(r, 8<<30), Swap: random(r, 2) * random(r, 4<<30), Others: random(r, 600*MiB),
	}
	if r.IntN(8) > 0 {
		b := Buffers{
			Pool: 5*MiB + random(r, 8<<30), Key: random(r, 512*MiB), Aria: random(r, 256*MiB), Query: random(r, 64*MiB), Log: random(r, 64*MiB),
			Connections: 1 + r.IntN(500), Sort: random(r, 8*MiB), Join: random(r, 4*MiB), Read: random(r, MiB), ReadRnd: random(r, MiB),
			Stack: 292 << 10, Net: 16 << 10, Packet: random(r, 64*MiB), Binlog: 32 << 10, Tmp: random(r, 64*MiB), Heap: random(r, 64*MiB),
		}
		held := random(r, 1<<30)
		f.SQL = &SQL{Buffers: b, Held: held, InUse: random(r, held+1), KeyUsed: random(r, b.Key+1), AriaUsed: random(r, b.Aria+1)}
		if r.IntN(4) == 0 {
			f.SQL.Limit = 64*MiB + random(r, 2<<30)
		}
	}
	for i := range r.IntN(4) {
		p := Pool{Service: "php", Name: string(rune('a' + i)), Manager: []string{"dynamic", "static", "ondemand"}[r.IntN(3)],
			Children: 1 + r.IntN(100), Child: random(r, 128*MiB)}
		if i == 0 {
			p.Shared = random(r, 128*MiB)
		}
		if i > 0 {
			p.Limit = f.Pools[0].Limit
		} else if r.IntN(4) == 0 {
			p.Limit = 64*MiB + random(r, 2<<30)
		}
		if p.Manager == "dynamic" {
			p.MaxSpare = 1 + r.IntN(p.Children)
			p.MinSpare = 1 + r.IntN(p.MaxSpare)
			p.Start = p.MinSpare + r.IntN(p.MaxSpare-p.MinSpare+1)
		}
		f.Pools = append(f.Pools, p)
	}
	return f
}

// after is the world once a plan is carried out.
func (f Figures) after(p Plan) Figures {
	if p.SQL != nil {
		s := *f.SQL
		s.Buffers = *p.SQL
		f.SQL = &s
	}
	f.Pools = p.Pools
	return f
}

func TestEveryPlanKeepsItsPromises(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2026))
	var fit, swapped, none, unchanged int
	for range 30_000 {
		f := world(r)
		p := Make(f)
		switch {
		case p.Fits:
			if fit++; f.over(p) != 0 || p.Lacks != 0 || p.Swapped {
				t.Fatalf("a plan that fits does not: %+v\n%+v", f, p)
			}
			if !p.Changed {
				unchanged++
			}
		case p.Swapped:
			if swapped++; f.over(p) > f.Swap/2 {
				t.Fatalf("it does not fit the swap space: %+v\n%+v", f, p)
			}
		default:
			if none++; p.Lacks == 0 {
				t.Fatalf("nothing fits, and nothing is missing: %+v\n%+v", f, p)
			}
			// What is said to be missing is what is missing.
			more := f
			more.Memory += p.Lacks + p.Lacks/10
			if f.limited() {
				break
			}
			if q := Make(more); !q.Fits && !q.Swapped {
				t.Fatalf("with %d more it does not fit either: %+v", p.Lacks, f)
			}
		}
		if f.SQL != nil {
			was, is := f.SQL.Buffers, *p.SQL
			if is.Pool > was.Pool || is.Key > was.Key || is.Aria > was.Aria || is.Connections > was.Connections ||
				is.Connection() > was.Connection() || is.Packet != was.Packet {
				t.Fatalf("something is raised: %+v to %+v", was, is)
			}
			if is.Pool < min(was.Pool, poolLeast) || is.Key < min(was.Key, keyLeast) || is.Aria < min(was.Aria, ariaLeast) ||
				is.Connections < min(was.Connections, children(p.Pools)+spareConnections) {
				t.Fatalf("below what is usable: %+v to %+v", was, is)
			}
		}
		for i, o := range p.Pools {
			was := f.Pools[i]
			if o.Children > was.Children || o.Children < min(was.Children, childrenLeast) {
				t.Fatalf("children: %d to %d", was.Children, o.Children)
			}
			if o.Manager == "dynamic" && (o.MinSpare < 1 || o.MaxSpare < o.MinSpare || o.MaxSpare > o.Children || o.Start < o.MinSpare || o.Start > o.MaxSpare) {
				t.Fatalf("PHP-FPM refuses %+v", o)
			}
		}
		if again := Make(f.after(p)); p.Fits && again.Changed {
			t.Fatalf("made again it changes more: %+v\n%+v\n%+v", f, p, again)
		}
	}
	t.Logf("%d fit (%d as they are), %d with swap, %d do not", fit, unchanged, swapped, none)
	if fit < 1000 || swapped < 100 || none < 100 || unchanged < 100 {
		t.Error("the worlds are too much alike")
	}
}

func (f Figures) limited() bool {
	limited := f.SQL != nil && f.SQL.Limit > 0
	for _, p := range f.Pools {
		limited = limited || p.Limit > 0
	}
	return limited
}

// More memory never means less for anything that counts.
func TestMoreMemoryIsNeverLess(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 3000 {
		f := world(r)
		more := f
		more.Memory += random(r, 2<<30)
		a, b := Make(f), Make(more)
		if a.Fits && !b.Fits {
			t.Fatalf("with more memory it does not fit: %+v", f)
		}
	}
}

// The story's server: 1 GB, Debian's own settings, children of 45 MB.
func TestTheStorysServer(t *testing.T) {
	f := Figures{Memory: 964 * MiB, Others: 190 * MiB,
		SQL: &SQL{Held: 110 * MiB, InUse: 30 * MiB, Buffers: Buffers{Pool: 128 * MiB, Key: 128 * MiB, Aria: 128 * MiB, Query: MiB, Log: 16 * MiB,
			Connections: 151, Sort: 2 * MiB, Join: 256 << 10, Read: 128 << 10, ReadRnd: 256 << 10, Stack: 292 << 10, Net: 16 << 10,
			Packet: 16 * MiB, Binlog: 32 << 10, Tmp: 16 * MiB, Heap: 16 * MiB}},
		Pools: []Pool{{Service: "php", Name: "www", Manager: "dynamic", Children: 20, Start: 2, MinSpare: 1, MaxSpare: 3, Shared: 50 * MiB, Child: 45 * MiB}}}
	p := Make(f)
	if !p.Fits || !p.Changed {
		t.Fatalf("%+v", p)
	}
	t.Logf("pool %d MiB, %d connections of %d KiB, %d children", p.SQL.Pool/MiB, p.SQL.Connections, p.SQL.Connection()>>10, p.Pools[0].Children)
	if p.Pools[0].Children < 4 || p.SQL.Pool < 64*MiB || p.SQL.Connections != p.Pools[0].Children+spareConnections {
		t.Errorf("%+v %+v", p.SQL, p.Pools)
	}
}
