// Package tune reckons how much memory a site can take at its worst, from what was
// measured and what is configured, and which settings make it fit. It does no I/O.
package tune

import "math"

// MiB is a mebibyte.
const MiB = 1 << 20

// Figures are what was measured and what is configured, in bytes.
type Figures struct {
	// Memory is the machine's, or the least limit of the control groups that everything
	// is in; Swap is what there is besides.
	Memory uint64
	Swap   uint64
	// Others is what everything else holds: the kernel, and all other processes.
	Others uint64
	// SQL is nil where there is no MariaDB to be tuned.
	SQL   *SQL
	Pools []Pool
	// Least and Kill are what the kernel told when it last killed for memory, nil if it
	// has not, or that is not known any more.
	Kill *Kill
}

// SQL is a MariaDB server.
type SQL struct {
	Service string
	Buffers Buffers
	// Limit is that of its own control group, 0 for none.
	Limit uint64
	// Held is what it holds (PSS), and InUse how much of that are the buffer pool and
	// the caches.
	Held, InUse uint64
	// KeyUsed and AriaUsed are the most that was ever used of these caches.
	KeyUsed, AriaUsed uint64
}

// Buffers are its settings that take memory.
type Buffers struct {
	Pool, Key, Aria, Query, Log uint64 // each once
	Connections                 int
	// Each connection may take these.
	Sort, Join, Read, ReadRnd, Stack, Net, Packet, Binlog, Tmp, Heap uint64
}

// Connection is what one connection can take at its worst.
func (b Buffers) Connection() uint64 {
	return b.Sort + b.Join + b.Read + b.ReadRnd + b.Stack + b.Net + b.Packet + b.Binlog + min(b.Tmp, b.Heap)
}

// pool is what InnoDB takes for a buffer pool: about a tenth more, to manage it.
func pool(size uint64) uint64 { return size + size/10 }

// Global is what the buffers take that are there once.
func (b Buffers) Global() uint64 { return pool(b.Pool) + b.Key + b.Aria + b.Query + b.Log }

// Pool is a pool of PHP-FPM's.
type Pool struct {
	Service, Name string
	// Manager is pm: dynamic, static or ondemand.
	Manager                             string
	Children, Start, MinSpare, MaxSpare int
	Requests                            int
	Limit                               uint64 // of its service's own control group, 0 for none
	// Shared is what its processes hold in common and the master by itself (of the
	// first pool of a service; 0 for the others). Child is what one child has been seen to hold
	// of its own; 0 if none was there to be measured.
	Shared, Child uint64
}

// Kill is what the kernel told when it killed for memory.
type Kill struct {
	PID  int
	Name string
	Held uint64
	// Group is the control group whose limit was met, "" for the end of the machine's
	// memory.
	Group string
	// Largest is what the largest process of each program held then.
	Largest map[string]uint64
}

// What is assumed where nothing was measured, and what is kept free.
const (
	baseLeast  = 64 * MiB // of mariadbd beside its buffers
	childGuess = 40 * MiB // of a PHP child with WordPress
	childLeast = 20 * MiB // one that was measured before it had shown a page
	// childSpare is a quarter: a child may meet a page that takes more than all before.
	childSpare = 4
)

// Base is what MariaDB takes beside its buffers and connections.
func (s *SQL) Base() uint64 {
	if s.Held > s.InUse {
		return max(s.Held-s.InUse, baseLeast)
	}
	return baseLeast
}

// Worst is what MariaDB can take with these buffers.
func (s *SQL) Worst(b Buffers) uint64 {
	return s.Base() + b.Global() + uint64(b.Connections)*b.Connection()
}

// Each is what a child is reckoned with.
func (p Pool) Each() uint64 {
	if p.Child == 0 {
		return childGuess
	}
	return max(p.Child+p.Child/childSpare, childLeast)
}

// Worst is what the pool can take with so many children.
func (p Pool) Worst(children int) uint64 { return p.Shared + uint64(children)*p.Each() }

// Reserve is kept free for the kernel's own needs and the files that it keeps at hand.
func (f Figures) Reserve() uint64 { return max(f.Memory/20, 24*MiB) }

// Room is what MariaDB and PHP may take together.
func (f Figures) Room() uint64 { return less(f.Memory, f.Others+f.Reserve()) }

func less(a, b uint64) uint64 {
	if b >= a {
		return 0
	}
	return a - b
}

// Worst is what MariaDB and PHP can take together, as they are configured.
func (f Figures) Worst() uint64 {
	var sum uint64
	if f.SQL != nil {
		sum = f.SQL.Worst(f.SQL.Buffers)
	}
	for _, p := range f.Pools {
		sum = add(sum, p.Worst(p.Children))
	}
	return sum
}

func add(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}
